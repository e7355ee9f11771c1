package front

import (
	"errors"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// taking is how a client takes an answer that waits for it: only the time counts in which
// bytes stand here because the client's connection is full. It is measured by what the
// client's host acknowledges. That the kernel takes more tells less: it does so when a
// third of its buffer is free, which may be minutes of a slow client's, and whether the
// bytes come from memory or from a pipe is no matter. It is the watcher's.
type taking struct {
	at     int64         // when it was last looked at; 0: never
	bytes  int64         // that were acknowledged then
	moved  int64         // when there were more the last time
	behind time.Duration // for how much longer it was waited for than what it took is worth
}

// The reasons for which a client is given up.
var (
	errStill = errors.New("it took nothing for limits.write_time")
	errDrips = errors.New("it takes less than limits.write_rate")
)

// look is told how much was acknowledged by now, during a wait that began at since. It
// returns why the client is given up. Whoever has been slow gets no credit for what was
// before, nor anything held against it once it has caught up.
func (t *taking) look(since, now, bytes int64, l *config.Limits) error {
	if t.at == 0 {
		*t = taking{at: now, bytes: bytes, moved: now}
		return nil
	}
	waited, took := time.Duration(now-max(since, t.at)), bytes-t.bytes
	if took > 0 {
		t.moved = now
	}
	t.moved = max(t.moved, since) // the wait before has ended
	t.at, t.bytes = now, bytes
	if l.WriteRate > 0 {
		worth := time.Duration(float64(took) / float64(l.WriteRate) * float64(time.Second))
		t.behind = max(0, t.behind+waited-worth)
	}
	switch {
	case now-t.moved > int64(l.WriteTime):
		return errStill
	case t.behind > l.WriteTime:
		return errDrips
	}
	return nil
}

// givenUp stands in conn.writing when the watcher has ended the write that waits.
const givenUp = -1

// waits is called when a write waits for the client.
func (c *conn) waits() {
	d := c.front.limits.WriteTime
	if !c.asksTaken {
		c.asksTaken = true
		_, c.tellsTaken = c.below.Taken()
	}
	if !c.tellsTaken { // a unix socket, say: only pauses are known
		c.waitWrite = true
		c.s.SetWriteDeadline(time.Now().Add(d))
		return
	}
	if was := c.writing.Load(); was != givenUp {
		c.writing.CompareAndSwap(was, max(c.front.clock.now.Load(), 1))
	}
}

// wrote is called when a write has ended. It returns why, where the watcher ended it.
func (c *conn) wrote(err error) error {
	if c.writing.Load() == 0 || c.writing.Swap(0) != givenUp { // Fast path
		return err
	}
	return c.slow
}

// lookTaking gives up a client that takes too little. It is called by the watcher.
func (c *conn) lookTaking(now int64) {
	since, l := c.writing.Load(), &c.front.limits
	if since <= 0 || now-c.taking.at < int64(min(time.Second, l.WriteTime/8)) {
		return
	}
	bytes, ok := c.below.Taken()
	if !ok {
		return
	}
	if c.slow = c.taking.look(since, now, bytes, l); c.slow == nil {
		return
	}
	if c.writing.CompareAndSwap(since, givenUp) {
		c.s.SetWriteDeadline(past)
	}
}
