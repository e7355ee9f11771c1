package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Keys are what failures can be put together by.
var Keys = []string{"cause", "symptom", "status", "made", "upstream", "site", "route", "minute"}

// Row is the failures that agree in one thing.
type Row struct {
	Name  string     `json:"name"` // "" where the logs do not tell
	Count uint64     `json:"count"`
	Share float64    `json:"share"` // of all failures
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`

	Requests uint64   `json:"requests,omitempty"` // by minute only
	Example  *Example `json:"example,omitempty"`
}

// By puts the failures together by one of Keys, the most frequent first, and
// minutes in their order. Attempts that a retry made good are left out,
// and what befell programs.
func (r *Report) By(key string) ([]Row, error) {
	if key == "minute" {
		return r.byMinute(), nil
	}
	if !slices.Contains(Keys, key) {
		return nil, fmt.Errorf("cannot put failures together by %q: the choices are %s", key, strings.Join(Keys, ", "))
	}
	var rows []Row
	index := map[string]int{}
	total := uint64(0)
	for i := range r.Failures {
		f := &r.Failures[i]
		if f.Masked || f.Program {
			continue
		}
		total += f.Count
		name := f.value(key)
		at, ok := index[name]
		if !ok {
			at = len(rows)
			index[name] = at
			rows = append(rows, Row{Name: name})
		}
		rows[at].add(f)
	}
	for i := range rows {
		rows[i].Share = share(rows[i].Count, total)
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return rows, nil
}

func (r *Report) byMinute() []Row {
	total := uint64(0)
	for _, b := range r.Timeline {
		total += b.Failures
	}
	var rows []Row
	for _, b := range r.Timeline {
		if b.Failures > 0 {
			at := b.Minute
			rows = append(rows, Row{Name: at.Format(time.RFC3339), Count: b.Failures, Share: share(b.Failures, total), First: &at, Last: &at, Requests: b.Requests})
		}
	}
	return rows
}

// add counts f.
func (row *Row) add(f *Failure) {
	row.Count += f.Count
	if row.Example == nil || f.First != nil && (row.First == nil || f.First.Before(*row.First)) {
		row.Example = &f.Example
	}
	if f.First != nil && (row.First == nil || f.First.Before(*row.First)) {
		row.First = f.First
	}
	if f.Last != nil && (row.Last == nil || f.Last.After(*row.Last)) {
		row.Last = f.Last
	}
}

func (f *Failure) value(key string) string {
	switch key {
	case "cause":
		if len(f.Causes) > 0 {
			return string(f.Causes[0])
		}
	case "symptom":
		if f.Symptom != nil {
			return string(*f.Symptom)
		}
	case "made":
		if f.MadeBy != nil {
			return *f.MadeBy
		}
	case "status":
		if f.Status != 0 {
			return strconv.Itoa(f.Status)
		}
	case "upstream":
		return f.Upstream
	case "site":
		return f.Site
	case "route":
		return f.Route
	}
	return ""
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Befell reports whether the logs tell of a program that failed.
func (r *Report) Befell() bool {
	return slices.ContainsFunc(r.Failures, func(f Failure) bool { return f.Program })
}

// Understood reports whether anything was read that can tell of failures: a report
// without a line, or of none that was understood, says nothing about the site.
func (r *Report) Understood() bool { return r.Lines > r.Unparsed }

// Failing is the number of failures: failed requests, and lines of error logs
// that no access log explains.
func (r *Report) Failing() (n uint64) {
	for i := range r.Failures {
		if f := &r.Failures[i]; !f.Masked && !f.Program {
			n += r.Failures[i].Count
		}
	}
	return n
}
