package upstream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// slow gives a byte a second.
type slow struct{ left int }

func (s *slow) Read(b []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Second)
	s.left--
	b[0] = 'x'
	return 1, nil
}

func put(n int, rest io.Reader) *Request {
	return &Request{Method: "PUT", Idempotent: true, Head: fmt.Appendf(nil, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", n),
		Body: &Body{Length: int64(n), Rest: rest, Stop: func() {}}}
}

// echoes answers with the length of what it read.
func echoes(_ string, _ int, c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		text := fmt.Sprint(len(b))
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
}

// TestSlowUpload: a body that comes slowly uses up neither the time that the server
// has for its answer nor the server's good name.
func TestSlowUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 2, Settings{Timeouts: Timeouts{First: 2 * time.Second}}, echoes)
		for range 100 { // what is usual is known
			do(p, get("GET"))
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if got := do(p, put(30, &slow{30})); got.f != nil || got.body != "30" {
				t.Errorf("%q %v", got.body, got.f)
			}
		}()
		for range 29 {
			time.Sleep(time.Second)
			for _, e := range p.Endpoints() {
				if c := e.Condition(); c != 0 {
					t.Fatalf("%s is %s: %s", e, c, e.Status().Why)
				}
			}
		}
		<-ended
		p.Close()
	})
}

// TestLimitsOfAnUpload: the first byte has its limit from the end of the request, and
// a server that stops reading has one of its own.
func TestLimitsOfAnUpload(t *testing.T) {
	limits := Timeouts{Send: 3 * time.Second, First: 5 * time.Second}
	for _, c := range []struct {
		name  string
		serve func(string, int, net.Conn)
		want  vocab.Symptom
		after time.Duration
	}{
		{"no answer after the last byte", func(_ string, _ int, c net.Conn) {
			r, _ := http.ReadRequest(bufio.NewReader(c))
			io.Copy(io.Discard, r.Body)
			io.Copy(io.Discard, c)
		}, vocab.ConnectionReadTimeout, 10*time.Second + 5*time.Second},
		{"it reads the head and nothing more", func(_ string, _ int, c net.Conn) {
			in := bufio.NewReaderSize(c, 16)
			for {
				if line, err := in.ReadString('\n'); err != nil || line == "\r\n" {
					break
				}
			}
			time.Sleep(time.Minute)
		}, vocab.ConnectionWriteTimeout, time.Second + 3*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := piped(t, 1, Settings{Timeouts: limits}, c.serve)
				begun := time.Now()
				got := do(p, put(10, &slow{10}))
				if d := time.Since(begun); got.f == nil || got.f.Symptom != c.want || got.f.Client || d != c.after {
					t.Errorf("%+v after %v, want %s after %v", got.f, d, c.want, c.after)
				}
				p.Close()
				time.Sleep(time.Minute)
			})
		})
	}
}

// TestWhatIsNotHeldTakesAFreshConnection: an idempotent request whose body cannot be
// sent again is lost with its connection like any other.
func TestWhatIsNotHeldTakesAFreshConnection(t *testing.T) {
	p := piped(t, 1, Settings{}, echoes)
	do(p, get("GET"))
	if got := do(p, put(1, &slow{1})); got.f != nil || got.a.Reused {
		t.Errorf("failure %v, reused %v", got.f, got.a.Reused)
	}
}

// TestGatherIsShort: what comes drop by drop is passed on drop by drop.
func TestGatherIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
			for range 10 {
				time.Sleep(600 * time.Millisecond)
				io.WriteString(c, "x")
			}
		})
		x, err := at(p.Endpoints()[0], get("GET"))
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if f := x.Gather(); f != nil || time.Since(begun) != stall {
			t.Errorf("%v after %v", f, time.Since(begun))
		}
		n := 0
		for b, f := x.Next(); b != nil || f != nil; b, f = x.Next() {
			if f != nil {
				t.Fatal(f)
			}
			n += len(b)
		}
		if n != 10 {
			t.Errorf("%d of 10 bytes", n)
		}
		x.Finish()
		p.Close()
	})
}
