package upstream

import (
	"math"
	"time"
)

// every is how often a pool looks at its servers.
const every = 25 * time.Millisecond

// tick looks after the pool: clients that left, servers that hang, connections
// that are idle, requests that wait.
func (p *Pool) tick() {
	t := time.NewTicker(every)
	defer t.Stop()
	last, late := time.Now(), 0
	for n := 0; ; n++ {
		select {
		case <-t.C:
		case <-p.stop:
			return
		}
		now := time.Now()
		// A look that comes late says that this host has no time for the gateway:
		// the silence may be its own.
		if late = max(late-1, 0); now.Sub(last) > 3*every {
			late = 4
		}
		last = now
		p.look(now, n, late > 0)
		if p.queued.Load() > 0 {
			p.wake(4)
		}
	}
}

func (p *Pool) look(now time.Time, n int, late bool) {
	ends := p.Endpoints()
	for _, e := range ends {
		if n%2 == 0 {
			e.sweep(now)
		}
		c := e.Condition()
		if c&Ejected != 0 {
			e.tryAgain(Ejected, now)
		}
		silent, hung, stuck := e.look(now, p.usual(e))
		switch {
		case hung && !late && c == 0 && p.answersElse(e, now.Add(-silent)):
			e.mu.Lock()
			e.sitOut(now)
			e.hungAt = now
			e.mu.Unlock()
			e.counts.Hangs.Add(1)
			e.trial.Store(0)
			e.set(Suspect, 0, "nothing completed for "+silent.Round(time.Millisecond).String())
			e.nudge()
		case c&Suspect != 0:
			e.nudge() // those that came meanwhile
			e.tryAgain(Suspect, now)
		case stuck && e.trial.Load() != 0:
			e.shaky.Store(now.Add(trialFor).UnixNano()) // what it hung on, it hangs on still
		}
		if n%20 == 0 && c == 0 {
			p.lookSlow(e, ends, now)
		}
	}
	p.lookLeft(now)
}

// look cancels the exchanges whose client left, and says for how long nothing has
// come although something is waited for. Only requests that are complete count: the
// others wait for their clients. Nor do those that were there before the last trial
// began (stuck): they may be slow by themselves. Those certainly are for which patience was
// over while another answer came within it.
func (e *Endpoint) look(now time.Time, usual time.Duration) (silent time.Duration, hung, stuck bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	limit, oldest := e.patience(usual), int64(math.MaxInt64)
	if e.lastDone > 0 && e.lastTook < limit {
		e.quickAt = e.lastDone
	}
	for x := e.first; x != nil; x = x.next {
		if x.state.Load()&cancelled == 0 && x.unwanted() {
			x.state.Or(cancelled)
			x.conn.c.SetDeadline(past)
		}
		asked := x.asked.Load()
		if asked == 0 || x.probe || x.state.Load()&waiting == 0 {
			continue
		}
		switch {
		case asked <= e.triedAt:
			stuck = true
		case asked > e.quickAt-int64(limit):
			oldest = min(oldest, asked)
		}
	}
	if oldest == math.MaxInt64 {
		return 0, false, stuck
	}
	silent = time.Duration(now.UnixNano() - max(oldest, e.lastDone))
	return silent, silent > limit, stuck
}

// A server of which nothing is known is measured by the others, with more patience,
// and where nothing is known of those either, by unknownPatience.
const (
	unknownPatience = time.Second
	unknownFactor   = 2 // times what is a hang for the others
	unknownFloor    = 250 * time.Millisecond
)

// maxPatience bounds what a slow past excuses.
const maxPatience = 10 * time.Second

// usual is the longest 99th percentile of the servers other than e; 0: not known.
func (p *Pool) usual(e *Endpoint) (longest time.Duration) {
	for _, o := range p.Endpoints() {
		if o == e {
			continue
		}
		o.mu.Lock()
		if d, ok := o.latency.percentile(0.99); ok {
			longest = max(longest, d)
		}
		o.mu.Unlock()
	}
	return longest
}

// patience is how long a server may be silent. The caller holds mu.
func (e *Endpoint) patience(usual time.Duration) time.Duration {
	s := &e.pool.Settings
	p99, ok := e.latency.percentile(0.99)
	if !ok {
		if usual == 0 {
			return max(unknownPatience, s.HangFloor)
		}
		return min(max(time.Duration(float64(usual)*s.HangFactor*unknownFactor), unknownFloor, s.HangFloor), maxPatience)
	}
	return min(max(time.Duration(float64(p99)*s.HangFactor), s.HangFloor), max(maxPatience, s.HangFloor))
}

// answersElse reports whether another server has answered since then: the silence
// is not the whole pool's, and there is somewhere to go.
func (p *Pool) answersElse(e *Endpoint, since time.Time) bool {
	for _, o := range p.Endpoints() {
		if o == e || !o.sound() {
			continue
		}
		o.mu.Lock()
		recent := o.lastDone > since.UnixNano()
		idle := o.first == nil && o.shaky.Load() <= time.Now().UnixNano() // one that fails is no place to go
		o.mu.Unlock()
		if recent || idle {
			return true
		}
	}
	return false
}

// nudge wakes the requests that wait at e and may be made again elsewhere, as far
// as the budget allows.
func (e *Endpoint) nudge() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for x := e.first; x != nil; x = x.next {
		state := x.state.Load()
		if state&(waiting|nudgeable|nudged) != waiting|nudgeable {
			continue
		}
		if !e.pool.hedge.spend() {
			return
		}
		if !x.state.CompareAndSwap(state, state|nudged) {
			e.pool.hedge.giveBack() // its answer has just come
			continue
		}
		e.pool.Totals.Hedges.Add(1)
		x.conn.c.SetReadDeadline(past)
	}
}

// slower is how many times slower than the median of the others a server may be,
// and muchSlower by how much at least.
const (
	slower     = 8
	muchSlower = 500 * time.Millisecond
)

// lookSlow takes out a server that is far slower than the others.
func (p *Pool) lookSlow(e *Endpoint, ends []*Endpoint, now time.Time) {
	mine := e.latency.estimate(now.UnixNano())
	if mine < muchSlower.Seconds() {
		return
	}
	var others []float64
	for _, o := range ends {
		if l := o.latency.estimate(now.UnixNano()); o != e && o.Condition() == 0 && l > 0 {
			others = append(others, l)
		}
	}
	if len(others) == 0 {
		return
	}
	if mine > slower*median(others) {
		e.eject("far slower than the others")
	}
}

func median(v []float64) float64 {
	for i := range v { // few values
		for j := i; j > 0 && v[j] < v[j-1]; j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
	return v[len(v)/2]
}
