package dns

import (
	"errors"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestHosts(t *testing.T) {
	file := []byte("127.0.0.1 localhost\n::1 localhost ip6-localhost # api.internal\n10.0.0.7\tapi.internal API\n" +
		"bad api\n10.0.0.8 api\n10.0.0.7 api.internal\n\n#10.0.0.9 api\nfe80::1%eth0 link\n10.1.1.1 last")
	for name, want := range map[string]string{
		"localhost": "127.0.0.1 ::1", "api.internal": "10.0.0.7", "API": "10.0.0.7 10.0.0.8", "api.internal.": "10.0.0.7",
		"link": "fe80::1%eth0", "last": "10.1.1.1", "none": "", "": "", "127.0.0.1": "",
	} {
		var got []string
		for _, a := range Hosts(file, name) {
			got = append(got, a.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %q", name, got, want)
		}
	}
}

func TestResolvConf(t *testing.T) {
	got := ParseResolvConf([]byte("; old\nnameserver 10.0.0.2\nnameserver 2001:db8::1\nnameserver fe80::1%eth0\nnameserver 10.0.0.9\n" +
		"domain first.example\nsearch a.example b.example.\noptions ndots:5 timeout:1 attempts:9 rotate unknown:x\n# nameserver 1.1.1.1\nnameserver\n"))
	want := ResolvConf{
		Servers: []string{"10.0.0.2:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53"}, Search: []string{"a.example", "b.example"},
		Ndots: 5, Timeout: time.Second, Attempts: 5, Rotate: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read  %+v\nwant %+v", got, want)
	}
	if got := ParseResolvConf(nil); len(got.Servers) != 1 || got.Servers[0] != "127.0.0.1:53" || got.Ndots != 1 {
		t.Errorf("an empty file: %+v", got)
	}
}

func TestCandidates(t *testing.T) {
	c := ResolvConf{Search: []string{"ns.svc.cluster.local", "cluster.local"}, Ndots: 2}
	for name, want := range map[string]string{
		"api":       "api.ns.svc.cluster.local. api.cluster.local. api.",
		"api.other": "api.other.ns.svc.cluster.local. api.other.cluster.local. api.other.",
		"a.b.c":     "a.b.c. a.b.c.ns.svc.cluster.local. a.b.c.cluster.local.",
		"api.":      "api.",
	} {
		if got := strings.Join(c.Candidates(name), " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// reply packs an answer to the question for name.
func reply(t testing.TB, id uint16, name string, qtype Type, rcode int, records ...string) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, uint16(qtype))
	m.Id, m.Response, m.Rcode = id, true, rcode
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnswer(t *testing.T) {
	b := reply(t, 7, "www.example.", A, dns.RcodeSuccess,
		"www.example. 300 IN CNAME lb.example.", "lb.example. 20 IN CNAME x.cdn.example.",
		"x.cdn.example. 60 IN A 192.0.2.1", "x.cdn.example. 60 IN A 192.0.2.2", "other.example. 60 IN A 192.0.2.3", "x.cdn.example. 60 IN AAAA 2001:db8::1")
	a, err := ParseAnswer(b, 7, "WWW.example.", A)
	if err != nil {
		t.Fatal(err)
	}
	want := Answer{Rcode: "NOERROR", CNAMEs: []string{"lb.example.", "x.cdn.example."},
		Records: []Record{{netip.MustParseAddr("192.0.2.1"), 20}, {netip.MustParseAddr("192.0.2.2"), 20}}}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("read  %+v\nwant %+v", a, want)
	}
	for _, c := range []struct {
		id   uint16
		name string
		t    Type
	}{{8, "www.example.", A}, {7, "example.", A}, {7, "www.example.", AAAA}} {
		if _, err := ParseAnswer(b, c.id, c.name, c.t); !errors.Is(err, ErrOther) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if a, err := ParseAnswer(reply(t, 7, "x.", A, dns.RcodeNameError), 7, "x.", A); err != nil || a.Rcode != "NXDOMAIN" {
		t.Errorf("%+v, %v", a, err)
	}
	b = reply(t, 7, "_http._tcp.app.", SRV, 0, "_http._tcp.app. 30 IN CNAME s.app.", "s.app. 60 IN SRV 10 5 8080 one.app.", "s.app. 20 IN A 192.0.2.1")
	if a, err := ParseAnswer(b, 7, "_http._tcp.app.", SRV); err != nil || !reflect.DeepEqual(a.Services, []Service{{"one.app.", 8080, 10, 5, 30}}) || len(a.Records) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	loop := reply(t, 7, "a.", A, 0, "a. 1 IN CNAME b.", "b. 1 IN CNAME a.")
	if a, err := ParseAnswer(loop, 7, "a.", A); err != nil || len(a.CNAMEs) != maxChain || len(a.Records) != 0 {
		t.Errorf("a loop: %+v, %v", a, err)
	}
}

func TestQuestion(t *testing.T) {
	b, err := Question(3, "api.example.", AAAA)
	m := new(dns.Msg)
	if err != nil || m.Unpack(b) != nil || m.Question[0].Name != "api.example." || m.Question[0].Qtype != dns.TypeAAAA || !m.RecursionDesired {
		t.Errorf("%v, %v", m, err)
	}
	for _, bad := range []string{"", "relative", strings.Repeat("x", 70) + ".", "a..b."} {
		if _, err := Question(3, bad, A); err == nil {
			t.Errorf("%q was asked for", bad)
		}
	}
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte("127.0.0.1 localhost\n"), "localhost")
	f.Add([]byte("nameserver 1.1.1.1\nsearch a b\noptions ndots:3\n;x"), "a.b")
	f.Fuzz(func(t *testing.T, file []byte, name string) {
		if got := Hosts(file, name); len(got) > maxAddresses {
			t.Fatalf("%d addresses", len(got))
		}
		c := ParseResolvConf(file)
		if len(c.Servers) == 0 || len(c.Servers) > maxServers || len(c.Search) > maxSearch || c.Timeout <= 0 || c.Attempts <= 0 {
			t.Fatalf("%+v", c)
		}
		for _, s := range c.Servers {
			if _, _, err := net.SplitHostPort(s); err != nil {
				t.Fatal(err)
			}
		}
		if len(c.Candidates(name)) == 0 {
			t.Fatal("no candidate")
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(reply(f, 7, "a.", A, 0, "a. 1 IN CNAME b.", "b. 1 IN A 192.0.2.1"))
	f.Add(reply(f, 7, "a.", A, 3))
	f.Add([]byte{0, 7, 0x80, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAnswer(b, 7, "a.", A)
		if err == nil && (len(a.Records) > maxAddresses || a.Rcode == "") {
			t.Fatalf("%+v", a)
		}
	})
}
