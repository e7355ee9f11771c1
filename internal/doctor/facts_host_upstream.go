package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// stuckLook is for how long a process in uninterruptible sleep is looked at.
// A slow disk keeps it in one sleep for a while, too.
const stuckLook = 1200 * time.Millisecond

// The measures from which a host or group counts as short. They are where waiting
// dominates working: what is busy and serves is no fault.
const (
	stallMuch    = 40.0 // percent of the last 10 s in which all tasks waited
	stallCPU     = 80.0 // percent of the last 10 s in which some task waited for a processor
	leastStall   = 0.3  // seconds in which everything in a group waited
	stallShare   = 0.5  // of the time that a group waited or worked
	refaultMany  = 500  // pages
	leastWaits   = 3    // of ten looks
	throttleMuch = 0.5  // of the periods in which a group wanted to run
	stealMuch    = 0.25 // of all processor time between the looks
)

// pressureFacts says what the whole host is short of.
func (x *examination) pressureFacts(before, after hostLook) {
	p := after.Pressure
	if p == nil {
		return
	}
	if s := p.Memory; s != nil && s.Full10 > stallMuch || p.Total > 0 && p.Available > 0 && p.Available < p.Total/100 && p.SwapFree < p.SwapTotal/20+1 {
		words := fmt.Sprintf("%d of %d MB available", p.Available>>20, p.Total>>20)
		if s != nil {
			words += fmt.Sprintf(", everything waited for memory in %.0f %% of the last 10 s", s.Full10)
		}
		x.add(x.onGateway(vocab.HostMemoryShort, after.When, evidence.Kernel, "/proc/pressure/memory", words))
	}
	if s := p.CPU; s != nil && s.Some10 > stallCPU && p.Load1 > 2*float64(p.Cores) {
		x.add(x.onGateway(vocab.HostCPUShort, after.When, evidence.Kernel, "/proc/pressure/cpu",
			fmt.Sprintf("something waited for a processor in %.0f %% of the last 10 s, load %.1f on %d processors", s.Some10, p.Load1, p.Cores)))
	}
	if s := p.IO; s != nil && s.Full10 > stallMuch {
		x.add(x.onGateway(vocab.HostIOShort, after.When, evidence.Kernel, "/proc/pressure/io", fmt.Sprintf("everything waited for disks in %.0f %% of the last 10 s", s.Full10)))
	}
	if b := before.Pressure; b != nil {
		all := p.Busy + p.Idle + p.Wait + p.Steal - b.Busy - b.Idle - b.Wait - b.Steal
		if stolen := p.Steal - b.Steal; all > 0.5 && stolen > stealMuch*all {
			x.add(x.onGateway(vocab.HostStolen, after.When, evidence.Kernel, "/proc/stat", fmt.Sprintf("%.0f %% of the processor time went to other guests", 100*stolen/all)))
		}
	}
}

// portFacts counts the local ports towards an upstream, where a connect got none.
func (x *examination) portFacts(ctx context.Context, u *upstream) {
	if u.unix() {
		return
	}
	if u.Connected && u.Connect.Errno == "EADDRNOTAVAIL" {
		o := u.about(vocab.ProbeNoLocalPort, evidence.Probe, "tcp "+u.Addr, "")
		o.quote = u.Connect.Text
		x.add(o)
	}
	if !x.has(vocab.GatewayNoLocalPort, u.Addr) && !x.has(vocab.ProbeNoLocalPort, u.Addr) && !x.opts.Deep {
		return
	}
	p, ok := askView(x, "host/ports", u.Addr, func(v *host.View) (host.Ports, error) { return v.Ports(ctx, u.Addr) })
	if !ok || p.Room() == 0 {
		return
	}
	o := u.about(vocab.PortsShort, evidence.Socket, "socket table",
		fmt.Sprintf("%d of %d local ports towards it are in use, %d of them in TIME_WAIT", p.Used, p.Room(), p.TimeWait))
	o.absent = p.Used < p.Room()-max(2, p.Room()/20)
	x.add(o)
}

// queueFacts says whether connections found no room in a queue while goodgate
// looked. The counters are those of all listeners of the namespace: they count
// for an upstream only where connections wait.
func (x *examination) queueFacts(u *upstream, before, after hostLook) {
	if u.unix() || !u.Local || before.Queues == nil || after.Queues == nil || len(u.After) == 0 {
		return
	}
	lost := after.Queues.Overflows - before.Queues.Overflows
	if l := u.After[0]; after.Queues.Overflows > before.Queues.Overflows && l.Waiting > 0 && l.Backlog > 0 && l.Waiting >= l.Backlog {
		x.add(u.about(vocab.EndpointQueueLost, evidence.Kernel, "ListenOverflows of /proc/net/netstat", fmt.Sprintf("%d connections found no room, and %d wait at the upstream", lost, l.Waiting)))
	}
}

// wireFacts says whether the interface towards an upstream damages packets.
func (x *examination) wireFacts(u *upstream, before, after hostLook) {
	if u.Route == nil || u.Route.Device == "" || u.Route.Device == "lo" {
		return
	}
	for _, a := range after.Wires {
		i := slices.IndexFunc(before.Wires, func(b host.Interface) bool { return b.Name == a.Name })
		if a.Name == u.Route.Device && i >= 0 && a.Errors > before.Wires[i].Errors {
			x.add(u.about(vocab.InterfaceErrors, evidence.Kernel, "interface "+a.Name, fmt.Sprintf("%d damaged packets while goodgate looked", a.Errors-before.Wires[i].Errors)))
		}
	}
}

// stuckFact says of a process in uninterruptible sleep whether it stays in that
// one: who reads from a disk is in one sleep after the other.
func (x *examination) stuckFact(ctx context.Context, u *upstream, pid int) {
	loads, _, ok := ask(x, "host/load", strconv.Itoa(pid), func() ([]host.Load, error) { return host.MeasureLoad(ctx, []int{pid}, stuckLook) })
	if !ok || len(loads) == 0 || !loads[0].Stuck {
		return
	}
	words := "in uninterruptible sleep (state D)"
	if w := loads[0].Where; w != "" && w != "0" {
		words += ", in the kernel's " + w
	}
	x.add(u.about(vocab.ListenerStopped, evidence.Process, "pid "+strconv.Itoa(pid), words))
}

// goneFacts says which processes that listened a moment ago are gone by now: one
// that dies of each request dies of the probe's, too.
func (x *examination) goneFacts(u *upstream) {
	ids := pids(u.After)
	if len(ids) == 0 {
		return
	}
	left, _, ok := ask(x, "host/left", u.Addr, func() ([]int, error) {
		var left []int
		for _, id := range ids {
			if host.Exists(id) {
				left = append(left, id)
			}
		}
		return left, nil
	})
	if !ok || len(left) == len(ids) {
		return
	}
	fact := vocab.WorkerReplaced
	if len(left) == 0 {
		fact = vocab.ListenerReplaced
	}
	for _, id := range ids {
		if !slices.Contains(left, id) {
			x.add(u.about(fact, evidence.Process, "pid "+strconv.Itoa(id), fmt.Sprintf("pid %d listened a moment ago and is gone", id)))
			return
		}
	}
}

// limitFacts compares descriptors and processes of an upstream with their limits.
// Those of the processes count for a user, not for the process (RLIMIT_NPROC in
// getrlimit(2)), and not for root.
func (x *examination) limitFacts(ctx context.Context, u *upstream) {
	ids := pids(u.After)
	for i, pid := range ids {
		if i == serversMost {
			return
		}
		d, _, ok := x.detail(ctx, pid)
		if !ok {
			continue
		}
		if d.Open >= 0 && d.OpenFiles.Soft > 0 && nearly(d.Open, int(d.OpenFiles.Soft)) {
			x.add(u.about(vocab.EndpointFilesShort, evidence.Process, "pid "+strconv.Itoa(pid), fmt.Sprintf("%d descriptors open, and it may have %d", d.Open, d.OpenFiles.Soft)))
			return
		}
		if x.userShort(ctx, u, pid, d.Tasks) {
			return
		}
	}
}

// tasksMany is a limit on processes that nobody reaches who is not counted here.
const tasksMany = 4096

func (x *examination) userShort(ctx context.Context, u *upstream, pid int, limit host.Limit) bool {
	i := slices.IndexFunc(u.Processes, func(p host.Process) bool { return p.PID == pid })
	if i < 0 || limit.Soft <= 0 || limit.Soft > tasksMany || u.Processes[i].UID <= 0 {
		return false
	}
	uid := u.Processes[i].UID
	n, _, ok := ask(x, "host/tasks", strconv.Itoa(uid), func() (int, error) { return host.CountTasks(ctx, uid) })
	if !ok || int64(n) < limit.Soft {
		return false
	}
	x.add(u.about(vocab.EndpointTasksShort, evidence.Process, "pid "+strconv.Itoa(pid), fmt.Sprintf("its user has %d processes and threads, and may have %d", n, limit.Soft)))
	return true
}

// dependencyFacts looks, for an application that says that it cannot reach an
// address of its own host, whether something listens there. It dials nothing.
func (x *examination) dependencyFacts(u *upstream, now picture) {
	if !now.ok || !u.Local {
		return
	}
	for _, h := range u.words() {
		if x.cond(h).Fact != vocab.AppDependencyFailed {
			continue
		}
		for _, addr := range addressesIn(h.Raw) {
			if !addr.Addr().IsLoopback() || addr.String() == u.Addr {
				continue
			}
			o := u.about(vocab.DependencyAway, evidence.Socket, "socket table", "nothing listens at "+addr.String())
			o.absent = len(now.at(addr.String())) > 0
			if !x.has(vocab.DependencyAway, u.Addr) {
				x.add(o)
			}
		}
	}
}

// words returns the lines of the application's own logs.
func (u *upstream) words() []scan.Hit {
	var all []scan.Hit
	for _, l := range u.AppLogs {
		all = append(all, l.Extract.Hits...)
	}
	return all
}

// addressesIn finds numeric addresses with a port in a line that a program wrote:
// "127.0.0.1:5432", "[::1]:6379", "at \"127.0.0.1\", port 5432", "('127.0.0.1', 3306)".
func addressesIn(text string) []netip.AddrPort {
	var found []netip.AddrPort
	keep := func(a netip.AddrPort) {
		if a.IsValid() && a.Port() > 0 && len(found) < 4 && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\"'(),;<>=@/", r) })
	for i, w := range words {
		w = strings.TrimRight(w, ".:")
		if rest, ok := strings.CutPrefix(w, "localhost:"); ok {
			w = "127.0.0.1:" + rest
		}
		if a, err := netip.ParseAddrPort(w); err == nil {
			keep(a)
			continue
		}
		ip, err := netip.ParseAddr(strings.Trim(w, "[]"))
		if w == "localhost" {
			ip, err = netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
		}
		if err != nil {
			continue
		}
		for _, next := range words[i+1 : min(i+4, len(words))] {
			if n, err := strconv.ParseUint(strings.TrimRight(next, ".:"), 10, 16); err == nil {
				keep(netip.AddrPortFrom(ip, uint16(n)))
				break
			}
			if next != "port" && next != "on" {
				break
			}
		}
	}
	return found
}
