package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// newDiagnosis is a diagnosis that says nothing yet but what was seen.
func (x *examination) newDiagnosis() *Diagnosis {
	d := &Diagnosis{
		Schema: Schema, Target: x.rec.Case().Target, Verdict: vocab.Uncertain,
		Window: Window{From: x.from.UTC(), To: x.to.UTC()},
		Causes: []Cause{}, Path: []Hop{}, Items: x.items, Gaps: x.gaps, Next: []string{}, Notes: x.notes,
	}
	if d.Items == nil {
		d.Items = []evidence.Item{}
	}
	if d.Gaps == nil {
		d.Gaps = []evidence.Gap{}
	}
	return d
}

// compose ranks the causes of every failure and writes the diagnosis.
func (x *examination) compose() *Diagnosis {
	d := x.newDiagnosis()
	x.count(d)
	x.status(d)
	if x.match == nil {
		x.judgeOutside(d)
	} else if len(x.failures) == 0 {
		x.judgeHealth(d)
	} else {
		x.judgeFailures(d)
	}
	if x.front != nil {
		x.embed(d)
	}
	if x.match != nil {
		x.first().trace()
		d.Ladder = x.first().ladder()
	}
	d.Path = x.path(d)
	d.Timeline = x.timeline()
	return d
}

// count fills in how many requests of the route were seen, and failed.
func (x *examination) count(d *Diagnosis) {
	for _, l := range x.logs {
		if l.Kind != "access" || !l.OK {
			continue
		}
		for _, r := range l.Extract.Routes {
			if x.attributable(l, r.Endpoint) && x.sameWay(r) {
				d.Window.Requests += r.OK + r.Failed + r.Gone
				d.Window.Failures += r.Failed
			}
		}
	}
	failures := 0
	for _, f := range x.failures {
		failures += f.Count
	}
	d.Window.Failures = max(d.Window.Failures, failures)
	d.Window.Requests = max(d.Window.Requests, d.Window.Failures, len(x.own))
}

// status fills in what the client got, and who made it.
func (x *examination) status(d *Diagnosis) {
	var shown *ownRequest
	for i := range x.own {
		if shown == nil || failed(x.own[i].AskResult) {
			shown = &x.own[i]
		}
	}
	if shown != nil {
		d.Status = shown.Status
	}
	if len(x.failures) > 0 && !x.failures[0].Own && x.failures[0].Status != 0 {
		d.Status = x.failures[0].Status
	}
	switch {
	case x.match == nil:
		if shown != nil && shown.Made.Product != "" {
			d.MadeBy = &Maker{Product: shown.Made.Product, Version: shown.Made.Version, Hop: 1}
			if passedOn(shown.Made) {
				d.MadeBy.Hop = 2
			}
		}
	case shown != nil && failed(shown.AskResult):
		by, _ := x.madeBy(*shown)
		inst := x.match.Gateway.Conf.Instance
		switch by {
		case "gateway":
			d.MadeBy = &Maker{Product: inst.Product, Version: inst.Version, Hop: 1}
		case "upstream":
			d.MadeBy = &Maker{Product: "application", Hop: 2}
		}
	case len(x.failures) > 0 && x.failures[0].Symptom != "":
		inst := x.match.Gateway.Conf.Instance
		d.MadeBy = &Maker{Product: inst.Product, Version: inst.Version, Hop: 1}
	}
}

// judgeOutside is the verdict where only the outside is seen.
func (x *examination) judgeOutside(d *Diagnosis) {
	if len(x.own) == 0 {
		return
	}
	o := x.own[0]
	if !failed(o.AskResult) {
		d.Verdict = vocab.Healthy
		return
	}
	f := evidence.Failure{Status: o.Status, Subjects: map[vocab.Role][]string{vocab.RoleRoute: {x.route}}, From: o.Started, To: o.Ended, Count: 1, Ongoing: true, Own: true}
	r := infer.Rank(cause.All(), f, x.items)
	d.Verdict = r.Verdict
	for _, fd := range r.Findings {
		d.Causes = append(d.Causes, x.causeOf(fd))
	}
	x.judgeMaker(d, o)
	d.Notes = x.notes
}

// judgeHealth is the verdict where no failure was seen: healthy only where the
// window is covered.
func (x *examination) judgeHealth(d *Diagnosis) {
	switch {
	case !x.covered && !x.counted:
		d.Next = append(d.Next, "No error log of this route could be read: what failed before now is not known.")
	case len(x.own) == 0 && d.Window.Requests == 0:
		d.Next = append(d.Next, "The logs show no request of this route in the window, and none was sent.")
	default:
		d.Verdict = vocab.Healthy
	}
}

// judgeFailures ranks the causes of each failure; the worst one's are told.
func (x *examination) judgeFailures(d *Diagnosis) {
	all := cause.All()
	for i, f := range x.failures {
		r := x.lowered(f, infer.Rank(all, f, x.items))
		if i == 0 {
			d.Verdict = r.Verdict
			d.Intermittent = f.Intermittent
			if f.Symptom != "" {
				s := f.Symptom
				d.Symptom = &s
			}
			for _, fd := range r.Findings {
				d.Causes = append(d.Causes, x.causeOf(fd))
			}
			x.next(d, r)
			continue
		}
		d.Others = append(d.Others, x.groupOf(f, r))
	}
	if x.first().recovered() {
		d.Verdict = vocab.Recovered
	}
}

// lowered takes certainty from what rests on a symptom that no log tells. With
// --quick it takes it from a process that is down, too: then neither the kernel nor
// a manager is asked whether somebody stopped it, or it was killed.
func (x *examination) lowered(f evidence.Failure, r infer.Ranking) infer.Ranking {
	for i := range r.Findings {
		if fd := &r.Findings[i]; fd.Verdict == vocab.Confirmed && (x.isDerived(f) || x.opts.Quick && fd.ID == vocab.UpstreamDown) {
			fd.Verdict = vocab.Likely
		}
	}
	if len(r.Findings) > 0 {
		r.Verdict = r.Findings[0].Verdict
	}
	return r
}

func (x *examination) groupOf(f evidence.Failure, r infer.Ranking) Group {
	g := Group{Status: f.Status, Subject: f.Endpoint(), Count: f.Count, Verdict: r.Verdict}
	if f.Symptom != "" {
		s := f.Symptom
		g.Symptom = &s
	}
	if len(r.Findings) > 0 {
		c := x.causeOf(r.Findings[0])
		g.Cause = &c
	}
	return g
}

// recovered reports whether the failures are over: our own requests were all
// answered well, nothing failed since the first of them, and the failed ones
// were of the kind that we can try. From logs alone it takes a minute without a
// failure.
func (x *examination) recovered() bool {
	var last evidence.Failure
	for _, f := range x.failures {
		if f.Own {
			return false
		}
		if f.To.After(last.To) {
			last = f
		}
	}
	if x.has(vocab.OnlyUnsafeFail, "") {
		return false
	}
	if slices.ContainsFunc(x.hits, func(h scan.Hit) bool { return x.cond(h).Fails && unsafe(h.Method) }) {
		return false
	}
	if len(x.own) == 0 {
		return x.past() || x.to.Sub(last.To) > ongoingFor
	}
	return len(x.own) >= 3 && x.own[0].Started.After(last.To) || x.to.Sub(last.To) > ongoingFor
}

func unsafe(method string) bool {
	switch method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE":
		return false
	}
	return true
}

// found writes a finding, but for its fixes.
func found(f infer.Finding) Cause {
	return Cause{ID: f.ID, Confidence: f.Confidence, Verdict: f.Verdict, Summary: f.Summary, Subject: f.Subject, For: f.For, Against: f.Against, Under: f.Under, Fixes: []Fix{}}
}

// causeOf writes a finding with its fixes as lines to change.
func (x *examination) causeOf(f infer.Finding) Cause {
	c := found(f)
	for _, fix := range f.Fixes {
		if fix.Text == "" {
			continue
		}
		next := x.fixOf(f.ID, fix)
		if n := len(c.Fixes); n > 0 && next.Add != "" && c.Fixes[n-1].Command == next.Command {
			c.Fixes[n-1].Command = "" // both edits first, then one reload
		}
		c.Fixes = append(c.Fixes, next)
	}
	return c
}

// next asks what would make the answer surer.
func (x *examination) next(d *Diagnosis, r infer.Ranking) {
	if r.Verdict == vocab.Confirmed {
		return
	}
	for i, f := range r.Findings {
		if i == 2 {
			break
		}
		if f.Next != "" && !slices.Contains(d.Next, f.Next) {
			d.Next = append(d.Next, f.Next)
		}
	}
	if len(r.Findings) == 0 {
		d.Next = append(d.Next, "Nothing that was found explains the failure. Give the application's log with --log FILE, and run as root if a gap says so.")
	}
}

// path tells the way from the client to the upstream, with what was seen at
// each hop.
func (x *examination) path(d *Diagnosis) []Hop {
	hops := []Hop{x.first().clientHop()}
	if x.match == nil {
		if len(x.own) > 0 {
			hops = append(hops, x.makerHops(x.own[0])...)
		}
		return hops
	}
	hops = append(hops, x.gateways()...)
	return append(hops, x.endpointHops(d.Verdict)...)
}

// endpointHops are the stations behind the gateway: its upstreams, as far as they
// were looked at, and what is behind those.
func (x *examination) endpointHops(verdict vocab.Verdict) []Hop {
	var hops []Hop
	for _, u := range x.upstreams {
		if !x.leadsTo(u) {
			hops = append(hops, x.upstreamHop(u))
		}
	}
	if len(x.upstreams) == 0 && x.decision.Forward != nil {
		for i, e := range x.decision.Forward.Endpoints {
			if i == upstreamsMost {
				break
			}
			if x.behind != nil && x.behind.addr == e.String() {
				continue
			}
			h := Hop{Kind: "upstream", Name: e.String(), State: Unclear, Place: place(e.Place, x.decision.Forward.Place)}
			if verdict == vocab.Healthy {
				h.State = Good
			}
			hops = append(hops, h)
		}
	}
	return append(hops, x.behindHops(verdict)...)
}

func place(p, instead topo.Place) string {
	if p.File == "" {
		p = instead
	}
	if p.File == "" {
		return ""
	}
	return p.String()
}

func (x *examination) clientHop() Hop {
	h := Hop{Kind: "client", Name: "goodgate", State: Unclear}
	if len(x.own) == 0 {
		h.Name = "clients"
		return h
	}
	good := 0
	for _, o := range x.own {
		if !failed(o.AskResult) {
			good++
		}
	}
	h.State = stateOf(good == len(x.own))
	last := x.own[len(x.own)-1]
	h.Seconds = last.Seconds
	h.Seen = append(h.Seen, "GET "+last.URI+" → "+cmp.Or(statusLine(last.Exchange), "no answer")+" in "+seconds(last.Seconds))
	if len(x.own) > 1 {
		h.Seen = append(h.Seen, fmt.Sprintf("%d of %d requests well answered", good, len(x.own)))
	}
	if broken(last.Exchange) {
		h.Seen = append(h.Seen, "the body was cut short: "+bodyEnd(last.Exchange))
	}
	return h
}

func stateOf(good bool) State {
	if good {
		return Good
	}
	return Bad
}

func (x *examination) gatewayHop() Hop {
	g := x.match.Gateway
	h := Hop{Kind: "gateway", Name: strings.TrimSpace(g.Conf.Instance.Product + " " + g.Conf.Instance.Version), Address: x.match.Dial.Address, State: Unclear, Place: g.Launch.Config}
	if g.Running {
		h.State = Good
		h.Process = fmt.Sprintf("pid %d", g.Master.PID)
		if n := len(g.Workers); n > 0 {
			h.Process += fmt.Sprintf(", %d workers", n)
		}
	} else {
		h.State = Bad
		h.Seen = append(h.Seen, "it does not run")
	}
	for _, s := range x.decision.Steps {
		if x.label() != "" || telling(s.Text) {
			h.Seen = append(h.Seen, strings.TrimSuffix(strings.TrimSpace(s.Text), "{")+" ("+s.Place.String()+")")
		}
	}
	if len(x.failures) > 0 {
		f := x.failures[0]
		if f.Symptom != "" {
			h.Seen = append(h.Seen, "it saw: "+strings.ReplaceAll(string(f.Symptom), "_", " "))
		} else if f.Status >= 500 && x.behind != nil {
			h.Seen = append(h.Seen, "it passed on "+strconv.Itoa(f.Status))
		}
	}
	return h
}

// telling reports whether a rule is one that an operator looks for: where the
// request came in, and where it went.
func telling(step string) bool {
	step = strings.ToLower(step)
	if strings.Contains(step, "pass") {
		return true
	}
	return slices.ContainsFunc([]string{"location", "server", "return", "<", "redirect", "rewriterule", "sethandler"}, func(w string) bool { return strings.HasPrefix(step, w) })
}

func (x *examination) upstreamHop(u *upstream) Hop {
	h := Hop{Kind: "upstream", Name: u.Addr, State: Unclear}
	if u.Name != "" {
		h.Name = u.Name
		h.Address = u.Addr
	}
	for _, e := range x.decision.Forward.Endpoints {
		if e.String() == u.Addr || u.Name != "" && e.Host == u.Name {
			h.Place = place(e.Place, x.decision.Forward.Place)
		}
	}
	if len(u.Processes) > 0 {
		h.Process = processWords(u.Processes[0])
	} else if u.Local && len(u.After) == 0 {
		h.Seen = append(h.Seen, "nothing listens")
	}
	if u.Connected {
		if u.Connect.OK {
			h.Seen = append(h.Seen, "connect ok in "+seconds(u.Connect.Seconds))
		} else {
			h.State = Bad
			h.Seen = append(h.Seen, "connect: "+cmp.Or(u.Connect.Errno, u.Connect.Text))
		}
	}
	if u.Handshake != nil && x.decision.Forward.Protocol != vocab.HTTP && !u.Handshake.First.OK {
		h.State = Bad
		h.Seen = append(h.Seen, "TLS: "+u.Handshake.First.Fault)
	}
	if u.Contact != nil {
		e := u.Contact.Exchange
		h.State = stateOf(x.answersWell(e))
		h.Seconds = e.FirstByte
		switch {
		case e.Bytes == 0 && (e.End == probe.EndFirstByte || e.End == probe.EndTimeout):
			h.Seen = append(h.Seen, "no answer in "+seconds(e.Seconds))
		case e.Bytes == 0:
			h.Seen = append(h.Seen, "it closed without an answer ("+string(e.End)+")")
		case e.Status > 0:
			h.Seen = append(h.Seen, strconv.Itoa(e.Status)+" "+e.Reason+" in "+seconds(e.FirstByte))
		default:
			h.Seen = append(h.Seen, "it answered with what looks like "+cmp.Or(e.Speaks, "nothing known"))
		}
	}
	return h
}
