package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// forward makes attempts until one brings the head of an answer, or none may be
// made any more.
func (h *handler) forward() (*upstream.Exchange, *upstream.Failure) {
	h.choice = upstream.Choice{Key: h.key(), Tried: h.tried[:0], Wait: h.wait(),
		Once: !h.out.Idempotent || h.body.Rest != nil}
	var last *upstream.Failure
	var failing time.Time // since when
	var unseen int        // attempts of which no server saw anything
	pause := firstPause
	for n := 1; ; n++ {
		e, f := h.pool.Acquire(h.r.Ctx, &h.choice)
		h.x.Held = h.choice.Held
		if f != nil {
			return nil, h.why(last, f)
		}
		if h.choice.Once && !e.Await(h.r.Ctx) {
			e.Release() // it went away meanwhile, and has been asked nothing
			n--
			continue
		}
		if n > 1 {
			h.x.Retries++
		}
		x, f := h.attempt(e)
		if f == nil {
			return x, nil
		}
		if last = f; failing.IsZero() {
			failing = time.Now()
		}
		h.quote(f)
		if f.Sent == 0 {
			unseen++
		}
		if timedOut(f) && !h.pool.Untried(append(h.choice.Tried, e)) || !h.again(f, failing, n, unseen) {
			return nil, f
		}
		h.out.Fresh = h.out.Fresh || f.Phase != event.Connect
		if h.exclude(e) && !f.Stale {
			h.rest(pause)
			pause = min(2*pause, longestPause)
		}
	}
}

// Where all servers were tried they are asked again after a pause, each twice as long
// as the one before.
const (
	firstPause   = 10 * time.Millisecond
	longestPause = 250 * time.Millisecond
)

func (h *handler) rest(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-h.r.Ctx.Done():
	}
}

// attempt makes one attempt, and a second one beside it where the server hangs.
func (h *handler) attempt(e *upstream.Endpoint) (*upstream.Exchange, *upstream.Failure) {
	hedge := h.route.hedge && h.pool.Settings.Hedge > 0
	x, f := e.Begin(h.r.Ctx, &h.out, hedge)
	if f != nil {
		h.note(x)
		return nil, f
	}
	err := x.Wait()
	if err == upstream.ErrNudged {
		x, err = h.race(e, x)
	}
	if err == nil {
		// A small answer is read whole before the client sees any of it.
		if f := x.Gather(); f != nil {
			h.note(x)
			return nil, f
		}
		return x, nil
	}
	if x != nil {
		h.note(x)
	}
	return nil, err.(*upstream.Failure)
}

// note keeps an attempt for the log.
func (h *handler) note(x *upstream.Exchange) { h.x.Attempts = append(h.x.Attempts, x.Attempt) }

// quote keeps the bytes of an answer that broke the rules, for the ring.
func (h *handler) quote(f *upstream.Failure) {
	var fault *http1.Fault
	if errors.As(f.Err, &fault) {
		h.answer = append(h.answer[:0], fault.Quote...)
	}
}

// again reports whether another attempt may be made after f, the n-th since failing.
func (h *handler) again(f *upstream.Failure, failing time.Time, n, unseen int) bool {
	switch {
	case f.Client, h.r.Ctx.Err() != nil, !h.body.Replayable():
		return false
	case f.Sent == 0:
		// No server has seen anything: any request may be made again. What is
		// refused is waited out, and what this host is short of; other failures of
		// this kind are not endless.
		waits := f.Symptom == vocab.ConnectionRefused || f.Short()
		return unseen <= 2*len(h.pool.Endpoints())+1 || waits && time.Since(failing) < h.wait()
	case !h.out.Idempotent:
		// Bytes left: whether the server has carried the request out is not
		// known (RFC 9110 section 9.2.2).
		return false
	case n-unseen >= h.pool.Settings.Attempts:
		return false
	case f.Stale:
		return true // a closed connection saw nothing; no budget is spent on it
	}
	return h.pool.MayRetry()
}

// timedOut reports whether the server used up the time that it was given. Asking the
// same one again would only double the wait, and the load of a server that is slow.
func timedOut(f *upstream.Failure) bool {
	switch f.Symptom {
	case vocab.ConnectionReadTimeout, vocab.ConnectionWriteTimeout, vocab.HTTPResponseTimeout:
		return true
	}
	return false
}

// exclude keeps the next attempt from e. It reports whether all servers were tried, or
// so many that it is time for a pause; then each may be asked again.
func (h *handler) exclude(e *upstream.Endpoint) (all bool) {
	h.choice.Tried = append(h.choice.Tried, e)
	if len(h.choice.Tried) < cap(h.choice.Tried) && h.pool.Untried(h.choice.Tried) {
		return false
	}
	h.choice.Tried = h.choice.Tried[:0]
	return true
}

// why chooses between what the last attempt saw and why no other was made.
func (h *handler) why(last, f *upstream.Failure) *upstream.Failure {
	if last == nil || f.Client {
		return f
	}
	if f.Symptom == vocab.DestinationUnavailable {
		// The reason of the last attempt is the better one; the status still
		// says that waiting may help.
		return &upstream.Failure{Symptom: f.Symptom, Phase: f.Phase, Detail: f.Detail + "; the last one: " + string(last.Symptom), Out: f.Out, Err: last}
	}
	return f
}

// outcome is how one of two attempts ended.
type outcome struct {
	x   *upstream.Exchange
	err error
}

// race waits for x, which seems to hang, and for a second attempt elsewhere. The
// first answer wins; the other attempt is broken off. Both have ended when race
// returns, so that nothing of either is used by the other.
func (h *handler) race(e *upstream.Endpoint, x *upstream.Exchange) (*upstream.Exchange, error) {
	ctx, cancel := context.WithCancel(h.r.Ctx)
	defer cancel()
	second := make(chan outcome, 1)
	first := make(chan outcome, 1)
	started := make(chan *upstream.Exchange, 1)
	h.x.Hedges++
	out := h.out // with a connection, and no 1xx, of its own
	out.Interim = nil
	choice := upstream.Choice{Key: h.choice.Key, Tried: append([]*upstream.Endpoint{e}, h.choice.Tried...), Wait: hedgeWait}
	go func() { first <- outcome{x, x.Wait()} }()
	go func() {
		x2, err := h.hedge(ctx, &out, &choice, started)
		second <- outcome{x2, err}
	}()
	select {
	case a := <-first:
		if a.err == nil {
			cancel()
			cancelStarted(started)
			h.lost(<-second)
			return a.x, nil
		}
		return h.other(a, <-second)
	case b := <-second:
		if b.err == nil {
			// Both may have answered: the one that is broken off is never the one
			// that is used.
			x.Cancel()
			return h.other(<-first, b)
		}
		a := <-first
		h.lost(b)
		return a.x, a.err
	}
}

// other returns the second attempt where it brought an answer. Else the first says
// why there is none.
func (h *handler) other(a, b outcome) (*upstream.Exchange, error) {
	if b.err != nil {
		h.lost(b)
		return a.x, a.err
	}
	h.lost(a)
	h.pool.Totals.HedgesWon.Add(1)
	return b.x, nil
}

// lost ends the attempt that is not needed.
func (h *handler) lost(o outcome) {
	if o.x == nil {
		return // it found no server
	}
	o.x.Abandon()
	h.note(o.x)
}

// hedgeWait is how long a second attempt waits for a place.
const hedgeWait = 100 * time.Millisecond

func (h *handler) hedge(ctx context.Context, out *upstream.Request, c *upstream.Choice, started chan<- *upstream.Exchange) (*upstream.Exchange, error) {
	e, f := h.pool.Acquire(ctx, c)
	if f != nil {
		return nil, f
	}
	x, f := e.Begin(ctx, out, false)
	x.Attempt.Hedge = true
	if f != nil {
		return x, f
	}
	started <- x
	if ctx.Err() != nil {
		x.Cancel() // it lost before it was seen
	}
	return x, x.Wait()
}

// cancelStarted breaks off a second attempt that waits for its answer. One that is
// still connecting ends with its context.
func cancelStarted(started <-chan *upstream.Exchange) {
	select {
	case x := <-started:
		x.Cancel()
	default:
	}
}
