package front

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// clock is the time as far as limits of seconds and the Date field need it. Asking
// the system for each of them would cost more than the limits are worth.
type clock struct {
	now  atomic.Int64 // Unix nanoseconds
	date atomic.Pointer[string]
	sec  int64 // of date; the watcher's
}

func (c *clock) set(now time.Time) {
	c.now.Store(now.UnixNano())
	if sec := now.Unix(); sec != c.sec {
		c.sec = sec
		d := now.UTC().Format(http.TimeFormat)
		c.date.Store(&d)
	}
}

const (
	// look is how often requests under way are looked after: so late it may be
	// noticed that a client left.
	look = 50 * time.Millisecond
	// many connections are looked after less often, so that it costs nothing.
	many = 4096
)

// watch keeps the clock, enforces limits of time, and notices clients that leave
// while they wait. It ends when Stop was called and no connection is left.
func (f *Front) watch() {
	every := f.period()
	t := time.NewTicker(every)
	defer t.Stop()
	rest := 0 // looks to leave out
	stopped := f.stopped
	for {
		select {
		case <-t.C:
		case <-stopped:
			stopped = nil
		}
		f.clock.set(time.Now())
		if rest--; rest > 0 && stopped != nil {
			continue
		}
		n := f.sweep()
		rest = n / many
		if n == 0 && f.stopping.Load() {
			return
		}
	}
}

// period is short enough for the shortest limit.
func (f *Front) period() time.Duration {
	d := look
	for _, limit := range []time.Duration{f.limits.HeaderTime, f.limits.IdleTime} {
		if limit > 0 {
			d = min(d, limit/4)
		}
	}
	return max(d, time.Millisecond)
}

// sweep looks at every connection and returns how many there are.
func (f *Front) sweep() int {
	now := f.clock.now.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := f.first; c != nil; c = c.next {
		c.look(now)
	}
	return f.count
}

// look ends what takes too long. It is called by the watcher.
func (c *conn) look(now int64) {
	s := state(c.state.Load())
	since := now - c.since.Load() // of this state or a later one: to writes it first
	l := &c.front.limits
	if s == active {
		c.lookTaking(now)
	} else {
		c.taking = taking{}
	}
	switch {
	case s == fresh && l.HeaderTime > 0 && since > int64(l.HeaderTime),
		(s == idle || s == resting) && l.IdleTime > 0 && since > int64(l.IdleTime):
		c.closeIdle()
	case s == idle && since > int64(restAfter):
		if c.state.CompareAndSwap(uint32(s), uint32(shedding)) {
			c.s.SetReadDeadline(past)
		}
	case s == heading && l.HeaderTime > 0 && since > int64(l.HeaderTime):
		if c.state.CompareAndSwap(uint32(s), uint32(late)) {
			c.s.SetReadDeadline(past)
		}
	case s == active && c.complete.Load() && since >= int64(look):
		if c.left() {
			c.cancel()
		}
	}
}

// left reports whether the client has gone away. A client that closes its side for
// writing counts as gone, as it does for net/http and nginx, unless it has sent
// another request before. Over TLS nobody can see what its last bytes were.
func (c *conn) left() bool {
	if c.secure != nil {
		return c.below.Over()
	}
	s := c.below.Look()
	return s == sock.Ended || s == sock.Broken
}
