package lab

import (
	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// inner makes a site one that another gateway leads to: it answers to any host,
// in plain HTTP.
func (s *Site) inner() *Site {
	s.Names, s.Options, s.Host, s.Scheme = "_", " default_server", "127.0.0.1", "http"
	return s
}

// innerApache is inner in Apache's words.
func (s *Site) innerApache() *Site {
	s.Names, s.Host, s.Scheme = "ServerName "+s.App+".test", "127.0.0.1", "http"
	return s
}

// ahead lays out an HAProxy in front of the nginx that was started, for the same
// path.
func (n *Nginx) ahead() *HAProxy {
	s := n.b.haSite(n.Target.App, n.Target.Listen)
	s.path = n.Target.Path
	h := n.b.HAProxy(s)
	h.logs, h.wait = toFile, "20s"
	return h
}

// edge lays out an nginx in front of an Apache or nginx that was started, for the
// same path.
func (b *Bench) edge(inner *Site, extra ...string) *Nginx {
	s := b.Site(inner.App).timed(b)
	s.Route, s.Path = "/", inner.Path
	return b.gateway("edge-nginx", s.Via(b, "http", inner.Listen, extra...))
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
			return h.inFront(n)
		}).needs("php-fpm"),
		chain("haproxy-nginx-php-killed", "HAProxy, nginx, and a php-fpm that ends its child after a second", vocab.WorkerKilled, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "request_terminate_timeout = 1s\n", map[string]string{"index.php": "sleep(60);"})
			n := b.gateway("inner-nginx", b.phpSite(name, address, "index.php").inner()).Run()
			return n.ahead().Run().inFront(n)
		}).needs("php-fpm"),
		chain("nginx-apache-php-down", "nginx, Apache, and a php-fpm that was stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			app := b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			a := b.apacheIn("inner-apache", b.phpHost(name, address).innerApache()).Run()
			n := b.edge(a.Target).Run().Served(2)
			app.End()
			return a.behind(n.Scene())
		}).needs("apache2", "php-fpm"),
		chain("nginx-apache-app-slow", "nginx would wait, Apache's ProxyTimeout of a second does not; the application got slow", vocab.UpstreamSlow, vocab.ConnectionReadTimeout, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.httpSite(name, app.Addr, "", "ProxyTimeout 1").innerApache()
			s.Format = "timed"
			a := b.apacheIn("inner-apache", s).Run()
			n := b.edge(a.Target, "proxy_read_timeout 20s;").Remember(40, fifty, a.Target.Listen, func() float64 { return 0.004 + b.Rand.Float64()/30 }).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return a.behind(n.Scene())
		}).needs("apache2").orSymptom(vocab.HTTPResponseTimeout),
		chain("nginx-nginx-hung", "two nginx, and an application that no longer answers", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;").inner()
			n := b.gateway("inner-nginx", s).Remember(40, fifty, app.Addr, func() float64 { return 0.004 + b.Rand.Float64()/30 }).Run()
			e := b.edge(n.Target, "proxy_read_timeout 30s;").Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return n.behind(e.Scene())
		}),
	}
}

// inFront describes the scene of an HAProxy in front of n.
func (h *HAProxy) inFront(n *Nginx) (Scene, error) { return n.behind(h.Scene()) }

// behind adds the error log of the gateway behind to those of a scene.
func (n *Nginx) behind(s Scene, err error) (Scene, error) {
	errors := n.Errors
	if n.Target.Errors != "" {
		errors = n.Target.Errors
	}
	s.Logs = append(s.Logs, errors)
	return s, err
}

// behind adds the error log of the gateway behind to those of a scene.
func (a *Apache) behind(s Scene, err error) (Scene, error) {
	s.Logs = append(s.Logs, a.Errors)
	return s, err
}
