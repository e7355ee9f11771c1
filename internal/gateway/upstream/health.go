package upstream

import (
	"context"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// answered records that the head of an answer came after d.
func (e *Endpoint) answered(d time.Duration, now time.Time) {
	e.mu.Lock()
	// What waited through a hang says nothing about how fast the server is when it
	// works; counted, it would excuse the next hang.
	e.latency.add(d, now, now.Add(-d).After(e.hungAt))
	e.lastDone, e.lastTook = now.UnixNano(), d
	e.mu.Unlock()
	if e.shaky.Load() != 0 {
		e.shaky.Store(0)
	}
	if e.trial.Load() != 0 {
		e.trial.Store(0)
		e.upSince.Store(now.UnixNano())
		e.pool.wake(comeback)
	}
	if e.Condition()&Suspect != 0 {
		e.set(0, Suspect, "it answers again")
	}
}

// whole records that an answer came to its end. One whose head is well and whose body
// breaks off is a failure like others.
func (e *Endpoint) whole() {
	if !e.ailing.Load() { // Fast path
		return
	}
	e.mu.Lock()
	e.fails, e.ejects = 0, 0
	e.ailing.Store(false)
	e.mu.Unlock()
}

// settled is told how an attempt ended; f is nil where it ended well or was
// abandoned. What the application answered is no matter here: a 500 is an answer.
func (e *Endpoint) settled(f *Failure, a *event.Attempt) {
	if f == nil || f.Client {
		e.endTrial()
		return
	}
	e.counts.Failures.Add(1)
	if f.Stale {
		// The price of reusing connections, not of a bad server.
		e.counts.Stale.Add(1)
		if a.Idle > 0 {
			e.mu.Lock()
			e.limit.ended(time.Now(), a.Idle)
			e.mu.Unlock()
		}
		e.endTrial()
		return
	}
	switch {
	case f.Short():
		e.endTrial()
		return
	case f.Symptom == vocab.ConnectionRefused:
		e.goneAway(f.Detail)
		return
	}
	e.mu.Lock()
	e.fails++
	e.ailing.Store(true)
	e.lastWhy = string(f.Symptom)
	fails := e.fails
	e.mu.Unlock()
	e.shaky.Store(time.Now().Add(min(time.Second<<min(fails, 10), maxEject)).UnixNano())
	away := f.Phase == event.Connect && f.Symptom != vocab.ProxyInternalError
	switch {
	case away && (fails >= 2 || e.trial.Load() != 0):
		e.goneAway(f.Detail)
	case fails >= e.pool.Settings.EjectAfter || e.trial.Load() != 0:
		e.eject(string(f.Symptom))
	}
}

// endTrial lets the next request try a server on trial.
func (e *Endpoint) endTrial() {
	if e.trial.Load() != 0 {
		e.pool.wake(1)
	}
}

// goneAway takes out a server that accepts no connections, and looks for it.
func (e *Endpoint) goneAway(why string) {
	e.mu.Lock()
	e.refused = time.Now()
	e.lastWhy = why
	start := !e.probing && !e.pool.closed.Load()
	if start {
		e.probing = true
		e.pool.wg.Add(1)
	}
	e.mu.Unlock()
	e.set(Away, 0, why)
	e.trial.Store(0)
	e.dropIdle()
	if start {
		go e.lookFor()
	}
}

// lookFor connects until somebody accepts. It sends nothing.
func (e *Endpoint) lookFor() {
	defer e.pool.wg.Done()
	every := 25 * time.Millisecond
	for {
		t := time.NewTimer(jitter(every))
		select {
		case <-t.C:
		case <-e.pool.stop:
			t.Stop()
			return
		}
		if e.Condition()&Gone != 0 {
			break
		}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), e.pool.Settings.Timeouts.Connect)
		c, err := e.pool.Settings.Dial(ctx, e.Network, e.Address)
		cancel()
		if err == nil {
			c.Close()
			e.mu.Lock()
			e.slow = max(e.slow, time.Since(begin)) // one that is far away is not given up too soon again
			e.mu.Unlock()
			break
		}
		every = min(every*5/4, time.Second)
	}
	e.mu.Lock()
	e.probing = false
	e.fails = 0
	e.mu.Unlock()
	e.set(0, Away, "it accepts connections")
}

// maxEject is how long a server is out at most before it is tried again.
const maxEject = 30 * time.Second

// eject takes out a server for its failures, unless too many are out already.
func (e *Endpoint) eject(why string) {
	p := e.pool
	out, all := 0, 0
	for _, o := range p.Endpoints() {
		all++
		if o != e && o.Condition()&(Ejected|Suspect) != 0 {
			out++
		}
	}
	if float64(out+1) > p.Settings.MaxEjected*float64(all) || !p.others(e) {
		return
	}
	e.mu.Lock()
	e.sitOut(time.Now())
	e.mu.Unlock()
	e.counts.Ejections.Add(1)
	e.set(Ejected, 0, why)
}

// sitOut counts that e is taken out and says until when: for twice as long as the last
// time in a row. The caller holds mu.
func (e *Endpoint) sitOut(now time.Time) {
	e.ejects++
	e.ailing.Store(true)
	e.backAt = now.Add(jitter(min(e.pool.Settings.EjectFor<<min(e.ejects-1, 10), maxEject)))
}

// trialFor is for how long a server on trial is tried only with what can be made
// again. Where nothing of that kind comes, anything must do.
const trialFor = 3 * time.Second

// tryAgain lets one request at a time go to a server that was out.
func (e *Endpoint) tryAgain(c Condition, now time.Time) {
	e.mu.Lock()
	due := !now.Before(e.backAt)
	if due {
		e.triedAt = now.UnixNano()
	}
	e.mu.Unlock()
	if due {
		e.shaky.Store(now.Add(trialFor).UnixNano())
		e.trial.Store(e.load.Load() + 1) // what is there may stay for long: a WebSocket, an upload
		e.set(0, c, "on trial")
	}
}
