package upstream

import "time"

// limit is what is known of how long a server keeps an idle connection. A request
// that is sent on a connection at the moment at which the server closes it is
// lost, so a connection is used only while it has been idle for less than the
// server has been seen to keep.
type limit struct {
	announced time.Duration // Keep-Alive: timeout=; 0: not announced
	closed    time.Duration // the shortest single close of an idle connection; 0: none seen
	witnessed time.Duration // the longest idle time of a connection that was still open
	pending   []closing
}

// closing is the end of an idle connection, until it is known whether others
// ended with it.
type closing struct {
	at   time.Time
	idle time.Duration
}

// together is the time within which several closes are one event: a server that
// restarts closes everything at once, which tells nothing about its limit.
const together = 250 * time.Millisecond

// maxPending bounds the closes that wait to be judged. More are a restart anyway.
const maxPending = 64

// known returns the idle time beyond which no connection is used, with a margin
// for clocks and wires; 0: not known.
func (l *limit) known() time.Duration {
	var bound time.Duration
	if l.announced > 0 {
		bound = max(l.announced-max(l.announced/10, 200*time.Millisecond), l.announced/2)
	}
	if l.closed > 0 {
		if b := max(l.closed-max(l.closed/10, 50*time.Millisecond), l.closed/2); bound == 0 || b < bound {
			bound = b
		}
	}
	return bound
}

// allows reports whether a connection that has been idle for so long may be used.
// As long as the limit is not known, a request that may not be repeated uses one
// only where others have been seen to stay open twice as long.
func (l *limit) allows(idle time.Duration, repeatable bool) bool {
	if bound := l.known(); bound > 0 {
		return idle < bound
	}
	return repeatable || idle < l.witnessed/2
}

// ended records that the server closed an idle connection.
func (l *limit) ended(at time.Time, idle time.Duration) {
	if len(l.pending) < maxPending {
		l.pending = append(l.pending, closing{at, idle})
	}
}

// judge looks at the closes that are old enough: one alone tells the limit.
// refused is when the server last refused a connection.
func (l *limit) judge(now, refused time.Time) {
	n := 0
	for n < len(l.pending) {
		first := l.pending[n]
		last := first.at
		group := 1
		for n+group < len(l.pending) && l.pending[n+group].at.Sub(last) < together {
			last = l.pending[n+group].at
			group++
		}
		if now.Sub(last) < together {
			break // more may belong to it
		}
		down := !refused.IsZero() && refused.After(first.at.Add(-together))
		if group == 1 && !down && (l.closed == 0 || first.idle < l.closed) {
			l.closed = first.idle
		}
		n += group
	}
	if n == len(l.pending) {
		l.pending = l.pending[:0]
	} else if n > 0 {
		l.pending = append(l.pending[:0], l.pending[n:]...)
	}
}

// stillOpen records that a connection is open after so long. It disproves a limit
// that was learned from a close with another reason.
func (l *limit) stillOpen(idle time.Duration) {
	l.witnessed = max(l.witnessed, idle)
	if l.closed > 0 && idle > l.closed+l.closed/10+100*time.Millisecond {
		l.closed = 0
	}
}

// keepAliveTimeout reads "timeout=5, max=1000" of a Keep-Alive field; 0: none.
func keepAliveTimeout(v []byte) time.Duration {
	for i := 0; i+8 < len(v)+1; i++ {
		if i+8 <= len(v) && string(v[i:i+8]) == "timeout=" {
			n := 0
			for _, c := range v[i+8:] {
				if c < '0' || c > '9' || n > 1e6 {
					break
				}
				n = n*10 + int(c-'0')
			}
			return time.Duration(n) * time.Second
		}
	}
	return 0
}
