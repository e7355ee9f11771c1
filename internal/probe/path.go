package probe

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"
)

// PathLimits bound a series of connects. A zero field means its default.
type PathLimits struct {
	Tries   int           // connects; default 8, most 20
	Gap     time.Duration // between the begins of two; default 40 ms
	Connect time.Duration // of one connect; default 2.5 s: two SYNs are sent again until then
	End     time.Duration // for the acknowledgement of the end; default 600 ms
}

// PathResult is what a series of connects met.
type PathResult struct {
	Trials  []Trial `json:"trials"` // in the order of their begins
	Seconds float64 `json:"seconds"`
}

// Trial is one connect that was ended at once, without a byte of data. The kernels
// of both sides do it alone: no application is waited for, so that what is lost is
// lost on the way, or at the door.
type Trial struct {
	Connection
	Acknowledged bool    `json:"acknowledged"`         // the peer's kernel acknowledged the end
	EndResent    int     `json:"end_resent,omitempty"` // how often the end was sent again
	RTT          float64 `json:"rtt,omitempty"`        // seconds there and back, as the kernel measured it
}

// Path opens a short series of connections, one a moment after the other, and
// closes each. A connect whose SYN was sent again, and an end that was, show
// packets that vanish (RFC 9293 section 3.8).
func Path(ctx context.Context, d Dialer, network, address string, l PathLimits) PathResult {
	l = l.filled()
	start := time.Now()
	r := PathResult{Trials: make([]Trial, l.Tries)}
	var wg sync.WaitGroup
	tick := time.NewTicker(l.Gap)
	defer tick.Stop()
	begun := 0
	for i := range r.Trials {
		if i > 0 {
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			break
		}
		begun++
		wg.Go(func() { r.Trials[i] = trial(ctx, d, network, address, l) })
	}
	wg.Wait()
	r.Trials = r.Trials[:begun]
	r.Seconds = time.Since(start).Seconds()
	return r
}

func (l PathLimits) filled() PathLimits {
	if l.Tries <= 0 {
		l.Tries = 8
	}
	l.Tries = min(l.Tries, 20)
	if l.Gap <= 0 {
		l.Gap = 40 * time.Millisecond
	}
	if l.Connect <= 0 {
		l.Connect = 2500 * time.Millisecond
	}
	if l.End <= 0 {
		l.End = 600 * time.Millisecond
	}
	return l
}

// Bound is how long a series takes at most.
func (l PathLimits) Bound() time.Duration {
	l = l.filled()
	return time.Duration(l.Tries-1)*l.Gap + l.Connect + l.End
}

func trial(ctx context.Context, d Dialer, network, address string, l PathLimits) Trial {
	cctx, cancel := bounded(ctx, l.Connect)
	defer cancel()
	conn, c := dial(cctx, d, network, address)
	t := Trial{Connection: c}
	if conn == nil {
		return t
	}
	defer conn.Close()
	before := tcpInfo(conn)
	half, ok := conn.(interface{ CloseWrite() error })
	if before == nil || !ok || half.CloseWrite() != nil {
		t.Acknowledged = true // the peer was faster, or there is nothing to ask
		return t
	}
	t.end(ctx, conn, int(before.Total_retrans), l.End)
	return t
}

// States in which our end of the connection waits for an acknowledgement
// (include/net/tcp_states.h).
const (
	tcpEstablished = 1
	tcpFinWait1    = 4
	tcpLastAck     = 9
	tcpClosing     = 11
)

// end waits until the peer has acknowledged the end. The kernel tells no waiter of
// it, so that it is asked again and again.
func (t *Trial) end(ctx context.Context, conn net.Conn, before int, most time.Duration) {
	late := time.NewTimer(most)
	defer late.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		info := tcpInfo(conn)
		if info == nil {
			return
		}
		t.RTT, t.EndResent = float64(info.Rtt)/1e6, max(t.EndResent, int(info.Total_retrans)-before)
		if !slices.Contains([]uint8{tcpEstablished, tcpFinWait1, tcpLastAck, tcpClosing}, info.State) {
			t.Acknowledged = true
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Loss counts the trials of which a packet was lost, in the connect and in its
// end, where such a series shows it: others came through whole, one of them begun
// after one that did not. A door that is full lets the first in and no more, and
// a peer that is away lets none.
func (r PathResult) Loss() (connects, ends int) {
	hit, after := false, false
	for _, t := range r.Trials {
		lost := t.missed() || t.OK && (t.EndResent > 0 || !t.Acknowledged)
		after = after || hit && t.OK && t.Resent == 0
		hit = hit || lost
		if t.missed() {
			connects++
		}
		if t.OK && t.EndResent > 0 {
			ends++
		}
	}
	if !after {
		return 0, 0
	}
	return connects, ends
}

// missed reports whether the connect was answered only when it was asked again, or
// not at all.
func (t Trial) missed() bool {
	return t.OK && t.Resent > 0 || !t.OK && (t.Errno == "timeout" || t.Errno == "ETIMEDOUT")
}

// Whole reports whether every trial came through at the first attempt.
func (r PathResult) Whole() bool {
	return len(r.Trials) > 0 && !slices.ContainsFunc(r.Trials, func(t Trial) bool { return !t.OK || t.Resent > 0 || t.EndResent > 0 || !t.Acknowledged })
}

// Quickest is the shortest time that a connect took; 0 where none was made.
func (r PathResult) Quickest() (seconds float64) {
	for _, t := range r.Trials {
		if t.OK && (seconds == 0 || t.Seconds < seconds) {
			seconds = t.Seconds
		}
	}
	return seconds
}

// First returns the first connect that was made.
func (r PathResult) First() (Connection, bool) {
	for _, t := range r.Trials {
		if t.OK {
			return t.Connection, true
		}
	}
	return Connection{}, false
}
