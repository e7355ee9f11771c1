package doctor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// What stands at an endpoint may be a gateway itself. Then the one in front
// tells only that it got an error, or nothing: the one behind is examined in
// turn, with the request that the one in front would send. That request is also
// the probe of the endpoint, so a chain costs no request more.

// hopsMost bounds how many gateways are followed.
const hopsMost = 4

// hop is the way from one gateway to the next.
type hop struct {
	*examination
	addr  string // where it takes requests, as subjects spell it
	marks map[string]*scan.Mark
}

// follow finds the gateway that listens at the first of the addresses where one
// does.
func (x *examination) follow(addrs []string) {
	if x.depth+1 >= hopsMost || x.decision.Forward == nil {
		return
	}
	for _, addr := range addrs {
		m, ok := x.survey.Behind(x.match.Gateway, addr, x.decision.Forward, x.decision.Upstream)
		if !ok || x.passed(m.Gateway) || m.Decision.Outcome == topo.Serves {
			continue // one that serves files, or runs the application within, is the end of the path
		}
		y := &examination{opts: x.opts, rec: x.rec, views: x.views, token: x.token, zone: x.zone, from: x.from, to: x.to,
			survey: x.survey, match: &m, decision: m.Decision, place: m.Gateway.Place, depth: x.depth + 1, front: x}
		y.opts.Config = "" // it is that of the gateway in front
		y.route = m.Request.Host + " " + x.rec.Redact.Path(m.Request.Path)
		y.gateway = gatewayName(m.Gateway)
		x.behind = &hop{examination: y, addr: addr}
		x.rec.Redact.Keep(x.behind.ownToken())
		return
	}
}

// trace follows the configuration to the last gateway, as far as no examination
// went there.
func (x *examination) trace() {
	for y := x; ; y = y.behind.examination {
		if y.behind == nil {
			y.follow(y.configuredEndpoints())
		}
		if y.behind == nil {
			return
		}
	}
}

// furtherFacts says that a gateway stands at an upstream's address and cannot be
// examined: by who listens there, and by the page that came from there.
func (x *examination) furtherFacts(u *upstream) {
	if x.leadsTo(u) {
		return
	}
	for _, l := range u.After {
		g := x.gatewayOf(l)
		if g == nil || x.endsAt(g, u) {
			continue
		}
		x.add(u.about(vocab.ListenerIsGateway, evidence.Process, "socket "+l.Address, gatewayName(g)))
		x.gap(evidence.Gap{Source: gatewayName(g) + " at " + u.Addr, Why: "it forwards requests further, and its configuration or its listeners could not be read", Allow: "run as root: sudo goodgate diagnose …"})
		return
	}
	if u.Contact == nil {
		return
	}
	e := u.Contact.Exchange
	if e.Status < 502 || e.Status > 504 {
		return // a 500 of Apache's own is what an application within it makes
	}
	if m := probe.Maker(e.Status, e.Header, e.Body); m.Grade == probe.GradeBody || m.Grade == probe.GradeProxyStatus {
		x.add(u.about(vocab.ProbeGatewayPage, evidence.Probe, "answer of "+u.Addr, "the page of "+m.Product))
	}
}

// endsAt reports whether the request ends at the gateway that listens at an
// upstream's address: it serves files there, or runs the application within.
func (x *examination) endsAt(g *survey.Gateway, u *upstream) bool {
	m, ok := x.survey.Behind(x.match.Gateway, u.Addr, x.decision.Forward, x.decision.Upstream)
	return ok && m.Gateway == g && m.Decision.Outcome == topo.Serves
}

// passed reports whether the request has come through a gateway already.
func (x *examination) passed(g *survey.Gateway) bool {
	for ; x != nil; x = x.front {
		if x.match.Gateway == g {
			return true
		}
	}
	return false
}

// marked is the request as the gateway in front sends it, with our mark.
func (h *hop) marked(s topo.Spoken) topo.Spoken {
	token := h.ownToken()
	host := h.match.Dial.Host
	path, _, _ := strings.Cut(s.URI, "?")
	marks := []topo.Header{
		{Name: "User-Agent", Value: "goodgate/" + h.opts.Version + " (+diagnose; " + token + ")"}, {Name: "X-Request-Id", Value: token},
		{Name: "Referer", Value: "http://" + host + path + "?" + token},
	}
	s.Header = slices.DeleteFunc(slices.Clone(s.Header), func(have topo.Header) bool {
		return slices.ContainsFunc(marks, func(m topo.Header) bool { return strings.EqualFold(m.Name, have.Name) })
	})
	s.Header = append(s.Header, marks...)
	return s
}

// ownToken marks the request to this hop. It begins with the token of the first
// request, which came by here too.
func (h *hop) ownToken() string { return h.token + "-hop" + string(rune('1'+h.depth)) }

// asked makes of the probe of a gateway our own request to it.
func (h *hop) asked(c *contact, s topo.Spoken) probe.AskResult {
	e := c.Exchange
	return probe.AskResult{Exchange: e, Token: h.ownToken(), Method: s.Method, Host: h.match.Dial.Host, URI: s.URI,
		Started: c.Started, Ended: c.Started.Add(asDuration(e.Seconds)), Made: probe.Maker(e.Status, e.Header, e.Body)}
}

// descend examines the gateway behind, where the one in front could reach it. The
// pictures of the place of the one in front, the last of which is now, serve all that
// share it.
func (x *examination) descend(ctx context.Context, before, now picture) {
	if x.behind == nil {
		return
	}
	y := x.behind.examination
	defer func() {
		for _, m := range x.behind.marks {
			m.Close()
		}
	}()
	y.progress("following the request to %s", y.gateway)
	y.numbered = x.numbered + len(x.items)
	for _, u := range x.upstreams {
		if x.leadsTo(u) && u.Contact != nil {
			own := x.behind.asked(u.Contact, x.spoken(u))
			y.own = append(y.own, ownRequest{AskResult: own, Lines: y.ownLines(ctx, x.behind.marks, own, own.Token)})
		}
	}
	if len(y.own) == 0 && !x.silent() {
		return // it was not reached: the fault lies between the two
	}
	y.readLogs(ctx)
	y.adopt()
	y.group()
	if len(y.failures) == 0 {
		return
	}
	y.told()
	if y.place.ID() != x.place.ID() {
		now = y.lookAtUpstreams(ctx, "after")
		before = now
	}
	y.askRuntime(ctx)
	end := y.gather(ctx, before, now)
	if y.stuck() {
		y.failures = nil
		return
	}
	y.refine()
	y.state()
	y.remember()
	y.hostFacts(ctx, hostLook{}, now)
	y.descend(ctx, before, end)
}

// stuck reports whether this gateway answers nothing although what stands behind
// it answers well: then it is itself what hangs, and the one in front says so.
func (x *examination) stuck() bool {
	return x.inherited && slices.ContainsFunc(x.upstreams, func(u *upstream) bool { return u.Configured && u.Contact != nil && x.answersWell(u.Contact.Exchange) })
}

// remember takes over what the log of the gateway in front shows of the past,
// where its own log does not show it: who waited there waited for what is behind.
func (x *examination) remember() {
	if !x.inherited {
		return
	}
	paced := x.has(vocab.RouteAlwaysSlow, "") || x.has(vocab.RouteGotSlower, "")
	for _, it := range x.front.items {
		info, ok := it.Fact.Info()
		if !ok || it.Origin.Kind != evidence.History || it.Absent || x.has(it.Fact, "") {
			continue
		}
		o := observation{fact: it.Fact, value: it.Value, when: it.When, kind: it.Origin.Kind, where: it.Origin.Where, quote: it.Quote}
		switch ends := x.configuredEndpoints(); {
		case info.Role == vocab.RoleRoute && !paced:
			o.subject = x.route
		case info.Role == vocab.RoleEndpoint && it.Subject == x.front.behind.addr && len(ends) == 1:
			o.subject = ends[0]
		default:
			continue
		}
		x.add(o)
	}
}

// adopt finds the lines about the request that came by the gateway in front,
// where the one that was sent here is not answered yet.
func (x *examination) adopt() {
	if len(x.own) == 0 || !unanswered(x.own[0]) || len(x.own[0].Lines) > 0 {
		return
	}
	for _, sent := range x.front.own {
		for _, h := range x.hits {
			if h.Path == x.match.Request.Path && x.cond(h).Fails && !h.Time.Before(sent.Started.Add(-time.Second)) && !h.Time.After(sent.Ended.Add(time.Second)) {
				x.own[0].Lines = append(x.own[0].Lines, h)
			}
		}
	}
}

// told takes from the gateway in front what it saw, where this one had not
// answered before the patience of both was over: the one in front gave up, and
// this one says nothing yet.
func (x *examination) told() {
	f := &x.failures[0]
	said := x.front.failures
	if !f.Own || f.Symptom != "" || !unanswered(x.own[0]) || len(said) == 0 || !inVain(said[0].Symptom) {
		return
	}
	f.Symptom, f.Status = said[0].Symptom, said[0].Status
	x.inherited = true
	for _, h := range x.front.hits {
		if inVain(x.front.cond(h).Symptom) && x.front.isOwn(h) && f.Endpoint() != "" {
			x.add(observation{fact: vocab.GatewayReadTimeout, subject: f.Endpoint(), when: x.own[0].Ended, kind: evidence.GatewayLog, where: h.Place, quote: h.Raw})
			return
		}
	}
}

// unanswered reports whether we gave up before an answer began.
func unanswered(o ownRequest) bool {
	return o.Connection.OK && o.Bytes == 0 && (o.End == probe.EndFirstByte || o.End == probe.EndTimeout)
}

// inVain reports whether a symptom is that of waiting for an answer in vain.
func inVain(s vocab.Symptom) bool {
	return s == vocab.ConnectionReadTimeout || s == vocab.HTTPResponseTimeout
}

// waits returns how many seconds the answer of an upstream is waited for: by
// this gateway, or less where one in front of it gives up sooner. 0: no limit is
// known.
func (x *examination) waits() float64 {
	limit := x.decision.Settings[vocab.ReadTimeout].Number
	if x.front != nil {
		if front := x.front.waits(); front > 0 && (limit == 0 || front < limit) {
			return front
		}
	}
	return limit
}

// culprit returns the examination that explains the failure: that of the last
// gateway of the chain that failed at the same time.
func (x *examination) culprit() *examination {
	if x.behind == nil || len(x.failures) == 0 {
		return x
	}
	y := x.behind.examination
	if len(y.failures) == 0 {
		return x
	}
	mine, its := x.failures[0], y.failures[0]
	if its.Own != mine.Own && !overlap(mine, its) {
		return x
	}
	return y.culprit()
}

func overlap(a, b evidence.Failure) bool {
	const slack = 2 * time.Second
	return !a.From.After(b.To.Add(slack)) && !b.From.After(a.To.Add(slack))
}

// first returns the examination of the gateway that clients come to.
func (x *examination) first() *examination {
	if x.front == nil {
		return x
	}
	return x.front.first()
}
