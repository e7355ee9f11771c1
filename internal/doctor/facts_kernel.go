package doctor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// kernelFacts joins what the kernel's log says with the upstreams, and with the
// gateway's host.
func (x *examination) kernelFacts(ctx context.Context) {
	if x.opts.Quick && !slices.ContainsFunc(x.failures, byDeath) {
		return
	}
	events, _, ok := ask(x, "host/kernel", "", func() (host.KernelEvents, error) {
		return host.ReadKernel(ctx, x.from.Add(-time.Minute))
	})
	if !ok {
		return
	}
	for _, e := range events.List {
		o := observation{value: clip(e.Text, 120), when: e.When, kind: evidence.Kernel, where: "kernel log", quote: e.Text}
		if e.Kind == "conntrack-full" {
			if e.Net == "" || x.place.Net == "" || e.Net == x.place.Net {
				o.fact, o.subject = vocab.KernelConntrackFull, x.gateway
				x.add(o)
			}
			continue
		}
		for _, u := range x.upstreams {
			if !x.tellsOf(e, u) {
				continue
			}
			o.subject = u.Addr
			switch e.Kind {
			case "queue-full":
				o.fact = vocab.KernelQueueFull
			case "oom", "cgroup-oom":
				o.fact = vocab.AppOOMKilled
			default:
				o.fact = vocab.KernelSegfault
			}
			x.add(o)
		}
	}
	x.notKilled(events)
}

// notKilled says of upstreams whose connections broke that the kernel's log covers
// the time and has no kill for lack of memory: without the log, one that died may
// have been killed.
func (x *examination) notKilled(events host.KernelEvents) {
	for _, f := range x.failures {
		died := x.has(vocab.ProcessVanished, f.Endpoint()) || x.has(vocab.ListenerReplaced, f.Endpoint()) || x.has(vocab.WorkerReplaced, f.Endpoint())
		if !byDeath(f) || f.Symptom == vocab.ConnectionRefused && !died || events.From.IsZero() || events.From.After(f.From) || x.has(vocab.AppOOMKilled, f.Endpoint()) {
			continue
		}
		x.add(observation{fact: vocab.AppOOMKilled, absent: true, subject: f.Endpoint(), when: f.To, kind: evidence.Kernel, where: "kernel log"})
	}
}

// byDeath reports whether a failure is one that the end of a process makes.
func byDeath(f evidence.Failure) bool {
	switch f.Symptom {
	case vocab.ConnectionTerminated, vocab.ConnectionRefused, vocab.HTTPResponseIncomplete:
		return true
	}
	return false
}

// tellsOf reports whether the kernel speaks of a process of an upstream. A number
// that was seen decides. A name alone is not enough, since many applications are
// called node or python3: then control group and user must be those of the
// upstream, one of its processes must be newer than the event, as where somebody
// started it again, and a request must have failed at that time.
func (x *examination) tellsOf(e host.KernelEvent, u *upstream) bool {
	if e.Kind == "queue-full" {
		return u.Local && !u.unix() && samePort(u.Addr, e.Port)
	}
	known := slices.ContainsFunc(u.Processes, func(p host.Process) bool { return p.PID == e.PID })
	for _, ls := range [][]host.Listener{u.Before, u.After} {
		// One that listened when goodgate began and is gone ended since then:
		// numbers are given again.
		if !known && slices.Contains(pids(ls), e.PID) && !e.When.Before(x.rec.Case().Started.Add(-2*time.Second)) {
			return true
		}
	}
	if len(u.Processes) == 0 {
		// Nobody listens: the site's own name is what is left to go by.
		return u.Local && len(u.After) == 0 && slices.Contains(x.siteMarks(), strings.ToLower(e.Comm))
	}
	newer := false
	for _, p := range u.Processes {
		if p.PID == e.PID && !p.Started.After(e.When.Add(2*time.Second)) {
			return true
		}
		newer = newer || p.Comm == e.Comm && p.PID > e.PID && !p.Started.Before(e.When.Add(-2*time.Second)) && fits(e, p)
	}
	return newer && x.failedAround(u, e.When)
}

// failedAround reports whether a request to the upstream failed at a time, to
// within a few seconds: the end of a process that nobody noticed is another's.
func (x *examination) failedAround(u *upstream, at time.Time) bool {
	const within = 3 * time.Second
	near := func(from, to time.Time) bool { return at.After(from.Add(-within)) && at.Before(to.Add(within)) }
	if slices.ContainsFunc(x.hits, func(h scan.Hit) bool { return h.Endpoint == u.Addr && near(h.Time, h.Time) }) {
		return true
	}
	return slices.ContainsFunc(x.own, func(o ownRequest) bool { return failed(o.AskResult) && near(o.Started, o.Ended) })
}

// fits reports whether user and control group of a killed process, where the
// kernel told them, are those of p. In a namespace of control groups processes
// show only the end of the path.
func fits(e host.KernelEvent, p host.Process) bool {
	if e.Group == "" {
		// Of kills in quick succession the kernel names only some groups
		// (oom_kill_process): the name alone is then too little.
		return e.Kind != "oom" && e.Kind != "cgroup-oom"
	}
	if p.UID >= 0 && p.UID != e.UID {
		return false
	}
	return p.MemGroup == "" || e.Group == p.MemGroup || p.MemGroup != "/" && strings.HasSuffix(e.Group, p.MemGroup)
}
