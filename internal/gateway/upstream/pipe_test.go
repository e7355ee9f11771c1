package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// piped returns a pool of n servers that are reached by net.Pipe. serve is called
// for each connection with its number, from 1.
func piped(t testing.TB, n int, s Settings, serve func(server string, number int, c net.Conn)) *Pool {
	t.Helper()
	var number atomic.Int64
	s.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
		a, b := net.Pipe()
		k := int(number.Add(1))
		go func() {
			defer b.Close()
			serve(address, k, b)
		}()
		return a, nil
	}
	if s.Name == "" {
		s.Name = "test"
	}
	var ends []*Endpoint
	for i := range n {
		ends = append(ends, &Endpoint{Network: "tcp", Address: string(rune('a' + i)), Server: "app"})
	}
	p := New(s, ends)
	t.Cleanup(p.Close)
	return p
}

// says answers every request on a connection with the same bytes, whole heads
// being read first, and leaves it open.
func says(answer string) func(string, int, net.Conn) {
	return func(_ string, _ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

// once answers one request and closes.
func once(answer string) func(string, int, net.Conn) {
	return func(_ string, _ int, c net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.Copy(io.Discard, r.Body)
			io.WriteString(c, answer)
		}
	}
}

func get(method string) *Request {
	return &Request{Method: method, Head: []byte(method + " / HTTP/1.1\r\nHost: x\r\n\r\n"), Body: &Body{}, Safe: true, Idempotent: true}
}

func post() *Request {
	return &Request{Method: "POST", Head: []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"), Body: &Body{Held: []byte("abc"), Length: 3}}
}

// result is what one exchange brought.
type result struct {
	status  int
	body    string
	trailer string
	f       *Failure
	a       event.Attempt
}

// do makes one exchange to its end.
func do(p *Pool, r *Request) (out result) {
	e, f := p.Acquire(context.Background(), &Choice{Wait: time.Minute})
	if f != nil {
		return result{f: f}
	}
	x, f := e.Begin(context.Background(), r, false)
	defer func() { out.a = x.Attempt }()
	if f != nil {
		return result{f: f}
	}
	if err := x.Wait(); err != nil {
		return result{f: err.(*Failure)}
	}
	out.status = x.Response.Status
	if x.Upgraded {
		x.Abandon()
		return out
	}
	for {
		b, f := x.Next()
		if f != nil {
			out.f = f
			return out
		}
		if b == nil {
			break
		}
		out.body += string(b)
	}
	for _, f := range x.Trailer() {
		out.trailer += string(f.Name) + "=" + string(f.Value) + ";"
	}
	x.Finish()
	return out
}
