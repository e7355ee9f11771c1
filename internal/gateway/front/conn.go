package front

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// conn is a client's connection that speaks HTTP/1.1. What a request needs is lent
// to it while there is one.
type conn struct {
	front  *Front
	s      *sock.Conn // the socket, or TLS over it
	below  *sock.Conn // the socket
	secure *tls.Conn  // nil: plain
	remote string
	ctx    context.Context // ends when the client goes away
	cancel context.CancelFunc

	state    atomic.Uint32
	since    atomic.Int64 // the clock when state began
	complete atomic.Bool  // the request was read to its end, and nothing follows it: more can only be the client's end

	x         *exchange // lent while bytes are here
	one       [1]byte   // the first byte over TLS
	reading   bool      // of a body: a wait has a limit of its own
	until     time.Time // by when what nobody wants of a body must have come; zero: it is wanted
	sheds     bool      // another goroutine goes on
	asked     time.Time // when the wait for more of a body began
	stopped   atomic.Bool
	waitRead  atomic.Bool // a read deadline is set
	waitWrite bool        // a write deadline is set

	writing    atomic.Int64 // the clock when the write began to wait that is under way; 0: none does
	asksTaken  bool
	tellsTaken bool   // what the client takes can be measured
	taking     taking // the watcher's
	slow       error  // why the watcher gave up; read when writing is givenUp

	next, prev *conn // under front.mu
	forgotten  bool
}

// state is what a connection does.
type state uint32

const (
	fresh    state = iota // nothing came yet
	idle                  // between two requests
	heading               // a head is being read
	active                // a request is under way
	late                  // the head took too long
	closing               // somebody closes it
	shedding              // idle for long: its goroutine is about to be replaced
	resting               // idle on a goroutine that has done nothing yet
)

func newConn(f *Front, n net.Conn) *conn {
	c := &conn{front: f, s: sock.New(n)}
	c.below = c.s
	if secure, ok := n.(*tls.Conn); ok {
		c.secure = secure
		c.below = sock.New(secure.NetConn())
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.s.Blocked = c.blocked
	c.s.Lend = c.lend
	c.since.Store(f.clock.now.Load())
	return c
}

// run serves the connection to its end, or until another goroutine does.
func (c *conn) run() {
	f := c.front
	handed, passed := false, false
	defer func() {
		if passed {
			return
		}
		defer f.wg.Done()
		if e := recover(); e != nil {
			f.complaints.Printf("panic while serving %v: %v\n%s", c.s.RemoteAddr(), e, debug.Stack())
		}
		f.forget(c)
		c.cancel()
		if !handed {
			c.s.Close()
			f.leave()
		}
	}()
	if c.secure != nil && c.state.Load() != uint32(resting) {
		proto, ok := c.handshake()
		if !ok {
			return
		}
		if proto == "h2" {
			f.forget(c) // it is net/http's now
			handed = f.second.hand(c.secure)
			return
		}
	}
	c.remote = address(c.s.RemoteAddr())
	for c.await() && c.exchange() {
	}
	if c.x != nil {
		c.giveBack()
	}
	if passed = c.sheds; passed {
		c.sheds = false
		go c.run()
	}
}

func address(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// handshake makes TLS agree, and says on which protocol.
func (c *conn) handshake() (proto string, ok bool) {
	if d := c.front.limits.HeaderTime; d > 0 {
		c.secure.SetDeadline(time.Now().Add(d))
		defer c.secure.SetDeadline(time.Time{})
	}
	if err := c.secure.HandshakeContext(c.ctx); err != nil {
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) && plain.Conn != nil && httpBegins(plain.RecordHeader[:]) {
			io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis port speaks HTTPS.\n")
		}
		return "", false
	}
	return c.secure.ConnectionState().NegotiatedProtocol, true
}

// httpBegins reports whether five bytes look like the beginning of a request.
func httpBegins(b []byte) bool {
	switch string(b) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH":
		return true
	}
	return false
}

// to changes the state; false where somebody else has ended the connection.
func (c *conn) to(from, next state) bool {
	c.since.Store(c.front.clock.now.Load())
	return c.state.CompareAndSwap(uint32(from), uint32(next))
}

// await waits for the next request's first bytes. While it waits the connection has
// no buffer.
func (c *conn) await() bool {
	was := state(c.state.Load())
	switch {
	case was == active && c.to(active, idle):
		was = idle
	case was == resting:
	case was != fresh:
		return false
	}
	if c.x != nil && c.x.r < c.x.w {
		return c.to(was, heading) // pipelined
	}
	if c.front.stopping.Load() {
		return false
	}
	if c.x != nil {
		c.giveBack()
	}
	var n int
	var err error
	if c.s.Raw() {
		n, err = c.s.Read(nil) // into what lend lends
	} else {
		n, err = c.s.Read(c.one[:])
	}
	if c.state.Load() == uint32(shedding) {
		was = c.woken()
		c.sheds = n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
	}
	if n == 0 || err != nil {
		return false
	}
	if c.x == nil {
		c.x = exchanges.Get().(*exchange)
		copy(c.x.buf, c.one[:n])
	}
	c.x.w = n
	return c.to(was, heading)
}

// restAfter is for how long a connection is idle before it gets a new goroutine. The
// stack of the old one has grown with its last request, and the collector shrinks it late
// and never to the first size again; that is the most of what idle connections cost. One
// wake in a second of doing nothing is not.
const restAfter = time.Second

// woken takes back what the watcher did to wake the connection for a new goroutine.
func (c *conn) woken() state {
	c.front.mu.Lock() // the watcher holds it until its deadline is set
	c.s.SetReadDeadline(noDeadline)
	c.state.Store(uint32(resting))
	c.front.mu.Unlock()
	return resting
}

// lend is called when something may be there to read, and when nothing was.
func (c *conn) lend(give bool) []byte {
	if !give {
		c.giveBack()
		return nil
	}
	if c.x == nil {
		c.x = exchanges.Get().(*exchange)
	}
	return c.x.buf
}

func (c *conn) giveBack() {
	x := c.x
	c.x = nil
	x.reset()
	exchanges.Put(x)
}

// closeIdle closes the connection where no request is under way, or on its way as
// far as can be seen, and reports whether it did. The caller holds front.mu.
func (c *conn) closeIdle() bool {
	s := state(c.state.Load())
	if s != fresh && s != idle && s != resting {
		return false
	}
	if c.below.Look() == sock.Readable {
		return false // a request that came before the end was known
	}
	if !c.state.CompareAndSwap(uint32(s), uint32(closing)) {
		return false
	}
	c.s.SetReadDeadline(past)
	return true
}

// linger is for how long what a client still sends is read after an answer that
// ends its connection: a reset would take the answer from it (RFC 9112 section 9.6).
const linger = 500 * time.Millisecond

func (c *conn) linger() {
	w, ok := c.s.NetConn().(interface{ CloseWrite() error })
	if !ok || w.CloseWrite() != nil {
		return
	}
	c.reading = false
	c.s.SetReadDeadline(time.Now().Add(linger))
	buf := c.x.buf
	for {
		if _, err := c.s.Read(buf); err != nil {
			return
		}
	}
}
