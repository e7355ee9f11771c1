// Package infer ranks causes for failures. It is pure: the same failure, items
// and causes give the same ranking anywhere, without clock or network.
package infer

import (
	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Ranking is the answer for one failure.
type Ranking struct {
	Failure  evidence.Failure
	Verdict  vocab.Verdict // Confirmed, Likely or Uncertain
	Findings []Finding     // the most likely first; those under 0.01 are left out
}

// Finding is one cause with its confidence and the evidence for and against it.
type Finding struct {
	ID         vocab.Cause
	Confidence float64 // of 0 to 1; all findings of a failure sum to less than 1
	Verdict    vocab.Verdict
	Summary    string // one sentence that stands alone
	Subject    string // what the cause is about: an endpoint, a name, a route
	For        []evidence.Item
	Against    []evidence.Item
	Fixes      []cause.Fix   // with the fields filled in
	Next       string        // what to look at to be surer
	Under      []vocab.Cause // consequences of this cause that are folded under it
}
