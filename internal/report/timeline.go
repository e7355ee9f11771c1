package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

// moment is one event of the timeline in words.
type moment struct {
	When    string // in UTC
	Offset  string // from the first failure: "-12 s"
	What    string
	Where   string
	Failure bool // it is the failure itself
	Before  bool // something changed just before the failure
}

const timesTitle = "What happened around the first failure"

// moments tells events. Where the failure stands alone there is nothing to tell.
func moments(events []doctor.Event, day time.Time) []moment {
	var all []moment
	told := false
	for _, e := range events {
		m := moment{When: stamp(e.When, day), Offset: offset(e.Offset), What: e.What, Where: e.Where, Failure: e.Kind == doctor.EventFailure, Before: e.JustBefore}
		if e.Count > 1 {
			m.What += " (" + times(e.Count) + ")"
		}
		told = told || !m.Failure
		all = append(all, m)
	}
	if !told {
		return nil
	}
	return all
}

// offset is a distance in time with as many digits as matter.
func offset(s float64) string {
	sign := "+"
	if s < 0 {
		sign, s = "-", -s
	}
	switch {
	case s < 0.05:
		return "0 s"
	case s < 9.95:
		return fmt.Sprintf("%s%.1f s", sign, s)
	case s < 99.5:
		return fmt.Sprintf("%s%.0f s", sign, s)
	case s < 99.5*60:
		return fmt.Sprintf("%s%.0f min", sign, s/60)
	case s < 48*3600:
		return fmt.Sprintf("%s%.0f h", sign, s/3600)
	}
	return fmt.Sprintf("%s%.0f days", sign, s/86400)
}

func (t *text) times(all []moment) {
	if len(all) == 0 {
		return
	}
	t.title(timesTitle)
	widest, far := 0, 0
	for _, m := range all {
		widest, far = max(widest, len(m.When)), max(far, len(m.Offset))
	}
	for _, m := range all {
		lead := fmt.Sprintf("  %-*s  %*s  ", widest, m.When, far, m.Offset)
		what, color := t.safe(m.What), ""
		switch {
		case m.Failure:
			color = red
		case m.Before:
			what, color = what+", just before", yellow
		}
		t.block(t.paint(faint, lead), len(lead), color, what)
		if m.Where != "" {
			t.block(strings.Repeat(" ", len(lead)), len(lead), faint, t.safe(m.Where))
		}
	}
}

func (m *markdown) times(all []moment) {
	if len(all) == 0 {
		return
	}
	m.line("\n### %s\n", timesTitle)
	for _, e := range all {
		what := words(e.What)
		if e.Failure {
			what = "**" + what + "**"
		}
		if e.Before {
			what += ", just before"
		}
		if e.Where != "" {
			what += " (" + code(e.Where) + ")"
		}
		m.line("- %s, %s: %s", words(e.When), words(e.Offset), what)
	}
}
