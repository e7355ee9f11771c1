package probe

import (
	"context"
	"net"
	"testing"
	"time"
)

func TestPathToWhatListens(t *testing.T) {
	for name, does := range map[string]func(*net.TCPConn){
		"closes after us": func(c *net.TCPConn) { c.Read(make([]byte, 1)) },
		"closes first":    func(*net.TCPConn) {},
	} {
		r := Path(t.Context(), direct, "tcp", raw(t, does), PathLimits{Tries: 4, Gap: time.Millisecond})
		if len(r.Trials) != 4 || !r.Whole() || r.Quickest() <= 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if c, e := r.Loss(); c+e != 0 {
			t.Errorf("%s: %d connects and %d ends are lost on the loopback", name, c, e)
		}
	}
}

func TestPathToNobody(t *testing.T) {
	r := Path(t.Context(), direct, "tcp", port(t), PathLimits{Tries: 3, Gap: time.Millisecond})
	if _, ok := r.First(); ok || r.Whole() || r.Quickest() != 0 {
		t.Errorf("%+v", r)
	}
	if c, e := r.Loss(); c+e != 0 {
		t.Error("a refusal is a loss")
	}
}

func TestPathIsBounded(t *testing.T) {
	never := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	l := PathLimits{Tries: 3, Gap: time.Millisecond, Connect: 20 * time.Millisecond}
	if r := Path(t.Context(), never, "tcp", "192.0.2.1:80", l); len(r.Trials) != 3 || r.Trials[2].Errno != "timeout" {
		t.Errorf("%+v", r)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Path(ended, never, "tcp", "192.0.2.1:80", l); len(r.Trials) != 0 {
		t.Errorf("it begins after the end: %+v", r)
	}
	if l.Bound() > time.Second {
		t.Errorf("it says %s", l.Bound())
	}
}

func TestLossNeedsAPattern(t *testing.T) {
	clean := Trial{Connection: Connection{OK: true, Seconds: 0.01}, Acknowledged: true}
	late := Trial{Connection: Connection{OK: true, Seconds: 1.01, Resent: 1}, Acknowledged: true}
	none := Trial{Connection: Connection{Errno: "timeout"}}
	end := Trial{Connection: Connection{OK: true, Seconds: 0.01}, Acknowledged: true, EndResent: 1}
	for _, c := range []struct {
		name           string
		trials         []Trial
		connects, ends int
	}{
		{"nothing is lost", []Trial{clean, clean}, 0, 0},
		{"some are", []Trial{clean, late, end, none, clean}, 2, 1},
		{"a door that fills up", []Trial{clean, clean, none, none, late}, 0, 0},
		{"all come late", []Trial{late, late, late}, 0, 0},
		{"nobody is there", []Trial{none, none}, 0, 0},
	} {
		if connects, ends := (PathResult{Trials: c.trials}).Loss(); connects != c.connects || ends != c.ends {
			t.Errorf("%s: %d connects and %d ends, want %d and %d", c.name, connects, ends, c.connects, c.ends)
		}
	}
}

func TestKernelCounts(t *testing.T) {
	ok := raw(t, func(c *net.TCPConn) {
		c.Read(make([]byte, 4096))
		c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"))
	})
	x := HTTP(t.Context(), direct, Target{Network: "tcp", Address: ok}, get, Limits{})
	if x.Kernel == nil || x.Kernel.Segment == 0 || x.Kernel.Lost(x.Connection.Resent) {
		t.Errorf("%+v", x.Kernel)
	}
	var none *Kernel
	if none.Lost(0) {
		t.Error("what is not known is lost")
	}
}

func TestIdleAsksAgain(t *testing.T) {
	answers := raw(t, func(c *net.TCPConn) {
		for range 2 {
			if n, err := c.Read(make([]byte, 4096)); n == 0 || err != nil {
				return
			}
			c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"))
		}
		c.Read(make([]byte, 1))
	})
	spoken := get
	spoken.Version = "1.1"
	r := Idle(t.Context(), direct, tcp(answers), spoken, Limits{}, 50*time.Millisecond, true)
	if !r.Held || r.Closed != "" || r.Again == nil || r.Again.Status != 200 || r.Fresh != nil || r.Lost() {
		t.Errorf("%+v, again %+v", r, r.Again)
	}
}
