package host

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// readSmall reads a file of /proc, at most 64 KiB of it.
func readSmall(path string) ([]byte, error) { return readBounded(path, 64<<10) }

// readBounded reads at most limit bytes of a file. It opens without blocking,
// so that a fifo in the place of a file cannot hold it.
func readBounded(path string, limit int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(limit)))
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
