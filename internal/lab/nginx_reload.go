package lab

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Reload makes nginx read its configuration again and waits until it has, by
// its workers: those of before are gone or shutting down, and new ones run.
func (n *Nginx) Reload() {
	if n.b.err != nil {
		return
	}
	before := map[int]bool{}
	for _, pid := range n.workerPids() {
		before[pid] = true
	}
	n.Signal(syscall.SIGHUP)
	n.b.until("nginx has reloaded", func() bool {
		for _, pid := range n.workerPids() {
			if before[pid] {
				return false
			}
		}
		return len(n.workerPids()) == n.workers
	})
}

// workerPids lists the workers that take connections.
func (n *Nginx) workerPids() []int {
	var pids []int
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", n.Pid(), n.Pid()))
	if err != nil {
		return nil
	}
	for _, field := range strings.Fields(string(text)) {
		title, err := os.ReadFile("/proc/" + field + "/cmdline")
		if err != nil || !strings.HasPrefix(string(title), "nginx: worker process") || strings.Contains(string(title), "shutting down") {
			continue
		}
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
