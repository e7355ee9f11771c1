package lab

import (
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// varnishFaults are the faults behind Varnish.
func varnishFaults() []Fault {
	return behind("varnish", []string{"varnishd"}, varnishDown(), varnishWait(), varnishSpeak(), varnishChoose(), varnishAnswer(), varnishNetwork(), varnishConfig(), varnishHealthy())
}

func varnishDown() []Fault {
	return []Fault{
		fault("down-never-started", "nothing has ever listened at the backend's address", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			return b.Varnish(b.vclSite(b.Name(), b.local())).Run().Scene()
		}),
		fault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, app.Addr)).Run().Served(3)
			app.End()
			return v.Scene()
		}),
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
		fault("address-other-port", "the application listens on another port than the VCL says", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.Varnish(b.vclSite(name, fmt.Sprintf("127.0.0.1:%d", wrong))).Run().Scene()
		}),
		fault("address-localhost-v6", "the VCL says ::1, the application listens on 127.0.0.1 only", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Varnish(b.vclSite(name, fmt.Sprintf("[::1]:%d", port(app.Addr)))).Run().Scene()
		}),
		fault("crash-exit", "a request makes the Node process exit; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "if (++count > 3) { setImmediate(() => { throw new Error('order 4711 has no customer') }); return }\nres.end('ok\\n');", "let count = 0;")
			v := b.Varnish(b.vclSite(name, app.Addr)).Run().Served(3)
			v.Get(1)
			app.Wait()
			return v.Scene()
		}).needs("node").orSymptom(vocab.ConnectionTerminated),
		fault("permission-socket", "the unix socket belongs to root, mode 0600", vocab.SocketPermission, vocab.ProxyInternalError, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			config := good(address)
			config.Mode = 0o600
			b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, config)
			return b.Varnish(b.vclSite(name, address)).Run().Scene()
		}).needs("root"),
	}
}

func varnishWait() []Fault {
	impatient := pick[string]
	return []Fault{
		fault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, backendAt(app.Addr, ".first_byte_timeout = 1s;"))).Run().Served(3)
			app.Freeze()
			return v.Scene()
		}),
		fault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, app.Addr))
			v.params = []string{impatient(b, "first_byte_timeout=1", "first_byte_timeout=1.2")}
			v.Run().Served(20)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return v.Scene()
		}),
		fault("slow-now", "answers came in milliseconds and now take longer than first_byte_timeout", vocab.UpstreamSlow, vocab.ConnectionReadTimeout, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			v := b.Varnish(b.vclSite(name, backendAt(app.Addr, ".first_byte_timeout = "+impatient(b, "1s", "1000ms")+";"))).Run().Served(20)
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
	return []Fault{
		fault("mismatch-http-to-https", "Varnish speaks plain HTTP, the Node application TLS", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.NodeTLS(name, b.local(), b.certificate(certificate{name: name + ".internal"}))
			return b.Varnish(b.vclSite(name, app.Addr)).Run().Scene()
		}).needs("node").orSymptom(vocab.HTTPProtocolError),
		fault("mismatch-proxy-protocol", "the application demands a PROXY header, the VCL lacks .proxy_header", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Proxy = true
			app := b.Backend(name, config)
			return b.Varnish(b.vclSite(name, app.Addr)).Run().Scene()
		}),
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
		fault("queue-full", "the backend may have one connection, and a slow request has it", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/slow", Do: "hang"}, {Path: "/"}}})
			s := b.vclSite(name, backendAt(app.Addr, ".max_connections = 1;", ".first_byte_timeout = 600s;"))
			s.path = "/list"
			v := b.Varnish(s).Run().Served(2)
			slow := *s
			slow.path = "/slow"
			b.occupy(v.hosts, slow.url())
			b.until("the connection is taken", func() bool { return v.Get(1).Status == http.StatusServiceUnavailable })
			return v.Scene()
		}),
		fault("pool-one-dead", "one of three backends of a director is dead, without probes", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			all := []string{b.Backend(name+"-1", good(b.local())).Addr, b.Backend(name+"-2", good(b.local())).Addr, b.local()}
			b.Rand.Shuffle(3, func(i, j int) { all[i], all[j] = all[j], all[i] })
			s := b.vclSite(name, all...)
			s.director = "round_robin"
			v := b.Varnish(s).Run()
			v.Get(6)
			return v.Scene()
		}).also(vocab.PartialOutage).comesAndGoes(),
	}
}

func varnishAnswer() []Fault {
	f := func(name, doc, what string, cause vocab.Cause, symptom vocab.Symptom, status int) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, does(b.local(), what))
			return b.Varnish(b.vclSite(name, app.Addr)).Run().Scene()
		})
	}
	routed := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, r backend.Route) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			r.Path = "/"
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			return b.Varnish(b.vclSite(name, app.Addr)).Run().Scene()
		})
	}
	return []Fault{
		f("empty-close", "the application reads the request and closes without a word, and lives on", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 503),
		f("empty-reset", "the application reads the request and resets the connection, and lives on", "reset", vocab.EmptyResponse, vocab.ConnectionTerminated, 503),
		f("invalid-header", "a header line of the answer has a control character in its name", "bad-header", vocab.InvalidResponse, vocab.HTTPProtocolError, 503),
		f("invalid-garbage", "the answer is no HTTP at all", "garbage", vocab.InvalidResponse, vocab.HTTPProtocolError, 503),
		fault("truncated-body", "the body is shorter than its Content-Length, and Varnish waits for the whole of it", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, does(b.local(), "short"))
			v := b.Varnish(b.vclSite(name, app.Addr))
			v.extra = "\nsub vcl_backend_response {\n    set beresp.do_stream = false;\n}\n"
			return v.Run().Scene()
		}),
		f("truncated-header", "the answer breaks off in its header", "half-header", vocab.TruncatedResponse, vocab.ConnectionTerminated, 503),
		routed("buffer", "the application sends 40 KB of cookies, http_resp_size is 32k", vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 503, backend.Route{Pad: 40000}),
		routed("app-error", "the application answers 500", vocab.AppError, "", 500, backend.Route{Status: 500, Body: "Internal Server Error\n"}),
		routed("app-503", "the application answers 503", vocab.AppError, "", 503, backend.Route{Status: 503, Body: "no database\n"}),
	}
}

func varnishNetwork() []Fault {
	return []Fault{
		fault("filtered-drop", "a firewall on this host drops what goes to the backend's port", vocab.Filtered, vocab.ConnectionTimeout, 503, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0 // no connection is left from before the rule
			app := b.Backend(name, config)
			v := b.Varnish(b.vclSite(name, backendAt(app.Addr, ".connect_timeout = 1s;"))).Run().Served(2)
			b.run("nft", "add table inet filter")
			b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d drop", port(app.Addr)))
			return v.Scene()
		}).needs("netns", "nft"),
		fault("stale-hosts", "the backend's name was looked up when the VCL was loaded; /etc/hosts has changed since", vocab.StaleDNS, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name, p := b.Name(), b.Port()
			host := name + ".svc.internal"
			b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n127.0.0.2 " + host + "\n"})
			app := b.Backend(name, good(fmt.Sprintf("127.0.0.2:%d", p)))
			v := b.Varnish(b.vclSite(name, fmt.Sprintf("%s:%d", host, p))).Run().Served(2)
			b.move(app, name, fmt.Sprintf("127.0.0.3:%d", p))
			b.Write("machine/etc/hosts", "127.0.0.1 localhost\n127.0.0.3 "+host+"\n")
			return v.Scene()
		}).needs("netns"),
		fault("unreachable-no-route", "there is no route to the backend's network", vocab.Unreachable, vocab.DestinationIPUnroutable, 503, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			return b.Varnish(b.vclSite(b.Name(), fmt.Sprintf("10.20.30.40:%d", b.Port()))).Run().Scene()
		}).needs("netns"),
	}
}

func varnishConfig() []Fault {
	moved := func(b *Bench) (v *Varnish, to string) {
		name := b.Name()
		from := b.Port()
		to = fmt.Sprintf("127.0.0.1:%d", b.PortNear(from))
		app := b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", from)))
		v = b.Varnish(b.vclSite(name, app.Addr))
		v.Run().Served(3)
		b.move(app, name, to)
		return v, to
	}
	return []Fault{
		fault("not-applied", "the VCL on disk leads to the application's new port, and was not loaded", vocab.NotApplied, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			v, to := moved(b)
			v.target.backends[0] = backendAt(to)
			v.edit()
			return v.Scene()
		}),
		fault("invalid-vcl", "the VCL on disk leads to the new port and does not compile: the old one stays in use", vocab.InvalidConfig, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			v, to := moved(b)
			v.target.backends[0] = backendAt(to)
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
