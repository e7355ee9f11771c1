package lab

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/miekg/dns"
)

// caddyFault is a fault behind Caddy: once for every Caddy that the laboratory
// knows.
func caddyFault(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start func(b caddyBench) (Scene, error)) []Fault {
	var all []Fault
	for exe, prefix := range caddies {
		all = append(all, Fault{Name: prefix + name, Gateway: "caddy", Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{exe},
			Start: func(b *Bench) (Scene, error) { return start(caddyBench{b, exe}) }})
	}
	if len(all[0].Name) > len(all[1].Name) { // Debian's first
		all[0], all[1] = all[1], all[0]
	}
	return all
}

// caddies are the programs, as needs names them, and what their faults are called.
var caddies = map[string]string{"caddy": "caddy-", "caddy-new": "caddy-new-"}

// each changes every fault of a list.
func each(all []Fault, f func(Fault) Fault) []Fault {
	for i := range all {
		all[i] = f(all[i])
	}
	return all
}

func needing(all []Fault, needs ...string) []Fault {
	return each(all, func(f Fault) Fault { return f.needs(needs...) })
}

func either(all []Fault, symptoms ...vocab.Symptom) []Fault {
	return each(all, func(f Fault) Fault {
		for _, s := range symptoms {
			f = f.orSymptom(s)
		}
		return f
	})
}

func scopes(all []Fault, causes ...vocab.Cause) []Fault {
	return each(all, func(f Fault) Fault { return f.also(causes...) })
}

func caddyFaults() []Fault {
	var all []Fault
	for _, group := range [][][]Fault{caddyDown(), caddyWait(), caddySpeak(), caddyTLS(), caddyAnswer(), caddyBalance(), caddyConfig(), caddyNetwork(), caddyHealthy()} {
		for _, list := range group {
			all = append(all, list...)
		}
	}
	return all
}

func caddyDown() [][]Fault {
	return [][]Fault{
		caddyFault("down-never-started", "nothing has ever listened at the upstream's address", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			return b.Caddy(b.proxied(b.Name(), b.local())).Run().Scene()
		}),
		caddyFault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.proxied(name, app.Addr)).Run().Served(3)
			app.End()
			return c.Scene()
		}),
		scopes(caddyFault("down-checked", "both upstreams were stopped, and the active health checks know it", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b caddyBench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			c := b.Caddy(b.proxied(name, one.Addr+" "+two.Addr, "health_uri /", "health_interval 200ms", "health_timeout 1s")).Run().Served(3)
			one.End()
			two.End()
			return c.down().Scene()
		}), vocab.NoHealthyUpstream),
		caddyFault("address-other-port", "the application listens on another port than reverse_proxy says", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.Caddy(b.proxied(name, fmt.Sprintf("127.0.0.1:%d", wrong))).Run().Scene()
		}),
		caddyFault("address-localhost-v6", "reverse_proxy leads to [::1], the application listens on 127.0.0.1 only", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Caddy(b.proxied(name, fmt.Sprintf("[::1]:%d", port(app.Addr)))).Run().Scene()
		}),
		caddyFault("address-other-socket", "the unix socket has another name in the same folder", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			real := b.socket(name)
			b.Backend(name, good(real))
			wrong := "unix:" + filepath.Join(filepath.Dir(strings.TrimPrefix(real, "unix:")), pick(b.Bench, "app.sock", name+"-v2.sock"))
			return b.Caddy(b.proxied(name, wrong)).Run().Scene()
		}),
		needing(either(caddyFault("crash-exit", "a request makes the Node process exit; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Node(name, b.local(), "if (++count > 3) { setImmediate(() => { throw new Error('order 4711 has no customer') }); return }\nres.end('ok\\n');", "let count = 0;")
			c := b.Caddy(b.proxied(name, app.Addr)).remembers().Run().Served(3)
			c.Get(1)
			app.Wait()
			return c.Scene()
		}), vocab.ConnectionTerminated), "node"),
		needing(caddyFault("permission-socket", "the unix socket belongs to root, mode 0600", vocab.SocketPermission, vocab.ProxyInternalError, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			config := good(address)
			config.Mode = 0o600
			b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, config)
			return b.Caddy(b.proxied(name, address)).Run().Scene()
		}), "root"),
		needing(caddyFault("php-socket-missing", "php-fpm listens on a unix socket, php_fastcgi leads to a port", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			b.PHP(name, b.socket(name), "", map[string]string{"index.php": "echo 'ok';"})
			return b.Caddy(b.php(name, b.local())).Run().Scene()
		}), "php-fpm"),
	}
}

// php is a site whose requests php_fastcgi hands to the application called name.
func (b caddyBench) php(name, address string, extra ...string) *caddySite {
	s := b.site(name, "")
	block := ""
	if len(extra) > 0 {
		block = " {\n" + indent(lines(extra), 4) + "}"
	}
	s.inside = fmt.Sprintf("root * %s\nphp_fastcgi %s%s\nfile_server\n", filepath.Join(b.Dir, "srv", name, "public"), strings.ReplaceAll(address, "unix:", "unix/"), block)
	return s
}

// waits is a site whose reverse_proxy gives an upstream so long to begin its
// answer.
func (b caddyBench) waits(name, upstream, limit string) *caddySite {
	return b.proxied(name, upstream, "transport http {", "    response_header_timeout "+limit, "}")
}

func caddyWait() [][]Fault {
	return [][]Fault{
		caddyFault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.waits(name, app.Addr, "1s")).Run().Served(3)
			app.Freeze()
			return c.Scene()
		}),
		caddyFault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.waits(name, app.Addr, "1s")).remembers().Remember(40, b.quick).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return c.Scene()
		}),
		caddyFault("slow-now", "answers came in milliseconds and now take longer than response_header_timeout", vocab.UpstreamSlow, vocab.HTTPResponseTimeout, 504, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.waits(name, app.Addr, "1s")).remembers().Remember(40, b.quick).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Delay: 1700}}})
			return c.Scene()
		}),
		caddyFault("timeout-short", "a report takes 1.7 s, as always; response_header_timeout is 1 s since this start", vocab.TimeoutTooShort, vocab.HTTPResponseTimeout, 504, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			return b.Caddy(b.waits(name, app.Addr, pick(b.Bench, "1s", "1000ms"))).remembers().Remember(60, b.asAlways).Run().Scene()
		}),
	}
}

func caddySpeak() [][]Fault {
	return [][]Fault{
		needing(either(caddyFault("mismatch-http-to-https", "reverse_proxy speaks HTTP, the Node application TLS", vocab.ProtocolMismatch, vocab.HTTPProtocolError, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.NodeTLS(name, b.local(), b.certificate(certificate{name: name + ".internal"}))
			return b.Caddy(b.proxied(name, app.Addr)).Run().Scene()
		}), vocab.ConnectionTerminated), "node"),
		caddyFault("mismatch-https-to-http", "reverse_proxy speaks TLS, the application plain HTTP", vocab.ProtocolMismatch, vocab.TLSProtocolError, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			extra := []string(nil)
			if b.Chance(50) {
				extra = []string{"transport http {", "    tls_insecure_skip_verify", "}"}
			}
			return b.Caddy(b.proxied(name, "https://"+app.Addr, extra...)).Run().Scene()
		}),
		needing(caddyFault("mismatch-http-to-php", "reverse_proxy leads to php-fpm", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			address := pick(b.Bench, b.local(), b.socket(name))
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.Caddy(b.proxied(name, address)).Run().Scene()
		}), "php-fpm"),
		either(caddyFault("mismatch-php-to-http", "php_fastcgi leads to an HTTP application", vocab.ProtocolMismatch, vocab.HTTPProtocolError, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			b.Write(filepath.Join("srv", name, "public", "index.php"), "<?php echo 'ok';\n")
			return b.Caddy(b.php(name, app.Addr)).Run().Scene()
		}), vocab.ConnectionTerminated, vocab.HTTPResponseIncomplete),
		caddyFault("mismatch-proxy-protocol", "the application demands a PROXY header, reverse_proxy sends none", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Proxy = true
			app := b.Backend(name, config)
			return b.Caddy(b.proxied(name, app.Addr)).Run().Scene()
		}),
	}
}

func caddyTLS() [][]Fault {
	secure := func(cert certificate, demand func(*backend.TLS, pair), words func(pair) []string) func(b caddyBench) (Scene, error) {
		return func(b caddyBench) (Scene, error) {
			name := b.Name()
			p := b.certificate(cert)
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			demand(config.TLS, p)
			app := b.Backend(name, config)
			extra := append([]string{"transport http {"}, append(words(p), "}")...)
			return b.Caddy(b.proxied(name, "https://"+app.Addr, extra...)).Run().Scene()
		}
	}
	plain := func(*backend.TLS, pair) {}
	trust := func(p pair) []string {
		return []string{"    tls_trusted_ca_certs " + p.authority, "    tls_server_name app.internal"}
	}
	return [][]Fault{
		caddyFault("untrusted-self-signed", "the upstream's certificate is signed by itself", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secure(certificate{name: "app.internal", alone: true}, plain, trust)),
		caddyFault("untrusted-expired", "the upstream's certificate expired yesterday", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secure(certificate{name: "app.internal", expired: true}, plain, trust)),
		caddyFault("untrusted-name", "the upstream's certificate is for another name", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secure(certificate{name: "old.internal"}, plain, trust)),
		caddyFault("untrusted-address", "the upstream is dialled by its address, which its certificate does not have", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secure(certificate{name: "app.internal"}, plain, func(p pair) []string {
			return []string{"    tls_trusted_ca_certs " + p.authority}
		})),
		caddyFault("untrusted-authority", "nobody has told Caddy of the company's own authority", vocab.TLSUntrusted, vocab.TLSCertificateError, 502, secure(certificate{name: "app.internal"}, plain, func(pair) []string {
			return []string{"    tls_server_name app.internal"}
		})),
		caddyFault("handshake-version", "the upstream speaks TLS 1.1 at most", vocab.TLSHandshake, vocab.TLSAlertReceived, 502, secure(certificate{name: "app.internal"}, func(t *backend.TLS, _ pair) { t.Max = tls.VersionTLS11 }, func(pair) []string {
			return []string{"    tls_insecure_skip_verify"}
		})),
		caddyFault("handshake-sni", "the upstream demands a server name, and an address is none", vocab.TLSHandshake, vocab.TLSAlertReceived, 502, secure(certificate{name: "app.internal"}, func(t *backend.TLS, _ pair) { t.Name = "app.internal" }, func(pair) []string {
			return []string{"    tls_insecure_skip_verify"}
		})),
		caddyFault("handshake-client-certificate", "the upstream demands a client certificate", vocab.TLSHandshake, vocab.TLSAlertReceived, 502, secure(certificate{name: "app.internal"}, func(t *backend.TLS, p pair) { t.Clients, t.Max = p.authority, tls.VersionTLS12 }, trust)),
	}
}

func caddyAnswer() [][]Fault {
	f := func(name, doc, what string, cause vocab.Cause, symptom vocab.Symptom, status int) []Fault {
		return caddyFault(name, doc, cause, symptom, status, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, does(b.local(), what))
			return b.Caddy(b.proxied(name, app.Addr)).Run().Scene()
		})
	}
	says := func(name, doc string, r backend.Route) []Fault {
		return caddyFault(name, doc, vocab.AppError, "", r.Status, func(b caddyBench) (Scene, error) {
			name := b.Name()
			r.Path = "/"
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			return b.Caddy(b.proxied(name, app.Addr)).Run().Scene()
		})
	}
	return [][]Fault{
		f("empty-close", "the application reads the request and closes without a word, and lives on", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("empty-reset", "the application reads the request and resets the connection, and lives on", "reset", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("invalid-garbage", "the answer is no HTTP at all", "garbage", vocab.InvalidResponse, vocab.HTTPProtocolError, 502),
		f("invalid-status", "the answer's status line has no number", "bad-status", vocab.InvalidResponse, vocab.HTTPProtocolError, 502),
		// The line of 2.6 about it names no request: then the symptom stays open.
		either(f("truncated-body", "the body is shorter than its Content-Length; the status is 200", "short", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 200), ""),
		// Before 2.8 Caddy ends what it passes on as if it were whole.
		f("truncated-chunk", "a chunked body breaks off; the status is 200", "cut-chunk", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 200)[1:],
		either(f("truncated-header", "the answer breaks off in its header", "half-header", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete, 502), vocab.ConnectionTerminated, vocab.HTTPProtocolError),
		caddyFault("buffer", "the application sends 9 KB of cookies, max_response_header is 4 KB", vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Pad: 9000}}})
			return b.Caddy(b.proxied(name, app.Addr, "transport http {", "    max_response_header "+pick(b.Bench, "4KB", "4KiB"), "}")).Run().Scene()
		}),
		says("app-error", "the application answers 500", backend.Route{Status: 500, Body: "Internal Server Error\n"}),
		says("app-503", "the application answers 503", backend.Route{Status: 503, Body: "no database\n"}),
	}
}

func caddyBalance() [][]Fault {
	checked := func(name, doc string, route backend.Route, words ...string) []Fault {
		return scopes(caddyFault(name, doc, vocab.HealthCheckWrong, vocab.DestinationUnavailable, 503, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 60000, Routes: []backend.Route{route, {Path: "/"}}})
			return b.Caddy(b.proxied(name, app.Addr, append(words, "health_interval 200ms", "health_timeout 1s")...)).Run().down().Scene()
		}), vocab.NoHealthyUpstream)
	}
	return [][]Fault{
		checked("check-wrong-path", "the check asks for a path that the application does not have", backend.Route{Path: "/healthz", Status: 404}, "health_uri /healthz"),
		checked("check-wrong-status", "the check wants 204, the application answers 200", backend.Route{Path: "/up"}, "health_uri /up", "health_status 204"),
		checked("check-wrong-body", "the check wants a word that the application does not say", backend.Route{Path: "/up", Body: "fine\n"}, "health_uri /up", "health_body healthy"),
		each(scopes(caddyFault("pool-one-dead", "one of three upstreams is dead, and nothing is tried twice", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			name := b.Name()
			all := []string{b.Backend(name+"-1", good(b.local())).Addr, b.Backend(name+"-2", good(b.local())).Addr, b.local()}
			b.Rand.Shuffle(3, func(i, j int) { all[i], all[j] = all[j], all[i] })
			c := b.Caddy(b.proxied(name, strings.Join(all, " "), "lb_policy round_robin")).remembers().Run()
			c.Get(6)
			return c.Scene()
		}), vocab.PartialOutage), func(f Fault) Fault { return f.comesAndGoes() }),
		scopes(either(caddyFault("penalty", "the application is back, and fail_duration keeps it out for ten minutes more", vocab.BackendInPenalty, vocab.DestinationUnavailable, 503, func(b caddyBench) (Scene, error) {
			name := b.Name()
			address := b.local()
			app := b.Backend(name, good(address))
			c := b.Caddy(b.proxied(name, address, "fail_duration 10m", "max_fails 1")).remembers().Run().Served(2)
			app.End()
			c.Get(2)
			b.Backend(name, good(address))
			return c.Scene()
		}), vocab.ConnectionRefused), vocab.NoHealthyUpstream),
	}
}

func caddyConfig() [][]Fault {
	return [][]Fault{
		caddyFault("maintenance-respond", "the site says respond 503", vocab.Maintenance, vocab.ProxyInternalResponse, 503, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.site(name, "reverse_proxy "+app.Addr+"\n")
			s.inside = pick(b.Bench, "respond 503\n", "header Retry-After 600\nrespond \"Down for maintenance\" 503 {\n    close\n}\n", "handle {\n    respond \"back soon\" 503\n}\n") + s.inside
			return b.Caddy(s).Run().Scene()
		}),
		caddyFault("maintenance-error", "the site says error 503, and a page tells people", vocab.Maintenance, vocab.ProxyInternalResponse, 503, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.site(name, "reverse_proxy "+app.Addr+"\n")
			s.inside = "error \"Maintenance\" 503\nhandle_errors {\n    respond \"{http.error.status_code} {http.error.message}\"\n}\n" + s.inside
			return b.Caddy(s).Run().Scene()
		}),
		caddyFault("not-applied-port", "the application moved, the file says so, and nobody has reloaded Caddy", vocab.NotApplied, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			c, from, to := b.moved()
			b.later()
			c.Edit(func(text string) string { return strings.ReplaceAll(text, fmt.Sprint(":", from), fmt.Sprint(":", to)) })
			return c.Scene("the file has the right port, the running Caddy the old one")
		}),
		caddyFault("not-applied-maintenance", "maintenance is over in the file, and nobody has reloaded Caddy", vocab.NotApplied, vocab.ProxyInternalResponse, 503, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.site(name, "reverse_proxy "+app.Addr+"\n")
			s.inside = "respond \"back soon\" 503\n" + s.inside
			c := b.Caddy(s).told().Run()
			b.later()
			c.Edit(func(text string) string { return strings.Replace(text, "respond \"back soon\" 503\n", "", 1) })
			return c.Scene()
		}),
		caddyFault("invalid-reload-refused", "the application moved; the edit that follows it has a word that Caddy does not know, so the reload was refused", vocab.InvalidConfig, vocab.ConnectionRefused, 502, func(b caddyBench) (Scene, error) {
			c, from, to := b.moved()
			b.later()
			c.Edit(func(text string) string {
				text = strings.ReplaceAll(text, fmt.Sprint(":", from), fmt.Sprint(":", to))
				return strings.Replace(text, "    bind 127.0.0.1\n", "    bind 127.0.0.1\n    "+pick(b.Bench, "enocde gzip", "encode gzip {", "reverse_proxi localhost:1")+"\n", 1)
			})
			if b.err == nil && c.reload() {
				b.fail("cannot break the configuration: Caddy has taken it")
			}
			return c.Scene()
		}),
		each(caddyFault("invalid-not-running", "Caddy does not run at all, because its Caddyfile does not load", vocab.InvalidConfig, "", 0, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.proxied(name, app.Addr)).told()
			c.write()
			c.past()
			c.Edit(func(text string) string { return strings.Replace(text, "reverse_proxy", "revers_proxy", 1) })
			b.age(c.conf, time.Hour)
			c.b.Start(c.run("run")).Wait()
			return c.Quiet("Caddy was started and gave up")
		}), func(f Fault) Fault { return f.withConfig() }),
		each(either(caddyFault("loop-self", "reverse_proxy leads to the listener of its own site", vocab.ProxyLoop, vocab.HTTPResponseTimeout, 504, func(b caddyBench) (Scene, error) {
			s := b.site(b.Name(), "")
			s.inside = "reverse_proxy " + s.listen + " {\n    transport http {\n        dial_timeout 500ms\n        response_header_timeout 1s\n    }\n}\n"
			c := b.Caddy(s)
			c.target.scheme, c.target.option = "http", ""
			c.limit = 128
			return c.Run().Scene()
		}), append(loopSymptoms(), vocab.ProxyInternalError, vocab.ConnectionTimeout)...), func(f Fault) Fault {
			f.OrStatus = []int{500, 502, 503}
			return f.needs("prlimit")
		}),
	}
}

// moved is a site whose application has just moved to another port.
func (b caddyBench) moved() (c *Caddy, from, to int) {
	name := b.Name()
	from = b.Port()
	to = b.PortNear(from)
	app := b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", from)))
	c = b.Caddy(b.proxied(name, fmt.Sprintf("127.0.0.1:%d", from))).told()
	c.Run().Served(3)
	b.move(app, name, fmt.Sprintf("127.0.0.1:%d", to))
	return c, from, to
}

func caddyNetwork() [][]Fault {
	named := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, server backend.DNS) []Fault {
		return needing(caddyFault(name, doc, cause, symptom, 502, func(b caddyBench) (Scene, error) {
			b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n", "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"})
			server.Listen = "127.0.0.1:53"
			b.DNS(server)
			name := b.Name()
			return b.Caddy(b.proxied(name, fmt.Sprintf("%s.svc.internal:%d", name, b.Port()))).Run().Scene()
		}), "netns")
	}
	return [][]Fault{
		named("name-unknown", "the name server says that the upstream's name does not exist", vocab.NoSuchName, vocab.DNSError, backend.DNS{}),
		named("resolver-servfail", "the resolver answers SERVFAIL", vocab.ResolverUnreachable, vocab.DNSError, backend.DNS{Code: dns.RcodeServerFailure}),
		needing(caddyFault("filtered-drop", "a firewall on this host drops what goes to the upstream's port", vocab.Filtered, vocab.ConnectionTimeout, 502, func(b caddyBench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0 // no connection is left from before the rule
			app := b.Backend(name, config)
			c := b.Caddy(b.proxied(name, app.Addr, "transport http {", "    dial_timeout 1s", "}")).Run().Served(2)
			b.run("nft", "add table inet filter")
			b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d drop", port(app.Addr)))
			return c.Scene()
		}), "netns", "nft"),
		needing(caddyFault("unreachable-no-route", "there is no route to the upstream's network", vocab.Unreachable, vocab.DestinationIPUnroutable, 502, func(b caddyBench) (Scene, error) {
			b.Machine(nil)
			return b.Caddy(b.proxied(b.Name(), fmt.Sprintf("10.20.30.40:%d", b.Port()))).Run().Scene()
		}), "netns"),
	}
}

func caddyHealthy() [][]Fault {
	f := func(name, doc string, status int, start func(b caddyBench) (Scene, error)) []Fault {
		return each(caddyFault("healthy-"+name, doc, "", "", status, start), func(f Fault) Fault {
			f.Healthy = true
			return f
		})
	}
	route := func(name, doc string, r backend.Route, extra ...string) []Fault {
		status := r.Status
		if status == 0 {
			status = http.StatusOK
		}
		return f(name, doc, status, func(b caddyBench) (Scene, error) {
			app := b.Name()
			r.Path = "/"
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			return b.Caddy(b.proxied(app, p.Addr, extra...)).Run().Scene()
		})
	}
	return [][]Fault{
		route("plain", "the application answers", backend.Route{}),
		route("404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}),
		route("slow", "answers take 0.7 s and the limit is 10 s", backend.Route{Delay: 700}, "transport http {", "    response_header_timeout 10s", "}"),
		route("checked", "the upstream is checked, and a second one is down", backend.Route{}, "to 127.0.0.1:1", "lb_policy first", "health_uri /", "health_interval 200ms", "lb_try_duration 2s"),
		route("big-header", "9 KB of cookies, which Caddy takes", backend.Route{Pad: 9000}),
		f("tls", "the upstream speaks TLS and its certificate verifies", 200, func(b caddyBench) (Scene, error) {
			name := b.Name()
			p := b.certificate(certificate{name: "app.internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			app := b.Backend(name, config)
			return b.Caddy(b.proxied(name, "https://"+app.Addr, "transport http {", "    tls_trusted_ca_certs "+p.authority, "    tls_server_name app.internal", "}")).Run().Served(2).Scene()
		}),
		f("unix", "the application listens on a unix socket", 200, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.socket(name)))
			return b.Caddy(b.proxied(name, app.Addr)).Run().Served(2).Scene()
		}),
		f("static", "Caddy serves files itself", 200, func(b caddyBench) (Scene, error) {
			s := b.site(b.Name(), "root * "+b.path("srv/www")+"\nfile_server\n")
			s.path += ".txt"
			b.Write("srv/www"+s.path, "hello\n")
			return b.Caddy(s).Run().Served(2).Scene()
		}),
		needing(f("php", "php-fpm answers", 200, func(b caddyBench) (Scene, error) {
			name := b.Name()
			address := pick(b.Bench, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.Caddy(b.php(name, address)).Run().Served(2).Scene()
		}), "php-fpm"),
		f("reloaded", "the application moved, the file followed and Caddy was reloaded", 200, func(b caddyBench) (Scene, error) {
			c, from, to := b.moved()
			c.Edit(func(text string) string { return strings.ReplaceAll(text, fmt.Sprint(":", from), fmt.Sprint(":", to)) })
			if !c.reload() {
				b.fail("cannot reload Caddy")
			}
			return c.Served(2).Scene()
		}),
		f("edited", "the file has another site since, and Caddy was not reloaded", 200, func(b caddyBench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.proxied(name, app.Addr)).told().Run().Served(2)
			b.later()
			c.Edit(func(text string) string { return text + "\nhttp://new.test:1 {\n    respond \"soon\"\n}\n" })
			return c.Scene()
		}),
	}
}
