package front

import (
	"errors"
	"io"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// incoming is the body of a request. Another goroutine may read it while the answer
// is written.
type incoming struct {
	state   bodyState
	left    int64 // by length
	chunks  http1.Chunked
	chunked bool
	expects bool // 100 has not been sent, and the client waits for it
	pace    pace
	err     error
	trailer http1.Response
}

type bodyState uint8

const (
	bodyDone bodyState = iota // all of it was read
	bodyMore
	bodyBroken // it ended early, or breaks the rules
)

func (b *incoming) begin(x *exchange, a *http1.Request) {
	kept := b.chunks.Trailer[:0]
	*b = incoming{left: a.Length, expects: a.Expect}
	if a.Length == 0 {
		x.whole()
		return
	}
	b.state = bodyMore
	if b.chunked = a.Length < 0; b.chunked {
		b.chunks = http1.Chunked{Keep: true, Trailer: kept}
	}
}

// whole is called when the request was read to its end. From now on the watcher
// looks whether the client leaves; where another request follows already, it has
// not left.
func (x *exchange) whole() {
	x.in.state = bodyDone
	x.c.complete.Store(x.r == x.w)
}

// Read reads the request's body. A client that sends nothing for too long breaks it
// off.
func (x *exchange) Read(b []byte) (int, error) {
	in := &x.in
	switch in.state {
	case bodyDone:
		return 0, io.EOF
	case bodyBroken:
		return 0, in.err
	}
	if len(b) == 0 {
		return 0, nil
	}
	if in.expects {
		if err := x.goAhead(); err != nil {
			return 0, x.broken(err)
		}
	}
	if in.chunked {
		return x.readChunks(b)
	}
	if int64(len(b)) > in.left {
		b = b[:in.left]
	}
	n := copy(b, x.buf[x.r:x.w])
	if x.r += n; n == 0 {
		var err error
		if n, err = x.receive(b); err != nil {
			return 0, x.broken(err)
		}
	}
	if in.left -= int64(n); in.left == 0 {
		x.whole()
	}
	return n, nil
}

func (x *exchange) readChunks(b []byte) (int, error) {
	in := &x.in
	for {
		if x.r == x.w {
			x.r, x.w = 0, 0
			n, err := x.receive(x.buf)
			if err != nil {
				return 0, x.broken(err)
			}
			x.w = n
		}
		// No more than fits: what the decoder has passed cannot be put back.
		part := x.buf[x.r:min(x.w, x.r+len(b))]
		data, n, fault := in.chunks.Next(part)
		x.r += n
		if fault != nil { // strict: a bare LF is where attackers begin
			return 0, x.broken(fault)
		}
		if in.chunks.Done() {
			if fault = x.badTrailer(); fault != nil {
				return 0, x.broken(fault)
			}
			x.whole()
		}
		if len(data) > 0 {
			return copy(b, data), nil
		}
		if in.state == bodyDone {
			return 0, io.EOF
		}
	}
}

// receive reads from the client.
func (x *exchange) receive(b []byte) (int, error) {
	c, p := x.c, &x.in.pace
	c.mayRead()
	c.reading = true
	n, err := c.s.Read(b)
	c.reading = false
	var waited time.Duration
	if !c.asked.IsZero() {
		waited = time.Since(c.asked)
		c.asked = time.Time{}
	}
	p.add(waited, n)
	if n > 0 {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if c.stopped.Load() {
		return 0, err
	}
	return 0, p.why(err, &c.front.limits, x.answering.Load())
}

func (x *exchange) broken(err error) error {
	x.in.state, x.in.err = bodyBroken, err
	return err
}

var errAnswered = errors.New("the answer was sent before the body was asked for")

// goAhead sends 100, unless the answer has begun.
func (x *exchange) goAhead() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.begun {
		return errAnswered
	}
	x.in.expects = false
	_, err := x.c.s.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	return x.c.wrote(err)
}

// stop makes a Read that is under way return soon.
func (x *exchange) stop() {
	x.c.stopped.Store(true)
	x.c.s.SetReadDeadline(past)
}

// badTrailer is what is wrong with the lines after the last chunk. They are not dropped
// for it: what one parser takes for a bad trailer may be a request for the next.
func (x *exchange) badTrailer() *http1.Fault {
	t := &x.in.trailer
	if len(x.in.chunks.Trailer) <= 2 {
		return nil
	}
	t.ParseTrailer(x.in.chunks.Trailer, maxFields)
	if len(t.Faults) > 0 {
		return &t.Faults[0]
	}
	return nil
}

func (x *exchange) requestTrailer() []gateway.Field {
	if !x.in.chunked || x.in.state != bodyDone {
		return nil
	}
	var out []gateway.Field
	for _, f := range x.in.trailer.Fields {
		out = append(out, gateway.Field{Name: string(f.Name), Value: string(f.Value)})
	}
	return out
}

// drain reads what is left of the body, so that another request can follow.
func (x *exchange) drain() bool {
	in := &x.in
	switch {
	case x.c.stopped.Load() && in.state != bodyDone:
		return false
	case x.c.stopped.Load():
		x.c.stopped.Store(false)
		x.c.waitRead.Store(true) // a deadline of the past is to be taken away
	case in.state == bodyBroken || in.expects:
		return false
	}
	if in.state == bodyDone {
		return true
	}
	x.c.until = time.Now().Add(linger)
	defer func() { x.c.until = time.Time{} }()
	var b [4 << 10]byte
	for n := 0; in.state == bodyMore; {
		m, err := x.Read(b[:])
		if n += m; err != nil && err != io.EOF || n > leftover || time.Now().After(x.c.until) {
			return false
		}
	}
	return in.state == bodyDone
}
