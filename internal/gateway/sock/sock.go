// Package sock reads and writes the sockets of the gateway's hot path. A socket of
// Go's runtime never blocks a thread, but every read and write through package net
// tells the scheduler that it might: at low load that wakes the runtime's monitor
// thread with each request, which costs more than the request. This package makes
// the same calls without telling, and waits by the runtime's poller as package net
// does. Where a connection has no descriptor (net.Pipe, TLS) it does what that
// connection does.
package sock

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Conn is a connection whose reads and writes cost less. All else is net.Conn's.
// One goroutine may read while another writes.
type Conn struct {
	net.Conn
	raw syscall.RawConn // nil: no descriptor
	own bool            // reads and writes are made here

	in    call
	out   call
	look  State
	over  bool
	tryIn func(fd uintptr) bool // made once: a closure for each call would be an allocation
	tryTo func(fd uintptr) bool
	peek  func(fd uintptr)
	hup   func(fd uintptr)

	// Blocked, where set, is called before a read or a write has to wait.
	Blocked func(write bool)
	// Lend, where set, gives a buffer to Read with none, once there is something to
	// read, and takes it back where there was nothing after all.
	Lend func(give bool) []byte
}

// call is one read or write on its way.
type call struct {
	a, b []byte // to be read into or written; b follows a
	n    int
	err  syscall.Errno
	lent bool
}

// State is what stands on a connection on which nobody reads.
type State uint8

// The states.
const (
	Quiet    State = iota // nothing: neither bytes nor an end
	Readable              // bytes
	Ended                 // the peer has sent its last byte, and all were read
	Broken                // the connection is reset
)

// New returns c with cheaper reads and writes.
func New(c net.Conn) *Conn {
	s := &Conn{Conn: c}
	if r, ok := c.(syscall.Conn); ok && supported {
		if raw, err := r.SyscallConn(); err == nil {
			s.raw = raw
			switch c.(type) {
			case *net.TCPConn, *net.UnixConn:
				s.own = true // what wraps one may have a Read and a Write of its own
			}
			s.tryIn, s.tryTo, s.peek, s.hup = s.read, s.write, s.glance, func(fd uintptr) { s.over = over(fd) }
		}
	}
	return s
}

// SyscallConn returns the raw connection, as net.TCPConn does.
func (s *Conn) SyscallConn() (syscall.RawConn, error) {
	if s.raw == nil {
		return nil, errors.ErrUnsupported
	}
	return s.raw, nil
}

// Raw reports whether Read and Write are made here, and not by the connection below.
func (s *Conn) Raw() bool { return s.own }

// NetConn returns the connection below.
func (s *Conn) NetConn() net.Conn { return s.Conn }

// Read reads as net.Conn's does.
func (s *Conn) Read(b []byte) (int, error) {
	if !s.own {
		if s.Blocked != nil {
			s.Blocked(false)
		}
		return s.Conn.Read(b)
	}
	if len(b) == 0 && s.Lend == nil {
		return 0, nil
	}
	s.in = call{a: b}
	err := s.raw.Read(s.tryIn)
	n, errno := s.in.n, s.in.err
	s.in = call{}
	switch {
	case err != nil:
		return 0, s.failed("read", err)
	case errno != 0:
		return 0, s.failed("read", os.NewSyscallError("read", errno))
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (s *Conn) read(fd uintptr) bool {
	c := &s.in
	if c.a == nil {
		c.a, c.lent = s.Lend(true), true
	}
	c.n, c.err = receive(fd, c.a, false)
	if c.err != syscall.EAGAIN {
		return true
	}
	if c.lent {
		c.a, c.lent = nil, false
		s.Lend(false)
	}
	if s.Blocked != nil {
		s.Blocked(false)
	}
	return false
}

// Write writes all of b, as net.Conn's does.
func (s *Conn) Write(b []byte) (int, error) {
	n, err := s.WriteBoth(b, nil)
	return int(n), err
}

// WriteBoth writes a and then b, with one call where it can.
func (s *Conn) WriteBoth(a, b []byte) (int64, error) {
	if !s.own {
		return s.plain(a, b)
	}
	s.out = call{a: a, b: b}
	err := s.raw.Write(s.tryTo)
	n, errno := s.out.n, s.out.err
	s.out = call{}
	switch {
	case err != nil:
		return int64(n), s.failed("write", err)
	case errno != 0:
		return int64(n), s.failed("write", os.NewSyscallError("write", errno))
	}
	return int64(n), nil
}

func (s *Conn) plain(a, b []byte) (int64, error) {
	if s.Blocked != nil {
		s.Blocked(true)
	}
	if len(b) == 0 {
		n, err := s.Conn.Write(a)
		return int64(n), err
	}
	if len(a)+len(b) <= joined { // over TLS: one record instead of two
		n, err := s.Conn.Write(append(append(make([]byte, 0, len(a)+len(b)), a...), b...))
		return int64(n), err
	}
	n, err := s.Conn.Write(a)
	if err != nil {
		return int64(n), err
	}
	m, err := s.Conn.Write(b)
	return int64(n + m), err
}

// joined is up to which size two pieces are copied together.
const joined = 16 << 10

func (s *Conn) write(fd uintptr) bool {
	c := &s.out
	for len(c.a)+len(c.b) > 0 {
		n, errno := send(fd, c.a, c.b)
		switch {
		case errno == syscall.EAGAIN:
			if s.Blocked != nil {
				s.Blocked(true)
			}
			return false
		case errno != 0:
			c.err = errno
			return true
		}
		c.n += n
		k := min(n, len(c.a))
		c.a, c.b = c.a[k:], c.b[n-k:]
	}
	return true
}

// Look says what stands on the connection without taking it. It does not wait, and
// does not disturb a Read that waits. Without a descriptor it is Quiet.
func (s *Conn) Look() State {
	if s.raw == nil {
		return Quiet
	}
	if err := s.raw.Control(s.peek); err != nil {
		return Broken
	}
	return s.look
}

func (s *Conn) glance(fd uintptr) {
	var one [1]byte
	n, errno := receive(fd, one[:], true)
	switch {
	case errno == syscall.EAGAIN:
		s.look = Quiet
	case errno != 0:
		s.look = Broken
	case n == 0:
		s.look = Ended
	default:
		s.look = Readable
	}
}

// Over reports whether the peer will send nothing more, whatever it sent before.
// Without a descriptor it cannot be known, and is false.
func (s *Conn) Over() bool {
	if s.raw == nil {
		return false
	}
	return s.raw.Control(s.hup) != nil || s.over
}

// failed makes err look as package net makes it.
func (s *Conn) failed(op string, err error) error {
	var known *net.OpError
	if errors.As(err, &known) {
		err = known.Err // "raw-read" becomes "read"
	}
	out := &net.OpError{Op: op, Err: err}
	if a := s.Conn.LocalAddr(); a != nil {
		out.Net, out.Source, out.Addr = a.Network(), a, s.Conn.RemoteAddr()
	}
	return out
}
