package doctor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
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
	shown := x.shown()
	if shown != nil {
		d.Status = shown.Status
	}
	if len(x.failures) > 0 && !x.failures[0].Own && x.failures[0].Status != 0 {
		d.Status = x.failures[0].Status
	}
	switch {
	case x.match != nil:
		d.MadeBy = x.maker(x)
	case shown != nil && shown.Made.Product != "":
		d.MadeBy = &Maker{Product: shown.Made.Product, Version: shown.Made.Version, Hop: 1}
		if passedOn(shown.Made) {
			d.MadeBy.Hop = 2
		}
	}
}

// shown is the one of our own requests that the report tells of: one that failed,
// else the first; nil: none was sent.
func (x *examination) shown() *ownRequest {
	for i := range x.own {
		if failed(x.own[i].AskResult) {
			return &x.own[i]
		}
	}
	if len(x.own) == 0 {
		return nil
	}
	return &x.own[0]
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
		if i == 0 {
			r := x.lowered(f, infer.Rank(all, f, x.items))
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
		d.Others = append(d.Others, x.groupOf(f, x.lowered(f, infer.Rank(all, f, x.itemsBeside(f)))))
	}
	if x.first().recovered() {
		d.Verdict = vocab.Recovered
	}
}

// itemsBeside are the items for a failure that is not the worst. The gateway's lines
// about the route that tell of another status only are not about it: what a circuit
// breaker refused with 503 is no reason for the 502 that opened it.
func (x *examination) itemsBeside(f evidence.Failure) []evidence.Item {
	told := map[vocab.Fact][]int{}
	for _, lines := range [][]scan.Hit{x.hits, x.access, x.loose} {
		for _, h := range lines {
			c := x.cond(h)
			if status := cmp.Or(h.Status, c.Status); status != 0 {
				told[c.Fact] = append(told[c.Fact], status)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(x.items), func(it evidence.Item) bool {
		info, _ := it.Fact.Info()
		ofRoute := it.Origin.Kind == evidence.GatewayLog && (info.Role == vocab.RoleRoute || info.Role == vocab.RolePool)
		return ofRoute && f.Status != 0 && len(told[it.Fact]) > 0 && !slices.Contains(told[it.Fact], f.Status)
	})
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
	if x.sawBeginning(last) {
		return false
	}
	if len(x.own) == 0 {
		return x.past() || x.to.Sub(last.To) > ongoingFor
	}
	return len(x.own) >= 3 && x.own[0].Started.After(last.To) || x.to.Sub(last.To) > ongoingFor
}

// sawBeginning reports whether a failure that may come late in an answer was met within
// the last minute, and of ours only the beginning was read: a temporary file that finds
// no space, a body that is cut.
func (x *examination) sawBeginning(f evidence.Failure) bool {
	late := f.Symptom == vocab.ProxyInternalError || f.Symptom == vocab.HTTPResponseIncomplete
	return late && x.to.Sub(f.To) <= ongoingFor && slices.ContainsFunc(x.own, func(o ownRequest) bool { return o.BodyEnd == probe.BodyBound })
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
		if fix.Text == "" || x.cannotTurn(fix.Knob) {
			continue
		}
		next := x.fixOf(f.ID, fix)
		if rest, or := strings.CutPrefix(next.Text, "Or "); or && len(c.Fixes) == 0 {
			next.Text = strings.ToUpper(rest[:1]) + rest[1:] // what it is the other way to was left out
		}
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
