package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

func TestAnswerIsPassedOn(t *testing.T) {
	s := newSite(t, nil, newServer(t, well("hello")))
	code, body, header := s.ask("GET", "/a?b=c", "")
	if code != 200 || body != "hello" || header.Get("Proxy-Status") != "" {
		t.Errorf("%d %q %v", code, body, header)
	}
	if l := s.lines(1)[0]; l.MadeBy != "upstream" || l.URI != "/a?b=c" || len(l.Attempts) != 1 || !l.Attempts[0].Won {
		t.Errorf("%+v", l)
	}
}

// TestApplicationsOwn5xx is nobody's failure: it is passed on, once.
func TestApplicationsOwn5xx(t *testing.T) {
	var n atomic.Int64
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		n.Add(1)
		io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")
		return true
	})))
	for range 20 {
		if code, body, _ := s.ask("GET", "/", ""); code != 503 || body != "busy" {
			t.Fatalf("%d %q", code, body)
		}
	}
	if n.Load() != 20 {
		t.Errorf("the application was asked %d times", n.Load())
	}
	if st := s.gate.Status().Upstreams[0].Endpoints[0]; st.Condition != "up" {
		t.Errorf("the server is %s", st.Condition)
	}
}

// TestBrokenServerIsMasked: one of two servers is broken in some way; a GET never
// sees it, and the log does.
func TestBrokenServerIsMasked(t *testing.T) {
	for _, c := range []struct {
		name    string
		serve   func(int, net.Conn)
		symptom string
	}{
		{"closes without an answer", answering(func(net.Conn, *http.Request) bool { return false }), "connection_terminated"},
		{"garbage", answering(func(c net.Conn, _ *http.Request) bool { io.WriteString(c, "\x16\x03\x01garbage\r\n\r\n"); return false }), "http_protocol_error"},
		{"closes in mid-header", answering(func(c net.Conn, _ *http.Request) bool { io.WriteString(c, "HTTP/1.1 200 OK\r\nConte"); return false }), "http_response_incomplete"},
		{"closes in a small body", answering(func(c net.Conn, _ *http.Request) bool {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwel")
			return false
		}), "http_response_incomplete"},
		{"says nothing", func(_ int, c net.Conn) { c.Close() }, "connection_terminated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, nil, newServer(t, well("well")), newServer(t, c.serve))
			for i := range 30 {
				if code, body, _ := s.ask("GET", "/", ""); code != 200 || body != "well" {
					t.Fatalf("request %d: %d %q", i, code, body)
				}
			}
			seen := 0
			for _, l := range s.lines(30) {
				for _, a := range l.Attempts {
					if a.Symptom == c.symptom && !a.Won {
						seen++
					} else if a.Symptom != "" {
						t.Errorf("an attempt failed with %s, want %s", a.Symptom, c.symptom)
					}
				}
			}
			if seen == 0 {
				t.Error("the broken server was never asked: the test shows nothing")
			}
		})
	}
}

// TestIdempotencyKey: what carries a key is made again where the site says that its
// application honours keys, and nowhere else.
func TestIdempotencyKey(t *testing.T) {
	for _, c := range []struct {
		retry, key string
		again      bool
	}{{"keyed", "8e03978e-40d5", true}, {"keyed", "", false}, {"", "8e03978e-40d5", false}} {
		keyed := func(conf *config.Config) { conf.Sites[0].Routes[0].Retry = c.retry }
		s := newSite(t, keyed, newServer(t, well("well")), newServer(t, answering(func(net.Conn, *http.Request) bool { return false })))
		lost := 0
		for range 20 {
			r, err := http.NewRequest("POST", s.url, strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Idempotency-Key", c.key)
			if code, _, _ := s.send(r); code != 200 {
				lost++
			}
		}
		if (lost == 0) != c.again {
			t.Errorf("retry %q, key %q: %d of 20 lost", c.retry, c.key, lost)
		}
	}
}

// TestReasons: where nothing else is left the client gets the right status with
// the reason.
func TestReasons(t *testing.T) {
	for _, c := range []struct {
		name   string
		serve  func(int, net.Conn)
		status int
		reason string
	}{
		{"nothing listens", nil, 503, "destination_unavailable"},
		{"no answer", answering(func(net.Conn, *http.Request) bool { return false }), 502, "connection_terminated"},
		{"garbage", answering(func(c net.Conn, _ *http.Request) bool { io.WriteString(c, "nonsense"); return false }), 502, "http_protocol_error"},
		{"silence", answering(func(c net.Conn, _ *http.Request) bool { io.Copy(io.Discard, c); return false }), 504, "connection_read_timeout"},
		{"a head that is too large", answering(func(c net.Conn, _ *http.Request) bool {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 100<<10)+"\r\n\r\n")
			return false
		}), 502, "http_response_header_section_size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newServer(t, c.serve)
			s := newSite(t, upstreamOf(func(u *config.Upstream) {
				u.Wait = 50 * time.Millisecond
				if c.name == "silence" {
					u.Timeouts.First = 50 * time.Millisecond
				}
			}), b)
			if c.serve == nil {
				b.stop()
				b.start(t) // for the cleanup's stop
				b.l.Close()
			}
			code, body, header := s.ask("GET", "/", "")
			if code != c.status || !strings.Contains(header.Get("Proxy-Status"), "goodgate; error="+c.reason) || !strings.Contains(body, c.reason) {
				t.Errorf("%d %q, Proxy-Status %q", code, body, header.Get("Proxy-Status"))
			}
			if all := body + fmt.Sprint(header); strings.Contains(all, b.address) || strings.Contains(all, "nonsense") {
				t.Errorf("the answer tells about the server: %q %v", body, header)
			}
			if (code == 503) != (header.Get("Retry-After") != "") {
				t.Errorf("%d with Retry-After %q", code, header.Get("Retry-After"))
			}
			if l := s.lines(1)[0]; l.MadeBy != "gateway" || l.Symptom != c.reason {
				t.Errorf("the log says %+v", l)
			}
			ring := s.gate.Failures()
			if len(ring) != 1 || c.name == "garbage" && ring[0].Answer != "nonsense" {
				t.Errorf("the ring has %+v", ring)
			}
		})
	}
}

// TestRingHidesSecrets: what is kept of a failed request has no secret.
func TestRingHidesSecrets(t *testing.T) {
	s := newSite(t, nil, newServer(t, answering(func(net.Conn, *http.Request) bool { return false })))
	r, _ := http.NewRequest("POST", s.url+"/pay?card=4111", strings.NewReader("secret-body"))
	r.Header.Set("Authorization", "Bearer secret-token")
	r.Header.Set("Cookie", "sid=secret-sid")
	r.Header.Set("X-Auth-Token", "secret-x")
	r.Header.Set("X-Amz-Security-Credential", "secret-y")
	r.Header.Set("Referer", "http://shop.example/a?reset=secret-z")
	r.Header.Set("X-Plain", "shown")
	s.send(r)
	b, err := json.Marshal(s.gate.Failures())
	if err != nil || strings.Contains(string(b), "secret-") || strings.Contains(string(b), "4111") || !strings.Contains(string(b), "X-Plain: shown") {
		t.Errorf("%v %s", err, b)
	}
}

func TestErrorPagesByAccept(t *testing.T) {
	b := newServer(t, answering(func(net.Conn, *http.Request) bool { return false }))
	s := newSite(t, nil, b)
	for accept, want := range map[string]string{"application/json": "application/problem+json", "text/html,*/*": "text/html; charset=utf-8", "*/*": "text/plain; charset=utf-8"} {
		r, _ := http.NewRequest("GET", s.url, nil)
		r.Header.Set("Accept", accept)
		if _, _, h := s.send(r); h.Get("Content-Type") != want {
			t.Errorf("%s: %s", accept, h.Get("Content-Type"))
		}
	}
}

// TestPostIsNotRepeated: a POST of which bytes left is never made again; one that
// was refused is.
func TestPostIsNotRepeated(t *testing.T) {
	var posts atomic.Int64
	broken := newServer(t, answering(func(_ net.Conn, r *http.Request) bool {
		io.Copy(io.Discard, r.Body)
		posts.Add(1)
		return false
	}))
	s := newSite(t, nil, broken)
	code, _, header := s.ask("POST", "/", "order")
	if code != 502 || !strings.Contains(header.Get("Proxy-Status"), "connection_terminated") || posts.Load() != 1 {
		t.Errorf("%d %v, the server saw %d", code, header, posts.Load())
	}
	refused := newServer(t, nil)
	s = newSite(t, nil, refused, newServer(t, well("done")))
	refused.l.Close()
	for range 10 {
		if code, body, _ := s.ask("POST", "/", "order"); code != 200 || body != "done" {
			t.Fatalf("%d %q", code, body)
		}
	}
}

// TestRequestsWaitWhileAllAreAway: every server is down for a while; nobody gets a
// 5xx, safe or not.
func TestRequestsWaitWhileAllAreAway(t *testing.T) {
	a, b := newServer(t, well("a")), newServer(t, well("b"))
	s := newSite(t, nil, a, b)
	s.ask("GET", "/", "")
	a.stop()
	b.stop()
	var wg sync.WaitGroup
	var failed atomic.Int64
	for i := range 100 {
		wg.Go(func() {
			method, body := "GET", ""
			if i%2 == 0 {
				method, body = "POST", "x"
			}
			if code, _, _ := s.ask(method, "/", body); code != 200 {
				failed.Add(1)
			}
		})
	}
	for s.gate.Status().Upstreams[0].Waiting < 90 { // most have come
		time.Sleep(time.Millisecond)
	}
	a.start(t)
	wg.Wait()
	b.start(t)
	if failed.Load() != 0 {
		t.Errorf("%d of 100 failed", failed.Load())
	}
	held := 0
	for _, l := range s.lines(101) {
		if l.Held > 0 {
			held++
		}
	}
	if held < 90 {
		t.Errorf("only %d lines say that the request was held", held)
	}
}

func TestQueueIsBounded(t *testing.T) {
	a := newServer(t, well("a"))
	s := newSite(t, upstreamOf(func(u *config.Upstream) { u.MaxWait = 2; u.Wait = 10 * time.Second }), a)
	a.stop()
	codes := make(chan int, 10)
	for range 10 {
		go func() { code, _, _ := s.ask("GET", "/", ""); codes <- code }()
	}
	for range 8 {
		if code := <-codes; code != 503 {
			t.Errorf("beyond the queue: %d", code)
		}
	}
	a.start(t)
	for range 2 {
		if code := <-codes; code != 200 {
			t.Errorf("in the queue: %d", code)
		}
	}
}

// TestHungServer: a server stops in the middle of traffic. Requests that wait on it
// are answered by the other, within the budget; no POST is sent twice.
func TestHungServer(t *testing.T) {
	var stopped atomic.Bool
	var posts atomic.Int64
	free := make(chan struct{})
	hangs := newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		io.Copy(io.Discard, r.Body)
		if r.Method == "POST" {
			posts.Add(1)
		}
		if stopped.Load() {
			<-free
		}
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	}))
	good := newServer(t, well("ok"))
	s := newSite(t, nil, hangs, good)
	var wg sync.WaitGroup
	for range 400 { // so that its 99th percentile is known, and hedges are earned
		s.ask("GET", "/", "")
	}
	stopped.Store(true)
	var slow, failed atomic.Int64
	for range 40 {
		wg.Go(func() {
			begun := time.Now()
			if code, body, _ := s.ask("GET", "/", ""); code != 200 || body != "ok" {
				failed.Add(1)
			}
			if time.Since(begun) > 3*time.Second {
				slow.Add(1)
			}
		})
	}
	wg.Wait()
	close(free)
	if failed.Load() != 0 || slow.Load() != 0 {
		t.Errorf("%d failed, %d waited for the hung server", failed.Load(), slow.Load())
	}
	hedged := 0
	for _, l := range s.lines(440) {
		hedged += l.Hedges
	}
	if hedged == 0 {
		t.Error("nothing was hedged: the hung server was never asked")
	}
}

// TestTwoAnswersAtOnce lets both attempts of a hedged request answer at the same
// moment, many times; under the race detector buffers are poisoned when they are
// given back. The answer is larger than what is read with its head: the attempt that
// is used must not be the one that was broken off.
func TestTwoAnswersAtOnce(t *testing.T) {
	var hold atomic.Pointer[chan struct{}]
	text := strings.Repeat("payload ", 40_000)
	serve := answering(func(c net.Conn, r *http.Request) bool {
		if ch := hold.Load(); ch != nil && r.URL.Path == "/held" {
			<-*ch
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		return true
	})
	s := newSite(t, upstreamOf(func(u *config.Upstream) { u.Hedge = new(float64); *u.Hedge = 1 }), newServer(t, serve), newServer(t, serve))
	for range 100 {
		s.ask("GET", "/", "")
	}
	hedged := 0
	for round := 0; round < 40 && hedged < 5; round++ {
		ch := make(chan struct{})
		hold.Store(&ch)
		done := make(chan string, 1)
		go func() { _, body, _ := s.ask("GET", "/held", ""); done <- body }()
		before := s.gate.Status().Upstreams[0].Hedges
		// How long a hang is waited for depends on how fast the servers were, and so on
		// the load of this host. Later on a server may be on trial, and none hedged.
		end := time.Now().Add(20 * time.Second)
		if hedged > 0 {
			end = time.Now().Add(500 * time.Millisecond)
		}
		for s.gate.Status().Upstreams[0].Hedges == before && time.Now().Before(end) {
			time.Sleep(time.Millisecond)
		}
		if s.gate.Status().Upstreams[0].Hedges > before {
			hedged++
		}
		close(ch)
		if body := <-done; body != text {
			t.Fatalf("round %d: %d bytes: %.60q", round, len(body), body)
		}
		for range 5 {
			s.ask("GET", "/", "")
		}
	}
	if hedged == 0 {
		t.Error("no round was hedged")
	}
}

// TestKeepAliveRace: the server resets what comes after a while of idleness. A GET
// never sees it.
func TestKeepAliveRace(t *testing.T) {
	var resets atomic.Int64
	b := newServer(t, func(_ int, c net.Conn) {
		served := 0
		answering(func(c net.Conn, r *http.Request) bool {
			if served++; served > 1 { // it gave up on the connection just now
				resets.Add(1)
				c.(*net.TCPConn).SetLinger(0)
				return false
			}
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return true
		})(0, c)
	})
	s := newSite(t, nil, b)
	for i := range 50 {
		if code, body, _ := s.ask("GET", "/", ""); code != 200 || body != "ok" {
			t.Fatalf("request %d: %d %q", i, code, body)
		}
	}
	if resets.Load() == 0 {
		t.Error("no connection was used again")
	}
}

// TestTruncationIsNeverEndedCleanly: an answer too large to be gathered breaks off;
// the client must see that.
func TestTruncationIsNeverEndedCleanly(t *testing.T) {
	big := strings.Repeat("x", 100<<10)
	for name, answer := range map[string]string{
		"length, one byte before the end":  fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(big)+1, big),
		"chunked, before the last chunk":   fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(big), big),
		"chunked, one byte before the end": fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r", len(big), big),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil, newServer(t, answering(func(c net.Conn, _ *http.Request) bool {
				io.WriteString(c, answer)
				return false
			})))
			code, body, _ := s.ask("GET", "/", "")
			if code != 200 || !strings.HasPrefix(body, "broken: ") {
				t.Errorf("%d, %d bytes ended cleanly", code, len(body))
			}
			if l := s.lines(1)[0]; !l.Cut || l.Symptom != "http_response_incomplete" {
				t.Errorf("the log says %+v", l)
			}
		})
	}
}

// TestRollingRestart restarts every server in turn under traffic of GET and POST.
func TestRollingRestart(t *testing.T) {
	servers := []*server{newServer(t, well("ok")), newServer(t, well("ok")), newServer(t, well("ok"))}
	s := newSite(t, nil, servers...)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var asked, failed atomic.Int64
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				asked.Add(1)
				if code, _, _ := s.ask("GET", "/", ""); code != 200 {
					failed.Add(1)
				}
			}
		})
	}
	for _, b := range servers {
		before := asked.Load()
		b.stop()
		for asked.Load() < before+50 {
			time.Sleep(time.Millisecond)
		}
		b.start(t)
		for s.gate.Status().Upstreams[0].Endpoints[0].Condition != "up" || asked.Load() < before+100 {
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	wg.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d of %d failed", failed.Load(), asked.Load())
	}
}
