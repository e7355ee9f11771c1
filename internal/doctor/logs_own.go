package doctor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// noteLogs remembers where the logs end, to find the lines of our own request.
// It asks nothing: what is found is recorded when it is read.
func (x *examination) noteLogs() map[string]*scan.Mark {
	if x.rec.Replaying() {
		return nil
	}
	marks := map[string]*scan.Mark{}
	for _, l := range x.gatewayLogs() {
		if l.Kind != "error" && l.Kind != "" && !x.whole(l) {
			continue
		}
		if x.print(l.Path) != nil || isJournal(l.Path) {
			marks[l.Path] = &scan.Mark{Path: l.Path} // it has no end to remember: our lines are known by their token
			continue
		}
		open, err := x.opener(context.Background(), x.logPlace(l))
		if err != nil {
			continue
		}
		if m, err := scan.Note(open, l.Path); err == nil {
			marks[l.Path] = m
		}
	}
	return marks
}

// ownLines returns the error-log lines about our own request. The gateway may
// write them a moment after its answer.
func (x *examination) ownLines(ctx context.Context, marks map[string]*scan.Mark, r probe.AskResult, token string) []scan.Hit {
	var lines []scan.Hit
	ours := func(h scan.Hit) bool { return strings.Contains(h.Raw, token) || fromUs(h, r) }
	for _, l := range x.gatewayLogs() {
		log, ok := x.sniffed(ctx, l)
		if !ok || !tells(log) {
			continue
		}
		tail, _, ok := ask(x, "scan/tail", x.logPlace(l).Subject(token+" "+l.Path), func() (logAnswer, error) {
			return x.tail(ctx, x.logPlace(l), marks[l.Path], log, failed(r), ours)
		})
		if !ok {
			continue
		}
		if log.Whole {
			x.placeNames(&tail.Extract)
		}
		x.spellEndpoints(tail.Hits)
		joined := x.withThreads(log, tail.Hits, ours, failed(r))
		for _, h := range tail.Hits {
			if joined(h) {
				lines = append(lines, h)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b scan.Hit) int { return a.Time.Compare(b.Time) })
	return lines
}

// tail reads what a log got since the mark. Where our request failed it waits a
// little for the line that says why.
func (x *examination) tail(ctx context.Context, place host.Place, mark *scan.Mark, log dialect.Log, wait bool, ours func(scan.Hit) bool) (logAnswer, error) {
	if mark == nil {
		return logAnswer{}, &evidence.Gap{Source: "error log", Why: "it could not be opened", Allow: "run as root, or as a member of the group that may read it: sudo goodgate diagnose …"}
	}
	open, err := x.opener(ctx, place)
	if err != nil {
		return logAnswer{}, err
	}
	var a logAnswer
	for try := 0; ; try++ {
		x.prints = nil
		a.Extract, err = scan.Tail(ctx, open, mark, log, scan.Options{Location: x.zone, All: true})
		found := slices.ContainsFunc(a.Hits, ours)
		if wait && !found {
			x.prints = nil // it may still come
		}
		if err != nil || found || !wait || try == 8 || try == 1 && (x.print(mark.Path) != nil || isJournal(mark.Path)) {
			break
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	x.spellEndpoints(a.Hits)
	ours = x.withThreads(log, a.Hits, ours, wait)
	a.Hits = slices.DeleteFunc(a.Hits, func(h scan.Hit) bool { return !ours(h) })
	a.Sample = nil
	return a, err
}
