package front

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// TestRefused: what a strict server refuses gets its status, ends the connection,
// reaches no server, and stands in the log.
func TestRefused(t *testing.T) {
	const second = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"length and coding", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second, 400},
		{"chunked not last", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + second, 400},
		{"unknown coding", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n" + second, 400},
		{"bare LF", "GET /x HTTP/1.1\nHost: a\n\n" + second, 400},
		{"folded", "GET /x HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n" + second, 400},
		{"no Host", "GET /x HTTP/1.1\r\n\r\n" + second, 400},
		{"version", "GET /x HTTP/3.0\r\nHost: a\r\n\r\n" + second, 400},
		{"expectation", "POST /x HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\nContent-Length: 1\r\n\r\nx" + second, 417},
		{"many fields", "GET /x HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("A: b\r\n", maxFields+1) + "\r\n" + second, 431},
		{"large head", "GET /x HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("b", 70<<10) + "\r\n\r\n" + second, 431},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},
		{"bare LF first", "\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, nil, nil)
			got := s.raw(c.request)
			has(t, got, fmt.Sprintf("HTTP/1.1 %d ", c.status), "Connection: close", "Proxy-Status: goodgate; error=http_request_error")
			if strings.Count(got, "HTTP/1.1 ") != 1 || len(s.asked()) > 0 {
				t.Errorf("the server was asked %v; the client got\n%s", s.asked(), got)
			}
			has(t, s.logged(1), fmt.Sprintf(`"status":%d,"made_by":"client","symptom":"http_request_error"`, c.status))
		})
	}
}

// TestRefusedTellsOfNobodyElse: the memory of an earlier request is used again, and
// nothing of it must show.
func TestRefusedTellsOfNobodyElse(t *testing.T) {
	s := newSite(t, nil, nil)
	for range 20 {
		s.raw("GET /secret HTTP/1.0\r\nX-Request-Id: secret\r\nUser-Agent: secret\r\n\r\n")
	}
	before := s.logged(20)
	got := s.raw("\x16\x03\x01") + s.raw("GET /x HTTP/1.1\r\nA: "+strings.Repeat("b", 70<<10))
	has(t, got, "HTTP/1.1 400 ", "HTTP/1.1 431 ")
	if all := got + s.logged(22)[len(before):]; strings.Contains(all, "secret") {
		t.Error(all)
	}
}

// TestBadChunks: a body that breaks the rules in its middle never reaches the server
// as a whole one, and what follows it is no request.
func TestBadChunks(t *testing.T) {
	for _, body := range []string{
		"5\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5 \x00\r\nhello\r\n0\r\n\r\n",
		"10000000000000005\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
		"5\r\nhello\r\n0\r\nGET /smuggled HTTP/1.1\r\n\r\n", "5\r\nhello\r\n0\r\nX : y\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n", "5\r\nhello\r\n0\r\nX: \x00\r\n\r\n",
	} {
		s := newSite(t, nil, nil)
		got := s.raw("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
		if strings.Contains(got, "HTTP/1.1 200") || len(s.asked()) > 1 {
			t.Errorf("%q was taken: %v\n%s", body, s.asked(), got)
		}
	}
}

// TestPipelined: requests that come together are answered one by one, in order.
func TestPipelined(t *testing.T) {
	s := newSite(t, nil, nil)
	c := s.dial()
	io.WriteString(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\n"+ // a line end too many
		"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\nHEAD /4 HTTP/1.1\r\nHost: a\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	in := bufio.NewReader(c)
	for i, want := range []string{"", "abc", "def", "", ""} {
		method := "GET"
		if i == 3 {
			method = "HEAD"
		}
		resp, body := reply(t, in, method)
		if resp.StatusCode != 200 || body != want || resp.Header.Get("X-Path") != fmt.Sprint("/", i+1) || resp.Header.Get("Date") == "" || resp.Close != (i == 4) {
			t.Errorf("answer %d: %v %q", i+1, resp, body)
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Error(err)
	}
	if got := strings.Join(s.asked(), ", "); got != "GET /1, POST /2, POST /3, HEAD /4, GET /5" {
		t.Error(got)
	}
}

// TestEverySplit cuts a request with a chunked body, and one behind it, at every
// byte.
func TestEverySplit(t *testing.T) {
	s := newSite(t, nil, nil)
	p := newPipes()
	s.serve(p)
	text := "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n00a\r\n0123456789\r\n0\r\nDigest: d\r\n\r\n" +
		"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyzGET /c HTTP/1.1\r\nHost: a\r\n\r\n"
	for cut := 1; cut < len(text); cut++ {
		c := p.dial()
		go func() {
			io.WriteString(c, text[:cut])
			io.WriteString(c, text[cut:])
		}()
		in := bufio.NewReader(c)
		for i, want := range []string{"abc0123456789", "xyz", ""} {
			if _, body := reply(t, in, "POST"); !strings.HasPrefix(body, want) {
				t.Fatalf("cut at %d: answer %d is %q", cut, i, body)
			}
		}
		c.Close()
	}
	c := p.dial() // each byte alone
	defer c.Close()
	go func() {
		for i := range len(text) {
			io.WriteString(c, text[i:i+1])
		}
	}()
	in := bufio.NewReader(c)
	for _, want := range []string{"abc0123456789 Digest=d", "xyz", ""} {
		if _, body := reply(t, in, "POST"); body != want {
			t.Fatalf("byte by byte: %q", body)
		}
	}
}

// TestSlowHead: a head that drips ends at the limit of the whole, and its client is
// told.
func TestSlowHead(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.HeaderTime = 150 * time.Millisecond }, nil)
	c := s.dial()
	go func() {
		io.WriteString(c, "GET / HTTP/1.1\r\nX: ")
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 408 ") {
		t.Errorf("%q", got)
	}
	silent := s.dial()
	if got, err := io.ReadAll(silent); len(got) > 0 || err != nil {
		t.Errorf("who says nothing got %q, %v", got, err)
	}
}

// TestIdle: an idle connection has no buffer, and ends after its time.
func TestIdle(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.IdleTime = 200 * time.Millisecond }, nil)
	c := s.dial()
	in := bufio.NewReader(c)
	for range 3 {
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if resp, _ := reply(t, in, "GET"); resp.StatusCode != 200 {
			t.Fatal(resp)
		}
	}
	s.front.mu.Lock()
	one := s.front.first
	s.front.mu.Unlock()
	for state(one.state.Load()) != idle { // the answer comes before the state
		time.Sleep(time.Millisecond)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Error(err)
	}
}

// TestSlowBody: a body of which nothing more comes ends, and is no request.
func TestSlowBody(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.BodyTime, c.Limits.BodyRate = 500*time.Millisecond, 2 }, nil)
	if got := s.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"); !strings.HasPrefix(got, "HTTP/1.1 408 ") || len(s.asked()) > 0 {
		t.Errorf("%v %q", s.asked(), got)
	}
	// A body that comes slowly, but comes, is waited for.
	c := s.dial()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
	for range 10 {
		time.Sleep(60 * time.Millisecond)
		io.WriteString(c, "x")
	}
	in := bufio.NewReader(c)
	if resp, body := reply(t, in, "POST"); resp.StatusCode != 200 || body != "xxxxxxxxxx" {
		t.Errorf("%v %q", resp, body)
	}
	// And its limit is gone for the next request.
	time.Sleep(600 * time.Millisecond)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if resp, _ := reply(t, in, "GET"); resp.StatusCode != 200 {
		t.Error(resp)
	}
}

// TestExpect: 100 comes when the body is asked for, and not before; a body that was
// not asked for ends the connection.
func TestExpect(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Sites[0].Routes[0].Path = "/app" }, nil)
	c := s.dial()
	in := bufio.NewReader(c)
	io.WriteString(c, "POST /app HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	if resp, _ := reply(t, in, "POST"); resp.StatusCode != 100 {
		t.Fatal(resp)
	}
	io.WriteString(c, "body")
	if resp, body := reply(t, in, "POST"); resp.StatusCode != 200 || body != "body" || resp.Close {
		t.Errorf("%v %q", resp, body)
	}
	io.WriteString(c, "POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	if resp, _ := reply(t, in, "POST"); resp.StatusCode != 404 || !resp.Close {
		t.Error(resp)
	}
}

// TestExpectOfNobody: who has sent its body does not wait for leave, and HTTP/1.0 knows
// none. The server is not made to give it, and the client is not told.
func TestExpectOfNobody(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, body []byte) bool {
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Expect: <%s>\r\n\r\n%s", r.Header.Get("Expect"), body)
		return true
	})
	for _, request := range []string{"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"} {
		got := s.raw(request)
		has(t, got, "X-Expect: <>", "\r\n\r\nbody")
		if !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("%q", got)
		}
	}
}

// TestEmptyLines: empty lines before a request are no request, wherever they are cut.
func TestEmptyLines(t *testing.T) {
	s := newSite(t, nil, nil)
	p := newPipes()
	s.serve(p)
	const request = "\r\n\r\nPOST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	for _, n := range []int{1, 3, len(request)} {
		c := p.dial()
		go func() {
			for rest := request; len(rest) > 0; rest = rest[min(n, len(rest)):] {
				io.WriteString(c, rest[:min(n, len(rest))])
			}
		}()
		if got, err := io.ReadAll(c); err != nil || strings.Count(string(got), "HTTP/1.1 200 OK") != 3 {
			t.Errorf("in pieces of %d: %v %q", n, err, got)
		}
		c.Close()
	}
}

// TestUnreadBody: the body of a request that no server wanted is read, so that the
// connection stays; a long one ends it.
func TestUnreadBody(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Sites[0].Routes[0].Path = "/app" }, nil)
	c := s.dial()
	in := bufio.NewReader(c)
	for _, head := range []string{"Content-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000), "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"} {
		go io.WriteString(c, "POST /none HTTP/1.1\r\nHost: a\r\n"+head)
		if resp, _ := reply(t, in, "POST"); resp.StatusCode != 404 || resp.Close {
			t.Error(resp)
		}
	}
	io.WriteString(c, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
	if resp, _ := reply(t, in, "POST"); resp.StatusCode != 404 || !resp.Close {
		t.Error(resp)
	}
}

// TestHTTP10: the connection ends unless the client wants it; a body of unknown
// length ends with it, and one that breaks off does not end cleanly.
func TestHTTP10(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		switch r.URL.Path {
		case "/stream":
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n")
		case "/cut":
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
			return false
		default:
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
		return true
	})
	if got := s.raw("GET /stream HTTP/1.0\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\nhello") || strings.Contains(got, "chunked") {
		t.Errorf("%q", got)
	}
	has(t, s.raw("GET / HTTP/1.0\r\n\r\n"), "Connection: close", "\r\n\r\nok")
	c := s.dial()
	in := bufio.NewReader(c)
	for range 2 {
		io.WriteString(c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
		if resp, body := reply(t, in, "GET"); resp.Header.Get("Connection") != "keep-alive" || body != "ok" {
			t.Errorf("%v %q", resp, body)
		}
	}
	c = s.dial()
	io.WriteString(c, "GET /cut HTTP/1.0\r\n\r\n")
	if got, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a part was taken for the whole: %q %v", got, err)
	}
	addr, conf := s.secure()
	secure, err := tls.Dial("tcp", addr, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	io.WriteString(secure, "GET /cut HTTP/1.0\r\n\r\n")
	if got, err := io.ReadAll(secure); err == nil {
		t.Errorf("over TLS a part was taken for the whole: %q", got)
	}
}

// TestCut: an answer that breaks off never ends cleanly.
func TestCut(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		if r.URL.Path == "/large" { // moved within the kernel
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 999999))
		} else if r.URL.Path == "/length" {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 99999))
		} else {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r")
		}
		return false
	})
	for _, path := range []string{"/large", "/length", "/chunked"} {
		resp, err := http.Get("http://" + s.addr + path)
		if err != nil {
			continue
		}
		if b, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: %d bytes were taken for the whole", path, len(b))
		}
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	has(t, s.logged(3), `"symptom":"http_response_incomplete"`, `"cut":true`, `"bytes":999999`)
}

// TestLargeBodies: both ways, by length and by chunks.
func TestLargeBodies(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	s := newSite(t, nil, func(c net.Conn, r *http.Request, body []byte) bool {
		if r.URL.Path == "/chunked" {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for len(body) > 0 {
				n := min(len(body), 70000)
				fmt.Fprintf(c, "%x\r\n%s\r\n", n, body[:n])
				body = body[n:]
			}
			io.WriteString(c, "0\r\n\r\n")
		} else {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
		return true
	})
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	for range 3 {
		for _, path := range []string{"/length", "/chunked"} {
			for _, body := range []io.Reader{strings.NewReader(big), io.MultiReader(strings.NewReader(big))} {
				r, _ := http.NewRequest("POST", "http://"+s.addr+path, body)
				resp, err := tr.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(b) != big {
					t.Fatalf("%s: %d bytes, %v", path, len(b), err)
				}
			}
		}
	}
}

// TestSlowReader: a client that takes nothing ends after its time; one that takes
// slowly gets everything.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 16<<20)
	s := newSite(t, func(c *config.Config) { c.Limits.WriteTime = time.Second }, func(c net.Conn, r *http.Request, _ []byte) bool {
		_, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		return err == nil
	})
	c := s.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	has(t, s.logged(1), `"made_by":"client"`, `"cut":true`)
	c.Close()
	c = s.dial()
	c.(*net.TCPConn).SetReadBuffer(64 << 10)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	got := 0
	for buf := make([]byte, 1<<20); ; {
		n, err := io.ReadFull(c, buf)
		if got += n; err != nil {
			break
		}
		time.Sleep(80 * time.Millisecond)
	}
	if got < len(body) {
		t.Errorf("%d of %d bytes", got, len(body))
	}
}

// TestClientLeavesWhileItWaits: the server's work ends, however long it would take.
func TestClientLeavesWhileItWaits(t *testing.T) {
	entered, ended := make(chan struct{}, 1), make(chan struct{})
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		entered <- struct{}{}
		io.Copy(io.Discard, c)
		close(ended)
		return false
	})
	c := s.dial()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
	<-entered
	c.Close()
	<-ended
	has(t, s.logged(1), `"status":499`)
}

// TestPipelinedClientHasNotLeft: whoever has sent another request is waiting for
// it, also where it has closed its side.
func TestPipelinedClientHasNotLeft(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		time.Sleep(4 * look)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	})
	c := s.dial()
	io.WriteString(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
	in := bufio.NewReader(c)
	if resp, body := reply(t, in, "GET"); resp.StatusCode != 200 || body != "ok" {
		t.Errorf("%v %q", resp, body)
	}
	if resp, body := reply(t, in, "GET"); resp.StatusCode != 200 || body != "ok" {
		t.Errorf("%v %q", resp, body)
	}
}

// TestConnections: no more than the limit at once; who is beyond it waits.
func TestConnections(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.Connections = 2 }, nil)
	ask := func(c net.Conn) {
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if resp, _ := reply(t, bufio.NewReader(c), "GET"); resp.StatusCode != 200 {
			t.Error(resp)
		}
	}
	a, b, c := s.dial(), s.dial(), s.dial()
	ask(a)
	ask(b)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was served")
	}
	a.Close()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if resp, _ := reply(t, bufio.NewReader(c), "GET"); resp.StatusCode != 200 {
		t.Error(resp)
	}
}

// TestPlacesAreOfAllListeners: a listener to which nobody comes keeps no place.
func TestPlacesAreOfAllListeners(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.Connections = 1 }, nil)
	for range 2 {
		for _, address := range []string{s.addr, s.listen(t)} {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if resp, _ := reply(t, bufio.NewReader(c), "GET"); resp.StatusCode != 200 {
				t.Error(resp)
			}
			c.Close()
		}
	}
}

// TestStop: what is idle ends at once, what is under way ends well, and what takes
// too long is broken off.
func TestStop(t *testing.T) {
	entered, leave := make(chan struct{}, 2), make(chan struct{})
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		if r.URL.Path == "/slow" {
			entered <- struct{}{}
			<-leave
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	})
	quiet, busy, silent := s.dial(), s.dial(), s.dial()
	io.WriteString(quiet, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	in := bufio.NewReader(quiet)
	reply(t, in, "GET")
	io.WriteString(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	var stopped atomic.Bool
	done := make(chan error)
	go func() {
		err := s.front.Stop(context.Background())
		stopped.Store(true)
		done <- err
	}()
	if _, err := in.ReadByte(); err != io.EOF {
		t.Error(err)
	}
	if _, err := silent.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	if stopped.Load() {
		t.Error("Stop did not wait")
	}
	close(leave)
	if resp, body := reply(t, bufio.NewReader(busy), "GET"); body != "ok" || !resp.Close {
		t.Errorf("%v %q", resp, body)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// queue is a listener that takes nobody before it is told when to end.
type queue struct {
	*net.TCPListener
	opens func()
	open  chan struct{}
	calls atomic.Int32
	taken chan struct{} // closed when one was taken and another is waited for
}

func (q *queue) Accept() (net.Conn, error) {
	<-q.open
	if q.calls.Add(1) == 2 {
		close(q.taken)
	}
	return q.TCPListener.Accept()
}

func (q *queue) Close() error {
	q.opens()
	return q.TCPListener.Close()
}

func (q *queue) SetDeadline(at time.Time) error {
	q.opens()
	<-q.taken
	return q.TCPListener.SetDeadline(at)
}

// TestStopTakesWhoHasConnected: a client that stands in the kernel's queue when the end
// comes is served, and not reset with the listener.
func TestStopTakesWhoHasConnected(t *testing.T) {
	s := newSite(t, nil, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := make(chan struct{})
	s.serve(&queue{TCPListener: l.(*net.TCPListener), opens: sync.OnceFunc(func() { close(open) }), open: open, taken: make(chan struct{})})
	for { // until both listeners are known: the one of the site as well
		s.front.mu.Lock()
		n := len(s.front.listeners)
		s.front.mu.Unlock()
		if n == 2 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	done := make(chan error)
	go func() { done <- s.front.Stop(context.Background()) }()
	if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != 200 || !resp.Close {
		t.Errorf("%v %v", resp, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestStopWaitsForNewcomers: a client that has just connected, and writes when the end has
// begun, gets its answer.
func TestStopWaitsForNewcomers(t *testing.T) {
	s := newSite(t, nil, nil)
	c := s.dial()
	for s.front.left() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.front.mu.Lock()
	s.front.first.since.Store(time.Now().Add(time.Minute).UnixNano()) // so that no pause of this host makes it old
	s.front.mu.Unlock()
	done := make(chan error)
	go func() { done <- s.front.Stop(context.Background()) }()
	<-s.front.stopped
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != 200 || !resp.Close {
		t.Errorf("%v %v", resp, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStopBreaksOff(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		close(entered)
		<-leave
		return false
	})
	defer close(leave)
	c := s.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.front.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if got, _ := io.ReadAll(c); len(got) > 0 {
		t.Errorf("an answer that never came: %q", got)
	}
}

// TestPanic: what goes wrong with one connection is told, and ends that one alone.
func TestPanic(t *testing.T) {
	var told strings.Builder
	f := New(nil, config.Limits{Header: 1 << 10}, newLogger(&told)) // no gateway: the core panics
	p := newPipes()
	served := make(chan error, 1)
	go func() { served <- f.Serve(p) }()
	for range 2 {
		c := p.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
			t.Errorf("%q %v", b, err)
		}
	}
	if err := f.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	f.Wait()
	if err := <-served; err != nil || strings.Count(told.String(), "panic while serving") != 2 {
		t.Errorf("%v, told: %s", err, told.String())
	}
}

// TestRest: a connection that is idle for long goes on with another goroutine, of which
// nobody sees anything, as often as that happens.
func TestRest(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *config.Config) { c.Limits.IdleTime = restAfter + time.Second }, nil)
	addr, conf := s.secure()
	over, err := tls.Dial("tcp", addr, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer over.Close()
	over.SetDeadline(time.Now().Add(20 * time.Second))
	conns := []net.Conn{s.dial(), over}
	var readers []*bufio.Reader
	for _, c := range conns {
		readers = append(readers, bufio.NewReader(c))
	}
	states := func() (n int) {
		s.front.mu.Lock()
		defer s.front.mu.Unlock()
		for c := s.front.first; c != nil; c = c.next {
			if state(c.state.Load()) == resting {
				n++
			}
		}
		return n
	}
	for round := range 2 {
		for i, c := range conns {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
			if resp, body := reply(t, readers[i], "POST"); resp.StatusCode != 200 || body != "body" {
				t.Errorf("round %d: %v %q", round, resp, body)
			}
		}
		for states() < len(conns) {
			time.Sleep(time.Millisecond)
		}
	}
	begun := time.Now() // they rest; the limit of their idleness goes on
	for _, in := range readers {
		if _, err := in.ReadByte(); err != io.EOF {
			t.Error(err)
		}
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("they ended after %v", took)
	}
	c := s.dial()
	in := bufio.NewReader(c)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	reply(t, in, "GET")
	for states() < 1 {
		time.Sleep(time.Millisecond)
	}
	if err := s.front.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Error(err)
	}
}

// short is a listener that runs out of descriptors once.
type short struct {
	net.Listener
	fail chan bool
}

func (l *short) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		select {
		case <-l.fail:
			c.Close() // what the kernel keeps waiting would come again
			return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
		default:
		}
	}
	return c, err
}

// TestNoDescriptors: connections that do nothing make way for those that ask.
func TestNoDescriptors(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		if r.URL.Path == "/slow" {
			time.Sleep(unused + 500*time.Millisecond)
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	few := &short{l, make(chan bool, 1)}
	s.serve(few)
	s.addr = l.Addr().String()
	var quiet []net.Conn
	for range 40 {
		c := s.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		reply(t, bufio.NewReader(c), "GET")
		quiet = append(quiet, c)
	}
	busy := s.dial()
	io.WriteString(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(unused + 200*time.Millisecond)
	few.fail <- true
	s.dial().Close()
	gone := 0
	for end := time.Now().Add(10 * time.Second); gone == 0 && time.Now().Before(end); {
		for _, c := range quiet {
			c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
			if _, err := c.Read(make([]byte, 1)); err == io.EOF {
				gone++
			}
		}
	}
	if gone == 0 || gone > 10 {
		t.Errorf("%d of %d were ended", gone, len(quiet))
	}
	if resp, body := reply(t, bufio.NewReader(busy), "GET"); body != "ok" {
		t.Errorf("%v %q", resp, body)
	}
	if got := s.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("%q", got)
	}
}
