// Package infer ranks causes for failures. It is pure: the same failure, items
// and causes give the same ranking anywhere, without clock or network.
//
// Causes of one failure compete; those of two failures do not. The score of a
// cause is its tier plus the weight of the strongest fact of each group, in
// decibans. "Something else" takes part with a score of 0, so that the
// confidences of the known causes sum to less than 1.
package infer

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Ranking is the answer for one failure.
type Ranking struct {
	Failure  evidence.Failure
	Verdict  vocab.Verdict // Confirmed, Likely or Uncertain
	Findings []Finding     // the most likely first; but for the first two, those under 0.01 are left out
}

// Finding is one cause with its confidence and the evidence for and against it.
type Finding struct {
	ID         vocab.Cause
	Confidence float64 // of 0 to 1; all findings of a failure sum to less than 1
	Score      int     // decibans
	Verdict    vocab.Verdict
	Summary    string          // one sentence that stands alone
	Subject    string          // what the cause is about: an endpoint, a name, a route
	For        []evidence.Item // the strongest first
	Against    []evidence.Item
	Fixes      []cause.Fix   // with the fields filled in
	Next       string        // what to look at to be surer
	Under      []vocab.Cause // consequences of this cause that are folded under it
}

const (
	confirmedAt = 0.9
	likelyAt    = 0.5
	leastShown  = 0.01
	// leastHider is the score from which a cause has enough of its own to fold
	// others under it: ten to one against something else.
	leastHider = 10
	// leastWitness is what an item from another source must weigh to confirm: that
	// a GET is answered is no witness of what happens to uploads.
	leastWitness = 4
	// leastSupport is what the strongest fact for a cause must weigh at least for
	// it to be named: trifles make no suspicion. It competes nevertheless.
	leastSupport = 5
	// leastOwn is what the evidence that the hidden cause does not share must
	// weigh at least: a trifle folds nothing.
	leastOwn = 8
)

// slack is how far outside the failure's window a past fact may lie and still be
// about it: a process dies a little before the first refusal, and is seen to
// start a little after the last.
const slack = 90 * time.Second

// Rank ranks causes for the failure f by those of items that are about it.
func Rank(causes []cause.Cause, f evidence.Failure, items []evidence.Item) Ranking {
	about := aboutFailure(f, items)
	var candidates []candidate
	for _, c := range causes {
		if x, ok := weigh(c, about); ok {
			candidates = append(candidates, x)
		}
	}
	candidates = fold(candidates)
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })

	total := 1.0 // something else
	for _, c := range candidates {
		total += odds(c.score)
	}
	inForce := configInForce(about)
	r := Ranking{Failure: f, Verdict: vocab.Uncertain}
	for _, c := range candidates {
		p := odds(c.score) / total
		// The runner-up is told however unlikely it is: people ask why not.
		if c.support < leastSupport || p < leastShown && len(r.Findings) != 1 {
			continue
		}
		r.Findings = append(r.Findings, finding(c, f, about, p, inForce))
	}
	if len(r.Findings) > 0 {
		r.Verdict = r.Findings[0].Verdict
	}
	return r
}

// aboutFailure returns the items whose subject plays a role in f and whose time
// fits it.
func aboutFailure(f evidence.Failure, items []evidence.Item) []evidence.Item {
	var about []evidence.Item
	for _, it := range items {
		info, ok := it.Fact.Info()
		if !ok || !slices.Contains(f.Subjects[info.Role], it.Subject) {
			continue
		}
		switch info.Span {
		case vocab.Past:
			if it.When.Before(f.From.Add(-slack)) || it.When.After(f.To.Add(slack)) {
				continue
			}
		case vocab.Now:
			if !f.Ongoing {
				continue
			}
		}
		about = append(about, it)
	}
	return about
}

// candidate is a cause with its score and the items that made it.
type candidate struct {
	cause       cause.Cause
	score       int
	pro, contra []weighed
	under       []vocab.Cause
	support     int // weight of the strongest seen fact for it
}

type weighed struct {
	item   evidence.Item
	weight int
}

// weigh scores c. It is no candidate where nothing speaks for it.
func weigh(c cause.Cause, about []evidence.Item) (candidate, bool) {
	x := candidate{cause: c, score: c.Tier}
	seen := map[string]int{}   // group → strongest weight of a fact that was seen
	calm := map[string]int{}   // group → what a fact weighs for it that holds of a healthy site, too
	absent := map[string]int{} // group → strongest weight of one that was looked for in vain
	for _, e := range c.Expects {
		info, _ := e.Fact.Info()
		for _, it := range about {
			if it.Fact != e.Fact {
				continue
			}
			w, groups := e.Seen, seen
			if it.Absent {
				w, groups = e.Absent, absent
			}
			if w == 0 {
				continue
			}
			if w > 0 && !it.Absent && e.Fact.Circumstance() {
				groups = calm
			}
			if abs(w) > abs(groups[info.Group]) {
				groups[info.Group] = w
			}
			if w > 0 {
				x.pro = append(x.pro, weighed{it, w})
				x.support = max(x.support, supportOf(it, w))
			} else {
				x.contra = append(x.contra, weighed{it, w})
			}
		}
	}
	for group, w := range absent {
		if _, ok := seen[group]; !ok {
			seen[group] = w
		}
	}
	if x.support >= leastSupport {
		for group, w := range calm {
			if abs(w) > abs(seen[group]) {
				seen[group] = w
			}
		}
	}
	for _, w := range seen {
		x.score += w
	}
	strongest := func(a, b weighed) int { return cmp.Compare(abs(b.weight), abs(a.weight)) }
	slices.SortStableFunc(x.pro, strongest)
	slices.SortStableFunc(x.contra, strongest)
	return x, len(x.pro) > 0
}

// supportOf is what an item adds to the support of a cause: what is not there
// supports nothing, nor what is so wherever all is well.
func supportOf(it evidence.Item, weight int) int {
	if it.Absent || it.Fact.Circumstance() {
		return 0
	}
	return weight
}

// fold takes away the causes that are only consequences of another one: the
// hider must be credible and have evidence that the hidden one does not share.
func fold(candidates []candidate) []candidate {
	hidden := map[vocab.Cause]bool{}
	for i := range candidates {
		h := &candidates[i]
		if h.score < leastHider {
			continue
		}
		for j := range candidates {
			d := candidates[j]
			if i == j || hidden[d.cause.ID] || hidden[h.cause.ID] || !hides(h.cause, d.cause.ID) || !outweighs(*h, d) || !hasOwn(*h, d) {
				continue
			}
			hidden[d.cause.ID] = true
			h.under = append(h.under, d.cause.ID)
		}
	}
	return slices.DeleteFunc(candidates, func(c candidate) bool { return hidden[c.cause.ID] })
}

// outweighs reports whether h is at least as likely as d. A scope is folded under
// any credible cause: it is never the reason.
func outweighs(h, d candidate) bool {
	switch d.cause.ID {
	case vocab.NoHealthyUpstream, vocab.PartialOutage, vocab.CDNOrigin:
		return true
	}
	return h.score >= d.score
}

// hides reports whether id is only a consequence of h. That an edge made the
// answer is one of whatever is known of the origin.
func hides(h cause.Cause, id vocab.Cause) bool {
	return slices.Contains(h.Hides, id) || id == vocab.CDNOrigin
}

// hasOwn reports whether something of weight speaks for h that does not speak
// for d.
func hasOwn(h, d candidate) bool {
	for _, p := range h.pro {
		if p.weight >= leastOwn && !slices.ContainsFunc(d.pro, func(w weighed) bool { return w.item.ID == p.item.ID }) {
			return true
		}
	}
	return false
}

func finding(c candidate, f evidence.Failure, about []evidence.Item, p float64, inForce bool) Finding {
	x := Finding{
		ID:         c.cause.ID,
		Confidence: math.Round(p*1000) / 1000,
		Score:      c.score,
		Verdict:    vocab.Uncertain,
		For:        itemsOf(c.pro),
		Against:    itemsOf(c.contra),
		Under:      c.under,
	}
	switch {
	case p >= confirmedAt && proven(c.cause, x.For, about) && slices.ContainsFunc(c.pro, func(w weighed) bool { return w.weight >= leastWitness && witness(w.item, inForce) }):
		x.Verdict = vocab.Confirmed
	case p >= likelyAt:
		x.Verdict = vocab.Likely
	}
	x.Subject = subject(c, f)
	say := filler(f, x, about)
	x.Summary = say(c.cause.Summary)
	x.Next = say(c.cause.Next)
	for _, fix := range c.cause.Fixes {
		fix.Text, fix.Value, fix.Command = say(fix.Text), say(fix.Value), say(fix.Command)
		x.Fixes = append(x.Fixes, fix)
	}
	return x
}

// proven reports whether all facts were seen without which the cause is never
// confirmed, and one of those of which one must be. pro speaks for the cause;
// about is everything that is known of the failure.
func proven(c cause.Cause, pro, about []evidence.Item) bool {
	seen := func(items []evidence.Item, f vocab.Fact) bool {
		return slices.ContainsFunc(items, func(it evidence.Item) bool { return it.Fact == f && !it.Absent })
	}
	if slices.ContainsFunc(c.Proof, func(f vocab.Fact) bool { return !seen(pro, f) }) {
		return false
	}
	return len(c.OneOf) == 0 || slices.ContainsFunc(c.OneOf, func(f vocab.Fact) bool { return seen(about, f) })
}

// witness reports whether it comes from a source other than the failing
// gateway's own words. A configuration is one only while it is known to be what
// the gateway runs.
func witness(it evidence.Item, inForce bool) bool {
	if it.Absent {
		return false
	}
	switch it.Origin.Kind {
	case evidence.Socket, evidence.Process, evidence.File, evidence.DNS, evidence.Probe, evidence.Kernel, evidence.AppLog:
		return true
	case evidence.Config:
		return inForce
	}
	return false
}

func configInForce(about []evidence.Item) bool {
	return slices.ContainsFunc(about, func(it evidence.Item) bool { return it.Fact == vocab.ConfigApplied && !it.Absent })
}

// subject is the subject of the strongest item for the cause, or the failure's
// endpoint or route.
func subject(c candidate, f evidence.Failure) string {
	if len(c.pro) > 0 {
		return c.pro[0].item.Subject
	}
	for _, role := range []vocab.Role{vocab.RoleEndpoint, vocab.RoleName, vocab.RoleRoute} {
		if s := f.Subjects[role]; len(s) > 0 {
			return s[0]
		}
	}
	return ""
}

func itemsOf(ws []weighed) []evidence.Item {
	items := make([]evidence.Item, len(ws))
	for i, w := range ws {
		items[i] = w.item
	}
	return items
}

func odds(score int) float64 { return math.Pow(10, float64(score)/10) }

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
