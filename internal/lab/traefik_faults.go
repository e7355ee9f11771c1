package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// traefikFaults are the faults behind Traefik.
func traefikFaults() []Fault {
	return behind("traefik", []string{"traefik"}, traefikDown(), traefikWait(), traefikSpeak(), traefikTLS(), traefikBalance(), traefikAnswer(), traefikConfig(), traefikNetwork(), traefikHealthy())
}

// traefik lays out a Traefik that is as it is by default but for what is set.
func traefik(set ...func(*Traefik)) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		g := b.Traefik(b.traefikSite(app, servers...))
		for _, f := range set {
			f(g)
		}
		return g.Gateway
	}
}

// patience is how long it waits for an answer to begin.
func patience(g *Traefik) { g.wait = "1s" }

// balancer are further lines of the target's loadBalancer.
func balancer(lines string) func(*Traefik) { return func(g *Traefik) { g.target.balancer = lines } }

// transport are the lines of a servers transport of its own.
func transport(lines string) func(*Traefik) { return func(g *Traefik) { g.target.transport = lines } }

func traefikDown() []Fault {
	g := traefik()
	return []Fault{
		neverStarted(g),
		stopped(g),
		bothStopped(traefik(balancer("healthCheck:\n  path: /\n  interval: 200ms\n  timeout: 1s\n"))),
		otherPort(g, "the application listens on another port than the server's URL says"),
		localhostV6(g, "the server's URL leads to [::1], the application listens on 127.0.0.1 only"),
		stopped(traefik((*Traefik).told)).called("down-told").says("the application was stopped; a service gave Traefik its routers, and only the API tells them"),
		otherPort(traefik((*Traefik).told), "a service gave Traefik the wrong port, and only the API tells it").called("address-told"),
		// At any other level than DEBUG a crash looks like a stop.
		crashed(traefik((*Traefik).sees, func(g *Traefik) { g.debug = true })).orSymptom(vocab.ConnectionTerminated),
	}
}

func traefikWait() []Fault {
	remembers := traefik((*Traefik).sees, patience)
	return []Fault{
		frozen(traefik(patience)),
		neverAnswers(func(b *Bench, app string, servers ...string) *Gateway {
			limit := transport("forwardingTimeouts:\n  responseHeaderTimeout: " + pick(b, "1s", "1", "1000ms") + "\n")
			return traefik((*Traefik).sees, limit)(b, app, servers...)
		}),
		gotSlow(remembers, "responseHeaderTimeout"),
		tooShort(remembers, "responseHeaderTimeout"),
	}
}

// overTLS has the target's servers spoken to in TLS.
func overTLS(g *Traefik) {
	for i, url := range g.target.servers {
		g.target.servers[i] = strings.Replace(url, "http://", "https://", 1)
	}
}

func traefikSpeak() []Fault {
	g := traefik()
	return []Fault{
		toHTTPS(g, "the server's URL says http, the Node application speaks TLS"),
		toHTTP(traefik(overTLS), "the server's URL says https, the application speaks plain HTTP").status(500),
		toProxyProtocol(g, "the application demands a PROXY header, which Traefik does not send"),
	}
}

func traefikTLS() []Fault {
	trust := func(p pair) layout {
		return traefik(overTLS, transport("rootCAs:\n  - "+p.authority+"\nserverName: app.internal\n"))
	}
	return []Fault{
		untrusted("self-signed", "the server's certificate is signed by itself", certificate{name: "app.internal", alone: true}, trust).status(500),
		untrusted("expired", "the server's certificate expired yesterday", certificate{name: "app.internal", expired: true}, trust).status(500),
		untrusted("name", "the server's certificate is for another name", certificate{name: "old.internal"}, trust).status(500),
		untrusted("authority", "no transport names the authority of the server's certificate", certificate{name: "app.internal"}, func(pair) layout { return traefik(overTLS) }).status(500),
		handshake("sni", "the server demands a server name, and of an address none is sent", demandName, func(pair) layout { return traefik(overTLS, transport("insecureSkipVerify: true\n")) }),
	}
}

func traefikBalance() []Fault {
	check := func(lines string) layout {
		return traefik(balancer("healthCheck:\n  interval: 200ms\n  timeout: 1s\n" + indent(lines, 2)))
	}
	return append(checkedWrong(check("path: /healthz"), check("path: /up\nstatus: 204")),
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
			g := b.Traefik(s)
			g.sees()
			g.Run()
			app.End()
			g.down()
			b.Backend(name, good(app.Addr))
			return g.Scene("the application is back; the breaker refuses for 10 minutes")
		}),
	)
}

func traefikAnswer() []Fault {
	g := traefik()
	return append([]Fault{
		emptyClose(g), emptyReset(g), badHeader(g).status(500), garbage(g).status(500),
		shortBody(g).says("the body is shorter than its Content-Length; the client gets nothing at all").status(0),
		halfHeader(g).status(500).orSymptom(vocab.HTTPResponseIncomplete),
	}, append(appErrors(g),
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
	)...)
}

func traefikConfig() []Fault {
	broken := func(name, doc, old, new string) Fault {
		return fault(name, doc, vocab.InvalidConfig, vocab.ConnectionRefused, 502, spoilt(traefik(), func(text string, _ int) string {
			return strings.Replace(text, old, new, 1)
		}, traefikRefuses, "the file on disk has the right port and does not load"))
	}
	return []Fault{
		broken("invalid-key", "the application moved; the edit that follows it has a misspelt key, so Traefik keeps what it has", "entryPoints:", "entryPoint:"),
		broken("invalid-yaml", "the application moved; the edit that follows it is no YAML any more", "  services:\n", "  services\n"),
		notApplied(traefik(func(g *Traefik) { g.watch = false }), "Traefik").called("not-applied").says("the application moved, the file says so, and nobody has told Traefik, which does not watch it"),
		fault("name-missing", "the server's name has no address", vocab.NoSuchName, vocab.DNSError, 502, misnamed(traefik(), backend.DNS{Names: map[string]string{}})).needs("netns"),
	}
}

// traefikRefuses waits until Traefik has read what does not load.
func traefikRefuses(g *Gateway) {
	g.b.until("Traefik has refused the file", func() bool {
		text, err := os.ReadFile(filepath.Join(g.dir, "log", "traefik.log"))
		return err == nil && strings.Contains(string(text), "Error occurred during watcher callback")
	})
}

func traefikNetwork() []Fault {
	return []Fault{
		filtered(traefik(transport("forwardingTimeouts:\n  dialTimeout: 1s\n"))),
		noRoute(traefik()),
	}
}

// traefikHealthy have an access log: without one nothing is known of the time
// before.
func traefikHealthy() []Fault {
	return append([]Fault{
		healthy("healthy-told", "the application answers; a service gave Traefik its routers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			return traefik((*Traefik).sees, (*Traefik).told)(b, name, b.Backend(name, good(b.local())).Addr).Run().Served(2).Scene()
		}),
	}, append(allWell(traefik((*Traefik).sees), " and nothing limits them"),
		well(traefik((*Traefik).sees, balancer("healthCheck:\n  path: /\n  interval: 100ms\n"), func(g *Traefik) {
			s := g.target
			s.servers = append(s.servers, "http://127.0.0.1:1")
			s.middlewares = s.app + "-again:\n  retry:\n    attempts: 3\n"
			s.names = []string{s.app + "-again"}
		}), "checked", "the server is checked, and a second one is down", backend.Route{}),
		trusted("the server speaks TLS and its certificate verifies", func(p pair) layout {
			return traefik((*Traefik).sees, overTLS, transport("rootCAs:\n  - "+p.authority+"\nserverName: app.internal\n"))
		}),
	)...)
}
