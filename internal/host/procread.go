package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ticks is USER_HZ, the unit of times in /proc/PID/stat: 100 on every
// architecture that Go runs on (include/asm-generic/param.h).
const ticks = 100

const (
	maxArgs  = 8 << 10
	kernelTh = 0x00200000 // PF_KTHREAD in include/linux/sched.h
)

// bootTime returns when the clock that counts the starts of processes was zero.
// It is taken from the clocks instead of the btime of /proc/stat, which has whole
// seconds only.
func bootTime() time.Time {
	var boot unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot); err != nil {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(boot.Nano())).UTC()
}

// processFile bounds what is read of one file of a process.
const processFile = 64 << 10

// process reads one process below the folder proc.
func (r *fileReader) process(proc string, pid int, boot time.Time) (Process, error) {
	dir := proc + "/" + strconv.Itoa(pid)
	b, err := r.read(dir+"/stat", processFile)
	if err != nil {
		return Process{}, fmt.Errorf("cannot read process %d: %w", pid, notThere(err))
	}
	st, ok := parseStat(b)
	if !ok {
		return Process{}, fmt.Errorf("cannot read process %d: its stat is not one", pid)
	}
	if st.flags&kernelTh != 0 {
		return Process{}, errKernelThread
	}
	p := Process{
		PID: pid, PPID: st.ppid, Comm: st.comm, State: st.state, Threads: st.threads, Memory: st.pages * int64(os.Getpagesize()),
		Started: boot.Add(time.Duration(st.start) * (time.Second / ticks)).Truncate(10 * time.Millisecond), UID: -1, GID: -1,
	}
	if b, err := r.read(dir+"/status", processFile); err == nil {
		p.identify(b)
	}
	p.Args, p.Cut = r.args(dir)
	p.Exe, p.Deleted = programOf(dir)
	if cwd, err := os.Readlink(dir + "/cwd"); err == nil {
		p.Cwd = printable(cwd, 4096)
	}
	if b, err := r.read(dir+"/cgroup", processFile); err == nil {
		groups := string(b)
		p.Container, p.Cgroup, p.MemGroup = ContainerID(groups), cgroupPath(groups), memoryPath(groups)
	}
	return p, nil
}

// notThere makes the errors of a process that ended match fs.ErrNotExist.
func notThere(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return os.ErrNotExist
	}
	return err
}

// programOf returns the program's path. The kernel appends " (deleted)" where no
// name leads to the file any more.
func programOf(dir string) (path string, deleted bool) {
	exe, err := os.Readlink(dir + "/exe")
	if err != nil {
		return "", false
	}
	path, deleted = strings.CutSuffix(exe, " (deleted)")
	return printable(path, 4096), deleted
}

// args reads the arguments. A process that sets a title puts it in the place
// of its arguments, often followed by NULs or spaces.
func (r *fileReader) args(dir string) (args []string, cut bool) {
	b, err := r.read(dir+"/cmdline", maxArgs+1)
	if err != nil {
		return nil, false
	}
	if cut = len(b) > maxArgs; cut {
		b = b[:maxArgs]
	}
	b = bytes.TrimRight(b, "\x00")
	if len(b) == 0 {
		return nil, cut
	}
	for arg := range bytes.SplitSeq(b, []byte{0}) {
		args = append(args, printable(string(arg), maxArgs))
	}
	return args, cut
}

// stat is what is used of /proc/PID/stat.
type stat struct {
	comm    string
	state   string
	ppid    int
	flags   uint64
	used    uint64 // ticks of processor time, user and system
	threads int
	start   uint64 // ticks after boot
	pages   int64  // resident
}

// parseStat reads proc(5)'s stat. The name stands in parentheses and may hold
// anything, parentheses and newlines too: it ends at the last one.
func parseStat(b []byte) (s stat, ok bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return s, false
	}
	f := bytes.Fields(b[end+1:])
	if len(f) < 22 || len(f[0]) != 1 {
		return s, false
	}
	number := func(i int) uint64 { // i as proc(5) counts fields, from 1
		n, err := strconv.ParseUint(string(f[i-3]), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	s = stat{
		comm: printable(string(b[open+1:end]), 64), state: string(f[0]), ppid: int(number(4) & 0x7fffffff), flags: number(9),
		used: number(14) + number(15), threads: int(number(20) & 0x7fffffff), start: number(22) & (1<<53 - 1),
	}
	s.pages = int64(number(24) & (1<<50 - 1))
	return s, true
}

// identify fills in whose process it is, from /proc/PID/status.
func (p *Process) identify(status []byte) {
	second := func(name string) int {
		f := strings.Fields(statusField(status, name))
		if len(f) < 2 {
			return -1
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return -1
		}
		return n
	}
	p.UID, p.GID = second("Uid:"), second("Gid:")
	for _, g := range strings.Fields(statusField(status, "Groups:")) {
		if n, err := strconv.Atoi(g); err == nil {
			p.Groups = append(p.Groups, n)
		}
	}
	if inner := strings.Fields(statusField(status, "NSpid:")); len(inner) > 1 {
		p.Inner, _ = strconv.Atoi(inner[len(inner)-1])
	}
}

// cgroupPath returns the path in the unified hierarchy, or in systemd's.
func cgroupPath(text string) string {
	best := ""
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(f) != 3:
		case f[0] == "0":
			return printable(f[2], 4096)
		case f[1] == "name=systemd":
			best = printable(f[2], 4096)
		}
	}
	return best
}

// memoryPath returns the path in the hierarchy of version 1 that counts memory,
// else in the unified one.
func memoryPath(text string) string {
	unified := ""
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(f) != 3:
		case f[0] == "0":
			unified = printable(f[2], 4096)
		case strings.Contains(","+f[1]+",", ",memory,"):
			return printable(f[2], 4096)
		}
	}
	return unified
}
