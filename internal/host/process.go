package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Process is a process as /proc shows it. Kernel threads are no processes.
type Process struct {
	PID       int       `json:"pid"`
	PPID      int       `json:"ppid"`
	Comm      string    `json:"comm"`
	Exe       string    `json:"exe,omitempty"`     // empty where it may not be read
	Deleted   bool      `json:"deleted,omitempty"` // the program's file was replaced since the start
	Args      []string  `json:"args,omitempty"`    // at most 8 KiB
	Cut       bool      `json:"cut,omitempty"`     // Args is not all
	Cwd       string    `json:"cwd,omitempty"`     // empty where it may not be read
	UID       int       `json:"uid"`               // effective
	GID       int       `json:"gid"`               // effective
	Groups    []int     `json:"groups,omitempty"`
	Started   time.Time `json:"started"`
	State     string    `json:"state"` // "R", "S", "D", "T" stopped, "t" traced, "Z" zombie
	Threads   int       `json:"threads"`
	Memory    int64     `json:"memory,omitempty"`    // resident bytes
	Inner     int       `json:"inner,omitempty"`     // its pid in its own pid namespace, where that is another
	Container string    `json:"container,omitempty"` // id, where the cgroup's path tells
	Cgroup    string    `json:"cgroup,omitempty"`    // path; of the unified hierarchy where there is one
	MemGroup  string    `json:"mem_group,omitempty"` // path of the group that counts its memory, as the kernel names it when it kills
}

// Processes is every process that can be seen, by number.
type Processes struct {
	List []Process      `json:"list"`
	Gaps []evidence.Gap `json:"gaps,omitempty"`
}

// RedactWith removes secrets from arguments.
func (p *Processes) RedactWith(r *evidence.Redactor) {
	for i := range p.List {
		p.List[i].RedactWith(r)
	}
}

// RedactWith removes secrets from arguments.
func (p *Process) RedactWith(r *evidence.Redactor) { p.Args = r.Args(p.Args) }

// Identity returns as whom the process uses files.
func (p Process) Identity() Identity { return Identity{UID: p.UID, GID: p.GID, Groups: p.Groups} }

// Find returns the process with the number pid.
func (p *Processes) Find(pid int) (Process, bool) {
	i, ok := slices.BinarySearchFunc(p.List, pid, func(q Process, n int) int { return q.PID - n })
	if !ok {
		return Process{}, false
	}
	return p.List[i], true
}

// Children returns the children of pid, by number.
func (p *Processes) Children(pid int) []Process {
	var out []Process
	for _, q := range p.List {
		if q.PPID == pid {
			out = append(out, q)
		}
	}
	return out
}

// ListProcesses returns all processes that /proc shows.
func ListProcesses(ctx context.Context) (Processes, error) {
	var answer Processes
	pids, err := pidsOf("/proc")
	if err != nil {
		return answer, denied("processes", err)
	}
	clock := bootTime()
	begin := func() func(int) (Process, error) {
		r := &fileReader{}
		return func(pid int) (Process, error) { return r.process("/proc", pid, clock) }
	}
	slow := sweep(ctx, pids, begin, func(_ int, p Process, err error) {
		if err == nil {
			answer.List = append(answer.List, p)
		}
	})
	if slow > 0 {
		answer.Gaps = append(answer.Gaps, evidence.Gap{Source: "processes", Why: fmt.Sprintf("%d processes could not be read within %v each", slow, patience)})
	}
	if err := ctx.Err(); err != nil {
		answer.Gaps = append(answer.Gaps, evidence.Gap{Source: "processes", Why: err.Error()})
	}
	slices.SortFunc(answer.List, func(a, b Process) int { return a.PID - b.PID })
	if len(answer.List) == 0 {
		answer.Gaps = append(answer.Gaps, evidence.Gap{Source: "processes", Why: "/proc shows none", Allow: "mount -t proc proc /proc; in a container: --pid=host"})
	} else if hidden(answer.List) {
		answer.Gaps = append(answer.Gaps, evidence.Gap{Source: "processes", Why: "/proc hides the processes of other users (hidepid)", Allow: allowRoot})
	}
	return answer, nil
}

// ReadFamilies returns single processes and all that they descend from. Those that
// have gone are left out. It costs little where ListProcesses reads the whole host.
func ReadFamilies(ctx context.Context, pids []int) (Processes, error) {
	var answer Processes
	clock := bootTime()
	read := map[int]bool{0: true}
	for len(pids) > 0 && ctx.Err() == nil {
		var next []int
		for _, pid := range pids {
			if read[pid] {
				continue
			}
			read[pid] = true
			p, err := within(ctx, nil, "process "+strconv.Itoa(pid), func() (Process, error) { return new(fileReader).process("/proc", pid, clock) })
			var gap *evidence.Gap
			switch {
			case err == nil:
				answer.List = append(answer.List, p)
				next = append(next, p.PPID)
			case errors.As(err, &gap):
				answer.Gaps = append(answer.Gaps, *gap)
			}
		}
		pids = next
	}
	slices.SortFunc(answer.List, func(a, b Process) int { return a.PID - b.PID })
	return answer, ctx.Err()
}

// ListLiving returns the numbers of all processes that are no zombies, rising;
// threads of the kernel are among them.
func ListLiving(ctx context.Context) ([]int, error) {
	pids, err := pidsOf("/proc")
	if err != nil {
		return nil, denied("processes", err)
	}
	r := &fileReader{}
	return slices.DeleteFunc(pids, func(pid int) bool { return ctx.Err() != nil || !r.lives(pid) }), ctx.Err()
}

// CountTasks returns how many processes and threads a user has. They are those of
// the effective user, which is not always the one that the kernel counts for.
func CountTasks(ctx context.Context, uid int) (int, error) {
	pids, err := pidsOf("/proc")
	if err != nil {
		return 0, denied("processes", err)
	}
	r, n := &fileReader{}, 0
	for _, pid := range pids {
		b, err := r.read("/proc/"+strconv.Itoa(pid)+"/status", processFile)
		if err != nil {
			continue
		}
		var p Process
		if p.identify(b); p.UID != uid {
			continue
		}
		if threads, err := strconv.Atoi(statusField(b, "Threads:")); err == nil {
			n += threads
		}
	}
	return n, ctx.Err()
}

// hidden reports whether /proc is mounted with hidepid: process 1 exists and is
// not shown.
func hidden(list []Process) bool { return list[0].PID != 1 }

// Exists reports whether a process of this number lives. A zombie is dead.
func Exists(pid int) bool { return new(fileReader).lives(pid) }

func (r *fileReader) lives(pid int) bool {
	b, err := r.read("/proc/"+strconv.Itoa(pid)+"/stat", processFile)
	if err != nil {
		return !gone(err)
	}
	s, ok := parseStat(b)
	return !ok || s.state != "Z" && s.state != "X"
}

// errKernelThread is what reading answers for a thread of the kernel.
var errKernelThread = fmt.Errorf("a thread of the kernel: %w", fs.ErrNotExist)

// sweep reads every process in turn and hands the answers to take, all from the
// caller's goroutine. The list of arguments of a process whose memory map is
// locked hangs its reader: such a reader is left behind and another one goes on
// with the next process, with what begin returns for it. sweep returns how many
// were left behind.
func sweep[T any](ctx context.Context, pids []int, begin func() func(pid int) (T, error), take func(pid int, x T, err error)) (left int) {
	for len(pids) > 0 && left < maxHung && ctx.Err() == nil {
		n := sweepSome(ctx, pids, begin(), take)
		if pids = pids[n:]; len(pids) > 0 && ctx.Err() == nil {
			left++
			pids = pids[1:]
		}
	}
	return left
}

// swept is what a reader has read so far. It is not handed over process by
// process: waking the other side takes longer than the reading.
type swept[T any] struct {
	mu   sync.Mutex
	over bool // nobody wants more
	xs   []T
	errs []error
}

// add reports whether more is wanted.
func (s *swept[T]) add(x T, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.xs, s.errs = append(s.xs, x), append(s.errs, err)
	return true
}

// end takes what has been read. Nothing is added any more.
func (s *swept[T]) end() ([]T, []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return s.xs, s.errs
}

func (s *swept[T]) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.xs)
}

// looks is how often, within its patience, a reader is looked at.
const looks = 4

// sweepSome reads processes until one hangs, and returns how many it read.
func sweepSome[T any](ctx context.Context, pids []int, read func(pid int) (T, error), take func(pid int, x T, err error)) int {
	var s swept[T]
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, pid := range pids {
			if x, err := read(pid); !s.add(x, err) {
				return
			}
		}
	}()
	wait(ctx, done, s.count)
	xs, errs := s.end()
	for i := range xs {
		take(pids[i], xs[i], errs[i])
	}
	return len(xs)
}

// wait returns when done is closed, ctx is done, or nothing was added within the
// patience.
func wait(ctx context.Context, done <-chan struct{}, count func() int) {
	tick := time.NewTicker(patience / looks)
	defer tick.Stop()
	for last, idle := 0, 0; idle < looks; idle++ {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if n := count(); n != last {
			last, idle = n, -1
		}
	}
}
