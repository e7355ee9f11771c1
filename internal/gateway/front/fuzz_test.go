package front

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// FuzzStream gives a stream of bytes to the engine and to net/http, and holds the
// requests against each other: those that the engine hands to the core must be the
// ones that net/http reads first, with the same bodies. If they were not, bytes
// that one of them takes for a body would be a request for the other.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: x\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nxGET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nxyHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		f.Add(seed)
	}
	check := streams(f)
	f.Fuzz(func(t *testing.T, stream string) { check(t, stream) })
}

// pieces are what streams are made of by FuzzPieces: each is well formed, or a known way
// to make two parsers disagree.
var pieces = []string{
	"GET / HTTP/1.1\r\n", "POST /p HTTP/1.1\r\n", "PUT /q?r HTTP/1.0\r\n", "HEAD * HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "GET http://b/c HTTP/1.1\r\n", "CONNECT a:1 HTTP/1.1\r\n", "GET  /x HTTP/1.1\r\n",
	"Host: a\r\n", "Host: b:80\r\n", "Host:\r\n", "Content-Length: 5\r\n", "Content-Length: 05\r\n", "Content-Length: +5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: 0\r\n", "content-length:5\r\n", "Content-Length : 5\r\n",
	"Transfer-Encoding: chunked\r\n", "transfer-encoding:\tchunked \r\n", "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n", "Transfer-Encoding:\x0bchunked\r\n", "Transfer-Encoding\t: chunked\r\n", " Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\n",
	"Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "Trailer: T\r\n", "Upgrade: h2c\r\n", "X: y\r\n", "X: \x00\r\n", "X\r\n", ": x\r\n", "X: a\rY: b\r\n", "X: a\nY: b\r\n",
	"\r\n", "\n", "\r", "hello", "5\r\n", "05\r\n", "5;x=\"y\"\r\n", "5 \r\n", "5\n", "0x5\r\n", "-5\r\n", "0\r\n", "000\r\n", "0;x\r\n", "T: u\r\n", " ", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
}

// FuzzPieces does what FuzzStream does with streams that get further.
func FuzzPieces(f *testing.F) {
	at := func(want ...string) (recipe []byte) {
		for _, w := range want {
			for i, p := range pieces {
				if p == w {
					recipe = append(recipe, byte(i))
				}
			}
		}
		return recipe
	}
	post, host, te, end, get := "POST /p HTTP/1.1\r\n", "Host: a\r\n", "Transfer-Encoding: chunked\r\n", "\r\n", "GET / HTTP/1.1\r\n"
	f.Add(at(post, host, te, end, "5\r\n", "hello", end, "0\r\n", end, get, host, end))
	f.Add(at(post, host, te, end, "5;x=\"y\"\r\n", "hello", end, "0;x\r\n", "T: u\r\n", end, get, host, end))
	f.Add(at(post, host, "Content-Length: 5\r\n", end, "hello", end, end, get, host, end))
	f.Add(at(get, host, end, get, host, "Connection: close\r\n", end, get, host, end))
	f.Add(at(end, end, get, host, end, end, get, host, end))
	f.Add(at(post, host, te, end, "0\r\n", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"))
	check := streams(f)
	f.Fuzz(func(t *testing.T, recipe []byte) {
		var b strings.Builder
		for _, i := range recipe[:min(len(recipe), 200)] {
			b.WriteString(pieces[int(i)%len(pieces)])
		}
		check(t, b.String())
	})
}

// streams returns a check of one stream.
func streams(f *testing.F) func(*testing.T, string) {
	taken := make(chan string, 64)
	front := New(nil, config.Limits{Header: 4 << 10}, nil)
	front.core = func(r *gateway.Request, w gateway.Responder) {
		if r.Bad != nil {
			w.Head(r.Bad.Status, nil, 0, false)
			return
		}
		body, status := "", 200
		if r.Body != nil {
			b, err := io.ReadAll(r.Body)
			if body = string(b); err != nil {
				status = 400
			}
		}
		if status == 200 {
			taken <- fmt.Sprintf("%s %s %s %q", r.Method, r.Target, r.Host, body)
		}
		w.Head(status, nil, 0, false)
	}
	p := newPipes()
	go front.Serve(p)
	f.Cleanup(func() {
		front.Stop(f.Context())
		front.Wait()
	})
	return func(t *testing.T, stream string) {
		if len(stream) > 8<<10 {
			return
		}
		c := p.dial()
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.Copy(io.Discard, c)
		}()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, stream)
		c.Close()
		<-done
		// The engine ends when it has read all of it; nothing is taken afterwards.
		for quiet := false; !quiet; {
			front.mu.Lock()
			quiet = front.count == 0
			front.mu.Unlock()
			if !quiet {
				time.Sleep(20 * time.Microsecond)
			}
		}
		in := bufio.NewReader(strings.NewReader(stream))
		for len(taken) > 0 {
			mine := <-taken
			for { // RFC 9112 section 2.2; net/http's server does it after a POST
				if b, _ := in.Peek(2); string(b) != "\r\n" {
					break
				}
				in.Discard(2)
			}
			r, err := http.ReadRequest(in)
			if err != nil {
				t.Fatalf("taken: %s; net/http: %v", mine, err)
			}
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatalf("taken: %s; net/http's body: %v", mine, err)
			}
			target := r.RequestURI
			if !strings.HasPrefix(target, "/") && target != "*" {
				_, rest, _ := strings.Cut(target, "://")
				if i := strings.IndexAny(rest, "/?"); i < 0 || r.Method == "CONNECT" {
					target = "/"
				} else if target = rest[i:]; target[0] == '?' {
					target = "/" + target
				}
			}
			host := r.Host
			if r.Method == "CONNECT" {
				host = strings.Fields(mine + " x")[2] // of another field
			}
			if his := fmt.Sprintf("%s %s %s %q", r.Method, target, host, b); his != mine && r.Method != "CONNECT" {
				t.Fatalf("taken: %s; net/http: %s", mine, his)
			}
		}
	}
}
