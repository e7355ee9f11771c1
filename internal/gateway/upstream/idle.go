package upstream

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// watchAfter is how long a connection is idle before somebody watches it. A
// connection that is taken sooner is looked at when it is taken, which costs no
// goroutine; one that stays needs an eye, because the moment at which the server
// closes it tells the server's limit.
const watchAfter = 100 * time.Millisecond

// watch is a goroutine that waits until something happens on an idle connection.
type watch struct {
	done chan struct{}
	dead bool // valid after done: the connection must not be used
}

// startWatch watches an idle connection. The caller holds end.mu.
func (c *conn) startWatch() {
	w := &watch{done: make(chan struct{})}
	c.watch = w
	c.base.SetReadDeadline(time.Time{})
	c.end.pool.wg.Add(1)
	go func() {
		defer c.end.pool.wg.Done()
		w.dead = c.watchIdle()
		close(w.done)
		if w.dead {
			c.end.idleEnded(c)
		}
	}()
}

// watchIdle blocks until the connection is readable (true) or stopWatch is called
// (false).
func (c *conn) watchIdle() bool {
	if c.raw != nil {
		err := c.raw.Read(readable)
		return err == nil || !timeout(err)
	}
	var one [1]byte
	_, err := c.base.Read(one[:])
	return err == nil || !timeout(err)
}

// stopWatch ends the watch and reports whether the connection is still good.
func (c *conn) stopWatch() bool {
	w := c.watch
	if w == nil {
		return true
	}
	c.base.SetReadDeadline(past)
	<-w.done
	c.watch = nil
	return !w.dead
}

// quiet reports whether nothing stands on an idle connection: neither an end nor
// bytes that nobody asked for.
func (c *conn) quiet() bool {
	if s, ok := c.base.(*sock.Conn); ok {
		return s.Look() == sock.Quiet
	}
	return true // the watcher has looked
}
