package lab

import (
	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// cached lays out a Varnish in front of the gateway that was started, for the same
// path.
func (g *Gateway) cached(more ...string) *Varnish {
	s := g.b.vclSite(g.sites[0].app, backendAt(g.sites[0].listen, more...))
	s.path = g.sites[0].path
	return g.b.Varnish(s)
}

// chainVarnish are chains of Varnish, Apache and php-fpm.
func chainVarnish() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
		c := chain("varnish-apache-"+name, doc, cause, symptom, status, start)
		c.Needs = []string{"varnishd", "apache2", "php-fpm"}
		return c
	}
	return []Fault{
		f("php-down", "Varnish, Apache, and a php-fpm that was stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			app := b.PHP(name, address, "", map[string]string{"index.php": "header('Cache-Control: no-store'); echo 'ok';"})
			a := b.apacheIn("inner-apache", b.phpHost(name, address).innerApache()).Run()
			v := a.cached().Run().Served(2)
			app.End()
			return a.behind(v.Scene())
		}),
		f("php-killed", "Varnish, Apache, and a php-fpm that ends its child after a second", vocab.WorkerKilled, vocab.ConnectionTerminated, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "request_terminate_timeout = 1s\n", map[string]string{"index.php": "sleep(60);"})
			a := b.apacheIn("inner-apache", b.phpHost(name, address).innerApache()).Run()
			return a.behind(a.cached().Run().Scene())
		}),
		f("hung", "Varnish gives up after a second, Apache would wait longer; the application no longer answers", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Routes[0].Header = map[string]string{"Cache-Control": "no-store"}
			app := b.Backend(name, config)
			s := b.httpSite(name, app.Addr, "").innerApache().timedApache()
			a := b.apacheIn("inner-apache", s).Run()
			v := a.cached(".first_byte_timeout = 1s;").Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return a.behind(v.Scene())
		}).orSymptom(vocab.ConnectionReadTimeout),
		f("down", "Apache was stopped; Varnish and php-fpm run", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "", map[string]string{"index.php": "header('Cache-Control: no-store'); echo 'ok';"})
			a := b.apacheIn("inner-apache", b.phpHost(name, address).innerApache()).Run()
			v := a.cached().Run().Served(2)
			a.End()
			return a.behind(v.Scene())
		}),
	}
}
