package front

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a front before a gateway before one server.
type site struct {
	t     testing.TB
	front *Front
	addr  string
	log   string
	end   func() // ends the gateway behind the front; again at the end of the test

	mu   sync.Mutex
	seen []string // what the server was asked: "GET /a", in order
}

// newSite starts a site. serve answers on the server's connections; nil answers
// every request with its body.
func newSite(t testing.TB, change func(*config.Config), serve func(c net.Conn, r *http.Request, body []byte) bool) *site {
	t.Helper()
	s := &site{t: t, log: filepath.Join(t.TempDir(), "access.log")}
	app, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := app.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.answer(c, serve) })
		}
	})
	c, err := config.Simple([]string{"127.0.0.1:0"}, []string{"http://" + app.Addr().String()}, s.log)
	if err != nil {
		t.Fatal(err)
	}
	c.Defaults()
	if change != nil {
		change(c)
	}
	g, err := gateway.New(c, gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.end = sync.OnceFunc(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	s.front = New(g, c.Limits, nil)
	s.addr = s.listen(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.front.Stop(ctx)
		s.end()
		s.front.Wait()
		app.Close()
		wg.Wait()
	})
	return s
}

func (s *site) listen(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.serve(l)
	return l.Addr().String()
}

func (s *site) serve(l net.Listener) {
	served := make(chan error, 1)
	go func() { served <- s.front.Serve(l) }()
	s.t.Cleanup(func() {
		l.Close()
		<-served
	})
}

func (s *site) answer(c net.Conn, serve func(net.Conn, *http.Request, []byte) bool) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen = append(s.seen, r.Method+" "+r.RequestURI)
		s.mu.Unlock()
		if serve != nil {
			if !serve(c, r, body) {
				return
			}
			continue
		}
		for k, v := range r.Trailer {
			body = fmt.Appendf(body, " %s=%s", k, v[0])
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Path: %s\r\n\r\n%s", len(body), r.RequestURI, body)
	}
}

func (s *site) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func (s *site) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// raw sends bytes and returns what comes until the end.
func (s *site) raw(request string) string {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	io.WriteString(c, request)
	b, err := io.ReadAll(c)
	if err != nil {
		s.t.Errorf("%v after %q", err, b)
	}
	return string(b)
}

// reply reads one answer and returns status and body.
func reply(t testing.TB, in *bufio.Reader, method string) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// logged waits until the log has n lines, and returns it.
func (s *site) logged(n int) string {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b, _ := os.ReadFile(s.log)
		if bytes.Count(b, []byte("\n")) >= n {
			return string(b)
		}
		if time.Now().After(end) {
			s.t.Fatalf("the log has less than %d lines: %s", n, b)
		}
	}
}

// pipes is a listener of net.Pipe connections: every write of the client is a read
// of the front, cut as the test cuts it.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial() net.Conn {
	mine, its := net.Pipe()
	p.conns <- its
	mine.SetDeadline(time.Now().Add(20 * time.Second))
	return mine
}

func has(t testing.TB, text string, all ...string) {
	t.Helper()
	for _, one := range all {
		if !strings.Contains(text, one) {
			t.Errorf("%q is missing in\n%s", one, text)
		}
	}
}
