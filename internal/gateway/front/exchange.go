package front

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

const (
	inSize    = 16 << 10 // of the buffer for what a client sends
	outSize   = 8 << 10  // of the buffer for what it gets
	maxFields = 256      // of a request
	joined    = 4 << 10  // up to which size a piece is copied behind the head
	leftover  = 256 << 10
)

// exchange is one request and its answer. It is used again, by whichever connection
// has a request next.
type exchange struct {
	c   *conn
	buf []byte // what came; r to w is not used yet
	r   int
	w   int

	ask    http1.Request
	req    gateway.Request
	fields []gateway.Field
	bad    gateway.Bad

	in  incoming
	out []byte // to be sent
	answer
	answering atomic.Bool // the answer has begun while the body still comes

	mu sync.Mutex // where the client expects 100: guards what is sent beside the answer
}

// answer is how far an answer has come.
type answer struct {
	begun    bool // the head was made
	framing  framing
	left     int64 // of the body, by length
	close    bool  // the connection ends with it
	aborted  bool
	switched bool
	failed   error // writing failed
	trailer  []gateway.Field
}

type framing uint8

const (
	none       framing = iota // no body, whatever the head says
	length                    // Content-Length
	chunked                   // Transfer-Encoding
	untilClose                // the end of the connection (HTTP/1.0)
)

var exchanges = sync.Pool{New: func() any { return &exchange{buf: make([]byte, inSize), out: make([]byte, 0, outSize)} }}

// reset makes x fit for another connection.
func (x *exchange) reset() {
	x.next()
	x.c, x.r, x.w = nil, 0, 0
	if len(x.buf) != inSize {
		x.buf = make([]byte, inSize)
	}
}

// next makes x fit for another request of the same connection.
func (x *exchange) next() {
	clear(x.fields)
	x.fields = x.fields[:0]
	x.req = gateway.Request{}
	x.bad = gateway.Bad{}
	x.in = incoming{chunks: x.in.chunks}
	x.answer = answer{}
	if x.answering.Load() {
		x.answering.Store(false)
	}
	x.out = x.out[:0]
	if cap(x.out) > 4*outSize {
		x.out = make([]byte, 0, outSize)
	}
}

// exchange reads a request, has it answered, and reports whether another may
// follow.
func (c *conn) exchange() bool {
	x := c.x
	x.c = c
	head, status, fault := x.head()
	if status < 0 {
		return false // the client went away
	}
	if status != 0 {
		x.ask = http1.Request{Minor: 1, Fields: x.ask.Fields[:0]} // nothing of another request
	} else {
		if fault = x.ask.Parse(head, maxFields); fault != nil {
			status = statusOf(fault)
		}
	}
	if !c.to(heading, active) {
		status, fault = 408, nil
		c.state.Store(uint32(active))
	}
	x.request()
	if status != 0 {
		x.bad = gateway.Bad{Status: status, Detail: "the head did not come in time"}
		if fault != nil {
			x.bad.Detail = fault.Error()
		}
		x.req.Bad, x.req.Length, x.req.Body = &x.bad, 0, nil
		x.close = true
	}
	c.front.core(&x.req, x)
	c.complete.Store(false)
	return x.end()
}

// head reads until a whole head is here. Status is what is wrong with it, or -1
// where nobody is left to be told.
func (x *exchange) head() (head string, status int, fault *http1.Fault) {
	c, limit := x.c, x.c.front.limits.Header
	for looked := 0; ; {
		if looked < 2 {
			x.skipEmpty()
		}
		b := x.buf[x.r:x.w]
		if len(b) > 0 && !couldBeMethod(b[0]) {
			f := http1.NewFault(http1.RequestLine, 0, b)
			return "", 400, &f
		}
		n := http1.HeadEnd(b, looked)
		switch {
		case n > limit || n < 0 && len(b) >= limit:
			f := http1.NewFault(http1.HeadTooLarge, int64(len(b)), nil)
			return "", 431, &f
		case n > 0:
			x.r += n
			return string(b[:n]), 0, nil
		}
		looked = len(b)
		if x.w == len(x.buf) {
			x.grow(limit)
		}
		n, err := c.s.Read(x.buf[x.w:])
		x.w += n
		if err != nil && n == 0 {
			if state(c.state.Load()) == late && x.r < x.w {
				return "", 408, nil
			}
			return "", -1, nil
		}
	}
}

// couldBeMethod reports whether a request may begin with b: what speaks another
// protocol is told at once.
func couldBeMethod(b byte) bool { return b > ' ' && b < 0x7f || b == '\r' || b == '\n' }

// skipEmpty skips empty lines before a request (RFC 9112 section 2.2): some clients send
// one after a body.
func (x *exchange) skipEmpty() {
	for x.w-x.r >= 2 && x.buf[x.r] == '\r' && x.buf[x.r+1] == '\n' {
		x.r += 2
	}
}

// grow makes room for more of a head.
func (x *exchange) grow(limit int) {
	if x.r > 0 {
		x.w = copy(x.buf, x.buf[x.r:x.w])
		x.r = 0
		return
	}
	b := make([]byte, min(2*len(x.buf), max(limit, len(x.buf))+1))
	copy(b, x.buf[:x.w])
	x.buf = b
}

// statusOf is the status for a request that is refused. It is never 5xx, although
// RFC 9110 has 501 and 505 for some of them: whoever counts the failures of a gateway
// must not count what strangers send to it.
func statusOf(f *http1.Fault) int {
	switch f.Kind {
	case http1.TooManyFields:
		return 431
	case http1.BadExpect:
		return 417
	}
	return 400
}

// request fills in what the core is given.
func (x *exchange) request() {
	c, a, q := x.c, &x.ask, &x.req
	*q = gateway.Request{Ctx: c.ctx, Method: a.Method, Target: a.Target, Host: a.Host, Scheme: "http", Proto: "HTTP/1.1", Remote: c.remote, Length: a.Length}
	if a.Minor == 0 {
		q.Proto = "HTTP/1.0"
	}
	if c.secure != nil {
		q.Scheme = "https"
	}
	// Who has begun with the body does not wait; HTTP/1.0 cannot (RFC 9110 section 10.1.1).
	a.Expect = a.Expect && x.r == x.w
	for i := range a.Fields {
		if a.Expect || a.Fields[i].Name != "Expect" {
			x.fields = append(x.fields, gateway.Field(a.Fields[i]))
		}
	}
	q.Header = x.fields
	x.close = a.Close || c.front.stopping.Load()
	x.in.begin(x, a)
	if a.Length != 0 {
		q.Body, q.Stop = x, x.stop
		if a.Length < 0 {
			q.Trailer = x.requestTrailer
		}
	}
}

// end completes the answer and reports whether the connection can carry another
// request.
func (x *exchange) end() bool {
	c := x.c
	switch {
	case x.switched:
		return false
	case x.aborted || !x.begun:
		if x.framing == untilClose || !x.begun {
			c.reset()
		}
		return false
	case !x.finish():
		return false
	}
	c.mayWrite()
	if x.close || !x.drain() {
		if x.in.state != bodyDone || x.r < x.w || x.bad.Status != 0 {
			c.linger()
		}
		return false
	}
	c.mayRead()
	if x.r > 0 {
		x.w = copy(x.buf, x.buf[x.r:x.w])
		x.r = 0
	}
	x.next()
	return true
}

// reset ends the connection so that the client sees that something is missing.
func (c *conn) reset() {
	if t, ok := c.below.NetConn().(*net.TCPConn); ok {
		t.SetLinger(0)
		t.Close() // below TLS, whose goodbye would make a part the whole
	}
}
