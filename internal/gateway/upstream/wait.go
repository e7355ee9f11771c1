package upstream

import (
	"errors"
	"io"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// maxInterim bounds the 1xx answers of one exchange.
const maxInterim = 64

// afterWriteError is how long an answer is waited for when the request could not
// be written to its end. What the server said before it closed is already here.
const afterWriteError = time.Second

// Wait reads the head of the answer. It returns a Failure, ErrNudged (call it
// again to wait on) or nil.
func (x *Exchange) Wait() error {
	x.state.Or(waiting)
	t := &x.end.pool.Settings.Timeouts
	if x.wrote != nil {
		x.deadline(time.Now().Add(afterWriteError))
	} else {
		x.deadline(x.before(x.requested(), t.First)) // of the head, once it begins
	}
	for interim := 0; ; interim++ {
		head, err := x.head()
		if err == ErrNudged {
			return err
		}
		if err != nil {
			return x.failed(err.(*Failure))
		}
		done, f := x.take(head, interim)
		if f != nil {
			return x.failed(f)
		}
		if done {
			if x.state.And(^uint32(waiting|nudgeable|nudged))&nudged != 0 {
				x.unnudged()
			}
			if x.up != nil {
				x.state.Or(answered)
			}
			x.first()
			return nil
		}
	}
}

// unnudged waits until the one who nudges has set the deadline, and forgets it.
func (x *Exchange) unnudged() {
	x.end.mu.Lock() // nudge holds it for as long as it takes
	defer x.end.mu.Unlock()
	x.read = time.Time{}
}

// requested returns since when the answer is owed: the last byte of the request was
// written then. While the rest of a body is on its way it is now.
func (x *Exchange) requested() time.Time {
	if x.up == nil {
		return x.sent
	}
	if at := x.asked.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Now()
}

// first records that the head is there.
func (x *Exchange) first() {
	now := time.Now()
	x.Attempt.First = now.Sub(x.start)
	x.Attempt.Status = x.Response.Status
	x.awaited(now)
	if x.Upgraded {
		x.end.whole()
	}
	if !x.probe {
		x.end.answered(x.Attempt.First, now)
	}
}

// head reads until a whole head is in the buffer and returns its length.
func (x *Exchange) head() (int, error) {
	c, s := x.conn, &x.end.pool.Settings
	looked := 0
	for {
		b := c.unread()
		if n := http1.HeadEnd(b, looked); n > 0 && n <= s.MaxHeader {
			return n, nil
		} else if n > 0 || len(b) >= s.MaxHeader {
			return 0, malformed(event.Header, http1.NewFault(http1.HeadTooLarge, int64(len(b)), nil))
		}
		if x.fcgi == nil && len(b) > 0 && !couldBeHTTP(b) {
			return 0, malformed(event.Header, http1.NewFault(http1.StatusLine, 0, b))
		}
		if looked == 0 && len(b) > 0 && x.wrote == nil {
			x.state.And(^uint32(nudgeable)) // it answers: no second attempt
			x.deadline(x.before(x.requested(), s.Timeouts.Header))
		}
		looked = len(b)
		if c.buf != nil && len(b) == len(*c.buf) {
			c.grow(min(2*len(b), s.MaxHeader+1))
		}
		if err := x.fill(); err != nil {
			if looked == 0 && timeout(err) && x.uploading() {
				continue
			}
			return 0, x.headError(err, looked)
		}
	}
}

// uploading reports whether the limit of the first byte has not been reached after
// all, because the request went on meanwhile, and sets the deadline anew.
func (x *Exchange) uploading() bool {
	if x.up == nil || x.wrote != nil || x.state.Load()&(nudged|cancelled) != 0 {
		return false
	}
	at := x.before(x.requested(), x.end.pool.Settings.Timeouts.First)
	if !at.After(time.Now()) {
		return false
	}
	x.deadline(at)
	return true
}

// couldBeHTTP reports whether b may be the beginning of a status line, so that
// garbage without a line end is not waited out.
func couldBeHTTP(b []byte) bool {
	const begin = "HTTP/1."
	n := min(len(b), len(begin))
	return string(b[:n]) == begin[:n]
}

// headError says why no head came.
func (x *Exchange) headError(err error, got int) error {
	state := x.state.Load()
	if timeout(err) {
		switch {
		case state&cancelled != 0:
			f := fail(event.Header, err)
			f.Client = true
			return f
		case state&nudged != 0:
			x.unnudged()
			x.state.And(^uint32(nudged | nudgeable))
			return ErrNudged
		case x.wrote != nil:
			return fail(event.Send, x.wrote)
		}
		f := fail(event.Header, err)
		if got > 0 {
			f.Symptom, f.Detail = vocab.HTTPResponseTimeout, "the head of the answer was not complete in time"
		} else {
			f.Detail = "no byte of an answer in time"
		}
		return f
	}
	if f := x.broke(err); f != nil {
		return f
	}
	if got > 0 {
		f := malformed(event.Header, http1.NewFault(http1.HeadCut, int64(got), x.conn.unread()))
		f.Err = err
		return f
	}
	f := fail(event.Header, err)
	if x.wrote != nil && !alerted(err) {
		f = fail(event.Send, x.wrote)
	} else if errors.Is(err, io.EOF) {
		f.Detail = "the server closed the connection without an answer"
		if !x.req.Idempotent && x.up == nil && x.conn.neverRead(x.Attempt.Sent) {
			x.Attempt.Sent, f.Detail = 0, "the server had closed the connection before the request reached it"
		}
	}
	f.Stale = x.Attempt.Reused
	return f
}

// take looks at a whole head: is it the answer (done), or one before it?
func (x *Exchange) take(n, interim int) (done bool, f *Failure) {
	c := x.conn
	head := c.unread()[:n]
	if x.fcgi != nil {
		x.Response.ParseCGI(head, x.end.pool.Settings.MaxFields)
	} else {
		x.Response.Parse(head, x.end.pool.Settings.MaxFields)
	}
	r := &x.Response
	x.Framing = r.Framing(x.req.Method)
	if fault := fatal(r); fault != nil {
		return false, malformed(event.Header, *fault)
	}
	switch {
	case r.Status == 101:
		if !x.req.Upgrade || x.fcgi != nil {
			return false, malformed(event.Header, http1.NewFault(http1.Switching, 0, head))
		}
		x.Upgraded = true
	case r.Status < 200:
		if interim >= maxInterim {
			return false, malformed(event.Header, http1.NewFault(http1.TooManyInterim, 0, nil))
		}
		if r.Status == 100 {
			if x.up != nil {
				x.up.goOn()
			}
		} else if x.req.Interim != nil {
			x.req.Interim(r.Status, r.Fields)
		}
		c.r += n
		return false, nil
	case r.Status == 408 && x.Attempt.Reused && !x.keeps():
		// A server that gives up an idle connection says so, and the request
		// crosses it (RFC 9110 section 15.5.9).
		return false, &Failure{Symptom: vocab.ConnectionTerminated, Phase: event.Header, Stale: true, Detail: "408 on an idle connection"}
	case r.Status > 599:
		return false, malformed(event.Header, http1.NewFault(http1.StatusLine, 0, head))
	}
	c.r += n
	x.beginBody()
	return true, nil
}

// fatal returns the first fault with which a gateway does not pass an answer on.
// A transfer coding other than chunked was not asked for, and the front frames anew:
// the client would get a coded body without a word of the coding.
func fatal(r *http1.Response) *http1.Fault {
	for i := range r.Faults {
		if f := &r.Faults[i]; f.Fatal {
			return f
		}
	}
	for _, f := range r.Fields {
		if http1.EqualFold(f.Name, "transfer-encoding") && !http1.EqualFold(f.Value, "chunked") {
			coded := http1.NewFault(http1.CodingUnknown, 0, f.Value)
			return &coded
		}
	}
	return nil
}

// keeps reports whether the server leaves the connection open (RFC 9112 section
// 9.3).
func (x *Exchange) keeps() bool {
	r := &x.Response
	keep := r.Major == 1 && r.Minor >= 1
	for _, f := range r.Fields {
		if len(f.Name) == len("connection") && http1.EqualFold(f.Name, "connection") {
			if listHas(f.Value, "close") {
				return false
			}
			keep = keep || listHas(f.Value, "keep-alive")
		}
	}
	return keep
}
