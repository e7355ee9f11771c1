package doctor

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// optional is a question that takes long, or more than one connection. It is asked
// where one of its answers could change what is said, and not otherwise.
type optional struct {
	what   string         // for people: "… 10.0.0.7:80" follows
	source string         // as in a case
	deep   bool           // it is asked with --deep only
	facts  [][]vocab.Fact // what its answers may show, about an endpoint: each a set of facts
	bound  func(x *examination) time.Duration
	sends  func(x *examination) int // connections, at most
	may    func(x *examination, u *upstream) bool
	ask    func(x *examination, ctx context.Context, g *gapping, subject string)
	tell   func(x *examination, u *upstream)
}

// optionals are the optional questions, the cheapest first.
func optionals() []optional {
	return []optional{
		{
			what: "make a short series of connects to", source: "probe/path", facts: [][]vocab.Fact{{vocab.PathLoss}, {vocab.PathLoss, vocab.PathDataLost}, {vocab.PathSlow}, {vocab.PathWhole}},
			bound: func(x *examination) time.Duration { return x.pathLimits().Bound() },
			sends: func(x *examination) int { return x.pathLimits().Tries },
			may:   func(x *examination, u *upstream) bool { return u.Path == nil && x.worthPath(u) },
			ask:   (*examination).askPath, tell: (*examination).pathFacts,
		},
		{
			what: "send what was lost once more, in small packets, to", source: "probe/sizes", facts: [][]vocab.Fact{{vocab.PathBlackHole}},
			bound: func(x *examination) time.Duration { return x.limits().Total + 4*time.Second },
			sends: func(*examination) int { return 2 },
			may:   func(x *examination, u *upstream) bool { return u.Sizes == nil && x.worthSizes(u) },
			ask:   (*examination).askSizes, tell: (*examination).holeFacts,
		},
		{
			what: "look for the router where packets end on the way to", source: "host/hops", facts: [][]vocab.Fact{{vocab.PathEnds}}, deep: true,
			bound: func(*examination) time.Duration { return hopsTime },
			sends: func(*examination) int { return host.HopsMost },
			may:   func(x *examination, u *upstream) bool { return u.Hops == nil && x.worthHops(u) },
			ask:   (*examination).askHops, tell: (*examination).hopFacts,
		},
	}
}

// separate asks what separates the hypotheses, one question after the other, as
// long as an answer could change what is said: make another cause the first, or
// this one sure. With --deep everything is asked.
func (x *examination) separate(ctx context.Context) {
	if x.silent() {
		return
	}
	for _, q := range optionals() {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var asked []*upstream
		for _, u := range x.upstreams {
			if q.deep && !x.opts.Deep || !q.may(x, u) || ctx.Err() != nil || !x.opts.Deep && !x.decisive(q, u) {
				continue
			}
			if end, ok := ctx.Deadline(); ok && time.Until(end) < q.bound(x) && !x.rec.Replaying() {
				x.gap(evidence.Gap{Source: q.source + " " + u.Addr, Why: "there was no time left for it", Allow: "goodgate diagnose --timeout 1m"})
				continue
			}
			x.progress("to tell the likeliest causes apart: %s %s", q.what, u.Addr)
			asked = append(asked, u)
			wg.Go(func() {
				g := &gapping{x: x, u: u}
				q.ask(x, ctx, g, x.place.Subject(u.Addr))
				mu.Lock()
				defer mu.Unlock()
				for _, gap := range g.gaps {
					x.gap(gap)
				}
			})
		}
		wg.Wait()
		for _, u := range asked {
			q.tell(x, u)
		}
	}
}

// decisive reports whether one of the answers to a question could change what is
// said of a failure at u. Each is put to the inference as if it had been seen.
func (x *examination) decisive(q optional, u *upstream) bool {
	so := x.soFar()
	all := cause.All()
	for _, f := range x.failures {
		if !slices.Contains(f.Subjects[vocab.RoleEndpoint], u.Addr) {
			continue
		}
		now := infer.Rank(all, f, so)
		if now.Verdict == vocab.Confirmed {
			continue
		}
		for _, facts := range q.facts {
			with := slices.Clone(so)
			for _, fact := range facts {
				with = append(with, evidence.Item{ID: "if " + string(fact), Fact: fact, Subject: u.Addr, When: u.AskedAt, Origin: evidence.Origin{Kind: evidence.Probe, Where: q.source}})
			}
			if saysElse(now, infer.Rank(all, f, with)) {
				return true
			}
		}
	}
	return false
}

// saysElse reports whether two rankings differ in what a person is told first.
func saysElse(a, b infer.Ranking) bool {
	if a.Verdict != b.Verdict || len(a.Findings) == 0 != (len(b.Findings) == 0) {
		return true
	}
	return len(a.Findings) > 0 && a.Findings[0].ID != b.Findings[0].ID
}

// soFar are the items that there would be if nothing more were asked.
func (x *examination) soFar() []evidence.Item {
	y := *x
	y.items, y.gaps, y.notes = slices.Clone(x.items), slices.Clone(x.gaps), slices.Clone(x.notes)
	if y.match.Gateway.Conf != nil {
		y.state()
	}
	return y.items
}
