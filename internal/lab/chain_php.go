package lab

import (
	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// inner makes a site one that another gateway leads to: it answers to any host,
// in plain HTTP.
func (s *Site) inner() *Site {
	s.Names, s.Options, s.host, s.scheme = "_", " default_server", "127.0.0.1", "http"
	return s
}

// innerApache is inner in Apache's words.
func (s *Site) innerApache() *Site {
	s.Names, s.host, s.scheme = "ServerName "+s.app+".test", "127.0.0.1", "http"
	return s
}

// ahead lays out an HAProxy in front of the gateway that was started, for the same
// path.
func (g *Gateway) ahead() *HAProxy {
	s := g.b.haSite(g.sites[0].app, g.sites[0].listen)
	s.path = g.sites[0].path
	h := g.b.HAProxy(s)
	h.way, h.wait = toFile, "20s"
	return h
}

// edge lays out an nginx in front of the gateway that was started, for the same
// path. extra are further lines of its location.
func (g *Gateway) edge(extra ...string) *Nginx {
	s := g.b.Site(g.sites[0].app).timed(g.b)
	s.Route, s.path = "/", g.sites[0].path
	return g.b.gateway("edge-nginx", s.Via(g.b, "http", g.sites[0].listen, extra...)).from(g.sites[0].listen)
}

// chainPHP are chains that end at php-fpm, and one of two gateways of the same
// product.
func chainPHP() []Fault {
	return []Fault{
		chain("haproxy-nginx-php-down", "HAProxy, nginx, and a php-fpm that was stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			app := b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			n := b.gateway("inner-nginx", b.phpSite(name, address, "index.php").inner()).Run().Served(2)
			h := n.ahead().Run()
			app.End()
			return n.behind(h.Scene())
		}).needs("php-fpm"),
		chain("haproxy-nginx-php-killed", "HAProxy, nginx, and a php-fpm that ends its child after a second", vocab.WorkerKilled, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "request_terminate_timeout = 1s\n", map[string]string{"index.php": "sleep(60);"})
			n := b.gateway("inner-nginx", b.phpSite(name, address, "index.php").inner()).Run()
			return n.behind(n.ahead().Run().Scene())
		}).needs("php-fpm"),
		chain("nginx-apache-php-down", "nginx, Apache, and a php-fpm that was stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			app := b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			a := b.apacheIn("inner-apache", b.phpHost(name, address).innerApache()).Run()
			n := a.edge().Run().Served(2)
			app.End()
			return a.behind(n.Scene())
		}).needs("apache2", "php-fpm"),
		chain("nginx-apache-app-slow", "nginx would wait, Apache's ProxyTimeout of a second does not; the application got slow", vocab.UpstreamSlow, vocab.ConnectionReadTimeout, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.httpSite(name, app.Addr, "", "ProxyTimeout 1").innerApache()
			s.Format = "timed"
			a := b.apacheIn("inner-apache", s).Run()
			n := a.edge("proxy_read_timeout 20s;").Remember(40, b.quick).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return a.behind(n.Scene())
		}).needs("apache2").orSymptom(vocab.HTTPResponseTimeout),
		chain("nginx-nginx-hung", "two nginx, and an application that no longer answers", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;").inner()
			n := b.gateway("inner-nginx", s).from(app.Addr).Remember(40, b.quick).Run()
			e := n.edge("proxy_read_timeout 30s;").Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return n.behind(e.Scene())
		}),
	}
}

// behind adds the first log of the gateway behind to those of a scene.
func (g *Gateway) behind(s Scene, err error) (Scene, error) {
	var own Scene
	g.logs(&own)
	s.Logs = append(s.Logs, own.Logs[0])
	return s, err
}
