package lab

import (
	"fmt"
	"slices"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// surpriseFaults are those in which a gateway does what people do not expect of
// it: another status than its neighbour gives, a success that is none, silence.
func surpriseFaults() []Fault {
	var all []Fault
	for _, group := range [][]Fault{surprisingNginx(), surprisingApache(), apacheAJP(), surprisingHAProxy(), tomcatFaults(), pumaFaults()} {
		all = append(all, group...)
	}
	return all
}

// surprisingNginx is where the kernel gives up before nginx does: the same errno
// as on nginx's own timer, and another status (502, not 504).
func surprisingNginx() []Fault {
	return []Fault{{
		Name: "filtered-kernel-timeout", Doc: "a firewall drops, and the kernel gives up connecting before proxy_connect_timeout is over: 502, not 504",
		Cause: vocab.Filtered, Symptom: vocab.ConnectionTimeout, Status: 502, Needs: []string{"nginx", "netns", "nft"},
		Start: func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0
			app := b.Backend(name, config)
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
			// One repetition, after a second: the same end, sooner than after 127 s
			// (ip-sysctl, tcp_syn_retries).
			b.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_syn_retries")
			b.drop(app.Addr)
			return n.Scene("nft drops what goes to the application's port")
		},
	}}
}

// drop has the scene's machine drop what goes to an address of its own.
func (b *Bench) drop(address string) {
	b.run("nft", "add table inet filter")
	b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
	b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d drop", port(address)))
}

// surprisingApache is what Apache takes for an answer, and what it does not write
// about.
func surprisingApache() []Fault {
	all := []Fault{
		// ap_proxy_http_process_response (modules/proxy/mod_proxy_http.c) takes what
		// does not begin with "HTTP/" for HTTP/0.9: 200, and no line.
		{Name: "invalid-banner", Doc: "the answer is a line of another protocol; Apache passes it on with status 200 and writes nothing", Cause: vocab.InvalidResponse, Status: 200,
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, does(b.local(), "banner"))
				return b.Apache(b.httpSite(name, app.Addr, pick(b, "", "retry=0"))).Run().Scene()
			}},
		{Name: "invalid-garbage", Doc: "the answer is no HTTP at all and begins with a NUL", Cause: vocab.InvalidResponse, Symptom: vocab.HTTPProtocolError, Status: 502, OrSymptom: []vocab.Symptom{vocab.ConnectionTerminated},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, does(b.local(), "garbage"))
				return b.Apache(b.httpSite(name, app.Addr, pick(b, "", "retry=0"))).Run().Scene()
			}},
		{Name: "hung-uwsgi", Doc: "uwsgi's only worker hangs; Apache answers 500 and writes nothing", Cause: vocab.UpstreamHung, Status: 500, Needs: []string{"uwsgi"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.UWSGI(name, b.local(), "if path != '/healthz':\n    time.sleep(600)\nreturn ok()\n")
				return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("uwsgi", app.Addr), "timeout=1")).Run().Scene("the worker never comes back")
			}},
		// An HTTP server takes the packet for a bad request, and a script's header is
		// what its answer looks like.
		{Name: "mismatch-uwsgi-to-http", Doc: "ProxyPass uwsgi:// leads to an HTTP application, whose 400 is passed on", Cause: vocab.ProtocolMismatch, Status: 400,
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Node(name, b.local(), "res.end('ok\\n');")
				return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("uwsgi", app.Addr), "timeout=2")).Run().Scene()
			}, Needs: []string{"node"}},
	}
	return behind("apache", []string{"apache2"}, all)
}

func (f *Fault) asApache() {
	f.Gateway, f.Name, f.Needs = "apache", "apache-"+f.Name, append([]string{"apache2"}, f.Needs...)
}

// ajpSite is a site in front of an AJP server, with mod_proxy_ajp loaded.
func (b *Bench) ajpSite(name, address, params string, extra ...string) *Apache {
	a := b.Apache(b.ApacheSite(name).proxied(b, apacheURL("ajp", address), params, extra...))
	a.modules = append(slices.Clone(a.modules), "proxy_ajp")
	return a
}

func apacheAJP() []Fault {
	all := []Fault{
		{Name: "ajp-down", Doc: "nothing has ever listened at the target of ProxyPass ajp://", Cause: vocab.UpstreamDown, Symptom: vocab.ConnectionRefused, Status: 503,
			Start: func(b *Bench) (Scene, error) {
				return b.ajpSite(b.Name(), b.local(), pick(b, "", "retry=0")).Run().Scene()
			}},
		{Name: "ajp-to-http", Doc: "ProxyPass ajp:// leads to an HTTP application", Cause: vocab.ProtocolMismatch, Symptom: vocab.HTTPProtocolError, Status: 503, Needs: []string{"node"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Node(name, b.local(), "res.end('ok\\n');")
				return b.ajpSite(name, app.Addr, pick(b, "", "retry=0")).Run().Scene()
			}},
		{Name: "ajp-hung", Doc: "the AJP server has been stopped by SIGSTOP; the kernel still accepts for it", Cause: vocab.UpstreamHung, Symptom: vocab.ConnectionReadTimeout, Status: 503,
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Routes: []backend.Route{{Path: "/"}}})
				a := b.ajpSite(name, app.Addr, "retry=0 timeout=1").Run()
				app.Freeze()
				return a.Scene(name + " got SIGSTOP")
			}},
	}
	return behind("apache", []string{"apache2"}, all)
}

// surprisingHAProxy is what HAProxy's log says differently than people expect.
func surprisingHAProxy() []Fault {
	return behind("haproxy", []string{"haproxy"}, []Fault{
		fault("killed-gunicorn", "gunicorn kills its worker after --timeout: HAProxy's SH looks like a crash", vocab.WorkerKilled, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "time.sleep(60)\nreturn ok(start)\n", "--timeout", "1", "--preload")
			h := b.HAProxy(b.haSite(name, app.Addr))
			if h.way == toNobody {
				h.way = toFile
			}
			return h.Run().Scene("requests take a minute, gunicorn allows a second")
		}).needs("gunicorn"),
		fault("down-logged-checks", "both servers were stopped; with option log-health-checks \"is DOWN\" gives no reason, the line before it does", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			s := b.haSite(name, one.Addr+" check inter 200ms fall 2", two.Addr+" check inter 200ms fall 2")
			s.back = "option log-health-checks\n"
			h := b.HAProxy(s)
			if h.way == toNobody {
				h.way = toSyslog
			}
			h.Run().Served(3)
			one.End()
			two.End()
			return h.down().Scene()
		}).also(vocab.NoHealthyUpstream),
		fault("format-down", "the application was stopped; the log has a format of its own", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.haSite(name, app.Addr)
			s.front = pick(b, `log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %{+Q}r"`, `log-format "client=%ci t=%T front=%ft backend=%b server=%s status=%ST tc=%Tc tr=%Tr ended: %tsc path=%HP"`) + "\n"
			h := b.HAProxy(s)
			h.plain()
			if h.way == toNobody {
				h.way = toFile
			}
			h.Run().Served(3)
			app.End()
			return h.Scene()
		}),
		fault("queue-silent", "the server may have one connection and a slow request has it; nothing is logged on this host and there is no socket", vocab.ConnectionsExhausted, vocab.ConnectionLimitReached, 503, full(haproxy(oneConnection, func(h *HAProxy) { h.way, h.socket = toNobody, "" }))),
	})
}
