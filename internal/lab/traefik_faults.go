package lab

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// traefikFaults are the faults behind Traefik.
func traefikFaults() []Fault {
	return behind("traefik", []string{"traefik"}, traefikDown(), traefikWait(), traefikSpeak(), traefikTLS(), traefikBalance(), traefikAnswer(), traefikConfig(), traefikNetwork(), traefikHealthy())
}

func traefikDown() []Fault {
	return []Fault{
		fault("down-never-started", "nothing has ever listened at the server's address", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			return b.Traefik(b.traefikSite(b.Name(), b.local())).Run().Scene()
		}),
		fault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Traefik(b.traefikSite(name, app.Addr)).Run().Served(3)
			app.End()
			return g.Scene()
		}),
		fault("down-checked", "both servers were stopped, and the health checks know it", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			s := b.traefikSite(name, one.Addr, two.Addr)
			s.balancer = "healthCheck:\n  path: /\n  interval: 200ms\n  timeout: 1s\n"
			g := b.Traefik(s).Run().Served(3)
			one.End()
			two.End()
			return g.down().Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("address-other-port", "the application listens on another port than the server's URL says", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.Traefik(b.traefikSite(name, fmt.Sprintf("127.0.0.1:%d", wrong))).Run().Scene()
		}),
		fault("address-localhost-v6", "the server's URL leads to [::1], the application listens on 127.0.0.1 only", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Traefik(b.traefikSite(name, fmt.Sprintf("[::1]:%d", port(app.Addr)))).Run().Scene()
		}),
		fault("down-told", "the application was stopped; a service gave Traefik its routers, and only the API tells them", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Traefik(b.traefikSite(name, app.Addr)).told().Run().Served(3)
			app.End()
			return g.Scene()
		}),
		fault("address-told", "a service gave Traefik the wrong port, and only the API tells it", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.Traefik(b.traefikSite(name, fmt.Sprintf("127.0.0.1:%d", wrong))).told().Run().Scene()
		}),
		fault("crash-exit", "a request makes the Node process exit; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "if (++count > 3) { setImmediate(() => { throw new Error('order 4711 has no customer') }); return }\nres.end('ok\\n');", "let count = 0;")
			g := b.Traefik(b.traefikSite(name, app.Addr)).sees()
			g.debug = true // at any other level a crash looks like a stop
			g.Run().Served(3)
			g.Get(1)
			app.Wait()
			return g.Scene()
		}).needs("node").orSymptom(vocab.ConnectionTerminated),
	}
}

func traefikWait() []Fault {
	return []Fault{
		fault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Traefik(b.traefikSite(name, app.Addr))
			g.wait = "1s"
			g.Run().Served(3)
			app.Freeze()
			return g.Scene()
		}),
		fault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.traefikSite(name, app.Addr)
			s.transport = "forwardingTimeouts:\n  responseHeaderTimeout: " + pick(b, "1s", "1", "1000ms") + "\n"
			g := b.Traefik(s).sees()
			g.Remember(40, b.quick).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return g.Scene()
		}),
		fault("slow-now", "answers came in milliseconds and now take longer than responseHeaderTimeout", vocab.UpstreamSlow, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := b.Traefik(b.traefikSite(name, app.Addr)).sees()
			g.Remember(40, b.quick)
			g.wait = "1s"
			g.Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return g.Scene()
		}),
		fault("timeout-short", "a report takes 1.7 s, as always; responseHeaderTimeout is 1 s since this start", vocab.TimeoutTooShort, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			g := b.Traefik(b.traefikSite(name, app.Addr)).sees()
			g.Remember(60, b.asAlways)
			g.wait = "1s"
			return g.Run().Scene()
		}),
	}
}

func traefikSpeak() []Fault {
	return []Fault{
		fault("mismatch-http-to-https", "the server's URL says http, the Node application speaks TLS", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.NodeTLS(name, b.local(), b.certificate(certificate{name: name + ".internal"}))
			return b.Traefik(b.traefikSite(name, app.Addr)).Run().Scene()
		}).needs("node"),
		fault("mismatch-https-to-http", "the server's URL says https, the application speaks plain HTTP", vocab.ProtocolMismatch, vocab.TLSProtocolError, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Traefik(b.traefikSite(name, "https://"+app.Addr)).Run().Scene()
		}),
		fault("mismatch-proxy-protocol", "the application demands a PROXY header, which Traefik does not send", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Proxy = true
			app := b.Backend(name, config)
			return b.Traefik(b.traefikSite(name, app.Addr)).Run().Scene()
		}),
	}
}

func traefikTLS() []Fault {
	tls := func(cert certificate, name string, demand func(*backend.TLS), transport func(p pair) string) func(b *Bench) (Scene, error) {
		return func(b *Bench) (Scene, error) {
			app := b.Name()
			p := b.certificate(cert)
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			demand(config.TLS)
			s := b.traefikSite(app, "https://"+b.Backend(app, config).Addr)
			s.transport = transport(p)
			if name != "" {
				s.transport += "serverName: " + name + "\n"
			}
			return b.Traefik(s).Run().Scene()
		}
	}
	plain := func(*backend.TLS) {}
	trust := func(p pair) string { return "rootCAs:\n  - " + p.authority + "\n" }
	return []Fault{
		fault("untrusted-self-signed", "the server's certificate is signed by itself", vocab.TLSUntrusted, vocab.TLSCertificateError, 500, tls(certificate{name: "app.internal", alone: true}, "app.internal", plain, trust)),
		fault("untrusted-expired", "the server's certificate expired yesterday", vocab.TLSUntrusted, vocab.TLSCertificateError, 500, tls(certificate{name: "app.internal", expired: true}, "app.internal", plain, trust)),
		fault("untrusted-name", "the server's certificate is for another name", vocab.TLSUntrusted, vocab.TLSCertificateError, 500, tls(certificate{name: "old.internal"}, "app.internal", plain, trust)),
		fault("untrusted-authority", "no transport names the authority of the server's certificate", vocab.TLSUntrusted, vocab.TLSCertificateError, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(certificate{name: "app.internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			return b.Traefik(b.traefikSite(name, "https://"+b.Backend(name, config).Addr)).Run().Scene()
		}),
		fault("handshake-sni", "the server demands a server name, and of an address none is sent", vocab.TLSHandshake, vocab.TLSAlertReceived, 502, tls(certificate{name: "app.internal"}, "", func(t *backend.TLS) { t.Name = "app.internal" }, func(pair) string { return "insecureSkipVerify: true\n" })),
	}
}

func traefikBalance() []Fault {
	checked := func(name, doc, check string, route backend.Route) Fault {
		return fault(name, doc, vocab.HealthCheckWrong, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 60000, Routes: []backend.Route{route, {Path: "/"}}})
			s := b.traefikSite(name, app.Addr)
			s.balancer = "healthCheck:\n  interval: 200ms\n  timeout: 1s\n" + indent(check, 2)
			return b.Traefik(s).Run().down().Scene()
		}).also(vocab.NoHealthyUpstream)
	}
	return []Fault{
		checked("check-wrong-path", "the check asks for a path that the application does not have", "path: /healthz", backend.Route{Path: "/healthz", Status: 404}),
		checked("check-wrong-status", "the check wants 204, the application answers 200", "path: /up\nstatus: 204", backend.Route{Path: "/up"}),
		fault("maintenance-weight", "a person has given every server the weight 0", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			return b.Traefik(b.traefikSite(name, one.Addr+"\nweight: 0", two.Addr+"\nweight: 0")).Run().Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("maintenance-empty", "a person has taken every server out of the file", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			b.Backend(name, good(b.local()))
			return b.Traefik(b.traefikSite(name)).Run().Scene()
		}).also(vocab.NoHealthyUpstream).orSymptom(vocab.ProxyInternalResponse),
		fault("circuit-open", "the application was away for a moment, the circuit breaker opened and stays so", vocab.CircuitOpen, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.traefikSite(name, app.Addr)
			s.middlewares = name + "-breaker:\n  circuitBreaker:\n    expression: \"NetworkErrorRatio() > 0.30\"\n    checkPeriod: 10ms\n    fallbackDuration: 600s\n"
			s.names = []string{name + "-breaker"}
			g := b.Traefik(s).sees().Run()
			app.End()
			g.down()
			b.Backend(name, good(app.Addr))
			return g.Scene("the application is back; the breaker refuses for 10 minutes")
		}),
	}
}

func traefikAnswer() []Fault {
	f := func(name, doc, does string, cause vocab.Cause, symptom vocab.Symptom, status int) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Do: does}}})
			return b.Traefik(b.traefikSite(name, app.Addr)).Run().Scene()
		})
	}
	status := func(name, doc string, code int, body string) Fault {
		return fault(name, doc, vocab.AppError, "", code, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Status: code, Body: body}}})
			return b.Traefik(b.traefikSite(name, app.Addr)).Run().Scene()
		})
	}
	return []Fault{
		f("empty-close", "the application reads the request and closes without a word, and lives on", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("empty-reset", "the application reads the request and resets the connection, and lives on", "reset", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("invalid-header", "a header line of the answer has a control character in its name", "bad-header", vocab.InvalidResponse, vocab.HTTPProtocolError, 500),
		f("invalid-garbage", "the answer is no HTTP at all", "garbage", vocab.InvalidResponse, vocab.HTTPProtocolError, 500),
		f("truncated-body", "the body is shorter than its Content-Length; the client gets nothing at all", "short", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 0),
		f("truncated-header", "the answer breaks off in its header", "half-header", vocab.TruncatedResponse, vocab.ConnectionTerminated, 500).orSymptom(vocab.HTTPResponseIncomplete),
		status("app-error", "the application answers 500", 500, "Internal Server Error\n"),
		status("app-503", "the application answers 503", 503, "no database\n"),
		fault("auth-down", "forwardAuth asks a service that is not there", vocab.AuthSubrequest, vocab.ConnectionRefused, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.traefikSite(name, app.Addr)
			s.middlewares = fmt.Sprintf("%s-login:\n  forwardAuth:\n    address: \"http://%s/verify\"\n", name, b.local())
			s.names = []string{name + "-login"}
			g := b.Traefik(s)
			g.debug = true // at any other level nothing is said of it
			return g.Run().Scene()
		}),
	}
}

func traefikConfig() []Fault {
	moved := func(b *Bench) (g *Traefik, from, to int) {
		name := b.Name()
		from = b.Port()
		to = b.PortNear(from)
		app := b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", from)))
		g = b.Traefik(b.traefikSite(name, app.Addr))
		return g, from, to
	}
	broken := func(name, doc, old, new string) Fault {
		return fault(name, doc, vocab.InvalidConfig, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			g, from, to := moved(b)
			g.Run().Served(3)
			b.moveFrom(from, g.target.app, to)
			g.Edit(func(text string) string {
				return strings.Replace(strings.ReplaceAll(text, fmt.Sprint(":", from), fmt.Sprint(":", to)), old, new, 1)
			})
			b.until("Traefik has refused the file", func() bool {
				text, err := os.ReadFile(g.log)
				return err == nil && strings.Contains(string(text), "Error occurred during watcher callback")
			})
			return g.Scene("the file on disk has the right port and does not load")
		})
	}
	return []Fault{
		broken("invalid-key", "the application moved; the edit that follows it has a misspelt key, so Traefik keeps what it has", "entryPoints:", "entryPoint:"),
		broken("invalid-yaml", "the application moved; the edit that follows it is no YAML any more", "  services:\n", "  services\n"),
		fault("not-applied", "the application moved, the file says so, and nobody has told Traefik, which does not watch it", vocab.NotApplied, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			g, from, to := moved(b)
			g.watch = false
			g.Run().Served(3)
			b.moveFrom(from, g.target.app, to)
			b.later()
			g.Edit(func(text string) string {
				return strings.ReplaceAll(text, fmt.Sprint(":", from), fmt.Sprint(":", to))
			})
			return g.Scene("the file on disk has the right port, the running Traefik the old one")
		}),
		fault("name-missing", "the server's name has no address", vocab.NoSuchName, vocab.DNSError, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n", "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"})
			b.DNS(backend.DNS{Listen: "127.0.0.1:53", Names: map[string]string{}})
			return b.Traefik(b.traefikSite(name, fmt.Sprintf("http://%s.svc.internal:%d", name, b.Port()))).Run().Scene()
		}).needs("netns"),
	}
}

// moveFrom stops what listens at a port of 127.0.0.1 and starts it at another.
func (b *Bench) moveFrom(from int, name string, to int) {
	for _, p := range b.procs {
		if p.Addr == fmt.Sprintf("127.0.0.1:%d", from) && p.name == name {
			b.move(p, name, fmt.Sprintf("127.0.0.1:%d", to))
			return
		}
	}
	b.fail("cannot move %s: nothing listens at port %d", name, from)
}

func traefikNetwork() []Fault {
	return []Fault{
		fault("filtered-drop", "a firewall on this host drops what goes to the server's port", vocab.Filtered, vocab.ConnectionTimeout, 504, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0 // no connection is left from before the rule
			app := b.Backend(name, config)
			s := b.traefikSite(name, app.Addr)
			s.transport = "forwardingTimeouts:\n  dialTimeout: 1s\n"
			g := b.Traefik(s).Run().Served(2)
			b.run("nft", "add table inet filter")
			b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d drop", port(app.Addr)))
			return g.Scene()
		}).needs("netns", "nft"),
		fault("unreachable-no-route", "there is no route to the server's network", vocab.Unreachable, vocab.DestinationIPUnroutable, 502, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			return b.Traefik(b.traefikSite(b.Name(), fmt.Sprintf("10.20.30.40:%d", b.Port()))).Run().Scene()
		}).needs("netns"),
	}
}

func traefikHealthy() []Fault {
	f := func(name, doc string, status int, start func(b *Bench) (Scene, error)) Fault {
		h := fault("healthy-"+name, doc, "", "", status, start)
		h.Healthy = true
		return h
	}
	route := func(name, doc string, r backend.Route, more func(*traefikSite)) Fault {
		status := r.Status
		if status == 0 {
			status = http.StatusOK
		}
		return f(name, doc, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			r.Path = "/"
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			s := b.traefikSite(app, p.Addr)
			more(s)
			// Without an access log nothing is known of the time before.
			return b.Traefik(s).sees().Run().Scene()
		})
	}
	none := func(*traefikSite) {}
	return []Fault{
		f("told", "the application answers; a service gave Traefik its routers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			return b.Traefik(b.traefikSite(name, b.Backend(name, good(b.local())).Addr)).sees().told().Run().Served(2).Scene()
		}),
		route("plain", "the application answers", backend.Route{}, none),
		route("404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}, none),
		route("slow", "answers take 0.7 s and nothing limits them", backend.Route{Delay: 700}, none),
		route("checked", "the server is checked, and a second one is down", backend.Route{}, func(s *traefikSite) {
			s.balancer = "healthCheck:\n  path: /\n  interval: 100ms\n"
			s.servers = append(s.servers, "http://127.0.0.1:1")
			s.middlewares = s.app + "-again:\n  retry:\n    attempts: 3\n"
			s.names = []string{s.app + "-again"}
		}),
		f("tls", "the server speaks TLS and its certificate verifies", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(certificate{name: "app.internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			s := b.traefikSite(name, "https://"+b.Backend(name, config).Addr)
			s.transport = "rootCAs:\n  - " + p.authority + "\nserverName: app.internal\n"
			return b.Traefik(s).sees().Run().Served(2).Scene()
		}),
	}
}
