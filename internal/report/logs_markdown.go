package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

func logsMarkdown(w io.Writer, l logs) error {
	m := &markdown{bufio.NewWriter(w)}
	m.line("**%s** %s", l.Word, words(l.Answer))
	m.line("")
	m.line("%s", words(strings.Join(l.Facts, ", ")))
	if len(l.Statuses) > 0 {
		m.line("")
		m.line("%s", words(strings.Join(l.Statuses, ", ")))
	}
	if c, ok := newChart(l.Report, 100); ok && l.State == doctor.Bad {
		m.line("")
		m.fenced("", "", fmt.Sprintf("requests %s %s\nfailures %s %s\n         %s to %s, one column is %s", bars(c.Requests, true), number(greatest(c.Requests)),
			bars(c.Failures, true), number(greatest(c.Failures)), c.From.Format("2006-01-02 15:04"), c.To.Format("2006-01-02 15:04"), stepName(c.Step)))
	}
	m.incidents(l)
	if l.Grouped != nil {
		m.grouped(l)
	} else {
		m.kinds("Failures", l.Kinds, l)
		m.kinds("Only in error logs (the answer had begun, or its access line is not here)", l.Alone, l)
	}
	m.kinds("Failed attempts that a retry made good", l.Masked, l)
	m.kinds("What befell programs", l.Programs, l)
	for _, d := range l.Tell {
		m.line("")
		m.line("%s cannot tell for %s who made the status. This would:", words(d.Log), many(d.Count, "failure"))
		m.line("")
		m.fenced("", "", d.Directive)
	}
	m.files(l)
	m.bullets("Notes", l.Notes)
	if err := m.out.Flush(); err != nil {
		return fmt.Errorf("cannot write Markdown: %w", err)
	}
	return nil
}

func (m *markdown) incidents(l logs) {
	if len(l.Incidents) == 0 {
		return
	}
	m.line("")
	m.line("### Incidents")
	m.line("")
	for i, in := range l.Incidents {
		m.line("%d. %s", i+1, words(incidentText(in)))
		for _, e := range in.Before {
			m.line("   - %s, %s", words(eventText(e, in.From)), code(e.Place))
			m.fenced("     ", "", e.Line)
		}
	}
}

func (m *markdown) kinds(title string, kinds []kind, l logs) {
	if len(kinds) == 0 {
		return
	}
	m.line("")
	m.line("### %s", title)
	m.line("")
	for _, k := range kinds {
		about := []string{k.Maker()}
		if k.Share > 0 {
			about = append(about, percentage(k.Share)+" of all requests")
		}
		if k.First != nil {
			about = append(about, period(k.First, k.Last, l.Day))
		}
		m.line("- **%s** %s (%s)", k.Number(), words(k.Title()), words(strings.Join(about, ", ")))
		if len(k.Causes) > 0 {
			m.line("  - likely: %s", words(k.CauseList()))
		}
		if len(k.Where) > 0 {
			m.line("  - routes: %s", words(strings.Join(k.Where, ", ")))
		}
		m.line("  - %s", code(k.Example.Place))
		m.fenced("    ", "", k.Example.Line)
	}
}

func (m *markdown) grouped(l logs) {
	m.line("")
	m.line("### Failures by %s", words(l.Grouped.By))
	m.line("")
	m.line("| %s | count | share | first | last |", words(l.Grouped.By))
	m.line("|---|---:|---:|---|---|")
	for _, r := range l.Grouped.Rows {
		name, first, last := words(r.Name), "", ""
		if name == "" {
			name = "(not told)"
		}
		if r.First != nil && r.Last != nil {
			first, last = stamp(*r.First, l.Day), stamp(*r.Last, l.Day)
		}
		m.line("| %s | %s | %s | %s | %s |", name, number(r.Count), percentage(r.Share), first, last)
	}
}

func (m *markdown) files(l logs) {
	var lines []string
	for _, f := range l.Files {
		for _, b := range f.Bad {
			lines = append(lines, f.Name+": "+b)
		}
		for _, s := range f.Sample {
			lines = append(lines, s.Place+": "+shorten(s.Text, 200))
		}
	}
	m.bullets("Not understood", lines)
}
