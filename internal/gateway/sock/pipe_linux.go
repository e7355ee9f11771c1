package sock

import (
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

var pipes = sync.Pool{}

// ends are the descriptors of a pipe, which the garbage collector closes where the
// pool lets go of it.
type ends struct{ r, w int }

func (e ends) close() {
	unix.Close(e.r)
	unix.Close(e.w)
}

// pipeSize is how much a pipe may hold. By default it is 16 pages.
const pipeSize = 256 << 10

// NewPipe returns an empty pipe. Close it.
func NewPipe() (*Pipe, error) {
	if p, ok := pipes.Get().(*Pipe); ok {
		return p, nil
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize) // it works with less, by more calls
	p := &Pipe{r: fds[0], w: fds[1]}
	p.forgotten = runtime.AddCleanup(p, ends.close, ends{p.r, p.w})
	return p, nil
}

// Close gives p back. What is left in it is lost, and its descriptors go with it at once:
// clients that break off many transfers do not wait for the collector.
func (p *Pipe) Close() {
	if p.held == 0 {
		pipes.Put(p)
		return
	}
	p.forgotten.Stop()
	ends{p.r, p.w}.close()
	runtime.KeepAlive(p)
}

// move splices at most so many bytes. Neither end blocks: sockets of Go's runtime do
// not, and the pipe does not.
func move(from, to, most int) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(most), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if errno != syscall.EINTR {
			if errno != 0 {
				return 0, errno
			}
			return int(n), 0
		}
	}
}
