package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

// home makes the folder of an application, owned by the web user.
func (b *Bench) home(name string) string {
	dir := filepath.Join(b.Dir, "srv", name)
	if b.err != nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.fail("cannot make %s: %w", dir, err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, webUser, webUser); err != nil {
			b.fail("cannot make %s: %w", dir, err)
		}
	}
	return dir
}

// Node starts a Node application that listens at address. script is the body of
// its request handler, with req and res.
func (b *Bench) Node(name, address, script string, setup ...string) *Proc {
	return b.node(name, address, script, setup...).expect(backend.Ready)
}

func (b *Bench) node(name, address, script string, setup ...string) *Proc {
	dir := b.home(name)
	host, port, _ := strings.Cut(address, ":")
	b.Write(filepath.Join(dir, "server.js"), fmt.Sprintf(`const http = require('http');
const server = http.createServer((req, res) => {
%s
});
%s
server.listen(%s, '%s', () => console.log('ready'));
`, indent(script, 2), strings.Join(setup, "\n"), port, host))
	p := b.Start(command{name: name, dir: dir, path: program("node"), argv: "node", args: []string{"server.js"}, user: true})
	p.Addr = address
	return p
}

// Gunicorn starts a WSGI application. body is the body of app(environ, start),
// indented by nothing.
func (b *Bench) Gunicorn(name, address, body string, args ...string) *Proc {
	dir := b.wsgi(name, body)
	all := append([]string{"--bind", address, "--workers", "1", "--error-logfile", filepath.Join(dir, "gunicorn.log"), "--worker-tmp-dir", "/dev/shm"}, args...)
	p := b.Start(command{name: name, dir: dir, path: program("gunicorn"), args: append(all, "app:app"), user: true, env: []string{"PYTHONDONTWRITEBYTECODE=1"}})
	p.Addr = address
	p.listening()
	// The socket is there before the worker is.
	if a := b.ask(b.ctx, nil, "GET", "http://"+address+"/healthz", 0); b.err == nil && a.Status != 200 {
		b.fail("cannot start %s: status %d, %v: %s", name, a.Status, a.Err, tail(filepath.Join(dir, "gunicorn.log")))
	}
	return p
}

// wsgi writes a WSGI application and returns its folder.
func (b *Bench) wsgi(name, body string) string {
	dir := b.home(name)
	b.Write(filepath.Join(dir, "app.py"), "import os, threading, time\n\nlock = threading.Lock()\n\ndef ok(start, text=b'ok\\n', status='200 OK'):\n    start(status, [('Content-Type', 'text/plain'), ('Content-Length', str(len(text)))])\n    return [text]\n\ndef app(environ, start):\n    path = environ['PATH_INFO']\n    if path == '/healthz':\n        return ok(start)\n"+indent(body, 4))
	return dir
}

// UWSGI starts a WSGI application behind uwsgi's own protocol.
func (b *Bench) UWSGI(name, address, body string, args ...string) *Proc {
	dir := b.home(name)
	b.Write(filepath.Join(dir, "app.py"), "import os, time\n\ndef application(environ, start):\n    path = environ['PATH_INFO']\n    def ok(text=b'ok\\n'):\n        start('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(text)))])\n        return [text]\n"+indent(body, 4))
	all := append([]string{"--plugin", "python3", "--master", "--die-on-term", "--need-app", "--workers", "1", "--socket", address, "--wsgi-file", "app.py", "--logto", filepath.Join(dir, "uwsgi.log")}, args...)
	p := b.Start(command{name: name, dir: dir, path: program("uwsgi"), args: all, user: true, env: []string{"PYTHONDONTWRITEBYTECODE=1"}})
	p.Addr = strings.TrimPrefix(address, "unix:")
	if strings.HasPrefix(address, "/") {
		p.Addr = "unix:" + address
	}
	return p.listening()
}

// PHP starts php-fpm with one pool. pool are further lines of the pool, scripts
// the application's files by name.
func (b *Bench) PHP(name, address string, pool string, scripts map[string]string) *Proc {
	dir := b.home(name)
	for file, text := range scripts {
		b.Write(filepath.Join(dir, "public", file), "<?php\n"+text+"\n")
	}
	listen := strings.TrimPrefix(address, "unix:")
	var c strings.Builder
	fmt.Fprintf(&c, "[global]\npid = %s/fpm.pid\nerror_log = %s/php-fpm.log\ndaemonize = no\n\n[%s]\nlisten = %s\ncatch_workers_output = yes\n", dir, dir, name, listen)
	if os.Geteuid() == 0 {
		c.WriteString("user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data\nlisten.mode = 0660\n")
	}
	c.WriteString(pool)
	if !strings.Contains(pool, "pm =") {
		c.WriteString("pm = static\npm.max_children = 2\n")
	}
	conf := b.Write(filepath.Join(dir, "fpm.conf"), c.String())
	p := b.Start(command{name: name, dir: dir, path: program("php-fpm"), args: []string{"--nodaemonize", "--fpm-config", conf}})
	p.Addr = address
	return p.listening()
}

// phpSite is a site whose location hands every request to script of the
// application called name.
func (b *Bench) phpSite(name, address, script string, extra ...string) *Site {
	s := b.Site(name)
	s.Via(b, "fastcgi", address, extra...)
	s.Pass = strings.ReplaceAll(s.Pass, "$document_root$fastcgi_script_name", filepath.Join(b.Dir, "srv", name, "public", script))
	return s
}

// socket returns a path for a unix socket of the application called name, as
// nginx spells it.
func (b *Bench) socket(name string) string {
	return "unix:" + filepath.Join(b.home(name), name+".sock")
}

// port returns the port of "host:port".
func port(address string) int {
	n, _ := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
	return n
}

// timed makes the site's access log carry times, without which nobody can tell
// how long requests took.
func (s *Site) timed(b *Bench) *Site {
	s.Format = pick(b, "timed", "json")
	return s
}

// app is a healthy backend of our own.
func good(address string) backend.Config {
	return backend.Config{Listen: []string{address}, Idle: 60000, Routes: []backend.Route{{Path: "/"}}}
}

// does is a backend of our own that does one thing to every request.
func does(address, what string) backend.Config {
	return backend.Config{Listen: []string{address}, Idle: 60000, Routes: []backend.Route{{Path: "/", Do: what}}}
}
