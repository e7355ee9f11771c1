package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// picture is what listens in the gateway's place at one moment, and who.
type picture struct {
	Listeners host.Listeners `json:"listeners"`
	Processes host.Processes `json:"processes"` // that hold a listener, and their parents
	PIDs      []int          `json:"pids"`      // every process that lives, sorted; not of the look before

	ok   bool
	when time.Time
}

// RedactWith takes the secrets out of arguments.
func (p *picture) RedactWith(r *evidence.Redactor) { p.Processes.RedactWith(r) }

// lookAtUpstreams takes a picture of sockets and processes: before our own request,
// after it, and at the end. What the survey saw is no picture from before: a worker
// that was replaced while it read configurations would seem to have died of our
// request.
func (x *examination) lookAtUpstreams(ctx context.Context, when string) picture {
	if x.decision.Forward == nil || x.past() {
		return picture{}
	}
	x.progress("looking at sockets and processes")
	p, at, ok := ask(x, "doctor/picture "+when, x.place.Subject(""), seeing(x, x.place, func(v *host.View) (p picture, err error) {
		if p.Listeners, err = v.Listeners(ctx); err != nil {
			return picture{}, err
		}
		if p.Processes, err = host.ReadFamilies(ctx, pids(p.Listeners.List)); err != nil {
			return picture{}, err
		}
		if when != "before" {
			p.PIDs, err = host.ListLiving(ctx)
		}
		return p, err
	}))
	p.ok, p.when = ok, at
	if when == "after" {
		for _, g := range p.Listeners.Gaps {
			x.gap(g)
		}
	}
	return p
}

// at returns the listeners that take connections to addr.
func (p picture) at(addr string) []host.Listener {
	var found []host.Listener
	for _, l := range p.Listeners.List {
		if l.Takes(addr) {
			found = append(found, l)
		}
	}
	return found
}

// pids returns the processes that hold the listeners, sorted.
func pids(ls []host.Listener) []int {
	var all []int
	for _, l := range ls {
		all = append(all, l.PIDs...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// familyOf returns the processes with their parents, as long as the parent runs
// the same program: master and workers of an application server.
func familyOf(all host.Processes, ids []int) []host.Process {
	var family []host.Process
	seen := map[int]bool{}
	for _, id := range ids {
		p, ok := all.Find(id)
		for ok && !seen[p.PID] {
			seen[p.PID] = true
			family = append(family, p)
			parent, found := all.Find(p.PPID)
			ok = found && parent.PID > 1 && (parent.Comm == p.Comm || parent.Exe != "" && parent.Exe == p.Exe)
			p = parent
		}
	}
	return family
}
