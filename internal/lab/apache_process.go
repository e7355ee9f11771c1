package lab

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// apacheFaults are the faults behind an Apache HTTP Server.
func apacheFaults() []Fault {
	return behind("apache", []string{"apache2"}, apacheDown(), apacheCrash(), apacheWaiting(), apacheWorkers(), apacheApp(), apacheAddress(), apacheMismatch(), apacheTLS(),
		apacheNames(), apacheConfig(), apacheMaintenance(), apacheNetwork(), apacheBalancer(), apacheResponse(), apacheHealthy())
}

// httpSite is a site in front of an HTTP application at address.
func (b *Bench) httpSite(name, address, params string, extra ...string) *Site {
	return b.ApacheSite(name).proxied(b, apacheURL("http", address), params, extra...)
}

// apache lays out an Apache in front of an HTTP application, with one of params
// behind the target of ProxyPass.
func apache(params ...string) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		words := ""
		if len(params) > 0 {
			words = pick(b, params...)
		}
		return b.Apache(b.httpSite(app, servers[0], words)).Gateway
	}
}

// phpHost is a site that hands PHP scripts to php-fpm at address, in one of the
// ways people write it.
func (b *Bench) phpHost(name, address string, extra ...string) *Site {
	s := b.ApacheSite(name)
	s.Route, s.path = "/", "/index.php"
	root := filepath.Join(b.Dir, "srv", name, "public")
	s.Inside += "DocumentRoot " + root + "\n"
	unix := strings.HasPrefix(address, "unix:")
	target := strings.TrimSuffix(apacheURL("fcgi", address), "/")
	switch {
	case b.Chance(60) && (unix || b.Chance(50)):
		s.Pass = fmt.Sprintf("<FilesMatch \"\\.php$\">\n    SetHandler \"proxy:%s\"\n</FilesMatch>\n", target)
	case unix:
		s.Pass = fmt.Sprintf("ProxyPassMatch \"^/(.*\\.php)$\" \"%s%s/$1\"\n", target, root)
	default:
		s.Pass = fmt.Sprintf("ProxyPassMatch ^/(.*\\.php)$ %s%s/$1\n", target, root)
	}
	s.Pass += lines(extra)
	return s
}

func apacheDown() []Fault {
	f := func(name, doc string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamDown, Symptom: vocab.ConnectionRefused, Status: 503, Start: start}
	}
	return []Fault{
		neverStarted(apache("", "retry=0", "timeout=5")).says("nothing has ever listened at the target of ProxyPass").status(503),
		stopped(apache("", "retry=1")).status(503),
		f("down-stale-socket", "a unix socket is left over from before and nobody listens on it", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.leaveSocket(strings.TrimPrefix(address, "unix:"))
			return b.Apache(b.httpSite(name, address, "")).Run().Scene("the socket's file is there, its owner is not")
		}),
		f("down-missing-socket", "php-fpm's unix socket does not exist", func(b *Bench) (Scene, error) {
			b.Machine(nil) // the php-fpm of another scene could be the one that is meant
			name := b.Name()
			b.home(name)
			b.Write(filepath.Join("srv", name, "public", "index.php"), "<?php echo 'ok';\n")
			return b.Apache(b.phpHost(name, b.socket(name))).Run().Scene("php-fpm was never started")
		}).needs("netns"),
		f("down-gunicorn-stopped", "gunicorn served requests and was then stopped", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "return ok(start)")
			a := b.Apache(b.httpSite(name, app.Addr, "")).Run().Served(2)
			app.End()
			return a.Scene("gunicorn was stopped with SIGTERM")
		}).needs("gunicorn"),
		f("down-uwsgi", "uwsgi was never started", func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("uwsgi", b.local()), "")).Run().Scene()
		}).needs("netns"),
	}
}

func apacheCrash() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, status int, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.UpstreamCrashed, Symptom: symptom, Status: status, Needs: []string{needs}, Start: start}
	}
	return []Fault{
		crashed(apache()).status(503),
		f("crash-loop", "every request kills the Node process, a supervisor starts it again", vocab.ConnectionTerminated, 502, "node", func(b *Bench) (Scene, error) {
			app := b.crashing()
			a := b.Apache(b.httpSite(app.name, app.Addr, "retry=0")).Run()
			for range 3 {
				a.Get(1)
				app.expect(backend.Ready)
			}
			return a.Quiet("every request raises a TypeError that nobody catches")
		}),
		f("crash-php-child", "a request makes a php-fpm child die of SIGSEGV", vocab.ConnectionTerminated, 503, "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "posix_kill(posix_getpid(), 11); sleep(5);"})
			return b.Apache(b.phpHost(name, address)).Run().Scene("the script ends its own process with SIGSEGV")
		}),
	}
}

// crashing is a Node application that every request kills and a shell starts
// again.
func (b *Bench) crashing() *Proc {
	name, address := b.Name(), b.local()
	dir := b.home(name)
	_, port, _ := strings.Cut(address, ":")
	b.Write(dir+"/server.js", "const http = require('http');\nhttp.createServer((req, res) => {\n  const order = undefined;\n  res.end(order.id);\n}).listen("+port+", '127.0.0.1', () => console.log('ready'));\n")
	b.Write(dir+"/run.sh", "#!/bin/sh\n# starts the application again whenever it ends\nwhile :; do node server.js; done\n")
	app := b.Start(command{name: name, dir: dir, path: "/bin/sh", argv: "sh", args: []string{"run.sh"}, user: true}).expect(backend.Ready)
	app.Addr = address
	return app
}

// quickThen runs a gateway for s whose log remembers fast answers, old and new.
func (b *Bench) quickThen(s *Site) *Gateway {
	return b.Apache(s.timedApache()).Remember(40, b.quick).Run().Served(3)
}

func apacheWaiting() []Fault {
	f := func(name, doc string, cause vocab.Cause, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: vocab.ConnectionReadTimeout, Status: 502, Start: start}
	}
	limits := func(b *Bench) (params string, extra []string) {
		if b.Chance(50) {
			return "timeout=1", nil
		}
		return "", []string{"ProxyTimeout 1"}
	}
	return []Fault{
		f("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			params, extra := limits(b)
			a := b.quickThen(b.httpSite(name, app.Addr, params, extra...))
			app.Freeze()
			return a.Scene(name + " got SIGSTOP")
		}),
		f("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			params, extra := limits(b)
			a := b.quickThen(b.httpSite(name, app.Addr, params, extra...))
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return a.Scene("it answered in milliseconds until a minute ago")
		}),
		f("slow-now", "answers came in milliseconds and now take longer than Apache waits", vocab.UpstreamSlow, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			params, extra := limits(b)
			a := b.quickThen(b.httpSite(name, app.Addr, params, extra...))
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return a.Scene("every answer now takes 1.7 s")
		}),
		f("timeout-always-close", "a report takes 1.6 to 1.8 s, as the log of the last hour shows; the limit is 1 s since this start", vocab.TimeoutTooShort, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			params, extra := limits(b)
			return b.Apache(b.httpSite(name, app.Addr, params, extra...).timedApache()).Remember(60, b.asAlways).Run().Scene()
		}),
		f("timeout-lowered", "a report takes 1.7 s, as always; ProxyTimeout was lowered to 1 s", vocab.TimeoutTooShort, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			a := b.Apache(b.httpSite(name, app.Addr, "", "ProxyTimeout 10").timedApache())
			a.Remember(40, b.asAlways).Run().Served(2)
			a.Edit(func(text string) string { return strings.Replace(text, "ProxyTimeout 10", "ProxyTimeout 1", 1) })
			a.Reload()
			return a.Scene("the limit was 10 s until a minute ago")
		}),
		f("timeout-php", "a PHP script takes 1.7 s, as always; ProxyTimeout is 1 s", vocab.TimeoutTooShort, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "usleep(1700000); echo 'ok';"})
			return b.Apache(b.phpHost(name, address, "ProxyTimeout 1").timedApache()).Remember(60, b.asAlways).Run().Scene()
		}).status(504).needs("php-fpm"),
	}
}

func apacheWorkers() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{needs}, Start: start}
	}
	return []Fault{
		f("killed-gunicorn", "gunicorn kills its worker after --timeout", vocab.WorkerKilled, vocab.ConnectionTerminated, 502, "gunicorn", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "time.sleep(60)\nreturn ok(start)\n", "--timeout", "1", "--preload")
			return b.Apache(b.httpSite(name, app.Addr, "")).Run().Scene("requests take a minute, gunicorn allows a second")
		}),
		f("killed-php", "php-fpm kills the child after request_terminate_timeout", vocab.WorkerKilled, vocab.ConnectionTerminated, 503, "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "request_terminate_timeout = 1s\n", map[string]string{"index.php": "sleep(60);"})
			return b.Apache(b.phpHost(name, address)).Run().Scene("requests take a minute, php-fpm allows a second")
		}),
		// mod_proxy_uwsgi answers 500 and writes no line.
		f("killed-uwsgi", "uwsgi kills its worker by harakiri; Apache answers 500 and writes nothing", vocab.WorkerKilled, "", 500, "uwsgi", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.UWSGI(name, b.local(), "time.sleep(60)\nreturn ok()\n", "--harakiri", "1")
			return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("uwsgi", app.Addr), "")).Run().Scene("requests take a minute, harakiri comes after a second")
		}),
		f("exhausted-php-waiting", "php-fpm's only child is busy and further requests wait until Apache gives up", vocab.WorkersExhausted, vocab.ConnectionReadTimeout, 504, "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "pm = dynamic\npm.max_children = 1\npm.start_servers = 1\npm.min_spare_servers = 1\npm.max_spare_servers = 1\n", map[string]string{
				"index.php": "echo 'ok';", "long.php": "file_put_contents(__DIR__ . '/../busy', 'x'); sleep(600);",
			})
			a := b.Apache(b.phpHost(name, address, "ProxyTimeout 1")).Run().Served(1)
			b.busyChild(name, address)
			return a.Scene("one request keeps the only child for ever")
		}),
	}
}

// busyChild keeps a child of php-fpm busy, as a nightly job beside the gateway
// does.
func (b *Bench) busyChild(name, address string) {
	script := filepath.Join(b.Dir, "srv", name, "public", "long.php")
	inner := b.ApacheSite(name + "-jobs")
	inner.Route, inner.path = "/", "/long.php"
	inner.Inside = "DocumentRoot " + filepath.Dir(script) + "\nProxyTimeout 900\n"
	inner.Pass = fmt.Sprintf("<FilesMatch \"\\.php$\">\n    SetHandler \"proxy:%s\"\n</FilesMatch>\n", strings.TrimSuffix(apacheURL("fcgi", address), "/"))
	inner.scheme = "http"
	jobs := b.apacheIn("jobs", inner)
	jobs.write()
	jobs.start()
	b.occupy(jobs.hosts, inner.url())
	b.until("php-fpm's child is busy", func() bool { return exists(b.path("srv/" + name + "/busy")) })
}

func apacheApp() []Fault {
	f := func(name, doc string, status int, needs []string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.AppError, Status: status, Needs: needs, Start: start}
	}
	return []Fault{
		f("app-gunicorn-traceback", "the WSGI application raises; gunicorn answers 500", 500, []string{"gunicorn"}, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "raise KeyError('customer')\n")
			return b.Apache(b.httpSite(name, app.Addr, "")).Run().Scene()
		}),
		f("app-php-fatal", "the PHP script dies of an uncaught exception; php-fpm answers 500", 500, []string{"php-fpm"}, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "", map[string]string{"index.php": "ini_set('display_errors', '0'); ini_set('log_errors', '1');\nthrow new RuntimeException('customer not found');"})
			return b.Apache(b.phpHost(name, address)).Run().Scene()
		}),
		f("app-own-502", "the application answers 502 itself, because of something behind it", 502, nil, apacheAnswers(backend.Route{Path: "/", Status: 502, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"error":"payment provider failed"}`})),
		f("app-own-503", "the application answers 503 itself", 503, nil, apacheAnswers(backend.Route{Path: "/", Status: 503, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"error":"no shard for tenant 12"}`})),
	}
}

// apacheAnswers is a site whose application gives one answer to everything.
func apacheAnswers(r backend.Route) start {
	return func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Server: "Kestrel", Routes: []backend.Route{r}})
		return b.Apache(b.httpSite(name, app.Addr, "")).Run().Scene(fmt.Sprintf("the application answers %d", r.Status))
	}
}
