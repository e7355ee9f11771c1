package lab

import (
	"net"
	"os"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func downFaults() []Fault {
	f := func(name, doc string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamDown, Symptom: vocab.ConnectionRefused, Status: 502, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		neverStarted(nginx()).says("nothing has ever listened at the upstream's port").onNginx(),
		stopped(nginx()).onNginx(),
		f("down-stale-socket", "a unix socket is left over from before and nobody listens on it", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.leaveSocket(strings.TrimPrefix(address, "unix:"))
			return b.Gateway(b.Site(name).Via(b, "http", address)).Run().Scene("the socket's file is there, its owner is not")
		}),
		f("down-missing-socket", "the unix socket does not exist", func(b *Bench) (Scene, error) {
			b.Machine(nil) // the php-fpm of another scene could be the one that is meant
			name := b.Name()
			return b.Gateway(b.phpSite(name, b.socket(name), "index.php")).Run().Scene("php-fpm was never started")
		}).needs("netns"),
		f("down-gunicorn-stopped", "gunicorn served requests and was then stopped", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "return ok(start)")
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
			app.End()
			return n.Scene("gunicorn was stopped with SIGTERM")
		}).needs("gunicorn"),
	}
}

// leaveSocket makes a unix socket's file that nobody listens on.
func (b *Bench) leaveSocket(path string) {
	if b.err != nil {
		return
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		b.fail("cannot make a socket: %w", err)
		return
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := os.Chmod(path, 0o666); err != nil {
		b.fail("cannot make a socket: %w", err)
	}
}

func crashFaults() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamCrashed, Symptom: symptom, Status: 502, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		f("crash-exit", "a request makes the Node process exit; nobody starts it again", vocab.ConnectionRefused, "node", crashes(`throw new Error('order 4711 has no customer')`)),
		f("crash-segv", "a request makes the Node process die of SIGSEGV; nobody starts it again", vocab.ConnectionRefused, "node", crashes(`process.kill(process.pid, 'SIGSEGV')`)),
		f("crash-loop", "every request kills the Node process, a supervisor starts it again", vocab.ConnectionTerminated, "node", crashLoop),
		f("crash-php-child", "a request makes a php-fpm child die of SIGSEGV", vocab.ConnectionTerminated, "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "posix_kill(posix_getpid(), 11); sleep(5);"})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Scene("the script ends its own process with SIGSEGV")
		}),
	}
}

func crashes(how string) start {
	return func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Node(name, b.local(), "if (req.headers['x-kill']) { "+how+" }\nif (++count > 3) { setImmediate(() => { "+how+" }); return }\nres.end('ok\\n');", "let count = 0;")
		n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(3)
		n.Get(1)
		app.Wait()
		return n.Scene("the fourth request killed " + name)
	}
}

func crashLoop(b *Bench) (Scene, error) {
	name := b.Name()
	address := b.local()
	dir := b.home(name)
	_, port, _ := strings.Cut(address, ":")
	b.Write(dir+"/server.js", "const http = require('http');\nhttp.createServer((req, res) => {\n  const order = undefined;\n  res.end(order.id);\n}).listen("+port+", '127.0.0.1', () => console.log('ready'));\n")
	b.Write(dir+"/run.sh", "#!/bin/sh\n# starts the application again whenever it ends\nwhile :; do node server.js; done\n")
	app := b.Start(command{name: name, dir: dir, path: "/bin/sh", argv: "sh", args: []string{"run.sh"}, user: true}).expect(backend.Ready)
	app.Addr = address
	n := b.Gateway(b.Site(name).Via(b, "http", address)).Run()
	for range 3 {
		n.Get(1)
		app.expect(backend.Ready)
	}
	return n.Quiet("every request raises a TypeError that nobody catches")
}

func hungFaults() []Fault {
	f := func(name, doc, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamHung, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		f("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", "nginx", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.fastThen(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;"), app.Addr)
			app.Freeze()
			return n.Scene(name + " got SIGSTOP")
		}),
		f("hung-node-loop", "Node's event loop runs an endless loop", "node", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "if (++count > 3) { for (;;) {} }\nres.end('ok\\n');", "let count = 0;", "require('os').setPriority(19);")
			n := b.fastThen(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;"), app.Addr)
			return n.Scene("the fourth request never leaves its loop")
		}),
		f("hung-gunicorn-deadlock", "gunicorn's only worker waits for a lock that it holds", "gunicorn", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "app.count = getattr(app, 'count', 0) + 1\nif app.count > 3:\n    lock.acquire()\n    lock.acquire()\nreturn ok(start)\n", "--timeout", "0")
			n := b.fastThen(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;"), app.Addr)
			return n.Scene("the fourth request takes the same lock twice")
		}),
		f("hung-never-answers", "the application accepts and reads, and no longer answers", "nginx", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.fastThen(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;"), app.Addr)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return n.Scene("it answered in milliseconds until a minute ago")
		}),
	}
}

// fastThen runs a gateway for s whose log remembers fast answers, old and new.
func (b *Bench) fastThen(s *Site, upstream string) *Gateway {
	return b.Gateway(s.timed(b)).from(upstream).Remember(40, b.quick).Run().Served(3)
}

func slowFaults() []Fault {
	f := func(name, doc, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamSlow, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		f("slow-now", "answers came in milliseconds and now take longer than proxy_read_timeout", "nginx", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.fastThen(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;"), app.Addr)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return n.Scene("every answer now takes 1.7 s")
		}),
		f("slow-gunicorn", "a WSGI application's answers took 50 ms and now take longer than proxy_read_timeout", "gunicorn", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "app.count = getattr(app, 'count', 0) + 1\ntime.sleep(0.01 if app.count < 4 else 1.7)\nreturn ok(start)\n", "--threads", "8", "--timeout", "60")
			n := b.fastThen(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;"), app.Addr)
			return n.Scene("every answer now takes 1.7 s")
		}),
	}
}

func restartFaults() []Fault {
	f := func(name, doc, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamRestarting, Symptom: vocab.ConnectionRefused, Status: 200, Intermittent: true, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		f("restart-gunicorn", "gunicorn was restarted; requests met the gap; all is well again", "gunicorn", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.local()
			app := b.Gunicorn(name, address, "return ok(start)")
			n := b.Gateway(b.Site(name).Via(b, "http", address)).Run().Served(3)
			app.End()
			n.Get(4)
			b.Gunicorn(name, address, "return ok(start)")
			return n.Served(3).Quiet("gunicorn was stopped and started again")
		}),
		f("restart-own", "the application was replaced by its next version without waiting for it to listen", "nginx", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.local()
			app := b.Backend(name, good(address))
			n := b.Gateway(b.Site(name).Via(b, "http", address)).Run().Served(4)
			app.End()
			n.Get(3)
			b.Backend(name, good(address))
			return n.Served(2).Quiet("the application was stopped and started again")
		}),
	}
}
