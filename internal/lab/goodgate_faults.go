package lab

import (
	"fmt"
	"net/http"
	"path/filepath"
	"syscall"

	"github.com/miekg/dns"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// ownFault is a fault behind goodgate's own gateway.
func ownFault(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
	return Fault{Name: "goodgate-" + name, Gateway: "goodgate", Doc: doc, Cause: cause, Symptom: symptom, Status: status, Start: start}
}

// goodgateFaults need nothing but the program itself.
func goodgateFaults() []Fault {
	var all []Fault
	for _, group := range [][]Fault{ownDown(), ownWait(), ownTLS(), ownAnswer(), ownNames(), ownLimits()} {
		all = append(all, group...)
	}
	return all
}

func ownDown() []Fault {
	return []Fault{
		ownFault("address-other-port", "the application listens on another port than the gateway's configuration says", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.Own(b.ownSite(name, fmt.Sprintf("http://127.0.0.1:%d", wrong))).Run().Scene()
		}),
		ownFault("down-never-started", "nothing has ever listened at the server's address", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			return b.Own(b.ownSite(b.Name(), "http://"+b.local())).Run().Scene()
		}),
		ownFault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+app.Addr)).Run().Served(3)
			app.End()
			return g.Scene()
		}),
		ownFault("down-both", "both servers served requests and were then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+one.Addr, "http://"+two.Addr)).Run().Served(4)
			one.End()
			two.End()
			return g.Scene()
		}).also(vocab.NoHealthyUpstream),
		ownFault("down-after-reload", "the address was wrong, was corrected and loaded; then the application was stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+b.local()))
			g.Run().Get(1)
			g.edit("http://" + app.Addr)
			g.Signal(syscall.SIGHUP)
			b.until("the file is loaded", func() bool { return g.Get(1).Status == http.StatusOK })
			g.Served(2)
			app.End()
			return g.Scene("the first failures are older than the reload")
		}),
		ownFault("not-applied-port", "the address was wrong and was corrected; nobody loaded the file", vocab.NotApplied, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+b.local()))
			g.Run().Get(1)
			g.edit("http://" + app.Addr)
			return g.Scene("goodgate gateway reload, or SIGHUP, loads it")
		}),
		ownFault("down-missing-socket", "the unix socket does not exist", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			return b.Own(b.ownSite(name, b.socket(name))).Run().Scene()
		}),
		ownFault("crash-panic", "a request makes the application panic; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+app.Addr)).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "panic"}}})
			g.Get(1)
			app.Wait()
			return g.Scene("the fourth request made " + name + " panic")
		}).orSymptom(vocab.ConnectionTerminated),
	}
}

func ownWait() []Fault {
	return []Fault{
		ownFault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.ownSite(name, "http://"+app.Addr)
			s.first = pick(b, "500ms", "1s")
			g := b.Own(s).Run().Served(3)
			app.Freeze()
			return g.Scene("kill -CONT wakes it")
		}),
		ownFault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.ownSite(name, "http://"+app.Addr)
			s.first = "1s"
			g := b.Own(s).Remember(40, func() float64 { return 0.004 + b.Rand.Float64()/30 }).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return g.Scene()
		}),
		ownFault("slow-now", "answers came in milliseconds and now take longer than first_byte", vocab.UpstreamSlow, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.ownSite(name, "http://"+app.Addr)
			s.first = "1s"
			g := b.Own(s).Remember(40, func() float64 { return 0.004 + b.Rand.Float64()/30 }).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return g.Scene()
		}),
		ownFault("timeout-short", "a report takes 1.7 s, as always; first_byte is 1 s since this start", vocab.TimeoutTooShort, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			s := b.ownSite(name, "http://"+app.Addr)
			s.first = "1s"
			return b.Own(s).Remember(60, b.asAlways).Run().Scene()
		}),
	}
}

func ownTLS() []Fault {
	secured := func(c certificate, serves bool, trusts bool) func(b *Bench) (Scene, error) {
		return func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(c)
			config := good(b.local())
			if serves {
				config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			}
			app := b.Backend(name, config)
			s := b.ownSite(name, "https://"+app.Addr)
			s.more = fmt.Sprintf("protocol: https\ntls:\n  name: %s\n", c.name)
			if trusts {
				s.more += fmt.Sprintf("  ca: %s\n", p.authority)
			}
			return b.Own(s).Run().Scene()
		}
	}
	return []Fault{
		ownFault("tls-expired", "the certificate of the upstream expired yesterday", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secured(certificate{name: "app.internal", expired: true}, true, true)),
		ownFault("tls-unknown-ca", "nobody has told the gateway the authority of the upstream's certificate", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secured(certificate{name: "app.internal"}, true, false)),
		ownFault("tls-plain-upstream", "the gateway speaks TLS to an application that speaks plain HTTP", vocab.ProtocolMismatch, vocab.TLSProtocolError, 502, secured(certificate{name: "app.internal"}, false, true)),
		ownFault("mismatch-tls-app", "the gateway speaks plain HTTP to an application that speaks TLS", vocab.ProtocolMismatch, vocab.HTTPProtocolError, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(certificate{name: "app.internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			app := b.Backend(name, config)
			return b.Own(b.ownSite(name, "http://"+app.Addr)).Run().Scene()
		}).orSymptom(vocab.ConnectionTerminated),
	}
}

func ownAnswer() []Fault {
	does := func(name, doc, what string, cause vocab.Cause, symptom vocab.Symptom, status int) Fault {
		return ownFault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			p := b.Backend(app, does(b.local(), what))
			return b.Own(b.ownSite(app, "http://"+p.Addr)).Run().Scene()
		})
	}
	return []Fault{
		does("garbage", "the answer is no HTTP at all", "garbage", vocab.InvalidResponse, vocab.HTTPProtocolError, 502),
		does("bad-header", "a header of the answer has a control character in its name", "bad-header", vocab.InvalidResponse, vocab.HTTPProtocolError, 502),
		does("empty-response", "the application reads the request and closes without a word", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		does("truncated", "the application closes in the middle of a chunked body", "cut-chunk", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 200),
		ownFault("big-header", "the answer's header has 80 KB of cookies", vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 502, func(b *Bench) (Scene, error) {
			app := b.Name()
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Pad: 80000}}})
			return b.Own(b.ownSite(app, "http://"+p.Addr)).Run().Scene()
		}),
		ownFault("app-500", "the application answers 500", vocab.AppError, "", 500, func(b *Bench) (Scene, error) {
			app := b.Name()
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Status: 500, Body: "no such table: orders\n"}}})
			return b.Own(b.ownSite(app, "http://"+p.Addr)).Run().Scene()
		}),
	}
}

func ownNames() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, server backend.DNS) Fault {
		return ownFault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			names := b.DNS(server)
			b.Backend(app, good(b.local()))
			s := b.ownSite(app, fmt.Sprintf("http://%s.svc.internal:%d", app, b.Port()))
			s.more = fmt.Sprintf("resolvers: [%s]\n", names.Addr)
			return b.Own(s).Run().Scene()
		})
	}
	return []Fault{
		ownFault("name-down", "the server is reached by its name, served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			app, p := b.Name(), b.Port()
			host := app + ".svc.internal"
			names := b.DNS(backend.DNS{Names: map[string]string{host + ".": "127.0.0.2"}, TTL: 60})
			served := b.Backend(app, good(fmt.Sprintf("127.0.0.2:%d", p)))
			s := b.ownSite(app, fmt.Sprintf("http://%s:%d", host, p))
			s.more = fmt.Sprintf("resolvers: [%s]\n", names.Addr)
			g := b.Own(s).Run().Served(3)
			served.End()
			return g.Scene()
		}),
		f("name-unknown", "the name server says that the upstream's name does not exist", vocab.NoSuchName, vocab.DNSError, http.StatusBadGateway, backend.DNS{}),
		f("resolver-servfail", "the resolver answers SERVFAIL", vocab.ResolverUnreachable, vocab.DNSError, http.StatusBadGateway, backend.DNS{Code: dns.RcodeServerFailure}),
		f("resolver-silent", "the resolver does not answer", vocab.ResolverUnreachable, vocab.DNSTimeout, http.StatusGatewayTimeout, backend.DNS{Mute: true}),
	}
}

func ownLimits() []Fault {
	return []Fault{
		ownFault("drained", "a person drained both servers while the gateway runs, and forgot them", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+one.Addr, "http://"+two.Addr))
			g.admin = pick(b, "unix:"+filepath.Join(g.dir, "admin.sock"), b.local())
			g.Run().Served(4)
			for _, server := range []string{one.Addr, two.Addr} {
				b.run(b.gate[0], append(append([]string{}, b.gate[1:]...), "drain", server, "--admin", g.admin)...)
			}
			return g.Scene()
		}).also(vocab.NoHealthyUpstream),
		ownFault("check-wrong", "the health check asks for a path that the application does not have", vocab.HealthCheckWrong, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			check := pick(b, "/healthz", "/ping")
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: check, Status: 404, Body: "no such page\n"}, {Path: "/"}}})
			s := b.ownSite(name, "http://"+app.Addr)
			s.more = fmt.Sprintf("check:\n  path: %s\n  every: 500ms\n", check)
			return b.Own(s).Run().Scene()
		}).also(vocab.NoHealthyUpstream),
		ownFault("limit-reached", "the server may have one request at a time, and a slow one has its place", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/slow", Do: "hang"}, {Path: "/"}}})
			s := b.ownSite(name, "http://"+app.Addr)
			s.prefix, s.path, s.first, s.more = "/", "/list", "10m", "max_requests: 1\n"
			g := b.Own(s).Run().Served(2)
			slow := *s
			slow.path = "/slow"
			b.occupy(g.hosts, slow.url())
			b.until("the place is taken", func() bool { return g.Get(1).Status == http.StatusServiceUnavailable })
			return g.Scene()
		}),
		ownFault("loop-self", "the server is the gateway's own listener", vocab.ProxyLoop, vocab.ProxyLoopDetected, 502, func(b *Bench) (Scene, error) {
			s := b.ownSite(b.Name())
			g := b.Own(s)
			s.scheme, s.secure, s.servers = "http", "", []string{"http://" + s.listen}
			return g.Run().Scene()
		}),
		ownFault("permission-socket", "the unix socket belongs to root, mode 0600", vocab.SocketPermission, vocab.ProxyInternalError, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			config := good(address)
			config.Mode = 0o600
			b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, config)
			g := b.Own(b.ownSite(name, address))
			g.user = true
			return g.Run().Scene()
		}).needs("root"),
	}
}

func goodgateHealthy() []Fault {
	f := func(name, doc string, status int, start start) Fault {
		h := ownFault("healthy-"+name, doc, "", "", status, start)
		h.Healthy = true
		return h
	}
	route := func(name, doc string, status int, r backend.Route) Fault {
		return f(name, doc, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			r.Path = "/"
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			return b.Own(b.ownSite(app, "http://"+p.Addr)).Run().Scene()
		})
	}
	return []Fault{
		route("plain", "the application answers", http.StatusOK, backend.Route{}),
		route("404", "the application says 404", http.StatusNotFound, backend.Route{Status: 404, Body: "no such order\n"}),
		route("slow", "answers take 0.7 s and first_byte is 5 s", http.StatusOK, backend.Route{Delay: 700}),
		f("command-line", "everything stands on the command line", http.StatusOK, func(b *Bench) (Scene, error) {
			app := b.Name()
			p := b.Backend(app, good(b.local()))
			return b.Own(b.ownSite(app, "http://"+p.Addr)).alone().Run().Served(2).Scene()
		}),
		f("one-of-two", "one of two servers was killed, and no client sees it", http.StatusOK, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			g := b.Own(b.ownSite(name, "http://"+one.Addr, "http://"+two.Addr)).Run().Served(4)
			one.Signal(syscall.SIGKILL)
			one.Wait()
			return g.Served(6).Scene()
		}),
		f("keepalive-race", "the application closes idle connections after 50 ms without a word, and no client sees it", http.StatusOK, func(b *Bench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Idle = 50
			app := b.Backend(name, config)
			return b.Own(b.ownSite(name, "http://"+app.Addr)).Run().Served(20).Scene()
		}),
	}
}
