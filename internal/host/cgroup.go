package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Cgroup is what the control groups of a process allow and what they have used.
// Limits stand anywhere between the group of the process and the root: for each
// resource the level that is closest to its limit is given.
type Cgroup struct {
	PID    int            `json:"pid"`
	Memory *MemoryGroup   `json:"memory,omitempty"` // nil: no limit in force, or not known
	Tasks  *TaskGroup     `json:"tasks,omitempty"`
	CPU    *CPUGroup      `json:"cpu,omitempty"`
	Stall  *Pressure      `json:"stall,omitempty"`  // of the group itself; where version 2 is mounted and the kernel keeps PSI
	Path   string         `json:"path,omitempty"`   // of the group that Stall is of
	Busy   float64        `json:"busy,omitempty"`   // seconds of processor time that it took
	Frozen string         `json:"frozen,omitempty"` // path of the group that is frozen; empty: none
	OOM    *MemoryGroup   `json:"oom,omitempty"`    // the innermost group that counts kills, limit or not
	Gaps   []evidence.Gap `json:"gaps,omitempty"`
}

// MemoryGroup is a group with a limit on memory. Sizes are bytes.
type MemoryGroup struct {
	Path    string `json:"path"`
	Limit   int64  `json:"limit"`             // or High, where that is less
	Used    int64  `json:"used"`              // page cache included
	Working int64  `json:"working"`           // without the page cache that can be dropped at once
	AtLimit uint64 `json:"at_limit"`          // how often it was at its limit since it was made
	High    int64  `json:"high,omitempty"`    // version 2: beyond it the group is slowed down; 0: none
	Refault uint64 `json:"refault,omitempty"` // pages that were read again soon after they were dropped
	Kills   uint64 `json:"kills"`             // processes that the kernel killed since it was made
}

// TaskGroup is a group with a limit on processes and threads.
type TaskGroup struct {
	Path    string `json:"path"`
	Limit   int64  `json:"limit"`
	Used    int64  `json:"used"`
	Refused uint64 `json:"refused"` // forks since the group was made
}

// CPUGroup is a group with a quota of processor time. Periods count only while
// something in the group wants to run.
type CPUGroup struct {
	Path      string  `json:"path"`
	Cores     float64 `json:"cores"` // quota over period
	Periods   uint64  `json:"periods"`
	Throttled uint64  `json:"throttled"` // periods in which it ran out
	Seconds   float64 `json:"seconds"`   // it was held back, over all processors
}

// ReadCgroup returns the limits of a process. A host without control groups, or
// one that does not show them, is a gap.
func ReadCgroup(ctx context.Context, pid int) (Cgroup, error) {
	source := "control groups of process " + strconv.Itoa(pid)
	return within(ctx, nil, source, func() (Cgroup, error) {
		c := Cgroup{PID: pid}
		text, err := readSmall("/proc/" + strconv.Itoa(pid) + "/cgroup")
		if err != nil {
			return c, denied(source, fmt.Errorf("cannot read the control groups of process %d: %w", pid, notThere(err)))
		}
		mounts, err := readSmall("/proc/self/mountinfo")
		if err != nil {
			return c, denied(source, err)
		}
		trees := cgroupTrees(string(text), string(mounts))
		if len(trees) == 0 {
			return c, &evidence.Gap{Source: source, Why: "no control groups are mounted where goodgate runs", Allow: "run goodgate on the host, not in a container"}
		}
		for _, t := range trees {
			c.take(t)
		}
		return c, nil
	})
}

// cgroupTree is one hierarchy with the group of a process in it.
type cgroupTree struct {
	controller string // "memory", "pids", "cpu", "freezer"; empty: all of version 2
	mount      string // where it is mounted
	group      string // path of the group below mount, "/" at its root
}

// cgroupTrees joins /proc/PID/cgroup with the mounts (cgroups(7)). A mount may
// show only a part of the hierarchy, named by its root; a group outside of that
// part cannot be seen.
func cgroupTrees(cgroup, mountinfo string) []cgroupTree {
	type mount struct{ root, at string }
	found := map[string]mount{}
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(g) < 3 {
			continue
		}
		switch g[0] {
		case "cgroup2":
			found[""] = mount{f[3], f[4]}
		case "cgroup":
			for option := range strings.SplitSeq(g[2], ",") {
				found[option] = mount{f[3], f[4]}
			}
		}
	}
	var trees []cgroupTree
	for line := range strings.Lines(cgroup) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(f[1], ",") {
			if f[0] != "0" && controller == "" || !interesting[controller] {
				continue
			}
			m, ok := found[controller]
			if !ok {
				continue
			}
			group, ok := strings.CutPrefix(f[2], strings.TrimSuffix(m.root, "/"))
			if !ok || strings.HasPrefix(f[2], "/..") {
				continue
			}
			trees = append(trees, cgroupTree{controller, printable(m.at, 4096), path.Clean("/" + printable(group, 4096))})
		}
	}
	return trees
}

var interesting = map[string]bool{"": true, "memory": true, "pids": true, "cpu": true, "freezer": true}

// groupDepth bounds how far a hierarchy is climbed: the kernel's own default is
// no limit, and nobody nests deeper.
const groupDepth = 32

// take climbs from the group of the process to the root of what is seen.
func (c *Cgroup) take(t cgroupTree) {
	for i, group := 0, t.group; i < groupDepth; i++ {
		c.level(t, group, i == 0)
		if group == "/" || group == "." {
			return
		}
		group = path.Dir(group)
	}
}

// level reads one group of a hierarchy.
func (c *Cgroup) level(t cgroupTree, group string, own bool) {
	dir := path.Join(t.mount, group)
	all := t.controller == ""
	if all || t.controller == "memory" {
		c.memory(dir, group, all)
	}
	if all || t.controller == "pids" {
		c.tasks(dir, group)
	}
	if all || t.controller == "cpu" {
		c.cpu(dir, group, all)
	}
	switch {
	case all && keyed(dir + "/cgroup.events")["frozen"] == 1, t.controller == "freezer" && word(dir+"/freezer.state") == "FROZEN":
		if c.Frozen == "" {
			c.Frozen = group
		}
	}
	if all && own && group != "/" {
		if p, err := readStalls(func(what string) string { return dir + "/" + what + ".pressure" }); err == nil {
			c.Stall, c.Path = &p, group
			c.Busy = float64(keyed(dir + "/cpu.stat")["usage_usec"]) / 1e6
		}
	}
}

// unlimited is from which number on a limit of version 1 stands for none: it is
// the largest number of whole pages (PAGE_COUNTER_MAX).
const unlimited = 1 << 60

func (c *Cgroup) memory(dir, group string, two bool) {
	limitName, usedName, inactive := "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
	if two {
		limitName, usedName, inactive = "memory.max", "memory.current", "inactive_file"
	}
	m := MemoryGroup{Path: group, Used: number64(dir + "/" + usedName)}
	if two {
		events := keyed(dir + "/memory.events")
		m.AtLimit, m.Kills = events["max"], events["oom_kill"]
		m.High = max(0, number64(dir+"/memory.high"))
	} else {
		m.AtLimit = uint64(max(0, number64(dir+"/memory.failcnt")))
		m.Kills = keyed(dir + "/memory.oom_control")["oom_kill"]
	}
	if m.Used < 0 {
		return // the root of version 2 has no such files
	}
	stat := keyed(dir + "/memory.stat")
	m.Working, m.Refault = max(0, m.Used-int64(stat[inactive])), refaults(stat)
	m.Limit = number64(dir + "/" + limitName)
	if m.High > 0 && (m.Limit <= 0 || m.High < m.Limit) {
		m.Limit = m.High
	}
	if c.OOM == nil && group != "/" {
		own := m
		c.OOM = &own
	}
	if m.Limit > 0 && m.Limit < unlimited && (c.Memory == nil || closer(m.Working, m.Limit, c.Memory.Working, c.Memory.Limit)) {
		c.Memory = &m
	}
}

// refaults returns how often a page was read again that had been dropped so
// shortly before that with a little more memory it would still be there
// (workingset_refault in Documentation/admin-guide/cgroup-v2.rst).
func refaults(stat map[string]uint64) uint64 {
	for _, names := range [][2]string{
		{"total_workingset_refault_file", "total_workingset_refault_anon"}, // version 1: with all groups below
		{"workingset_refault_file", "workingset_refault_anon"},
		{"workingset_refault", ""}, // before Linux 5.9
	} {
		if _, ok := stat[names[0]]; ok {
			return stat[names[0]] + stat[names[1]]
		}
	}
	return 0
}

// closer reports whether a of b is a larger part than c of d.
func closer(a, b, c, d int64) bool { return float64(a)/float64(b) > float64(c)/float64(d) }

func (c *Cgroup) tasks(dir, group string) {
	t := TaskGroup{Path: group, Limit: number64(dir + "/pids.max"), Used: number64(dir + "/pids.current"), Refused: keyed(dir + "/pids.events")["max"]}
	if t.Limit > 0 && t.Used >= 0 && (c.Tasks == nil || closer(t.Used, t.Limit, c.Tasks.Used, c.Tasks.Limit)) {
		c.Tasks = &t
	}
}

func (c *Cgroup) cpu(dir, group string, two bool) {
	g := CPUGroup{Path: group}
	var quota, period float64
	stat := keyed(dir + "/cpu.stat")
	g.Periods, g.Throttled = stat["nr_periods"], stat["nr_throttled"]
	if two {
		f := strings.Fields(word(dir + "/cpu.max"))
		if len(f) != 2 || f[0] == "max" {
			return
		}
		quota, _ = strconv.ParseFloat(f[0], 64)
		period, _ = strconv.ParseFloat(f[1], 64)
		g.Seconds = float64(stat["throttled_usec"]) / 1e6
	} else {
		quota, period = float64(number64(dir+"/cpu.cfs_quota_us")), float64(number64(dir+"/cpu.cfs_period_us"))
		g.Seconds = float64(stat["throttled_time"]) / 1e9
	}
	if quota <= 0 || period <= 0 {
		return
	}
	g.Cores = quota / period
	if c.CPU == nil || g.Cores < c.CPU.Cores {
		c.CPU = &g
	}
}

// word returns a short file without the space around it, or "".
func word(file string) string {
	b, err := readSmall(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(printable(string(b), 256))
}

// number64 returns the number that a file holds; "max" and what cannot be read
// are -1.
func number64(file string) int64 {
	n, err := strconv.ParseInt(word(file), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// keyed reads a file of "name number" lines; what cannot be read is empty.
func keyed(file string) map[string]uint64 {
	b, err := readSmall(file)
	if err != nil {
		return nil
	}
	return parseKeyed(b)
}

func parseKeyed(b []byte) map[string]uint64 {
	m := map[string]uint64{}
	for line := range strings.Lines(string(b)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
		if ok && err == nil && len(m) < 256 {
			m[printable(name, 64)] = n
		}
	}
	return m
}

// absent reports whether a kernel interface is not there, as opposed to closed.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, os.ErrInvalid) }
