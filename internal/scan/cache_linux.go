package scan

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pageCache is the kernel's cache of a part of a file.
type pageCache struct {
	conn syscall.RawConn
	from int64
	len  int64
}

// noteCache looks at the part of the file that a job reads, before anything is
// read but the head. Where it is already cached somebody else uses it, and it
// stays; else it is dropped afterwards, so that a reading of old logs does not
// push out what the host works with. cachestat is there since Linux 6.5; before,
// the pages are dropped always but for the last 64 MiB of a file, which its
// writer and the log shipper use.
func (r *run) noteCache(f File, j job) (drop bool) {
	if !r.cfg.Polite {
		return false
	}
	p, ok := newPageCache(f, j)
	if !ok {
		return false
	}
	// The kernel has read ahead of the head: a few pages say nothing.
	cached, known := p.cached()
	if !known {
		return j.src.size-j.to >= 64<<20
	}
	return int64(cached)*int64(os.Getpagesize()) <= p.len/4
}

func newPageCache(f File, j job) (*pageCache, bool) {
	c, ok := f.(syscall.Conn)
	if !ok {
		return nil, false
	}
	conn, err := c.SyscallConn()
	return &pageCache{conn: conn, from: j.from, len: j.to - j.from}, err == nil
}

// cached returns how many pages of the part are in the cache.
func (p *pageCache) cached() (pages uint64, known bool) {
	// struct cachestat_range and struct cachestat of linux/mman.h.
	want := [2]uint64{uint64(p.from), uint64(p.len)}
	var got [5]uint64
	err := p.conn.Control(func(fd uintptr) {
		// The kernel reads want and writes got before the call returns.
		_, _, errno := unix.Syscall6(unix.SYS_CACHESTAT, fd, uintptr(unsafe.Pointer(&want)), uintptr(unsafe.Pointer(&got)), 0, 0, 0)
		known = errno == 0
	})
	return got[0], known && err == nil
}

// dropCache gives the pages of a job back.
func dropCache(f File, j job) {
	p, ok := newPageCache(f, j)
	if !ok {
		return
	}
	_ = p.conn.Control(func(fd uintptr) {
		_ = unix.Fadvise(int(fd), p.from, p.len, unix.FADV_DONTNEED)
	})
}
