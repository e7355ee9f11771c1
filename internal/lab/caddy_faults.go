package lab

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/miekg/dns"
)

// caddyFaults are the faults behind Caddy, each in both releases.
func caddyFaults() []Fault {
	var all []Fault
	for _, f := range behind("caddy", []string{"caddy"}, caddyDown(), caddyWait(), caddySpeak(), caddyTLS(), caddyAnswer(), caddyBalance(), caddyConfig(), caddyNetwork(), caddyHealthy()) {
		all = append(all, withNewer("caddy", []Fault{f})...)
	}
	return all
}

func caddyDown() []Fault {
	c := caddy()
	return []Fault{
		neverStarted(c).says("nothing has ever listened at the upstream's address"),
		stopped(c),
		bothStopped(caddy("health_uri /", "health_interval 200ms", "health_timeout 1s")).says("both upstreams were stopped, and the active health checks know it"),
		otherPort(c, "the application listens on another port than reverse_proxy says"),
		localhostV6(c, "reverse_proxy leads to [::1], the application listens on 127.0.0.1 only"),
		otherSocket(c),
		crashed(caddyThat((*Caddy).remembers)).orSymptom(vocab.ConnectionTerminated),
		closedSocket(c),
		fault("php-socket-missing", "php-fpm listens on a unix socket, php_fastcgi leads to a port", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			b.PHP(name, b.socket(name), "", map[string]string{"index.php": "echo 'ok';"})
			return b.Caddy(b.caddyPHP(name, b.local())).Run().Scene()
		}).needs("php-fpm"),
	}
}

// caddyPHP is a site whose requests php_fastcgi hands to the application called
// name.
func (b *Bench) caddyPHP(name, address string) *caddySite {
	root := filepath.Join(b.Dir, "srv", name, "public")
	return b.caddySite(name, fmt.Sprintf("root * %s\nphp_fastcgi %s\nfile_server\n", root, strings.ReplaceAll(address, "unix:", "unix/")))
}

// caddyTransport lays out a Caddy with lines of the transport to the upstream.
func caddyTransport(lines ...string) layout {
	return caddyThat(func(*Caddy) {}, inTransport(lines...)...)
}

func inTransport(lines ...string) []string {
	all := []string{"transport http {"}
	for _, l := range lines {
		all = append(all, "    "+l)
	}
	return append(all, "}")
}

// caddyWaits gives an upstream so long to begin its answer, and logs how long it
// took.
func caddyWaits(limit string) layout {
	return caddyThat((*Caddy).remembers, inTransport("response_header_timeout "+limit)...)
}

func caddyWait() []Fault {
	const limit = "response_header_timeout"
	return []Fault{
		frozen(caddyTransport("response_header_timeout 1s")),
		neverAnswers(caddyWaits("1s")),
		gotSlow(caddyWaits("1s"), limit),
		tooShort(func(b *Bench, app string, servers ...string) *Gateway {
			return caddyWaits(pick(b, "1s", "1000ms"))(b, app, servers...)
		}, limit),
	}
}

// secure has every upstream spoken to in TLS.
func secure(lay layout) layout {
	return func(b *Bench, app string, servers ...string) *Gateway { return lay(b, app, "https://"+servers[0]) }
}

func caddySpeak() []Fault {
	return []Fault{
		toHTTPS(caddy(), "reverse_proxy speaks HTTP, the Node application TLS").symptom(vocab.HTTPProtocolError).orSymptom(vocab.ConnectionTerminated),
		toHTTP(func(b *Bench, app string, servers ...string) *Gateway {
			if b.Chance(50) {
				return secure(caddyTransport("tls_insecure_skip_verify"))(b, app, servers...)
			}
			return secure(caddy())(b, app, servers...)
		}, "reverse_proxy speaks TLS, the application plain HTTP"),
		toPHP(caddy(), "reverse_proxy leads to php-fpm").called("mismatch-http-to-php"),
		fault("mismatch-php-to-http", "php_fastcgi leads to an HTTP application", vocab.ProtocolMismatch, vocab.HTTPProtocolError, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			b.Write(filepath.Join("srv", name, "public", "index.php"), "<?php echo 'ok';\n")
			return b.Caddy(b.caddyPHP(name, app.Addr)).Run().Scene()
		}).orSymptom(vocab.ConnectionTerminated, vocab.HTTPResponseIncomplete),
		toProxyProtocol(caddy(), "the application demands a PROXY header, reverse_proxy sends none"),
	}
}

func caddyTLS() []Fault {
	with := func(lines ...string) func(pair) layout {
		return func(p pair) layout {
			var all []string
			for _, l := range lines {
				all = append(all, strings.ReplaceAll(l, "CA", p.authority))
			}
			return secure(caddyTransport(all...))
		}
	}
	const ca, name, blind = "tls_trusted_ca_certs CA", "tls_server_name app.internal", "tls_insecure_skip_verify"
	app := certificate{name: "app.internal"}
	return []Fault{
		untrusted("self-signed", "the upstream's certificate is signed by itself", certificate{name: "app.internal", alone: true}, with(ca, name)),
		untrusted("expired", "the upstream's certificate expired yesterday", certificate{name: "app.internal", expired: true}, with(ca, name)),
		untrusted("name", "the upstream's certificate is for another name", certificate{name: "old.internal"}, with(ca, name)),
		untrusted("address", "the upstream is dialled by its address, which its certificate does not have", app, with(ca)),
		untrusted("authority", "nobody has told Caddy of the company's own authority", app, with(name)),
		handshake("version", "the upstream speaks TLS 1.1 at most", func(t *backend.TLS, _ pair) { t.Max = tls.VersionTLS11 }, with(blind)),
		handshake("sni", "the upstream demands a server name, and an address is none", demandName, with(blind)),
		handshake("client-certificate", "the upstream demands a client certificate", func(t *backend.TLS, p pair) { t.Clients, t.Max = p.authority, tls.VersionTLS12 }, with(ca, name)),
	}
}

func caddyAnswer() []Fault {
	c := caddy()
	return append([]Fault{
		emptyClose(c), emptyReset(c), garbage(c), badStatus(c),
		// The line of 2.6 about it names no request: then the symptom stays open.
		shortBody(c).orSymptom(""),
		// Before 2.8 Caddy ends what it passes on as if it were whole.
		cutChunk(c).needs("caddy-new"),
		halfHeader(c).symptom(vocab.HTTPResponseIncomplete).orSymptom(vocab.ConnectionTerminated, vocab.HTTPProtocolError),
		bigHeader(func(b *Bench, app string, servers ...string) *Gateway {
			return caddyTransport("max_response_header "+pick(b, "4KB", "4KiB"))(b, app, servers...)
		}, 9000, "the application sends 9 KB of cookies, max_response_header is 4 KB"),
	}, appErrors(c)...)
}

func caddyBalance() []Fault {
	check := func(lines ...string) layout {
		return caddy(append(lines, "health_interval 200ms", "health_timeout 1s")...)
	}
	return append(checkedWrong(check("health_uri /healthz"), check("health_uri /up", "health_status 204")),
		checked(check("health_uri /up", "health_body healthy"), "body", "the check wants a word that the application does not say", backend.Route{Path: "/up", Body: "fine\n"}),
		oneDead(caddyThat((*Caddy).remembers, "lb_policy round_robin")).says("one of three upstreams is dead, and nothing is tried twice"),
		fault("penalty", "the application is back, and fail_duration keeps it out for ten minutes more", vocab.BackendInPenalty, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.local()
			app := b.Backend(name, good(address))
			c := caddyThat((*Caddy).remembers, "fail_duration 10m", "max_fails 1")(b, name, address).Run().Served(2)
			app.End()
			c.Get(2)
			b.Backend(name, good(address))
			return c.Scene()
		}).orSymptom(vocab.ConnectionRefused).also(vocab.NoHealthyUpstream),
	)
}

func caddyConfig() []Fault {
	told := caddyThat((*Caddy).told)
	return []Fault{
		fault("maintenance-respond", "the site says respond 503", vocab.Maintenance, vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.caddySite(name, "reverse_proxy "+app.Addr+"\n")
			s.inside = pick(b, "respond 503\n", "header Retry-After 600\nrespond \"Down for maintenance\" 503 {\n    close\n}\n", "handle {\n    respond \"back soon\" 503\n}\n") + s.inside
			return b.Caddy(s).Run().Scene()
		}),
		fault("maintenance-error", "the site says error 503, and a page tells people", vocab.Maintenance, vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.caddySite(name, "reverse_proxy "+app.Addr+"\n")
			s.inside = "error \"Maintenance\" 503\nhandle_errors {\n    respond \"{http.error.status_code} {http.error.message}\"\n}\n" + s.inside
			return b.Caddy(s).Run().Scene()
		}),
		notApplied(told, "Caddy"),
		fault("not-applied-maintenance", "maintenance is over in the file, and nobody has reloaded Caddy", vocab.NotApplied, vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.caddySite(name, "reverse_proxy "+app.Addr+"\n")
			s.inside = "respond \"back soon\" 503\n" + s.inside
			c := b.Caddy(s)
			c.told()
			c.Run()
			b.later()
			c.Edit(func(text string) string { return strings.Replace(text, "respond \"back soon\" 503\n", "", 1) })
			return c.Scene()
		}),
		fault("invalid-reload-refused", "the application moved; the edit that follows it has a word that Caddy does not know, so the reload was refused", vocab.InvalidConfig, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			g, from, to := b.moved(told)
			b.later()
			g.Edit(func(text string) string {
				return strings.Replace(follow(text, from, to), "    bind 127.0.0.1\n", "    bind 127.0.0.1\n    "+pick(b, "enocde gzip", "encode gzip {", "reverse_proxi localhost:1")+"\n", 1)
			})
			if b.err == nil && g.product.(*Caddy).reload() {
				b.fail("cannot break the configuration: Caddy has taken it")
			}
			return g.Scene()
		}),
		fault("invalid-not-running", "Caddy does not run at all, because its Caddyfile does not load", vocab.InvalidConfig, "", 0, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			c := b.Caddy(b.caddyProxy(name, app.Addr))
			c.told()
			c.write()
			c.past()
			c.Edit(func(text string) string { return strings.Replace(text, "reverse_proxy", "revers_proxy", 1) })
			b.age(c.conf, time.Hour)
			c.b.Start(c.run("run")).Wait()
			return c.Quiet("Caddy was started and gave up")
		}).withConfig(),
		fault("loop-self", "reverse_proxy leads to the listener of its own site", vocab.ProxyLoop, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			s := b.caddySite(b.Name(), "")
			s.inside = "reverse_proxy " + s.listen + " {\n    transport http {\n        dial_timeout 500ms\n        response_header_timeout 1s\n    }\n}\n"
			c := b.Caddy(s)
			c.target.scheme, c.target.option = "http", ""
			c.limit = 128
			return c.Run().Scene()
		}).orSymptom(append(loopSymptoms(), vocab.ProxyInternalError, vocab.ConnectionTimeout)...).orStatus(500, 502, 503).needs("prlimit"),
	}
}

func caddyNetwork() []Fault {
	return []Fault{
		fault("name-unknown", "the name server says that the upstream's name does not exist", vocab.NoSuchName, vocab.DNSError, 502, misnamed(caddy(), backend.DNS{})).needs("netns"),
		fault("resolver-servfail", "the resolver answers SERVFAIL", vocab.ResolverUnreachable, vocab.DNSError, 502, misnamed(caddy(), backend.DNS{Code: dns.RcodeServerFailure})).needs("netns"),
		filtered(caddyTransport("dial_timeout 1s")).says("a firewall on this host drops what goes to the upstream's port").status(502),
		noRoute(caddy()).says("there is no route to the upstream's network"),
	}
}

func caddyHealthy() []Fault {
	told := caddyThat((*Caddy).told)
	return []Fault{
		well(caddy(), "plain", "the application answers", backend.Route{}),
		well(caddy(), "404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}),
		well(caddyTransport("response_header_timeout 10s"), "slow", "answers take 0.7 s and the limit is 10 s", backend.Route{Delay: 700}),
		well(caddy("to 127.0.0.1:1", "lb_policy first", "health_uri /", "health_interval 200ms", "lb_try_duration 2s"), "checked", "the upstream is checked, and a second one is down", backend.Route{}),
		well(caddy(), "big-header", "9 KB of cookies, which Caddy takes", backend.Route{Pad: 9000}),
		trusted("the upstream speaks TLS and its certificate verifies", func(p pair) layout {
			return secure(caddyTransport("tls_trusted_ca_certs "+p.authority, "tls_server_name app.internal"))
		}),
		healthy("healthy-unix", "the application listens on a unix socket", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.socket(name)))
			return caddy()(b, name, app.Addr).Run().Served(2).Scene()
		}),
		healthy("healthy-static", "Caddy serves files itself", 200, func(b *Bench) (Scene, error) {
			s := b.caddySite(b.Name(), "root * "+b.path("srv/www")+"\nfile_server\n")
			s.path += ".txt"
			b.Write("srv/www"+s.path, "hello\n")
			return b.Caddy(s).Run().Served(2).Scene()
		}),
		healthy("healthy-php", "php-fpm answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.Caddy(b.caddyPHP(name, address)).Run().Served(2).Scene()
		}).needs("php-fpm"),
		healthy("healthy-reloaded", "the application moved, the file followed and Caddy was reloaded", 200, func(b *Bench) (Scene, error) {
			g, from, to := b.moved(told)
			g.Edit(func(text string) string { return follow(text, from, to) })
			if !g.product.(*Caddy).reload() {
				b.fail("cannot reload Caddy")
			}
			return g.Served(2).Scene()
		}),
		healthy("healthy-edited", "the file has another site since, and Caddy was not reloaded", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := told(b, name, app.Addr).Run().Served(2)
			b.later()
			g.Edit(func(text string) string { return text + "\nhttp://new.test:1 {\n    respond \"soon\"\n}\n" })
			return g.Scene()
		}),
	}
}
