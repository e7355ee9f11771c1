package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// hanging is a pool of two servers of which "a" can be stopped.
func hanging(t *testing.T, stopped *atomic.Bool, s Settings) *Pool {
	return piped(t, 2, s, func(server string, _ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			for server == "a" && stopped.Load() {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(10 * time.Millisecond)
			if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
				return
			}
		}
	})
}

// at makes an exchange with one server and waits for its head.
func at(e *Endpoint, r *Request) (*Exchange, error) {
	e.load.Add(1)
	x, f := e.Begin(context.Background(), r, true)
	if f != nil {
		return x, f
	}
	return x, x.Wait()
}

func TestHang(t *testing.T) {
	for _, c := range []struct {
		name    string
		hedge   float64
		request func() *Request
		nudged  bool
	}{
		{"a safe request is woken", 0.05, func() *Request { return get("GET") }, true},
		{"a POST never is", 0.05, post, false},
		{"nobody is without a budget", 0, func() *Request { return get("GET") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stopped atomic.Bool
				p := hanging(t, &stopped, Settings{Hedge: c.hedge, Timeouts: Timeouts{First: 5 * time.Second}})
				a, b := p.Endpoints()[0], p.Endpoints()[1]
				for range 50 {
					for _, e := range []*Endpoint{a, b} {
						x, err := at(e, get("GET"))
						if err != nil {
							t.Fatal(err)
						}
						x.Finish()
					}
				}
				stopped.Store(true)
				go func() { // the other server goes on
					for range 20 {
						if x, err := at(b, get("GET")); err == nil {
							x.Finish()
						}
					}
				}()
				begun := time.Now()
				x, err := at(a, c.request())
				took := time.Since(begun)
				if (err == ErrNudged) != c.nudged {
					t.Errorf("%v after %v", err, took)
				}
				if c.nudged && took > 500*time.Millisecond {
					t.Errorf("it waited %v", took)
				}
				if c.nudged && a.Condition()&Suspect == 0 {
					t.Error("the server is not out")
				}
				x.Abandon()
				stopped.Store(false)
				time.Sleep(5 * time.Second) // on trial after a while
				if got := a.Condition(); got != 0 {
					t.Errorf("it is still %s", got)
				}
				p.Close()
				time.Sleep(time.Second)
			})
		})
	}
}

// TestWholePoolSilent: when all are silent it is no hang of one.
func TestLoneServerIsNotHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stopped atomic.Bool
		p := hanging(t, &stopped, Settings{Hedge: 0.05, Timeouts: Timeouts{First: 5 * time.Second}})
		a, b := p.Endpoints()[0], p.Endpoints()[1]
		b.Drain(true)
		stopped.Store(true)
		x, err := at(a, get("GET"))
		if err == ErrNudged || a.Condition() != 0 {
			t.Errorf("%v, %s", err, a.Condition())
		}
		x.Abandon()
		stopped.Store(false)
		p.Close()
		time.Sleep(time.Second)
	})
}

// TestSlowRequestIsNoHang: a request that goes on waiting while others are answered says
// nothing of its server when no others come. One that comes to a silence does.
func TestSlowRequestIsNoHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stopped atomic.Bool
		p := piped(t, 2, Settings{Hedge: 0.05, Timeouts: Timeouts{First: 20 * time.Second}}, func(_ string, _ int, c net.Conn) {
			in := bufio.NewReader(c)
			for {
				r, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				if r.URL.Path == "/report" {
					time.Sleep(3 * time.Second)
				}
				time.Sleep(10 * time.Millisecond)
				for stopped.Load() {
					time.Sleep(10 * time.Millisecond)
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		a := p.Endpoints()[0]
		quick := func(n int) {
			for range n {
				x, err := at(a, get("GET"))
				if err != nil {
					t.Fatal(err)
				}
				x.Finish()
			}
		}
		quick(50)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			report := get("GET")
			report.Head = []byte("GET /report HTTP/1.1\r\nHost: a\r\n\r\n")
			x, err := at(a, report)
			if err != nil {
				t.Errorf("the report: %v", err)
				x.Abandon()
				return
			}
			x.Finish()
		}()
		for range 4 {
			quick(15)
			time.Sleep(500 * time.Millisecond)
			if c := a.Condition(); c != 0 {
				t.Fatalf("it is %s: %s", c, a.Status().Why)
			}
		}
		<-ended
		quick(15)
		stopped.Store(true)
		begun := time.Now()
		x, err := at(a, get("GET"))
		if took := time.Since(begun); err != ErrNudged || took > 500*time.Millisecond {
			t.Errorf("a hang: %v after %v", err, took)
		}
		x.Abandon()
		stopped.Store(false)
		p.Close()
		time.Sleep(10 * time.Second)
	})
}

// TestNudgedAsItAnswers nudges a request at the moment at which its answer comes:
// what is read afterwards has limits of its own.
func TestNudgedAsItAnswers(t *testing.T) {
	p := piped(t, 1, Settings{Hedge: 1, Reserve: 1 << 20, Timeouts: Timeouts{First: time.Minute}}, func(_ string, _ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
			io.WriteString(c, "body")
		}
	})
	e := p.Endpoints()[0]
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				e.nudge()
			}
		}
	}()
	for range 300 {
		p.Request() // earns another nudge
		x, err := at(e, get("GET"))
		for err == ErrNudged {
			err = x.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
		for b, f := x.Next(); b != nil || f != nil; b, f = x.Next() {
			if f != nil {
				t.Fatal(f)
			}
		}
		x.Finish()
	}
	close(stop)
	<-stopped
}

// TestLongExchangesDoNotKeepAServerOut: a WebSocket that stays open neither keeps a
// server from being tried again nor from being used.
func TestLongExchangesDoNotKeepAServerOut(t *testing.T) {
	for _, out := range []Condition{Suspect, Ejected} {
		synctest.Test(t, func(t *testing.T) {
			p := piped(t, 2, Settings{Hedge: 0.05}, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
			a := p.Endpoints()[0]
			for range 3 {
				a.load.Add(1) // three of them
			}
			a.set(out, 0, "test")
			time.Sleep(time.Second)
			if c := a.Condition(); c != 0 {
				t.Errorf("it is still %s", c)
			}
			tried := 0
			for range 100 {
				if e := p.pick(&Choice{}); e == a {
					tried++
				}
			}
			if tried != 1 {
				t.Errorf("%d at once, want one beside those that are there", tried)
			}
			a.answered(time.Millisecond, time.Now())
			time.Sleep(p.Settings.SlowStart)
			for range 100 {
				if e := p.pick(&Choice{}); e == a {
					tried++
				}
			}
			if tried < 10 {
				t.Errorf("it answered and got %d of 100", tried-1)
			}
			p.Close()
		})
	}
}

// TestChecksAreNoTraffic: a check that takes its time says nothing about requests.
func TestChecksAreNoTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 2, Settings{Check: &Check{Path: "/health", Every: time.Second, Timeout: 30 * time.Second, Rise: 1, Fall: 1}}, func(_ string, _ int, c net.Conn) {
			in := bufio.NewReader(c)
			for {
				r, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				if r.URL.Path == "/health" {
					time.Sleep(5 * time.Second)
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		for range 60 {
			time.Sleep(time.Second)
			if got := do(p, get("GET")); got.f != nil {
				t.Fatal(got.f)
			}
			for _, e := range p.Endpoints() {
				if c := e.Condition(); c&Suspect != 0 {
					t.Fatalf("%s is %s: %s", e, c, e.Status().Why)
				}
			}
		}
		p.Close()
		time.Sleep(10 * time.Second)
	})
}
