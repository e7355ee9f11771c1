package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
)

func TestRealPHP(t *testing.T) {
	program := need(t, "php-fpm8.2", "apt-get install php-fpm")
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	socket := filepath.Join(dir, "php.sock")
	conf := write(t, dir, "fpm.conf", fmt.Appendf(nil, "[global]\nerror_log = %[1]s/fpm.log\ndaemonize = no\n[www]\nuser = root\ngroup = root\nlisten = %[2]s\npm = static\npm.max_children = 2\ncatch_workers_output = no\nphp_admin_value[display_errors] = 0\nphp_admin_value[log_errors] = 1\n", dir, socket))
	script := write(t, dir, "index.php", []byte(`<?php
if ($_GET['do'] == 'hello') { header('X-Uri: ' . $_SERVER['REQUEST_URI']); echo 'hello'; }
if ($_GET['do'] == 'fatal') { no_such_function(); }
if ($_GET['do'] == 'big') { header('X-Big: ' . str_repeat('x', 9000)); echo 'big'; }
if ($_GET['do'] == 'log') { error_log('a warning of the application'); echo 'logged'; }
`))
	start(t, dir, program, "-F", "-R", "-n", "-y", conf)
	ready(t, "unix", socket)
	ask := func(script, do string) Exchange {
		return FastCGI(t.Context(), direct, "unix", socket, []topo.Header{
			{Name: "SCRIPT_FILENAME", Value: script}, {Name: "QUERY_STRING", Value: "do=" + do}, {Name: "REQUEST_METHOD", Value: "GET"},
			{Name: "REQUEST_URI", Value: "/index.php?do=" + do}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"}}, short)
	}
	if x := ask(script, "hello"); x.Status != 200 || string(x.Body) != "hello" || x.Get("X-Uri") != "/index.php?do=hello" || !x.FastCGI.Ended || x.FastCGI.CGIFault != "" || x.End != EndComplete {
		t.Errorf("hello: %+v, %+v", x, x.FastCGI)
	}
	if x := ask(script, "fatal"); x.Status != 500 || !strings.Contains(x.FastCGI.Stderr, "no_such_function") {
		t.Errorf("fatal: %+v, %+v", x, x.FastCGI)
	}
	if x := ask(script, "big"); x.HeaderBytes < 9000 || x.FastCGI.RawHead <= int64(x.HeaderBytes) {
		t.Errorf("big: %d bytes of header, %+v", x.HeaderBytes, x.FastCGI)
	}
	if x := ask(script, "log"); !strings.Contains(x.FastCGI.Stderr, "a warning of the application") || string(x.Body) != "logged" {
		t.Errorf("log: %+v, %+v", x, x.FastCGI)
	}
	if x := ask(filepath.Join(dir, "none.php"), "x"); x.Status != 404 || !strings.Contains(x.FastCGI.Stderr, "Primary script unknown") || x.Made().Product != "php-fpm" {
		t.Errorf("missing: %+v, %+v", x, x.FastCGI)
	}
	if a := FastCGIValues(t.Context(), direct, "unix", socket, short); !a.Speaks || a.Values["FCGI_MPXS_CONNS"] != "0" {
		t.Errorf("values: %+v", a)
	}
	// HTTP to php-fpm: it closes without a word.
	if x := HTTP(t.Context(), direct, Target{Network: "unix", Address: socket}, get, short); x.Bytes != 0 || x.End != EndEOF && x.End != EndReset {
		t.Errorf("HTTP: %+v", x)
	}
}

func TestRealUWSGI(t *testing.T) {
	program := need(t, "uwsgi", "apt-get install uwsgi uwsgi-plugin-python3")
	if !plugged(program) {
		if os.Getenv("GOODGATE_TEST_ALL") != "" {
			t.Fatal("uwsgi has no Python: apt-get install uwsgi-plugin-python3")
		}
		t.Skip("uwsgi has no Python: apt-get install uwsgi-plugin-python3")
	}
	dir := t.TempDir()
	app := write(t, dir, "app.py", []byte("def application(env, start_response):\n    start_response('200 OK', [('X-Path', env['PATH_INFO'])])\n    return [b'hello']\n"))
	socket := filepath.Join(dir, "uwsgi.sock")
	start(t, dir, program, "--plugin", "python3", "--master", "--socket", socket, "--wsgi-file", app, "--need-app", "--die-on-term")
	ready(t, "unix", socket)
	x := UWSGI(t.Context(), direct, "unix", socket, append([]topo.Header{{Name: "PATH_INFO", Value: "/x"}, {Name: "QUERY_STRING"}, {Name: "SERVER_NAME", Value: "x"}, {Name: "SERVER_PORT", Value: "80"}}, params...), short)
	if x.Status != 200 || string(x.Body) != "hello" || x.Get("X-Path") != "/x" || x.Speaks != SpeaksHTTP {
		t.Errorf("%+v", x)
	}
	if x := HTTP(t.Context(), direct, Target{Network: "unix", Address: socket}, get, Limits{FirstByte: time.Second, Total: time.Second}); x.Status != 0 {
		t.Errorf("HTTP: %+v", x)
	}
}

// plugged reports whether uwsgi finds its Python plugin.
func plugged(program string) bool {
	found, _ := filepath.Glob("/usr/lib/uwsgi/plugins/python3*_plugin.so")
	return len(found) > 0 || !strings.HasPrefix(program, "/usr/bin")
}

func TestRealGunicorn(t *testing.T) {
	program := need(t, "gunicorn", "apt-get install gunicorn")
	dir := t.TempDir()
	write(t, dir, "app.py", []byte(`def application(env, start_response):
    if env['PATH_INFO'] == '/short':
        start_response('200 OK', [('Content-Length', '50')])
        return [b'hello']
    if env['PATH_INFO'] == '/boom':
        raise RuntimeError('boom')
    start_response('200 OK', [('Content-Length', '5')])
    return [b'hello']
`))
	address := port(t)
	start(t, dir, program, "--bind", address, "--workers", "1", "--no-sendfile", "app:application")
	ready(t, "tcp", address)
	ask := func(uri string) Exchange {
		spoken := get
		spoken.URI = uri
		return HTTP(t.Context(), direct, tcp(address), spoken, Limits{})
	}
	if x := ask("/"); x.Status != 200 || string(x.Body) != "hello" || x.BodyEnd != BodyLength || x.Made().Product != "gunicorn" {
		t.Errorf("%+v", x)
	}
	if x := ask("/short"); x.BodyEnd != BodyShort || x.Missing != 45 {
		t.Errorf("short: %+v", x)
	}
	if x := ask("/boom"); x.Status != 500 || x.Made().Product != "gunicorn" {
		t.Errorf("boom: %+v, %+v", x, x.Made())
	}
	// A client hello is no request: gunicorn says so where a line end happens to be in
	// its random bytes, and else waits for one.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	s := Separate(ctx, direct, "tcp", address, TLSOptions{})
	if s.First.OK || s.First.End != EndTimeout && s.First.Speaks != SpeaksHTTP || s.WithName != nil || s.OtherVersions != nil {
		t.Errorf("TLS: %+v", s)
	}
}

func TestRealNode(t *testing.T) {
	program := need(t, "node", "apt-get install nodejs")
	dir := t.TempDir()
	ca := (*authority)(nil).issue(t, root("test authority"))
	site := ca.issue(t, leaf("app.internal"))
	plain, secure, h2c := port(t), port(t), port(t)
	split := func(a string) string { return a[strings.LastIndexByte(a, ':')+1:] }
	script := write(t, dir, "server.js", fmt.Appendf(nil, `
const http = require('http'), https = require('https'), http2 = require('http2'), fs = require('fs');
const serve = (req, res) => {
  if (req.url === '/cut') { res.writeHead(200, {'Content-Length': 50}); res.write('hello', () => res.socket.end()); return; }
  if (req.url === '/chunks') { res.write('hel'); res.end('lo'); return; }
  if (req.url === '/destroy') { req.socket.destroy(); return; }
  if (req.url === '/never') { return; }
  res.end('hello');
};
const server = http.createServer(serve);
server.keepAliveTimeout = 1000;
server.listen(%[1]s, '127.0.0.1');
https.createServer({cert: fs.readFileSync(%[4]q), key: fs.readFileSync(%[5]q)}, serve).listen(%[2]s, '127.0.0.1');
http2.createServer().listen(%[3]s, '127.0.0.1');
`, split(plain), split(secure), split(h2c), write(t, dir, "cert.pem", site.pem), write(t, dir, "key.pem", site.keyPEM(t))))
	start(t, dir, program, script)
	for _, a := range []string{plain, secure, h2c} {
		ready(t, "tcp", a)
	}
	ask := func(address, uri string, limits Limits) Exchange {
		spoken := get
		spoken.URI, spoken.Version = uri, "1.1"
		return HTTP(t.Context(), direct, tcp(address), spoken, limits)
	}
	if x := ask(plain, "/", Limits{}); x.Status != 200 || string(x.Body) != "hello" {
		t.Errorf("%+v", x)
	}
	if x := ask(plain, "/chunks", Limits{}); x.BodyEnd != BodyChunked || string(x.Body) != "hello" {
		t.Errorf("chunks: %+v", x)
	}
	if x := ask(plain, "/cut", Limits{}); x.BodyEnd != BodyShort || x.Missing != 45 {
		t.Errorf("cut: %+v", x)
	}
	if x := ask(plain, "/destroy", Limits{}); x.Bytes != 0 || x.End != EndEOF && x.End != EndReset {
		t.Errorf("destroy: %+v", x)
	}
	if x := ask(plain, "/never", Limits{FirstByte: 200 * time.Millisecond}); x.End != EndFirstByte {
		t.Errorf("never: %+v", x)
	}
	if x := ask(secure, "/", Limits{}); x.Status != 0 || x.Speaks == SpeaksHTTP {
		t.Errorf("plain HTTP to TLS: %+v", x)
	} else {
		t.Logf("plain HTTP to Node's TLS: %d bytes, speaks %q, end %s", x.Bytes, x.Speaks, x.End)
	}
	if x := ask(h2c, "/", Limits{}); x.Speaks != SpeaksHTTP2 {
		t.Errorf("HTTP/1 to HTTP/2: %+v", x)
	}
	if r := Handshake(t.Context(), direct, "tcp", plain, TLSOptions{}); r.OK || r.Speaks != SpeaksHTTP {
		t.Errorf("TLS to plain HTTP: %+v", r)
	}
	if r := Handshake(t.Context(), direct, "tcp", secure, TLSOptions{Verify: true, VerifyName: "app.internal", Roots: ca.pem}); !r.OK {
		t.Errorf("TLS: %+v", r)
	}
	spoken := get
	spoken.Version = "1.1"
	if r := Idle(t.Context(), direct, tcp(plain), spoken, Limits{}, 10*time.Second, false); !r.Held || r.Timeout != 1 || r.Closed != "fin" {
		t.Errorf("idle: %+v", r)
	}
}
