package sock

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

// Pipe carries bytes from one socket to another within the kernel (splice(2)): they
// are neither copied out of it nor into it again. It belongs to one transfer at a
// time.
type Pipe struct {
	r, w      int
	held      int             // bytes in it
	forgotten runtime.Cleanup // closes both
}

// ErrNoPipe is returned by NewPipe where the system has no splice.
var ErrNoPipe = errors.New("bytes cannot be moved within the kernel here")

// ReadTo waits until something can be read and moves at most most bytes of it into
// p, which must be empty. It returns io.EOF at the end, and other errors as Read.
func (s *Conn) ReadTo(p *Pipe, most int) (int, error) {
	if !s.own {
		return 0, ErrNoPipe
	}
	n, errno := 0, syscall.Errno(0)
	err := s.raw.Read(func(fd uintptr) bool {
		n, errno = move(int(fd), p.w, most)
		return errno != syscall.EAGAIN
	})
	switch {
	case err != nil:
		return 0, s.failed("read", err)
	case errno != 0:
		return 0, s.failed("read", os.NewSyscallError("splice", errno))
	case n == 0:
		return 0, io.EOF
	}
	p.held += n
	return n, nil
}

// WriteFrom writes all that is in p. After an error p is of no more use: Close it.
func (s *Conn) WriteFrom(p *Pipe) error {
	if !s.own {
		return ErrNoPipe
	}
	var errno syscall.Errno
	err := s.raw.Write(func(fd uintptr) bool {
		for p.held > 0 {
			var n int
			if n, errno = move(p.r, int(fd), p.held); errno == syscall.EAGAIN {
				if s.Blocked != nil {
					s.Blocked(true)
				}
				return false
			}
			if errno != 0 {
				return true
			}
			p.held -= n
		}
		return true
	})
	switch {
	case err != nil:
		return s.failed("write", err)
	case errno != 0:
		return s.failed("write", os.NewSyscallError("splice", errno))
	}
	return nil
}
