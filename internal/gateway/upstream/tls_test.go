package upstream

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// joined writes what is written to it with one call, when it is told to.
type joined struct {
	net.Conn
	hold bool
	buf  bytes.Buffer
}

func (c *joined) Write(b []byte) (int, error) {
	if c.hold {
		return c.buf.Write(b)
	}
	return c.Conn.Write(b)
}

func (c *joined) flush() {
	c.hold = false
	c.SetWriteDeadline(time.Time{}) // CloseWrite lets it pass
	c.Conn.Write(c.buf.Bytes())
	c.buf.Reset()
}

// certificate returns one that nobody vouches for.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestBehindTheAnswerOverTLS: what came with the answer stands in the memory of TLS,
// where no look at the socket finds it.
func TestBehindTheAnswerOverTLS(t *testing.T) {
	conf := &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright"
	for _, c := range []struct {
		name   string
		behind func(*tls.Conn)
		reused bool
	}{
		{"nothing", func(*tls.Conn) {}, true},
		{"an answer that nobody asked for", func(s *tls.Conn) { io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong") }, false},
		{"the end", func(s *tls.Conn) { s.CloseWrite() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t)
			go accept(l, func(_ int, raw net.Conn) {
				below := &joined{Conn: raw}
				s := tls.Server(below, conf)
				in := bufio.NewReader(s)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					below.hold = true
					io.WriteString(s, answer)
					c.behind(s)
					below.flush()
				}
			})
			p := dialled(t, l, Settings{TLS: func() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }, Timeouts: Timeouts{First: 10 * time.Second}})
			for i := range 3 {
				got := do(p, get("GET"))
				if got.f != nil || got.body != "right" || got.a.Reused != (c.reused && i > 0) {
					t.Errorf("request %d: %q %v, reused %v", i, got.body, got.f, got.a.Reused)
				}
			}
		})
	}
}
