package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	for _, pid := range pids {
		if ctx.Err() != nil {
			return []evidence.Gap{{Source: "owners of sockets", Why: ctx.Err().Error()}}
		}
		err := socketsOf(pid, func(inode uint64) {
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

// socketsOf hands the inode of every socket that a process holds to visit.
func socketsOf(pid int, visit func(inode uint64)) error {
	dir, err := os.Open("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		return err
	}
	defer dir.Close()
	var link [64]byte
	for {
		names, err := dir.Readdirnames(1024)
		for _, name := range names {
			n, err := unix.Readlinkat(int(dir.Fd()), name, link[:])
			if err != nil {
				continue // closed meanwhile
			}
			if rest, ok := bytes.CutPrefix(link[:n], []byte("socket:[")); ok {
				if inode, err := strconv.ParseUint(string(bytes.TrimSuffix(rest, []byte("]"))), 10, 64); err == nil {
					visit(inode)
				}
			}
		}
		if err != nil {
			return nil // the end, or the process has ended
		}
	}
}
