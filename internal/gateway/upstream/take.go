package upstream

import "time"

// take returns an idle connection that may carry a request, or nil. Connections
// on which something stands are closed on the way: nobody asked for what is there.
func (e *Endpoint) take(repeatable bool, now time.Time) (c *conn, idle time.Duration) {
	for {
		e.mu.Lock()
		n := len(e.idle)
		if n == 0 {
			e.mu.Unlock()
			return nil, 0
		}
		c = e.idle[n-1]
		idle = now.Sub(c.idleAt)
		if !e.limit.allows(idle, repeatable) {
			e.mu.Unlock()
			return nil, 0 // the others have been idle for longer
		}
		e.idle[n-1] = nil
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		if c.stopWatch() && c.quiet() {
			return c, idle
		}
		e.mu.Lock()
		e.limit.ended(now, idle)
		e.mu.Unlock()
		c.close()
	}
}

// put makes c idle. Where there are enough, another gives way: the newest are what
// will be used, the oldest are what tells how long the server keeps connections, so
// it is one from the middle. If the newest gave way, requests that may not be
// repeated would find none that is young enough, open one each, and never end to.
func (e *Endpoint) put(c *conn, now time.Time) {
	c.unlease()
	c.idleAt = now
	e.mu.Lock()
	most := e.pool.Settings.MaxIdle
	if most <= 0 || e.Condition()&(Gone|Away) != 0 || e.pool.closed.Load() {
		e.mu.Unlock()
		c.close()
		return
	}
	var gone *conn
	if n := len(e.idle); n >= most {
		gone = e.idle[n/2]
		e.idle = append(e.idle[:n/2], e.idle[n/2+1:]...)
	}
	e.idle = append(e.idle, c)
	if c.raw == nil {
		c.startWatch() // nothing else could look at it
	}
	e.mu.Unlock()
	if gone != nil {
		gone.stopWatch()
		gone.close()
	}
}

// idleEnded is called by the watcher of c when the server closed it, or sent what
// nobody asked for. Whoever took c at the same moment finds out by itself.
func (e *Endpoint) idleEnded(c *conn) {
	now := time.Now()
	e.mu.Lock()
	for i, other := range e.idle {
		if other == c {
			e.idle = append(e.idle[:i], e.idle[i+1:]...)
			e.limit.ended(now, now.Sub(c.idleAt))
			e.mu.Unlock()
			c.close()
			return
		}
	}
	e.mu.Unlock()
}

// canaries is how many connections beyond the known limit stay open, unused: that
// they are still open would disprove the limit.
const canaries = 1

// sweep looks after the idle connections: watches those that stay, drops those
// that are too old, and learns from those that are open.
func (e *Endpoint) sweep(now time.Time) {
	e.mu.Lock()
	e.limit.judge(now, e.refused)
	var old []*conn
	bound, beyond := e.limit.known(), 0
	kept := e.idle[:0]
	for i := range e.idle { // the oldest first: it is the better canary
		idle := now.Sub(e.idle[i].idleAt)
		if bound > 0 && idle >= bound {
			beyond++
		}
		if idle > e.pool.Settings.MaxIdleTime || beyond > canaries {
			old = append(old, e.idle[i])
			e.idle[i] = nil
		}
	}
	for _, c := range e.idle {
		if c == nil {
			continue
		}
		kept = append(kept, c)
		if idle := now.Sub(c.idleAt); idle >= watchAfter {
			if c.watch == nil {
				c.startWatch()
			} else {
				e.limit.stillOpen(idle)
			}
		}
	}
	clear(e.idle[len(kept):])
	e.idle = kept
	e.mu.Unlock()
	for _, c := range old {
		c.stopWatch()
		c.close()
	}
}

// dropIdle closes every idle connection.
func (e *Endpoint) dropIdle() {
	e.mu.Lock()
	idle := e.idle
	e.idle = nil
	e.mu.Unlock()
	for _, c := range idle {
		c.stopWatch()
		c.close()
	}
}
