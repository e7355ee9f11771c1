package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// traffic is how many requests came in per minute: just before the failures, and
// in all the time of the log before.
type traffic struct {
	From     time.Time `json:"from,omitzero"`      // of the log
	Requests uint64    `json:"requests,omitempty"` // before
	Most     uint64    `json:"most,omitempty"`     // in a minute, before
	Now      uint64    `json:"now,omitempty"`      // in a minute, just before the failures
}

const (
	trafficBack  = 28 * 24 * time.Hour
	trafficSpan  = 6 * time.Hour    // of history that a comparison needs
	trafficLeast = 500              // requests of history that a comparison needs
	trafficBusy  = 60               // requests a minute from which on many are many
	trafficTimes = 3                // as many as ever
	trafficRamp  = 10 * time.Minute // before the failures, which is no history
	trafficJust  = 3 * time.Minute
	trafficBytes = 512 << 20
)

// capacity reports whether a failure is one that too many requests make.
func capacity(f evidence.Failure) bool {
	switch f.Symptom {
	case vocab.ConnectionLimitReached, vocab.ConnectionTimeout, vocab.ConnectionReadTimeout, vocab.HTTPResponseTimeout, vocab.DestinationUnavailable, vocab.HTTPRequestDenied:
		return true
	}
	return f.Symptom == vocab.ConnectionRefused && f.Status == 502
}

// trafficFacts compares the requests of the minutes before a failure of capacity
// with those of the weeks before. What came in after the first failure does not
// count: people try again.
func (x *examination) trafficFacts(ctx context.Context) {
	if x.opts.Quick || len(x.failures) == 0 || !capacity(x.failures[0]) {
		return
	}
	f := x.failures[0]
	for _, l := range x.logs {
		if l.Kind != "access" || !l.OK {
			continue
		}
		t, _, err := evidence.Ask(x.rec, "scan/rate", x.place.Subject(l.Path), func() (traffic, error) { return x.readTraffic(ctx, l, f.From) })
		if err != nil || t.Requests < trafficLeast || f.From.Sub(t.From) < trafficSpan {
			continue
		}
		o := observation{subject: x.route, when: f.From, kind: evidence.History, where: l.Path,
			value: fmt.Sprintf("%d a minute just before, and never more than %d since %s", t.Now, t.Most, t.From.In(x.zone).Format("2006-01-02 15:04"))}
		switch {
		case t.Now >= trafficBusy && t.Now >= trafficTimes*t.Most:
			o.fact = vocab.TrafficGrew
		case t.Now <= t.Most:
			o.fact, o.value = vocab.TrafficUsual, fmt.Sprintf("%d a minute just before, and up to %d in other times", t.Now, t.Most)
		default:
			continue
		}
		x.add(o)
		return
	}
}

// readTraffic counts the requests of an access log, and of the one before it, by
// the minute.
func (x *examination) readTraffic(ctx context.Context, l readLog, first time.Time) (traffic, error) {
	open, err := x.opener(ctx, x.place)
	if err != nil {
		return traffic{}, err
	}
	var inputs []scan.Input
	for _, p := range []string{l.Path, l.Path + ".1"} {
		file, err := open(p)
		if err != nil {
			continue
		}
		if info, err := file.Stat(); err == nil && info.Size() <= trafficBytes {
			inputs = append(inputs, scan.Input{Path: p})
		}
		file.Close()
	}
	log, known := x.dialectLog(l.Log)
	rep, err := scan.Run(ctx, inputs, scan.Config{
		Dialects: x.opts.Dialects, Open: open, Since: first.Add(-trafficBack), Until: first, Location: x.zone, Now: x.to, Workers: 1, Polite: true,
		Known: func(string) (string, dialect.Log, bool) { return x.match.Gateway.Dialect.Name, log, known },
	})
	if err != nil || rep.Width != 60 {
		return traffic{}, err
	}
	return trafficOf(rep.Timeline, first), nil
}

// trafficOf puts minutes into what came just before a time, and what came before.
func trafficOf(minutes []scan.Bucket, first time.Time) (t traffic) {
	failing := first.Truncate(time.Minute)
	for _, m := range minutes {
		switch {
		case !m.Minute.Before(failing):
		case failing.Sub(m.Minute) <= trafficJust:
			t.Now = max(t.Now, m.Requests)
		case failing.Sub(m.Minute) > trafficRamp:
			if t.From.IsZero() || m.Minute.Before(t.From) {
				t.From = m.Minute
			}
			t.Requests += m.Requests
			t.Most = max(t.Most, m.Requests)
		}
	}
	return t
}
