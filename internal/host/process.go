package host

import (
	"context"
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
}

// Processes is every process that can be seen.
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

// Find returns the process with the number pid.
func (p *Processes) Find(pid int) (Process, bool) { return Process{}, false } // UNWRITTEN

// Children returns the children of pid, by number.
func (p *Processes) Children(pid int) []Process { return nil } // UNWRITTEN

// ListProcesses returns all processes that /proc shows, by number.
func ListProcesses(ctx context.Context) (Processes, error) { return Processes{}, errUnwritten } // UNWRITTEN

// ReadProcess returns one process. One that has gone is an error that matches
// fs.ErrNotExist.
func ReadProcess(ctx context.Context, pid int) (Process, error) { return Process{}, errUnwritten } // UNWRITTEN

// Limit is a soft and a hard limit; -1 means unlimited.
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
}

// Detail is what is asked about single processes only.
type Detail struct {
	PID       int            `json:"pid"`
	OpenFiles Limit          `json:"open_files"`
	Tasks     Limit          `json:"tasks"`
	Open      int            `json:"open"` // descriptors in use; -1: not known
	Logs      []OpenLog      `json:"logs,omitempty"`
	Stdout    string         `json:"stdout,omitempty"` // where descriptor 1 leads: a path, "pipe:[…]", "socket:[…]"
	Stderr    string         `json:"stderr,omitempty"`
	Gaps      []evidence.Gap `json:"gaps,omitempty"`
}

// ReadDetail returns limits, descriptors and open logs of a process.
func ReadDetail(ctx context.Context, pid int) (Detail, error) { return Detail{}, errUnwritten } // UNWRITTEN

// Load is how much processor time a process took.
type Load struct {
	PID     int     `json:"pid"`
	Cores   float64 `json:"cores"`   // 1: one core, all the time
	Seconds float64 `json:"seconds"` // over which it was measured
	State   string  `json:"state"`   // at the end
}

// MeasureLoad looks at the processes twice, over apart. Those that end meanwhile
// are left out. The kernel counts in hundredths of a second: over less than 0.1 s
// the answer is coarse.
func MeasureLoad(ctx context.Context, pids []int, over time.Duration) ([]Load, error) {
	return nil, errUnwritten
} // UNWRITTEN
