package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// examination is one diagnosis while it is made.
type examination struct {
	opts   Options
	rec    *evidence.Recorder
	views  *host.Views // nil in a replay
	target string
	token  string
	zone   *time.Location // of log stamps that name no zone

	from, to time.Time // the window

	survey   *survey.Survey
	match    *survey.Match // nil: the site is not on this host
	decision topo.Decision // how the configuration treats the request
	place    host.Place    // from where the gateway sees the world
	route    string        // subject of facts about the route
	gateway  string        // subject of facts about the gateway

	own       []ownRequest          // our own requests, in order
	marks     map[string]*scan.Mark // where the applications' logs ended before; live only
	logs      []readLog             // what the gateway's logs say
	prints    map[string][]byte     // what programs printed of logs in memory, by command; live only
	hits      []scan.Hit            // error-log lines about this route, oldest first
	loose     []scan.Hit            // error-log lines about no request
	access    []scan.Hit            // failed requests of this route in access logs
	foreign   []scan.Hit            // error-log lines about other routes
	unclaimed []scan.Hit            // failed requests for our path in access logs that several sites share
	covered   bool                  // an error log was read and covers the window
	counted   bool                  // an access log was read that shows every request of the window
	failures  []evidence.Failure
	dials     []dial       // what the running gateway dials for names, where it was asked
	derived   []string     // endpoints of the failures whose symptom no log tells
	resolved  []resolution // the names among the configured endpoints
	upstreams []*upstream  // every endpoint of interest

	front     *examination // of the gateway that forwards to this one; nil: clients come here
	behind    *hop         // the gateway behind this one; nil: there is none
	depth     int          // gateways in front
	numbered  int          // items of those in front
	inherited bool         // what was seen is the word of the gateway in front

	items   []evidence.Item
	gaps    []evidence.Gap
	notes   []string
	changed []Event // when files of applications were changed
}

// ownRequest is one marked request with the lines that the gateway wrote for it.
type ownRequest struct {
	probe.AskResult
	Lines   []scan.Hit // of error logs
	Instead string     // the gateway took this for an answer, and it is none; empty: it is one
}

// observed starts an observation of what our own request got.
func (o ownRequest) observed(fact vocab.Fact, subject, value, quote string) observation {
	return observation{fact: fact, subject: subject, value: value, when: o.Ended, kind: evidence.OwnAnswer, where: "GET " + o.URI + " at " + o.Exchange.Address, quote: quote}
}

func newExamination(opts Options, rec *evidence.Recorder, views *host.Views) *examination {
	c := rec.Case()
	offset, _ := strconv.Atoi(c.Options["zone"])
	x := &examination{opts: opts, rec: rec, views: views, token: c.Options["token"], zone: time.FixedZone("local", offset)}
	x.to = c.Started
	if !opts.Until.IsZero() {
		x.to = opts.Until
	}
	since := defaultSince
	if opts.Quick {
		since = quickSince
	}
	x.from = x.to.Add(-since)
	if !opts.Since.IsZero() {
		x.from = opts.Since
	}
	return x
}

// past reports whether the window ended before the examination began: then
// nothing that is observed now is about it.
func (x *examination) past() bool {
	return !x.opts.Until.IsZero() && x.opts.Until.Before(x.rec.Case().Started)
}

// silent reports whether nothing may be sent.
func (x *examination) silent() bool { return x.opts.LogOnly || x.past() }

func (x *examination) progress(format string, args ...any) {
	if x.opts.Progress != nil {
		x.opts.Progress(fmt.Sprintf(format, args...))
	}
}

// run does the steps in order.
func (x *examination) run(ctx context.Context) *Diagnosis {
	x.progress("looking for the gateway that answers for %s", x.rec.Case().Target)
	x.find(ctx)
	if x.opts.Plan {
		return x.plan()
	}
	if x.match == nil {
		x.outside(ctx)
		return x.compose()
	}
	before := x.lookAtUpstreams(ctx, "before")
	hostBefore := x.lookAtHost(ctx, "before", before)
	x.noteWords(ctx, before)
	defer x.closeMarks()
	x.askOwn(ctx)
	x.readLogs(ctx)
	x.series(ctx)
	x.testConfig(ctx)
	x.group()
	x.compareReceived(ctx)
	var after, end picture
	if len(x.failures) > 0 || x.opts.Deep {
		after = x.lookAtUpstreams(ctx, "after")
		x.askRuntime(ctx)
		end = x.gather(ctx, before, after)
		x.refine()
		x.separate(ctx)
	}
	x.state()
	x.trafficFacts(ctx)
	x.hostFacts(ctx, hostBefore, after)
	x.descend(ctx, before, end)
	return x.culprit().compose()
}

// dialer dials as the gateway would.
func (x *examination) dialer(p host.Place) (probe.Dialer, error) {
	v, err := x.views.View(p)
	if err != nil {
		return nil, err
	}
	if gap := v.NetworkGap(); gap != nil {
		return nil, gap
	}
	return v.Dial, nil
}

// dialling makes a question of one that needs the gateway's dialer. It fails
// where nothing can be dialled from there.
func dialling[T any](x *examination, live func(probe.Dialer) T) func() (T, error) {
	return func() (result T, err error) {
		d, err := x.dialer(x.place)
		if err != nil {
			return result, err
		}
		return live(d), nil
	}
}

// seeing makes a question of one that a place's view answers.
func seeing[T any](x *examination, p host.Place, live func(*host.View) (T, error)) func() (T, error) {
	return func() (result T, err error) {
		v, err := x.views.View(p)
		if err != nil {
			return result, err
		}
		return live(v)
	}
}

// askView asks something of the gateway's place.
func askView[T any](x *examination, source, subject string, live func(*host.View) (T, error)) (T, bool) {
	r, _, ok := ask(x, source, x.place.Subject(subject), seeing(x, x.place, live))
	return r, ok
}

// ask asks one question. Where there is no answer the reason is noted as a gap.
func ask[T any](x *examination, source, subject string, live func() (T, error)) (result T, when time.Time, ok bool) {
	result, when, err := evidence.Ask(x.rec, source, subject, live)
	if err != nil {
		x.gap(gapOf(err, source, subject))
	}
	return result, when, err == nil
}

// gapOf is the gap that a question leaves which was not answered.
func gapOf(err error, source, subject string) evidence.Gap {
	var gap *evidence.Gap
	if errors.As(err, &gap) {
		return *gap
	}
	return evidence.Gap{Source: source + " " + subject, Why: err.Error()}
}

// gap notes what could not be looked at, once.
func (x *examination) gap(g evidence.Gap) {
	if !slices.Contains(x.gaps, g) {
		x.gaps = append(x.gaps, g)
	}
}

func (x *examination) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(x.notes, text) {
		x.notes = append(x.notes, text)
	}
}

// observation is an item before it has its number.
type observation struct {
	fact    vocab.Fact
	absent  bool
	subject string
	value   string
	when    time.Time
	kind    evidence.Kind
	where   string
	quote   string
	count   int
}

// add makes an item of o. The same fact about the same subject from the same
// place is counted, not repeated.
func (x *examination) add(o observation) {
	for i := range x.items {
		it := &x.items[i]
		if it.Fact == o.fact && it.Subject == o.subject && it.Absent == o.absent && it.Origin.Kind == o.kind && repeats(o.kind, it.Value == o.value) {
			it.Count = max(it.Count, 1) + max(o.count, 1)
			if o.when.After(it.When) {
				it.When, it.Origin.Where, it.Quote, it.Value = o.when.UTC(), o.where, clip(o.quote, 600), o.value
			}
			return
		}
	}
	x.items = append(x.items, evidence.Item{
		ID: "e" + strconv.Itoa(x.numbered+len(x.items)+1), Fact: o.fact, Absent: o.absent, Subject: o.subject, Value: o.value, When: o.when.UTC(),
		Origin: evidence.Origin{Kind: o.kind, Where: o.where}, Quote: clip(o.quote, 600), Count: o.count,
	})
}

// repeats reports whether lines of a log that say the same fact are one
// observation made again. A gateway's value is part of what it says, an
// application's only the wording of one line.
func repeats(kind evidence.Kind, sameValue bool) bool {
	return kind == evidence.AppLog || kind == evidence.GatewayLog && sameValue
}

// has reports whether a fact about a subject was seen; an empty subject stands
// for any.
func (x *examination) has(fact vocab.Fact, subject string) bool {
	return slices.ContainsFunc(x.items, func(it evidence.Item) bool {
		return it.Fact == fact && !it.Absent && (subject == "" || it.Subject == subject)
	})
}

// clip bounds s to n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// dialectOf returns the dialect of a product, or nil.
func (x *examination) dialectOf(product string) *dialect.Dialect {
	for i := range x.opts.Dialects {
		if x.opts.Dialects[i].Name == product {
			return &x.opts.Dialects[i]
		}
	}
	return nil
}
