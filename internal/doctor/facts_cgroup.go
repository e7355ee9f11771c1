package doctor

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// groupFacts says what the control groups of an upstream's processes did.
func (x *examination) groupFacts(u *upstream, before, after hostLook) {
	told := map[string]bool{} // processes share groups
	for _, pid := range pids(u.After) {
		now, ok := after.Groups[pid]
		if !ok {
			continue
		}
		was, both := before.Groups[pid]
		if !both {
			was, both = x.sameGroup(before, now)
		}
		if now.Frozen != "" && !told["frozen"] {
			told["frozen"] = true
			x.add(u.about(vocab.ListenerStopped, evidence.Process, "control group "+now.Frozen, "frozen with its control group"))
		}
		if g := now.CPU; g != nil && both && was.CPU != nil && was.CPU.Path == g.Path && !told["cpu "+g.Path] {
			told["cpu "+g.Path] = true
			if words := heldBack(*was.CPU, *g); words != "" {
				x.add(u.about(vocab.EndpointThrottled, evidence.Process, "control group "+g.Path, words))
			}
		}
		if both && was.Path == now.Path && now.Stall != nil && was.Stall != nil && !told["stall "+now.Path] {
			told["stall "+now.Path] = true
			x.stallFacts(u, was, now)
		}
		if g := now.Memory; g != nil && !told["memory "+g.Path] {
			told["memory "+g.Path] = true
			full := float64(g.Working) >= 0.95*float64(g.Limit)
			hit := both && was.Memory != nil && was.Memory.Path == g.Path && g.AtLimit > was.Memory.AtLimit && float64(g.Working) >= 0.85*float64(g.Limit)
			if full || hit {
				x.add(u.about(vocab.EndpointMemoryShort, evidence.Process, "control group "+g.Path, fmt.Sprintf("%d of %d MB in use", g.Working>>20, g.Limit>>20)))
			}
		}
		if g := now.Tasks; g != nil && !told["tasks "+g.Path] {
			told["tasks "+g.Path] = true
			if g.Used >= g.Limit {
				x.add(u.about(vocab.EndpointTasksShort, evidence.Process, "control group "+g.Path, fmt.Sprintf("%d of %d processes and threads, %d more were refused", g.Used, g.Limit, g.Refused)))
			}
		}
		if g := now.OOM; g != nil && g.Kills > 0 && !told["oom "+g.Path] {
			told["oom "+g.Path] = true
			x.groupKilled(u, was, *g, both, before.Own)
		}
	}
}

// sameGroup finds what was seen before of the groups of a process that is new.
func (x *examination) sameGroup(before hostLook, now host.Cgroup) (host.Cgroup, bool) {
	for _, was := range before.Groups {
		if was.OOM != nil && now.OOM != nil && was.OOM.Path == now.OOM.Path {
			return was, true
		}
	}
	return host.Cgroup{}, false
}

// groupKilled says that the kernel killed in the group while goodgate looked: the
// counter has no time, and tells of kills long ago as well. A group that goodgate
// runs in too is not the application's: who was killed there is not known.
func (x *examination) groupKilled(u *upstream, was host.Cgroup, now host.MemoryGroup, both bool, own string) {
	if !both || was.OOM == nil || was.OOM.Path != now.Path || now.Kills <= was.OOM.Kills {
		return
	}
	if own == now.Path || strings.HasPrefix(own, now.Path+"/") {
		return
	}
	x.add(u.about(vocab.EndpointGroupKilled, evidence.Process, "control group "+now.Path, fmt.Sprintf("%d processes killed for lack of memory while goodgate looked", now.Kills-was.OOM.Kills)))
}

// gatewayThrottled says that the gateway itself gets too little processor time.
func (x *examination) gatewayThrottled(before, after hostLook) {
	pid := x.match.Gateway.Dialler().PID
	was, now := before.Groups[pid].CPU, after.Groups[pid].CPU
	if was == nil || now == nil || was.Path != now.Path {
		return
	}
	if words := heldBack(*was, *now); words != "" {
		x.add(x.onGateway(vocab.GatewayThrottled, after.When, evidence.Process, "control group "+now.Path, words))
	}
}

// heldBack says that a group ran out of its quota in most of the periods between
// two looks; empty: it did not.
func heldBack(was, now host.CPUGroup) string {
	if now.Periods <= was.Periods || now.Throttled < was.Throttled {
		return ""
	}
	periods, held := now.Periods-was.Periods, now.Throttled-was.Throttled
	if periods < 3 || float64(held) < throttleMuch*float64(periods) {
		return ""
	}
	return fmt.Sprintf("it may use %.2f processors and was held back in %d of %d periods", now.Cores, held, periods)
}

// stallFacts says that everything in a group waited, most of the time that it was not
// idle, for memory or for disks. What has to be read again because it was dropped
// too soon waits for a disk, and lacks memory.
func (x *examination) stallFacts(u *upstream, was, now host.Cgroup) {
	where := "pressure of control group " + now.Path
	if words := groupWaited(was, now, "memory", was.Stall.Memory, now.Stall.Memory); words != "" {
		x.add(u.about(vocab.EndpointMemoryStalled, evidence.Process, where, words))
		return
	}
	words := groupWaited(was, now, "disks", was.Stall.IO, now.Stall.IO)
	if words == "" || !x.seenWaiting(u) {
		return
	}
	if a, b := was.Memory, now.Memory; a != nil && b != nil && a.Path == b.Path && b.Refault > a.Refault+refaultMany {
		words = fmt.Sprintf("%s, to read again %d MB that it had no memory to keep", words, (b.Refault-a.Refault)*uint64(os.Getpagesize())>>20)
		x.add(u.about(vocab.EndpointMemoryStalled, evidence.Process, where, words))
		return
	}
	x.add(u.about(vocab.EndpointIOStalled, evidence.Process, where, words))
}

// groupWaited says for how long everything in a group waited for one thing between two
// looks; empty: it mostly worked, or was idle.
func groupWaited(was, now host.Cgroup, what string, a, b *host.Stall) string {
	if a == nil || b == nil || b.Full < a.Full+leastStall || now.Busy < was.Busy {
		return ""
	}
	full, busy := b.Full-a.Full, now.Busy-was.Busy
	if full < stallShare*(full+busy) {
		return ""
	}
	return fmt.Sprintf("all of it waited for %s for %.1f s and worked for %.1f s", what, full, busy)
}

// seenWaiting reports whether a process that listens was itself in uninterruptible
// sleep at several looks, while an answer was awaited: a group may hold others.
// Between two reads of a fast disk it runs.
func (x *examination) seenWaiting(u *upstream) bool {
	return u.Contact != nil && slices.ContainsFunc(u.Contact.Loads, func(l host.Load) bool { return l.Waits >= leastWaits })
}
