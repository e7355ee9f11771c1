package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// managerFacts says what systemd and the container engine know of the upstreams:
// how the application ended, that it was started again, on which networks it is.
// They are asked where an upstream does not run as it should.
func (x *examination) managerFacts(ctx context.Context) {
	for _, u := range x.upstreams {
		if !x.endedOrNew(u) && !x.opts.Deep {
			continue
		}
		x.unitFacts(ctx, u)
		x.containerFacts(ctx, u)
	}
}

// endedOrNew reports whether the upstream's process is gone, or came after the
// failure began, or cannot be reached.
func (x *examination) endedOrNew(u *upstream) bool {
	for _, f := range []vocab.Fact{
		vocab.NoListener, vocab.SocketStale, vocab.ListenerNewer, vocab.ListenerReplaced, vocab.WorkerReplaced, vocab.ProcessVanished,
		vocab.ProbeRefused, vocab.ProbeSocketMissing, vocab.ProbeConnectTimeout, vocab.ProbeUnroutable, vocab.ProbeDenied,
	} {
		if x.has(f, u.Addr) {
			return true
		}
	}
	return false
}

// unitFacts asks systemd for the service that an upstream belongs to: by its
// control group while it runs, else by the names and commands of the services
// that do not.
func (x *examination) unitFacts(ctx context.Context, u *upstream) {
	if !u.Local {
		return
	}
	name := ""
	for _, p := range u.Processes {
		name = cmp.Or(name, host.UnitOf(p.Cgroup))
	}
	var units host.Units
	var ok bool
	if name != "" {
		units, ok = askManager(x, "host/units", name, func(v *host.View) (host.Units, error) { return v.Units(ctx, []string{name}) })
	} else {
		marks := x.siteMarks()
		units, ok = askManager(x, "host/units stopped", u.Addr, func(v *host.View) (host.Units, error) {
			return v.UnitsNotRunning(ctx, func(name, state string) bool { return state != "inactive" || calledAs(name, u, marks) })
		})
	}
	if !ok {
		return
	}
	for _, unit := range units.List {
		if unit.LoadState == "loaded" && (name != "" || x.runs(unit, u)) {
			x.unitFact(u, unit)
			return
		}
	}
}

// askManager is askView that notes no gap where simply no systemd runs.
func askManager(x *examination, source, subject string, live func(*host.View) (host.Units, error)) (host.Units, bool) {
	r, _, err := evidence.Ask(x.rec, source, x.place.Subject(subject), seeing(x, x.place, live))
	if gap, ok := err.(*evidence.Gap); ok && gap.Allow != "" {
		x.gap(*gap)
	}
	return r, err == nil
}

// calledAs reports whether a service is called as the upstream's socket, or carries a
// word of the site's own.
func calledAs(name string, u *upstream, marks []string) bool {
	stem := strings.TrimSuffix(name, ".service")
	if u.unix() && strings.TrimSuffix(path.Base(u.Addr), path.Ext(u.Addr)) == stem {
		return true
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(stem), separator) {
		if slices.Contains(marks, word) {
			return true
		}
	}
	return false
}

// runs reports whether a service is the one that should listen at an upstream: its
// command or environment names the port or the socket, or it is called so.
func (x *examination) runs(unit host.Unit, u *upstream) bool {
	if u.unix() {
		_, socket := u.network()
		return unit.Mentions(path.Base(socket)) || calledAs(unit.Name, u, x.siteMarks())
	}
	_, port, err := net.SplitHostPort(u.Addr)
	return err == nil && unit.Mentions(port) || calledAs(unit.Name, u, x.siteMarks())
}

// otherRoot says that the path of a unix socket leads the gateway elsewhere than
// the process that listens at it: with PrivateTmp=, in a container, in a chroot.
// The kernel tells the paths of sockets as their makers spelled them.
func (x *examination) otherRoot(ctx context.Context, u *upstream) {
	if u.Unix == nil || u.Unix.Missing == "" || x.place.Assumed {
		return
	}
	for _, id := range pids(u.After) {
		p := x.placeOf(ctx, id)
		if p.PID != id || p.Assumed || p.Mount == "" || p.Mount == x.place.Mount && p.Root == x.place.Root {
			continue
		}
		x.add(u.about(vocab.ListenerOtherRoot, evidence.Process, "pid "+strconv.Itoa(id), fmt.Sprintf("pid %d listens at %s in a file system of its own", id, strings.TrimPrefix(u.Addr, "unix:"))))
		return
	}
}

// unitFact says how a service fares.
func (x *examination) unitFact(u *upstream, unit host.Unit) {
	where := "systemd " + unit.Name
	at := x.clock(unit.Ended)
	if unit.Ended.IsZero() {
		at = "an unknown time"
	}
	say := func(fact vocab.Fact, format string, args ...any) {
		x.add(u.about(fact, evidence.Process, where, unit.Name+": "+fmt.Sprintf(format, args...)))
	}
	again := unit.SubState == "auto-restart" || unit.Restarts > 0 && x.during(u, unit.Started)
	switch {
	case unit.Result == "oom-kill":
		say(vocab.UnitOOMKilled, "killed for lack of memory at %s", at)
	case unit.Result == "signal" || unit.Result == "core-dump":
		say(vocab.UnitKilled, "ended by %s at %s", syscall.Signal(unit.Status), at)
	case unit.ActiveState == "failed":
		say(vocab.UnitFailed, "%s, status %d, at %s", unit.Result, unit.Status, at)
	case again:
		say(vocab.UnitRestarts, "started again %d times, the last one ended with status %d", unit.Restarts, unit.Status)
	case unit.ActiveState == "inactive":
		say(vocab.UnitStopped, "stopped, or never started")
	}
	if unit.PrivateTmp && u.unix() && (strings.HasPrefix(u.Addr, "unix:/tmp/") || strings.HasPrefix(u.Addr, "unix:/var/tmp/")) {
		say(vocab.UnitPrivateTmp, "PrivateTmp=yes, and the socket lies in /tmp")
	}
}

// during reports whether something happened while an upstream failed.
func (x *examination) during(u *upstream, when time.Time) bool {
	for _, f := range x.failures {
		if f.Endpoint() == u.Addr && !when.IsZero() && !when.Before(f.From.Add(-2*time.Minute)) {
			return true
		}
	}
	return false
}

// containerFacts asks the engine for the container behind an upstream.
func (x *examination) containerFacts(ctx context.Context, u *upstream) {
	if u.unix() {
		return
	}
	all, _, err := evidence.Ask(x.rec, "host/containers", "", func() (host.Containers, error) { return host.ListContainers(ctx) })
	if err != nil {
		if gap, ok := err.(*evidence.Gap); ok && gap.Allow != "" {
			x.gap(*gap)
		}
		return
	}
	c, moved := containerOf(all, u)
	if c == nil {
		return
	}
	where := "container " + c.Name
	say := func(fact vocab.Fact, format string, args ...any) {
		x.add(u.about(fact, evidence.Process, where, c.Name+": "+fmt.Sprintf(format, args...)))
	}
	switch {
	case c.OOMKilled && c.State != "running":
		say(vocab.ContainerOOM, "killed for lack of memory at %s", x.clock(c.Finished))
	case c.State == "exited" || c.State == "dead":
		say(vocab.ContainerExited, "it ended with exit code %d at %s", c.ExitCode, x.clock(c.Finished))
	case c.State == "paused":
		say(vocab.ContainerPaused, "it is paused")
	case c.State == "restarting" || c.Restarts > 0 && x.during(u, c.Started):
		say(vocab.ContainerRestarts, "started again %d times, the last one ended with exit code %d", c.Restarts, c.ExitCode)
	}
	if moved && c.State == "running" {
		say(vocab.ContainerMoved, "it has the address %s now", strings.Join(addressesOf(*c), ", "))
	}
	if own := containerByID(all, x.place.Container); own != nil && len(own.Networks) > 0 && len(c.Networks) > 0 && !shareNetwork(*own, *c) {
		say(vocab.ContainerApart, "the gateway's container is on %s, this one on %s", networksOf(*own), networksOf(*c))
	}
}

// containerOf finds the container that an upstream is: by its address, by a port
// that it publishes on this host, or by its name. moved says that it was found by
// name and has another address than the one that is dialled.
func containerOf(all host.Containers, u *upstream) (found *host.Container, moved bool) {
	ip, port, err := net.SplitHostPort(u.Addr)
	if err != nil {
		return nil, false
	}
	var number int
	if _, err := fmt.Sscan(port, &number); err != nil {
		return nil, false
	}
	for i := range all.List {
		c := &all.List[i]
		if slices.Contains(addressesOf(*c), ip) || u.Local && c.PublishedAs(number) != 0 {
			return c, false
		}
	}
	for i := range all.List {
		c := &all.List[i]
		if u.Name != "" && (c.Name == u.Name || c.Service == u.Name) {
			return c, len(addressesOf(*c)) > 0
		}
	}
	return nil, false
}

func containerByID(all host.Containers, id string) *host.Container {
	for i := range all.List {
		if id != "" && all.List[i].ID == id {
			return &all.List[i]
		}
	}
	return nil
}

func addressesOf(c host.Container) []string {
	var list []string
	for _, a := range c.Networks {
		if a != "" {
			list = append(list, a)
		}
	}
	slices.Sort(list)
	return list
}

func shareNetwork(a, b host.Container) bool {
	for name := range a.Networks {
		if _, ok := b.Networks[name]; ok {
			return true
		}
	}
	return false
}

func networksOf(c host.Container) string {
	var names []string
	for name := range c.Networks {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
