package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// socketFacts says whether anything listens. Only an address of the gateway's
// own host can be judged by its socket table.
func (x *examination) socketFacts(ctx context.Context, u *upstream, before, after picture) {
	defer x.endFacts(u)
	if u.Unix != nil {
		x.unixFacts(u)
	}
	if !u.Local || !after.ok {
		return
	}
	if len(u.After) == 0 {
		if !u.unix() {
			x.add(u.about(vocab.NoListener, evidence.Socket, "socket table", ""))
			x.stoppedFacts(ctx, u)
		}
		if len(u.Before) > 0 && before.ok {
			x.add(u.about(vocab.ProcessVanished, evidence.Socket, "socket table", "it listened before our request"))
		}
		return
	}
	l := u.After[0]
	x.add(u.about(vocab.ListenerPresent, evidence.Socket, "socket "+l.Address, listenerWords(l, after.Processes)))
	if l.Backlog > 0 && l.Waiting >= 0 {
		words := fmt.Sprintf("%d waiting, room for %d", l.Waiting, l.Backlog)
		full := u.about(vocab.ListenerQueueFull, evidence.Socket, "socket "+l.Address, words)
		full.absent = l.Waiting < l.Backlog
		x.add(full)
		if full.absent && u.Connected && !u.Connect.OK && u.Connect.Errno != "EACCES" && u.Connect.Errno != "EADDRNOTAVAIL" {
			x.add(u.about(vocab.ListenerGated, evidence.Socket, "socket "+l.Address, words+", and "+u.Connect.Errno))
		}
	}
}

// stoppedFacts names the gateway that should listen at an upstream's address and does
// not run: what stands there need not be the application.
func (x *examination) stoppedFacts(ctx context.Context, u *upstream) {
	if x.opts.Quick || !x.place.Own() {
		return
	}
	g := x.survey.Stopped(ctx, x.rec, x.views, x.opts.Dialects, u.Addr)
	if g == nil || g == x.match.Gateway {
		return
	}
	words := g.Dialect.Name + ", which is configured to listen there, does not run"
	problems := g.Conf.Instance.Problems
	if i := slices.IndexFunc(problems, func(p topo.Problem) bool { return p.Fatal }); i >= 0 {
		words += ", and its configuration does not load: " + problems[i].Text
	}
	x.add(u.about(vocab.StoppedGateway, evidence.File, g.Launch.Config, words))
}

// endFacts says of an upstream where nothing listens that a crash would not show:
// a gateway that repeats requests without a word logs only that the second connect
// was refused, as where somebody stopped the application.
func (x *examination) endFacts(u *upstream) {
	if x.match.Gateway.Dialect.Repeats && (x.has(vocab.NoListener, u.Addr) || x.has(vocab.SocketStale, u.Addr)) {
		x.add(u.about(vocab.EndUnseen, evidence.GatewayLog, x.match.Gateway.Dialect.Name, ""))
	}
}

// replacedFacts compares who listened before our own request and at the end.
func (x *examination) replacedFacts(u *upstream, before, after picture) {
	a, b := pids(u.Before), pids(after.at(u.Addr))
	if len(a) > 0 && len(b) == 0 && after.ok && len(u.After) > 0 {
		x.add(u.about(vocab.ProcessVanished, evidence.Socket, "socket table", "it listened before our requests, and does not after them"))
	}
	if len(a) == 0 || len(b) == 0 {
		return
	}
	if slices.Equal(a, b) && len(before.Listeners.Gaps) == 0 && len(x.own) > 0 && x.broke(u) {
		x.add(u.about(vocab.ListenerKept, evidence.Process, "pid "+strconv.Itoa(a[0]), fmt.Sprintf("%d processes, the same before and after our request", len(a))))
	}
	fact := vocab.ListenerReplaced
	if slices.ContainsFunc(a, func(id int) bool { return slices.Contains(b, id) }) {
		fact = vocab.WorkerReplaced
	}
	for _, id := range a {
		if slices.Contains(b, id) {
			continue
		}
		p, _ := before.Processes.Find(id)
		if _, alive := slices.BinarySearch(after.PIDs, id); alive {
			continue
		}
		x.add(u.about(fact, evidence.Process, "pid "+strconv.Itoa(id), fmt.Sprintf("%s (pid %d) was there before our request and is gone", p.Comm, id)))
		return
	}
}

// broke reports whether connections to the upstream broke, or may have: then it
// matters whether its processes live on.
func (x *examination) broke(u *upstream) bool {
	return slices.ContainsFunc(x.failures, func(f evidence.Failure) bool {
		return slices.Contains(f.Subjects[vocab.RoleEndpoint], u.Addr) && (f.Symptom == vocab.ConnectionTerminated || f.Symptom == vocab.HTTPResponseIncomplete || f.Symptom == "")
	})
}

func listenerWords(l host.Listener, all host.Processes) string {
	if len(l.PIDs) == 0 {
		return l.Address
	}
	if p, ok := all.Find(l.PIDs[0]); ok {
		return processWords(p)
	}
	return "pid " + strconv.Itoa(l.PIDs[0])
}

func processWords(p host.Process) string {
	words := strings.Join(p.Args, " ")
	if words == "" {
		words = p.Comm
	}
	return fmt.Sprintf("%s (pid %d)", clip(words, 80), p.PID)
}

// unixFacts says what stands at the path of a unix socket, and who may use it.
func (x *examination) unixFacts(u *upstream) {
	r := u.Unix
	where := r.Path
	switch {
	case r.Missing != "" && x.place.Assumed:
		// The gateway may have a folder of its own there (PrivateTmp).
		x.gap(evidence.Gap{Source: "unix socket " + r.Path, Why: r.Missing + " does not exist here, and the gateway may see other files", Allow: "run as root: sudo goodgate diagnose …"})
	case r.Missing != "":
		x.add(u.about(vocab.NoListener, evidence.File, where, r.Missing+" does not exist"))
	case r.Listens != nil && !*r.Listens:
		x.add(u.about(vocab.SocketStale, evidence.Socket, where, "nobody listens on it"))
	}
	if r.Denied != "" {
		x.add(u.about(vocab.SocketModeDenies, evidence.File, r.Denied, r.Why))
	} else if r.Missing == "" && r.IsSocket && r.Unsure == "" {
		x.add(u.about(vocab.SocketModeAllows, evidence.File, where, ""))
	}
}

// processFacts says how the processes fare that hold the listener.
func (x *examination) processFacts(ctx context.Context, u *upstream, after picture) {
	var newest host.Process
	for _, id := range pids(u.After) {
		p, ok := after.Processes.Find(id)
		if !ok {
			continue
		}
		if p.Started.After(newest.Started) {
			newest = p
		}
		switch p.State {
		case "T", "t":
			x.add(u.about(vocab.ListenerStopped, evidence.Process, "pid "+strconv.Itoa(id), "stopped (state "+p.State+")"))
		case "D":
			x.stuckFact(ctx, u, id)
		}
	}
	if newest.PID == 0 {
		return
	}
	for _, f := range x.failures {
		if f.Endpoint() != u.Addr {
			continue
		}
		o := observation{subject: u.Addr, when: f.To, kind: evidence.Process, where: "pid " + strconv.Itoa(newest.PID), value: x.clock(newest.Started)}
		// Logs count in seconds: within one, which came first is not known.
		switch {
		case newest.Started.After(f.From.Add(time.Second)):
			o.fact = vocab.ListenerNewer
		case newest.Started.Before(f.From.Add(-time.Second)):
			o.fact = vocab.ListenerOlder
		default:
			continue
		}
		x.add(o)
	}
}
