package doctor

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/evidence"
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

// weighCandidates takes into account which causes the condition of the leading
// line names, and in which order. What other lines speak for is left as it is.
func weighCandidates(r infer.Ranking, line *scan.Read) infer.Ranking {
	lead := line.Cond
	if len(lead.Causes) == 0 {
		return r
	}
	total := 1.0 // something else
	for i := range r.Findings {
		f := &r.Findings[i]
		if !otherwise(f.For, line) {
			f.Score -= step(lead.Causes, f.ID)
		}
		total += math.Pow(10, float64(f.Score)/10)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Confidence = math.Round(1000*math.Pow(10, float64(f.Score)/10)/total) / 1000
		if f.Verdict = vocab.Uncertain; f.Confidence >= 0.5 {
			f.Verdict = vocab.Likely
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b infer.Finding) int { return cmp.Compare(b.Score, a.Score) })
	if len(r.Findings) > 0 {
		r.Verdict = r.Findings[0].Verdict
	}
	return r
}

// step is by how much a condition holds a cause to be less likely than its first.
func step(causes []vocab.Cause, id vocab.Cause) int {
	i := slices.Index(causes, id)
	if i < 0 {
		return unnamed
	}
	return lower[min(i, len(lower)-1)]
}

// otherwise reports whether something else than the fact of the leading line
// speaks for a finding: another line, the configuration, what the address or the
// time in it show.
func otherwise(items []evidence.Item, lead *scan.Read) bool {
	return slices.ContainsFunc(items, func(it evidence.Item) bool { return it.Fact != lead.Cond.Fact })
}

// lineOf is where an item says that it stands in a pasted text.
func lineOf(r scan.Read) string { return "line " + strconv.Itoa(r.Line) }
