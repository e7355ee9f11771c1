package lab

import (
	"fmt"
	"net/http"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

func healthyScenes() []Fault {
	f := func(name, doc string, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Status: status, Healthy: true, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		f("healthy-keepalive", "a pool of idle connections to an application that keeps them longer", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 75000, Announce: true, Routes: []backend.Route{{Path: "/"}}})
			s := b.Site(name).Pool(b, "http", []string{app.Addr}, "keepalive 16;")
			return b.Gateway(s).Run().Served(6).Scene()
		}),
		f("healthy-slow", "answers take 0.7 s and the limit is 3 s", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Delay: 700}}})
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 3s;")).Run().Scene()
		}),
		well(nginx(), "404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}).onNginx(),
		well(nginx(), "redirect", "the application redirects", backend.Route{Status: 302, Header: map[string]string{"Location": "/login"}}).onNginx(),
		well(nginx(), "401", "the application wants a password", backend.Route{Status: 401, Header: map[string]string{"WWW-Authenticate": "Basic realm=\"shop\""}}).onNginx(),
		f("healthy-tls", "the upstream speaks TLS and its certificate verifies", 200, func(b *Bench) (Scene, error) {
			n, _ := b.behindTLS(certificate{name: "app.internal"}, func(*backend.TLS, pair) {}, "proxy_ssl_verify on;", "proxy_ssl_name app.internal;", "proxy_ssl_server_name on;")
			return n.Run().Served(2).Scene()
		}),
		f("healthy-ipv6", "gateway and application listen on [::1]", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(fmt.Sprintf("[::1]:%d", b.Port())))
			s := b.Site(name).Via(b, "http", app.Addr)
			s.listen = fmt.Sprintf("[::1]:%d", port(s.listen))
			if s.host == "127.0.0.1" {
				s.host = "[::1]"
			}
			return b.Gateway(s).Run().Served(2).Scene()
		}),
		f("healthy-unix", "the application listens on a unix socket", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.socket(name)))
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2).Scene()
		}),
		f("healthy-second-gateway", "another nginx on this host has a dead upstream", 200, func(b *Bench) (Scene, error) {
			name, other := b.Name(), b.Name()
			app := b.Backend(name, good(b.local()))
			second := b.gateway("second", b.Site(other).Via(b, "http", b.local()))
			second.Run().Get(3)
			b.poll(second.hosts, second.target.url(), 200*time.Millisecond)
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2).Scene()
		}),
		f("healthy-yesterday", "the site itself had errors yesterday", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr))
			at := time.Now().Add(-26 * time.Hour)
			for i := range 30 {
				n.good += line(n.target, record{at: at.Add(time.Duration(i) * time.Second), path: n.target.path, status: 502, took: 0.001, upstream: app.Addr})
			}
			return n.Run().Served(2).Scene()
		}),
		f("healthy-other-post", "another site's POSTs fail", 200, func(b *Bench) (Scene, error) {
			name, other := b.Name(), b.Name()
			app := b.Backend(name, good(b.local()))
			deaf := b.Backend(other, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Method: http.MethodPost, Do: "close"}, {Path: "/"}}})
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr))
			s := b.Site(other).Via(b, "http", deaf.Addr)
			n.others = append(n.others, s)
			n.serves(s)
			n.Run()
			for range 4 {
				b.ask(b.ctx, n.hosts, http.MethodPost, s.url(), 100)
			}
			return n.Served(2).Scene()
		}),
		f("healthy-big-header", "9 KB of cookies and buffers of 16k", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Pad: 9000}}})
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr, "proxy_buffer_size 16k;", "proxy_buffers 8 16k;", "proxy_busy_buffers_size 32k;")).Run().Served(2).Scene()
		}),
		f("healthy-static", "nginx serves files itself", 200, func(b *Bench) (Scene, error) {
			s := b.Site(b.Name())
			b.Write("srv/www"+s.path, "hello\n")
			s.Pass = "root " + b.path("srv/www") + ";\n"
			return b.Gateway(s).Run().Served(2).Scene()
		}),
		f("healthy-php", "php-fpm answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Served(2).Scene()
		}).needs("php-fpm"),
		f("healthy-node", "Node answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "res.end('ok\\n');")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2).Scene()
		}).needs("node"),
	}
}
