package doctor

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// lower is by how many decibans a cause is less likely than the first candidate
// of the product's own condition: a fact such as "closed early" is the same for
// all products, and what it most often means is not. A closed connection behind
// a balancer that keeps connections for ten minutes is mostly an idle one;
// behind one that opens a connection per request it never is. The steps are
// those of a third, a sixth and an eighth as likely.
var lower = []int{0, 5, 8, 9, 10}

// unnamed is the same for a cause that the condition does not name at all.
const unnamed = 12

// bare is the score of the first candidate where no fact speaks for it: a little
// less likely than something else.
const bare = -1

// ranked is a cause in an explanation.
type ranked struct {
	ID         vocab.Cause
	score      int // decibans, by which it is ranked
	plain      int // the same without the condition's order, by which it is believed
	confidence float64
	found      *infer.Finding // nil: only the condition names it
}

func (r ranked) verdict() vocab.Verdict {
	if r.confidence >= 0.5 {
		return vocab.Likely // nothing was looked at but the lines
	}
	return vocab.Uncertain
}

// ranking is causes, the most likely first.
type ranking []ranked

func (r ranking) verdict() vocab.Verdict {
	if len(r) == 0 {
		return vocab.Uncertain
	}
	return r[0].verdict()
}

// weighCandidates joins what the facts say with the causes that the conditions of
// the lines name, and their order.
func weighCandidates(r infer.Ranking, lead dialect.Condition, reads []scan.Read) ranking {
	var all ranking
	for i := range r.Findings {
		f := &r.Findings[i]
		all = append(all, ranked{ID: f.ID, score: f.Score - doubt(f, reads), plain: f.Score, found: f})
	}
	for _, id := range lead.Causes {
		if !slices.ContainsFunc(all, func(x ranked) bool { return x.ID == id }) {
			all = append(all, ranked{ID: id, score: bare - step(lead.Causes, id), plain: bare - step(lead.Causes, id)})
		}
	}
	total := 1.0 // something else
	for _, x := range all {
		total += math.Pow(10, float64(x.plain)/10)
	}
	shares := make([]float64, len(all))
	for i, x := range all {
		shares[i] = math.Round(1000*math.Pow(10, float64(x.plain)/10)/total) / 1000
	}
	// The order of a condition's candidates decides who is named first, and makes
	// nobody surer: the shares are those that the facts alone give.
	slices.SortFunc(shares, func(a, b float64) int { return cmp.Compare(b, a) })
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	for i := range all {
		all[i].confidence = shares[i]
	}
	return all
}

// step is by how much a condition holds a cause to be less likely than its first.
func step(causes []vocab.Cause, id vocab.Cause) int {
	i := slices.Index(causes, id)
	if i < 0 {
		return unnamed
	}
	return lower[min(i, len(lower)-1)]
}

// doubt is by how much the conditions of the lines that speak for a finding hold
// it to be less likely than their first candidate; the line that thinks best of
// it counts. What a configuration, an address or a time shows is not doubted.
func doubt(f *infer.Finding, reads []scan.Read) int {
	least := unnamed
	for _, it := range f.For {
		i := slices.IndexFunc(reads, func(r scan.Read) bool { return lineOf(r) == it.Origin.Where && r.Cond.Fact == it.Fact })
		if i < 0 || len(reads[i].Cond.Causes) == 0 {
			return 0
		}
		least = min(least, step(reads[i].Cond.Causes, f.ID))
	}
	return least
}

// lineOf is where an item says that it stands in a pasted text.
func lineOf(r scan.Read) string { return "line " + strconv.Itoa(r.Line) }
