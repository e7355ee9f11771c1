package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// logsText writes the answer, the picture, what failed, what is not known.
func logsText(w io.Writer, l logs, s Style) error {
	t := newText(w, s)
	t.block(t.stateSign(l.State)+" "+t.paint(bold+";"+stateColor(l.State), l.Word)+"  ", 4+len(l.Word), bold, t.safe(l.Answer))
	t.block("  ", 2, "", t.safe(strings.Join(l.Facts, t.sign.dot)))
	if len(l.Statuses) > 0 {
		t.block("  ", 2, faint, strings.Join(l.Statuses, "  "))
	}
	if l.State == doctor.Bad || len(l.Events) > 0 {
		t.timeline(l)
	}
	t.incidents(l)
	if l.Grouped != nil {
		t.grouped(l)
	} else {
		t.kinds("Failures", l.Kinds, l)
		t.kinds("Only in error logs (the answer had begun, or its access line is not here)", l.Alone, l)
		if l.More > 0 {
			t.line(fmt.Sprintf("  %s not shown: --top 0 shows all", plural(l.More, "more kind")))
		}
	}
	t.kinds("Failed attempts that a retry made good", l.Masked, l)
	t.kinds("What befell programs", l.Programs, l)
	t.tell(l)
	t.files(l)
	t.bullets("Notes", t.sign.bullet, l.Notes)
	return t.out.Flush()
}

// timeline draws requests and failures over time, and where incidents begin.
func (t *text) timeline(l logs) {
	c, ok := newChart(l.Report, min(t.style.Width-20, 160))
	if !ok || len(c.Failures) < 2 {
		return
	}
	t.title("Timeline (one column is " + stepName(c.Step) + ")")
	row := func(name string, values []uint64, color string) {
		t.line(fmt.Sprintf("  %-9s %s %s", name, t.paint(color, bars(values, t.style.Unicode)), number(greatest(values))))
	}
	if greatest(c.Requests) > 0 {
		row("requests", c.Requests, faint)
	}
	row("failures", c.Failures, red)
	if len(c.Starts) > 0 {
		marks := []rune(strings.Repeat(" ", len(c.Failures)))
		for i, at := range c.Starts {
			if marks[at] == ' ' {
				marks[at] = rune("123456789+"[min(i, 9)])
			}
		}
		t.line("  incidents " + t.paint(yellow, strings.TrimRight(string(marks), " ")))
	}
	from, to := clockOf(c.From, c.To), clockOf(c.To, c.From)
	t.line("            " + from + strings.Repeat(" ", max(1, len(c.Failures)-len(from)-len(to))) + to)
	if c.Outside > 0 {
		t.line("            " + many(c.Outside, "line") + " with a time far from all others not shown")
	}
}

// clockOf is a time with its date where the other end is on another day.
func clockOf(at, other time.Time) string {
	if at.YearDay() == other.YearDay() && at.Year() == other.Year() {
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}

func (t *text) incidents(l logs) {
	if len(l.Incidents) == 0 {
		return
	}
	t.title("Incidents")
	for i, in := range l.Incidents {
		t.block(fmt.Sprintf("  %-2d ", i+1), 5, bold, incidentText(in))
		for _, e := range in.Before {
			t.event(e, in.From)
		}
	}
}

func incidentText(in scan.Incident) string {
	s := span(in.From, in.To)
	if in.Ongoing {
		s = "since " + in.From.UTC().Format("2006-01-02 15:04:05") + ", not over at the end of the logs"
	}
	s += ": " + number(in.Failures)
	if in.Requests > 0 {
		return s + fmt.Sprintf(" of %s requests failed (%s)", number(in.Requests), percentage(float64(in.Failures)/float64(in.Requests)))
	}
	return s + " failures"
}

func (t *text) event(e scan.Event, at time.Time) {
	t.block("     "+t.sign.bullet+" ", 7, "", t.safe(eventText(e, at)))
	t.block("       "+t.sign.quote+" ", 9, faint, t.safe(e.Line))
	t.line("       " + t.paint(cyan, t.safe(e.Place)))
}

// eventText says what happened, and how long before or after the incident began.
func eventText(e scan.Event, at time.Time) string {
	s := e.When.UTC().Format("15:04:05")
	switch d := at.Sub(*e.When).Round(time.Second); {
	case d > 0:
		s += fmt.Sprintf(" (%s before)", d)
	case d < 0:
		s += fmt.Sprintf(" (%s after)", -d)
	}
	info, _ := e.Fact.Info()
	s += ": " + info.Meaning
	if e.Name != "" {
		s += " [" + e.Name + "]"
	}
	if e.Count > 1 {
		s += ", " + number(e.Count) + " times in that minute"
	}
	return s
}

func (t *text) kinds(title string, kinds []kind, l logs) {
	if len(kinds) == 0 {
		return
	}
	t.title(title)
	for _, k := range kinds {
		lead := fmt.Sprintf("  %9s  ", k.Number())
		t.block(t.paint(bold, lead), len(lead), bold, t.safe(k.Title()))
		indent := strings.Repeat(" ", len(lead))
		about := []string{k.Maker()}
		if k.Share > 0 {
			about = append(about, percentage(k.Share)+" of all requests")
		}
		if k.First != nil {
			about = append(about, period(k.First, k.Last, l.Day))
		}
		t.block(indent, len(indent), "", t.safe(strings.Join(about, t.sign.dot)))
		if len(k.Causes) > 0 {
			t.block(indent, len(indent), "", "likely: "+t.safe(k.CauseList()))
		}
		if len(k.Where) > 0 {
			t.block(indent, len(indent), "", "routes: "+t.safe(strings.Join(k.Where, t.sign.dot)))
		}
		t.block(indent+t.sign.quote+" ", len(indent)+2, faint, t.safe(shorten(k.Example.Line, 300)))
		t.line(indent + t.paint(cyan, t.safe(k.Example.Place)))
		if t.style.Verbose {
			if k.Joined != nil {
				t.block(indent+t.sign.quote+" ", len(indent)+2, faint, t.safe(shorten(k.Joined.Line, 300)))
				t.line(indent + t.paint(cyan, t.safe(k.Joined.Place)))
			}
			if k.Check != "" {
				t.block(indent+"check: ", len(indent)+7, "", t.safe(k.Check))
			}
		}
	}
}

func period(first, last *time.Time, day time.Time) string {
	if last == nil || last.Equal(*first) {
		return stamp(*first, day)
	}
	return stamp(*first, day) + " to " + stamp(*last, day)
}

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + " ..."
}

func (t *text) grouped(l logs) {
	t.title("Failures by " + l.Grouped.By)
	for _, r := range l.Grouped.Rows {
		name := r.Name
		if name == "" {
			name = "(not told)"
		}
		lead := fmt.Sprintf("  %9s  %5s  ", number(r.Count), percentage(r.Share))
		when := ""
		if r.First != nil && l.Grouped.By != "minute" {
			when = "  " + period(r.First, r.Last, l.Day)
		}
		if r.Requests > 0 {
			when = "  of " + plural(int(r.Requests), "request")
		}
		t.block(t.paint(bold, lead), len(lead), "", t.safe(name)+when)
	}
	if l.More > 0 {
		t.line(fmt.Sprintf("  %d more not shown: --top 0 shows all", l.More))
	}
}

func (t *text) tell(l logs) {
	for _, d := range l.Tell {
		t.title("Who made the status")
		t.block("  ", 2, "", fmt.Sprintf("%s cannot tell for %s whether the gateway or the application made the status. This would:", d.Log, many(d.Count, "failure")))
		t.block("  ", 2, cyan, t.safe(d.Directive))
	}
}

func (t *text) files(l logs) {
	shown := false
	for _, f := range l.Files {
		if !t.style.Verbose && len(f.Bad) == 0 && len(f.Also) == 0 && f.By != "unrecognised" {
			continue
		}
		if !shown {
			t.title("Files")
			shown = true
		}
		t.block("  ", 2, "", t.safe(f.Name+": "+f.What))
		for _, b := range f.Bad {
			t.block("    "+t.sign.gap+" ", 6, yellow, t.safe(b))
		}
		for _, s := range f.Sample {
			t.block("      "+t.sign.quote+" ", 8, faint, t.safe(s.Place+": "+shorten(s.Text, 200)))
		}
	}
}
