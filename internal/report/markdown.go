package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

// markdown writes a ticket. Foreign text stands in code spans and code blocks,
// where it can neither link, nor mention a person, nor end the block.
type markdown struct{ out *bufio.Writer }

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m.out, format+"\n", args...) }

// words escapes text that stands in the flow of a sentence.
func words(s string) string {
	var out strings.Builder
	for _, r := range Printable(s, true) {
		switch r {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '#', '|', '~':
			out.WriteByte('\\')
			out.WriteRune(r)
		case '<':
			out.WriteString("&lt;")
		case '>':
			out.WriteString("&gt;")
		case '&':
			out.WriteString("&amp;")
		case '@': // no mention
			out.WriteString("&#64;")
		default:
			out.WriteRune(r)
		}
	}
	return strings.ReplaceAll(out.String(), "://", "&#58;//") // no link
}

// code is a code span that foreign text cannot leave: its fence is longer than
// any run of backticks within (CommonMark 6.1).
func code(s string) string {
	s = Printable(s, true)
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

func longestRun(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// fenced writes a code block, indented as part of a list.
func (m *markdown) fenced(indent, kind, body string) {
	fence := strings.Repeat("`", max(3, longestRun(body)+1))
	m.line("%s%s%s", indent, fence, kind)
	for _, l := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
		m.line("%s%s", indent, Printable(l, true))
	}
	m.line("%s%s", indent, fence)
}

func diagnosisMarkdown(w io.Writer, p page) error {
	m := &markdown{bufio.NewWriter(w)}
	m.line("**%s:** %s", p.Word, words(p.Answer))
	if len(p.Facts) > 0 {
		m.line("")
		m.line("%s", words(strings.Join(p.Facts, " · ")))
	}
	m.path(p.Path)
	if p.FixIf == "" {
		m.fixes(p.fixTitle(), p.Fixes)
	}
	m.bullets("Ladder", p.Ladder)
	m.evidence("Why", p.For)
	m.evidence("What speaks against it", p.Against)
	m.times(p.Times)
	m.others(p)
	if p.FixIf != "" {
		m.fixes(p.fixTitle(), p.Fixes)
	}
	m.bullets("Other failures meanwhile", p.Groups)
	if len(p.Gaps) > 0 {
		m.line("\n### Not looked at\n")
		for _, g := range p.Gaps {
			m.line("- %s: %s", words(g.Source), words(g.Why))
			if g.Allow != "" {
				m.line("  %s", code(g.Allow))
			}
		}
	}
	m.bullets("Next", p.Next)
	m.bullets("Notes", p.Notes)
	m.evidence("Everything seen", p.All)
	return m.out.Flush()
}

func (m *markdown) path(hops []doctor.Hop) {
	if len(hops) == 0 {
		return
	}
	m.line("\n### Path\n")
	for i, h := range hops {
		state := map[doctor.State]string{doctor.Good: "ok", doctor.Bad: "**failed**"}[h.State]
		if state == "" {
			state = "unknown"
		}
		parts := []string{code(h.Name)}
		for _, extra := range []string{h.Address, h.Process, h.Place} {
			if extra != "" && extra != h.Name {
				parts = append(parts, code(extra))
			}
		}
		for _, seen := range h.Seen {
			parts = append(parts, words(seen))
		}
		if took := seconds(h.Seconds); took != "" {
			parts = append(parts, took)
		}
		m.line("%d. %s: %s", i+1, state, strings.Join(parts, ", "))
	}
}

func (m *markdown) evidence(title string, points []point) {
	if len(points) == 0 {
		return
	}
	m.line("\n### %s\n", title)
	for _, p := range points {
		where := ""
		if p.Where != "" {
			where = " (" + code(p.Where) + ")"
		}
		if p.When != "" {
			where += " " + p.When
		}
		m.line("- %s%s", words(p.Text), where)
		if p.Quote != "" {
			m.fenced("  ", "", Printable(p.Quote, true))
		}
	}
}

func (m *markdown) others(p page) {
	if len(p.Others) == 0 {
		return
	}
	if p.FixIf != "" {
		m.line("\n### Or\n")
	} else {
		m.line("\n### Why not\n")
	}
	for _, o := range p.Others {
		m.line("- %s %s: %s", code(string(o.ID)), words(o.Confidence), words(o.Summary))
		if o.Why != "" {
			m.line("  - %s", words(o.Why))
		}
		for _, a := range o.Against {
			m.line("  - but %s (%s)", words(a.Text), code(a.Where))
		}
	}
}

func (m *markdown) fixes(title string, fixes []doctor.Fix) {
	if len(fixes) == 0 {
		return
	}
	m.line("\n### %s\n", title)
	for i, f := range fixes {
		m.line("%d. %s", i+1, words(f.Text))
		if f.Remove != "" || f.Add != "" {
			if f.Place != nil {
				m.line("   %s", code(f.Place.String()))
			}
			m.fenced("   ", "diff", strings.Join(edit(f), "\n"))
		}
		if f.Command != "" {
			m.fenced("   ", "sh", f.Command)
		}
	}
}

func (m *markdown) bullets(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	m.line("\n### %s\n", title)
	for _, l := range lines {
		m.line("- %s", words(l))
	}
}

func explanationMarkdown(w io.Writer, l leaf) error {
	m := &markdown{bufio.NewWriter(w)}
	if l.Answer != "" {
		m.line("**%s:** %s", l.Word, words(l.Answer))
	}
	for _, f := range l.Facts {
		m.line("\n%s", words(f))
	}
	for i, word := range l.Words {
		if i > 0 || l.Answer != "" || len(l.Facts) > 0 {
			m.line("")
		}
		m.line("## %s\n\n%s", code(word.Word), words(sentence(word.Meaning)))
		if card := withoutTitle(word.Card); card != "" {
			m.line("\n%s", card) // ours, and Markdown already
		}
	}
	if len(l.Causes) > 0 {
		m.line("\n### Causes\n")
		for _, c := range l.Causes {
			m.line("- %s %s: %s", words(c.Confidence), code(string(c.ID)), words(c.Summary))
		}
	}
	m.evidence("What the lines say", l.Items)
	m.bullets("Look at next", l.Next)
	m.fixes("Fix", l.Fixes)
	if l.Unread > 0 && len(l.Items) > 0 {
		m.line("\n%s not understood", lines(l.Unread))
	}
	return m.out.Flush()
}

// withoutTitle is a card without the line that repeats its id. Cards are ours;
// they are made printable all the same, line by line.
func withoutTitle(card string) string {
	lines := strings.Split(strings.TrimSpace(card), "\n")
	if strings.HasPrefix(lines[0], "# ") {
		lines = lines[1:]
	}
	for i, l := range lines {
		lines[i] = Printable(strings.TrimRight(l, "\r"), true)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
