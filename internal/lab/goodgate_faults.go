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

// goodgateFaults are the faults behind goodgate's own gateway. They need nothing but
// the program itself.
func goodgateFaults() []Fault {
	return behind("goodgate", nil, ownDown(), ownWait(), ownTLS(), ownAnswer(), ownNames(), ownLimits(), ownHealthy())
}

// own lays out a goodgate gateway that is as it is by default but for what is set.
func own(set ...func(*Own)) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		g := b.Own(b.ownSite(app, servers...))
		for _, f := range set {
			f(g)
		}
		return g.Gateway
	}
}

// firstByte is how long it waits for an answer to begin.
func firstByte(limit string) func(*Own) { return func(g *Own) { g.target.first = limit } }

// ofUpstream are further lines of the target's upstream.
func ofUpstream(lines string) func(*Own) { return func(g *Own) { g.target.more = lines } }

func ownDown() []Fault {
	o := own()
	refused := func(name, doc string, start start) Fault {
		return fault(name, doc, vocab.UpstreamDown, vocab.ConnectionRefused, 503, start)
	}
	return []Fault{
		otherPort(o, "the application listens on another port than the gateway's configuration says").status(503),
		neverStarted(o).status(503),
		stopped(o).status(503),
		refused("down-both", "both servers served requests and were then stopped", func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			g := o(b, name, one.Addr, two.Addr).Run().Served(4)
			one.End()
			two.End()
			return g.Scene()
		}).also(vocab.NoHealthyUpstream),
		refused("down-after-reload", "the address was wrong, was corrected and loaded; then the application was stopped", func(b *Bench) (Scene, error) {
			g, app := b.corrected()
			g.Signal(syscall.SIGHUP)
			b.until("the file is loaded", func() bool { return g.Get(1).Status == http.StatusOK })
			g.Served(2)
			app.End()
			return g.Scene("the first failures are older than the reload")
		}),
		fault("not-applied-port", "the address was wrong and was corrected; nobody loaded the file", vocab.NotApplied, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			g, _ := b.corrected()
			return g.Scene("goodgate gateway reload, or SIGHUP, loads it")
		}),
		refused("down-missing-socket", "the unix socket does not exist", func(b *Bench) (Scene, error) {
			name := b.Name()
			return o(b, name, b.socket(name)).Run().Scene()
		}),
		fault("crash-panic", "a request makes the application panic; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := o(b, name, app.Addr).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "panic"}}})
			g.Get(1)
			app.Wait()
			return g.Scene("the fourth request made " + name + " panic")
		}).orSymptom(vocab.ConnectionTerminated),
	}
}

// corrected is a site whose server was wrong until its file was edited, and an
// application that is where the file leads now.
func (b *Bench) corrected() (*Own, *Proc) {
	name := b.Name()
	app := b.Backend(name, good(b.local()))
	g := b.Own(b.ownSite(name, b.local()))
	g.Run().Get(1)
	g.edit("http://" + app.Addr)
	return g, app
}

func ownWait() []Fault {
	const limit = "first_byte"
	second := own(firstByte("1s"))
	all := []Fault{
		frozen(func(b *Bench, app string, servers ...string) *Gateway {
			return own(firstByte(pick(b, "500ms", "1s")))(b, app, servers...)
		}),
		neverAnswers(second), gotSlow(second, limit), tooShort(second, limit),
	}
	for i := range all {
		all[i] = all[i].symptom(vocab.ConnectionReadTimeout)
	}
	return all
}

// speaksTLS has the target's upstream spoken to in TLS; more are further lines of
// what is known of it.
func speaksTLS(more string) func(*Own) {
	return func(g *Own) {
		s := g.target
		s.servers = []string{"https" + s.servers[0][len("http"):]}
		s.more = "protocol: https\ntls:\n  name: app.internal\n" + more
	}
}

func ownTLS() []Fault {
	app := certificate{name: "app.internal"}
	trusts := func(p pair) layout { return own(speaksTLS("  ca: " + p.authority + "\n")) }
	blind := own(speaksTLS(""))
	return []Fault{
		untrusted("expired", "the certificate of the upstream expired yesterday", certificate{name: "app.internal", expired: true}, trusts).called("tls-expired"),
		untrusted("authority", "nobody has told the gateway the authority of the upstream's certificate", app, func(pair) layout { return blind }).called("tls-unknown-ca"),
		toHTTP(blind, "the gateway speaks TLS to an application that speaks plain HTTP").called("tls-plain-upstream"),
		fault("mismatch-tls-app", "the gateway speaks plain HTTP to an application that speaks TLS", vocab.ProtocolMismatch, vocab.HTTPProtocolError, 502, func(b *Bench) (Scene, error) {
			return secured(app, nil, func(pair) layout { return own() })(b).Run().Scene()
		}).orSymptom(vocab.ConnectionTerminated),
	}
}

func ownAnswer() []Fault {
	o := own()
	return []Fault{
		garbage(o).called("garbage"), badHeader(o).called("bad-header"), emptyClose(o).called("empty-response"), cutChunk(o).called("truncated"),
		bigHeader(o, 80000, "the answer's header has 80 KB of cookies").called("big-header"),
		fault("app-500", "the application answers 500", vocab.AppError, "", 500, responds(o, backend.Route{Status: 500, Body: "no such table: orders\n"})),
	}
}

func ownNames() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, server backend.DNS) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			names := b.DNS(server)
			b.Backend(app, good(b.local()))
			return own(ofUpstream(fmt.Sprintf("resolvers: [%s]\n", names.Addr)))(b, app, fmt.Sprintf("%s.svc.internal:%d", app, b.Port())).Run().Scene()
		})
	}
	return []Fault{
		fault("name-down", "the server is reached by its name, served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			app, p := b.Name(), b.Port()
			host := app + ".svc.internal"
			names := b.DNS(backend.DNS{Names: map[string]string{host + ".": "127.0.0.2"}, TTL: 60})
			served := b.Backend(app, good(fmt.Sprintf("127.0.0.2:%d", p)))
			g := own(ofUpstream(fmt.Sprintf("resolvers: [%s]\n", names.Addr)))(b, app, fmt.Sprintf("%s:%d", host, p)).Run().Served(3)
			served.End()
			return g.Scene()
		}),
		f("name-unknown", "the name server says that the upstream's name does not exist", vocab.NoSuchName, vocab.DNSError, http.StatusBadGateway, backend.DNS{}),
		f("resolver-servfail", "the resolver answers SERVFAIL", vocab.ResolverUnreachable, vocab.DNSError, http.StatusBadGateway, backend.DNS{Code: dns.RcodeServerFailure}),
		f("resolver-silent", "the resolver does not answer", vocab.ResolverUnreachable, vocab.DNSTimeout, http.StatusGatewayTimeout, backend.DNS{Mute: true}),
	}
}

func ownLimits() []Fault {
	oneRequest := own(func(g *Own) {
		s := g.target
		s.prefix, s.first, s.more = "/", "10m", "max_requests: 1\n"
	})
	return []Fault{
		fault("drained", "a person drained both servers while the gateway runs, and forgot them", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			g := b.Own(b.ownSite(name, one.Addr, two.Addr))
			g.admin = pick(b, "unix:"+filepath.Join(g.dir, "admin.sock"), b.local())
			g.Run().Served(4)
			for _, server := range []string{one.Addr, two.Addr} {
				b.run(b.gate[0], append(append([]string{}, b.gate[1:]...), "drain", server, "--admin", g.admin)...)
			}
			return g.Scene()
		}).also(vocab.NoHealthyUpstream),
		checked(own(ofUpstream("check:\n  path: /healthz\n  every: 500ms\n")), "path", "the health check asks for a path that the application does not have", backend.Route{Path: "/healthz", Status: 404, Body: "no such page\n"}).called("check-wrong"),
		fault("limit-reached", "the server may have one request at a time, and a slow one has its place", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, full(oneRequest)),
		fault("loop-self", "the server is the gateway's own listener", vocab.ProxyLoop, vocab.ProxyLoopDetected, 502, func(b *Bench) (Scene, error) {
			s := b.ownSite(b.Name())
			g := b.Own(s)
			s.scheme, s.secure, s.servers = "http", "", []string{"http://" + s.listen}
			return g.Run().Scene()
		}),
		closedSocket(own(func(g *Own) { g.user = true })).status(500),
	}
}

func ownHealthy() []Fault {
	f := func(name, doc string, start start) Fault {
		return healthy("healthy-"+name, doc, http.StatusOK, start)
	}
	o := own()
	return append(allWell(o, " and first_byte is 5 s"),
		f("command-line", "everything stands on the command line", func(b *Bench) (Scene, error) {
			app := b.Name()
			return b.Own(b.ownSite(app, b.Backend(app, good(b.local())).Addr)).alone().Run().Served(2).Scene()
		}),
		f("one-of-two", "one of two servers was killed, and no client sees it", func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			g := o(b, name, one.Addr, two.Addr).Run().Served(4)
			one.Signal(syscall.SIGKILL)
			one.Wait()
			return g.Served(6).Scene()
		}),
		f("keepalive-race", "the application closes idle connections after 50 ms without a word, and no client sees it", func(b *Bench) (Scene, error) {
			name := b.Name()
			config := good(b.local())
			config.Idle = 50
			return o(b, name, b.Backend(name, config).Addr).Run().Served(20).Scene()
		}),
	)
}
