package doctor

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// appLogsMost bounds how many logs of one application are read.
const appLogsMost = 6

// readAppLogs reads what the application at an upstream wrote around the
// failures: the logs that its processes hold open.
func (x *examination) readAppLogs(ctx context.Context, u *upstream) {
	if x.opts.Quick && len(u.Processes) == 0 {
		return
	}
	managed := x.readPM2Logs(ctx, u)
	var paths []string
	asked := 0
	for _, p := range u.Processes {
		if asked == 4 {
			break
		}
		if x.isPM2(p) != "" {
			continue // it has those of all its applications open
		}
		asked++
		// The sequence number keeps apart what is asked for several upstreams.
		d, _, ok := x.detail(ctx, p.PID)
		if !ok {
			continue
		}
		for _, l := range d.Logs {
			if !l.Deleted && !slices.Contains(paths, l.Path) && !x.gatewayWrites(l.Path) {
				paths = append(paths, l.Path)
			}
		}
	}
	if len(u.Processes) == 0 || managed && len(paths) == 0 {
		return
	}
	place := x.placeOf(ctx, u.Processes[0].PID)
	for i, p := range paths {
		if i == appLogsMost {
			x.gap(evidence.Gap{Source: "application logs", Why: "only the first " + strconv.Itoa(appLogsMost) + " of " + strconv.Itoa(len(paths)) + " were read"})
			break
		}
		x.readAppLog(ctx, u, place, p)
	}
}

func (x *examination) gatewayWrites(p string) bool {
	return slices.ContainsFunc(x.match.Gateway.Conf.Instance.Logs, func(l topo.Log) bool { return l.Path == p })
}

// detail returns what a process has open, and may.
func (x *examination) detail(ctx context.Context, pid int) (host.Detail, time.Time, bool) {
	return ask(x, "host/detail", strconv.Itoa(pid), func() (host.Detail, error) { return host.ReadDetail(ctx, pid) })
}

// placeOf returns from where a process sees its files.
func (x *examination) placeOf(ctx context.Context, pid int) host.Place {
	p, _, ok := ask(x, "host/place", strconv.Itoa(pid), func() (host.Place, error) { return host.PlaceOf(ctx, pid) })
	if !ok {
		return x.place
	}
	return p
}

// appExtract is one window of an application's log.
type appExtract struct {
	logAnswer
	Name string `json:"name"` // of the log's kind; empty: not recognised
}

// RedactWith takes the secrets out: what applications write is free text.
func (a *appExtract) RedactWith(r *evidence.Redactor) {
	for i := range a.Hits {
		h := &a.Hits[i]
		redactHit(r, h)
		h.Raw, h.Message, h.Name = r.Text(h.Raw), r.Text(h.Message), r.Text(h.Name)
	}
	a.Sample = nil
}

func (x *examination) readAppLog(ctx context.Context, u *upstream, place host.Place, file string) {
	since := x.from
	for _, f := range x.failures {
		if f.Endpoint() == u.Addr && f.From.After(since) {
			since = f.From.Add(-2 * time.Minute)
		}
	}
	e, _, ok := ask(x, "scan/app", place.Subject(file), func() (appExtract, error) {
		open, err := x.opener(ctx, place)
		if err != nil {
			return appExtract{}, err
		}
		f, err := open(file)
		if err != nil {
			return appExtract{}, err
		}
		head, tail := ends(f)
		f.Close()
		name := x.recogniseApp(u, head)
		if name == "" {
			name = x.recogniseApp(u, tail)
		}
		log, ok := x.logNamed(name)
		if !ok {
			return appExtract{}, nil
		}
		w, err := scan.Window(ctx, open, file, log, scan.Options{Since: since, Until: x.opts.Until, Location: x.zone, MaxBytes: 8 << 20})
		return appExtract{logAnswer{w}, name}, err
	})
	if ok && e.Name != "" {
		e.Hits = append(e.Hits, x.readFresh(ctx, place, file, e.Name)...)
		u.AppLogs = append(u.AppLogs, readLog{Log: topo.Log{Kind: "app", Path: file}, Extract: e.logAnswer, OK: true})
	}
}

// recogniseApp returns the name of the log that fits an application's file: a
// log of no gateway. The program that writes it decides where the text does
// not.
func (x *examination) recogniseApp(u *upstream, head []byte) string {
	best, name := 0, ""
	for _, d := range x.opts.Dialects {
		bonus := 0
		for _, p := range u.Processes {
			if strings.Contains(strings.ToLower(p.Comm+" "+strings.Join(p.Args, " ")), strings.ToLower(d.Name)) {
				bonus = 30
			}
		}
		for _, log := range d.Logs {
			if log.Kind != "app" || log.Sniff == nil {
				continue
			}
			if n := log.Sniff(head); n+bonus > best && (n > 0 || bonus > 0) {
				best, name = n+bonus, log.Name
			}
		}
	}
	return name
}

// appFacts makes items of what applications and the kernel said.
func (x *examination) appFacts(ctx context.Context) {
	for _, u := range x.upstreams {
		for _, l := range u.AppLogs {
			for _, h := range l.Extract.Hits {
				x.appFact(u, h)
			}
		}
	}
	x.namedAppLogs()
	x.kernelFacts(ctx)
}

func (x *examination) appFact(u *upstream, h scan.Hit) {
	c := x.cond(h)
	if c.Fact == "" || h.Time.IsZero() {
		return
	}
	o := observation{fact: c.Fact, subject: u.Addr, when: h.Time, kind: evidence.AppLog, where: h.Place, quote: h.Raw, value: clip(cmp.Or(h.Message, h.Raw), 140)}
	if c.Fact == vocab.AppSlowLogged && x.otherScript(h.Path) {
		o.fact = vocab.AppSlowElsewhere
	}
	if c.Fact == vocab.AppListening && h.Endpoint != "" && !sameListening(h.Endpoint, u.Addr) {
		o.fact, o.value = vocab.AppListeningElsewhere, h.Endpoint
	}
	x.add(o)
}

// otherScript reports whether a script that an application server names is another
// one than the gateway asks it for. php-fpm logs SCRIPT_NAME (fpm_request_executing,
// sapi/fpm/fpm/fpm_request.c).
func (x *examination) otherScript(name string) bool {
	ours := slices.IndexFunc(x.decision.Upstream.Params, func(h topo.Header) bool { return h.Name == "SCRIPT_NAME" })
	return name != "" && ours >= 0 && x.decision.Upstream.Params[ours].Value != name && len(x.decision.Doubts) == 0
}

// sameListening reports whether an address that an application says it listens
// at takes connections to an endpoint.
func sameListening(said, endpoint string) bool {
	if said == endpoint || strings.HasPrefix(endpoint, "unix:") && path.Base(said) == path.Base(endpoint) {
		return true
	}
	a, b := said[strings.LastIndexByte(said, ':')+1:], endpoint[strings.LastIndexByte(endpoint, ':')+1:]
	return a == b
}

// namedAppLogs takes the lines of applications from the logs that the operator
// named: they are about the first failing endpoint.
func (x *examination) namedAppLogs() {
	if len(x.upstreams) == 0 {
		return
	}
	for _, l := range x.logs {
		if l.Kind != "app" && l.Kind != "kernel" {
			continue
		}
		for _, h := range l.Extract.Hits {
			x.appFact(x.upstreams[0], h)
		}
	}
}
