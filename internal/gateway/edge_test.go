package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
)

// tuned makes the gateway dial by dial.
func tuned(dial func(ctx context.Context, network, address string) (net.Conn, error)) gateway.Options {
	return gateway.Options{Tune: func(s *upstream.Settings) { s.Dial = dial }}
}

func refusing(errno syscall.Errno) error {
	return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errno)}
}

// TestServersThatMayNotBeUsed: that two of three sockets are closed to the gateway is no
// reason not to ask the third.
func TestServersThatMayNotBeUsed(t *testing.T) {
	s := newSiteWith(t, tuned(func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			return nil, refusing(syscall.EACCES)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}), upstreamOf(func(u *config.Upstream) {
		u.Servers = append([]config.Server{{URL: "unix:/run/a.sock"}, {URL: "unix:/run/b.sock"}}, u.Servers...)
	}), newServer(t, well("c")))
	for range 20 {
		for _, method := range []string{"GET", "POST"} {
			if code, body, _ := s.ask(method, "/", ""); code != 200 {
				t.Fatalf("%s: %d %s", method, code, body)
			}
		}
	}
}

// TestNoDescriptors: what this host is short of is waited for, and with the connections
// that are there requests go on.
func TestNoDescriptors(t *testing.T) {
	a := newServer(t, well("a"))
	var dials atomic.Int64
	s := newSiteWith(t, tuned(func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) < 5 {
			return nil, refusing(syscall.EMFILE)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}), nil, a)
	for range 2 {
		if code, body, _ := s.ask("GET", "/", ""); code != 200 || dials.Load() != 5 {
			t.Errorf("%d %s after %d attempts to connect", code, body, dials.Load())
		}
	}
}

// slowBody begins a request with a body of two bytes, and sends one.
func (s *site) slowBody() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\na")
	for s.gate.Status().Active == 0 {
		time.Sleep(time.Millisecond)
	}
	return c
}

// TestSlowBodyLeavesTimeToWait: the time for which a client sent its body is none for
// which it waited for a server.
func TestSlowBodyLeavesTimeToWait(t *testing.T) {
	t.Parallel() // it waits for a clock
	a := newServer(t, well("a"))
	s := newSite(t, upstreamOf(func(u *config.Upstream) { u.Wait = 3 * time.Second }), a)
	a.stop()
	c := s.slowBody()
	time.Sleep(3100 * time.Millisecond)
	io.WriteString(c, "b")
	for st := s.gate.Status(); st.Active == 1 && st.Upstreams[0].Waiting == 0; st = s.gate.Status() {
		time.Sleep(time.Millisecond)
	}
	a.start(t)
	if b, _ := io.ReadAll(c); !strings.HasPrefix(string(b), "HTTP/1.1 200") {
		t.Errorf("%s", b)
	}
}

// TestReloadDuringABody: a request that came before a reload keeps its pool, and what
// the pool does for it, however long its body takes.
func TestReloadDuringABody(t *testing.T) {
	a := newServer(t, well("a"))
	s := newSite(t, nil, a)
	c := s.slowBody()
	next, err := config.Simple([]string{"127.0.0.1:0"}, []string{"http://" + a.address}, s.log)
	if err != nil {
		t.Fatal(err)
	}
	next.Defaults()
	upstreamOf(func(u *config.Upstream) { u.Timeouts.First = time.Hour })(next)
	if err := s.gate.Reload(next); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // the old pool could be closed by now
	a.stop()
	io.WriteString(c, "b")
	time.Sleep(200 * time.Millisecond) // and the request be refused
	a.start(t)
	if b, _ := io.ReadAll(c); !strings.HasPrefix(string(b), "HTTP/1.1 200") {
		t.Errorf("%s", b)
	}
}

// script starts a FastCGI application and returns what changes a configuration to it.
func script(t *testing.T, h http.HandlerFunc) func(*config.Config) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "app.sock"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); fcgi.Serve(l, h) }()
	t.Cleanup(func() { l.Close(); <-served })
	return upstreamOf(func(u *config.Upstream) {
		u.Protocol, u.Root, u.Index = "fastcgi", "/srv/app/", "index.php"
		u.Servers = []config.Server{{URL: "unix:" + l.Addr().String()}}
	})
}

// TestFastCGIAndExpect: FastCGI has no interim answers; the gateway itself asks for the
// body, and says how long it is.
func TestFastCGIAndExpect(t *testing.T) {
	s := newSite(t, script(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "length=%d body=%s", r.ContentLength, b)
	}))
	got := s.raw("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	if !strings.Contains(got, "length=3 body=abc") {
		t.Errorf("%s", got)
	}
}

// TestReloadBesideRequests is for the race detector.
func TestReloadBesideRequests(t *testing.T) {
	conf := script(t, func(http.ResponseWriter, *http.Request) {})
	s := newSite(t, conf)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.ask("GET", "/", "")
			}
		}
	})
	for i := range 20 {
		c, err := config.Simple([]string{"127.0.0.1:0"}, []string{"http://127.0.0.1:1"}, s.log)
		if err != nil {
			t.Fatal(err)
		}
		conf(c)
		upstreamOf(func(u *config.Upstream) { u.Servers[0].Weight = float64(i + 2) })(c)
		c.Defaults()
		if err := s.gate.Reload(c); err != nil {
			t.Fatal(err)
		}
		s.ask("GET", "/", "")
	}
	close(stop)
	wg.Wait()
}

// TestRetryOffIsOnce: who wants no request twice wants none at two servers either.
func TestRetryOffIsOnce(t *testing.T) {
	t.Parallel() // it waits for a clock
	var seen atomic.Int64
	free := make(chan struct{})
	serve := answering(func(c net.Conn, r *http.Request) bool {
		seen.Add(1)
		<-free
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	})
	s := newSite(t, func(c *config.Config) { c.Sites[0].Routes[0].Retry = "off" }, newServer(t, serve), newServer(t, serve))
	done := make(chan int, 1)
	go func() { code, _, _ := s.ask("GET", "/", ""); done <- code }()
	hung := func(e upstream.Status) bool { return e.Hangs > 0 }
	for !slices.ContainsFunc(s.gate.Status().Upstreams[0].Endpoints, hung) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // in which a second attempt could begin
	close(free)
	if code := <-done; code != 200 || seen.Load() != 1 {
		t.Errorf("%d, asked %d times", code, seen.Load())
	}
}

// TestAnswerInsteadOfLeave: a client that waits for leave to send its body gets the
// answer that came instead, whole, however long it takes.
func TestAnswerInsteadOfLeave(t *testing.T) {
	t.Parallel()                                // it waits for a clock
	for _, length := range []int{10, 100_000} { // gathered, and not
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil, newServer(t, func(_ int, c net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
					return
				}
				fmt.Fprintf(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\nhello", length)
				time.Sleep(1500 * time.Millisecond) // the body would be sent without leave after a second
				c.Write(make([]byte, length-5))
				io.Copy(io.Discard, c)
			}))
			got := s.raw("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
			head, body, _ := strings.Cut(got, "\r\n\r\n")
			if !strings.HasPrefix(head, "HTTP/1.1 401 ") || len(body) != length {
				t.Errorf("%q and %d bytes", head, len(body))
			}
		})
	}
}

// TestPauseInABody: what has come of a body is passed on while the rest is waited for.
func TestPauseInABody(t *testing.T) {
	t.Parallel()                                        // it waits for a clock
	for _, length := range []int{10, 60_000, 1 << 20} { // gathered, copied, moved
		seen := make(chan struct{})
		s := newSite(t, nil, newServer(t, func(_ int, c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nhello", length)
			<-seen
			c.Write(make([]byte, length-5))
		}))
		resp, err := s.client.Get(s.url)
		if err != nil {
			t.Fatal(length, err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "hello" {
			t.Errorf("%d: %q, %v", length, b, err)
		}
		close(seen)
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != int64(length-5) {
			t.Errorf("%d: %d more, %v", length, n, err)
		}
		resp.Body.Close()
	}
}
