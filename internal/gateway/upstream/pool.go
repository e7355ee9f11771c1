package upstream

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Pool is a group of servers of which any may answer a request.
type Pool struct {
	Settings Settings
	Totals   Totals

	ends   atomic.Pointer[[]*Endpoint]
	uneven atomic.Bool   // weights differ
	turn   atomic.Uint64 // of round robin
	queued atomic.Int32  // length of queue
	held   atomic.Int32  // requests in the queue, or just called from it
	retry  budget
	hedge  budget
	closed atomic.Bool
	lookup atomic.Pointer[lookup] // how the last look at the names ended
	stop   chan struct{}
	wg     sync.WaitGroup

	mu    sync.Mutex
	queue []*waiter   // the longest wait stands first
	left  []*Endpoint // that are no longer servers, as long as they have exchanges
	past  Counts      // of those that are gone
}

// Totals count what happened in a pool.
type Totals struct {
	Requests, Held, Retries, Hedges, HedgesWon, NoBudget, QueueFull atomic.Int64
}

// Choice says which server a request wants.
type Choice struct {
	Key   string // for Hash; the cookie's value for Sticky
	Tried []*Endpoint
	Once  bool          // the request cannot be made again once a server has seen it
	Wait  time.Duration // how long it may wait, in all
	Held  time.Duration // how long it has waited; Acquire adds to it
}

// New returns a pool. Close it.
func New(s Settings, ends []*Endpoint) *Pool {
	p := &Pool{Settings: s.Defaults(), stop: make(chan struct{})}
	p.retry.init(p.Settings.Retry, p.Settings.Reserve)
	p.hedge.init(p.Settings.Hedge, min(p.Settings.Reserve, 50))
	p.Replace(ends)
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		p.tick()
	}()
	return p
}

// Endpoints returns the servers of the pool; not to be changed.
func (p *Pool) Endpoints() []*Endpoint { return *p.ends.Load() }

// Replace makes ends the servers of the pool. Those that are there already by
// network, address and server keep what is known about them.
func (p *Pool) Replace(ends []*Endpoint) {
	var old []*Endpoint
	if l := p.ends.Load(); l != nil {
		old = *l
	}
	next := make([]*Endpoint, 0, len(ends))
	for _, e := range ends {
		if was := find(old, e); was != nil {
			was.set(0, Gone, "configured again")
			next = append(next, was)
			continue
		}
		e.pool = p
		if e.Weight <= 0 {
			e.Weight = 1
		}
		if p.Settings.Check != nil {
			e.condition.Store(uint32(Unborn))
		}
		if was := counterpart(old, e); was != nil {
			e.adopt(was) // with another weight, say
		}
		next = append(next, e)
	}
	p.uneven.Store(slices.ContainsFunc(next, func(e *Endpoint) bool { return e.Weight != next[0].Weight }))
	var gone []*Endpoint
	for _, e := range old {
		if find(next, e) == nil {
			gone = append(gone, e)
		}
	}
	p.mu.Lock()
	p.ends.Store(&next)
	p.left = append(p.left, gone...)
	p.mu.Unlock()
	for _, e := range gone {
		e.set(Gone, 0, "no longer configured")
		e.dropIdle()
	}
	if p.Settings.Check != nil {
		for _, e := range next {
			e.startChecks()
		}
	}
	p.wake(len(next) * 4)
}

func find(list []*Endpoint, e *Endpoint) *Endpoint {
	for _, o := range list {
		if o.Network == e.Network && o.Address == e.Address && o.Server == e.Server && max(o.Weight, minWeight) == max(e.Weight, minWeight) && o.Backup == e.Backup {
			return o
		}
	}
	return nil
}

const minWeight = 1

// Close ends what the pool does in the background and its idle connections.
// Exchanges under way go on.
func (p *Pool) Close() {
	if p.closed.Swap(true) {
		return
	}
	close(p.stop)
	for _, e := range p.Endpoints() {
		e.dropIdle()
	}
	p.wake(math.MaxInt)
	p.wg.Wait()
}

// waiter is a request for which there is no server at the moment.
type waiter struct{ ready chan struct{} }

// Acquire chooses a server and reserves a place at it, which Begin's exchange, or
// Release, gives back. Where none may be asked it waits.
func (p *Pool) Acquire(ctx context.Context, c *Choice) (*Endpoint, *Failure) {
	if p.queued.Load() == 0 {
		if e := p.pick(c); e != nil { // Fast path
			return e, nil
		}
	}
	w := &waiter{ready: make(chan struct{}, 1)}
	defer p.held.Add(-1)
	if int(p.held.Add(1)) > p.Settings.MaxWait {
		p.Totals.QueueFull.Add(1)
		return nil, &Failure{Symptom: vocab.ConnectionLimitReached, Phase: event.Pick, Detail: "too many requests wait for a server"}
	}
	p.enqueue(w, false)
	p.Totals.Held.Add(1)
	begun := time.Now()
	defer func() { c.Held += time.Since(begun) }()
	t := time.NewTimer(c.Wait - c.Held)
	defer t.Stop()
	for {
		// Whoever came up between the look above and the queue woke nobody.
		if p.first(w) {
			if e := p.pick(c); e != nil {
				p.leave(w)
				p.wake(1)
				return e, nil
			}
		}
		select {
		case <-w.ready:
			if e := p.pick(c); e != nil {
				return e, nil
			}
			p.enqueue(w, true)
		case <-ctx.Done():
			p.leave(w)
			return nil, &Failure{Symptom: vocab.ConnectionTerminated, Phase: event.Pick, Client: true, Detail: "the client went away while it waited"}
		case <-t.C:
			p.leave(w)
			return nil, p.unavailable()
		case <-p.stop:
			p.leave(w)
			return nil, p.unavailable()
		}
	}
}

// unavailable says why no server was asked.
func (p *Pool) unavailable() *Failure {
	f := &Failure{Symptom: vocab.DestinationUnavailable, Phase: event.Pick, Detail: "no server can be asked"}
	full, drained := false, 0
	for _, e := range p.Endpoints() {
		c := e.Condition()
		if c&Draining != 0 {
			drained++
		}
		if c == 0 && e.trial.Load() == 0 && e.full() {
			full = true
		}
		e.mu.Lock()
		if c != 0 && e.lastWhy != "" {
			f.Detail, f.Out = "no server can be asked; "+c.String()+": "+e.lastWhy, e.String()
		}
		e.mu.Unlock()
	}
	if full {
		f.Symptom, f.Detail = vocab.ConnectionLimitReached, "every server is at its limit of requests"
	} else if n := len(p.Endpoints()); n > 0 && drained == n {
		f.Detail = "every server is drained: a person took them out"
	} else if n == 0 {
		f.Detail = "no server has an address"
		if l := p.lookup.Load(); l != nil && l.err != nil {
			f = fail(event.DNS, l.err)
		}
	}
	return f
}

// Release gives back a place that Acquire reserved and Begin was not called for.
func (e *Endpoint) Release() { e.release() }

func (e *Endpoint) release() {
	e.load.Add(-1)
	if e.pool.queued.Load() > 0 {
		e.pool.wake(2) // one for the place, one to drain the queue faster than it fills
	}
}

func (p *Pool) enqueue(w *waiter, front bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if front {
		p.queue = append(p.queue, nil)
		copy(p.queue[1:], p.queue)
		p.queue[0] = w
	} else {
		p.queue = append(p.queue, w)
	}
	p.queued.Store(int32(len(p.queue)))
}

func (p *Pool) first(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) > 0 && p.queue[0] == w
}

// leave takes w out of the queue. A place that was offered to it goes on.
func (p *Pool) leave(w *waiter) {
	p.mu.Lock()
	for i, o := range p.queue {
		if o == w {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			break
		}
	}
	p.queued.Store(int32(len(p.queue)))
	p.mu.Unlock()
	select {
	case <-w.ready:
		p.wake(1)
	default:
	}
}

// wake lets the first n waiters look again.
func (p *Pool) wake(n int) {
	if p.queued.Load() == 0 {
		return
	}
	p.mu.Lock()
	n = min(n, len(p.queue))
	for _, w := range p.queue[:n] {
		w.ready <- struct{}{}
	}
	p.queue = append(p.queue[:0], p.queue[n:]...)
	p.queued.Store(int32(len(p.queue)))
	p.mu.Unlock()
}

// Sum adds up what of counts with every server that the pool has or had.
func (p *Pool) Sum(what func(*Counts) *atomic.Int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := what(&p.past).Load()
	for _, list := range [...][]*Endpoint{p.Endpoints(), p.left} {
		for _, e := range list {
			n += what(&e.counts).Load()
		}
	}
	return n
}

// lookLeft looks after the exchanges with servers that are gone. Their clients may
// leave as others do.
func (p *Pool) lookLeft(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.left[:0]
	for _, e := range p.left {
		if e.load.Load() > 0 {
			e.look(now, 0)
			kept = append(kept, e)
			continue
		}
		p.past.add(&e.counts)
	}
	clear(p.left[len(kept):])
	p.left = kept
}

// Untried reports whether a server may be asked that is not among tried.
func (p *Pool) Untried(tried []*Endpoint) bool {
	forgiven := p.forgiven()
	for _, e := range p.Endpoints() {
		if e.Condition()&^forgiven == 0 && !slices.Contains(tried, e) {
			return true
		}
	}
	return false
}

// Waiting returns how many requests wait for a server.
func (p *Pool) Waiting() int { return int(p.held.Load()) }

// comeback is how many waiting requests go at once to a server that came back.
// More follow as these are answered.
const comeback = 16

func (p *Pool) cameUp(e *Endpoint) {
	e.upSince.Store(time.Now().UnixNano())
	p.wake(comeback)
}

// full reports whether e has as many requests as it may.
func (e *Endpoint) full() bool {
	most := e.most()
	return most > 0 && e.load.Load() >= most
}

// most is how many requests e may have at once; 0: no limit.
func (e *Endpoint) most() int32 {
	most := int32(e.pool.Settings.MaxRequests)
	if trial := e.trial.Load(); trial > 0 && (most <= 0 || trial < most) {
		return trial
	}
	return most
}

// reserve takes a place at e, where one is free.
func (e *Endpoint) reserve() bool {
	most := e.most()
	if most <= 0 { // Fast path
		e.load.Add(1)
		return true
	}
	for n := e.load.Load(); n < most; n = e.load.Load() {
		if e.load.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

// others reports whether a server other than e may be asked as far as is known.
func (p *Pool) others(e *Endpoint) bool {
	for _, o := range p.Endpoints() {
		if o != e && o.sound() {
			return true
		}
	}
	return false
}

// jitter spreads d over 0.75 d to 1.25 d.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}
