package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zone is a name server on loopback that can be told to say something else. What it
// says is replaced as a whole: there is no part of it to be changed while it answers.
type zone struct {
	address string
	says    atomic.Pointer[said]
}

// said is what a name server says.
type said struct {
	records []string
	cut     bool   // over UDP every answer is truncated
	fails   uint16 // the type of record for which every question fails
	silent  bool
}

func newZone(t *testing.T, records ...string) *zone {
	t.Helper()
	z := new(zone)
	z.set(said{records: records})
	var udp net.PacketConn
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	for range 50 { // until a port is free for both
		if err != nil {
			t.Fatal(err)
		}
		z.address = tcp.Addr().String()
		if udp, err = net.ListenPacket("udp", z.address); err == nil {
			break
		}
		tcp.Close()
		tcp, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if udp == nil {
		t.Fatal("no port is free for both UDP and TCP")
	}
	for _, s := range []*dns.Server{{PacketConn: udp, Handler: z.handler(true)}, {Listener: tcp, Handler: z.handler(false)}} {
		up, ended := make(chan struct{}), make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		go func() { defer close(ended); s.ActivateAndServe() }()
		<-up
		t.Cleanup(func() { s.Shutdown(); <-ended })
	}
	return z
}

func (z *zone) set(s said) { z.says.Store(&s) }

func (z *zone) handler(udp bool) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		now := z.says.Load()
		m := new(dns.Msg)
		m.SetReply(q)
		switch {
		case now.silent:
			return
		case now.fails == q.Question[0].Qtype:
			m.Rcode = dns.RcodeServerFailure
		case now.cut && udp:
			m.Truncated = true
		default:
			now.fill(m, q.Question[0])
		}
		w.WriteMsg(m)
	}
}

func (s *said) fill(m *dns.Msg, q dns.Question) {
	exists := false
	for _, text := range s.records {
		rr, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		if strings.EqualFold(rr.Header().Name, q.Name) {
			if exists = true; rr.Header().Rrtype == q.Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
	}
	if !exists {
		m.Rcode = dns.RcodeNameError
	}
}

// resolved returns what a pool with one server has after a look.
func resolved(t *testing.T, r Resolver, s Server) (*Names, []string, time.Duration) {
	t.Helper()
	p := New(Settings{Resolve: r.Addrs, Services: r.Services}, nil)
	t.Cleanup(p.Close)
	n := NewNames(p, func() ([]Server, error) { return []Server{s}, nil }, time.Minute)
	next, err := n.look()
	if err != nil {
		t.Fatal(err)
	}
	return n, shown(p), next
}

func shown(p *Pool) (list []string) {
	for _, e := range p.Endpoints() {
		text := e.Address
		if e.Backup {
			text += " backup"
		}
		if e.Weight != 1 {
			text += fmt.Sprintf(" ×%g", e.Weight)
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

// TestResolver asks a real name server: both families, the least TTL, aliases, an
// answer that was cut, a server that is silent beside one that answers.
func TestResolver(t *testing.T) {
	records := []string{"app.test. 7 IN A 127.0.0.1", "app.test. 5 IN AAAA ::1", "alias.test. 3 IN CNAME app.test.", "four.test. 60 IN A 127.0.0.4"}
	z, silent := newZone(t), newZone(t)
	silent.set(said{silent: true})
	name := func(host string) Server { return Server{Network: "tcp", Host: host, Port: 80, Weight: 1} }
	for _, c := range []struct {
		host, want string
		next       time.Duration
		servers    []string
		cut        bool
	}{
		{"app.test", "127.0.0.1:80 [::1]:80", 5 * time.Second, []string{z.address}, false},
		{"app.test", "127.0.0.1:80 [::1]:80", 5 * time.Second, []string{z.address}, true},
		{"app.test", "127.0.0.1:80 [::1]:80", 5 * time.Second, []string{silent.address, z.address}, false},
		{"four.test", "127.0.0.4:80", time.Minute, []string{z.address}, false},
		{"other.test", "", failedRefresh, []string{z.address}, false},
	} {
		z.set(said{records: records, cut: c.cut})
		_, got, next := resolved(t, Resolver{Servers: c.servers}, name(c.host))
		if strings.Join(got, " ") != c.want || next != c.next {
			t.Errorf("%+v: %v, again in %v", c, got, next)
		}
	}
	_, _, err := Resolver{Servers: []string{z.address}}.Addrs(context.Background(), "other.test")
	var missing *net.DNSError
	if !errors.As(err, &missing) || !missing.IsNotFound {
		t.Errorf("a name that is not there: %v", err)
	}
}

// TestServices follows SRV records: priorities make backups, weights weigh, a target
// without an address takes nothing away.
func TestServices(t *testing.T) {
	records := []string{"_http._tcp.app.test. 20 IN SRV 10 3 8080 one.test.", "_http._tcp.app.test. 20 IN SRV 10 0 8081 two.test.", "_http._tcp.app.test. 20 IN SRV 20 0 8082 one.test.",
		"one.test. 60 IN A 127.0.0.1", "two.test. 9 IN A 127.0.0.2", "two.test. 9 IN AAAA ::1"}
	z := newZone(t, records...)
	n, got, next := resolved(t, Resolver{Servers: []string{z.address}}, Server{Network: "tcp", SRV: "_http._tcp.app.test", Weight: 1})
	all := "127.0.0.1:8080 ×3|127.0.0.1:8082 backup|127.0.0.2:8081|[::1]:8081"
	if strings.Join(got, "|") != all || next != 9*time.Second {
		t.Errorf("%q, again in %v", got, next)
	}
	z.set(said{records: records[:4]}) // the second target has lost its address
	n.look()
	if got := shown(n.pool); strings.Join(got, "|") != all || n.Err() == nil {
		t.Errorf("%q, %v", got, n.Err())
	}
	z.set(said{records: []string{records[0], records[3]}})
	n.look()
	if got := shown(n.pool); strings.Join(got, "|") != "127.0.0.1:8080 ×3" || n.Err() != nil {
		t.Errorf("%q, %v", got, n.Err())
	}
	z.set(said{}) // no such service: what worked stays
	n.look()
	if got := shown(n.pool); len(got) != 1 || n.Err() == nil {
		t.Errorf("%q, %v", got, n.Err())
	}
	_, got, _ = resolved(t, Resolver{Servers: []string{newZone(t, records[:4]...).address}}, Server{Network: "tcp", SRV: "_http._tcp.app.test", Weight: 1})
	if strings.Join(got, "|") != "127.0.0.1:8080 ×3|127.0.0.1:8082 backup" {
		t.Errorf("one of two targets resolves at the start: %q", got)
	}
}

// TestOneFamilyFails: only an answer takes addresses away, and each family has its own.
func TestOneFamilyFails(t *testing.T) {
	z := newZone(t, "app.test. 60 IN A 127.0.0.1", "app.test. 60 IN AAAA ::1")
	n, got, _ := resolved(t, Resolver{Servers: []string{z.address}}, Server{Network: "tcp", Host: "app.test", Port: 80, Weight: 1})
	has := func(want string) {
		t.Helper()
		if strings.Join(got, " ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	has("127.0.0.1:80 [::1]:80")
	again := func(fails uint16, records ...string) (next time.Duration) {
		z.set(said{records: records, fails: fails})
		next, _ = n.look()
		got = shown(n.pool)
		return next
	}
	next := again(dns.TypeAAAA, "app.test. 60 IN A 127.0.0.2", "app.test. 60 IN AAAA ::2")
	has("127.0.0.2:80 [::1]:80")
	if next != failedRefresh || n.Err() == nil {
		t.Errorf("asked again in %v, the failure told: %v", next, n.Err())
	}
	again(dns.TypeA, "app.test. 60 IN A 127.0.0.3", "app.test. 60 IN AAAA ::2")
	has("127.0.0.2:80 [::2]:80")
	if again(0, "app.test. 60 IN A 127.0.0.3"); n.Err() != nil {
		t.Error(n.Err())
	}
	has("127.0.0.3:80")
}
