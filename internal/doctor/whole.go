package doctor

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Some products have one log in which every request says how it ended, and
// write what is wrong with servers between them (dialect.Log.Whole). Such a log
// is error log and access log at once. It names pools and servers, where others
// name addresses.

// tells reports whether a log says why requests failed.
func tells(l dialect.Log) bool { return l.Kind == "error" || l.Whole }

// whole reports whether a log of the configuration, or one that was recognised,
// is error log and access log at once.
func (x *examination) whole(l topo.Log) bool {
	if l.Kind != "access" || x.match == nil {
		return false
	}
	log, ok := x.dialectLog(l)
	return ok && log.Whole
}

// placeNames replaces "pool/server" by the server's address.
func (x *examination) placeNames(e *scan.Extract) {
	for i := range e.Hits {
		e.Hits[i].Endpoint = x.addressOf(e.Hits[i].Endpoint, e.Hits[i].Name)
	}
	for i := range e.Routes {
		if a := x.addressOf(e.Routes[i].Endpoint, ""); a != "" {
			e.Routes[i].Endpoint = a
		}
	}
}

// addressOf returns the address of the server that a line names, "" where it
// names none.
func (x *examination) addressOf(endpoint, name string) string {
	if _, err := netip.ParseAddrPort(endpoint); err == nil || strings.HasPrefix(endpoint, "unix:") {
		return endpoint // goodgate's own log has the address itself
	}
	if endpoint == "" {
		endpoint = name
	}
	pool, server, ok := strings.Cut(endpoint, "/")
	if !ok {
		return ""
	}
	for _, p := range x.match.Gateway.Conf.Instance.Pools {
		if p.Name != pool {
			continue
		}
		for _, e := range p.Endpoints {
			if e.Name == server {
				return e.String()
			}
		}
	}
	return ""
}

// poolOf returns the pool that a line of such a log is about.
func poolOf(h scan.Hit) string {
	pool, _, _ := strings.Cut(h.Name, "/")
	return pool
}

// sortWhole takes from a log that tells all what is about this route: the
// requests that took the same way, and what is said about our own pool.
func (x *examination) sortWhole(h scan.Hit) {
	switch {
	case h.Request == "" && h.Client == "":
		if pool := poolOf(h); pool == "" || pool == x.pool() {
			x.loose = append(x.loose, h)
		}
	case x.tookOurWay(h):
		x.hits = append(x.hits, h)
	default:
		x.foreign = append(x.foreign, h)
	}
}

// tookOurWay reports whether a request came in and went out where ours does.
func (x *examination) tookOurWay(h scan.Hit) bool {
	if x.isOwn(h) {
		return true
	}
	if label := x.label(); label != "" && h.Server != label {
		return false
	}
	if h.Name == "" {
		return x.concerns(h) // the log names no pool
	}
	if x.decision.Outcome == topo.Forwards {
		return poolOf(h) == x.pool()
	}
	return h.Path == x.match.Request.Path
}

// label is what the product's log calls the site of our request.
func (x *examination) label() string {
	for _, s := range x.match.Gateway.Conf.Instance.Sites {
		if x.ownSite(s) {
			return s.Label
		}
	}
	return ""
}

// ownByTuple reports whether a line is about one of our own requests by the
// address and port that it came from. A port is used again only much later.
func (x *examination) ownByTuple(h scan.Hit) bool {
	return slices.ContainsFunc(x.own, func(o ownRequest) bool { return fromUs(h, o.AskResult) })
}

func fromUs(h scan.Hit, r probe.AskResult) bool {
	local := r.Connection.Local
	if local == "" || h.Client == "" || !strings.Contains(h.Raw, strings.Trim(local, "[]")+" [") && !strings.Contains(h.Raw, unbracket(local)+" [") {
		return false
	}
	return h.Time.IsZero() || h.Time.After(r.Started.Add(-2*time.Second)) && h.Time.Before(r.Ended.Add(2*time.Second))
}

// unbracket spells an address as HAProxy does: "::1:5000".
func unbracket(address string) string {
	return strings.NewReplacer("[", "", "]", "").Replace(address)
}

// coverage notes what a log that should tell all does not tell.
func (x *examination) coverage(l readLog) {
	format := l.FormatName
	if len(x.decision.Logs) > 0 && format == "" {
		format = x.decision.Logs[0].FormatName // of a file that the operator named
	}
	switch {
	case format == "default", len(l.Extract.Hits) == 0 && l.Extract.Lines > 0 && l.Extract.Unparsed == l.Extract.Lines:
		x.gap(evidence.Gap{Source: "log " + l.Path, Why: "its lines do not say how requests ended", Allow: x.tellingLog()})
	case l.Filtered:
		x.gap(evidence.Gap{Source: "log " + l.Path, Why: "it is written at level " + l.Level + ", requests at info", Allow: "log … local0 info"})
	default:
		x.covered = true
	}
}

// tellingLog says how the gateway is made to log how requests end.
func (x *examination) tellingLog() string {
	telling := ""
	if x.match != nil {
		telling = x.match.Gateway.Dialect.Telling
	}
	return cmp.Or(telling, "a format of the access log that has the status of each request")
}

// lateLines finds the lines of our own requests that were written only after we
// had stopped to wait for them.
func (x *examination) lateLines() {
	for i := range x.own {
		for _, h := range x.hits {
			if len(x.own[i].Lines) == 0 && (fromUs(h, x.own[i].AskResult) || x.print(fileOf(h)) != nil && x.carries(h, i)) {
				x.own[i].Lines = append(x.own[i].Lines, h)
			}
		}
	}
}

// carries reports whether a line has the token of our own request number i.
func (x *examination) carries(h scan.Hit, i int) bool {
	if i > 0 {
		return strings.Contains(h.Raw, x.token+"-"+strconv.Itoa(i+1))
	}
	return strings.Contains(h.Raw, x.token) && !strings.Contains(h.Raw, x.token+"-")
}

// fileOf is the log that a line stands in.
func fileOf(h scan.Hit) string {
	return h.Place[:max(0, strings.LastIndexAny(h.Place, ":@"))]
}

// outFacts says who takes servers out of rotation, where none of our pool is in
// it: health checks, or, where there are none, only a person.
func (x *examination) outFacts() {
	out := x.has(vocab.PoolNoServer, "") || x.has(vocab.GatewayNoLiveUpstream, "") || slices.ContainsFunc(x.hits, func(h scan.Hit) bool { return x.cond(h).Fact == vocab.GatewayNoLiveUpstream })
	for _, p := range x.match.Gateway.Conf.Instance.Pools {
		if p.Name != x.pool() || !out {
			continue
		}
		o := observation{subject: p.Name, when: x.to, kind: evidence.Config, where: p.Place.String()}
		switch p.Checks {
		case "active":
			o.fact, o.value = vocab.PoolOutByChecks, "only the health checks of "+p.Name+" take its servers out"
		case "none":
			o.fact, o.value = vocab.PoolOutByHand, "no server of "+p.Name+" is checked: only a person takes one out"
		default:
			continue
		}
		x.add(o)
	}
}
