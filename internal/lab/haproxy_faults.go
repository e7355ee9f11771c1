package lab

import (
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// haproxyFaults are the faults behind HAProxy.
func haproxyFaults() []Fault {
	faults := behind("haproxy", []string{"haproxy"}, haDown(), haWait(), haSpeak(), haTLS(), haBalance(), haAnswer(), haNetwork())
	return append(withNewer(faults), withNewer(behind("haproxy", []string{"haproxy"}, haHealthy()))...)
}

func haDown() []Fault {
	return []Fault{
		fault("down-never-started", "nothing has ever listened at the server's address", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			return b.HAProxy(b.haSite(b.Name(), b.local())).Run().Scene()
		}),
		fault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.HAProxy(b.haSite(name, app.Addr)).Run().Served(3)
			app.End()
			return h.Scene()
		}),
		fault("down-checked", "both servers were stopped, and the health checks know it", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			check := pick(b, " check inter 200ms fall 2", " check inter 300ms fall 1")
			h := b.HAProxy(b.haSite(name, one.Addr+check, two.Addr+check)).Run().Served(3)
			one.End()
			two.End()
			return h.down().Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("address-other-port", "the application listens on another port than the server line says", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.HAProxy(b.haSite(name, fmt.Sprintf("127.0.0.1:%d", wrong))).Run().Scene()
		}),
		fault("address-localhost-v6", "the server line leads to [::1], the application listens on 127.0.0.1 only", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.HAProxy(b.haSite(name, fmt.Sprintf("[::1]:%d", port(app.Addr)))).Run().Scene()
		}),
		fault("crash-exit", "a request makes the Node process exit; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "if (++count > 3) { setImmediate(() => { throw new Error('order 4711 has no customer') }); return }\nres.end('ok\\n');", "let count = 0;")
			h := b.HAProxy(b.haSite(name, app.Addr)).remembers().Run().Served(3)
			h.Get(1)
			app.Wait()
			return h.Scene()
		}).needs("node").orSymptom(vocab.ConnectionTerminated),
		fault("permission-socket", "the unix socket belongs to root, mode 0600", vocab.SocketPermission, vocab.ProxyInternalError, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			config := good(address)
			config.Mode = 0o600
			b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, config)
			return b.HAProxy(b.haSite(name, address)).Run().Scene()
		}).needs("root"),
	}
}

func haWait() []Fault {
	return []Fault{
		fault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.HAProxy(b.haSite(name, app.Addr))
			h.wait = "1s"
			h.Run().Served(3)
			app.Freeze()
			return h.Scene()
		}),
		fault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.HAProxy(b.haSite(name, app.Addr)).remembers()
			h.Remember(40, b.quick)
			h.wait = "1s"
			h.Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return h.Scene()
		}),
		fault("slow-now", "answers came in milliseconds and now take longer than timeout server", vocab.UpstreamSlow, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.HAProxy(b.haSite(name, app.Addr)).remembers()
			h.Remember(40, b.quick)
			h.wait = pick(b, "1s", "1000")
			h.Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return h.Scene()
		}),
		fault("timeout-short", "a report takes 1.7 s, as always; timeout server is 1 s since this start", vocab.TimeoutTooShort, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			h := b.HAProxy(b.haSite(name, app.Addr)).remembers()
			h.Remember(60, b.asAlways)
			h.wait = "1s"
			return h.Run().Scene()
		}),
	}
}

func haSpeak() []Fault {
	return []Fault{
		fault("mismatch-http-to-https", "the server line lacks ssl, the Node application speaks TLS", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.NodeTLS(name, b.local(), b.certificate(certificate{name: name + ".internal"}))
			return b.HAProxy(b.haSite(name, app.Addr)).Run().Scene()
		}).needs("node"),
		fault("mismatch-https-to-http", "the server line says ssl, the application speaks plain HTTP", vocab.ProtocolMismatch, vocab.TLSProtocolError, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.HAProxy(b.haSite(name, app.Addr+" ssl verify none")).Run().Scene()
		}),
		fault("mismatch-proxy-protocol", "the application demands a PROXY header, the server line lacks send-proxy", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Proxy = true
			app := b.Backend(name, config)
			return b.HAProxy(b.haSite(name, app.Addr)).Run().Scene()
		}),
		fault("mismatch-fastcgi", "the server line leads to php-fpm", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.local(), b.socket(name))
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.HAProxy(b.haSite(name, address)).Run().Scene()
		}).needs("php-fpm"),
	}
}

func haTLS() []Fault {
	tls := func(cert certificate, demand func(*backend.TLS), extra string) func(b *Bench) (Scene, error) {
		return func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(cert)
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			demand(config.TLS)
			app := b.Backend(name, config)
			return b.HAProxy(b.haSite(name, app.Addr+" ssl ca-file "+p.authority+" "+extra)).Run().Scene()
		}
	}
	plain := func(*backend.TLS) {}
	return []Fault{
		fault("untrusted-self-signed", "the server's certificate is signed by itself", vocab.TLSUntrusted, vocab.TLSCertificateError, 503, tls(certificate{name: "app.internal", alone: true}, plain, "verify required")),
		fault("untrusted-expired", "the server's certificate expired yesterday", vocab.TLSUntrusted, vocab.TLSCertificateError, 503, tls(certificate{name: "app.internal", expired: true}, plain, "verify required sni str(app.internal)")),
		fault("untrusted-name", "the server's certificate is for another name", vocab.TLSUntrusted, vocab.TLSCertificateError, 503, tls(certificate{name: "old.internal"}, plain, "verify required verifyhost app.internal")),
		fault("handshake-sni", "the server demands a server name, and none is sent", vocab.TLSHandshake, vocab.TLSAlertReceived, 503, tls(certificate{name: "app.internal"}, func(t *backend.TLS) { t.Name = "app.internal" }, "verify none")),
	}
}

func haBalance() []Fault {
	checked := func(name, doc, check string, route backend.Route) Fault {
		return fault(name, doc, vocab.HealthCheckWrong, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 60000, Routes: []backend.Route{route, {Path: "/"}}})
			s := b.haSite(name, app.Addr+" check inter 200ms fall 2")
			s.back = check
			return b.HAProxy(s).Run().down().Scene()
		}).also(vocab.NoHealthyUpstream)
	}
	return []Fault{
		checked("check-wrong-path", "the check asks for a path that the application does not have", "option httpchk GET /healthz", backend.Route{Path: "/healthz", Status: 404}),
		checked("check-wrong-status", "the check wants 204, the application answers 200", "option httpchk\nhttp-check send meth GET uri /up\nhttp-check expect status 204", backend.Route{Path: "/up"}),
		fault("maintenance-return", "a rule answers 503", vocab.Maintenance, vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.haSite(name, app.Addr)
			s.back = pick(b, "http-request deny deny_status 503", "http-request return status 503 content-type text/plain string \"back soon\"")
			return b.HAProxy(s).Run().Scene()
		}).orSymptom(vocab.HTTPRequestDenied),
		fault("maintenance-disabled", "a person has written \"disabled\" behind every server", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			return b.HAProxy(b.haSite(name, one.Addr+" disabled", two.Addr+" check disabled")).Run().Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("maintenance-socket", "a deploy has set the server to maintenance at the runtime socket", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.HAProxy(b.haSite(name, app.Addr))
			h.socket = filepath.Join(h.dir, "admin.sock")
			h.Run().Served(2)
			h.tell("set server " + h.target.pool() + "/s1 state maint")
			return h.Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("no-route", "no use_backend rule fits, and there is no default_backend", vocab.NoRoute, vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			s := b.haSite(b.Name())
			s.host = "127.0.0.1"
			s.front = "use_backend " + s.app + "_v2 if { path_beg /v2/ }"
			h := b.HAProxy(s)
			h.others[0].listen, h.others[1].listen = b.local(), b.local()
			for _, o := range h.others {
				h.hosts[o.host] = o.listen
			}
			app := b.Backend(s.app, good(b.local()))
			s.front += fmt.Sprintf("\n\nbackend %s_v2\n    server s1 %s", s.app, app.Addr)
			return h.Run().Scene()
		}).orSymptom(vocab.DestinationUnavailable),
		fault("queue-full", "the server may have one connection, and a slow request has it", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/slow", Do: "hang"}, {Path: "/"}}})
			s := b.haSite(name, app.Addr+" maxconn 1")
			s.path, s.back = "/list", "timeout queue 500ms\ntimeout server 600s"
			h := b.HAProxy(s).Run().Served(2)
			slow := *s
			slow.path = "/slow"
			b.occupy(h.hosts, slow.url())
			b.until("the connection is taken", func() bool { return h.Get(1).Status == http.StatusServiceUnavailable })
			return h.Scene()
		}),
		fault("pool-one-dead", "one of three servers is dead, without checks, and nothing is tried twice", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			servers := []string{b.Backend(name+"-1", good(b.local())).Addr, b.Backend(name+"-2", good(b.local())).Addr, b.local()}
			b.Rand.Shuffle(3, func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
			h := b.HAProxy(b.haSite(name, servers...)).remembers()
			h.retries = 0
			h.Run().Get(6)
			return h.Scene()
		}).also(vocab.PartialOutage).comesAndGoes(),
	}
}

func haAnswer() []Fault {
	f := func(name, doc, what string, cause vocab.Cause, symptom vocab.Symptom, status int) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, does(b.local(), what))
			return b.HAProxy(b.haSite(name, app.Addr)).Run().Scene()
		})
	}
	return []Fault{
		f("empty-close", "the application reads the request and closes without a word, and lives on", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("empty-reset", "the application reads the request and resets the connection, and lives on", "reset", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("invalid-header", "a header line of the answer has a control character in its name", "bad-header", vocab.InvalidResponse, vocab.HTTPProtocolError, 502),
		f("invalid-garbage", "the answer is no HTTP at all", "garbage", vocab.InvalidResponse, vocab.HTTPProtocolError, 502),
		f("truncated-body", "the body is shorter than its Content-Length; the status is 200", "short", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 200),
		f("truncated-header", "the answer breaks off in its header", "half-header", vocab.TruncatedResponse, vocab.ConnectionTerminated, 502),
		fault("buffer", "the application sends 9 KB of cookies, tune.bufsize is 8192", vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Pad: 9000}}})
			h := b.HAProxy(b.haSite(name, app.Addr))
			h.globals = "tune.bufsize 8192"
			return h.Run().Scene()
		}).orSymptom(vocab.HTTPProtocolError),
		fault("app-error", "the application answers 500", vocab.AppError, "", 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Status: 500, Body: "Internal Server Error\n"}}})
			return b.HAProxy(b.haSite(name, app.Addr)).Run().Scene()
		}),
		fault("app-503", "the application answers 503", vocab.AppError, "", 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Status: 503, Body: "no database\n"}}})
			return b.HAProxy(b.haSite(name, app.Addr)).Run().Scene()
		}),
	}
}

func haNetwork() []Fault {
	return []Fault{
		fault("filtered-drop", "a firewall on this host drops what goes to the server's port", vocab.Filtered, vocab.ConnectionTimeout, 503, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0 // no connection is left from before the rule
			app := b.Backend(name, config)
			h := b.HAProxy(b.haSite(name, app.Addr))
			h.connect, h.retries = "1s", 0
			h.Run().Served(2)
			b.run("nft", "add table inet filter")
			b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d drop", port(app.Addr)))
			return h.Scene()
		}).needs("netns", "nft"),
		fault("stale-hosts", "the server's name was looked up when HAProxy started; /etc/hosts has changed since", vocab.StaleDNS, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name, p := b.Name(), b.Port()
			host := name + ".svc.internal"
			b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n127.0.0.2 " + host + "\n"})
			app := b.Backend(name, good(fmt.Sprintf("127.0.0.2:%d", p)))
			h := b.HAProxy(b.haSite(name, fmt.Sprintf("%s:%d", host, p)))
			h.socket = filepath.Join(h.dir, "admin.sock")
			h.Run().Served(2)
			b.move(app, name, fmt.Sprintf("127.0.0.3:%d", p))
			b.Write("machine/etc/hosts", "127.0.0.1 localhost\n127.0.0.3 "+host+"\n")
			return h.Scene()
		}).needs("netns"),
		fault("unreachable-no-route", "there is no route to the server's network", vocab.Unreachable, vocab.DestinationIPUnroutable, 503, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			return b.HAProxy(b.haSite(b.Name(), fmt.Sprintf("10.20.30.40:%d", b.Port()))).Run().Scene()
		}).needs("netns"),
	}
}

func haHealthy() []Fault {
	f := func(name, doc string, status int, start func(b *Bench) (Scene, error)) Fault {
		h := fault("healthy-"+name, doc, "", "", status, start)
		h.Healthy = true
		return h
	}
	route := func(name, doc string, r backend.Route, more func(*haSite)) Fault {
		status := r.Status
		if status == 0 {
			status = http.StatusOK
		}
		return f(name, doc, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			r.Path = "/"
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			s := b.haSite(app, p.Addr)
			more(s)
			h := b.HAProxy(s)
			if h.way == toNobody {
				h.way = toFile // without a log nothing is known of the time before
			}
			return h.Run().Scene()
		})
	}
	none := func(*haSite) {}
	return []Fault{
		route("plain", "the application answers", backend.Route{}, none),
		route("404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}, none),
		route("slow", "answers take 0.7 s and timeout server is 10 s", backend.Route{Delay: 700}, none),
		route("checked", "the server is checked, and a second one is down", backend.Route{}, func(s *haSite) {
			s.servers[0] += " check inter 200ms"
			s.servers = append(s.servers, "127.0.0.1:1 check inter 200ms fall 1 backup")
		}),
		f("tls", "the server speaks TLS and its certificate verifies", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(certificate{name: "app.internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			app := b.Backend(name, config)
			h := b.HAProxy(b.haSite(name, app.Addr+" ssl verify required ca-file "+p.authority+" sni str(app.internal)"))
			if h.way == toNobody {
				h.way = toSyslog
			}
			return h.Run().Served(2).Scene()
		}),
	}
}
