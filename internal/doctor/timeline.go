package doctor

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// EventKind says what sort of thing happened.
type EventKind string

// The kinds of events.
const (
	EventFailure     EventKind = "failure"     // requests failed
	EventStart       EventKind = "start"       // a process, unit or container started
	EventEnd         EventKind = "end"         // one ended
	EventReload      EventKind = "reload"      // the gateway loaded its configuration anew
	EventConfig      EventKind = "config"      // a file of the gateway's configuration was changed
	EventDeploy      EventKind = "deploy"      // a file of the application was changed
	EventCertificate EventKind = "certificate" // a certificate began or ended
	EventNames       EventKind = "names"       // a file that decides how names resolve was changed
	EventLog         EventKind = "log"         // the gateway, the application or the kernel wrote it
)

// changes reports whether events of a kind alter something from then on: a failure
// may follow from them.
func (k EventKind) changes() bool { return k != EventFailure && k != EventLog }

// Event is one thing that has a time.
type Event struct {
	When   time.Time `json:"when"`
	Kind   EventKind `json:"kind"`
	What   string    `json:"what"`            // a short phrase
	Where  string    `json:"where,omitempty"` // as in an item's origin
	Offset float64   `json:"offset"`          // seconds after the first failure; negative: before it
	Count  int       `json:"count,omitempty"` // how often it was seen in the window, where more than once

	// JustBefore says that something changed in the two minutes before the first
	// failure. That is a coincidence to look at, and proves nothing: it makes no
	// cause surer.
	JustBefore bool `json:"just_before,omitempty"`
}

const (
	timelineAround = time.Hour          // before the first failure, and everything until a moment after the last
	timelineAfter  = 5 * time.Minute    // that moment
	timelineChange = 7 * 24 * time.Hour // how far back the last change is looked for, where there is none nearer
	timelineMost   = 14                 // events
	justBefore     = 2 * time.Minute    // see Event.JustBefore
)

// timeline lists what happened around the first failure of the worst group, by
// time.
func (x *examination) timeline() []Event {
	if len(x.failures) == 0 || x.match == nil {
		return nil
	}
	f := x.failures[0]
	all := x.gatewayEvents()
	for _, u := range x.upstreams {
		all = append(all, x.upstreamEvents(u)...)
	}
	all = append(all, x.lineEvents()...)
	all = append(all, x.changed...)
	return selected(f, all)
}

// selected returns the events that are near the failure, with the failure itself.
func selected(f evidence.Failure, all []Event) []Event {
	first := Event{When: f.From, Kind: EventFailure, What: "the first failure: " + failureWords(f), Count: max(f.Count, 1)}
	near := make([]Event, 0, len(all))
	var change *Event
	for i, e := range all {
		switch {
		case e.When.IsZero() || e.When.After(f.To.Add(timelineAfter)) || f.From.Sub(e.When) > timelineChange:
		case f.From.Sub(e.When) <= timelineAround:
			near = append(near, e)
		case e.Kind.changes() && (change == nil || e.When.After(change.When)):
			change = &all[i]
		}
	}
	if change != nil && !slices.ContainsFunc(near, func(e Event) bool { return e.Kind.changes() && e.When.Before(f.From) }) {
		near = append(near, *change)
	}
	distance := func(e Event) time.Duration { return e.When.Sub(f.From).Abs() }
	slices.SortStableFunc(near, func(a, b Event) int { return int(distance(a) - distance(b)) })
	if len(near) > timelineMost-2 {
		near = near[:timelineMost-2]
	}
	near = append(near, first)
	if f.To.After(f.From) {
		near = append(near, Event{When: f.To, Kind: EventFailure, What: "the last failure seen"})
	}
	slices.SortStableFunc(near, func(a, b Event) int { return a.When.Compare(b.When) })
	for i := range near {
		e := &near[i]
		e.When = e.When.UTC()
		before := f.From.Sub(e.When)
		e.Offset = -before.Round(time.Millisecond).Seconds()
		e.JustBefore = e.Kind.changes() && before >= 0 && before <= justBefore
	}
	return near
}

func failureWords(f evidence.Failure) string {
	what := string(f.Symptom)
	if what == "" && f.Status > 0 {
		what = fmt.Sprint(f.Status)
	}
	if e := f.Endpoint(); e != "" {
		what += " at " + e
	}
	return strings.TrimSpace(what)
}

// gatewayEvents says when the gateway started, was loaded anew, and was changed.
func (x *examination) gatewayEvents() []Event {
	g := x.match.Gateway
	var all []Event
	name := g.Conf.Instance.Product
	if g.Running {
		all = append(all, Event{When: g.Master.Started, Kind: EventStart, What: fmt.Sprintf("%s started", name), Where: fmt.Sprintf("pid %d", g.Master.PID)})
		var newest time.Time
		pid := 0
		for _, w := range g.Workers {
			if w.Process.Started.After(newest) && !w.Draining {
				newest, pid = w.Process.Started, w.Process.PID
			}
		}
		if newest.Sub(g.Master.Started) > 3*time.Second {
			all = append(all, Event{When: newest, Kind: EventReload, What: name + " has workers since then: it was loaded anew, or one of them ended", Where: fmt.Sprintf("pid %d", pid)})
		}
	}
	for _, f := range g.ConfigFiles() {
		if !f.Missing && f.Kind != "directory" {
			all = append(all, Event{When: f.Modified, Kind: EventConfig, What: "the configuration was changed", Where: f.Path})
		}
	}
	return newestOf(all, EventConfig, 3)
}

// newestOf keeps the newest few events of a kind, and all others.
func newestOf(all []Event, kind EventKind, most int) []Event {
	slices.SortStableFunc(all, func(a, b Event) int { return b.When.Compare(a.When) })
	kept := 0
	return slices.DeleteFunc(all, func(e Event) bool {
		if e.Kind != kind {
			return false
		}
		kept++
		return kept > most
	})
}

// upstreamEvents says when an upstream's processes started, and from when to when
// its certificate is good.
func (x *examination) upstreamEvents(u *upstream) []Event {
	var all []Event
	for _, p := range u.Processes {
		all = append(all, Event{When: p.Started, Kind: EventStart, What: processName(p.Comm, p.Args) + " started, which listens at " + u.Addr, Where: fmt.Sprintf("pid %d", p.PID)})
	}
	all = newestOf(all, EventStart, 2)
	if u.Handshake == nil {
		return all
	}
	for _, c := range u.Handshake.First.Certs {
		who := "the certificate of " + cmp.Or(c.Subject, u.Addr)
		all = append(all,
			Event{When: c.NotBefore, Kind: EventCertificate, What: who + " begins", Where: "tls " + u.Addr},
			Event{When: c.NotAfter, Kind: EventCertificate, What: who + " ends", Where: "tls " + u.Addr})
	}
	return all
}

// processName is what a person would call a process: a script rather than its
// interpreter.
func processName(comm string, args []string) string {
	for _, a := range args[min(1, len(args)):] {
		if strings.HasPrefix(a, "-") {
			continue
		}
		if ext := path.Ext(a); ext == ".js" || ext == ".py" || ext == ".rb" || ext == ".jar" || ext == ".mjs" || ext == ".cjs" {
			return comm + " " + path.Base(a)
		}
	}
	return comm
}

// eventFacts are the facts of log lines that are worth a place in the timeline:
// what happened to a process or to the gateway, not that requests failed.
var eventFacts = map[vocab.Fact]EventKind{
	vocab.AppCrashed: EventEnd, vocab.AppWorkerKilled: EventEnd, vocab.AppSigkilled: EventEnd, vocab.AppOOMKilled: EventEnd, vocab.AppStopping: EventEnd,
	vocab.AppStarting: EventStart, vocab.AppListening: EventStart, vocab.AppBootFailed: EventEnd, vocab.AppCannotListen: EventLog,
	vocab.AppDependencyFailed: EventLog, vocab.AppErrorLogged: EventLog, vocab.AppWorkersExhausted: EventLog, vocab.AppQueueFull: EventLog, vocab.AppNoFiles: EventLog,
	vocab.AppNoSpace: EventLog, vocab.AppCannotFork: EventLog, vocab.AppSlowLogged: EventLog,
	vocab.KernelSegfault: EventEnd, vocab.KernelConntrackFull: EventLog, vocab.KernelQueueFull: EventLog,
	vocab.GatewayReloaded: EventReload, vocab.GatewayConfigRejected: EventConfig, vocab.GatewayStartNameMissing: EventConfig, vocab.GatewayWorkerDied: EventEnd, vocab.GatewayCannotBind: EventLog,
	vocab.GatewayServerDisabled: EventLog, vocab.GatewayNoFiles: EventLog, vocab.GatewayNoConnections: EventLog, vocab.GatewayDiskFull: EventLog,
	vocab.UnitRestarts: EventStart, vocab.UnitFailed: EventEnd, vocab.UnitKilled: EventEnd, vocab.UnitOOMKilled: EventEnd, vocab.ContainerExited: EventEnd,
	vocab.ContainerOOM: EventEnd, vocab.ContainerRestarts: EventStart, vocab.ListenerReplaced: EventStart, vocab.WorkerReplaced: EventStart,
}

// lineEvents takes the events out of the gateway's lines about no request, the
// applications' logs, and the items of the kernel and of managers.
func (x *examination) lineEvents() []Event {
	var all []Event
	add := func(fact vocab.Fact, when time.Time, where, value string, count int) {
		kind, ok := eventFacts[fact]
		info, known := fact.Info()
		if !ok || !known || when.IsZero() {
			return
		}
		what := info.Meaning
		if value != "" {
			what += " (" + clip(value, 120) + ")"
		}
		for i := range all {
			if e := &all[i]; e.What == what && sameFile(e.Where, where) {
				e.Count = max(e.Count, 1) + max(count, 1)
				if when.Before(e.When) {
					e.When, e.Where = when, where
				}
				return
			}
		}
		all = append(all, Event{When: when, Kind: kind, What: what, Where: where, Count: count})
	}
	lines := func(hits []scan.Hit) {
		for _, h := range hits {
			if x.from.Sub(h.Time) <= timelineAround {
				add(x.cond(h).Fact, h.Time, h.Place, "", 0)
			}
		}
	}
	lines(x.loose)
	for _, u := range x.upstreams {
		for _, l := range u.AppLogs {
			lines(l.Extract.Hits)
		}
	}
	for _, it := range x.items {
		switch it.Origin.Kind {
		case evidence.Kernel, evidence.Process, evidence.Socket:
			if info, _ := it.Fact.Info(); info.Span == vocab.Past && !it.Absent {
				add(it.Fact, it.When, it.Origin.Where, it.Value, it.Count)
			}
		}
	}
	return all
}

// sameFile reports whether two places are of one file, or one source.
func sameFile(a, b string) bool {
	return strings.TrimRight(a, "0123456789@:") == strings.TrimRight(b, "0123456789@:")
}
