package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Limit is a soft and a hard limit; -1 means unlimited, 0 not known.
type Limit struct {
	Soft int64 `json:"soft"`
	Hard int64 `json:"hard"`
}

// OpenLog is a regular file that a process has open for writing.
type OpenLog struct {
	FD       int       `json:"fd"`
	Path     string    `json:"path"`              // as the process sees it
	Deleted  bool      `json:"deleted,omitempty"` // no path leads to it any more
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified,omitzero"`
	Device   uint64    `json:"device,omitempty"`
	Inode    uint64    `json:"inode,omitempty"`
}

// Detail is what is asked about single processes only.
type Detail struct {
	PID       int            `json:"pid"`
	OpenFiles Limit          `json:"open_files"`
	Tasks     Limit          `json:"tasks"`
	Open      int            `json:"open"`    // descriptors in use; -1: not known
	Sockets   int            `json:"sockets"` // of these
	Logs      []OpenLog      `json:"logs,omitempty"`
	Stdout    string         `json:"stdout,omitempty"` // where descriptor 1 leads: a path, "pipe:[…]", "socket:[…]"
	Stderr    string         `json:"stderr,omitempty"`
	Gaps      []evidence.Gap `json:"gaps,omitempty"`
}

// maxLogs bounds the open files that are described for one process.
const maxLogs = 64

// ReadDetail returns limits, descriptors and open logs of a process. One that has
// gone is an error that matches fs.ErrNotExist.
func ReadDetail(ctx context.Context, pid int) (Detail, error) {
	source := "process " + strconv.Itoa(pid)
	return within(ctx, nil, source, func() (Detail, error) {
		dir := "/proc/" + strconv.Itoa(pid)
		d := Detail{PID: pid, Open: -1}
		if _, err := os.Stat(dir); err != nil {
			return d, fmt.Errorf("cannot read process %d: %w", pid, notThere(err))
		}
		if b, err := readSmall(dir + "/limits"); err == nil {
			d.OpenFiles, d.Tasks = parseLimit(b, "Max open files"), parseLimit(b, "Max processes")
		} else {
			d.Gaps = append(d.Gaps, gapOf(source+" limits", err))
		}
		if err := d.descriptors(dir); err != nil {
			d.Gaps = append(d.Gaps, gapOf(source+" open files", err))
		}
		return d, nil
	})
}

// gapOf turns any error into a gap.
func gapOf(source string, err error) evidence.Gap {
	var gap *evidence.Gap
	if errors.As(denied(source, err), &gap) {
		return *gap
	}
	return evidence.Gap{Source: source, Why: err.Error()}
}

// descriptors counts the open files and keeps those that look like logs: regular
// files open for writing.
func (d *Detail) descriptors(dir string) error {
	entries, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return err
	}
	d.Open = len(entries)
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		target, err := os.Readlink(dir + "/fd/" + e.Name())
		if err != nil {
			continue
		}
		target = printable(target, 4096)
		if strings.HasPrefix(target, "socket:") {
			d.Sockets++
		}
		switch fd {
		case 1:
			d.Stdout = target
		case 2:
			d.Stderr = target
		}
		if len(d.Logs) == maxLogs {
			continue
		}
		if log, ok := openLog(dir, fd, target); ok {
			d.Logs = append(d.Logs, log)
		}
	}
	return nil
}

func openLog(dir string, fd int, target string) (OpenLog, bool) {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "/dev/") || strings.HasPrefix(target, "/memfd:") {
		return OpenLog{}, false
	}
	b, err := readSmall(dir + "/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return OpenLog{}, false
	}
	flags, err := strconv.ParseUint(statusField(b, "flags:"), 8, 64)
	if err != nil || flags&unix.O_ACCMODE == unix.O_RDONLY {
		return OpenLog{}, false
	}
	var st unix.Stat_t
	if err := unix.Stat(dir+"/fd/"+strconv.Itoa(fd), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return OpenLog{}, false
	}
	path, deleted := strings.CutSuffix(target, " (deleted)")
	return OpenLog{
		FD: fd, Path: path, Deleted: deleted && st.Nlink == 0, Size: st.Size, Modified: time.Unix(st.Mtim.Unix()).UTC(),
		Device: uint64(st.Dev), Inode: st.Ino,
	}, true
}

// parseLimit reads a line of /proc/PID/limits: the name, soft, hard, unit.
func parseLimit(b []byte, name string) Limit {
	f := strings.Fields(statusField(b, name))
	if len(f) < 2 {
		return Limit{}
	}
	value := func(s string) int64 {
		if s == "unlimited" {
			return -1
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return Limit{Soft: value(f[0]), Hard: value(f[1])}
}
