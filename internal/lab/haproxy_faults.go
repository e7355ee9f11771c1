package lab

import (
	"fmt"
	"path/filepath"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// haproxyFaults are the faults behind HAProxy.
func haproxyFaults() []Fault {
	faults := behind("haproxy", []string{"haproxy"}, haDown(), haWait(), haSpeak(), haTLS(), haBalance(), haAnswer(), haNetwork())
	return append(withNewer("haproxy", faults), withNewer("haproxy", behind("haproxy", []string{"haproxy"}, haHealthy()))...)
}

// haproxy lays out an HAProxy that is as it is by default but for what is set.
func haproxy(set ...func(*HAProxy)) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		h := b.HAProxy(b.haSite(app, servers...))
		for _, f := range set {
			f(h)
		}
		return h.Gateway
	}
}

// server puts words behind the address of every server.
func server(words string) func(*HAProxy) {
	return func(h *HAProxy) {
		for i := range h.target.servers {
			h.target.servers[i] += " " + words
		}
	}
}

// backLines are further lines of the target's backend.
func backLines(lines string) func(*HAProxy) { return func(h *HAProxy) { h.target.back = lines } }

// aSecond is how long it waits for an answer.
func aSecond(h *HAProxy) { h.wait = "1s" }

// logged has it log where the operator finds it.
func logged(h *HAProxy) {
	if h.way == toNobody {
		h.way = toFile
	}
}

// administered opens the runtime socket.
func administered(h *HAProxy) { h.socket = filepath.Join(h.dir, "admin.sock") }

func haDown() []Fault {
	h := haproxy()
	return []Fault{
		neverStarted(h).status(503),
		stopped(h).status(503),
		bothStopped(func(b *Bench, app string, servers ...string) *Gateway {
			return haproxy(server(pick(b, "check inter 200ms fall 2", "check inter 300ms fall 1")))(b, app, servers...)
		}),
		otherPort(h, "the application listens on another port than the server line says").status(503),
		localhostV6(h, "the server line leads to [::1], the application listens on 127.0.0.1 only").status(503),
		crashed(haproxy((*HAProxy).remembers)).orSymptom(vocab.ConnectionTerminated).status(503),
		closedSocket(h).status(503),
	}
}

func haWait() []Fault {
	remembers := haproxy((*HAProxy).remembers, aSecond)
	return []Fault{
		frozen(haproxy(aSecond)),
		neverAnswers(remembers),
		fault("hung-body", "the application sends the beginning of its answer and falls silent", vocab.UpstreamHung, vocab.HTTPResponseIncomplete, 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			g := remembers(b, name, app.Addr).Run().Served(3)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "stall"}}})
			g.Get(3) // as often as clients must have left for it to be worth a word
			return g.Scene()
		}).also(vocab.TruncatedResponse),
		gotSlow(haproxy((*HAProxy).remembers, func(h *HAProxy) { h.wait = pick(h.b, "1s", "1000") }), "timeout server"),
		tooShort(remembers, "timeout server"),
	}
}

func haSpeak() []Fault {
	h := haproxy()
	return []Fault{
		toHTTPS(h, "the server line lacks ssl, the Node application speaks TLS"),
		toHTTP(haproxy(server("ssl verify none")), "the server line says ssl, the application speaks plain HTTP").status(503),
		toProxyProtocol(h, "the application demands a PROXY header, the server line lacks send-proxy"),
		toPHP(h, "the server line leads to php-fpm"),
	}
}

func haTLS() []Fault {
	with := func(words string) func(pair) layout {
		return func(p pair) layout { return haproxy(server("ssl ca-file " + p.authority + " " + words)) }
	}
	return []Fault{
		untrusted("self-signed", "the server's certificate is signed by itself", certificate{name: "app.internal", alone: true}, with("verify required")).status(503),
		untrusted("expired", "the server's certificate expired yesterday", certificate{name: "app.internal", expired: true}, with("verify required sni str(app.internal)")).status(503),
		untrusted("name", "the server's certificate is for another name", certificate{name: "old.internal"}, with("verify required verifyhost app.internal")).status(503),
		handshake("sni", "the server demands a server name, and none is sent", demandName, with("verify none")).status(503),
	}
}

// checks are health checks with further lines of the backend.
func checks(lines string) layout {
	return haproxy(server("check inter 200ms fall 2"), backLines(lines))
}

func haBalance() []Fault {
	return append(checkedWrong(checks("option httpchk GET /healthz"), checks("option httpchk\nhttp-check send meth GET uri /up\nhttp-check expect status 204")),
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
			administered(h)
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
		fault("queue-full", "the server may have one connection, and a slow request has it", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, full(haproxy(oneConnection))),
		oneDead(haproxy((*HAProxy).remembers, func(h *HAProxy) { h.retries = 0 })).says("one of three servers is dead, without checks, and nothing is tried twice").status(503),
	)
}

// oneConnection is all that a server may have.
func oneConnection(h *HAProxy) {
	server("maxconn 1")(h)
	h.target.back = "timeout queue 500ms\ntimeout server 600s"
}

func haAnswer() []Fault {
	h := haproxy()
	return append([]Fault{
		emptyClose(h), emptyReset(h), badHeader(h), garbage(h), shortBody(h),
		halfHeader(h).orSymptom(vocab.HTTPProtocolError), // SH of 2.6, PH of 3.0
		bigHeader(haproxy(func(h *HAProxy) { h.globals = "tune.bufsize 8192" }), 9000, "the application sends 9 KB of cookies, tune.bufsize is 8192").orSymptom(vocab.HTTPProtocolError),
	}, appErrors(h)...)
}

func haNetwork() []Fault {
	return []Fault{
		filtered(haproxy(func(h *HAProxy) { h.connect, h.retries = "1s", 0 })).status(503),
		staleHosts(haproxy(administered), "the server's name was looked up when HAProxy started; /etc/hosts has changed since").status(503),
		noRoute(haproxy()).status(503),
	}
}

// haHealthy are logged: without a log nothing is known of the time before.
func haHealthy() []Fault {
	return append(allWell(haproxy(logged), " and timeout server is 10 s"),
		well(haproxy(logged, func(h *HAProxy) {
			server("check inter 200ms")(h)
			h.target.servers = append(h.target.servers, "127.0.0.1:1 check inter 200ms fall 1 backup")
		}), "checked", "the server is checked, and a second one is down", backend.Route{}),
		trusted("the server speaks TLS and its certificate verifies", func(p pair) layout {
			return haproxy(server("ssl verify required ca-file "+p.authority+" sni str(app.internal)"), func(h *HAProxy) {
				if h.way == toNobody {
					h.way = toSyslog
				}
			})
		}),
	)
}
