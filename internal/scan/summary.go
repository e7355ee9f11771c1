package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// report says what the sums mean.
func (r *run) report(s *sums) *Report {
	rep := &Report{Schema: Schema, Lines: s.lines, Bytes: s.bytes, Unparsed: s.unparsed, Outside: s.outside,
		Failed: s.failed, Errors: s.errors, Masked: s.masked, Status: map[string]uint64{}, Folded: s.groups.folded,
		Failures: []Failure{}, Incidents: []Incident{}, Timeline: []Bucket{}, Width: s.minutes.width}
	for status, n := range s.status {
		if n > 0 {
			rep.Status[fmt.Sprintf("%03d", status)] = n
			rep.Requests += n
		}
	}
	for _, src := range r.sources {
		rep.Files = append(rep.Files, r.fileReport(src))
	}
	rep.Timeline = timeline(s.minutes)
	r.span(rep, s)
	rep.Failures = r.failures(rep, s)
	rep.Events = r.events(s)
	rep.Incidents = incidents(rep, s.minutes)
	rep.Tell = r.tell(rep)
	r.notes(rep, s)
	return rep
}

func (r *run) fileReport(s *source) FileReport {
	l := r.logs[s.log]
	f := FileReport{Path: s.path, Product: l.product, Log: l.log.Name, Also: s.also, By: s.why, Wrapped: s.wrapped,
		Packed: s.kind.String(), Size: s.size, Lines: s.total(), Unparsed: s.bad, Problems: s.problems}
	if s.err != nil {
		f.Product, f.Log, f.By = "", "", ""
		f.Problems = append(f.Problems, s.err.Error())
	}
	slices.SortFunc(s.samples, func(a, b Sample) int {
		if a.at.before(b.at) {
			return -1
		}
		return 1
	})
	for _, sample := range s.samples[:min(len(s.samples), sampleLines)] {
		sample.Place = s.place(sample.at)
		f.Sample = append(f.Sample, sample)
	}
	return f
}

// span sets the time that the lines cover.
func (r *run) span(rep *Report, s *sums) {
	first, last := s.first, s.last
	if n := len(rep.Timeline); n > 0 {
		// The fast path knows the minute only.
		a, b := rep.Timeline[0].Minute.UnixNano(), rep.Timeline[n-1].Minute.UnixNano()+rep.Width*1e9-1e9
		if first == 0 || a+rep.Width*1e9 <= first {
			first = a
		}
		if b > last+rep.Width*1e9 {
			last = b
		}
		last = max(last, rep.Timeline[n-1].Minute.UnixNano())
	}
	rep.From, rep.To = instant(first), instant(last)
}

func instant(unix int64) *time.Time {
	if unix == 0 {
		return nil
	}
	t := time.Unix(0, unix).UTC()
	return &t
}

func timeline(m *minutes) []Bucket {
	out := make([]Bucket, 0, len(m.index))
	for start, b := range m.index {
		if b.Requests+b.Errors > 0 {
			out = append(out, Bucket{Minute: time.Unix(start, 0).UTC(), Requests: b.Requests, Failures: failuresOf(b)})
		}
	}
	slices.SortFunc(out, func(a, b Bucket) int { return a.Minute.Compare(b.Minute) })
	return out
}

// failuresOf counts the failures of a bucket: failed requests where an access
// log covers it, else the lines of error logs.
func failuresOf(b *dialect.Minute) uint64 {
	if b.Requests > 0 {
		return b.Failures
	}
	return b.Errors
}

// failures puts groups of access and of error lines together.
func (r *run) failures(rep *Report, s *sums) []Failure {
	groups := s.groups.groups
	j := join(s.access, s.failures)
	left := make([]uint64, len(groups))
	for i := range groups {
		left[i] = groups[i].count
	}
	m := merger{index: map[string]int{}}
	for _, p := range sortedPairs(j.pairs) {
		n := min(j.pairs[p], left[p.access], left[p.failed])
		if n == 0 {
			continue
		}
		left[p.access] -= n
		left[p.failed] -= n
		rep.Joined += n
		f := r.both(&groups[p.access], &groups[p.failed])
		f.Count, f.About = n, j.of > 1
		m.add(f)
	}
	for i, n := range j.earlier {
		n = min(n, left[i])
		left[i] -= n
		rep.Joined += n
	}
	for i := range groups {
		if left[i] == 0 {
			continue
		}
		f := r.one(&groups[i])
		f.Count = left[i]
		f.Alone = rep.Requests > 0 && groups[i].made == madeError && !f.Program
		f.About = j.of > 1 && left[i] != groups[i].count
		m.add(f)
	}
	for i := range m.list {
		if rep.Requests > 0 && rank(m.list[i]) == 0 {
			m.list[i].Share = float64(m.list[i].Count) / float64(rep.Requests)
		}
	}
	slices.SortStableFunc(m.list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Example.Place, b.Example.Place))
	})
	return m.list
}

// rank puts failed requests before lines without one before masked attempts.
func rank(f Failure) int {
	switch {
	case f.Program:
		return 3
	case f.Masked:
		return 2
	case f.Alone:
		return 1
	}
	return 0
}

func sortedPairs(pairs map[pair]uint64) []pair {
	list := make([]pair, 0, len(pairs))
	for p := range pairs {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b pair) int {
		return cmp.Or(cmp.Compare(pairs[b], pairs[a]), cmp.Compare(a.access, b.access), cmp.Compare(a.failed, b.failed))
	})
	return list
}

// merger puts failures together that read the same.
type merger struct {
	list  []Failure
	index map[string]int
}

func (m *merger) add(f Failure) {
	symptom, made := "", ""
	if f.Symptom != nil {
		symptom = string(*f.Symptom)
	}
	if f.MadeBy != nil {
		made = *f.MadeBy
	}
	key := fmt.Sprintf("%s\x00%s\x00%s\x00%d\x00%s\x00%s\x00%s\x00%v%v%v", symptom, f.Condition, made, f.Status, f.Upstream, f.Site, f.Route, f.Alone, f.Masked, f.Program)
	i, ok := m.index[key]
	if !ok {
		m.index[key] = len(m.list)
		m.list = append(m.list, f)
		return
	}
	have := &m.list[i]
	have.Count += f.Count
	have.About = have.About || f.About
	if f.First != nil && (have.First == nil || f.First.Before(*have.First)) {
		have.First, have.Example, have.Joined = f.First, f.Example, f.Joined
	}
	if f.Last != nil && (have.Last == nil || f.Last.After(*have.Last)) {
		have.Last = f.Last
	}
}

// one tells a group by itself.
func (r *run) one(g *failGroup) Failure {
	endpoint, site, route := g.split()
	c := r.condition(g)
	f := Failure{log: g.log, Log: r.logs[g.log].log.Name, Condition: c.ID, Causes: c.Causes, Check: c.Distinguish, Status: int(g.code),
		Upstream: string(endpoint), Site: string(site), Route: string(route), Count: g.count, First: instant(g.first), Last: instant(g.last),
		Example: Example{Place: r.sources[g.at.file].place(g.at), Line: string(g.example)}, Masked: g.made == madeMasked}
	kind := r.logs[g.log].log.Kind
	f.Program = kind != "error" && kind != "access"
	if c.Symptom != "" {
		symptom := c.Symptom
		f.Symptom = &symptom
	}
	switch {
	case f.Program:
	case g.made == madeGateway || g.made == madeError:
		made := "gateway"
		f.MadeBy = &made
	case g.made == madeApp:
		made := "application"
		f.MadeBy = &made
		f.Symptom = nil
	}
	if f.Causes == nil {
		f.Causes = []vocab.Cause{}
	}
	return f
}

// both tells requests that stand in an access log and in an error log.
func (r *run) both(access, failed *failGroup) Failure {
	f, e := r.one(access), r.one(failed)
	f.Log, f.Condition, f.Symptom, f.Causes, f.Check = e.Log, e.Condition, e.Symptom, e.Causes, e.Check
	if f.MadeBy == nil {
		f.MadeBy = e.MadeBy
	}
	for _, pair := range []struct{ to, from *string }{{&f.Upstream, &e.Upstream}, {&f.Site, &e.Site}, {&f.Route, &e.Route}} {
		if *pair.to == "" || *pair.to == otherRoute && *pair.from != "" {
			*pair.to = *pair.from
		}
	}
	if e.First != nil && (f.First == nil || e.First.Before(*f.First)) {
		f.First = e.First
	}
	if e.Last != nil && (f.Last == nil || e.Last.After(*f.Last)) {
		f.Last = e.Last
	}
	example := f.Example
	f.Example, f.Joined = e.Example, &example
	return f
}

func (r *run) condition(g *failGroup) dialect.Condition {
	if conds := r.logs[g.log].log.Conds; int(g.cond) < len(conds) {
		return conds[g.cond]
	}
	return dialect.Condition{}
}

const reportedEvents = 200

func (r *run) events(s *sums) []Event {
	var out []Event
	for _, e := range s.events.sorted() {
		c := r.logs[e.log].log.Conds[e.cond]
		out = append(out, Event{When: instant(e.when), Log: r.logs[e.log].log.Name, What: c.ID, Fact: c.Fact, Name: e.name,
			Count: e.count, Place: r.sources[e.at.file].place(e.at), Line: e.text})
	}
	return out
}

// tell lists the directives that would let the logs say who made a status.
func (r *run) tell(rep *Report) []Tell {
	var out []Tell
	for i := range rep.Failures {
		f := &rep.Failures[i]
		directive := r.logs[f.log].log.Tell
		if f.MadeBy != nil || f.Masked || directive == "" {
			continue
		}
		at := slices.IndexFunc(out, func(t Tell) bool { return t.Log == f.Log && t.Directive == directive })
		if at < 0 {
			at = len(out)
			out = append(out, Tell{Log: f.Log, Directive: directive})
		}
		out[at].Count += f.Count
	}
	return out
}

func (r *run) notes(rep *Report, s *sums) {
	note := func(format string, args ...any) { rep.Notes = append(rep.Notes, fmt.Sprintf(format, args...)) }
	if r.assumes {
		note("times that name no zone are taken to be in %s", r.assume)
	}
	if s.groups.folded > 0 {
		note("more than %d kinds of failures: the rarest are counted under route %q", r.cfg.Groups, otherRoute)
	}
	if s.undated > 0 {
		note("%s failures have no time and are not in the timeline", strconv.FormatUint(s.undated, 10))
	}
	if s.long > 0 {
		note("%d lines are longer than 1 MiB: only their beginning was read", s.long)
	}
	if s.events.dropped > 0 {
		note("%d more events of programs were not kept", s.events.dropped)
	}
	if mask := s.access.mask | s.failures.mask; mask != 0 {
		note("access and error lines were joined on a sample of one request in %d: counts marked as approximate are estimates", mask+1)
	}
	if s.minutes.width > 60 {
		note("the logs span more than %d minutes: the timeline is in steps of %s", minuteLimit, time.Duration(s.minutes.width)*time.Second)
	}
}
