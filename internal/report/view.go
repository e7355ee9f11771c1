package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// page is a diagnosis in the words and order in which every form tells it. Its
// texts are not escaped yet.
type page struct {
	Target  string
	Verdict vocab.Verdict
	Word    string       // "CONFIRMED"
	State   doctor.State // good, bad or unclear: the colour of the answer
	Answer  string       // one sentence that stands alone
	Facts   []string     // what stands under the answer, a phrase each
	Path    []doctor.Hop
	Ladder  []string // limits of neighbours on the path
	Times   []moment
	For     []point
	Against []point
	Others  []other
	Groups  []string // other failures seen meanwhile
	Fixes   []doctor.Fix
	FixIf   string // the cause that Fixes are for, where it is not settled: then they stand behind the evidence
	Gaps    []evidence.Gap
	Next    []string
	Notes   []string
	All     []point // every item, where all were asked for
	Seconds float64
}

// point is one observation.
type point struct {
	Text  string
	Where string
	When  string
	Quote string
}

// other is a cause that came second or later.
type other struct {
	ID         vocab.Cause
	Confidence string
	Summary    string
	Why        string  // why it was not chosen, where no observation says so
	Against    []point // what speaks against it
}

// view tells d. all keeps what a terminal has no room for.
func view(d *doctor.Diagnosis, all bool) page {
	p := page{Target: d.Target, Verdict: d.Verdict, Path: d.Path, Gaps: folded(d.Gaps, all), Next: d.Next, Notes: d.Notes, Seconds: d.Seconds}
	p.Times = moments(d.Timeline, d.Window.To)
	p.Word, p.State = verdictWord(d.Verdict)
	p.Answer = answer(d)
	if d.Verdict != vocab.Healthy {
		p.Facts = facts(d)
	}
	day := d.Window.To
	if len(d.Causes) > 0 {
		first := d.Causes[0]
		p.For, p.Against, p.Fixes = points(first.For, day, first.Subject), points(first.Against, day, first.Subject), first.Fixes
		p.Others = others(d.Causes[1:], first.Verdict, all, day)
		if p.State == doctor.Unclear || first.Verdict == vocab.Uncertain {
			p.FixIf = string(first.ID)
		}
	}
	for _, r := range d.Ladder {
		if r.Inverted || all {
			p.Ladder = append(p.Ladder, rungText(r))
		}
	}
	for _, g := range d.Others {
		p.Groups = append(p.Groups, groupText(g))
	}
	if all {
		p.All = points(d.Items, day, "")
	} else {
		p.For = few(p.For, 6)
		p.Against = few(p.Against, 3)
	}
	return p
}

// folded tells the gaps that have one reason and one remedy in one breath.
func folded(gaps []evidence.Gap, all bool) []evidence.Gap {
	var out []evidence.Gap
	sources := map[evidence.Gap][]string{}
	for _, g := range gaps {
		same := evidence.Gap{Why: g.Why, Allow: g.Allow}
		if sources[same] == nil {
			out = append(out, same)
		}
		sources[same] = append(sources[same], g.Source)
	}
	for i, g := range out {
		list, more := sources[g], ""
		if n := len(list); n > 4 && !all {
			list, more = list[:3], fmt.Sprintf(" and %d more", n-3)
		}
		out[i].Source = strings.Join(list, ", ") + more
	}
	return out
}

// fixTitle is the title of the fixes.
func (p page) fixTitle() string {
	if p.FixIf != "" {
		return "Fix, if it is " + p.FixIf
	}
	return "Fix"
}

// rungText tells the same limit of two neighbours, and what is wrong with their
// order.
func rungText(r doctor.Rung) string {
	limit := func(l doctor.Limit) string {
		return fmt.Sprintf("%s: %s (%s)", l.Hop, strings.TrimSpace(l.Directive+" "+l.Value), l.Place)
	}
	text := r.What + ": " + limit(r.Front) + "; " + limit(r.Behind)
	if r.Inverted {
		text += ". UPSIDE DOWN: " + r.Why
	}
	return text
}

func verdictWord(v vocab.Verdict) (string, doctor.State) {
	switch v {
	case vocab.Confirmed, vocab.Likely:
		return strings.ToUpper(string(v)), doctor.Bad
	case vocab.Recovered, vocab.Healthy:
		return strings.ToUpper(string(v)), doctor.Good
	}
	return "UNCERTAIN", doctor.Unclear
}

// answer is the verdict in one sentence.
func answer(d *doctor.Diagnosis) string {
	switch {
	case d.Verdict == vocab.Healthy:
		text := d.Target + " is healthy"
		if d.Status > 0 {
			text = d.Target + " answers " + strconv.Itoa(d.Status)
		}
		if d.Window.Requests > 1 {
			return fmt.Sprintf("%s; no failure among %s, %s UTC.", text, requests(d.Window.Requests), span(d.Window.From, d.Window.To))
		}
		return text + "; no failure was seen."
	case len(d.Causes) > 0 && (d.Verdict == vocab.Confirmed || d.Verdict == vocab.Likely):
		return sentence(d.Causes[0].Summary)
	case d.Verdict == vocab.Recovered && len(d.Causes) > 0 && d.Causes[0].Verdict == vocab.Uncertain:
		return "It works again; " + unsettled(d.Causes, "was") + "."
	case d.Verdict == vocab.Recovered && len(d.Causes) > 0 && d.Causes[0].Verdict == vocab.Likely:
		return "It works again. Likely: " + sentence(d.Causes[0].Summary)
	case d.Verdict == vocab.Recovered && len(d.Causes) > 0:
		return "It works again. " + sentence(d.Causes[0].Summary)
	case d.Verdict == vocab.Recovered:
		return d.Target + " works again; why it failed is not known."
	case len(d.Causes) > 0:
		return failure(d) + "; " + unsettled(d.Causes, "is") + "."
	}
	return failure(d) + "; what was seen does not say why."
}

// unsettled names the two likeliest causes of which neither is likely.
func unsettled(causes []doctor.Cause, is string) string {
	if len(causes) == 1 {
		return fmt.Sprintf("it may be %s, the evidence does not settle it", causes[0].ID)
	}
	return fmt.Sprintf("the evidence does not settle whether it %s %s or %s", is, causes[0].ID, causes[1].ID)
}

// failure says what the client got.
func failure(d *doctor.Diagnosis) string {
	unreached := slices.IndexFunc(d.Items, func(it evidence.Item) bool { return it.Fact == vocab.GatewayUnreachable && it.Quote != "" })
	switch {
	case d.Status > 0:
		return d.Target + " answers " + strconv.Itoa(d.Status)
	case unreached >= 0:
		return d.Target + " cannot be reached (" + d.Items[unreached].Quote + ")"
	case d.Window.Failures > 0:
		return fmt.Sprintf("%s failed %s", d.Target, times(d.Window.Failures))
	}
	return d.Target + " gave no answer that could be judged"
}

// facts are the figures of the case: cause and confidence, status and symptom,
// who made it, how often, since when.
func facts(d *doctor.Diagnosis) []string {
	var out []string
	if len(d.Causes) > 0 {
		c := d.Causes[0]
		out = append(out, fmt.Sprintf("%s %s", c.ID, percent(c.Confidence)))
		if len(c.Under) > 0 {
			out = append(out, "consequence: "+joinCauses(c.Under))
		}
	}
	if d.Status > 0 {
		made := strconv.Itoa(d.Status)
		if d.MadeBy != nil && d.MadeBy.Product != "" {
			made += " made by " + d.MadeBy.Product
		}
		out = append(out, made)
	}
	if d.Symptom != nil && *d.Symptom != "" {
		out = append(out, string(*d.Symptom))
	}
	if d.Intermittent {
		out = append(out, "comes and goes")
	}
	if d.Window.Failures > 0 {
		text := count(d.Window.Failures) + " failed"
		if d.Window.Requests >= d.Window.Failures && d.Window.Requests > 0 {
			text = fmt.Sprintf("%s of %s failed", count(d.Window.Failures), requests(d.Window.Requests))
		}
		out = append(out, text)
	}
	if !d.Window.From.IsZero() {
		out = append(out, span(d.Window.From, d.Window.To)+" UTC")
	}
	return out
}

// others tells why the causes after the first were not chosen.
func others(causes []doctor.Cause, verdict vocab.Verdict, all bool, day time.Time) []other {
	var out []other
	for i, c := range causes {
		if !all && (i >= 2 || i > 0 && c.Confidence < 0.1) {
			break
		}
		o := other{ID: c.ID, Confidence: percent(c.Confidence), Summary: sentence(c.Summary), Against: few(points(c.Against, day, c.Subject), 3)}
		switch {
		case len(o.Against) > 0:
		case verdict == vocab.Uncertain:
			o.Why = "nothing seen separates it from the first"
		case len(c.For) == 0:
			o.Why = "nothing seen speaks for it"
		default:
			o.Why = "what speaks for it is explained better by the first"
		}
		out = append(out, o)
	}
	return out
}

func groupText(g doctor.Group) string {
	what := strconv.Itoa(g.Status)
	if g.Status == 0 {
		what = "no answer"
	}
	if g.Symptom != nil && *g.Symptom != "" {
		what += " " + string(*g.Symptom)
	}
	text := fmt.Sprintf("%s at %s, %s", what, g.Subject, times(max(g.Count, 1)))
	if g.Cause != nil {
		text += fmt.Sprintf(": %s %s (%s)", g.Verdict, g.Cause.ID, percent(g.Cause.Confidence))
	}
	return text
}

// points tells items, each once. about is whom the reader knows they are about.
func points(items []evidence.Item, day time.Time, about string) []point {
	var out []point
	seen := map[string]bool{}
	for _, it := range items {
		p := point{Text: itemText(it, about), Where: it.Origin.Where, Quote: it.Quote, When: stamp(it.When, day)}
		if it.Origin.Where == "" {
			p.Where = string(it.Origin.Kind)
		}
		key := p.Text + "\x00" + p.Where
		if seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, p)
	}
	return out
}

// itemText is one item in words: what, about whom, how much, how often.
func itemText(it evidence.Item, about string) string {
	text := string(it.Fact)
	if info, ok := it.Fact.Info(); ok {
		text = info.Meaning
	}
	if it.Absent {
		text = "looked for, and not so: " + text
	}
	var extra []string
	if it.Value != "" {
		extra = append(extra, it.Value)
	}
	if it.Subject != "" && it.Subject != about && !strings.Contains(it.Value, it.Subject) && !strings.Contains(it.Origin.Where, it.Subject) && !strings.Contains(it.Quote, it.Subject) {
		extra = append(extra, it.Subject)
	}
	if it.Count > 1 {
		extra = append(extra, times(it.Count))
	}
	if len(extra) > 0 {
		text += " (" + strings.Join(extra, ", ") + ")"
	}
	return text
}

func few(p []point, n int) []point {
	if len(p) > n {
		return p[:n]
	}
	return p
}
