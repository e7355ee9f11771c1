package front

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

func newLogger(w io.Writer) *log.Logger { return log.New(w, "", 0) }

// secure adds a listener of TLS to the site.
func (s *site) secure() (addr string, client *tls.Config) {
	s.t.Helper()
	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	pair := borrowed.TLS.Certificates[0]
	borrowed.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: Protocols()}))
	return l.Addr().String(), &tls.Config{InsecureSkipVerify: true}
}

// TestTLS: both versions of HTTP, with a limit of connections, which both share.
func TestTLS(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.Connections = 2 }, func(c net.Conn, r *http.Request, body []byte) bool {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"+r.Header.Get("X-Forwarded-Proto"))
		return true
	})
	addr, conf := s.secure()
	for range 3 {
		for _, second := range []bool{false, true} {
			tr := &http.Transport{TLSClientConfig: conf.Clone(), ForceAttemptHTTP2: second}
			client := &http.Client{Transport: tr, Timeout: 20 * time.Second}
			for range 3 {
				resp, err := client.Post("https://"+addr+"/", "text/plain", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(b) != "https" || (resp.ProtoMajor == 2) != second {
					t.Errorf("%q %v %v", b, err, resp.Proto)
				}
			}
			tr.CloseIdleConnections()
		}
	}
}

// TestTLSOldNames: a client that speaks HTTP/1.0 may say so (curl --http1.0 does), and one
// may say nothing.
func TestTLSOldNames(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, conf := s.secure()
	for _, protos := range [][]string{{"http/1.0"}, {"http/1.1"}, nil} {
		conf := conf.Clone()
		conf.NextProtos = protos
		c, err := tls.Dial("tcp", addr, conf)
		if err != nil {
			t.Errorf("%q: %v", protos, err)
			continue
		}
		c.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		if b, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200 ") {
			t.Errorf("%q: %q %v", protos, b, err)
		}
		c.Close()
	}
}

// TestTLSInPieces: two requests in one record, and one in two.
func TestTLSInPieces(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, conf := s.secure()
	c, err := tls.Dial("tcp", addr, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
	in := bufio.NewReader(c)
	if resp, _ := reply(t, in, "GET"); resp.Header.Get("X-Path") != "/1" {
		t.Error(resp)
	}
	io.WriteString(c, "dy")
	if resp, body := reply(t, in, "POST"); resp.Header.Get("X-Path") != "/2" || body != "body" {
		t.Errorf("%v %q", resp, body)
	}
}

func TestClientLeavesOverTLS(t *testing.T) {
	entered, ended := make(chan struct{}), make(chan struct{})
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		close(entered)
		io.Copy(io.Discard, c)
		close(ended)
		return false
	})
	addr, conf := s.secure()
	c, err := tls.Dial("tcp", addr, conf)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	c.Close()
	<-ended
}

// TestPlainOnTLS: a browser that was given http:// for the port of https:// is told.
func TestPlainOnTLS(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, _ := s.secure()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.0 400 ") {
		t.Errorf("%q", got)
	}
}
