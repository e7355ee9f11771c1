package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Logs writes what logs say in one of the forms "text", "json", "html",
// "markdown". top bounds each list of failures; 0 means all.
func Logs(w io.Writer, form string, r *scan.Report, top int, s Style) error {
	switch form {
	case "json":
		return JSON(w, r)
	case "html":
		return logsHTML(w, logsView(r, top))
	case "markdown":
		return logsMarkdown(w, logsView(r, top))
	}
	return logsText(w, logsView(r, top), s)
}

// logs is a report of logs in the words and order in which every form tells it.
type logs struct {
	*scan.Report
	Answer   string // one sentence that stands alone
	State    doctor.State
	Word     string // of the state
	Facts    []string
	Statuses []string
	Kinds    []kind     // failures that share everything but site and route
	More     int        // kinds that are not shown
	Alone    []kind     // lines of error logs without a failed request
	Masked   []kind     // attempts that a retry made good
	Programs []kind     // what befell programs
	Files    []fileLine // where something is to be said about a file
	Day      time.Time  // whose date need not be said
}

// kind is failures that share symptom, status, maker and upstream.
type kind struct {
	scan.Failure
	Where []string // sites and routes, the most frequent first
	count map[string]uint64
}

// fileLine is one file and what there is to say about it.
type fileLine struct {
	Name string
	What string
	Bad  []string
	scan.FileReport
}

func logsView(r *scan.Report, top int) logs {
	l := logs{Report: r}
	if r.To != nil {
		l.Day = *r.To
	}
	failing := r.Failing()
	switch {
	case failing > 0 || r.Befell():
		l.State, l.Word = doctor.Bad, "FAILURES"
	case r.Understood():
		l.State, l.Word = doctor.Good, "NO FAILURES"
	default:
		l.State, l.Word = doctor.Unclear, "NOTHING KNOWN"
	}
	for _, f := range r.Failures {
		switch {
		case f.Program:
			l.Programs = fold(l.Programs, f)
		case f.Masked:
			l.Masked = fold(l.Masked, f)
		case f.Alone:
			l.Alone = fold(l.Alone, f)
		default:
			l.Kinds = fold(l.Kinds, f)
		}
	}
	for _, list := range []*[]kind{&l.Kinds, &l.Alone, &l.Masked, &l.Programs} {
		slices.SortStableFunc(*list, func(a, b kind) int { return cmp.Compare(b.Count, a.Count) })
		for i := range *list {
			(*list)[i].places()
		}
		if top > 0 && len(*list) > top {
			l.More += len(*list) - top
			*list = (*list)[:top]
		}
	}
	if r.Grouped != nil && top > 0 && len(r.Grouped.Rows) > top {
		g := *r.Grouped
		l.More = len(g.Rows) - top
		g.Rows = g.Rows[:top]
		copied := *r
		copied.Grouped = &g
		l.Report = &copied
	} else if r.Grouped != nil {
		l.More = 0
	}
	l.Statuses = statuses(r)
	l.Facts = l.facts()
	l.Answer = l.answer(failing)
	for _, f := range r.Files {
		l.Files = append(l.Files, fileView(f))
	}
	return l
}

// fold adds f to the kind that it belongs to.
func fold(kinds []kind, f scan.Failure) []kind {
	for i := range kinds {
		k := &kinds[i]
		if k.Condition == f.Condition && k.Status == f.Status && k.Upstream == f.Upstream && same(k.Symptom, f.Symptom) && same(k.MadeBy, f.MadeBy) {
			k.add(f)
			return kinds
		}
	}
	k := kind{Failure: f, count: map[string]uint64{}}
	k.Count, k.Share = 0, 0
	k.add(f)
	return append(kinds, k)
}

func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func (k *kind) add(f scan.Failure) {
	k.Count += f.Count
	k.Share += f.Share
	k.About = k.About || f.About
	if f.First != nil && (k.First == nil || f.First.Before(*k.First)) {
		k.First, k.Example, k.Joined = f.First, f.Example, f.Joined
	}
	if f.Last != nil && (k.Last == nil || f.Last.After(*k.Last)) {
		k.Last = f.Last
	}
	k.count[strings.TrimSpace(f.Site+" "+f.Route)] += f.Count
}

// places lists where the failures happened.
func (k *kind) places() {
	type place struct {
		name string
		n    uint64
	}
	var list []place
	for name, n := range k.count {
		if name != "" {
			list = append(list, place{name, n})
		}
	}
	slices.SortFunc(list, func(a, b place) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) })
	for i, p := range list {
		if i == 5 {
			k.Where = append(k.Where, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		k.Where = append(k.Where, p.name+" "+number(p.n))
	}
}

// Title says what the failures are: "502 connection_refused at 127.0.0.1:3000".
func (k kind) Title() string {
	var words []string
	if k.Status != 0 {
		words = append(words, fmt.Sprintf("%03d", k.Status))
	}
	if k.Symptom != nil {
		words = append(words, string(*k.Symptom))
	} else if k.Status == 0 || k.Program {
		words = append(words, k.Condition)
	}
	switch {
	case k.Program && k.Upstream != "":
		words = append(words, "of "+k.Upstream)
	case k.Upstream != "":
		words = append(words, "at "+k.Upstream)
	}
	return strings.Join(words, " ")
}

// Maker says who made the status.
func (k kind) Maker() string {
	switch {
	case k.Program:
		return k.Log
	case k.Masked:
		return "a retry made it good"
	case k.MadeBy == nil:
		return "made by: cannot tell"
	}
	return "made by the " + *k.MadeBy
}

// Number is the count, with "about" where it is an estimate.
func (k kind) Number() string {
	if k.About {
		return "~" + number(k.Count)
	}
	return number(k.Count)
}

// CauseList is the likely causes.
func (k kind) CauseList() string { return causeList(k.Causes) }

func causeList(causes []vocab.Cause) string {
	var s []string
	for i, c := range causes {
		if i == 4 {
			break
		}
		s = append(s, string(c))
	}
	return strings.Join(s, ", ")
}

func (l *logs) answer(failing uint64) string {
	switch {
	case failing == 0 && l.Lines == 0:
		return "The logs have no line in the time asked for."
	case failing == 0 && !l.Understood():
		return fmt.Sprintf("None of %s was understood.", many(l.Lines, "line"))
	case failing == 0 && l.Requests == 0 && len(l.Programs) > 0:
		return fmt.Sprintf("%s: %s.", many(l.Programs[0].Count, "time"), l.Programs[0].Title())
	case failing == 0 && l.Requests > 0:
		return fmt.Sprintf("None of %s requests failed.", number(l.Requests))
	case failing == 0:
		return fmt.Sprintf("None of %s lines tells of a failure.", number(l.Lines))
	}
	var s string
	if l.Requests > 0 && l.Failed > 0 {
		s = fmt.Sprintf("%s of %s requests failed (%s)", number(l.Failed), number(l.Requests), percentage(float64(l.Failed)/float64(l.Requests)))
	} else {
		s = many(failing, "line") + " of error logs with a failed request"
	}
	kinds := l.Kinds
	if len(kinds) == 0 {
		kinds = l.Alone
	}
	if len(kinds) > 0 {
		first := kinds[0]
		s += fmt.Sprintf(", %s of them with %s", first.Number(), first.Title())
		if len(kinds) == 1 && (first.Count == failing || first.Count == l.Failed) {
			s = strings.Replace(s, first.Number()+" of them", "all", 1)
		}
	}
	return s + "."
}

func (l *logs) facts() []string {
	var f []string
	if l.From != nil && l.To != nil {
		f = append(f, span(*l.From, *l.To)+" UTC")
	}
	f = append(f, fmt.Sprintf("%s, %s in %s", many(l.Lines, "line"), size(float64(l.Bytes)), plural(len(l.Report.Files), "file")))
	if masked := l.Report.Masked; masked > 0 {
		f = append(f, many(masked, "attempt")+" failed behind an answer that was fine")
	}
	if l.Unparsed > 0 {
		f = append(f, many(l.Unparsed, "line")+" not understood")
	}
	return f
}

func statuses(r *scan.Report) []string {
	var codes []string
	for s := range r.Status {
		codes = append(codes, s)
	}
	slices.Sort(codes)
	var out []string
	for _, s := range codes {
		out = append(out, s+": "+number(r.Status[s]))
	}
	return out
}

func fileView(f scan.FileReport) fileLine {
	v := fileLine{Name: f.Path, FileReport: f, Bad: slices.Clone(f.Problems)}
	switch {
	case f.Log == "":
		v.What = "not read"
	case f.By == "skipped":
		v.What = "no log that goodgate knows: passed over"
	case f.By == "unrecognised" && f.Wrapped:
		v.What = "lines of several programs"
	case f.By == "unrecognised":
		v.What = "format not recognised"
	default:
		v.What = f.Log
		if len(f.Also) > 0 {
			v.What += fmt.Sprintf(" (%s writes the same text)", strings.Join(f.Also, ", "))
		}
	}
	if f.Wrapped {
		v.What += ", wrapped"
	}
	if f.Packed != "" {
		v.What += ", " + f.Packed
	}
	v.What += ", " + many(uint64(f.Lines), "line")
	if f.Unparsed > 0 {
		v.Bad = append(v.Bad, many(f.Unparsed, "line")+" not understood")
	}
	return v
}
