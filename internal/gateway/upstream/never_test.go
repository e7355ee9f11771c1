package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// crossing is a connection on which something happens between the last look at it
// and the write.
type crossing struct {
	*net.TCPConn
	before func()
}

func (c *crossing) Write(b []byte) (int, error) {
	c.before()
	return c.TCPConn.Write(b)
}

// TestWhatIsProvedUnread holds the only proof that a request whose bytes were
// written may be made again although it is not idempotent.
func TestWhatIsProvedUnread(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the proof is Linux's")
	}
	read := func(c *net.TCPConn) { http.ReadRequest(bufio.NewReader(c)) }
	for _, one := range []struct {
		name    string
		crosses func(c *net.TCPConn) // before the request arrives
		after   func(c *net.TCPConn)
		proved  bool
	}{
		{"it closes before the request arrives", func(c *net.TCPConn) { c.Close() }, nil, true},
		{"it closes its own direction and reads on", func(c *net.TCPConn) { c.CloseWrite() }, read, false},
		{"it closes its own direction, reads, and resets", func(c *net.TCPConn) { c.CloseWrite() }, func(c *net.TCPConn) { read(c); c.SetLinger(0); c.Close() }, false},
		{"it resets before the request is written, and the write fails", func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, nil, true},
		{"it resets what it has not read", nil, func(c *net.TCPConn) { waitReadable(c); c.SetLinger(0); c.Close() }, false},
		{"it resets what it has read", nil, func(c *net.TCPConn) { read(c); c.SetLinger(0); c.Close() }, false},
		{"it reads and closes", nil, func(c *net.TCPConn) { read(c); c.Close() }, false},
		{"it reads a part and closes", nil, func(c *net.TCPConn) { io.ReadFull(c, make([]byte, 4)); c.Close() }, false},
		{"it closes and reads nothing", nil, func(c *net.TCPConn) { waitReadable(c); c.Close() }, false},
	} {
		t.Run(one.name, func(t *testing.T) {
			l := listen(t)
			defer l.Close()
			crossed, written := make(chan struct{}), make(chan struct{})
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				<-crossed
				if one.crosses != nil {
					one.crosses(c.(*net.TCPConn))
				}
				crossed <- struct{}{}
				<-written
				if one.after != nil {
					one.after(c.(*net.TCPConn))
				}
			}()
			p := dialled(t, l, Settings{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &crossing{c.(*net.TCPConn), func() { crossed <- struct{}{}; <-crossed }}, nil
			}})
			done := make(chan result, 1)
			go func() { done <- do(p, post()) }()
			// The write has ended when the exchange waits; the server goes on then.
			written <- struct{}{}
			got := <-done
			<-ended
			if got.f == nil || (got.f.Sent == 0) != one.proved || (got.a.Sent == 0) != one.proved {
				t.Errorf("%d bytes sent, failure %+v", got.a.Sent, got.f)
			}
		})
	}
}

// waitReadable blocks until something stands on c, and reads nothing.
func waitReadable(c *net.TCPConn) {
	if raw, err := c.SyscallConn(); err == nil {
		raw.Read(readable)
	}
}

// TestUnrepeatableAvoidsTheStill: a server of which nothing comes is not what a POST
// is given to, as long as another answers.
func TestUnrepeatableAvoidsTheStill(t *testing.T) {
	p := pooled(t, Settings{}, 1, 1)
	still := p.Endpoints()[0]
	still.awaits.Store(1)
	still.stir.Store(time.Now().Add(-50 * time.Millisecond).UnixNano())
	for range 100 {
		e := p.pick(&Choice{Once: true})
		if e == still {
			t.Fatal("a POST went to the server of which nothing comes")
		}
		e.release()
	}
	if got := spreadOf(t, p, 200, func(int) string { return "" }); got["0"] == 0 {
		t.Error("what can be made again avoids it as well")
	}
	still.stir.Store(time.Now().UnixNano())
	seen := false
	for range 100 {
		e := p.pick(&Choice{Once: true})
		seen = seen || e == still
		e.release()
	}
	if !seen && time.Since(time.Unix(0, still.stir.Load())) < stillFloor {
		t.Error("an answer has just come from it and it is avoided")
	}
}

// TestUnrepeatableWaitsForTheStill: where nothing comes from the only server, a POST
// is held for a moment, until it stirs or is known to be gone.
func TestUnrepeatableWaitsForTheStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Settings{}, []*Endpoint{{Network: "tcp", Address: "a"}})
		e := p.Endpoints()[0]
		took := func() time.Duration {
			begun := time.Now()
			if !e.Await(context.Background()) {
				t.Error("the server is called gone")
			}
			return time.Since(begun)
		}
		e.awaits.Store(1)
		e.stir.Store(time.Now().Add(-time.Second).UnixNano())
		if d := took(); d != 0 {
			t.Errorf("one slow request held another for %v", d)
		}
		e.awaits.Store(2)
		if d := took(); d != stillHeld {
			t.Errorf("held for %v, want %v", d, stillHeld)
		}
		go func() { time.Sleep(20 * time.Millisecond); e.stir.Store(time.Now().UnixNano()) }()
		if d := took(); d < 20*time.Millisecond || d > 22*time.Millisecond {
			t.Errorf("held for %v, and an answer came after 20 ms", d)
		}
		e.stir.Store(time.Now().UnixNano())
		for range 100 {
			e.mu.Lock() // the pool looks at it
			e.latency.add(300*time.Millisecond, time.Now(), true)
			e.mu.Unlock()
		}
		time.Sleep(100 * time.Millisecond)
		e.latency.ewma.Store(0)
		if d := took(); d != 0 {
			t.Errorf("a server that is known for such pauses held for %v", d)
		}
		e.set(Away, 0, "gone")
		if e.Await(context.Background()) {
			t.Error("a server that is gone is asked")
		}
		p.Close()
	})
}
