package probe

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// zone answers A and AAAA from a map "name TYPE" to records; "!" is a status, "-"
// no answer at all.
type zone map[string][]string

func (z zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	key := strings.ToLower(q.Question[0].Name) + " " + dns.TypeToString[q.Question[0].Qtype]
	records, ok := z[key]
	if _, other := z[strings.ToLower(q.Question[0].Name)+" A"]; !ok && !other {
		m.Rcode = dns.RcodeNameError
	}
	for _, r := range records {
		switch {
		case r == "-":
			return
		case strings.HasPrefix(r, "!"):
			m.Rcode = dns.StringToRcode[r[1:]]
		case r == "big":
			if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
				m.Truncated = true
			}
		case r == "other id":
			stray := m.Copy()
			stray.Id++
			w.WriteMsg(stray)
		default:
			rr, err := dns.NewRR(r)
			if err != nil {
				panic("BUG: " + err.Error())
			}
			m.Answer = append(m.Answer, rr)
		}
	}
	if m.Truncated {
		m.Answer = nil
	}
	w.WriteMsg(m)
}

// nameServer serves z over UDP and TCP on one port.
func nameServer(t testing.TB, z zone) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		l.Close()
		t.Skipf("the port of TCP is taken for UDP: %v", err)
	}
	for _, s := range []*dns.Server{{Listener: l, Handler: z}, {PacketConn: pc, Handler: z}} {
		up, done := make(chan struct{}), make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		go func() { defer close(done); s.ActivateAndServe() }()
		<-up
		t.Cleanup(func() { s.Shutdown(); <-done })
	}
	return l.Addr().String()
}

func outcome(r Resolution) string {
	var words []string
	for _, a := range r.Addresses {
		words = append(words, a.IP)
	}
	if r.Missing {
		words = append(words, "missing")
	}
	return strings.Join(words, " ")
}

func TestResolve(t *testing.T) {
	good := nameServer(t, zone{
		"api.internal. A":       {"api.internal. 30 IN CNAME lb.internal.", "lb.internal. 60 IN A 10.0.0.7", "lb.internal. 60 IN A 10.0.0.8"},
		"api.internal. AAAA":    {"api.internal. 30 IN CNAME lb.internal.", "lb.internal. 60 IN AAAA 2001:db8::7"},
		"app.ns.example. A":     {"app.ns.example. 5 IN A 10.0.0.9"},
		"four.internal. A":      {"four.internal. 5 IN A 10.0.0.4"},
		"many.internal. A":      {"big", "many.internal. 5 IN A 10.0.0.5"},
		"stray.internal. A":     {"other id", "stray.internal. 5 IN A 10.0.0.6"},
		"broken.internal. A":    {"!SERVFAIL"},
		"broken.internal. AAAA": {"!SERVFAIL"},
	})
	refuses := nameServer(t, zone{"api.internal. A": {"!REFUSED"}, "api.internal. AAAA": {"!REFUSED"}})
	silent := nameServer(t, zone{"api.internal. A": {"-"}, "api.internal. AAAA": {"-"}})
	nobody := port(t)
	conf := []byte("nameserver 192.0.2.53\nsearch ns.example example\noptions ndots:1\n")
	at := func(servers ...string) topo.Resolver {
		return topo.Resolver{Servers: servers, V4: true, V6: true, Timeout: 0.3}
	}
	start := func(r topo.Resolver) topo.Resolver { r.AtStart = true; return r }
	four := at(good)
	four.V6 = false
	for _, c := range []struct {
		name string
		l    Lookup
		want string
		from string
		asks string // outcomes
	}{
		{"run time", Lookup{Name: "api.internal", Resolver: at(good)}, "10.0.0.7 10.0.0.8 2001:db8::7", "dns", "NOERROR NOERROR"},
		{"IPv4 only", Lookup{Name: "api.internal", Resolver: four}, "10.0.0.7 10.0.0.8", "dns", "NOERROR"},
		{"run time reads no hosts file", Lookup{Name: "app", Resolver: at(good), Hosts: []byte("10.9.9.9 app"), ResolvConf: conf}, "missing", "", "NXDOMAIN NXDOMAIN"},
		{"at start the hosts file comes first", Lookup{Name: "app", Resolver: start(at(good)), Hosts: []byte("10.9.9.9 app"), ResolvConf: conf}, "10.9.9.9", "hosts", ""},
		{"at start the search list is used", Lookup{Name: "app", Resolver: start(at(good)), ResolvConf: conf}, "10.0.0.9", "dns", "NOERROR NOERROR"},
		{"at start a dotted name goes first as it is", Lookup{Name: "api.internal", Resolver: start(at(good)), ResolvConf: conf}, "10.0.0.7 10.0.0.8 2001:db8::7", "dns", "NOERROR NOERROR"},
		{"no such name", Lookup{Name: "none.internal", Resolver: at(good)}, "missing", "", "NXDOMAIN NXDOMAIN"},
		{"no such name at start", Lookup{Name: "none", Resolver: start(at(good)), ResolvConf: conf}, "missing", "", "NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN"},
		{"no address of the other family", Lookup{Name: "four.internal", Resolver: at(good)}, "10.0.0.4", "dns", "NOERROR NOERROR"},
		{"truncated", Lookup{Name: "many.internal", Resolver: four}, "10.0.0.5", "dns", "NOERROR"},
		{"a stray answer first", Lookup{Name: "stray.internal", Resolver: four}, "10.0.0.6", "dns", "NOERROR"},
		{"server failure", Lookup{Name: "broken.internal", Resolver: at(good)}, "", "", "SERVFAIL SERVFAIL"},
		{"refused by the server", Lookup{Name: "api.internal", Resolver: at(refuses)}, "", "", "REFUSED REFUSED"},
		{"nobody there", Lookup{Name: "api.internal", Resolver: at(nobody)}, "", "", "refused refused"},
		{"silent", Lookup{Name: "api.internal", Resolver: at(silent)}, "", "", "timeout timeout"},
		{"every server is asked at run time", Lookup{Name: "api.internal", Resolver: at(nobody, good)}, "10.0.0.7 10.0.0.8 2001:db8::7", "dns", "refused refused NOERROR NOERROR"},
		{"at start the next server helps", Lookup{Name: "api.internal", Resolver: start(at(nobody, good)), ResolvConf: conf}, "10.0.0.7 10.0.0.8 2001:db8::7", "dns", "refused refused NOERROR NOERROR"},
		{"no server", Lookup{Name: "api.internal", Resolver: at()}, "", "", ""},
		{"a literal", Lookup{Name: "[::1]", Resolver: at(good)}, "::1", "literal", ""},
		{"no name", Lookup{Name: "a..b", Resolver: at(good)}, "", "", "error error"},
		{"a budget", Lookup{Name: "none", Resolver: start(at(good)), ResolvConf: conf, Queries: 3}, "", "", "NXDOMAIN NXDOMAIN NXDOMAIN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Resolve(t.Context(), direct, c.l)
			var asks []string
			for _, q := range r.Asked {
				asks = append(asks, q.Outcome)
			}
			if got := outcome(r); got != c.want || r.From != c.from || strings.Join(asks, " ") != c.asks {
				t.Errorf("%q from %q, asked %v: %s", got, r.From, asks, r.Problem)
			}
			if (len(r.Addresses) == 0) != (r.Problem != "") {
				t.Errorf("problem %q", r.Problem)
			}
			if c.name == "truncated" && !r.Asked[0].TCP {
				t.Error("TCP was not used")
			}
			if c.name == "run time" && (len(r.CNAMEs) != 1 || r.Addresses[0].TTL != 30 || r.Addresses[0].Via != good) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestResolveKeepsTheDeadline(t *testing.T) {
	silent := nameServer(t, zone{"a. A": {"-"}, "a. AAAA": {"-"}})
	started := time.Now()
	r := Resolve(t.Context(), direct, Lookup{Name: "a", Resolver: topo.Resolver{Servers: []string{silent, silent, silent}, V4: true, Timeout: 0.05}})
	if time.Since(started) > 10*time.Second || len(r.Asked) != 3 || r.Missing {
		t.Errorf("%+v", r)
	}
}
