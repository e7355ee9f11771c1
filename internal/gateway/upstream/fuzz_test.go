package upstream

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzAnswer holds what is taken of an answer against net/http: where both take
// it, both have the same status and body; and what is cut short is never whole.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 103 X\r\n\r\nHTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nabc", "HTTP/1.1 200\nA:b\n\nabc",
		"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	answers := make(chan []byte, 1)
	p := piped(f, 1, Settings{EjectAfter: 1 << 30, Wait: time.Second}, func(_ string, _ int, c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		c.Write(<-answers)
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		p.Endpoints()[0].dropIdle() // each answer on a connection of its own
		answers <- b
		got := do(p, get("GET"))
		status, body, whole := theirs(b)
		if got.f == nil && got.status == 101 {
			t.Fatalf("a 101 that nobody asked for was taken")
		}
		if got.f != nil || status == 0 {
			return
		}
		if got.status != status || whole && got.body != body {
			t.Fatalf("%d %q, net/http has %d %q", got.status, got.body, status, body)
		}
		if !whole && !strings.HasPrefix(body, got.body) && len(got.body) > len(body) {
			t.Fatalf("took %q for whole, net/http broke off at %q", got.body, body)
		}
	})
}

// theirs reads an answer with net/http; status 0: refused.
func theirs(b []byte) (status int, body string, whole bool) {
	in := bufio.NewReader(bytes.NewReader(b))
	for {
		r, err := http.ReadResponse(in, &http.Request{Method: "GET"})
		if err != nil {
			return 0, "", false
		}
		if r.StatusCode >= 100 && r.StatusCode < 200 {
			continue
		}
		got, err := io.ReadAll(r.Body)
		r.Body.Close()
		return r.StatusCode, string(got), err == nil
	}
}
