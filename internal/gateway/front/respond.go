package front

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/sock"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// Interim sends a 1xx answer. HTTP/1.0 has none.
func (x *exchange) Interim(status int, header []gateway.Field) {
	if x.ask.Minor == 0 || x.begun {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out = statusLine(x.out, status)
	for i := range header {
		x.field(&header[i])
	}
	x.out = append(x.out, "\r\n"...)
	x.send(nil)
}

// Head makes the answer's head. It goes out with the first of the body.
func (x *exchange) Head(status int, header []gateway.Field, size int64, trailer bool) {
	if x.ask.Expect { // the body's reader may be about to send 100
		x.mu.Lock()
		defer x.mu.Unlock()
	}
	x.begun = true
	x.out = statusLine(x.out, status)
	dated := false
	for i := range header {
		f := &header[i]
		switch len(f.Name) {
		case 4:
			dated = dated || http1.EqualFold(f.Name, "date")
		case 10:
			if http1.EqualFold(f.Name, "connection") {
				x.close = x.close || http1.EqualFold(f.Value, "close")
				continue
			}
		}
		x.field(f)
	}
	if !dated {
		// RFC 9110 section 6.6.1: who forwards an answer without one adds it.
		x.out = append(append(append(x.out, "Date: "...), *x.c.front.clock.date.Load()...), "\r\n"...)
	}
	x.frame(status, size)
	// While the body is still being read elsewhere the core has said close.
	if in := &x.in; !x.close && (in.state == bodyBroken || in.expects || in.state == bodyMore && in.left > leftover) {
		x.close = true // what is left of the request's body will not be read
	}
	switch {
	case x.close || x.c.front.parting.Load():
		x.close = true
		x.converse()
		x.out = append(x.out, "Connection: close\r\n"...)
	case x.ask.Minor == 0:
		x.out = append(x.out, "Connection: keep-alive\r\n"...)
	}
	x.out = append(x.out, "\r\n"...)
}

// converse frees a body that is still read from the limit of its rate: with the answer
// it has become one side of a conversation.
func (x *exchange) converse() {
	x.answering.Store(true)
	if l := &x.c.front.limits; x.req.Body != nil && l.BodyRate > 0 && l.BodyTime > 0 {
		x.c.readBy(time.Now().Add(l.BodyTime)) // whoever waits at this moment
	}
}

// frame says how the end of the body is found (RFC 9112 section 6).
func (x *exchange) frame(status int, size int64) {
	switch {
	case status == 204 || status == 304 || x.ask.Method == "HEAD":
		x.framing = none
	case size >= 0:
		x.framing, x.left = length, size
		x.out = append(x.out, "Content-Length: "...)
		x.out = append(strconv.AppendInt(x.out, size, 10), "\r\n"...)
	case x.ask.Minor == 0:
		x.framing, x.close = untilClose, true
	default:
		x.framing = chunked
		x.out = append(x.out, "Transfer-Encoding: chunked\r\n"...)
	}
}

func statusLine(b []byte, status int) []byte {
	if status == 200 { // Fast path
		return append(b, "HTTP/1.1 200 OK\r\n"...)
	}
	b = append(b, "HTTP/1.1 "...)
	b = append(strconv.AppendInt(b, int64(status), 10), ' ')
	return append(append(b, http.StatusText(status)...), "\r\n"...)
}

// field appends a field. The core delivers no line breaks; should it ever do so, the
// field is left out.
func (x *exchange) field(f *gateway.Field) {
	if b, err := http1.AppendField(x.out, f.Name, f.Value); err == nil {
		x.out = b
	}
}

// Write sends a piece of the body. A small one waits for more, or for Flush.
func (x *exchange) Write(b []byte) error {
	if x.framing == none || len(b) == 0 {
		return x.failed
	}
	if x.framing == length {
		if x.left -= int64(len(b)); x.left < 0 {
			x.failed = http.ErrContentLength
			return x.failed
		}
	}
	if x.framing == chunked {
		x.out = append(strconv.AppendInt(x.out, int64(len(b)), 16), "\r\n"...)
	}
	if len(x.out)+len(b) <= joined {
		x.out = append(x.out, b...)
		b = nil
	}
	if b != nil {
		if err := x.send(b); err != nil {
			return err
		}
	}
	if x.framing == chunked {
		x.out = append(x.out, "\r\n"...)
	}
	return nil
}

// send sends what is gathered and then b.
func (x *exchange) send(b []byte) error {
	if x.failed != nil {
		return x.failed
	}
	x.c.mayWrite()
	_, err := x.c.s.WriteBoth(x.out, b)
	x.out = x.out[:0]
	if err = x.c.wrote(err); err != nil {
		x.failed = err
		x.c.cancel()
	}
	return err
}

// Carries reports whether the body can be moved to the client's socket.
func (x *exchange) Carries() bool { return x.framing == length && x.c.s.Raw() }

// Carry sends what is gathered and then the n bytes in p.
func (x *exchange) Carry(p *sock.Pipe, n int) error {
	if err := x.Flush(); err != nil {
		return err
	}
	if x.left -= int64(n); x.left < 0 {
		x.failed = http.ErrContentLength
		return x.failed
	}
	x.c.mayWrite()
	if err := x.c.wrote(x.c.s.WriteFrom(p)); err != nil {
		x.failed = err
		x.c.cancel()
		return err
	}
	return nil
}

// Flush sends what was written.
func (x *exchange) Flush() error {
	if len(x.out) == 0 {
		return x.failed
	}
	return x.send(nil)
}

// Trailer keeps the fields for the end of a chunked body.
func (x *exchange) Trailer(fields []gateway.Field) { x.trailer = fields }

// Abort makes the answer end uncleanly.
func (x *exchange) Abort() { x.aborted = true }

// finish sends the end of the answer.
func (x *exchange) finish() bool {
	if x.framing == chunked {
		x.out = append(x.out, "0\r\n"...)
		for i := range x.trailer {
			x.field(&x.trailer[i])
		}
		x.out = append(x.out, "\r\n"...)
	}
	return x.Flush() == nil && (x.framing != length || x.left == 0)
}

// Switch answers 101 and hands over the connection.
func (x *exchange) Switch(header []gateway.Field) (net.Conn, []byte, error) {
	c := x.c
	x.begun, x.switched = true, true
	x.out = append(x.out[:0], "HTTP/1.1 101 Switching Protocols\r\n"...)
	for i := range header {
		x.field(&header[i])
	}
	x.out = append(x.out, "\r\n"...)
	c.front.forget(c)
	c.complete.Store(false)
	if err := x.send(nil); err != nil {
		x.switched = false
		x.aborted = true
		return nil, nil, err
	}
	c.s.SetDeadline(noDeadline)
	return c.s.NetConn(), append([]byte(nil), x.buf[x.r:x.w]...), nil
}
