package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// issue makes a certificate signed by a, or by itself where a is nil.
func (a *authority) issue(t testing.TB, c *x509.Certificate) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	c.BasicConstraintsValid = true
	parent, signer := c, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (a *authority) keyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

func root(name string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
}

func leaf(names ...string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
}

// tlsServer serves a session with config and says hello in it.
func tlsServer(t testing.TB, config *tls.Config, chain ...*authority) string {
	t.Helper()
	pair := tls.Certificate{PrivateKey: chain[0].key}
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.cert.Raw)
	}
	config.Certificates = []tls.Certificate{pair}
	return raw(t, func(c *net.TCPConn) {
		s := tls.Server(c, config)
		if s.Handshake() != nil {
			return
		}
		request(s)
		io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
		s.CloseWrite()
		io.Copy(io.Discard, c)
	})
}

func TestHandshake(t *testing.T) {
	ca := (*authority)(nil).issue(t, root("test authority"))
	server := tlsServer(t, &tls.Config{NextProtos: []string{"http/1.1"}}, ca.issue(t, leaf("app.internal")), ca)
	r := Handshake(t.Context(), direct, "tcp", server, TLSOptions{ServerName: "app.internal", SendName: true, Verify: true, Roots: ca.pem, Depth: 1, ALPN: []string{"http/1.1"}})
	if !r.OK || !r.Verified || r.Version != "TLS 1.3" || r.Cipher == "" || r.ALPN != "http/1.1" || r.SentName != "app.internal" || !r.Connection.OK || r.WantsCert {
		t.Errorf("%+v", r)
	}
	if len(r.Certs) != 2 || r.Certs[0].Names[0] != "app.internal" || r.Certs[0].Issuer != "CN=test authority" || len(r.Certs[0].Fingerprint) != 64 || !r.Certs[1].SelfSigned || !r.Certs[1].Authority {
		t.Errorf("%+v", r.Certs)
	}
	x := HTTP(t.Context(), direct, Target{Network: "tcp", Address: server, TLS: &TLSOptions{}}, get, short)
	if x.Status != 200 || string(x.Body) != "hello" || x.TLS == nil || !x.TLS.OK || x.End != EndComplete {
		t.Errorf("%+v", x)
	}
}

func TestVerification(t *testing.T) {
	ca := (*authority)(nil).issue(t, root("test authority"))
	other := (*authority)(nil).issue(t, root("another authority"))
	inter := ca.issue(t, root("intermediate one"))
	inter2 := inter.issue(t, root("intermediate two"))
	expired, early, client := leaf("app.internal"), leaf("app.internal"), leaf("app.internal")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	early.NotBefore = time.Now().Add(30 * time.Minute)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	onlyCN := leaf("app.internal")
	onlyCN.DNSNames = nil
	address := leaf("app.internal")
	address.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	self := (*authority)(nil).issue(t, leaf("app.internal"))
	direct2 := inter.issue(t, leaf("app.internal"))
	for _, c := range []struct {
		name  string
		chain []*authority
		roots *authority
		host  string
		depth int
		want  string
	}{
		{"good", []*authority{ca.issue(t, leaf("app.internal"))}, ca, "app.internal", 1, ""},
		{"wildcard", []*authority{ca.issue(t, leaf("*.app.internal"))}, ca, "a.app.internal", 1, ""},
		{"wildcard of a whole domain", []*authority{ca.issue(t, leaf("*.internal"))}, ca, "app.internal", 1, VerifyNameDiffers},
		{"another name", []*authority{ca.issue(t, leaf("other.internal"))}, ca, "app.internal", 1, VerifyNameDiffers},
		{"common name only", []*authority{ca.issue(t, onlyCN)}, ca, "app.internal", 1, ""},
		{"an address", []*authority{ca.issue(t, address)}, ca, "127.0.0.1", 1, VerifyNameDiffers},
		{"no name asked for", []*authority{ca.issue(t, leaf("other.internal"))}, ca, "", 1, ""},
		{"expired", []*authority{ca.issue(t, expired)}, ca, "app.internal", 1, VerifyExpired},
		{"not yet valid", []*authority{ca.issue(t, early)}, ca, "app.internal", 1, VerifyNotYetValid},
		{"another authority", []*authority{ca.issue(t, leaf("app.internal"))}, other, "app.internal", 1, VerifyUnknown},
		{"self-signed", []*authority{self}, ca, "app.internal", 1, VerifySelfSigned},
		{"self-signed and trusted", []*authority{self}, self, "app.internal", 1, ""},
		{"for clients", []*authority{ca.issue(t, client)}, ca, "app.internal", 1, VerifyPurpose},
		{"intermediate sent", []*authority{direct2, inter}, ca, "app.internal", 1, ""},
		{"intermediate missing", []*authority{direct2}, ca, "app.internal", 1, VerifyUnknown},
		{"intermediate trusted alone", []*authority{direct2}, inter, "app.internal", 1, VerifyUnknown},
		{"two intermediates", []*authority{inter2.issue(t, leaf("app.internal")), inter2, inter}, ca, "app.internal", 1, VerifyTooLong},
		{"two intermediates, deeper", []*authority{inter2.issue(t, leaf("app.internal")), inter2, inter}, ca, "app.internal", 2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := tlsServer(t, &tls.Config{}, c.chain...)
			o := TLSOptions{Verify: true, VerifyName: c.host, Roots: c.roots.pem, Depth: c.depth}
			r := Handshake(t.Context(), direct, "tcp", server, o)
			if r.VerifyError != c.want || r.OK != (c.want == "") || r.Verified != r.OK || !r.OK && (r.Phase != "verify" || r.VerifyText == "") {
				t.Errorf("%q (%s), ok %v, phase %q: %s", r.VerifyError, r.VerifyText, r.OK, r.Phase, r.Fault)
			}
			o.Verify = false
			if r := Handshake(t.Context(), direct, "tcp", server, o); !r.OK || r.VerifyError != c.want {
				t.Errorf("without verification: %+v", r)
			}
		})
	}
}

func TestSeparate(t *testing.T) {
	ca := (*authority)(nil).issue(t, root("test authority"))
	cert := ca.issue(t, leaf("app.internal"))
	needsName := &tls.Config{}
	needsName.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if h.ServerName != "app.internal" {
			return nil, io.EOF
		}
		return nil, nil
	}
	for _, c := range []struct {
		name             string
		server           string
		o                TLSOptions
		ok, sni, version bool
		tries            int
	}{
		{"fine", tlsServer(t, &tls.Config{}, cert), TLSOptions{}, true, false, false, 1},
		{"needs a name", tlsServer(t, needsName, cert), TLSOptions{ServerName: "app.internal"}, false, true, false, 2},
		{"needs a name that nobody knows", tlsServer(t, needsName, cert), TLSOptions{}, false, false, false, 2},
		{"too old for us", tlsServer(t, &tls.Config{MaxVersion: tls.VersionTLS12}, cert), TLSOptions{MinVersion: tls.VersionTLS13, ServerName: "app.internal"}, false, false, true, 3},
		{"old protocol only", tlsServer(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, cert), TLSOptions{MinVersion: tls.VersionTLS12}, false, false, true, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Separate(t.Context(), direct, "tcp", c.server, c.o)
			tries := 1
			for _, r := range []*TLSResult{s.WithName, s.OtherVersions} {
				if r != nil {
					tries++
				}
			}
			if s.First.OK != c.ok || s.NeedsName != c.sni || s.NoCommonVersion != c.version || tries != c.tries {
				t.Errorf("ok %v, needs name %v, version %v, tries %d: %+v", s.First.OK, s.NeedsName, s.NoCommonVersion, tries, s.First)
			}
			if !s.First.OK && s.First.Alert == "" {
				t.Errorf("no alert: %+v", s.First)
			}
		})
	}
}

func TestHandshakeWithWhatIsNoTLS(t *testing.T) {
	plain := raw(t, func(c *net.TCPConn) {
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>bad</html>")
		c.CloseWrite()
		io.Copy(io.Discard, c)
	})
	r := Handshake(t.Context(), direct, "tcp", plain, TLSOptions{})
	if r.OK || r.Speaks != SpeaksHTTP || r.PlainAnswer == "" || r.Phase != "handshake" {
		t.Errorf("plain HTTP: %+v", r)
	}
	closes := raw(t, func(c *net.TCPConn) { c.Read(make([]byte, 1)); c.CloseWrite(); io.Copy(io.Discard, c) })
	if r := Handshake(t.Context(), direct, "tcp", closes, TLSOptions{}); r.OK || r.End != EndEOF || r.PlainAnswer != "" {
		t.Errorf("closes: %+v", r)
	}
	resets := raw(t, func(c *net.TCPConn) { c.Read(make([]byte, 1)); reset(c) })
	if r := Handshake(t.Context(), direct, "tcp", resets, TLSOptions{}); r.OK || r.End != EndReset {
		t.Errorf("resets: %+v", r)
	}
	silent := raw(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	x := HTTP(t.Context(), direct, Target{Network: "tcp", Address: silent, TLS: &TLSOptions{}}, get, Limits{Total: 200 * time.Millisecond})
	if x.End != EndTLS || x.TLS.End != EndTimeout {
		t.Errorf("silent: %+v, %+v", x, x.TLS)
	}
	if r := Handshake(t.Context(), direct, "tcp", port(t), TLSOptions{}); r.Phase != "connect" || r.Connection.Errno != "ECONNREFUSED" {
		t.Errorf("nobody: %+v", r)
	}
}

func TestClientCertificate(t *testing.T) {
	ca := (*authority)(nil).issue(t, root("test authority"))
	mine := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "gateway"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	for _, max := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server := tlsServer(t, &tls.Config{MaxVersion: max, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}, ca.issue(t, leaf("app.internal")))
		r := Handshake(t.Context(), direct, "tcp", server, TLSOptions{})
		if r.OK || !r.WantsCert || r.Alert == "" {
			t.Errorf("without a certificate, %s: %+v", tls.VersionName(max), r)
		}
		x := HTTP(t.Context(), direct, Target{Network: "tcp", Address: server, TLS: &TLSOptions{}}, get, short)
		if x.TLS.OK || !x.TLS.WantsCert || x.TLS.Alert == "" || x.Status != 0 {
			t.Errorf("a request without a certificate, %s: %+v, %+v", tls.VersionName(max), x, x.TLS)
		}
		r = Handshake(t.Context(), direct, "tcp", server, TLSOptions{Cert: mine.pem, Key: mine.keyPEM(t)})
		if !r.OK || !r.WantsCert {
			t.Errorf("with it, %s: %+v", tls.VersionName(max), r)
		}
	}
	if r := Handshake(t.Context(), direct, "tcp", raw(t, func(*net.TCPConn) {}), TLSOptions{Cert: []byte("x"), Key: []byte("y")}); r.Phase != "options" || r.Fault == "" {
		t.Errorf("a broken certificate: %+v", r)
	}
}
