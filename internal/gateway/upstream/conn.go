package upstream

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// bufferSize is the size of the buffer with which an answer is read. A connection
// has one only while it carries an exchange.
const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// past is a deadline that wakes whoever waits.
var past = time.Unix(1, 0)

// conn is one connection to a server. It belongs to one exchange, or to the idle
// list of its endpoint.
type conn struct {
	end  *Endpoint
	c    net.Conn        // what is read and written
	base net.Conn        // the socket below TLS; c itself without
	raw  syscall.RawConn // of base; nil where it has none (net.Pipe)
	own  *sock.Conn      // base, where nothing stands between it and HTTP; else nil
	tls  *counted        // counts what TLS hands to the socket; nil without TLS

	buf  *[]byte // nil while idle, and while an answer is waited for
	r, w int     // unread bytes of buf
	eof  error   // what ended reading, once

	used   int // answers that came whole
	idleAt time.Time
	watch  *watch // nil: nobody watches
}

// counted is the socket below TLS. It counts the bytes that reached the kernel: a
// record that was cut is not a request, but that can no longer be proved once bytes
// of it left.
type counted struct {
	net.Conn
	n   atomic.Int64
	dry bool // nothing is read: TLS shall show what it has
}

func (c *counted) Read(b []byte) (int, error) {
	if c.dry {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(b)
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.n.Add(int64(n))
	return n, err
}

func newConn(end *Endpoint, base net.Conn, secure *tls.Conn, count *counted) *conn {
	c := &conn{end: end, c: base, base: base, tls: count}
	if secure != nil {
		c.c = secure
	} else if s, ok := base.(*sock.Conn); ok && s.Raw() {
		c.own = s
		s.Lend = c.lend
	}
	if s, ok := base.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw = raw
		}
	}
	return c
}

// lease gives the connection a buffer.
func (c *conn) lease() {
	if c.buf == nil {
		c.buf = buffers.Get().(*[]byte)
		c.r, c.w = 0, 0
	}
}

// lend gives the connection a buffer when something can be read, and takes it back
// where nothing could: however many answers are waited for, only those that come
// need one.
func (c *conn) lend(give bool) []byte {
	if !give {
		c.unlease()
		return nil
	}
	c.lease()
	return *c.buf
}

// unlease gives the buffer back. Nothing that was read may be used afterwards.
func (c *conn) unlease() {
	if c.buf != nil {
		if len(*c.buf) == bufferSize {
			if poison {
				for i := range *c.buf {
					(*c.buf)[i] = 0xdb
				}
			}
			buffers.Put(c.buf)
		}
		c.buf, c.r, c.w = nil, 0, 0
	}
}

// unread is what was read and not used.
func (c *conn) unread() []byte {
	if c.buf == nil {
		return nil
	}
	return (*c.buf)[c.r:c.w]
}

// grow makes room for a head larger than the buffer.
func (c *conn) grow(size int) {
	b := make([]byte, size)
	c.w = copy(b, c.unread())
	c.r = 0
	if len(*c.buf) == bufferSize {
		buffers.Put(c.buf)
	}
	c.buf = &b
}

// fill reads once into the buffer, behind what is unread.
func (c *conn) fill() error {
	if c.eof != nil {
		return c.eof
	}
	if c.r == c.w {
		c.r, c.w = 0, 0
		if c.own != nil {
			c.unlease()
		}
	} else if c.w == len(*c.buf) && c.r > 0 {
		c.w = copy(*c.buf, c.unread())
		c.r = 0
	}
	return c.behind()
}

// behind reads once into what is left of the buffer, and moves nothing: the head of
// the answer stays where it is.
func (c *conn) behind() error {
	if c.eof != nil {
		return c.eof
	}
	var room []byte // none: lend gives it
	if c.buf != nil {
		if room = (*c.buf)[c.w:]; len(room) == 0 {
			return errors.New("BUG: no room to read")
		}
	}
	n, err := c.c.Read(room)
	c.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	if !timeout(err) {
		c.eof = err
	}
	return err
}

// beyond reports whether TLS has read something behind the answer: bytes that nobody
// asked for, or the end. Who looks at the socket would not see it.
func (c *conn) beyond() bool {
	if c.tls == nil {
		return false
	}
	var one [1]byte
	c.tls.dry = true
	n, err := c.c.Read(one[:])
	c.tls.dry = false
	return n > 0 || !timeout(err)
}

// close ends the connection. TLS's own goodbye may block, so the socket goes first.
func (c *conn) close() {
	c.unlease()
	c.base.Close()
}
