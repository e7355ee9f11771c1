package doctor

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	// ongoingFor is how long after the last failure it still counts as going on
	// where our own requests do not show it.
	ongoingFor = time.Minute
	// spell is the pause that separates two spells of the same failure.
	spell = 5 * time.Minute
)

// group makes failure groups of what our own requests met and what the logs say
// about this route: the same symptom at the same endpoint is one failure. The
// latest spell counts.
func (x *examination) group() {
	for _, o := range x.own {
		switch {
		case x.standsIn(o):
			x.groupOwn(o)
			x.note("Our request was answered %d although the gateway got nothing from where it sends it: a page, a copy in its cache or another place stands in.", o.Status)
		case failed(o.AskResult) && !x.groupOwn(o):
			x.failures = append(x.failures, x.unexplained(o))
		}
	}
	for _, h := range x.hits {
		if c := x.cond(h); c.Fails && !refusal(c.Status) && !x.isOwn(h) && !x.masked(h) {
			x.merge(h, c, false)
		}
	}
	x.groupAccess()
	for i := range x.failures {
		x.reachBack(&x.failures[i])
		x.settle(&x.failures[i])
	}
	x.foldPool()
	slices.SortStableFunc(x.failures, worseFirst)
}

// worseFirst orders failures: our own first, then those that go on, then by
// number.
func worseFirst(a, b evidence.Failure) int {
	for _, less := range []struct{ a, b bool }{{a.Own, b.Own}, {a.Ongoing, b.Ongoing}, {a.Symptom != "", b.Symptom != ""}} {
		if less.a != less.b {
			if less.a {
				return -1
			}
			return 1
		}
	}
	return b.Count - a.Count
}

// groupOwn groups the lines about one of our own requests, and reports whether
// one of them says why it failed.
func (x *examination) groupOwn(o ownRequest) bool {
	explained := false
	for _, h := range o.Lines {
		c := x.cond(h)
		if !c.Fails {
			continue
		}
		if h.Time.IsZero() {
			h.Time = o.Ended
		}
		f := x.merge(h, c, true)
		if failed(o.AskResult) && o.Status != 0 {
			f.Status = o.Status
		}
		explained = true
	}
	return explained
}

// unexplained is the failure of our own request about which the gateway wrote
// no line that says why.
func (x *examination) unexplained(o ownRequest) evidence.Failure {
	endpoints := x.configuredEndpoints()
	if !o.Connection.OK {
		endpoints = nil // the gateway was not reached: nothing behind it is to blame
	}
	f := evidence.Failure{Status: o.Status, Subjects: x.roles(endpoints...), From: o.Started, To: o.Ended, Count: 1, Own: true, Ongoing: true}
	if x.decision.Outcome != topo.Forwards && x.decision.Status >= 500 {
		f.Symptom = vocab.ProxyInternalResponse
	}
	if x.decision.Forward != nil && x.decision.Forward.NoModule != "" {
		f.Symptom = vocab.ProxyConfigurationError
	}
	if c, words, ok := x.saysWhy(o); ok && f.Symptom == "" {
		f.Symptom = c.Symptom
		x.ownWordFact(o, c, words)
	}
	if f.Symptom == "" {
		f.Symptom = x.loggedThen(o)
	}
	if f.Symptom == "" {
		if f.Symptom = x.onTheWay(o.Status, o.Started, o.Ended); f.Symptom != "" {
			f.Subjects = x.roles() // it was not sent on
		}
	}
	return f
}

// loggedThen returns what the access log says of a request like ours at the time of
// ours, where the log names the site of each.
func (x *examination) loggedThen(o ownRequest) vocab.Symptom {
	label := x.label()
	for _, h := range x.access {
		c := x.cond(h)
		then := h.Time.After(o.Started.Add(-time.Second)) && h.Time.Before(o.Ended.Add(time.Second))
		if label != "" && h.Server == label && h.Status == o.Status && then && c.Fails && h.Path == x.match.Request.Path && c.Symptom != "" {
			return c.Symptom
		}
	}
	return ""
}

// onTheWay returns what befell requests on our way before they came to an upstream, by
// a line about no request that was written in a time, tells of the status and names a
// middleware; "": there is none.
func (x *examination) onTheWay(status int, from, to time.Time) vocab.Symptom {
	for _, h := range x.loose {
		c := x.cond(h)
		if c.Fails && c.Status == status && x.onOurWay(h.Name) && h.Time.After(from.Add(-time.Second)) && h.Time.Before(to.Add(time.Second)) {
			return c.Symptom
		}
	}
	return ""
}

// onOurWay reports whether the configuration sends our request by what it calls name:
// a middleware.
func (x *examination) onOurWay(name string) bool {
	return name != "" && slices.ContainsFunc(x.decision.Steps, func(s topo.Step) bool {
		return slices.ContainsFunc(strings.Fields(s.Text), func(w string) bool { return strings.TrimSuffix(w, ":") == name })
	})
}

// saysWhy reads the reason that the gateway itself names in its answer, as in
// X-Squid-Error, or in a body of one line: "no available server", "upstream connect
// error … delayed connect error: Connection refused".
func (x *examination) saysWhy(o ownRequest) (c dialect.Condition, words string, ok bool) {
	if x.match == nil || !madeSurely(o.Made) || o.Made.Product != x.match.Gateway.Conf.Instance.Product {
		return c, "", false
	}
	var r dialect.Record
	for _, words := range []string{o.Made.Detail, string(bytes.TrimSpace(o.Body[:min(len(o.Body), 4096)]))} {
		if words == "" || strings.ContainsAny(words, "<\n") {
			continue // a page in HTML is what its mark says, and no more
		}
		for _, log := range x.match.Gateway.Dialect.Logs {
			r.Reset()
			if key := log.Line([]byte(words), &r); key > dialect.Plain && int(key) < len(log.Conds) && log.Conds[key].Fails && log.Conds[key].Symptom != "" {
				return log.Conds[key], words, true
			}
		}
	}
	return c, "", false
}

// ownWordFact makes an item of the reason that an answer names.
func (x *examination) ownWordFact(o ownRequest, c dialect.Condition, words string) {
	info, ok := c.Fact.Info()
	if subject := x.subjectOfLine(info.Role, scan.Hit{}); ok && subject != "" {
		x.add(o.observed(c.Fact, subject, "", words))
	}
}

// merge adds a line to the failure that it belongs to.
func (x *examination) merge(h scan.Hit, c dialect.Condition, own bool) *evidence.Failure {
	endpoints := []string{h.Endpoint}
	if h.Endpoint == "" {
		endpoints = x.configuredEndpoints()
	}
	return x.mergeAt(endpoints, h, c, own)
}

// mergeAt adds a line to the failure at the endpoints; at none, where it was not sent
// on.
func (x *examination) mergeAt(endpoints []string, h scan.Hit, c dialect.Condition, own bool) *evidence.Failure {
	for i := range x.failures {
		f := &x.failures[i]
		if f.Symptom != c.Symptom || !slices.Equal(f.Subjects[vocab.RoleEndpoint], endpoints) && (len(endpoints) > 0 || f.Endpoint() != "") {
			continue
		}
		if h.Time.Sub(f.To) > spell {
			f.From, f.Count, f.Own = h.Time, 0, false
		}
		f.Count++
		f.Own = f.Own || own
		f.To = later(f.To, h.Time)
		f.Example = h.Raw
		if f.Status == 0 {
			f.Status = c.Status
		}
		return f
	}
	f := evidence.Failure{Symptom: c.Symptom, Status: c.Status, Subjects: x.roles(endpoints...), From: h.Time, To: h.Time, Count: 1, Own: own, Example: h.Raw}
	if h.Name != "" && c.Phase == dialect.PhaseDNS {
		f.Subjects[vocab.RoleName] = []string{h.Name}
	}
	x.failures = append(x.failures, f)
	return &x.failures[len(x.failures)-1]
}

func (x *examination) configuredEndpoints() []string {
	return endpointsOf(x.decision.Forward)
}

// endpointsOf lists the endpoints of a way out, as subjects spell them.
func endpointsOf(f *topo.Forward) []string {
	var all []string
	if f != nil {
		for _, e := range f.Endpoints {
			all = append(all, e.String())
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// groupAccess groups failed requests of access logs that no line of an error log
// explains: clients that went away, statuses that the upstream gave.
func (x *examination) groupAccess() {
	gone := 0
	for _, h := range x.access {
		if x.cond(h).Fact == vocab.GatewayClientGone {
			gone++
		}
	}
	for _, h := range x.access {
		c := x.cond(h)
		left := c.Fact == vocab.GatewayClientGone && gone >= goneMost
		if !c.Fails && !left || refusal(c.Status) && !left || x.isOwn(h) || x.explainedBy(h, x.hits) {
			continue
		}
		if way := x.onTheWay(h.Status, h.Time, h.Time); c.Symptom == "" && h.Endpoint == "" && way != "" {
			c.Symptom = way
			x.mergeAt(nil, h, c, false)
			continue
		}
		x.merge(h, c, false)
	}
}

// goneMost is how many clients may go away in a window without its being worth a
// word: people close tabs.
const goneMost = 3

// refusal reports whether a status tells the client that the mistake is its own.
// Such an answer is no failure of gateway or application.
func refusal(status int) bool { return status >= 400 && status < 500 }

// explainedBy reports whether one of an error log's lines is about the request that
// an access line tells of.
func (x *examination) explainedBy(h scan.Hit, lines []scan.Hit) bool {
	return slices.ContainsFunc(lines, func(e scan.Hit) bool {
		d := h.Time.Sub(e.Time)
		return d >= -2*time.Second && d <= 2*time.Second+time.Duration(max(h.Seconds, 0)*float64(time.Second)) && e.Path == h.Path && x.cond(e).Fails
	})
}

// reachBack lets a failure begin with the first line of its spell: our own request
// is only the last of those that met it.
func (x *examination) reachBack(f *evidence.Failure) {
	var times []time.Time
	for _, lines := range [][]scan.Hit{x.hits, x.access} {
		for _, h := range lines {
			c := x.cond(h)
			endpoints := []string{h.Endpoint}
			if h.Endpoint == "" {
				endpoints = x.configuredEndpoints()
			}
			if c.Fails && c.Symptom == f.Symptom && !refusal(c.Status) && h.Time.Before(f.From) && slices.Equal(f.Subjects[vocab.RoleEndpoint], endpoints) && !x.masked(h) {
				times = append(times, h.Time)
			}
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	for _, t := range times {
		if f.From.Sub(t) > spell {
			return
		}
		f.From = t
	}
}

// settle says of a failure whether it goes on, and whether it comes and goes.
func (x *examination) settle(f *evidence.Failure) {
	f.Ongoing = f.Ongoing || f.Own || !x.past() && x.to.Sub(f.To) <= ongoingFor
	if f.Ongoing && slices.ContainsFunc(x.own, func(o ownRequest) bool { return !failed(o.AskResult) && !x.standsIn(o) }) {
		f.Intermittent = true
	}
	for _, l := range x.logs {
		if l.Kind != "access" {
			continue
		}
		for _, r := range x.joined(l) {
			if x.attributable(l, r.Endpoint) && x.ownRoute(r) && r.OK > 0 && r.Failed > 0 && r.LastOK.After(r.FirstFailed) && r.LastFailed.After(r.FirstOK) && f.Count > 1 && r.LastOK.After(f.From) {
				f.Intermittent = true
			}
		}
	}
}

// foldPool joins "no live upstreams" with the failures of the members that led
// there, where those are known: the pool's own failure has no cause of its own.
// What the client met is the pool's symptom; why, the members tell.
func (x *examination) foldPool() {
	pool := slices.IndexFunc(x.failures, func(f evidence.Failure) bool { return f.Symptom == vocab.DestinationUnavailable })
	if pool < 0 {
		return
	}
	members := slices.DeleteFunc(slices.Clone(x.failures), func(f evidence.Failure) bool {
		return f.Symptom == vocab.DestinationUnavailable || f.Symptom == "" || f.Endpoint() == ""
	})
	f := &x.failures[pool]
	if len(members) == 0 {
		f.Subjects = x.roles(x.configuredEndpoints()...)
		return
	}
	worst := slices.MinFunc(members, worseFirst)
	f.Subjects[vocab.RoleEndpoint] = worst.Subjects[vocab.RoleEndpoint]
	f.From = earlier(f.From, worst.From)
	f.Count += worst.Count
	f.Own = f.Own || worst.Own
	f.Ongoing = f.Ongoing || worst.Ongoing
	x.failures = slices.DeleteFunc(x.failures, func(o evidence.Failure) bool {
		return o.Symptom == worst.Symptom && o.Endpoint() == worst.Endpoint()
	})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
