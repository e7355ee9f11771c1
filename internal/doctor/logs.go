package doctor

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/survey"
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
	h.Request, h.Path, h.Upstream = r.Line(h.Request), r.Path(h.Path), r.URL(h.Upstream)
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
		if out := x.match.Gateway.Output; (l.Path == "stderr" || strings.HasPrefix(l.Path, "/dev/")) && len(out) > 0 {
			l.Path = out[len(out)-1] // where its standard error leads
		}
		switch {
		case l.Path == "off" || l.Path == "":
			continue
		case x.print(l.Path) != nil:
		case x.journaled(l):
			l.Path = journalPath
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

// noteLogs remembers where the logs end, to find the lines of our own request.
// It asks nothing: what is found is recorded when it is read.
func (x *examination) noteLogs() map[string]*scan.Mark {
	if x.rec.Replaying() {
		return nil
	}
	marks := map[string]*scan.Mark{}
	for _, l := range x.gatewayLogs() {
		if l.Kind != "error" && l.Kind != "" && !x.whole(l) {
			continue
		}
		if x.print(l.Path) != nil || isJournal(l.Path) {
			marks[l.Path] = &scan.Mark{Path: l.Path} // it has no end to remember: our lines are known by their token
			continue
		}
		open, err := x.opener(context.Background(), x.logPlace(l))
		if err != nil {
			continue
		}
		if m, err := scan.Note(open, l.Path); err == nil {
			marks[l.Path] = m
		}
	}
	return marks
}

// ownLines returns the error-log lines about our own request. The gateway may
// write them a moment after its answer.
func (x *examination) ownLines(ctx context.Context, marks map[string]*scan.Mark, r probe.AskResult, token string) []scan.Hit {
	var lines []scan.Hit
	ours := func(h scan.Hit) bool { return strings.Contains(h.Raw, token) || fromUs(h, r) }
	for _, l := range x.gatewayLogs() {
		log, ok := x.sniffed(ctx, l)
		if !ok || !tells(log) {
			continue
		}
		tail, _, ok := ask(x, "scan/tail", x.logPlace(l).Subject(token+" "+l.Path), func() (logAnswer, error) {
			return x.tail(ctx, x.logPlace(l), marks[l.Path], log, failed(r), ours)
		})
		if !ok {
			continue
		}
		if log.Whole {
			x.placeNames(&tail.Extract)
		}
		x.spellEndpoints(tail.Hits)
		joined := x.withThreads(log, tail.Hits, ours, failed(r))
		for _, h := range tail.Hits {
			if joined(h) {
				lines = append(lines, h)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b scan.Hit) int { return a.Time.Compare(b.Time) })
	return lines
}

// tail reads what a log got since the mark. Where our request failed it waits a
// little for the line that says why.
func (x *examination) tail(ctx context.Context, place host.Place, mark *scan.Mark, log dialect.Log, wait bool, ours func(scan.Hit) bool) (logAnswer, error) {
	if mark == nil {
		return logAnswer{}, &evidence.Gap{Source: "error log", Why: "it could not be opened", Allow: "run as root, or as a member of the group that may read it: sudo goodgate diagnose …"}
	}
	open, err := x.opener(ctx, place)
	if err != nil {
		return logAnswer{}, err
	}
	var a logAnswer
	for try := 0; ; try++ {
		x.prints = nil
		a.Extract, err = scan.Tail(ctx, open, mark, log, scan.Options{Location: x.zone, All: true})
		found := slices.ContainsFunc(a.Hits, ours)
		if wait && !found {
			x.prints = nil // it may still come
		}
		if err != nil || found || !wait || try == 8 || try == 1 && (x.print(mark.Path) != nil || isJournal(mark.Path)) {
			break
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	x.spellEndpoints(a.Hits)
	ours = x.withThreads(log, a.Hits, ours, wait)
	a.Hits = slices.DeleteFunc(a.Hits, func(h scan.Hit) bool { return !ours(h) })
	a.Sample = nil
	return a, err
}

// sniffed returns how to read l; a log that the operator named is recognised by
// its beginning.
func (x *examination) sniffed(ctx context.Context, l topo.Log) (dialect.Log, bool) {
	if l.Kind != "" {
		return x.dialectLog(l)
	}
	head, _, ok := ask(x, "scan/head", x.logPlace(l).Subject(l.Path), func() (headAnswer, error) {
		open, err := x.opener(ctx, x.logPlace(l))
		if err != nil {
			return headAnswer{}, err
		}
		f, err := open(l.Path)
		if err != nil {
			return headAnswer{}, err
		}
		defer f.Close()
		head, tail := ends(f)
		name := x.asErrors(recogniseLog(x.opts.Dialects, head), head)
		if name == "" {
			name = x.asErrors(recogniseLog(x.opts.Dialects, tail), tail)
		}
		return headAnswer{Name: name}, nil
	})
	if !ok {
		return dialect.Log{}, false
	}
	if log, ok := x.logNamed(head.Name); ok {
		return log, !x.othersLog(log)
	}
	x.gap(evidence.Gap{Source: "log " + l.Path, Why: "its format is not recognised"})
	return dialect.Log{}, false
}

// othersLog reports whether a log that the operator named is that of another
// gateway of this host: its words leave no doubt, and it is read where that one is
// examined.
func (x *examination) othersLog(log dialect.Log) bool {
	if !tells(log) || slices.ContainsFunc(x.match.Gateway.Dialect.Logs, func(own dialect.Log) bool { return own.Name == log.Name }) {
		return false
	}
	return slices.ContainsFunc(x.survey.Gateways, func(g *survey.Gateway) bool {
		return g.Running && g.Dialect != x.match.Gateway.Dialect && slices.ContainsFunc(g.Dialect.Logs, func(its dialect.Log) bool { return its.Name == log.Name })
	})
}

// asErrors returns the error log of a product that writes requests and errors
// alike, where a file looks like the one as much as like the other.
func (x *examination) asErrors(name string, head []byte) string {
	for _, d := range x.opts.Dialects {
		i := slices.IndexFunc(d.Logs, func(l dialect.Log) bool { return l.Name == name && l.Kind == "access" })
		if i < 0 {
			continue
		}
		for _, l := range d.Logs {
			if l.Kind == "error" && l.Sniff != nil && l.Sniff(head) == d.Logs[i].Sniff(head) {
				return l.Name
			}
		}
	}
	return name
}

// sniffLen is how much of a log's beginning and end tells what it is.
const sniffLen = 64 << 10

// ends returns the beginning of a log, and its end where that is another part.
func ends(f scan.File) (head, tail []byte) {
	head = make([]byte, sniffLen)
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	if info, err := f.Stat(); err == nil && info.Size() > int64(n) {
		tail = make([]byte, sniffLen)
		m, _ := f.ReadAt(tail, max(0, info.Size()-sniffLen))
		tail = tail[:m]
		if i := bytes.IndexByte(tail, '\n'); i >= 0 {
			tail = tail[i+1:] // it begins inside a line
		}
	}
	return head, tail
}

type headAnswer struct {
	Name string `json:"name"`
}

// recogniseLog returns the name of the log that is surest of a file's
// beginning.
func recogniseLog(dialects []dialect.Dialect, head []byte) string {
	best, name := 0, ""
	for _, d := range dialects {
		for _, log := range d.Logs {
			if log.Sniff == nil {
				continue
			}
			if n := log.Sniff(head); n > best {
				best, name = n, log.Name
			}
		}
	}
	return name
}

// readLogs reads the window of every log of the gateway and sorts its lines:
// about this route, about no request, about others.
func (x *examination) readLogs(ctx context.Context) {
	x.progress("reading the gateway's logs since %s", x.clock(x.from))
	for _, l := range x.gatewayLogs() {
		log, ok := x.sniffed(ctx, l)
		if !ok {
			x.logs = append(x.logs, readLog{Log: l})
			continue
		}
		l.Kind = log.Kind
		extract, _, ok := ask(x, "scan/window", x.logPlace(l).Subject(l.Path), func() (logAnswer, error) {
			open, err := x.opener(ctx, x.logPlace(l))
			if err != nil {
				return logAnswer{}, err
			}
			until := x.opts.Until // zero: to the end, our own request included
			e, err := scan.Window(ctx, open, l.Path, log, scan.Options{Since: x.from, Until: until, Location: x.zone, Buffered: l.Buffered, Rotated: true})
			return logAnswer{e}, err
		})
		read := readLog{Log: l, Extract: extract, OK: ok, exclusive: l.Kind == "access" && (log.Whole || x.exclusive(l)), whole: log.Whole,
			alone: l.Kind == "error" && ok && x.alone(l)}
		if ok && log.Whole {
			x.placeNames(&read.Extract.Extract)
			x.coverage(read)
		}
		if ok && l.Kind == "error" {
			x.spellEndpoints(read.Extract.Hits)
		}
		x.logs = append(x.logs, read)
		if ok {
			x.sortHits(read)
		}
	}
	x.claim()
	x.lateLines()
	byTime := func(a, b scan.Hit) int { return a.Time.Compare(b.Time) }
	slices.SortStableFunc(x.hits, byTime)
	slices.SortStableFunc(x.access, byTime)
}

// sortHits takes from an extract what is about this route, and what is about no
// request at all.
func (x *examination) sortHits(l readLog) {
	e := l.Extract
	if l.Kind == "error" && !l.Filtered && !slices.Contains(e.Why, scan.Buffered) {
		x.covered = true
	}
	// Where each line names its site, no failed request is missing, whatever the
	// reason for it.
	x.counted = x.counted || l.Kind == "access" && l.OK && !l.Filtered && !l.Buffered && l.exclusive && (x.label() != "" || x.partial())
	for _, h := range e.Hits {
		if !h.Time.IsZero() && (h.Time.Before(x.from.Add(-time.Second)) || x.past() && h.Time.After(x.to)) {
			continue
		}
		switch {
		case l.whole:
			x.sortWhole(h)
		case l.Kind == "access":
			switch {
			case x.isOwn(h), x.attributable(l, h.Endpoint) && x.concerns(h):
				x.access = append(x.access, h)
			case !l.exclusive && h.Path == x.match.Request.Path:
				x.unclaimed = append(x.unclaimed, h)
			}
		case x.ownEndpoint(h), l.alone && h.Endpoint == "" && h.Client != "" && x.pathless(h):
			x.hits = append(x.hits, h)
		case h.Request == "" && h.Upstream == "" && h.Client == "":
			x.loose = append(x.loose, h)
		case x.concerns(h):
			x.hits = append(x.hits, h)
		default:
			x.foreign = append(x.foreign, h)
		}
	}
}

// claim takes the failed requests for our own path from logs that several sites
// share, unless an error log explains them as another site's.
func (x *examination) claim() {
	left := 0
	for _, h := range x.unclaimed {
		if x.explainedBy(h, x.foreign) {
			continue
		}
		left++
		x.access = append(x.access, h)
	}
	if left > 0 {
		x.gap(evidence.Gap{Source: "access log", Why: "several sites share it and its format names none: " + strconv.Itoa(left) + " failed requests for this path are taken to be of this site",
			Allow: "log_format with $host and $upstream_addr"})
	}
}

// concerns reports whether a line is about a request that takes the same way as
// ours.
func (x *examination) concerns(h scan.Hit) bool {
	if x.isOwn(h) {
		return true
	}
	if h.Path == "" && h.Upstream == "" {
		return false
	}
	if h.Server != "" && !x.sameSite(h) {
		return false
	}
	if x.otherPort(h.Host) || h.Server == "" && x.onlyElsewhere(h.Endpoint) {
		return false
	}
	hostName := h.Host
	if hostName == "" && (h.Server == "" || h.Server == x.label()) {
		// An access log of this route's own site: its lines are of the site
		// unless the file is shared, which the format cannot tell.
		hostName = x.match.Request.Host
	}
	return sameForward(x.decide(hostName, h.Method, h.Path), x.decision)
}

// otherPort reports whether the Host field of a request names the port of another
// listener of the gateway: then the request came in there.
func (x *examination) otherPort(hostField string) bool {
	_, port, err := net.SplitHostPort(hostField)
	own := strconv.Itoa(x.match.Request.Port)
	if err != nil || port == own || x.match.Request.Port == 0 {
		return false
	}
	return slices.ContainsFunc(x.match.Gateway.Conf.Instance.Listeners, func(l topo.Listener) bool { return strings.HasSuffix(l.Address, ":"+port) })
}

// sameSite reports whether the site that a line names is the one of our
// request. nginx prints the first server_name of the block, without the dot
// that ".example.com" begins with (ngx_http_core_merge_srv_conf).
func (x *examination) sameSite(h scan.Hit) bool {
	for _, s := range x.match.Gateway.Conf.Instance.Sites {
		if !x.ownSite(s) {
			continue
		}
		if s.Label != "" {
			return h.Server == s.Label
		}
		if len(s.Names) == 0 {
			return h.Server == "" || h.Server == "_"
		}
		return slices.ContainsFunc(s.Names, func(n topo.SiteName) bool { return strings.EqualFold(strings.TrimPrefix(n.Name, "."), h.Server) })
	}
	return true
}

// ownSite reports whether s is the site that answers our request.
func (x *examination) ownSite(s topo.Site) bool {
	// Sites that a product makes of one place of its files differ in their listeners.
	if s.Label != "" && len(s.Listeners) > 0 && !slices.Contains(s.Listeners, x.decision.Listener) {
		return false
	}
	return slices.ContainsFunc(x.decision.Steps, func(step topo.Step) bool { return step.Place == s.Place })
}

// cond returns what a line's condition means.
func (x *examination) cond(h scan.Hit) dialect.Condition {
	if log, ok := x.logNamed(h.Log); ok && h.Key < len(log.Conds) {
		return log.Conds[h.Key]
	}
	// A compiled format shares the conditions of the product's access log.
	if x.match != nil {
		for _, log := range x.match.Gateway.Dialect.Logs {
			if log.Kind == "access" && h.Key < len(log.Conds) {
				return log.Conds[h.Key]
			}
		}
	}
	return dialect.Condition{}
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
