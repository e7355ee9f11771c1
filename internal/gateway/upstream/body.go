package upstream

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/sock"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// bodyState is how far the body of the answer has been read.
type bodyState struct {
	left    int64
	got     int64
	chunks  http1.Chunked
	done    bool
	trailer http1.Response
}

func (x *Exchange) beginBody() {
	trailer, kept := x.body.trailer, x.body.chunks.Trailer[:0]
	x.body = bodyState{left: x.Framing.Length, trailer: trailer}
	x.body.chunks.Trailer = kept
	x.keep = x.keeps() // the head does not outlive the first Next
	if v, ok := x.Response.Get("keep-alive"); ok {
		x.announced = keepAliveTimeout(v)
	}
	x.body.chunks.Keep = true
	switch {
	case x.Upgraded:
		x.body.done = true
	case x.fcgi != nil:
		if x.Framing.Kind != http1.NoBody {
			x.Framing.Kind = http1.UntilClose
		}
	}
	if x.Framing.Kind == http1.NoBody || x.Framing.Kind == http1.ByLength && x.body.left == 0 {
		x.body.done = true
	}
}

// Done reports whether the whole body was read.
func (x *Exchange) Done() bool { return x.body.done }

// Next returns the next piece of the body; nil at its end. The piece is valid
// until the next call. A body that ends early is a Failure, never an end.
func (x *Exchange) Next() ([]byte, *Failure) {
	for {
		piece, f := x.Piece()
		if f != nil || len(piece) > 0 || x.body.done {
			return piece, f
		}
		if f := x.More(); f != nil {
			return nil, f
		}
	}
}

// Piece returns what has been read of the body and was not returned yet; nil for
// nothing. It does not block. The piece is valid until the next call.
func (x *Exchange) Piece() ([]byte, *Failure) {
	for !x.body.done && x.conn.r < x.conn.w {
		piece, f := x.piece()
		if f != nil {
			return nil, x.failed(f)
		}
		if len(piece) > 0 {
			x.body.got += int64(len(piece))
			return piece, nil
		}
	}
	return nil, nil
}

// More waits for more of the body. Before, Piece must have returned nil.
func (x *Exchange) More() *Failure {
	if f := x.more(); f != nil {
		return x.failed(f)
	}
	return nil
}

// Soon is More for a body of known length, and gives up at that time.
func (x *Exchange) Soon(until time.Time) *Failure {
	if !x.limit.IsZero() && x.limit.Before(until) {
		return x.More()
	}
	if !x.read.Equal(until) {
		x.deadline(until)
	}
	err := x.fill()
	if err == nil || timeout(err) && x.state.Load()&cancelled == 0 {
		return nil
	}
	return x.failed(x.bodyError(err))
}

// Left returns how many bytes of a body of known length have not been read; 0 where
// the length is not known.
func (x *Exchange) Left() int64 {
	if x.Framing.Kind != http1.ByLength || x.body.done {
		return 0
	}
	return x.body.left
}

// Movable reports whether Move can be used.
func (x *Exchange) Movable() bool {
	return x.conn != nil && x.conn.own != nil && x.fcgi == nil && x.conn.eof == nil
}

// moved is how much is moved at once, at most.
const moved = 256 << 10

// Move waits for more of a body of known length and moves it into p, which is empty.
// Before, Piece must have returned nil.
func (x *Exchange) Move(p *sock.Pipe) (int, *Failure) {
	c, b := x.conn, &x.body
	x.patient()
	c.unlease() // everything in it was used
	n, err := c.own.ReadTo(p, int(min(b.left, moved)))
	if err != nil {
		return 0, x.failed(x.bodyError(err))
	}
	b.left -= int64(n)
	b.got += int64(n)
	b.done = b.left == 0
	return n, nil
}

// stall is how long a small answer is waited for before what is there is passed on.
const stall = time.Second

// Gather reads a small body of known length whole, so that an answer that breaks
// off is found before the client has seen any of it. It gives up where the body
// does not fit the buffer, or does not come soon.
func (x *Exchange) Gather() *Failure {
	c, b := x.conn, &x.body
	if x.Framing.Kind != http1.ByLength || b.done || b.left > int64(len(*c.buf)-c.r) {
		return nil
	}
	if int64(c.w-c.r) < b.left {
		x.deadline(x.before(time.Now(), stall))
	}
	for int64(c.w-c.r) < b.left {
		if err := c.behind(); err != nil {
			if timeout(err) && x.state.Load()&cancelled == 0 {
				x.read = time.Time{}
				return nil
			}
			return x.failed(x.bodyError(err))
		}
	}
	return nil
}

// piece takes what is in the buffer.
func (x *Exchange) piece() ([]byte, *Failure) {
	c, b := x.conn, &x.body
	in := c.unread()
	if len(in) == 0 {
		return nil, nil
	}
	switch x.Framing.Kind {
	case http1.ByLength:
		n := int(min(int64(len(in)), b.left))
		c.r += n
		b.left -= int64(n)
		b.done = b.left == 0
		return in[:n], nil
	case http1.ByChunks:
		data, n, fault := b.chunks.Next(in)
		c.r += n
		if fault != nil { // strict: here a bare LF is where attackers begin
			return nil, malformed(event.Body, *fault)
		}
		b.done = b.chunks.Done()
		return data, nil
	}
	c.r = c.w
	if b.left >= 0 && b.got+int64(len(in)) > b.left {
		// FastCGI with Content-Length: what comes beyond it is no part of the answer,
		// as in HTTP.
		in, b.done = in[:b.left-b.got], true
	}
	return in, nil
}

// more reads from the network.
func (x *Exchange) more() *Failure {
	x.patient()
	err := x.fill()
	if err == nil {
		return nil
	}
	if x.Framing.Kind == http1.UntilClose && x.ended(err) {
		x.body.done = true
		return nil
	}
	return x.bodyError(err)
}

// patient sets the deadline for the next read of the body.
func (x *Exchange) patient() {
	t := &x.end.pool.Settings.Timeouts
	now := time.Now()
	if left := x.read.Sub(now); x.read.IsZero() || left < t.Read-t.Read/16 || left > t.Read { // not for each of many reads
		x.deadline(x.before(now, t.Read))
	}
}

// ended reports whether err is the proper end of a body that ends with its
// connection. A reset is not, and under TLS neither is an end without goodbye.
func (x *Exchange) ended(err error) bool {
	if x.fcgi != nil {
		return errors.Is(err, errFastCGIEnd) && (x.body.left < 0 || x.body.got == x.body.left)
	}
	return err == io.EOF
}

func (x *Exchange) bodyError(err error) *Failure {
	if f := x.broke(err); f != nil {
		return f
	}
	switch {
	case x.state.Load()&cancelled != 0:
		f := fail(event.Body, err)
		f.Client = true
		return f
	case timeout(err):
		f := fail(event.Body, err)
		if f.Detail = "the server sent nothing more of the body in time"; !x.limit.IsZero() && !time.Now().Before(x.limit) {
			f.Symptom, f.Detail = vocab.HTTPResponseTimeout, "the whole answer took too long"
		}
		return f
	case x.Framing.Kind == http1.ByLength:
		f := malformed(event.Body, http1.NewFault(http1.BodyShort, x.body.got, nil))
		f.Err = err
		return f
	case x.Framing.Kind == http1.ByChunks:
		f := malformed(event.Body, http1.NewFault(http1.ChunkCut, x.body.chunks.Offset, nil))
		f.Err = err
		return f
	}
	f := fail(event.Body, err)
	f.Symptom = vocab.HTTPResponseIncomplete
	return f
}

// Trailer returns the fields after a chunked body, valid until Finish.
func (x *Exchange) Trailer() []http1.Field {
	if x.Framing.Kind != http1.ByChunks || len(x.body.chunks.Trailer) <= 2 {
		return nil
	}
	x.body.trailer.ParseTrailer(x.body.chunks.Trailer, x.end.pool.Settings.MaxFields)
	for _, f := range x.body.trailer.Faults {
		if f.Fatal {
			return nil
		}
	}
	return x.body.trailer.Fields
}

// Finish ends an exchange whose body was read to its end. The connection is kept
// where both sides may use it again and nothing beyond the answer came.
func (x *Exchange) Finish() {
	if x.conn == nil {
		return
	}
	if !x.body.done || x.Upgraded {
		x.Abandon()
		return
	}
	now := time.Now()
	c := x.conn
	again := x.uploaded() && x.wrote == nil && x.fcgi == nil && x.Framing.Kind != http1.UntilClose && c.r == c.w && c.eof == nil && x.keep && !c.beyond()
	if !again {
		c.base.Close()
		x.stopUpload()
	}
	if again && x.announced > 0 {
		x.end.mu.Lock()
		x.end.limit.announced = x.announced
		x.end.mu.Unlock()
	}
	x.unlist()
	x.conn = nil
	if again {
		c.used++
		x.end.put(c, now)
	} else {
		c.close()
	}
	x.Attempt.Total = now.Sub(x.start)
	x.end.whole()
	x.settle(nil)
}

// Detach hands the connection of an upgraded exchange to the caller, with what was
// read beyond the 101. Finish must still be called when the caller is done.
func (x *Exchange) Detach() (c net.Conn, early []byte) {
	x.unlist()
	x.conn.c.SetDeadline(time.Time{})
	c = x.conn.c
	if s, ok := c.(*sock.Conn); ok {
		c = s.NetConn() // io.Copy splices between two of them
	}
	return c, append([]byte(nil), x.conn.unread()...)
}

// fill reads into the connection's buffer what belongs to the answer.
func (x *Exchange) fill() error {
	if x.fcgi != nil {
		return x.fillFastCGI()
	}
	return x.conn.fill()
}
