package errlog

import (
	"bytes"
	"fmt"
	"net"
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
  access_log off;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  server {
    listen unix:%[1]s/nginx.sock; server_name site.example;
    location / { proxy_pass http://%[2]s; }
    location /sock { proxy_pass http://unix:%[1]s/none.sock; }
    location /var { set $up backend.invalid; proxy_pass http://$up; }
  }
}
`

// TestRealNginx sends requests that forge fields to a real nginx and reads what
// it writes.
func TestRealNginx(t *testing.T) {
	program := suite.Program(t, "nginx")
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	l.Close()
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, realConfig, dir, dead), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-p", dir, "-c", config, "-e", filepath.Join(dir, "start.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ request, id, endpoint, referrer string }{
		{"GET /plain HTTP/1.1\r\nHost: site.example\r\nReferer: http://x/\r\n\r\n", "connect-refused", dead, "http://x/"},
		{"GET /ref HTTP/1.1\r\nHost: site.example\r\nReferer: z\", upstream: \"http://evil:1/\", host: \"e\r\n\r\n", "connect-refused", dead, `z", upstream: "http://evil:1/", host: "e`},
		{"GET /quote\",upstream:\"http://evil:1/ HTTP/1.1\r\nHost: site.example\r\n\r\n", "connect-refused", dead, ""},
		{"GET /nohost HTTP/1.0\r\nReferer: z\", upstream: \"http://evil:1/\r\n\r\n", "connect-refused", dead, `z", upstream: "http://evil:1/`},
		{"GET /hosts HTTP/1.1\r\nHost: h\",referrer:\"evil\r\n\r\n", "connect-refused", dead, ""},
		{"GET /sock HTTP/1.1\r\nHost: site.example\r\n\r\n", "socket-missing", "unix:" + dir + "/none.sock", ""},
		{"GET /var HTTP/1.1\r\nHost: site.example\r\nReferer: \", upstream: \"http://evil:1/\r\n\r\n", "no-resolver", "", `", upstream: "http://evil:1/`},
	}
	for _, test := range tests {
		exchange(t, filepath.Join(dir, "nginx.sock"), test.request)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	text, err := os.ReadFile(filepath.Join(dir, "error.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		path := strings.Fields(test.request)[1]
		path, _, _ = strings.Cut(path, `"`)
		found := false
		for row := range bytes.Lines(text) {
			row = bytes.TrimSuffix(row, []byte("\n"))
			if !bytes.Contains(row, []byte("request: \"GET "+path)) {
				continue
			}
			found = true
			var r dialect.Record
			id := errorConds[errorLine(row, &r)].ID
			if id != test.id || string(r.Endpoint) != test.endpoint || string(r.Referrer) != test.referrer {
				t.Errorf("%s at %q from %q: %s", id, r.Endpoint, r.Referrer, row)
			}
		}
		if !found {
			t.Errorf("no line for %q", test.request)
		}
	}
}

// exchange sends a request as soon as the socket accepts, and reads the answer
// to its first line.
func exchange(t *testing.T, socket, request string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	c, err := net.Dial("unix", socket)
	for err != nil && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
		c, err = net.Dial("unix", socket)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(deadline)
	if _, err := c.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
}
