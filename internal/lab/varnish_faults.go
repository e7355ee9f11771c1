package lab

import (
	"fmt"
	"net/http"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// varnishFaults are the faults behind Varnish.
func varnishFaults() []Fault {
	return behind("varnish", []string{"varnishd"}, varnishDown(), varnishWait(), varnishSpeak(), varnishChoose(), varnishAnswer(), varnishNetwork(), varnishConfig(), varnishHealthy())
}

// varnish lays out a Varnish; more are further attributes of its backends.
func varnish(more ...string) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		s := b.vclSite(app)
		for _, address := range servers {
			s.backends = append(s.backends, backendAt(address, more...))
		}
		return b.Varnish(s).Gateway
	}
}

func varnishDown() []Fault {
	v := varnish()
	return []Fault{
		neverStarted(v).says("nothing has ever listened at the backend's address").status(503),
		stopped(v).status(503),
		fault("down-probed", "both backends of a director were stopped, and the probes know it", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			probe := ".probe = {\n    .url = \"/\";\n    .interval = 300ms;\n    .timeout = 1s;\n    .window = 3;\n    .threshold = 2;\n}"
			s := b.vclSite(name, backendAt(one.Addr, probe), backendAt(two.Addr, probe))
			s.director = pick(b, "round_robin", "fallback", "random")
			v := b.Varnish(s)
			v.Run()
			v.b.until("the probes have passed", func() bool { return v.Get(1).Status == 200 })
			v.Served(2)
			one.End()
			two.End()
			return v.sick().Scene()
		}).also(vocab.NoHealthyUpstream),
		otherPort(v, "the application listens on another port than the VCL says").status(503),
		localhostV6(v, "the VCL says ::1, the application listens on 127.0.0.1 only").status(503),
		crashed(v).orSymptom(vocab.ConnectionTerminated).status(503),
		closedSocket(v).status(503),
	}
}

// varnishWait are faults of time. Varnish writes no log: what a site has always
// taken is known from what Varnish counts.
func varnishWait() []Fault {
	return []Fault{
		frozen(varnish(".first_byte_timeout = 1s;")).sees(vocab.ConnectionReadTimeout, 503),
		fault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, app.Addr))
			v.params = []string{pick(b, "first_byte_timeout=1", "first_byte_timeout=1.2")}
			v.Run().Served(20)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return v.Scene()
		}),
		fault("slow-now", "answers came in milliseconds and now take longer than first_byte_timeout", vocab.UpstreamSlow, vocab.ConnectionReadTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, backendAt(app.Addr, ".first_byte_timeout = "+pick(b, "1s", "1000ms")+";"))).Run().Served(20)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return v.Scene()
		}),
		fault("timeout-short", "a report takes 1.7 s, as always; first_byte_timeout is 1 s since the last VCL", vocab.TimeoutTooShort, vocab.ConnectionReadTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			s := b.vclSite(name, app.Addr)
			v := b.Varnish(s)
			v.Run().Served(4)
			s.backends[0] = backendAt(app.Addr, ".first_byte_timeout = 1s;")
			return v.reload().Scene()
		}),
	}
}

func varnishSpeak() []Fault {
	v := varnish()
	return []Fault{
		toHTTPS(v, "Varnish speaks plain HTTP, the Node application TLS").orSymptom(vocab.HTTPProtocolError).status(503),
		toProxyProtocol(v, "the application demands a PROXY header, the VCL lacks .proxy_header").status(503),
		fault("mismatch-fastcgi", "the backend is php-fpm", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.local()
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.Varnish(b.vclSite(name, address)).Run().Scene()
		}).needs("php-fpm"),
	}
}

func varnishChoose() []Fault {
	checked := func(name, doc, probe string, route backend.Route) Fault {
		return fault(name, doc, vocab.HealthCheckWrong, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 60000, Routes: []backend.Route{route, {Path: "/"}}})
			more := ".probe = {\n" + indent(probe, 4) + "    .interval = 300ms;\n    .window = 3;\n    .threshold = 2;\n}"
			v := b.Varnish(b.vclSite(name, backendAt(app.Addr, more)))
			if b.Chance(50) {
				v.top = "probe alive {\n" + indent(probe, 4) + "    .interval = 300ms;\n    .window = 3;\n    .threshold = 2;\n}\n\n"
				v.target.backends[0] = backendAt(app.Addr, ".probe = alive;")
			}
			v.Run()
			return v.sick().Scene()
		}).also(vocab.NoHealthyUpstream)
	}
	return []Fault{
		checked("check-wrong-path", "the probe asks for a path that the application does not have", ".url = \"/healthz\";\n", backend.Route{Path: "/healthz", Status: 404}),
		checked("check-wrong-status", "the probe wants 204, the application answers 200", ".url = \"/up\";\n.expected_response = 204;\n", backend.Route{Path: "/up"}),
		fault("maintenance-synth", "vcl_recv answers 503", vocab.Maintenance, vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.vclSite(name, app.Addr)
			s.recv = pick(b, "return (synth(503, \"Back soon\"));\n", "if (req.url !~ \"^/health\") {\n    return (synth(503));\n}\n")
			return b.Varnish(s).Run().Scene()
		}),
		fault("maintenance-sick", "a deploy has set the backend sick at the command line interface", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, app.Addr))
			v.Run().Served(2)
			if err := v.admin("backend.set_health", "boot."+v.target.name(0), "sick"); err != nil {
				b.fail("cannot take the backend out: %w", err)
			}
			return v.sick().Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("no-backend", "nothing is chosen for the request, and the default is no backend", vocab.NoRoute, vocab.ProxyConfigurationError, 503, func(b *Bench) (Scene, error) {
			s := b.vclSite(b.Name())
			s.host = "127.0.0.1"
			app := b.Backend(s.app, good(b.local()))
			v := b.Varnish(s)
			v.top = "backend default none;\n\nbackend " + s.app + "_v2 {\n" + indent(backendAt(app.Addr), 4) + "}\n\n"
			s.recv = "if (req.url ~ \"^/v2/\") {\n    set req.backend_hint = " + s.app + "_v2;\n}\n"
			s.path = "/list"
			return v.Run().Scene()
		}).orSymptom(vocab.ProxyInternalResponse),
		fault("queue-full", "the backend may have one connection, and a slow request has it", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, full(varnish(".max_connections = 1;", ".first_byte_timeout = 600s;"))),
		oneDead(func(b *Bench, app string, servers ...string) *Gateway {
			s := b.vclSite(app, servers...)
			s.director = "round_robin"
			return b.Varnish(s).Gateway
		}).says("one of three backends of a director is dead, without probes").status(503),
	}
}

func varnishAnswer() []Fault {
	v := varnish()
	all := append([]Fault{
		emptyClose(v), emptyReset(v), badHeader(v), garbage(v),
		shortBody(func(b *Bench, app string, servers ...string) *Gateway {
			v := b.Varnish(b.vclSite(app, servers...))
			v.extra = "\nsub vcl_backend_response {\n    set beresp.do_stream = false;\n}\n"
			return v.Gateway
		}).says("the body is shorter than its Content-Length, and Varnish waits for the whole of it"),
		halfHeader(v),
		bigHeader(v, 40000, "the application sends 40 KB of cookies, http_resp_size is 32k"),
	}, appErrors(v)...)
	for i := range all {
		if all[i].Cause != vocab.AppError {
			all[i].Status = 503
		}
	}
	return all
}

func varnishNetwork() []Fault {
	return []Fault{
		filtered(varnish(".connect_timeout = 1s;")).says("a firewall on this host drops what goes to the backend's port").status(503),
		staleHosts(varnish(), "the backend's name was looked up when the VCL was loaded; /etc/hosts has changed since").status(503),
		noRoute(varnish()).says("there is no route to the backend's network").status(503),
	}
}

func varnishConfig() []Fault {
	moved := func(b *Bench) *Varnish {
		g, _, to := b.moved(varnish())
		v := g.product.(*Varnish)
		v.target.backends[0] = backendAt(fmt.Sprintf("127.0.0.1:%d", to))
		return v
	}
	return []Fault{
		fault("not-applied", "the VCL on disk leads to the application's new port, and was not loaded", vocab.NotApplied, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			v := moved(b)
			v.edit()
			return v.Scene()
		}),
		fault("invalid-vcl", "the VCL on disk leads to the new port and does not compile: the old one stays in use", vocab.InvalidConfig, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			v := moved(b)
			v.extra = pick(b, "\nsub vcl_deliver {\n    set resp.http.X-Cache = \"hit\"\n", "\nbackend spare {\n    .host = \"127.0.0.1\";\n}\n")
			v.edit()
			if v.admin("vcl.load", "broken", v.conf) == nil {
				b.fail("cannot break the VCL: it was loaded")
			}
			return v.Scene()
		}).also(vocab.NotApplied),
		fault("panic", "a VMOD makes the child panic at every request; the manager starts it again", vocab.Crashed, "", 0, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.vclSite(name, app.Addr)
			s.recv = "vtc.panic(\"assertion failed in thumbnail\");\n"
			v := b.Varnish(s)
			v.top = "import vtc;\n\n"
			v.Run().Get(2)
			return v.Quiet()
		}),
	}
}

func varnishHealthy() []Fault {
	route := func(name, doc string, r backend.Route, more ...string) Fault {
		status := r.Status
		if status == 0 {
			status = http.StatusOK
		}
		return healthy("healthy-"+name, doc, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			r.Path = "/"
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			s := b.vclSite(app, backendAt(p.Addr, more...))
			if name == "fallback" {
				s.backends = append(s.backends, backendAt("127.0.0.1:1", more...))
				s.director = "fallback"
			}
			v := b.Varnish(s).Run()
			b.until("the site answers", func() bool { return v.Get(1).Status == status })
			return v.Scene()
		})
	}
	probe := ".probe = {\n    .url = \"/\";\n    .interval = 300ms;\n    .window = 3;\n    .threshold = 2;\n}"
	return []Fault{
		route("plain", "the application answers", backend.Route{}),
		route("404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}),
		route("slow", "answers take 0.7 s and first_byte_timeout is 60 s", backend.Route{Delay: 700}),
		route("probed", "the backend is probed", backend.Route{}, probe),
		route("fallback", "a second backend is down, and the director knows", backend.Route{}, probe),
	}
}
