package gateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/pair/pairtest"
)

// nameServer serves records on loopback, which the test may change.
func nameServer(t *testing.T, records ...string) (address string, set func(records ...string)) {
	t.Helper()
	in, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	up, ended := make(chan struct{}), make(chan struct{})
	s := &dns.Server{PacketConn: in, NotifyStartedFunc: func() { close(up) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		mu.Lock()
		defer mu.Unlock()
		m := new(dns.Msg)
		m.SetReply(q)
		for _, text := range records {
			if rr, err := dns.NewRR(text); err == nil && rr.Header().Name == q.Question[0].Name && rr.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		w.WriteMsg(m)
	})}
	go func() { defer close(ended); s.ActivateAndServe() }()
	<-up
	t.Cleanup(func() { s.Shutdown(); <-ended })
	return in.LocalAddr().String(), func(now ...string) { mu.Lock(); records = now; mu.Unlock() }
}

// named is an HTTP server that says its name, on an address of its own.
func named(t *testing.T, address, name string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", address, err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) })}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// answersOf asks until every name of want has answered and nobody else does any
// more: a change is seen within a moment, by its TTL.
func (s *site) answersOf(want ...string) {
	s.t.Helper()
	var got []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		got = nil
		for range 40 {
			code, body, _ := s.ask("GET", "/", "")
			if code != 200 {
				s.t.Fatalf("%d %q", code, body)
			}
			if !slices.Contains(got, body) {
				got = append(got, body)
			}
		}
		if slices.Sort(got); slices.Equal(got, want) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Errorf("%q answer, want %q", got, want)
}

// TestAddressesFollowTheName: both families are used, and a change of the address is
// followed without a request that fails.
func TestAddressesFollowTheName(t *testing.T) {
	t.Parallel() // it waits for clocks
	port := named(t, "127.0.0.2:0", "four")
	named(t, fmt.Sprintf("[::1]:%d", port), "six")
	named(t, fmt.Sprintf("127.0.0.3:%d", port), "other")
	ns, set := nameServer(t, "app.test. 1 IN A 127.0.0.2", "app.test. 1 IN AAAA ::1")
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Servers, u.Resolver = []config.Server{{URL: fmt.Sprintf("http://app.test:%d", port)}}, []string{ns}
	}))
	s.answersOf("four", "six")
	set("app.test. 1 IN A 127.0.0.3")
	s.answersOf("other")
	set() // no answer takes nothing away
	time.Sleep(1200 * time.Millisecond)
	s.answersOf("other")
}

// TestServices: servers come and go with SRV records.
func TestServices(t *testing.T) {
	t.Parallel() // it waits for clocks
	a, b := named(t, "127.0.0.1:0", "a"), named(t, "127.0.0.1:0", "b")
	srv := func(priority, port int) string {
		return fmt.Sprintf("_http._tcp.app.test. 1 IN SRV %d 1 %d host.test.", priority, port)
	}
	ns, set := nameServer(t, srv(1, a), srv(2, b), "host.test. 1 IN A 127.0.0.1")
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Servers, u.Resolver = []config.Server{{URL: "srv:_http._tcp.app.test"}}, []string{ns}
	}))
	s.answersOf("a") // b is for when a is away
	set(srv(1, a), srv(1, b), "host.test. 1 IN A 127.0.0.1")
	s.answersOf("a", "b")
	set(srv(1, b), "host.test. 1 IN A 127.0.0.1")
	s.answersOf("b")
}

// TestServersFile: what an autoscaler writes is used, and a file that cannot be
// read takes nothing away.
func TestServersFile(t *testing.T) {
	t.Parallel() // it waits for clocks
	a, b := named(t, "127.0.0.1:0", "a"), named(t, "127.0.0.1:0", "b")
	file := filepath.Join(t.TempDir(), "servers")
	write := func(text string) {
		// As tools do that must not be seen half-way: a new file takes the place.
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf("# made by the autoscaler\nhttp://127.0.0.1:%d\n", a))
	s := newSite(t, upstreamOf(func(u *config.Upstream) { u.Servers, u.File = nil, file }))
	s.answersOf("a")
	write(fmt.Sprintf("127.0.0.1:%d\n127.0.0.1:%d # new\n", a, b))
	s.answersOf("a", "b")
	write("this is no server: at all\n")
	time.Sleep(1500 * time.Millisecond)
	s.answersOf("a", "b")
	os.Remove(file)
	time.Sleep(1500 * time.Millisecond)
	s.answersOf("a", "b")
	write(fmt.Sprintf("127.0.0.1:%d\n", b))
	s.answersOf("b")
}

// TestClientCertificate: a server that demands a certificate gets the one that is
// configured, and says why it refuses where there is none.
func TestClientCertificate(t *testing.T) {
	cert, key, parsed := pairtest.Write(t, t.TempDir(), 7)
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "serial %v", r.TLS.PeerCertificates[0].SerialNumber)
	}))
	app.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	app.TLS.ClientCAs.AddCert(parsed)
	app.StartTLS()
	defer app.Close()
	for _, c := range []struct {
		tls  config.TLS
		code int
		want string
	}{
		{config.TLS{Insecure: true, Cert: cert, Key: key}, 200, "serial 7"},
		// With TLS 1.3 the refusal comes after the handshake, and after the request.
		{config.TLS{Insecure: true}, 502, "tls_alert_received"},
	} {
		s := newSite(t, upstreamOf(func(u *config.Upstream) {
			u.Protocol, u.TLS, u.Servers = "https", &c.tls, []config.Server{{URL: "https://" + app.Listener.Addr().String()}}
		}))
		code, body, h := s.ask("GET", "/", "")
		if code != c.code || !strings.Contains(body+h.Get("Proxy-Status"), c.want) {
			t.Errorf("%d %q %v", code, body, h)
		}
	}
}

// TestClientCertificateIsRenewed: servers see the certificate that stands in the files
// now, and no session brings the old one back.
func TestClientCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	cert, key, old := pairtest.Write(t, dir, 7)
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprintf(w, "%v resumed %v", r.TLS.PeerCertificates[0].SerialNumber, r.TLS.DidResume)
	}))
	app.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	app.TLS.ClientCAs.AddCert(old)
	other := t.TempDir()
	newCert, newKey, renewed := pairtest.Write(t, other, 8)
	app.TLS.ClientCAs.AddCert(renewed)
	app.StartTLS()
	defer app.Close()
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Protocol, u.TLS, u.Servers = "https", &config.TLS{Insecure: true, Cert: cert, Key: key}, []config.Server{{URL: "https://" + app.Listener.Addr().String()}}
	}))
	says := func(want string) {
		t.Helper()
		if code, body, _ := s.ask("GET", "/", ""); code != 200 || body != want {
			t.Errorf("%d %q, want %q", code, body, want)
		}
	}
	says("7 resumed false")
	says("7 resumed true")
	if err := os.Rename(newCert, cert); err != nil {
		t.Fatal(err)
	}
	says("7 resumed true") // the key is still the old one
	if err := os.Rename(newKey, key); err != nil {
		t.Fatal(err)
	}
	says("8 resumed false")
	says("8 resumed true")
}

// TestAuthoritiesAreFollowed: who vouches for servers stands in the file as it is now,
// and no session goes on with whom it no longer vouches for.
func TestAuthoritiesAreFollowed(t *testing.T) {
	app := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprintf(w, "resumed %v", r.TLS.DidResume)
	}))
	app.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer app.Close()
	_, _, other := pairtest.Write(t, t.TempDir(), 7)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	vouches := func(one *x509.Certificate) {
		t.Helper()
		if err := os.WriteFile(ca+".new", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(ca+".new", ca); err != nil {
			t.Fatal(err)
		}
	}
	vouches(other)
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Protocol, u.TLS, u.Servers = "https", &config.TLS{CA: ca, Name: "example.com"}, []config.Server{{URL: "https://" + app.Listener.Addr().String()}}
	}))
	says := func(want int, text string) {
		t.Helper()
		if code, body, h := s.ask("GET", "/", ""); code != want || !strings.Contains(body+h.Get("Proxy-Status"), text) {
			t.Errorf("%d %q %v, want %d %s", code, body, h, want, text)
		}
	}
	says(502, "tls_certificate_error")
	vouches(app.Certificate())
	says(200, "resumed false")
	says(200, "resumed true")
	if err := os.WriteFile(ca, nil, 0o600); err != nil { // half-way
		t.Fatal(err)
	}
	says(200, "resumed true")
	vouches(other)
	says(502, "tls_certificate_error")
}

// TestConcurrencyLimit: a server gets as many requests at once as it may, the others
// wait and are answered.
func TestConcurrencyLimit(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	s := newSite(t, upstreamOf(func(u *config.Upstream) { u.MaxReqs = 3 }), newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	})))
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if code, body, _ := s.ask("GET", "/", ""); code != 200 || body != "ok" {
				t.Errorf("%d %q", code, body)
			}
		})
	}
	wg.Wait()
	held := 0
	for _, l := range s.lines(40) {
		if l.Held > 0 {
			held++
		}
	}
	if most != 3 || held == 0 {
		t.Errorf("%d at once, %d held", most, held)
	}
}
