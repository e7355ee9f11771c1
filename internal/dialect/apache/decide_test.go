package apache

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// decisions is a configuration with everything that decides about a request.
const decisions = `
Listen 127.0.0.1:PORT1
Listen PORT2
<Directory />
    Require all granted
</Directory>
ProxyPass /global http://BACKEND/from-global
<VirtualHost *:PORT1>
    ServerName first.test
    DocumentRoot DIR/www
    ProxyPass /plain http://BACKEND/p
    ProxyPass /slash/ http://BACKEND/s/
    ProxyPass /kept/not !
    ProxyPass /kept http://BACKEND/k
    ProxyPassMatch ^/m/(\d+)/(.*)$ http://BACKEND/match/$2/$1
    ProxyPassMatch ^/whole http://BACKEND
    <Location /loc>
        ProxyPass http://BACKEND/inside
    </Location>
    <Location "/no">
        Require all denied
    </Location>
    <Location /plain/maintained>
        Redirect 503 /plain/maintained
    </Location>
    <LocationMatch "^/lm/">
        ProxyPass http://BACKEND
    </LocationMatch>
    <LocationMatch "^/lmm/(.*)">
        ProxyPassMatch http://BACKEND/lmm/$1
    </LocationMatch>
    Redirect 503 /down
    Redirect permanent /moved /new
    RedirectMatch gone \.bak$
    Alias /assets DIR/assets
    ProxyPass /pool balancer://pool/b
    RequestHeader set X-Set yes
</VirtualHost>
<Proxy balancer://pool>
    BalancerMember http://BACKEND/one
</Proxy>
<VirtualHost *:PORT1>
    ServerName second.test
    ServerAlias *.second.test other.test
    DocumentRoot DIR/www
    ProxyPreserveHost On
    RewriteEngine On
    RewriteCond %{REQUEST_URI} ^/maintenance
    RewriteRule ^ - [R=503,L]
    RewriteCond %{HTTP_HOST} ^api\.second\.test [NC]
    RewriteRule ^/(.*)$ http://BACKEND/api/$1 [P,L]
    RewriteCond %{QUERY_STRING} debug=1 [OR]
    RewriteCond %{REQUEST_METHOD} =DELETE
    RewriteRule ^/q - [F]
    RewriteRule ^/old/(.*)$ /new/$1 [PT]
    RewriteRule ^/file$ /index.html
    RewriteRule ^/shot/(\w+)$ http://BACKEND/r/$1?x=1 [P,QSA]
    RewriteCond DIR/www/index.html -f
    RewriteRule ^/exists$ http://BACKEND/e [P]
    RewriteCond DIR/www/nothing !-f
    RewriteRule ^/missing$ http://BACKEND/m [P]
    ProxyPass /new http://BACKEND/new
    ProxyPass /file http://BACKEND/file
</VirtualHost>
<VirtualHost 127.0.0.1:PORT2>
    ServerName exact.test
    ProxyPass / http://BACKEND/exact/
</VirtualHost>
<VirtualHost *:PORT2>
    ServerName star.test
    ProxyPass / http://BACKEND/star/
</VirtualHost>
`

var questions = strings.Fields(`
PORT1,first.test,/ PORT1,first.test,/plain PORT1,first.test,/plain/x PORT1,first.test,/plainer PORT1,first.test,/slash PORT1,first.test,/slash/a?b=c
PORT1,first.test,/kept/not/x PORT1,first.test,/kept/it PORT1,first.test,/m/12/a/b PORT1,first.test,/m/x PORT1,first.test,/whole/y PORT1,first.test,/loc/z
PORT1,first.test,/no/x PORT1,first.test,/lm/q PORT1,first.test,/lmm/r PORT1,first.test,/down PORT1,first.test,/downer PORT1,first.test,/moved/a PORT1,first.test,/a.bak
PORT1,first.test,/assets/x.txt PORT1,first.test,/pool/c PORT1,first.test,/global/d PORT1,unknown.test,/plain/u PORT1,first.test,/plain//d/../e
PORT1,first.test,/plain/maintained/a PORT1,first.test,/plain/%20b
PORT1,second.test,/ PORT1,other.test,/new/a PORT1,a.second.test,/old/b PORT1,api.second.test,/v1/c?d=e PORT1,second.test,/maintenance PORT1,second.test,/q?debug=1
PORT1,second.test,/q PORT1,second.test,/file PORT1,second.test,/shot/one PORT1,second.test,/shot/one?y=2 PORT1,second.test,/exists PORT1,second.test,/missing PORT1,second.test,/global/x
PORT2,exact.test,/a PORT2,exact.test,/global/c
`)

// TestDecisionsAgreeWithApache asks a real server and compares what it does with
// what is said.
func TestDecisionsAgreeWithApache(t *testing.T) {
	exe := program(t)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprintf(w, "B %s %s %s", q.RequestURI, q.Host, q.Header.Get("X-Set"))
	}))
	defer backend.Close()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} { // its children run as another user
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"www/index.html": "file\n", "assets/x.txt": "file\n"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
	}
	ports := freePorts(t, 2)
	fill := strings.NewReplacer("PORT1", ports[0], "PORT2", ports[1], "DIR", dir, "BACKEND", strings.TrimPrefix(backend.URL, "http://"))
	launch := write(t, dir, preamble(dir)+fill.Replace(decisions))
	if out, _, ok := test(t, launch); !ok {
		t.Fatal(out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "-d", dir, "-f", launch.Config, "-DFOREGROUND")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}()
	awaitPort(ctx, t, ports[0], &errs)
	conf := Config(disk{}, launch)
	for _, p := range conf.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	for _, q := range questions {
		f := strings.SplitN(fill.Replace(q), ",", 3)
		port, _ := strconv.Atoi(f[0])
		got := seen(ctx, t, f)
		if got == "-" {
			text, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Fatalf("no answer: %s%s", errs.String(), text)
		}
		u, _ := url.Parse(f[2])
		d := conf.Resolve(topo.Request{Port: port, Host: f[1], Method: "GET", Path: u.Path, Query: u.RawQuery})
		if want := told(d); got != want && !(got == "404" && d.Outcome == topo.Serves) {
			t.Errorf("%s\n apache: %s\n told:   %s%s", q, got, want, trail(d))
		}
	}
}

func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
		defer l.Close()
	}
	return ports
}

func awaitPort(ctx context.Context, t *testing.T, port string, errs *bytes.Buffer) {
	t.Helper()
	for ctx.Err() == nil {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("apache2 does not listen: %s", errs.String())
}

// seen asks the server and describes the answer.
func seen(ctx context.Context, t *testing.T, q []string) string {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+q[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n", q[2], q[1], q[0])
	answer, _ := io.ReadAll(c)
	head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	status := strings.Fields(head + " - -")[1]
	switch {
	case strings.HasPrefix(body, "B "):
		return status + " " + strings.TrimSpace(body)
	case strings.HasPrefix(body, "file"):
		return "200 file"
	}
	return status
}

// told describes a decision in the same words.
func told(d topo.Decision) string {
	switch d.Outcome {
	case topo.Forwards:
		host, set := "", ""
		for _, h := range d.Upstream.Header {
			switch h.Name {
			case "Host":
				host = h.Value
			case "X-Set":
				set = h.Value
			}
		}
		return strings.TrimSpace("200 B " + d.Upstream.URI + " " + host + " " + set)
	case topo.Serves:
		return "200 file"
	case topo.Answers:
		return strconv.Itoa(d.Status)
	}
	return string(d.Outcome)
}

func trail(d topo.Decision) string {
	var b strings.Builder
	for _, s := range d.Steps {
		fmt.Fprintf(&b, "\n   %d: %s", s.Place.Line, s.Text)
	}
	for _, p := range d.Doubts {
		fmt.Fprintf(&b, "\n   ? %d: %s", p.Place.Line, p.Text)
	}
	return b.String()
}
