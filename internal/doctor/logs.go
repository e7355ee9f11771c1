package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// readLog is one log of the gateway with what it says about the window.
type readLog struct {
	topo.Log
	Extract logAnswer
	OK      bool // it could be read

	whole     bool // it is error log and access log at once
	alone     bool // error log: no other site writes to it
	exclusive bool // access log: each line can be told to be of our own site, or of another
}

// logAnswer is an extract that knows its secrets.
type logAnswer struct{ scan.Extract }

// RedactWith takes the secrets out of every line.
func (a *logAnswer) RedactWith(r *evidence.Redactor) {
	for i := range a.Hits {
		redactHit(r, &a.Hits[i])
	}
	for i, s := range a.Sample {
		a.Sample[i] = r.Line(s)
	}
	for i := range a.Routes {
		a.Routes[i].Route = r.Path(a.Routes[i].Route)
	}
}

func redactHit(r *evidence.Redactor, h *scan.Hit) {
	h.Raw, h.Message = r.Line(h.Raw), r.Line(h.Message)
	h.Client = r.Client(h.Client)
	h.Request, h.Path, h.Sub, h.Upstream = r.Line(h.Request), r.Path(h.Path), r.Path(h.Sub), r.URL(h.Upstream)
	h.Referrer, h.UserAgent = r.URL(h.Referrer), r.Text(h.UserAgent)
}

// gatewayLogs returns the files that the operator named, and those that this
// request is written to.
func (x *examination) gatewayLogs() []topo.Log {
	var logs []topo.Log
	for _, p := range x.opts.Logs {
		logs = append(logs, topo.Log{Path: p})
	}
	for _, l := range append(slices.Clone(x.decision.Logs), x.match.Gateway.Conf.Instance.Logs...) {
		written := l.Path
		l.Path = x.pathOf(l)
		switch {
		case l.Path == "off" || l.Path == "":
			continue
		case x.print(l.Path) != nil, l.Path == journalPath:
		case l.Variable, strings.HasPrefix(l.Path, "syslog:"), strings.HasPrefix(l.Path, "memory:"), l.Path == "stderr", strings.HasPrefix(l.Path, "/dev/"):
			x.gap(evidence.Gap{Source: l.Kind + " log", Why: "it is written to " + l.Path + ", where goodgate does not read", Allow: x.allowLog(l)})
			continue
		}
		// Of the other logs of the configuration only the error logs matter:
		// they may hold what is about no single request.
		if !slices.ContainsFunc(x.decision.Logs, func(d topo.Log) bool { return d.Path == written }) && l.Kind != "error" {
			continue
		}
		// One file may be error log and access log, and is read as both.
		if !slices.ContainsFunc(logs, func(have topo.Log) bool { return have.Path == l.Path && (have.Kind == l.Kind || have.Kind == "") }) {
			logs = append(logs, l)
		}
	}
	return logs
}

// pathOf returns where what is written to a log can be read.
func (x *examination) pathOf(l topo.Log) string {
	if out := x.match.Gateway.Output; (l.Path == "stderr" || strings.HasPrefix(l.Path, "/dev/")) && len(out) > 0 {
		l.Path = out[len(out)-1] // where its standard error leads
	}
	if x.print(l.Path) == nil && x.journaled(l) {
		return journalPath
	}
	return l.Path
}

// allowLog says how to let goodgate read a log that goes elsewhere.
func (x *examination) allowLog(l topo.Log) string {
	if strings.HasPrefix(l.Path, "syslog:/") {
		return "give the file that the syslog service writes with --log FILE, or save the journal: journalctl -u " + x.match.Gateway.Dialect.Name + " --since -15min > FILE"
	}
	if l.Path == "stderr" {
		return "give the log with --log FILE; where a service manager keeps it: journalctl -u " + x.match.Gateway.Dialect.Name + " -o cat --since -15min > FILE"
	}
	return "give the log with --log FILE"
}

// dialectLog returns how to read the lines of l.
func (x *examination) dialectLog(l topo.Log) (dialect.Log, bool) {
	d := x.match.Gateway.Dialect
	if l.Kind == "access" && l.Format != "" && d.Format != nil {
		if log, err := d.Format(l.Format); err == nil {
			return log, true
		}
		return dialect.Log{}, false
	}
	for _, log := range d.Logs {
		if log.Kind == l.Kind {
			return log, true
		}
	}
	return dialect.Log{}, false
}

// opener opens logs from the gateway's place.
func (x *examination) opener(ctx context.Context, p host.Place) (scan.Opener, error) {
	v, err := x.views.View(p)
	if err != nil {
		return nil, err
	}
	return func(path string) (scan.File, error) {
		if isJournal(path) {
			return x.readJournal(ctx, journalFile(path))
		}
		if p := x.print(path); p != nil {
			return x.printed(ctx, *p)
		}
		f, _, err := v.OpenFile(ctx, path)
		if err != nil {
			return nil, err
		}
		return f, nil
	}, nil
}

// logPlace is from where a log is read: one that the operator named is a file as
// goodgate sees it.
func (x *examination) logPlace(l topo.Log) host.Place {
	if slices.Contains(x.opts.Logs, l.Path) {
		return ownPlace
	}
	return x.place
}

// ownPlace is where goodgate itself runs.
var ownPlace = host.Place{OwnMount: true, OwnNet: true}

// cond returns what a line's condition means. It is found by its name: its place in
// the table is that of the goodgate that read the line, which a captured case may have
// from another version. A name that this version does not know means nothing.
func (x *examination) cond(h scan.Hit) dialect.Condition {
	log, own := x.logOf(h)
	i := slices.IndexFunc(log.Conds, func(c dialect.Condition) bool { return c.ID == h.Condition })
	if i < 0 || h.Condition == "" {
		return dialect.Condition{}
	}
	if own && x.match.Gateway.Conf.Refine != nil {
		i = int(x.match.Gateway.Conf.Refine(dialect.Key(i), h.UpSeconds, h.Seconds, x.decision.Settings))
	}
	return log.Conds[i]
}

// logOf returns the log that a line stands in, and whether it is one of the product
// that is examined. A compiled format shares the conditions of its access log.
func (x *examination) logOf(h scan.Hit) (log dialect.Log, own bool) {
	var logs []dialect.Log
	if x.match != nil {
		logs = x.match.Gateway.Dialect.Logs
	}
	if i := slices.IndexFunc(logs, func(l dialect.Log) bool { return l.Name == h.Log }); i >= 0 {
		return logs[i], true
	}
	if log, ok := x.logNamed(h.Log); ok {
		return log, false
	}
	if i := slices.IndexFunc(logs, func(l dialect.Log) bool { return l.Kind == "access" }); i >= 0 {
		return logs[i], false
	}
	return dialect.Log{}, false
}

// logNamed returns the log of a name, of whatever product.
func (x *examination) logNamed(name string) (dialect.Log, bool) {
	for _, d := range x.opts.Dialects {
		for _, log := range d.Logs {
			if log.Name == name {
				return log, true
			}
		}
	}
	return dialect.Log{}, false
}
