package host

import (
	"bytes"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// readSmall reads a file of /proc, at most 64 KiB of it.
func readSmall(path string) ([]byte, error) { return readBounded(path, 64<<10) }

// readBounded reads at most limit bytes of a file. It opens without blocking,
// so that a fifo in the place of a file cannot hold it. It makes the system
// calls itself: a host has thousands of these files, and os.File makes three
// more for each.
func readBounded(path string, limit int) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	buf := make([]byte, min(4096, limit))
	n := 0
	for n < limit {
		if n == len(buf) {
			buf = append(buf, make([]byte, min(len(buf), limit-len(buf)))...)
		}
		m, err := unix.Read(fd, buf[n:])
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
	return buf[:n], nil
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
