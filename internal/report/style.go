package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style says how text is to look.
type Style struct {
	Width   int  // columns; under 40 is taken as 40
	Color   bool // ANSI colours
	Unicode bool // the reader's terminal shows more than ASCII
	Verbose bool // all evidence, not only what decided
}

// Printable makes text from elsewhere safe to show: what could move the cursor,
// hide, or change the direction of what is read (control characters, C1, bidi,
// zero-width and other invisible characters, invalid UTF-8) is written as an
// escape. The result is one line. Without unicode, all that is not ASCII is
// escaped.
func Printable(text string, allowUnicode bool) string {
	if plain(text) {
		return text
	}
	var out strings.Builder
	marks := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		marked := unicode.Is(unicode.M, r)
		if marked {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\r':
			out.WriteString(`\r`)
		case r < utf8.RuneSelf && unicode.IsPrint(r):
			out.WriteRune(r)
		case r < 0x100 && !unicode.IsPrint(r):
			fmt.Fprintf(&out, `\x%02x`, r)
		case allowUnicode && unicode.IsPrint(r) && marks <= 2 && !blank(r):
			out.WriteRune(r)
		case r == '→':
			out.WriteString("->") // our own, as the dots of what was shortened
		case r == '…':
			out.WriteString("...")
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
		i += n
	}
	return out.String()
}

// plain reports whether text is printable ASCII, which most of it is.
func plain(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// blank reports whether a character that counts as printable shows nothing:
// variation selectors and the fillers of Hangul and Braille.
func blank(r rune) bool {
	switch {
	case 0xfe00 <= r && r <= 0xfe0f, 0xe0100 <= r && r <= 0xe01ef, 0x180b <= r && r <= 0x180f:
		return true
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x2800, r == 0x034f, r == 0x17b4, r == 0x17b5:
		return true
	}
	return false
}

// columns is the width of printable text on a terminal.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.M, r):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide reports whether a terminal gives r two columns (East Asian wide and most
// emoji).
func wide(r rune) bool {
	return 0x1100 <= r && r <= 0x115f || 0x2e80 <= r && r <= 0xa4cf || 0xac00 <= r && r <= 0xd7a3 || 0xf900 <= r && r <= 0xfaff ||
		0xfe30 <= r && r <= 0xfe6f || 0xff00 <= r && r <= 0xff60 || 0xffe0 <= r && r <= 0xffe6 || 0x1f300 <= r && r <= 0x1faff || 0x20000 <= r && r <= 0x3fffd
}

// Cut shortens printable text to width columns, with "..." at its end.
func Cut(text string, width int) string {
	if columns(text) <= width {
		return text
	}
	var out strings.Builder
	n := 0
	for _, r := range text {
		n += columns(string(r))
		if n > width-3 {
			break
		}
		out.WriteRune(r)
	}
	return out.String() + "..."
}

// wrap breaks printable text into lines of at most width columns, between words
// where it can.
func wrap(text string, width int) []string {
	width = max(width, 20)
	var lines []string
	line, n := "", 0
	flush := func() {
		lines = append(lines, line)
		line, n = "", 0
	}
	for _, word := range strings.Fields(text) {
		w := columns(word)
		if n > 0 && n+1+w > width {
			flush()
		}
		for w > width { // a word longer than the line
			head := headOf(word, width-n-min(n, 1))
			if n > 0 {
				line += " "
			}
			line += head
			word = word[len(head):]
			w = columns(word)
			flush()
		}
		if n > 0 {
			line += " "
			n++
		}
		line += word
		n += w
	}
	if n > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// headOf returns the first part of word that fits into width columns, at least
// one character.
func headOf(word string, width int) string {
	n := 0
	for i, r := range word {
		n += columns(string(r))
		if n > width && i > 0 {
			return word[:i]
		}
	}
	return word
}
