package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const fifty = 50 * time.Minute

func workerFaults() []Fault {
	killed := func(name, doc, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.WorkerKilled, Symptom: vocab.ConnectionTerminated, Status: 502, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		killed("killed-gunicorn", "gunicorn kills its worker after --timeout", "gunicorn", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "time.sleep(60)\nreturn ok(start)\n", "--timeout", "1", "--preload")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene("requests take a minute, gunicorn allows a second")
		}),
		killed("killed-php", "php-fpm kills the child after request_terminate_timeout", "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "request_terminate_timeout = 1s\n", map[string]string{"index.php": "sleep(60);"})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Scene("requests take a minute, php-fpm allows a second")
		}),
		killed("killed-uwsgi", "uwsgi kills its worker by harakiri", "uwsgi", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.UWSGI(name, b.local(), "time.sleep(60)\nreturn ok()\n", "--harakiri", "1")
			return b.Gateway(b.Site(name).Via(b, "uwsgi", app.Addr)).Run().Scene("requests take a minute, harakiri comes after a second")
		}),
		{
			Name: "exhausted-php-waiting", Doc: "php-fpm's only child is busy and further requests wait until the gateway gives up",
			Cause: vocab.WorkersExhausted, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", "php-fpm"},
			Start: func(b *Bench) (Scene, error) {
				n, _ := b.busyPHP("pm = dynamic\npm.max_children = 1\npm.start_servers = 1\npm.min_spare_servers = 1\npm.max_spare_servers = 1\n", "fastcgi_read_timeout 1s;")
				return n.Scene("one request keeps the only child for ever")
			},
		},
		{
			Name: "exhausted-php-queue", Doc: "php-fpm's only child is busy and its listen queue is full",
			Cause: vocab.BacklogFull, Symptom: vocab.ConnectionRefused, Status: 502, Also: []vocab.Cause{vocab.WorkersExhausted}, Needs: []string{"nginx", "php-fpm"},
			Start: func(b *Bench) (Scene, error) {
				n, address := b.busyPHP("pm = ondemand\npm.max_children = 1\nlisten.backlog = 2\n", "fastcgi_read_timeout 30s;")
				for range 6 { // more than a queue of two holds
					b.occupy(n.hosts, n.url())
				}
				b.until("the queue is full", func() bool {
					c, err := b.dial(b.ctx, address)
					if err == nil {
						c.Close()
					}
					return err != nil
				})
				return n.Scene("one request keeps the only child, others fill the queue")
			},
		},
	}
}

// busyPHP runs a site behind php-fpm whose only child is busy with a request that
// ends after minutes.
func (b *Bench) busyPHP(pool, extra string) (n *Gateway, address string) {
	name := b.Name()
	address = b.socket(name)
	b.PHP(name, address, pool, map[string]string{
		"index.php": "echo 'ok';",
		"long.php":  "file_put_contents(__DIR__ . '/../busy', 'x'); sleep(600);",
	})
	s := b.phpSite(name, address, "index.php", extra)
	long := strings.NewReplacer("index.php", "long.php", extra, "fastcgi_read_timeout 900s;").Replace(s.Pass)
	s.Inside += "location = /nightly-export {\n" + indent(long, 4) + "}\n"
	n = b.Gateway(s).Run().Served(1)
	b.occupy(n.hosts, n.sites[0].below("/nightly-export"))
	b.until("php-fpm's child is busy", func() bool { return exists(b.path("srv/" + name + "/busy")) })
	return n, address
}

func appFaults() []Fault {
	f := func(name, doc string, status int, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.AppError, Status: status, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		f("app-node-500", "the Node application answers 500 itself", 500, "node", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "res.writeHead(500, {'Content-Type': 'application/json', 'X-Powered-By': 'Express'});\nres.end('{\"error\":\"cannot read customer\"}');")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene()
		}),
		f("app-gunicorn-traceback", "the WSGI application raises; gunicorn answers 500", 500, "gunicorn", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "raise KeyError('customer')\n")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene()
		}),
		f("app-php-fatal", "the PHP script dies of an uncaught exception; php-fpm answers 500", 500, "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "", map[string]string{"index.php": "ini_set('display_errors', '0'); ini_set('log_errors', '1');\nthrow new RuntimeException('customer not found');"})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Scene()
		}),
		f("app-own-502", "the application answers 502 itself, because of something behind it", 502, "nginx", func(b *Bench) (Scene, error) {
			return b.answers(backend.Route{Path: "/", Status: 502, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"error":"payment provider failed"}`})
		}),
		f("app-own-503", "the application answers 503 itself", 503, "nginx", func(b *Bench) (Scene, error) {
			return b.answers(backend.Route{Path: "/", Status: 503, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"error":"no shard for tenant 12"}`})
		}),
	}
}

// answers is a site whose application gives one answer to everything.
func (b *Bench) answers(r backend.Route) (Scene, error) {
	name := b.Name()
	app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Server: "Kestrel", Routes: []backend.Route{r}})
	return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene(fmt.Sprintf("the application answers %d", r.Status))
}
