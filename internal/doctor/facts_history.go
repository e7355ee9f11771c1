package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// historyFacts says what the logs show over time: what was served before,
// beside and after the failures, and how fast.
func (x *examination) historyFacts() {
	for _, f := range x.failures {
		e := f.Endpoint()
		if e == "" {
			continue
		}
		for _, l := range x.logs {
			if l.Kind == "access" && l.OK {
				x.servedFacts(f, e, l)
			}
		}
		x.sequenceFacts(e)
	}
	x.memberFacts()
	x.countedFacts()
}

// countedFacts says whether answers of the application may have taken its servers
// out of rotation: the gateway counts them as failures, and there were some.
func (x *examination) countedFacts() {
	i := slices.IndexFunc(x.failures, func(f evidence.Failure) bool { return f.Symptom == vocab.DestinationUnavailable })
	words := x.decision.Settings[vocab.NextUpstream]
	if i < 0 || !countsErrors(words.Value) {
		return
	}
	f := x.failures[i]
	x.add(observation{fact: vocab.PoolCountsErrors, subject: x.route, value: words.Directive + " " + words.Value, when: x.to, kind: evidence.Config, where: words.Place.String()})
	for _, h := range x.access {
		if h.UpStatus < 500 || h.Time.Before(f.From.Add(-slackBefore)) || h.Time.After(f.To) || x.cond(h).Fact != vocab.GatewayStatusPassed {
			continue
		}
		x.add(observation{fact: vocab.PoolAnsweredErrors, subject: x.route, value: fmt.Sprintf("%d to %s %s", h.UpStatus, h.Method, h.Path), when: later(h.Time, f.From), kind: evidence.History, where: h.Place, quote: h.Raw})
	}
}

// slackBefore is how long before the first failure answers still count for it: the
// longest of the usual penalties.
const slackBefore = time.Minute

// countsErrors reports whether statuses of the application are among the failures
// on which another server is tried (proxy_next_upstream http_500).
func countsErrors(words string) bool {
	return slices.ContainsFunc(strings.Fields(words), func(w string) bool { return strings.HasPrefix(w, "http_5") })
}

// tally is what an access log says of one endpoint, all its routes together,
// and of our own route.
type tally struct {
	ok, failed, safeFailed, unsafeFailed, safeOK int
	firstOK, lastOK                              time.Time
	own                                          *scan.Route
	failedRoutes                                 int
}

func (x *examination) tallyOf(endpoint string, l readLog) (t tally) {
	for i, r := range l.Extract.Routes {
		if r.Endpoint != "" && r.Endpoint != endpoint && r.Endpoint != "-" {
			continue
		}
		if !x.attributable(l, r.Endpoint) || r.Endpoint == "" && !x.sameWay(r) {
			continue
		}
		t.ok += r.OK
		t.failed += r.Failed
		t.safeOK += r.OK - r.OKUnsafe
		t.unsafeFailed += r.FailedUnsafe
		t.safeFailed += r.Failed - r.FailedUnsafe
		if r.Failed > 0 {
			t.failedRoutes++
		}
		if r.OK > 0 {
			if t.firstOK.IsZero() || r.FirstOK.Before(t.firstOK) {
				t.firstOK = r.FirstOK
			}
			t.lastOK = later(t.lastOK, r.LastOK)
		}
		if x.ownRoute(r) && r.Route != "other" && (t.own == nil || r.OK > t.own.OK) {
			t.own = &l.Extract.Routes[i]
		}
	}
	return t
}

// sameWay reports whether a tally without endpoint is about requests that take
// the way of our own, judged by its route.
func (x *examination) sameWay(r scan.Route) bool {
	if label := x.label(); label != "" {
		// Such a log names the site as the product does, and the pool.
		ours := strings.HasPrefix(r.Endpoint, x.pool()+"/") || slices.Contains(x.configuredEndpoints(), r.Endpoint)
		return r.Site == label && (ours || x.decision.Forward == nil)
	}
	hostName := hostOnly(r.Site)
	if hostName == "" {
		hostName = x.match.Request.Host
	}
	return sameForward(x.decide(hostName, "GET", r.Route), x.decision)
}

func (x *examination) servedFacts(f evidence.Failure, endpoint string, l readLog) {
	t := x.tallyOf(endpoint, l)
	base := observation{subject: endpoint, kind: evidence.History, where: l.Path}
	add := func(fact vocab.Fact, when time.Time, value string) {
		b := base
		b.fact, b.when, b.value = fact, when, value
		x.add(b)
	}
	before := t.ok > 0 && t.firstOK.Before(f.From)
	switch {
	case before:
		// The time is that of the failure: the fact is about what was before it.
		add(vocab.EndpointServed, f.From, fmt.Sprintf("%d requests answered since %s", t.ok, x.clock(t.firstOK)))
	case t.ok == 0 && t.failed > 0 && l.Extract.Complete:
		add(vocab.EndpointNeverServed, f.From, "")
	}
	// An answer that broke off counts by its status, which may be a good one.
	if t.ok > 0 && t.lastOK.After(f.From.Add(time.Second)) && f.Symptom != vocab.HTTPResponseIncomplete {
		add(vocab.EndpointServesOthers, f.To, fmt.Sprintf("the last at %s", x.clock(t.lastOK)))
		if before && f.To.Sub(f.From) < time.Minute && t.lastOK.After(f.To) && !f.Own {
			add(vocab.BriefOutage, f.To, fmt.Sprintf("%s to %s", x.clock(f.From), x.clock(f.To)))
		}
	} else if tries := t.failed + x.vain(endpoint); tries >= 3 && before {
		add(vocab.EndpointServesNone, f.To, fmt.Sprintf("%d requests, none answered since %s", tries, x.clock(t.lastOK)))
	}
	if t.unsafeFailed > 0 && t.safeFailed == 0 && t.safeOK > 0 && !f.Own {
		add(vocab.OnlyUnsafeFail, f.To, fmt.Sprintf("%d failed, %d safe requests did not", t.unsafeFailed, t.safeOK))
	}
	if f.Symptom == vocab.ConnectionReadTimeout || f.Symptom == vocab.HTTPResponseTimeout || f.Symptom == vocab.HTTPResponseIncomplete || f.Symptom == "" && f.Status == 0 {
		x.paceFacts(f, t, l)
	}
	x.atOnceFacts(f, t, l)
}

// vain counts the probe's own request where it got no answer.
func (x *examination) vain(endpoint string) int {
	for _, u := range x.upstreams {
		if u.Addr == endpoint && u.Contact != nil && u.Contact.Exchange.Bytes == 0 {
			return 1
		}
	}
	return 0
}

// paceFacts compares how long the request took before the failures with how
// long the gateway waits.
func (x *examination) paceFacts(f evidence.Failure, t tally, l readLog) {
	if t.own == nil {
		return
	}
	early := t.own.EarlySeconds
	limit := x.waits()
	if early.N >= 3 && limit > 0 {
		o := observation{subject: x.route, when: f.From, kind: evidence.History, where: l.Path,
			value: fmt.Sprintf("%s before the failures, and the limit is %s", seconds(early.Median), seconds(limit))}
		switch {
		case early.Median >= 0.75*limit:
			o.fact = vocab.RouteAlwaysSlow
			x.add(o)
		case early.P95 < 0.6*limit:
			o.fact = vocab.RouteGotSlower
			x.add(o)
		}
	}
}

// atOnceFacts says how soon the failed requests failed, and whether any was
// answered.
func (x *examination) atOnceFacts(f evidence.Failure, t tally, l readLog) {
	if t.own == nil {
		return
	}
	if d := t.own.FailedSeconds; d.N > 0 && d.P95 < 0.1 {
		x.add(observation{fact: vocab.FailsAtOnce, subject: f.Endpoint(), when: f.To, kind: evidence.History, where: l.Path, value: "after " + seconds(d.Median)})
	}
	if t.own.Failed >= 2 && (t.own.OK == 0 || t.own.LastOK.Before(f.From)) && f.Own && !f.Intermittent {
		x.add(observation{fact: vocab.FailsAlways, subject: x.route, when: f.To, kind: evidence.History, where: l.Path, value: fmt.Sprintf("%d of %d", t.own.Failed, t.own.Failed)})
	}
}

// sequenceFacts looks at the order of lines about one endpoint: a connection
// that broke in a request, and refusals from then on.
func (x *examination) sequenceFacts(endpoint string) {
	var broke *scan.Hit
	for i, h := range x.hits {
		if h.Endpoint != endpoint {
			continue
		}
		switch x.cond(h).Fact {
		case vocab.GatewayClosedEarly, vocab.GatewayResetEarly, vocab.GatewayClosedBody, vocab.GatewayClosedSending:
			broke = &x.hits[i]
		case vocab.GatewayRefused, vocab.GatewaySocketMissing, vocab.GatewayConnectFailed:
			if broke == nil || h.Time.Sub(broke.Time) > time.Minute {
				continue
			}
			x.add(observation{fact: vocab.DiedInRequest, subject: endpoint, when: h.Time, kind: evidence.History, where: broke.Place,
				quote: broke.Raw, value: "cut at " + x.clock(broke.Time) + ", refused at " + x.clock(h.Time)})
			return
		}
	}
}

// lineTells reports whether a line tells of a failure at u. Where none does, it is not known
// at which server of several our own request failed, or whether it came to one at all.
func (x *examination) lineTells(u *upstream) bool {
	return slices.ContainsFunc(x.hits, func(h scan.Hit) bool { return h.Endpoint == u.Addr && x.cond(h).Fails })
}

// memberFacts compares the servers of a pool.
func (x *examination) memberFacts() {
	fw := x.decision.Forward
	if fw == nil || len(fw.Endpoints) < 2 || len(x.failures) == 0 {
		return
	}
	var bad, good []string
	for _, u := range x.upstreams {
		if !u.Configured {
			continue
		}
		well := u.Contact != nil && x.answersWell(u.Contact.Exchange)
		switch {
		case slices.ContainsFunc(x.failures, func(f evidence.Failure) bool { return f.Endpoint() == u.Addr }) && (!well || x.lineTells(u)):
			bad = append(bad, u.Addr)
		case well:
			good = append(good, u.Addr)
		case u.Connected && !u.Connect.OK:
			bad = append(bad, u.Addr)
		}
	}
	last := x.failures[0].To
	for _, f := range x.failures {
		last = later(last, f.To)
	}
	o := observation{subject: x.pool(), when: last, kind: evidence.History, where: fw.Place.String()}
	switch {
	case len(bad) > 0 && len(good) > 0:
		o.fact, o.value = vocab.MembersDiffer, fmt.Sprintf("%s fails and %s does not", bad[0], good[0])
	case len(bad) == len(fw.Endpoints):
		o.fact, o.value = vocab.MembersAllFail, fmt.Sprintf("all %d", len(bad))
	default:
		return
	}
	x.add(o)
}
