package upstream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/sock"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// Exchange is one attempt: one request and its answer on one connection. Its
// methods are called by one goroutine, in the order Begin, Wait, Next until the
// end, Finish; Abandon may take the place of any later one.
type Exchange struct {
	Attempt  event.Attempt
	Response http1.Response // valid after Wait; its text until the first Next
	Framing  http1.Framing
	Upgraded bool // the answer is a 101 that was asked for

	end   *Endpoint
	req   *Request
	ctx   context.Context
	conn  *conn
	start time.Time
	sent  time.Time    // the request, or what is held of it, was written
	asked atomic.Int64 // Unix nanoseconds at which the last byte of the request was written; 0: it was not yet
	state atomic.Uint32
	up    *upload // nil: the whole body went with the head
	wrote error   // writing failed; an answer may have come nevertheless
	limit time.Time
	read  time.Time // the read deadline in force

	body      bodyState
	keep      bool          // the server leaves the connection open
	announced time.Duration // and says for how long; 0: it does not
	fcgi      *fcgi
	settled   bool // the endpoint has been told how it went
	probe     bool // a check: its times say nothing about the clients' requests

	// The list of exchanges under way at the endpoint, under end.mu.
	next, prev *Exchange
	listed     bool
	awaits     bool // counted in end.awaits
}

// Bits of Exchange.state.
const (
	waiting   = 1 << iota // for the head of the answer
	nudgeable             // a second attempt is allowed
	nudged                // Wait shall return ErrNudged
	cancelled             // the client went away
	answered              // the head of the answer is here; set where there is an upload
)

// Begin sends req to e on an idle connection or a new one. The endpoint must have
// been chosen by Pool.Acquire. A request that a closed idle connection did not
// take is sent once more on a fresh one: not one byte of it had left.
func (e *Endpoint) Begin(ctx context.Context, req *Request, nudge bool) (*Exchange, *Failure) {
	x := exchanges.Get().(*Exchange)
	x.end, x.req, x.ctx, x.start = e, req, ctx, time.Now()
	x.Attempt.Pool, x.Attempt.Endpoint = e.pool.Settings.Name, e.String()
	if nudge && req.Safe && req.Body.whole() {
		x.state.Store(nudgeable)
	}
	if w := e.pool.Settings.Timeouts.Whole; w > 0 {
		x.limit = x.start.Add(w)
	}
	e.counts.Requests.Add(1)
	f := x.begin()
	return x, f
}

var exchanges = sync.Pool{New: func() any { return new(Exchange) }}

// Recycle lets the memory of x be used for another exchange, where x has ended well
// and nobody else can know it any more: no second attempt ran beside it and no
// upload. Nothing of x may be used afterwards.
func (x *Exchange) Recycle() {
	if x.conn != nil || x.up != nil || x.fcgi != nil || x.listed || !x.settled || x.probe {
		return
	}
	response, trailer, chunks := x.Response, x.body.trailer, x.body.chunks.Trailer[:0]
	clear(response.Fields)
	*x = Exchange{Response: http1.Response{Fields: response.Fields[:0], Faults: response.Faults[:0]}}
	x.body.trailer = http1.Response{Fields: trailer.Fields[:0], Faults: trailer.Faults[:0]}
	x.body.chunks.Trailer = chunks
	exchanges.Put(x)
}

func (x *Exchange) begin() *Failure {
	if x.end.pool.Settings.Protocol == HTTP && !x.req.Upgrade && !x.req.Fresh {
		for {
			c, idle := x.end.take(x.req.Idempotent && x.req.Body.whole(), x.start)
			if c == nil {
				break
			}
			x.conn, x.Attempt.Reused, x.Attempt.Idle = c, true, idle
			f := x.send(x.start)
			if f == nil {
				x.end.counts.Reused.Add(1)
				return nil
			}
			if x.Attempt.Sent > 0 || f.Client || f.Symptom == vocab.ConnectionWriteTimeout {
				f.Stale = f.Symptom == vocab.ConnectionTerminated
				return x.failed(f)
			}
			x.drop() // n == 0 proves that the server has nothing of it
			x.end.counts.Stale.Add(1)
		}
	}
	x.Attempt.Reused, x.Attempt.Idle = false, 0
	c, f := x.end.dial(x.ctx, &x.Attempt)
	if f != nil {
		return x.failed(f)
	}
	x.conn = c
	if f := x.send(time.Now()); f != nil {
		return x.failed(f)
	}
	return nil
}

// send writes the head and what is held of the body, and starts the upload of the
// rest.
func (x *Exchange) send(now time.Time) *Failure {
	c, t := x.conn, &x.end.pool.Settings.Timeouts
	x.list(now)
	c.c.SetWriteDeadline(x.before(now, t.Send))
	if x.state.Load()&cancelled != 0 {
		c.c.SetWriteDeadline(past)
	}
	if c.own == nil || x.end.pool.Settings.Protocol == FastCGI {
		c.lease()
	}
	before := c.written()
	n, err := x.writeHead()
	if c.tls != nil {
		n = c.written() - before
	}
	x.Attempt.Sent = n
	x.sent = time.Now()
	x.Attempt.Send = x.sent.Sub(now)
	if err != nil {
		f := fail(event.Send, err)
		f.Sent = n
		if x.state.Load()&cancelled != 0 {
			f.Client = true
		}
		if n == 0 || f.Client || timeout(err) {
			return f
		}
		// The server may have answered before it closed (a 413). What it said
		// stands in the socket; Wait reads it.
		x.wrote = err
		return nil
	}
	if !x.req.Body.whole() {
		x.startUpload()
		return nil
	}
	x.asked.Store(x.sent.UnixNano())
	return nil
}

func (c *conn) written() int64 {
	if c.tls == nil {
		return 0
	}
	return c.tls.n.Load()
}

// smallWrite is the size up to which head and body are joined to one write.
const smallWrite = 4 << 10

func (x *Exchange) writeHead() (int64, error) {
	if x.end.pool.Settings.Protocol == FastCGI {
		return x.writeFastCGI()
	}
	c, held := x.conn, x.req.Body.Held
	chunked := x.req.Body.Length < 0
	if x.req.Expect {
		held = nil // waits for 100
	}
	if len(held) == 0 && !(chunked && x.req.Body.whole()) {
		n, err := c.c.Write(x.req.Head)
		return int64(n), err
	}
	if !chunked && len(x.req.Head)+len(held) > smallWrite {
		if s, ok := c.c.(*sock.Conn); ok {
			return s.WriteBoth(x.req.Head, held)
		}
	}
	b := make([]byte, 0, len(x.req.Head)+len(held)+32)
	b = append(b, x.req.Head...)
	if chunked {
		b = appendChunk(b, held)
		if x.req.Body.whole() {
			b = append(b, "0\r\n\r\n"...)
		}
	} else {
		b = append(b, held...)
	}
	n, err := c.c.Write(b)
	return int64(n), err
}

// before returns the earlier of now+d and the limit of the whole attempt.
func (x *Exchange) before(now time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return x.limit
	}
	at := now.Add(d)
	if !x.limit.IsZero() && x.limit.Before(at) {
		return x.limit
	}
	return at
}

// deadline sets the read deadline, unless somebody wants the read to end.
func (x *Exchange) deadline(at time.Time) {
	x.read = at
	x.conn.c.SetReadDeadline(at)
	if x.state.Load()&(nudged|cancelled) != 0 {
		x.conn.c.SetReadDeadline(past)
	}
}

// list puts x among the exchanges under way, where the watcher of hangs and of
// clients that leave finds it.
func (x *Exchange) list(now time.Time) {
	e := x.end
	if !x.awaits && !x.probe && x.req.Body.whole() { // an upload takes the client's time, not the server's
		x.awaits = true
		if e.awaits.Add(1) == 1 {
			e.stir.Store(now.UnixNano())
		}
	}
	e.mu.Lock()
	if !x.listed {
		x.listed = true
		x.next = e.first
		if x.next != nil {
			x.next.prev = x
		}
		e.first = x
	}
	e.mu.Unlock()
}

// awaited records that the head of the answer is there, or will never be.
func (x *Exchange) awaited(now time.Time) {
	if x.awaits {
		x.awaits = false
		x.end.awaits.Add(-1)
		x.end.stir.Store(now.UnixNano())
	}
}

// unlist takes x from the list; afterwards nobody else touches its connection.
func (x *Exchange) unlist() {
	e := x.end
	e.mu.Lock()
	if x.listed {
		x.listed = false
		if x.prev != nil {
			x.prev.next = x.next
		} else {
			e.first = x.next
		}
		if x.next != nil {
			x.next.prev = x.prev
		}
		x.next, x.prev = nil, nil
	}
	e.mu.Unlock()
}

// drop closes the connection of x without a word to the endpoint.
func (x *Exchange) drop() {
	x.unlist()
	if x.awaits {
		x.awaited(time.Now())
	}
	if x.conn != nil {
		x.conn.close()
		x.conn = nil
	}
}

// Cancel makes the call that is under way in another goroutine return soon.
func (x *Exchange) Cancel() {
	x.end.mu.Lock()
	defer x.end.mu.Unlock()
	x.state.Or(cancelled)
	if x.listed {
		x.conn.c.SetDeadline(past)
	}
}

// clientLeft is the detail of an attempt that was broken off because nobody wants its
// answer any more.
const clientLeft = "the client went away"

// failed ends x with a failure: the connection is closed, the endpoint told. An
// attempt that was broken off has no symptom: it says nothing about the server.
func (x *Exchange) failed(f *Failure) *Failure {
	f.Sent = max(f.Sent, x.Attempt.Sent)
	if f.Symptom != vocab.HTTPRequestError && x.unwanted() {
		// What the network said is of our own doing.
		f.Client, f.Symptom, f.Detail = true, vocab.ConnectionTerminated, clientLeft
	} else {
		x.Attempt.Symptom, x.Attempt.Phase, x.Attempt.Detail = f.Symptom, f.Phase, f.Detail
	}
	if x.conn != nil {
		x.conn.base.Close() // ends an upload that is under way
	}
	x.stopUpload()
	x.drop()
	x.settle(f)
	x.Attempt.Total = time.Since(x.start)
	return f
}

// unwanted reports whether nobody waits for the answer any more. A check has no client;
// its context ends with its time.
func (x *Exchange) unwanted() bool {
	return x.state.Load()&cancelled != 0 || !x.probe && x.ctx.Err() != nil
}

// settle tells the endpoint how the attempt went, once, and gives back its slot.
func (x *Exchange) settle(f *Failure) {
	if x.settled {
		return
	}
	x.settled = true
	x.end.settled(f, &x.Attempt)
	x.end.release()
}

// Abandon ends x wherever it is: the connection is closed.
func (x *Exchange) Abandon() {
	if x.conn == nil && x.settled {
		return
	}
	if x.conn != nil {
		x.conn.base.Close()
	}
	x.stopUpload()
	x.drop()
	x.settle(nil)
	x.Attempt.Total = time.Since(x.start)
}
