package upstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestAnswersThatAreRefused holds the strictness of a gateway: what two readers
// may read differently is not passed on.
func TestAnswersThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		want         vocab.Symptom
	}{
		{"length with coding", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", vocab.HTTPProtocolError},
		{"chunked not last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nabc", vocab.HTTPTransferCoding},
		{"coded and chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", vocab.HTTPTransferCoding},
		{"chunked and then coded, in two fields", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\nabc", vocab.HTTPTransferCoding},
		{"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", vocab.HTTPTransferCoding},
		{"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", vocab.HTTPTransferCoding},
		{"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", vocab.HTTPProtocolError},
		{"lengths differ", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", vocab.HTTPProtocolError},
		{"length is no number", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", vocab.HTTPProtocolError},
		{"bare LF after a chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", vocab.HTTPTransferCoding},
		{"bare LF after chunk data", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n", vocab.HTTPTransferCoding},
		{"chunk size too large", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", vocab.HTTPTransferCoding},
		{"space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc", vocab.HTTPProtocolError},
		{"a line break in a value", "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", vocab.HTTPProtocolError},
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", vocab.HTTPProtocolError},
		{"garbage without a line", strings.Repeat("\x00", 40), vocab.HTTPProtocolError},
		{"a status beyond 599", "HTTP/1.1 600 X\r\n\r\n", vocab.HTTPProtocolError},
		{"an unsolicited 101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", vocab.HTTPProtocolError},
		{"endless 1xx", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", maxInterim+1), vocab.HTTPProtocolError},
		{"a head too large", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n\r\n", vocab.HTTPHeaderSectionSize},
		{"closed in mid-header", "HTTP/1.1 200 OK\r\nContent-", vocab.HTTPResponseIncomplete},
		{"closed at once", "", vocab.ConnectionTerminated},
		{"one byte less than announced", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", vocab.HTTPResponseIncomplete},
		{"closed one byte before the end of the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r", vocab.HTTPResponseIncomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := piped(t, 1, Settings{}, once(c.answer))
			got := do(p, get("GET"))
			if got.f == nil || got.f.Symptom != c.want {
				t.Fatalf("status %d, body %q, failure %v, want %s", got.status, got.body, got.f, c.want)
			}
			if len(p.Endpoints()[0].idle) != 0 {
				t.Error("the connection was kept")
			}
		})
	}
}

func TestAnswersThatAreTaken(t *testing.T) {
	for _, c := range []struct{ name, method, answer, body, trailer string }{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", ""},
		{"chunks, an extension and a trailer", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nDigest: d\r\n\r\n", "abc", "Digest=d;"},
		{"until close", "GET", "HTTP/1.0 200 OK\r\n\r\nabc", "abc", ""},
		{"many 1xx", "GET", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 20) + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", ""},
		{"the same length twice", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc", ""},
		{"a folded field", "GET", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc", "abc", ""},
		{"no reason phrase", "GET", "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", "abc", ""},
		{"a head of 40 KB", "GET", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 40<<10) + "\r\nContent-Length: 3\r\n\r\nabc", "abc", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := piped(t, 1, Settings{}, once(c.answer))
			got := do(p, get(c.method))
			if got.f != nil || got.body != c.body || got.trailer != c.trailer {
				t.Fatalf("body %q, trailer %q, failure %v", got.body, got.trailer, got.f)
			}
		})
	}
}

// TestEverySplit sends an answer in two pieces, cut at each place.
func TestEverySplit(t *testing.T) {
	answer := "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a;x=\"y\"\r\nabcdefghijklmnopqrstuvwxyz\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n"
	cut := 0
	p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			io.WriteString(c, answer[:cut])
			io.WriteString(c, answer[cut:])
		}
	})
	for cut = 1; cut < len(answer); cut++ {
		if got := do(p, get("GET")); got.f != nil || got.body != "abcdefghijklmnopqrstuvwxyz0123456789" || got.trailer != "T=u;" {
			t.Fatalf("cut at %d: body %q, trailer %q, failure %v", cut, got.body, got.trailer, got.f)
		}
	}
	if n := p.Endpoints()[0].counts.Connects.Load(); n != 1 {
		t.Errorf("%d connections for one after the other", n)
	}
}

// TestBodylessAnswers sends another request on the same connection after an answer
// that has a Content-Length and no body.
func TestBodylessAnswers(t *testing.T) {
	for _, c := range []struct{ name, method, answer string }{
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := piped(t, 1, Settings{}, func(_ string, _ int, conn net.Conn) {
				in := bufio.NewReader(conn)
				for n := 0; ; n++ {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					if n == 0 {
						io.WriteString(conn, c.answer)
						continue
					}
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright")
				}
			})
			if got := do(p, get(c.method)); got.f != nil || got.body != "" {
				t.Fatalf("first: body %q, failure %v", got.body, got.f)
			}
			got := do(p, get("GET"))
			if got.f != nil || got.body != "right" || !got.a.Reused {
				t.Fatalf("second: body %q, failure %v, reused %v", got.body, got.f, got.a.Reused)
			}
		})
	}
}

// TestBytesOnAnIdleConnection: the answer that nobody asked for is never given to
// anybody.
func TestBytesOnAnIdleConnection(t *testing.T) {
	for _, when := range []string{"beside the answer", "later"} {
		t.Run(when, func(t *testing.T) {
			l := listen(t)
			wrote := make(chan struct{})
			go accept(l, func(n int, c net.Conn) {
				in := bufio.NewReader(c)
				for k := 0; ; k++ {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					answer := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright"
					extra := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
					if n > 1 {
						extra = ""
					}
					if when == "beside the answer" {
						io.WriteString(c, answer+extra)
						continue
					}
					io.WriteString(c, answer)
					if n == 1 {
						io.WriteString(c, extra)
						close(wrote)
					}
				}
			})
			p := dialled(t, l, Settings{})
			if got := do(p, get("GET")); got.body != "right" {
				t.Fatalf("first: %q %v", got.body, got.f)
			}
			if when == "later" {
				<-wrote
			}
			got := do(p, get("GET"))
			if got.f != nil || got.body != "right" || got.a.Reused {
				t.Fatalf("second: %q %v, reused %v", got.body, got.f, got.a.Reused)
			}
		})
	}
}

// TestPostIsNotSentTwice: a server that takes a POST on a kept connection and ends
// the connection may have carried it out.
func TestPostIsNotSentTwice(t *testing.T) {
	l := listen(t)
	var posts atomic.Int64
	go accept(l, func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			if r.Method == "POST" && posts.Add(1) > 0 {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	p := dialled(t, l, Settings{})
	do(p, get("GET"))
	p.Endpoints()[0].limit.witnessed = time.Hour // a POST may use kept connections
	got := do(p, post())
	if got.f == nil || got.f.Symptom != vocab.ConnectionTerminated || got.f.Sent == 0 || !got.a.Reused {
		t.Errorf("%+v, reused %v", got.f, got.a.Reused)
	}
	if n := posts.Load(); n != 1 {
		t.Errorf("the server saw %d POSTs", n)
	}
}

// TestWriteAfterFIN: the server has closed, the first write still succeeds, so
// success proves nothing. The look before it sees the end.
func TestWriteAfterFIN(t *testing.T) {
	l := listen(t)
	closed := make(chan struct{})
	go accept(l, func(n int, c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		if n == 1 {
			c.Close()
			close(closed)
		}
	})
	p := dialled(t, l, Settings{})
	do(p, get("GET"))
	<-closed
	p.Endpoints()[0].limit.witnessed = time.Hour
	got := do(p, post())
	if got.f != nil || got.a.Reused {
		t.Errorf("failure %v, reused %v", got.f, got.a.Reused)
	}
}

func TestUnsafeTakesAFreshConnectionUntilTheLimitIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{}, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		do(p, get("GET"))
		if got := do(p, post()); got.f != nil || got.a.Reused {
			t.Errorf("nothing is known: failure %v, reused %v", got.f, got.a.Reused)
		}
		time.Sleep(2 * time.Second) // an idle connection is seen to stay open
		if got := do(p, get("GET")); !got.a.Reused {
			t.Error("a GET did not use the idle connection")
		}
		if got := do(p, post()); got.f != nil || !got.a.Reused {
			t.Errorf("seen to keep 2 s: failure %v, reused %v", got.f, got.a.Reused)
		}
		p.Close()
	})
}

// TestKeepAliveIsHonoured: a connection older than announced is not used, though
// it is open.
func TestKeepAliveIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{}, says("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n"))
		do(p, get("GET"))
		time.Sleep(4 * time.Second)
		if got := do(p, get("GET")); !got.a.Reused {
			t.Error("after 4 s it was not used")
		}
		time.Sleep(4800 * time.Millisecond)
		if got := do(p, get("GET")); got.f != nil || got.a.Reused {
			t.Errorf("after 4.8 s it was used, failure %v", got.f)
		}
		p.Close()
	})
}

// TestLimitIsLearned: the server closes after a second of idleness; from then on
// nothing older is used.
func TestLimitIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
			in := bufio.NewReader(c)
			for {
				c.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		do(p, get("GET"))
		time.Sleep(2 * time.Second)
		e := p.Endpoints()[0]
		e.mu.Lock()
		known := e.limit.known()
		e.mu.Unlock()
		if known < 800*time.Millisecond || known >= time.Second {
			t.Errorf("learned %v, the server keeps 1 s", known)
		}
		do(p, get("GET"))
		time.Sleep(950 * time.Millisecond)
		if got := do(p, get("GET")); got.f != nil || got.a.Reused {
			t.Errorf("a connection at its limit was used, failure %v", got.f)
		}
		p.Close()
	})
}

// TestLimitIsNotPoisonedByRestarts closes 100 idle connections at once.
func TestLimitIsNotPoisonedByRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var open []net.Conn
		p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")("", 0, c)
		})
		e := p.Endpoints()[0]
		var list []*Exchange
		for range 100 {
			p.Acquire(context.Background(), &Choice{})
			x, _ := e.Begin(context.Background(), get("GET"), false)
			x.Wait()
			list = append(list, x)
		}
		for _, x := range list {
			x.Next()
			x.Finish()
			time.Sleep(time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		time.Sleep(2 * time.Second)
		e.mu.Lock()
		if e.limit.known() != 0 || len(e.idle) != 0 {
			t.Errorf("learned %v from a restart, %d connections left", e.limit.known(), len(e.idle))
		}
		e.mu.Unlock()
		p.Close()
	})
}

// TestStaleDeadline uses a connection again long after the deadlines of its first
// exchange have passed.
func TestStaleDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{Timeouts: Timeouts{First: 2 * time.Second, Read: 2 * time.Second, Send: 2 * time.Second}}, func(_ string, _ int, c net.Conn) {
			in := bufio.NewReader(c)
			for {
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				time.Sleep(1500 * time.Millisecond)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
				time.Sleep(1500 * time.Millisecond)
				io.WriteString(c, "b")
			}
		})
		for range 3 {
			if got := do(p, get("GET")); got.f != nil || got.body != "ab" {
				t.Fatalf("%q %v", got.body, got.f)
			}
			time.Sleep(10 * time.Second)
		}
		p.Close()
	})
}

// TestDrip: a head that comes a byte a second ends at the limit of the whole head.
func TestDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{Timeouts: Timeouts{First: 5 * time.Second, Header: 8 * time.Second}}, func(_ string, _ int, c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			for i := range 60 {
				if _, err := io.WriteString(c, ("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 80))[i:i+1]); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		begun := time.Now()
		got := do(p, get("GET"))
		if d := time.Since(begun); got.f == nil || got.f.Symptom != vocab.HTTPResponseTimeout || d != 8*time.Second {
			t.Errorf("%v after %v", got.f, d)
		}
		p.Close()
		time.Sleep(2 * time.Second) // the server finds its connection closed
	})
}

// TestTimeouts: each phase has its own limit and its own reason.
func TestTimeouts(t *testing.T) {
	limits := Timeouts{Connect: time.Second, Send: 2 * time.Second, First: 3 * time.Second, Read: 4 * time.Second, Whole: 20 * time.Second}
	silent := func(_ string, _ int, c net.Conn) { http.ReadRequest(bufio.NewReader(c)); io.Copy(io.Discard, c) }
	for _, c := range []struct {
		name  string
		serve func(string, int, net.Conn)
		want  vocab.Symptom
		after time.Duration
	}{
		{"nothing is read", func(_ string, _ int, c net.Conn) { time.Sleep(time.Minute) }, vocab.ConnectionWriteTimeout, 2 * time.Second},
		{"no first byte", silent, vocab.ConnectionReadTimeout, 3 * time.Second},
		{"a pause in the body", func(_ string, _ int, c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
			io.Copy(io.Discard, c)
		}, vocab.ConnectionReadTimeout, 4 * time.Second},
		{"no end", func(_ string, _ int, c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			for {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, vocab.HTTPResponseTimeout, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := piped(t, 1, Settings{Timeouts: limits}, c.serve)
				begun := time.Now()
				got := do(p, get("GET"))
				if d := time.Since(begun); got.f == nil || got.f.Symptom != c.want || d != c.after {
					t.Errorf("%v after %v, want %s after %v", got.f, d, c.want, c.after)
				}
				p.Close()
				time.Sleep(time.Minute) // the server that reads nothing wakes up
			})
		})
	}
}

// TestEarlyAnswer: the server answers 413 and closes although most of the body has
// not been sent; the client must get the 413.
func TestEarlyAnswer(t *testing.T) {
	for _, held := range []bool{true, false} {
		t.Run(fmt.Sprintf("held %v", held), func(t *testing.T) {
			l := listen(t)
			go accept(l, func(_ int, c net.Conn) {
				head := make([]byte, 32)
				io.ReadFull(c, head)
				io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
			})
			p := dialled(t, l, Settings{})
			size := 32 << 20
			body := &Body{Length: int64(size), Rest: io.LimitReader(zeros{}, int64(size)), Stop: func() {}}
			if held {
				body = &Body{Length: int64(size), Held: make([]byte, size)}
			}
			got := do(p, &Request{Method: "POST", Head: fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size), Body: body})
			if got.f != nil || got.status != 413 || got.body != "big" {
				t.Errorf("status %d, body %q, failure %v", got.status, got.body, got.f)
			}
		})
	}
}

// TestUploadThatBreaksOff: what the client sent of a body is never taken for the
// whole.
func TestUploadThatBreaksOff(t *testing.T) {
	for _, length := range []int64{100, -1} {
		saw := make(chan error, 1)
		p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
			}
			saw <- err
		})
		head := "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		if length > 0 {
			head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
		}
		broken := io.MultiReader(strings.NewReader("half"), errReader{})
		got := do(p, &Request{Method: "POST", Head: []byte(head), Body: &Body{Length: length, Rest: broken, Stop: func() {}}})
		if got.f == nil || !got.f.Client || strings.Contains(got.f.Detail, "server") {
			t.Errorf("length %d: %v", length, got.f)
		}
		if err := <-saw; err == nil {
			t.Errorf("length %d: the server took the half for the whole", length)
		}
	}
}

// TestExpect: the body waits for the server's leave, and goes after a second
// without one.
func TestExpect(t *testing.T) {
	for _, leave := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
				in := bufio.NewReader(c)
				r, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				if leave {
					io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
				}
				b, _ := io.ReadAll(r.Body)
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
			})
			begun := time.Now()
			got := do(p, &Request{Method: "POST", Expect: true, Head: []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"),
				Body: &Body{Length: 4, Rest: strings.NewReader("body"), Stop: func() {}}})
			if got.f != nil || got.body != "body" {
				t.Errorf("leave %v: %q %v", leave, got.body, got.f)
			}
			if d := time.Since(begun); leave != (d == 0) || !leave && d != time.Second {
				t.Errorf("leave %v: it took %v", leave, d)
			}
			p.Close()
		})
	}
}

// TestExpectRefused: a server that refuses at once gets no body, and the body was
// not touched.
func TestExpectRefused(t *testing.T) {
	p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	body := &Body{Length: 4, Rest: strings.NewReader("body"), Stop: func() {}}
	got := do(p, &Request{Method: "POST", Expect: true, Head: []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"), Body: body})
	if got.f != nil || got.status != 417 || !body.Replayable() {
		t.Errorf("status %d, failure %v, replayable %v", got.status, got.f, body.Replayable())
	}
}

// TestBytesBesideA101 must reach the client.
func TestBytesBesideA101(t *testing.T) {
	p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nearly")
		io.Copy(c, c)
	})
	e, _ := p.Acquire(context.Background(), &Choice{})
	r := get("GET")
	r.Upgrade = true
	x, f := e.Begin(context.Background(), r, false)
	if f != nil {
		t.Fatal(f)
	}
	if err := x.Wait(); err != nil || !x.Upgraded {
		t.Fatal(err, x.Upgraded)
	}
	c, early := x.Detach()
	got := bytes.NewBuffer(early)
	for got.Len() < len("early") {
		io.CopyN(got, c, 1)
	}
	if got.String() != "early" {
		t.Errorf("got %q", got)
	}
	x.Abandon()
}

func Test408OnAnIdleConnectionIsStale(t *testing.T) {
	p := piped(t, 1, Settings{}, func(_ string, n int, c net.Conn) {
		in := bufio.NewReader(c)
		for k := 0; ; k++ {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			if k == 1 {
				io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	do(p, get("GET"))
	if got := do(p, get("GET")); got.f == nil || !got.f.Stale {
		t.Errorf("status %d, failure %v", got.status, got.f)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("the client left") }

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// accept serves each connection of l with its number, from 1.
func accept(l net.Listener, serve func(int, net.Conn)) {
	for n := 1; ; n++ {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(n, c)
		}()
	}
}

func dialled(t testing.TB, l net.Listener, s Settings) *Pool {
	p := New(s, []*Endpoint{{Network: "tcp", Address: l.Addr().String(), Server: l.Addr().String()}})
	t.Cleanup(p.Close)
	return p
}

// TestFullIdleListStaysUseful: many connections that became idle at once do not
// keep the ones that follow from being used again.
func TestFullIdleListStaysUseful(t *testing.T) {
	p := piped(t, 1, Settings{MaxIdle: 8}, func(_ string, _ int, c net.Conn) { io.Copy(io.Discard, c) })
	e := p.Endpoints()[0]
	var made []*conn
	for range 20 {
		c, f := e.dial(context.Background(), new(event.Attempt))
		if f != nil {
			t.Fatal(f)
		}
		made = append(made, c)
		e.put(c, time.Now())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.idle); n != 8 || e.idle[0] != made[0] || e.idle[n-1] != made[19] {
		t.Errorf("%d are idle; the oldest and the newest must be among them", n)
	}
}
