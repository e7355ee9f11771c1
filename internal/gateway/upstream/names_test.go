package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestNames: addresses follow the name by its TTL; only a good answer takes one
// away.
func TestNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		answer, fails := []string{"10.0.0.1"}, false
		set := func(f bool, a ...string) { mu.Lock(); answer, fails = a, f; mu.Unlock() }
		s := Settings{Resolve: func(context.Context, string) ([]netip.Addr, time.Duration, error) {
			mu.Lock()
			defer mu.Unlock()
			if fails {
				return nil, 0, errors.New("SERVFAIL")
			}
			var out []netip.Addr
			for _, a := range answer {
				out = append(out, netip.MustParseAddr(a))
			}
			return out, 5 * time.Second, nil
		}}
		p := New(s, nil)
		n := NewNames(p, func() ([]Server, error) { return []Server{{Network: "tcp", Host: "app", Port: 80, Weight: 1}}, nil }, 0)
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
		has := func(want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for _, e := range p.Endpoints() {
				got = append(got, e.Address)
			}
			if len(got) != len(want) {
				t.Fatalf("%v, want %v", got, want)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%v, want %v", got, want)
				}
			}
		}
		has("10.0.0.1:80")
		first := p.Endpoints()[0]
		set(false, "10.0.0.1", "fd00::1", "10.0.0.1")
		time.Sleep(4 * time.Second)
		has("10.0.0.1:80") // the TTL has not passed
		time.Sleep(2 * time.Second)
		has("10.0.0.1:80", "[fd00::1]:80")
		if p.Endpoints()[0] != first {
			t.Error("what was known about the first is lost")
		}
		set(false, "10.0.0.1", "fd00::2")
		p.Endpoints()[1].set(Away, 0, "connection refused")
		time.Sleep(1500 * time.Millisecond) // not until the TTL has passed: it may have moved
		has("10.0.0.1:80", "[fd00::2]:80")
		set(false, "10.0.0.1", "fd00::1")
		time.Sleep(6 * time.Second)
		has("10.0.0.1:80", "[fd00::1]:80")
		set(true)
		time.Sleep(time.Minute)
		has("10.0.0.1:80", "[fd00::1]:80")
		if n.Err() == nil {
			t.Error("the failure is not told")
		}
		set(false) // no address at all
		time.Sleep(time.Minute)
		has("10.0.0.1:80", "[fd00::1]:80")
		set(false, "10.0.0.2")
		time.Sleep(2 * time.Second)
		has("10.0.0.2:80")
		if first.Condition()&Gone == 0 {
			t.Error("the one that left may still be asked")
		}
		n.Stop()
		p.Close()
	})
}

// TestNamesWithoutAnswer: names that nobody answers hold up neither each other nor
// those that ask what is known, nor the end.
func TestNamesWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context, host string) ([]netip.Addr, time.Duration, error) {
			if host == "good" {
				return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, time.Second, nil
			}
			<-ctx.Done()
			return nil, 0, ctx.Err()
		}
		p := New(Settings{Resolve: silent, Timeouts: Timeouts{DNS: 2 * time.Second}}, nil)
		n := NewNames(p, func() (list []Server, err error) {
			for _, host := range []string{"a", "b", "good", "c"} {
				list = append(list, Server{Network: "tcp", Host: host, Port: 80, Weight: 1})
			}
			return list, nil
		}, 0)
		begun := time.Now()
		if err := n.Start(); err != nil || time.Since(begun) != 2*time.Second || len(p.Endpoints()) != 1 {
			t.Errorf("%v after %v, %d addresses", err, time.Since(begun), len(p.Endpoints()))
		}
		time.Sleep(1500 * time.Millisecond) // it asks again
		begun = time.Now()
		if n.Err() == nil || time.Since(begun) != 0 {
			t.Errorf("%v after %v", n.Err(), time.Since(begun))
		}
		n.Stop()
		if d := time.Since(begun); d != 0 || len(p.Endpoints()) != 1 {
			t.Errorf("stopped after %v, %d addresses", d, len(p.Endpoints()))
		}
		p.Close()
	})
}

// TestServersThatAreGone: requests at a server that is no longer one end as others do,
// and what was counted there stays counted.
func TestServersThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{}, func(_ string, _ int, c net.Conn) { io.Copy(io.Discard, c) })
		ctx, leave := context.WithCancel(context.Background())
		e, _ := p.Acquire(ctx, &Choice{})
		x, f := e.Begin(ctx, get("GET"), false)
		if f != nil {
			t.Fatal(f)
		}
		p.Replace(nil)
		requests := func(c *Counts) *atomic.Int64 { return &c.Requests }
		if n := e.load.Load(); n != 1 || p.Sum(requests) != 1 {
			t.Errorf("%d requests under way, %d counted", n, p.Sum(requests))
		}
		go func() { time.Sleep(time.Second); leave() }()
		begun := time.Now()
		var got *Failure
		if err := x.Wait(); !errors.As(err, &got) || !got.Client || time.Since(begun) > time.Second+every {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		time.Sleep(time.Second)
		p.mu.Lock()
		left := len(p.left)
		p.mu.Unlock()
		if n := e.load.Load(); n != 0 || p.Sum(requests) != 1 || left != 0 {
			t.Errorf("%d requests under way, %d counted, %d are remembered", n, p.Sum(requests), left)
		}
		p.Close()
	})
}
