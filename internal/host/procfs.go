package host

import (
	"bytes"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// readSmall reads a file of /proc, at most 64 KiB of it.
func readSmall(path string) ([]byte, error) { return readBounded(path, 64<<10) }

// readBounded reads at most limit bytes of a file, which the caller owns.
func readBounded(path string, limit int) ([]byte, error) { return new(fileReader).read(path, limit) }

// fileReader reads small files, one after the other, into the same memory: a host
// has thousands of processes with half a dozen files each.
type fileReader struct{ buf []byte }

// read reads at most limit bytes of a file. They are valid until the next read.
// It opens without blocking, so that a fifo in the place of a file cannot hold
// it. It makes the system calls itself: os.File makes three more for each file.
func (r *fileReader) read(path string, limit int) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if len(r.buf) == 0 {
		r.buf = make([]byte, min(4096, limit))
	}
	n := 0
	for n < limit {
		if n == len(r.buf) {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		m, err := unix.Read(fd, r.buf[n:min(limit, len(r.buf))])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if m <= 0 {
			break
		}
		n += m
	}
	return r.buf[:n], nil
}

// statusField returns what follows name in a file of "Name:\tvalue" lines.
func statusField(b []byte, name string) string {
	for line := range bytes.Lines(b) {
		if bytes.HasPrefix(line, []byte(name)) {
			return strings.TrimSpace(string(line[len(name):]))
		}
	}
	return ""
}

// containerOf returns the id of the container that the process in dir runs in.
func containerOf(dir string) string {
	b, err := readSmall(dir + "/cgroup")
	if err != nil {
		return ""
	}
	return ContainerID(string(b))
}
