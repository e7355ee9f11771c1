package access

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

const realConfig = `
daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log info;
events { worker_connections 64; }
http {
  access_log %[1]s/combined.log combined;
  log_format full '%[5]s';
  log_format json escape=json '{"t":"$time_iso8601","status":"$status","request":"$request","upstream_status":"$upstream_status","upstream_addr":"$upstream_addr","upstream_header_time":"$upstream_header_time","user":"$remote_user"}';
  access_log %[1]s/full.log full; access_log %[1]s/json.log json;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  upstream pair { server %[3]s max_fails=0; server %[4]s max_fails=0; }
  server {
    listen unix:%[1]s/nginx.sock; server_name site.example; proxy_read_timeout 100ms; proxy_set_header Host x;
    location /refused { proxy_pass http://%[4]s; }
    location /up { proxy_pass http://%[3]s; }
    location /pair { proxy_pass http://pair; }
    location /own { return 503; }
    location /moved { proxy_pass http://%[4]s; error_page 502 = @other; }
    location @other { rewrite ^ /up/200 break; proxy_pass http://%[3]s; }
  }
}
`

// TestRealNginx lets a real nginx write the formats and checks who is said to
// have made each status.
func TestRealNginx(t *testing.T) {
	program := suite.Program(t, "nginx")
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	up := upstream(t)
	dead := closedPort(t)
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, realConfig, dir, "", up, dead, full), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-p", dir, "-c", config, "-e", filepath.Join(dir, "start.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}
	client := dialing(t, filepath.Join(dir, "nginx.sock"))
	want := map[string][]string{
		"/refused": {"access-502-made", "502"}, "/up/200": {"", "200"}, "/up/500": {"access-500-passed", "500"}, "/up/502": {"access-502-passed", "502"},
		"/up/503": {"access-503-passed", "503"}, "/up/504": {"access-504-passed", "504"}, "/up/hang": {"access-504-made", "504"},
		"/up/cut": {"access-502-made", "502"}, "/own": {"access-503-made", "503"}, "/pair": {"", "200"}, "/moved": {"", "200"},
	}
	for path := range want {
		req, _ := http.NewRequest("GET", "http://site.example"+path, nil)
		req.SetBasicAuth(`a [b" c`, "x")
		res, err := client.Do(req)
		if err != nil {
			started, _ := os.ReadFile(filepath.Join(dir, "start.log"))
			t.Fatalf("%v: %s", err, started)
		}
		res.Body.Close()
	}
	stop()
	format, err := Format(full)
	if err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]dialect.Log{"combined.log": Combined, "full.log": format, "json.log": JSON} {
		n := 0
		for row := range rows(t, filepath.Join(dir, name)) {
			var r dialect.Record
			key := log.Line([]byte(row), &r)
			w, ok := want[string(r.Path)]
			if key == dialect.Unparsed || !ok || fmt.Sprint(r.Status) != w[1] {
				t.Errorf("%s: key %d: %s", name, key, row)
				continue
			}
			n++
			id := log.Conds[key].ID
			if name == "combined.log" {
				if id != "" && id != "access-"+w[1] {
					t.Errorf("%s: %q: %s", name, id, row)
				}
			} else if id != w[0] {
				t.Errorf("%s: %q, want %q: %s", name, id, w[0], row)
			}
			if name != "combined.log" && string(r.Path) == "/moved" && r.Masked != 1 {
				t.Errorf("%s: masked %d: %s", name, r.Masked, row)
			}
			if _, ok := log.Time(r.Stamp, time.UTC, time.Time{}); !ok && name != "json.log" {
				t.Errorf("%s: no time: %s", name, row)
			}
		}
		if n != len(want) {
			t.Errorf("%s: %d lines, want %d", name, n, len(want))
		}
	}
}

// upstream serves the statuses that paths name.
func upstream(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		switch _, err := fmt.Sscanf(r.URL.Path, "/up/%d", &status); {
		case err == nil:
			w.WriteHeader(status)
		case r.URL.Path == "/up/hang":
			<-done
		case r.URL.Path == "/up/cut":
			panic(http.ErrAbortHandler)
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { close(done); server.Close() })
	return l.Addr().String()
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dialing returns a client of the socket, once it accepts.
func dialing(t *testing.T, socket string) *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		for {
			c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
			if err == nil || ctx.Err() != nil {
				return c, err
			}
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

func rows(t *testing.T, path string) func(func(string) bool) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(string) bool) {
		defer f.Close()
		s := bufio.NewScanner(f)
		for s.Scan() && yield(strings.Clone(s.Text())) {
		}
	}
}
