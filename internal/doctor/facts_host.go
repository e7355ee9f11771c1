package doctor

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// hostLook is what the host counts, taken twice: what matters is what a counter
// did while our own request was on its way.
type hostLook struct {
	When     time.Time
	Pressure *host.Pressure
	Queues   *host.Queues
	Clock    *host.Clock
	Wires    []host.Interface
	Groups   map[int]host.Cgroup // by pid: of the upstreams' listeners and of one worker of the gateway
	Own      string              // the group that goodgate's own memory is counted in
}

// lookAtHost reads the counters. It costs a few small files.
func (x *examination) lookAtHost(ctx context.Context, when string, p picture) hostLook {
	l := hostLook{Groups: map[int]host.Cgroup{}}
	if x.opts.Quick || x.past() || x.decision.Forward == nil {
		return l
	}
	if r, at, ok := ask(x, "host/pressure "+when, "", func() (host.Pressure, error) { return host.ReadPressure(ctx) }); ok {
		l.Pressure, l.When = &r, at
	}
	if r, _, ok := ask(x, "host/clock "+when, "", func() (host.Clock, error) { return host.ReadClock(ctx) }); ok {
		l.Clock = &r
	}
	if r, ok := askView(x, "host/queues "+when, "", func(v *host.View) (host.Queues, error) { return v.Queues(ctx) }); ok {
		l.Queues = &r
	}
	l.Wires, _ = askView(x, "host/interfaces "+when, "", func(v *host.View) ([]host.Interface, error) { return v.Interfaces(ctx) })
	if r, _, ok := ask(x, "host/cgroup "+when, "own", func() (host.Cgroup, error) { return host.ReadCgroup(ctx, os.Getpid()) }); ok && r.OOM != nil {
		l.Own = r.OOM.Path
	}
	ids := x.servers(p)
	if pid := x.match.Gateway.Dialler().PID; pid > 0 {
		ids = append(ids, pid)
	}
	for _, pid := range ids {
		if r, _, ok := ask(x, "host/cgroup "+when, strconv.Itoa(pid), func() (host.Cgroup, error) { return host.ReadCgroup(ctx, pid) }); ok {
			l.Groups[pid] = r
		}
	}
	return l
}

// serversMost bounds the processes whose limits are read.
const serversMost = 6

// servers returns processes that listen where the configuration leads to, and
// where the gateway dialled.
func (x *examination) servers(p picture) []int {
	var ids []int
	endpoints := x.configuredEndpoints()
	for _, u := range x.upstreams {
		endpoints = append(endpoints, u.Addr)
	}
	for _, e := range endpoints {
		for _, id := range pids(p.at(e)) {
			if len(ids) < serversMost && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// hostFacts says what the host is short of, as far as what is known already
// makes it matter. It comes last: the lines of the logs are items by now.
func (x *examination) hostFacts(ctx context.Context, before hostLook, now picture) {
	if x.past() || x.decision.Forward == nil || len(x.failures) == 0 && !x.opts.Deep {
		return
	}
	// A full table looks like a firewall: who does not look at it may not say so.
	x.conntrackFacts(ctx)
	for _, u := range x.upstreams {
		x.otherRoot(ctx, u)
	}
	if x.opts.Quick {
		return
	}
	x.progress("asking what the host is short of")
	after := x.lookAtHost(ctx, "after", now)
	x.gatewayShort(ctx)
	x.diskFacts(ctx, after)
	x.pressureFacts(before, after)
	x.gatewayThrottled(before, after)
	x.clockNote(before, after)
	x.denialFacts(ctx)
	for _, u := range x.upstreams {
		x.portFacts(ctx, u)
		x.queueFacts(u, before, after)
		x.wireFacts(u, before, after)
		x.goneFacts(u)
		x.groupFacts(u, before, after)
		x.limitFacts(ctx, u)
		x.dependencyFacts(u, now)
	}
	x.managerFacts(ctx)
}

// seen reports whether one of the facts was seen, about anything.
func (x *examination) seen(facts ...vocab.Fact) bool {
	return slices.ContainsFunc(facts, func(f vocab.Fact) bool { return x.has(f, "") })
}

// onGateway starts an observation of the gateway's host that was made now.
func (x *examination) onGateway(fact vocab.Fact, when time.Time, kind evidence.Kind, where, value string) observation {
	if when.IsZero() {
		when = x.to
	}
	return observation{fact: fact, subject: x.gateway, value: value, when: when, kind: kind, where: where}
}

// nearly reports whether used is within a thirtieth of limit, and at least two.
func nearly(used, limit int) bool { return limit > 0 && used >= limit-max(2, limit/30) }

// gatewayShort compares the descriptors and connections of the gateway's
// processes with what they may have.
func (x *examination) gatewayShort(ctx context.Context) {
	if !x.seen(vocab.GatewayNoFiles, vocab.GatewayNoConnections, vocab.GatewayUnreachable) && !x.opts.Deep {
		return
	}
	connections, _ := x.match.Gateway.Conf.Instance.Settings.Number(vocab.WorkerConnections)
	if n, ok := x.decision.Settings.Number(vocab.WorkerConnections); ok {
		connections = n
	}
	asked := 0
	low := false
	for _, w := range x.match.Gateway.Workers {
		if w.Draining || asked == serversMost {
			continue
		}
		asked++
		pid := w.Process.PID
		d, when, ok := x.detail(ctx, pid)
		if !ok {
			continue
		}
		where := "pid " + strconv.Itoa(pid)
		limit := int(d.OpenFiles.Soft)
		if d.Open >= 0 && limit > 0 {
			o := x.onGateway(vocab.GatewayFilesShort, when, evidence.Process, where, fmt.Sprintf("%d descriptors open, and it may have %d", d.Open, limit))
			o.absent = !nearly(d.Open, limit)
			if !o.absent || len(x.match.Gateway.Workers) == 1 {
				x.add(o)
			}
		}
		if connections > 0 && limit > 0 && float64(limit) < connections && !low {
			low = true
			x.add(x.onGateway(vocab.GatewayFilesLow, when, evidence.Process, where, fmt.Sprintf("it may have %d descriptors and is configured for %.0f connections", limit, connections)))
		}
		if d.Open >= 0 && connections > 0 && nearly(d.Sockets, int(connections)) {
			x.add(x.onGateway(vocab.GatewayConnectionsShort, when, evidence.Process, where, fmt.Sprintf("%d sockets, and it may have %.0f connections", d.Sockets, connections)))
		}
	}
}

// roomLeast is what a file system must have free not to count as full.
const roomLeast = 1 << 20

// shortOf says of a file system what it is short of; empty: of nothing.
func shortOf(d host.Disk) string {
	switch {
	case d.Missing || d.Size <= 0:
		return ""
	case d.Inodes > 0 && d.FreeNodes <= 0:
		return "no inodes free on the file system of " + d.Path
	case d.Free < roomLeast && d.Free*50 < d.Size:
		return fmt.Sprintf("%d kB of %d kB free on the file system of %s", d.Free>>10, d.Size>>10, d.Path)
	}
	return ""
}

// diskFacts looks at the file systems that the gateway writes to, and at those of
// applications that answer with errors of their own.
func (x *examination) diskFacts(ctx context.Context, look hostLook) {
	if x.seen(vocab.GatewayDiskFull) || x.opts.Deep {
		for _, p := range x.gatewayFolders() {
			d, ok := askView(x, "host/disk", p, func(v *host.View) (host.Disk, error) { return v.Disk(ctx, p) })
			if words := shortOf(d); ok && words != "" {
				x.add(x.onGateway(vocab.GatewayDiskShort, look.When, evidence.File, p, words))
				break
			}
		}
	}
	if !x.seen(vocab.AnswerUpstreamError, vocab.ProbeErrorStatus, vocab.AppErrorLogged, vocab.AppNoSpace) && !x.opts.Deep {
		return
	}
	for _, u := range x.upstreams {
		x.appDisk(ctx, u)
	}
}

func (x *examination) appDisk(ctx context.Context, u *upstream) {
	if len(u.Processes) == 0 {
		return
	}
	place := x.placeOf(ctx, u.Processes[0].PID)
	folders := x.appFolders(u)
	mounts, _, _ := ask(x, "host/mounts", strconv.Itoa(u.Processes[0].PID), func() ([]string, error) { return host.ReadMounts(ctx, u.Processes[0].PID) })
	for _, p := range append(folders, below(mounts, folders)...) {
		d, _, ok := ask(x, "host/disk", place.Subject(p), seeing(x, place, func(v *host.View) (host.Disk, error) { return v.Disk(ctx, p) }))
		if words := shortOf(d); ok && words != "" {
			x.add(u.about(vocab.EndpointDiskShort, evidence.File, p, words))
			return
		}
	}
}

// foldersMost bounds the folders whose file system is asked for.
const foldersMost = 6

// gatewayFolders lists folders that the gateway writes to: those of the files
// that its log could not write, then those of its logs.
func (x *examination) gatewayFolders() []string {
	var list []string
	add := func(p string) {
		if strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "/dev/") && len(list) < foldersMost && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, hits := range [][]scan.Hit{x.hits, x.loose} {
		for _, h := range hits {
			if x.cond(h).Fact == vocab.GatewayDiskFull {
				// The file itself is gone: the folders above it stay.
				for p, depth := path.Dir(quotedPath(h.Raw, `"`)), 0; len(p) > 1 && depth < 3; p, depth = path.Dir(p), depth+1 {
					add(p)
				}
			}
		}
	}
	for _, l := range x.match.Gateway.Conf.Instance.Logs {
		add(path.Dir(l.Path))
	}
	return list
}

// quotedPath returns the first absolute path in quotes, of one of the kinds.
func quotedPath(text string, quotes ...string) string {
	for _, q := range quotes {
		_, rest, ok := strings.Cut(text, q+"/")
		if p, _, closed := strings.Cut(rest, q); ok && closed {
			return "/" + p
		}
	}
	return ""
}

// appFolders lists where an application writes: its logs and its own folder.
func (x *examination) appFolders(u *upstream) []string {
	var list []string
	add := func(p string) {
		if strings.HasPrefix(p, "/") && len(list) < foldersMost && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, h := range u.words() {
		if x.cond(h).Fact == vocab.AppNoSpace {
			for p, depth := path.Dir(quotedPath(h.Raw, "'", `"`)), 0; len(p) > 1 && depth < 2; p, depth = path.Dir(p), depth+1 {
				add(p)
			}
		}
	}
	for _, p := range u.Processes {
		if p.Cwd != "/" {
			add(p.Cwd)
		}
		for _, a := range p.Args[min(1, len(p.Args)):] {
			add(path.Dir(a))
		}
	}
	for _, l := range u.AppLogs {
		add(path.Dir(l.Path))
	}
	return list
}

// below returns the mounts that lie below one of the folders.
func below(mounts, folders []string) []string {
	var found []string
	for _, m := range mounts {
		for _, f := range folders {
			if strings.HasPrefix(m, strings.TrimSuffix(f, "/")+"/") && len(found) < foldersMost && !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found
}

// conntrackFacts compares the table of tracked connections with its size, where
// connects get no answer.
func (x *examination) conntrackFacts(ctx context.Context) {
	if !x.seen(vocab.GatewayConnectTimeout, vocab.ProbeConnectTimeout, vocab.KernelConntrackFull) && !x.opts.Deep {
		return
	}
	c, ok := askView(x, "host/conntrack", "", func(v *host.View) (host.Conntrack, error) { return v.Conntrack(ctx) })
	if !ok || !c.Loaded || c.Max == 0 {
		return
	}
	o := x.onGateway(vocab.ConntrackShort, x.to, evidence.Kernel, "nf_conntrack", fmt.Sprintf("%d of %d entries", c.Count, c.Max))
	o.absent = c.Count < c.Max-c.Max/500
	x.add(o)
}

// clockNote tells of a clock that was set while goodgate looked: times of logs
// cannot be compared then.
func (x *examination) clockNote(before, after hostLook) {
	if before.Clock == nil || after.Clock == nil {
		return
	}
	if by := before.Clock.Jumped(*after.Clock); by.Abs() > time.Second {
		x.note("the host's clock was set by %s while goodgate looked: times before and after cannot be compared", by.Round(time.Millisecond))
	}
}

// denialFacts asks the audit log who was refused, where something was.
func (x *examination) denialFacts(ctx context.Context) {
	if !x.seen(vocab.GatewayDenied, vocab.GatewayFileDenied, vocab.ProbeDenied) && !x.opts.Deep {
		return
	}
	d, _, ok := ask(x, "host/denials", "", func() (host.Denials, error) { return host.ReadDenials(ctx, x.from) })
	if !ok {
		return
	}
	for _, g := range d.Gaps {
		x.gap(g)
	}
	for _, r := range d.List {
		if r.Only || !x.refused(r) {
			continue
		}
		o := observation{fact: vocab.SecurityDeniedFile, subject: x.gateway, when: r.When, kind: evidence.Kernel, where: r.Module, quote: r.Text,
			value: fmt.Sprintf("%s refused %s %s %s", r.Module, r.Comm, r.What, r.Object)}
		if strings.Contains(r.What, "connect") {
			u := x.deniedUpstream(r)
			if u == nil {
				continue
			}
			o.fact, o.subject = vocab.SecurityDeniedConnect, u.Addr
		}
		x.add(o)
	}
}

// deniedUpstream returns the upstream that a refused connect was for.
func (x *examination) deniedUpstream(r host.Denial) *upstream {
	for _, u := range x.upstreams {
		if u.unix() && r.Object != "" && "unix:"+r.Object == u.Addr || !u.unix() && r.Object != "" && strings.HasSuffix(u.Addr, ":"+r.Object) {
			return u
		}
	}
	if len(x.upstreams) == 1 && r.Object == "" {
		return x.upstreams[0]
	}
	return nil
}

// refused reports whether a denial is of the gateway. One that has gone is known by
// its name, where no other gateway runs here.
func (x *examination) refused(r host.Denial) bool {
	g := x.match.Gateway
	return g.Has(r.PID) || r.Comm != "" && r.Comm == g.Master.Comm && len(x.survey.Gateways) == 1
}
