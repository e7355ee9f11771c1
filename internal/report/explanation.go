package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// leaf is an explanation in the words and order in which every form tells it.
type leaf struct {
	Answer string
	State  doctor.State
	Word   string
	Facts  []string
	Words  []doctor.Word
	Causes []other // every cause, the most likely first
	Fixes  []doctor.Fix
	Items  []point
	Next   []string
	Unread int
}

// explain tells e.
func explain(e *doctor.Explanation) leaf {
	l := leaf{Words: e.Words, Next: e.Next, Unread: e.Unread, State: doctor.Unclear}
	var last time.Time
	for _, it := range e.Items {
		if it.When.After(last) {
			last = it.When
		}
	}
	l.Items = few(points(e.Items, last, ""), 8)
	if e.Symptom != nil && *e.Symptom != "" {
		l.Facts = append(l.Facts, string(*e.Symptom)+": "+meaning(*e.Symptom))
	}
	if m := e.MadeBy; m != nil {
		l.Facts = append(l.Facts, madeBy(m))
	}
	for i, c := range e.Causes {
		if i >= 5 || i > 0 && c.Confidence < 0.02 {
			break
		}
		l.Causes = append(l.Causes, other{ID: c.ID, Confidence: percent(c.Confidence), Summary: sentence(c.Summary), Against: few(points(c.Against, last, c.Subject), 2)})
	}
	switch {
	case len(e.Causes) > 0:
		l.Word, l.State = verdictWord(e.Verdict)
		l.Answer = sentence(e.Causes[0].Summary)
		if l.State == doctor.Unclear {
			l.Answer = "Best guess: " + l.Answer
		}
		l.Fixes = e.Causes[0].Fixes
	case len(e.Words) > 0:
	case len(e.Items) == 0 && e.Unread > 0:
		l.Word, l.Answer = "UNCERTAIN", fmt.Sprintf("No product that goodgate knows writes %s.", these(e.Unread))
	case len(e.Items) == 0:
		l.Word, l.Answer = "UNCERTAIN", "Nothing here tells of a failure."
	default:
		l.Word, l.Answer = "UNCERTAIN", "The lines tell what happened, not why."
	}
	return l
}

// madeBy says who made a pasted answer.
func madeBy(m *doctor.PageMaker) string {
	who := strings.TrimSpace(m.Product + " " + m.Version)
	switch {
	case who == "":
		return "The answer came through " + strings.Join(m.Through, ", ") + "; nothing says who made it."
	case !m.Sure:
		who = "The answer came from " + who + ", which may only have passed it on"
	default:
		who = "The answer was made by " + who
	}
	if len(m.Also) > 0 {
		who += " (or " + strings.Join(m.Also, ", ") + ", which writes the same)"
	}
	if m.Edge != "" && m.Edge != m.Product {
		who += ", and came through " + m.Edge
	}
	return who + "."
}

func these(n int) string {
	if n == 1 {
		return "this line"
	}
	return "these " + count(n) + " lines"
}

func meaning(s vocab.Symptom) string {
	for _, known := range vocab.Symptoms {
		if known.ID == s {
			return known.Meaning
		}
	}
	return "not in the vocabulary"
}

func explanationText(w io.Writer, l leaf, s Style) error {
	t := newText(w, s)
	if l.Answer != "" {
		lead := t.stateSign(l.State) + " " + t.paint(bold+";"+stateColor(l.State), l.Word) + "  "
		t.block(lead, 4+len(l.Word), bold, t.safe(l.Answer))
	}
	for _, f := range l.Facts {
		t.block("  ", 2, "", t.safe(f))
	}
	for i, word := range l.Words {
		if i > 0 || l.Answer != "" {
			t.line("")
		}
		t.word(word)
	}
	if len(l.Causes) > 0 {
		t.title("Causes")
		for _, c := range l.Causes {
			t.block(fmt.Sprintf("  %4s ", c.Confidence), 7, bold, string(c.ID))
			t.block("       ", 7, "", t.safe(c.Summary))
		}
	}
	t.evidence("What the lines say", l.Items)
	t.bullets("Look at next", t.sign.bullet, l.Next)
	t.fixes("Fix", l.Fixes)
	if l.Unread > 0 && len(l.Items) > 0 {
		t.line("")
		t.line(t.paint(faint, fmt.Sprintf("%s not understood", lines(l.Unread))))
	}
	return t.out.Flush()
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return count(n) + " lines"
}

// word writes the meaning of one word and its card.
func (t *text) word(w doctor.Word) {
	kind := w.Kind
	if w.Product != "" {
		kind = w.Product + " " + kind
	}
	t.block("", 0, bold, t.safe(w.Word+" ("+kind+")"))
	t.block("  ", 2, "", t.safe(sentence(w.Meaning)))
	if w.Card != "" {
		t.card(w.Card)
	}
}

// card writes the Markdown of a card: its headings, its commands as they stand,
// its paragraphs wrapped.
func (t *text) card(markdown string) {
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			t.block("  ", 2, "", t.safe(strings.Join(paragraph, " ")))
			paragraph = nil
		}
	}
	blank := false
	for i, l := range strings.Split(strings.TrimSpace(markdown), "\n") {
		l = strings.TrimRight(l, " \r")
		switch {
		case strings.HasPrefix(l, "# ") && i == 0:
			continue // the id, which stands above
		case l == "":
			flush()
			blank = true
			continue
		}
		if blank && len(paragraph) == 0 {
			t.line("")
		}
		blank = false
		switch {
		case strings.HasPrefix(l, "#"):
			flush()
			t.line("  " + t.paint(bold, t.safe(strings.TrimLeft(l, "# "))))
		case strings.HasPrefix(l, "    "):
			flush()
			t.line("  " + t.paint(cyan, t.safe(l)))
		case strings.HasPrefix(l, "- ") || strings.HasPrefix(l, "* "):
			flush()
			paragraph = []string{t.sign.bullet + l[1:]}
		default:
			paragraph = append(paragraph, strings.TrimSpace(l))
		}
	}
	flush()
}
