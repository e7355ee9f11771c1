package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// holders fills in which processes hold the sockets whose inodes are the keys of
// wanted. It looks through the descriptors of every process: there is no way
// back from an inode. The gap says how many processes could not be looked into.
func holders(ctx context.Context, wanted map[uint64][]int) []evidence.Gap {
	if len(wanted) == 0 {
		return nil
	}
	pids, err := pidsOf("/proc")
	if err != nil {
		return []evidence.Gap{{Source: "owners of sockets", Why: err.Error()}}
	}
	closed := 0
	var reader fdReader
	for _, pid := range pids {
		if ctx.Err() != nil {
			return []evidence.Gap{{Source: "owners of sockets", Why: ctx.Err().Error()}}
		}
		err := reader.sockets(pid, func(inode uint64) {
			held, ok := wanted[inode]
			if ok && (len(held) == 0 || held[len(held)-1] != pid) {
				wanted[inode] = append(held, pid)
			}
		})
		if errors.Is(err, os.ErrPermission) {
			closed++
		}
	}
	if closed == 0 {
		return nil
	}
	return []evidence.Gap{{Source: "owners of sockets", Why: about(closed) + " processes of other users may not be looked into", Allow: allowRoot}}
}

// about says a number that changes from one moment to the next so that the same
// gap keeps the same words: with one digit that counts.
func about(n int) string {
	unit := 1
	for n/unit >= 10 {
		unit *= 10
	}
	if unit == 1 {
		return strconv.Itoa(n)
	}
	return "about " + strconv.Itoa((n+unit/2)/unit*unit)
}

// pidsOf returns the numbers of all processes, rising.
func pidsOf(proc string) ([]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	var pids []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > 0 {
			pids = append(pids, n)
		}
	}
	return pids, nil
}

// fdReader looks through the descriptors of processes. It makes the system calls
// itself, as readBounded does: os.File asks the poller about every folder, in
// vain.
type fdReader struct {
	entries [16 << 10]byte
	link    [64]byte
}

// sockets hands the inode of every socket that a process holds to visit.
func (r *fdReader) sockets(pid int, visit func(inode uint64)) error {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Getdents(fd, r.entries[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return nil // the end, or the process has ended
		}
		eachEntry(r.entries[:n], func(name []byte) {
			if name[0] < '0' || name[0] > '9' {
				return
			}
			n, err := unix.Readlinkat(fd, string(name), r.link[:])
			if err != nil {
				return // closed meanwhile
			}
			if rest, ok := bytes.CutPrefix(r.link[:n], []byte("socket:[")); ok {
				if inode, err := strconv.ParseUint(string(bytes.TrimSuffix(rest, []byte("]"))), 10, 64); err == nil {
					visit(inode)
				}
			}
		})
	}
}

// eachEntry reads what getdents64(2) returned: a number, an offset, the length of
// the entry, a type and the name, which ends with NUL. Names are never empty.
func eachEntry(b []byte, visit func(name []byte)) {
	const nameAt = 19
	for len(b) > nameAt {
		length := int(binary.NativeEndian.Uint16(b[16:18]))
		if length <= nameAt || length > len(b) {
			return
		}
		if name, _, ok := bytes.Cut(b[nameAt:length], []byte{0}); ok && len(name) > 0 {
			visit(name)
		}
		b = b[length:]
	}
}
