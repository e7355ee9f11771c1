package front

import "time"

var (
	noDeadline time.Time         // takes a deadline away
	past       = time.Unix(1, 0) // wakes whoever waits
)

// blocked is called before a read or a write waits. Deadlines are set only here:
// most requests never wait where one is needed, and heads and idle connections are
// the watcher's.
func (c *conn) blocked(write bool) {
	l := &c.front.limits
	switch {
	case write && l.WriteTime > 0:
		c.waits()
	case !write && c.reading && !c.until.IsZero():
		c.readBy(c.until)
	case !write && c.reading:
		d := c.x.in.pace.left(l, c.x.answering.Load())
		if d <= 0 {
			return
		}
		c.asked = time.Now()
		c.readBy(c.asked.Add(d))
		if d < l.BodyTime && c.x.answering.Load() {
			c.readBy(c.asked.Add(l.BodyTime))
		}
	}
}

// readBy sets the deadline for a read of a body, unless nobody wants it any more.
func (c *conn) readBy(t time.Time) {
	c.waitRead.Store(true)
	c.s.SetReadDeadline(t)
	if c.stopped.Load() {
		c.s.SetReadDeadline(past)
	}
}

// mayRead takes away the deadline of an earlier wait, which may have passed meanwhile:
// it would end a read that need not wait at all.
func (c *conn) mayRead() {
	if !c.waitRead.Load() {
		return
	}
	c.waitRead.Store(false)
	c.s.SetReadDeadline(noDeadline)
	if c.stopped.Load() {
		c.s.SetReadDeadline(past)
	}
}

// mayWrite does the same for writing.
func (c *conn) mayWrite() {
	if c.waitWrite {
		c.waitWrite = false
		c.s.SetWriteDeadline(noDeadline)
	}
}
