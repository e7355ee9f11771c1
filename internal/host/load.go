package host

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Load is what a process did while it was looked at.
type Load struct {
	PID     int     `json:"pid"`
	Cores   float64 `json:"cores"`           // 1: one core, all the time
	Seconds float64 `json:"seconds"`         // over which it was measured
	State   string  `json:"state"`           // at the end
	Looks   int     `json:"looks,omitempty"` // how often its threads were looked at meanwhile
	Waits   int     `json:"waits,omitempty"` // of these, how often one of them was in uninterruptible sleep (state D): for a disk, or for memory
	Stuck   bool    `json:"stuck,omitempty"` // its main thread was in one and the same uninterruptible sleep all the time
	Where   string  `json:"where,omitempty"` // of Stuck: the function of the kernel that it sleeps in; root only
}

// How often threads are looked at, and at how many of a process.
const (
	loadLooks   = 10
	loadThreads = 32
)

// MeasureLoad looks at the processes again and again, over apart from first to
// last. Those that end meanwhile are left out. The kernel counts processor time in
// hundredths of a second: over less than 0.1 s Cores is coarse.
func MeasureLoad(ctx context.Context, pids []int, over time.Duration) ([]Load, error) {
	start := time.Now()
	before := statsOf(pids)
	waits := make([]waiting, len(pids))
	tick := time.NewTicker(over / loadLooks)
	defer tick.Stop()
	for range loadLooks {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("cannot measure the load: %w", ctx.Err())
		}
		for i, pid := range pids {
			waits[i].look(pid)
		}
	}
	seconds := time.Since(start).Seconds()
	after := statsOf(pids)
	var out []Load
	for i, pid := range pids {
		a, ok := before[pid]
		b, still := after[pid]
		if !ok || !still || a.start != b.start || b.used < a.used {
			continue
		}
		l := Load{PID: pid, Cores: float64(b.used-a.used) / ticks / seconds, Seconds: seconds, State: b.state, Looks: waits[i].looks, Waits: waits[i].waits}
		if l.Stuck = waits[i].looks == loadLooks && waits[i].same == loadLooks; l.Stuck {
			l.Where = word("/proc/" + strconv.Itoa(pid) + "/wchan")
		}
		out = append(out, l)
	}
	return out, nil
}

// waiting is what was seen of the sleeps of one process.
type waiting struct {
	r            fileReader
	looks, waits int
	same         int    // looks at which the main thread was in the sleep of the first one
	switches     string // how often it had gone to sleep by then
}

// look looks at the threads of a process once.
func (w *waiting) look(pid int) {
	dir := "/proc/" + strconv.Itoa(pid)
	w.looks++
	if b, err := w.r.read(dir+"/stat", processFile); err == nil {
		if s, ok := parseStat(b); ok && s.state == "D" {
			w.waits++
			w.stay(dir)
			return
		}
	}
	tasks, err := os.ReadDir(dir + "/task")
	if err != nil {
		return
	}
	for _, t := range tasks[:min(len(tasks), loadThreads)] {
		b, err := w.r.read(dir+"/task/"+t.Name()+"/stat", processFile)
		if err != nil {
			continue
		}
		if s, ok := parseStat(b); ok && s.state == "D" {
			w.waits++
			return
		}
	}
}

// stay counts the looks at which the main thread has not woken up since the first.
func (w *waiting) stay(dir string) {
	b, err := w.r.read(dir+"/status", processFile)
	if err != nil {
		return
	}
	switches := statusField(b, "voluntary_ctxt_switches:")
	if w.looks == 1 {
		w.switches = switches
	}
	if switches != "" && switches == w.switches {
		w.same++
	}
}

func statsOf(pids []int) map[int]stat {
	out := make(map[int]stat, len(pids))
	for _, pid := range pids {
		b, err := readSmall("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue
		}
		if s, ok := parseStat(b); ok {
			out[pid] = s
		}
	}
	return out
}
