package doctor

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

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
	if l.Kind == "error" && x.writesHere(l.Log) && !l.Filtered && !slices.Contains(e.Why, scan.Buffered) {
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
			case x.leftEarlier(h):
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

// leftEarlier reports whether a line tells of a client that went away which was
// goodgate itself, in an earlier examination: it waits no longer than it was told to.
func (x *examination) leftEarlier(h scan.Hit) bool {
	return x.cond(h).Fact == vocab.GatewayClientGone && strings.HasPrefix(h.UserAgent, "goodgate/") && strings.Contains(h.UserAgent, " (+diagnose; gg-") && !x.isOwn(h)
}

// writesHere reports whether an error log is one to which failures of our request
// are written: another site's says nothing of ours.
func (x *examination) writesHere(l topo.Log) bool {
	errors := slices.DeleteFunc(slices.Clone(x.decision.Logs), func(d topo.Log) bool { return d.Kind != "error" })
	return len(errors) == 0 || slices.Contains(x.opts.Logs, l.Path) ||
		slices.ContainsFunc(errors, func(d topo.Log) bool { return x.pathOf(d) == l.Path })
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

// onlyElsewhere reports whether an upstream is one that another site of the gateway
// has and ours has not: a line that names it and no site is of the other one, whose
// listener is another and whose host ours would take as well.
func (x *examination) onlyElsewhere(endpoint string) bool {
	if endpoint == "" || slices.Contains(x.configuredEndpoints(), endpoint) {
		return false
	}
	return slices.ContainsFunc(x.match.Gateway.Conf.Instance.Sites, func(s topo.Site) bool {
		return !x.ownSite(s) && slices.ContainsFunc(s.Forwards, func(f topo.Forward) bool {
			return slices.ContainsFunc(f.Endpoints, func(e topo.Endpoint) bool { return e.String() == endpoint })
		})
	})
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
