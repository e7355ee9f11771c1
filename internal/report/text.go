package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

// text writes lines for a terminal or a channel.
type text struct {
	out   *bufio.Writer
	style Style
	sign  signs
}

// signs are the few characters beside letters that a report draws with.
type signs struct {
	good, bad, unclear, bullet, down, quote, dot, gap string
}

func newText(w io.Writer, s Style) *text {
	s.Width = max(s.Width, 40)
	t := &text{out: bufio.NewWriter(w), style: s}
	if s.Unicode {
		t.sign = signs{good: "✓", bad: "✗", unclear: "?", bullet: "•", down: "│", quote: "▏", dot: " · ", gap: "○"}
	} else {
		t.sign = signs{good: "+", bad: "x", unclear: "?", bullet: "*", down: "|", quote: ">", dot: ", ", gap: "o"}
	}
	return t
}

// The colours: the sixteen that every terminal has, so that its own theme
// decides how they look.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	bold   = "1"
	faint  = "2"
)

func (t *text) paint(code, s string) string {
	if !t.style.Color || s == "" || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *text) safe(s string) string { return Printable(s, t.style.Unicode) }

func (t *text) line(s string) { t.out.WriteString(strings.TrimRight(s, " ") + "\n") }

// block writes s wrapped: lead before the first line, as many blanks before the
// others. width is that of lead without its colours.
func (t *text) block(lead string, width int, color, s string) {
	for i, l := range wrap(s, t.style.Width-width) {
		if i == 0 {
			t.line(lead + t.paint(color, l))
		} else {
			t.line(strings.Repeat(" ", width) + t.paint(color, l))
		}
	}
}

func (t *text) title(s string) {
	t.line("")
	t.line(t.paint(bold, s))
}

func (t *text) stateSign(s doctor.State) string {
	switch s {
	case doctor.Good:
		return t.paint(green, t.sign.good)
	case doctor.Bad:
		return t.paint(red, t.sign.bad)
	}
	return t.paint(yellow, t.sign.unclear)
}

func stateColor(s doctor.State) string {
	switch s {
	case doctor.Good:
		return green
	case doctor.Bad:
		return red
	}
	return yellow
}

// diagnosisText writes the answer first, then what to do, then how it is known, then
// what is not known: the first screen is what a person needs who was woken up. Where
// the answer is not settled, what to do comes after what is known.
func diagnosisText(w io.Writer, p page, s Style) error {
	t := newText(w, s)
	lead := t.stateSign(p.State) + " " + t.paint(bold+";"+stateColor(p.State), p.Word) + "  "
	t.block(lead, 4+len(p.Word), bold, t.safe(p.Answer))
	if len(p.Facts) > 0 {
		safe := make([]string, len(p.Facts))
		for i, f := range p.Facts {
			safe[i] = t.safe(f)
		}
		t.block("  ", 2, "", strings.Join(safe, t.sign.dot))
	}
	t.path(p.Path)
	if p.FixIf == "" {
		t.fixes(p.fixTitle(), p.Fixes)
	}
	t.bullets("Ladder", t.sign.bullet, p.Ladder)
	t.evidence("Why", p.For)
	t.evidence("What speaks against it", p.Against)
	t.times(p.Times)
	t.others(p)
	if p.FixIf != "" {
		t.fixes(p.fixTitle(), p.Fixes)
	}
	t.rest(p)
	return t.out.Flush()
}

func (t *text) path(hops []doctor.Hop) {
	if len(hops) == 0 {
		return
	}
	t.title("Path")
	for i, h := range hops {
		if i > 0 {
			t.line("  " + t.paint(faint, t.sign.down))
		}
		head := t.safe(h.Name)
		if h.Name == "" {
			head = t.safe(h.Kind)
		}
		for _, extra := range []string{h.Address, h.Process} {
			if extra != "" && extra != h.Name {
				head += t.sign.dot + t.safe(extra)
			}
		}
		if took := seconds(h.Seconds); took != "" {
			head += t.sign.dot + took
		}
		color := bold
		if h.State == doctor.Bad {
			color += ";" + red
		}
		t.block("  "+t.stateSign(h.State)+" ", 4, color, head)
		rail := "  " + t.paint(faint, t.sign.down) + " "
		if i == len(hops)-1 {
			rail = "    "
		}
		if h.Place != "" {
			t.railed(rail, faint, t.safe(h.Place))
		}
		for _, seen := range h.Seen {
			t.railed(rail, "", t.safe(seen))
		}
	}
}

// railed writes s wrapped, each line behind the rail that joins two hops.
func (t *text) railed(rail, color, s string) {
	for _, l := range wrap(s, t.style.Width-4) {
		t.line(rail + t.paint(color, l))
	}
}

func (t *text) evidence(title string, points []point) {
	if len(points) == 0 {
		return
	}
	t.title(title)
	for _, p := range points {
		t.point("  ", p)
	}
}

func (t *text) point(indent string, p point) {
	t.block(indent+t.sign.bullet+" ", len(indent)+2, "", t.safe(p.Text))
	inner := indent + "  "
	where := t.safe(p.Where)
	if p.When != "" {
		where += t.sign.dot + p.When
	}
	if where != "" {
		t.block(inner, len(inner), faint, where)
	}
	if p.Quote != "" {
		lines := wrap(t.safe(p.Quote), t.style.Width-len(inner)-2)
		if most := 4; len(lines) > most && !t.style.Verbose {
			lines = append(lines[:most-1], lines[most-1]+" ...")
		}
		for _, l := range lines {
			t.line(inner + t.paint(faint, t.sign.quote) + " " + t.paint(cyan, l))
		}
	}
}

func (t *text) others(p page) {
	if len(p.Others) == 0 {
		return
	}
	if p.FixIf != "" {
		t.title("Or")
	} else {
		t.title("Why not")
	}
	for _, o := range p.Others {
		t.block("  "+t.sign.bullet+" ", 4, "", fmt.Sprintf("%s %s: %s", o.ID, o.Confidence, t.safe(o.Summary)))
		if o.Why != "" {
			t.block("    ", 4, faint, t.safe(o.Why))
		}
		for _, a := range o.Against {
			text := t.safe(a.Text)
			if a.Where != "" {
				text += " (" + t.safe(a.Where) + ")"
			}
			t.block("    but ", 8, "", text)
		}
	}
}

func (t *text) fixes(title string, fixes []doctor.Fix) {
	if len(fixes) == 0 {
		return
	}
	t.title(title)
	for i, f := range fixes {
		t.block(fmt.Sprintf("  %d. ", i+1), 5, "", t.safe(f.Text))
		if f.Remove != "" || f.Add != "" {
			if f.Place != nil {
				t.block("     ", 5, faint, t.safe(f.Place.String()))
			}
			for _, l := range edit(f) {
				color := red
				if l[0] == '+' {
					color = green
				}
				t.line("     " + t.paint(color, t.safe(l))) // not wrapped: it will be copied
			}
		}
		for _, l := range strings.Split(strings.TrimSpace(f.Command), "\n") {
			if l != "" {
				t.line("     $ " + t.paint(cyan, t.safe(l))) // not wrapped: it will be copied
			}
		}
	}
}

func (t *text) rest(p page) {
	t.bullets("Other failures meanwhile", t.sign.bullet, p.Groups)
	if len(p.Gaps) > 0 {
		t.title("Not looked at")
		for _, g := range p.Gaps {
			t.block("  "+t.sign.gap+" ", 4, "", t.safe(g.Source+": "+g.Why))
			if g.Allow != "" {
				t.block("    ", 4, cyan, t.safe(g.Allow))
			}
		}
	}
	t.bullets("Next", t.sign.bullet, p.Next)
	t.bullets("Notes", t.sign.bullet, p.Notes)
	t.evidence("Everything seen", p.All)
	if took := seconds(p.Seconds); took != "" {
		t.line("")
		t.line(t.paint(faint, "examined in "+took))
	}
}

func (t *text) bullets(title, sign string, lines []string) {
	if len(lines) == 0 {
		return
	}
	t.title(title)
	for _, l := range lines {
		t.block("  "+sign+" ", 4, "", t.safe(l))
	}
}
