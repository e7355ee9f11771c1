package lab

import (
	"fmt"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// chain is a fault behind two gateways: nginx in front, HAProxy behind it, then
// the application. Each has decoys of its own.
func chain(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
	return Fault{Name: "chain-" + name, Gateway: "chain", Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{"nginx", "haproxy"}, Start: start}
}

// middle is an HAProxy behind another gateway.
type middle struct {
	*HAProxy
	site *Site // of the gateway in front
}

// middle draws an HAProxy that takes requests for any host, as one does behind
// another gateway, and the site in front of it.
func (b *Bench) middle(app string, servers ...string) middle {
	s := b.haSite(app, servers...)
	s.host, s.apart = "127.0.0.1", true
	h := b.HAProxy(s)
	s.scheme, s.options = "http", ""
	h.way = pick(b, toFile, toFile, toSyslog)
	m := middle{h, b.Site(app).timed(b)}
	s.path = m.site.path
	return m
}

// before starts it and lays out the nginx in front. extra are further lines of
// its location.
func (m middle) before(extra ...string) *Nginx {
	m.Run()
	return m.b.Gateway(m.site.Via(m.b, "http", m.target.listen, extra...))
}

// all adds HAProxy's log to those of the scene.
func (m middle) all(s Scene, err error) (Scene, error) {
	m.logs(&s)
	return s, err
}

func chainFaults() []Fault {
	var all []Fault
	for _, group := range [][]Fault{chainBehind(), chainWait(), chainBetween(), chainPHP(), chainVarnish(), chainHealthy()} {
		all = append(all, group...)
	}
	return all
}

// chainBehind are faults behind the second gateway, whose answer the first one
// passes on.
func chainBehind() []Fault {
	return []Fault{
		chain("down-stopped", "the application behind HAProxy was stopped; nginx passes HAProxy's 503 on", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.middle(name, app.Addr)
			n := h.before().Run().Served(3)
			app.End()
			return h.all(n.Scene(name + " was stopped with SIGTERM"))
		}),
		chain("address-other-port", "HAProxy's server line names another port than the application's", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			h := b.middle(name, fmt.Sprintf("127.0.0.1:%d", wrong))
			return h.all(h.before().Run().Scene())
		}),
		chain("down-checked", "both servers behind HAProxy were stopped, and its health checks know it", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			h := b.middle(name, one.Addr+" check inter 200ms fall 2", two.Addr+" check inter 200ms fall 2")
			n := h.before().Run().Served(3)
			one.End()
			two.End()
			h.down()
			return h.all(n.Scene())
		}).also(vocab.NoHealthyUpstream),
		chain("maintenance", "a person took HAProxy's only server out of rotation", vocab.Maintenance, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.middle(name, app.Addr)
			h.socket = h.dir + "/admin.sock"
			n := h.before().Run().Served(3)
			h.tell("set server " + h.target.pool() + "/s1 state maint")
			return h.all(n.Scene())
		}),
		chain("app-error", "the application answers 500, and both gateways pass it on", vocab.AppError, "", 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Status: 500, Body: "order 4711 has no customer\n"}}})
			h := b.middle(name, app.Addr)
			return h.all(h.before().Run().Scene())
		}),
		chain("empty-response", "the application closes every connection behind HAProxy without an answer", vocab.EmptyResponse, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, does(b.local(), "close"))
			h := b.middle(name, app.Addr)
			return h.all(h.before().Run().Scene())
		}),
		chain("tls-untrusted", "the application's certificate has expired, and HAProxy verifies it", vocab.TLSUntrusted, vocab.TLSCertificateError, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.certificate(certificate{name: "app.internal", expired: true})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
			app := b.Backend(name, config)
			h := b.middle(name, app.Addr+" ssl ca-file "+p.authority+" verify required")
			return h.all(h.before().Run().Scene())
		}),
	}
}

// chainWait are faults of time: each hop has a limit of its own, and the first
// one that ends tells the client.
func chainWait() []Fault {
	hang := backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}}
	return []Fault{
		chain("hung-inner-first", "the application hangs; HAProxy gives up first and nginx passes its 504 on", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.middle(name, app.Addr)
			h.Remember(40, b.quick)
			h.wait = "1s"
			n := h.before("proxy_read_timeout 20s;").Run().Served(3)
			app.Order(hang)
			return h.all(n.Scene())
		}),
		chain("hung-outer-first", "the application hangs; nginx gives up long before HAProxy would", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.middle(name, app.Addr)
			h.wait = "30s"
			n := h.before("proxy_read_timeout 1s;").from(h.target.listen).Remember(40, b.quick).Run().Served(3)
			app.Order(hang)
			return h.all(n.Scene())
		}).orSymptom(vocab.HTTPResponseTimeout),
		chain("timeout-outer-short", "a report takes 1.7 s, as always; HAProxy would wait, nginx does not", vocab.TimeoutTooShort, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			h := b.middle(name, app.Addr)
			h.wait = "30s"
			return h.all(h.before("proxy_read_timeout 1s;").from(h.target.listen).Remember(60, b.asAlways).Run().Scene())
		}),
		chain("timeout-inner-short", "a report takes 1.7 s, as always; nginx would wait, HAProxy does not", vocab.TimeoutTooShort, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			h := b.middle(name, app.Addr)
			h.Remember(60, b.asAlways)
			h.wait = "1s"
			return h.all(h.before("proxy_read_timeout 20s;").Run().Scene())
		}),
	}
}

// chainBetween are faults between the two gateways.
func chainBetween() []Fault {
	return []Fault{
		chain("middle-down", "HAProxy was stopped, the application behind it runs", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.middle(name, app.Addr)
			n := h.before().Run()
			time.Sleep(1100 * time.Millisecond) // logs show seconds: the application was there before the last answer
			n.Served(3)
			h.End()
			return h.all(n.Scene("haproxy was stopped with SIGTERM"))
		}),
		chain("middle-hung", "HAProxy got SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			h := b.middle(name, app.Addr)
			h.single = true
			n := h.before("proxy_read_timeout 1s;").from(h.target.listen).Remember(40, b.quick).Run().Served(3)
			h.Freeze()
			return h.all(n.Scene("haproxy got SIGSTOP"))
		}),
	}
}

func chainHealthy() []Fault {
	f := func(name, doc string, status int, start start) Fault {
		c := chain(name, doc, "", "", status, start)
		c.Healthy = true
		return c
	}
	return []Fault{
		f("healthy", "two gateways and an application that answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			h := b.middle(name, b.Backend(name, good(b.local())).Addr)
			return h.all(h.before().Run().Served(3).Scene())
		}),
		f("healthy-inverted", "nginx would give up before HAProxy, and nobody is late", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			h := b.middle(name, b.Backend(name, good(b.local())).Addr)
			h.wait = "60s"
			return h.all(h.before("proxy_read_timeout 2s;").Run().Served(3).Scene())
		}),
	}
}
