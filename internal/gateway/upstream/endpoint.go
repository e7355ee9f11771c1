package upstream

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Condition says why a server is not asked. The zero Condition means that it is.
type Condition uint32

// The conditions; several may hold at once.
const (
	Away     Condition = 1 << iota // nothing accepts connections there
	Ejected                        // it failed too often in a row, or is far slower than the others
	Unborn                         // active checks are on and none has succeeded yet
	Failing                        // active checks fail
	Suspect                        // it seems to hang
	Draining                       // a person took it out
	Gone                           // it is no longer configured, or no longer in DNS
)

var conditionNames = []string{"away", "ejected", "unchecked", "failing", "hung", "draining", "gone"}

// String returns the words of c, joined by commas; "up" for none.
func (c Condition) String() string {
	s := ""
	for i, name := range conditionNames {
		if c&(1<<i) != 0 {
			if s != "" {
				s += ","
			}
			s += name
		}
	}
	if s == "" {
		return "up"
	}
	return s
}

// Endpoint is one address of a server.
type Endpoint struct {
	Network string // "tcp" or "unix"
	Address string // "127.0.0.1:3000", "/run/app.sock"
	Server  string // as configured: "app.internal:3000"
	Weight  float64
	Backup  bool // asked only where no other can be

	pool      *Pool
	condition atomic.Uint32
	load      atomic.Int32 // exchanges under way or chosen
	trial     atomic.Int32 // how many exchanges there may be until one more succeeds: one at a time beside those that are there; 0: no limit
	ailing    atomic.Bool  // fails or ejects is not 0
	shaky     atomic.Int64 // Unix nanoseconds until which a failure is recent
	upSince   atomic.Int64 // Unix nanoseconds of its coming back; 0: it was never away
	awaits    atomic.Int32 // exchanges that wait for the head of their answer
	stir      atomic.Int64 // Unix nanoseconds of the last head that came, or of the first that is waited for
	counts    Counts

	mu       sync.Mutex
	idle     []*conn // the last one used stands last
	first    *Exchange
	limit    limit
	latency  latency
	fails    int // transport failures in a row
	ejects   int // ejections in a row
	backAt   time.Time
	lastDone int64         // Unix nanoseconds at which the head of an answer came
	lastTook time.Duration // from the request to that head
	quickAt  int64         // Unix nanoseconds of the last one known to have come within patience
	triedAt  int64         // Unix nanoseconds at which it was last put on trial
	refused  time.Time
	hungAt   time.Time // when it was last found to hang
	lastWhy  string
	probing  bool          // lookFor runs
	checking bool          // checks runs
	slow     time.Duration // connect time seen, for the first limit of a connect
}

// Counts count what happened with one endpoint.
type Counts struct {
	Requests, Failures, Connects, Reused, Ejections, Hangs, Stale atomic.Int64
}

// add adds o to c.
func (c *Counts) add(o *Counts) {
	for _, pair := range [...][2]*atomic.Int64{{&c.Requests, &o.Requests}, {&c.Failures, &o.Failures}, {&c.Connects, &o.Connects}, {&c.Reused, &o.Reused},
		{&c.Ejections, &o.Ejections}, {&c.Hangs, &o.Hangs}, {&c.Stale, &o.Stale}} {
		pair[0].Add(pair[1].Load())
	}
}

// String returns the endpoint as logs spell it.
func (e *Endpoint) String() string {
	if e.Network == "unix" {
		return "unix:" + e.Address
	}
	return e.Address
}

// Condition returns why e is not asked.
func (e *Endpoint) Condition() Condition { return Condition(e.condition.Load()) }

// set sets and clears conditions and reports whether e came up by it.
func (e *Endpoint) set(add, remove Condition, why string) (changed bool) {
	for {
		old := e.condition.Load()
		now := old&^uint32(remove) | uint32(add)
		if old == now {
			return false
		}
		if e.condition.CompareAndSwap(old, now) {
			if add != 0 {
				e.mu.Lock()
				e.lastWhy = why
				e.mu.Unlock()
			}
			if e.pool.Settings.Notify != nil {
				e.pool.Settings.Notify(e.pool.Settings.Name, e.String(), Condition(now).String(), why)
			}
			if now == 0 {
				e.pool.cameUp(e)
			}
			return true
		}
	}
}

// latency is how fast a server answers: a peak-sensitive moving average, and a
// histogram for its 99th percentile.
type latency struct {
	ewma    atomic.Uint64 // float64 seconds
	at      atomic.Int64  // Unix nanoseconds of the last sample
	buckets [64]uint32
	n       uint32
}

// decay is the time in which an old sample loses two thirds of its weight.
const decay = 10 * time.Second

// add takes a sample; one that is not typical does not count for percentiles. The
// caller holds mu.
func (l *latency) add(d time.Duration, now time.Time, typical bool) {
	s := d.Seconds()
	old := math.Float64frombits(l.ewma.Load())
	at := now.UnixNano()
	if s < old {
		w := math.Exp(-float64(at-l.at.Load()) / float64(decay))
		s = old*w + s*(1-w)
		if l.n < 20 {
			s = (old + d.Seconds()) / 2 // the first samples pay for connections
		}
	}
	l.ewma.Store(math.Float64bits(s))
	l.at.Store(at)
	if !typical {
		return
	}
	l.buckets[bucket(d)]++
	if l.n++; l.n >= 4096 {
		l.n = 0
		for i := range l.buckets {
			l.buckets[i] /= 2
			l.n += l.buckets[i]
		}
	}
}

// estimate returns the average as it has decayed until now; 0: no sample.
func (l *latency) estimate(now int64) float64 {
	e := math.Float64frombits(l.ewma.Load())
	if gone := now - l.at.Load(); gone > int64(time.Second) {
		e *= math.Exp(-float64(gone) / float64(decay))
	}
	return e
}

// bucket is the number of half powers of two in microseconds.
func bucket(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	if us < 2 {
		return 0
	}
	b := 2 * (bits64(us) - 1)
	if us>>(b/2-1)&1 == 1 {
		b++
	}
	return min(b, 63)
}

func bits64(v uint64) (n int) {
	for ; v > 0; v >>= 1 {
		n++
	}
	return n
}

// percentile returns the upper bound of the share's bucket and ok where there are
// enough samples. The caller holds mu.
func (l *latency) percentile(share float64) (d time.Duration, ok bool) {
	if l.n < 20 {
		return 0, false
	}
	want := uint32(math.Ceil(float64(l.n) * share))
	seen := uint32(0)
	for i, n := range l.buckets {
		if seen += n; seen >= want {
			us := uint64(1) << (i/2 + 1)
			if i%2 == 0 {
				us = us * 3 / 4
			}
			return time.Duration(us) * time.Microsecond, true
		}
	}
	return 0, false
}

// score is how unattractive e is: expected latency times load for its weight.
func (e *Endpoint) score(now int64, unknown float64) float64 {
	l := e.latency.estimate(now)
	if l <= 0 {
		l = unknown
	}
	return (l + floor) * (float64(e.load.Load())/e.share(now) + 1)
}

// share is the weight, reduced for a while after e came back.
func (e *Endpoint) share(now int64) float64 {
	w := e.Weight
	if since := e.pool.Settings.SlowStart; since > 0 {
		if up := e.upSince.Load(); up != 0 && now-up < int64(since) {
			w *= max(0.05, float64(now-up)/float64(since))
		}
	}
	return w
}
