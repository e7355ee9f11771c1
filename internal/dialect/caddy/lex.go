package caddy

import (
	"bytes"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// word is one token of a Caddyfile.
type word struct {
	text   string
	quoted bool // by quotes, backticks or a heredoc: a brace is no brace
	first  bool // it begins a line
	at     topo.Place
	line   string // the line of the file that it stands in
	depth  int    // of imports that it came through
}

func (w word) opens() bool  { return w.text == "{" && !w.quoted }
func (w word) closes() bool { return w.text == "}" && !w.quoted }

const (
	maxWords = 400_000 // of all files and imports together
	maxText  = 8 << 20 // of one file, variables replaced
)

// lexer takes one Caddyfile apart (caddyconfig/caddyfile/lexer.go).
type lexer struct {
	file    string
	data    []byte  // with the variables of the environment replaced
	origin  []shift // where its parts stand in the file
	starts  []int   // beginnings of the file's lines
	raw     []byte  // the file as it is
	problem []topo.Problem
}

// shift says that what stands at data[at:] stands at raw[to:]; within a value
// that was put in, everything stands at its variable.
type shift struct {
	at, to int
	value  bool
}

// lex returns the words of a file. env gives the value of a variable.
func lex(file string, raw []byte, env func(name string) (string, bool)) ([]word, []topo.Problem) {
	x := &lexer{file: file, raw: raw, starts: []int{0}}
	for i, c := range raw {
		if c == '\n' {
			x.starts = append(x.starts, i+1)
		}
	}
	x.expand(env)
	return x.words(), x.problem
}

// expand replaces {$NAME} and {$NAME:default}, which happens to the text before
// anything else (replaceEnvVars in parse.go).
func (x *lexer) expand(env func(string) (string, bool)) {
	var out []byte
	x.origin = []shift{{}}
	for at := 0; at < len(x.raw); {
		i := bytes.Index(x.raw[at:], []byte("{$"))
		end := -1
		if i >= 0 {
			end = bytes.IndexByte(x.raw[at+i:], '}')
		}
		if end < 0 {
			out = append(out, x.raw[at:]...)
			break
		}
		out = append(out, x.raw[at:at+i]...)
		inner := string(x.raw[at+i+2 : at+i+end])
		if inner == "" {
			out = append(out, x.raw[at+i:at+i+end+1]...)
			at += i + end + 1
			continue
		}
		name, instead, given := strings.Cut(inner, ":")
		value, known := env(name)
		if !known && given {
			value = instead
		}
		x.origin = append(x.origin, shift{len(out), at + i, true})
		if out = append(out, value...); len(out) > maxText {
			break
		}
		at += i + end + 1
		x.origin = append(x.origin, shift{len(out), at, false})
	}
	x.data = bytes.TrimPrefix(out, []byte("\ufeff"))
	if cut := len(out) - len(x.data); cut > 0 {
		for i := range x.origin {
			x.origin[i].at -= cut
		}
	}
}

// offset returns where data[i] stands in the file.
func (x *lexer) offset(i int) int {
	k := sort.Search(len(x.origin), func(k int) bool { return x.origin[k].at > i }) - 1
	if k < 0 {
		return 0
	}
	if x.origin[k].value {
		return x.origin[k].to
	}
	return min(x.origin[k].to+i-x.origin[k].at, len(x.raw))
}

func (x *lexer) place(start, end int) topo.Place {
	a := x.offset(start)
	b := max(a, x.offset(max(start, end-1))+1)
	if k := sort.Search(len(x.origin), func(k int) bool { return x.origin[k].at > max(start, end-1) }) - 1; k >= 0 && x.origin[k].value && k+1 < len(x.origin) {
		b = x.origin[k+1].to // it ends in a variable
	}
	n := sort.SearchInts(x.starts, a+1) - 1
	return topo.Place{File: x.file, Line: n + 1, Column: a - x.starts[n] + 1, Start: a, End: min(b, len(x.raw))}
}

// lineOf returns the text of the line of a place.
func (x *lexer) lineOf(p topo.Place) string {
	start := x.starts[p.Line-1]
	end := len(x.raw)
	if p.Line < len(x.starts) {
		end = x.starts[p.Line] - 1
	}
	return strings.TrimSpace(string(x.raw[start:end]))
}

func (x *lexer) words() []word {
	var all []word
	first := true
	add := func(text string, start, end int, quoted bool) {
		at := x.place(start, end)
		all = append(all, word{text: text, quoted: quoted, first: first, at: at, line: x.lineOf(at)})
		first = false
	}
	for i := 0; i < len(x.data) && len(all) < maxWords; {
		r, size := utf8.DecodeRune(x.data[i:])
		switch {
		case r == '\n':
			first = true
			i += size
		case r == '\\' && x.endsLine(i+1):
			i = x.nextLine(i) // the line goes on
		case unicode.IsSpace(r):
			i += size
		case r == '#':
			if j := bytes.IndexByte(x.data[i:], '\n'); j >= 0 {
				i += j
			} else {
				i = len(x.data)
			}
		case r == '"' || r == '`':
			text, end := x.quoted(i+1, byte(r))
			add(text, i, end, true)
			i = end
		default:
			if text, end, ok := x.heredoc(i); ok {
				add(text, i, end, true)
				i = end
				continue
			}
			text, end := x.bare(i)
			add(text, i, end, false)
			i = end
		}
	}
	return all
}

func (x *lexer) endsLine(i int) bool {
	return i < len(x.data) && x.data[i] == '\n' || i+1 < len(x.data) && x.data[i] == '\r' && x.data[i+1] == '\n'
}

func (x *lexer) nextLine(i int) int {
	return i + 1 + bytes.IndexByte(x.data[i:], '\n')
}

// quoted reads up to the closing quote. Between double quotes only a double quote
// is escaped.
func (x *lexer) quoted(i int, quote byte) (string, int) {
	var b strings.Builder
	for i < len(x.data) {
		c := x.data[i]
		switch {
		case c == quote:
			return b.String(), i + 1
		case c == '\\' && quote == '"' && i+1 < len(x.data):
			if x.data[i+1] != '"' {
				b.WriteByte('\\')
			}
			b.WriteByte(x.data[i+1])
			i += 2
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), i
}

// bare reads a word without quotes, up to a blank.
func (x *lexer) bare(i int) (string, int) {
	start := i
	for i < len(x.data) {
		r, size := utf8.DecodeRune(x.data[i:])
		if unicode.IsSpace(r) || r == '\\' && x.endsLine(i+1) {
			break
		}
		i += size
	}
	return strings.ReplaceAll(string(x.data[start:i]), "\r", ""), i
}

// heredoc reads "<<MARKER", its lines, and the marker, whose indentation is taken
// off every line.
func (x *lexer) heredoc(i int) (string, int, bool) {
	if !bytes.HasPrefix(x.data[i:], []byte("<<")) {
		return "", 0, false
	}
	head, _, ok := bytes.Cut(x.data[i+2:], []byte{'\n'})
	marker := strings.TrimSpace(string(head))
	if !ok || marker == "" || strings.ContainsFunc(marker, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }) {
		return "", 0, false
	}
	var lines []string
	for at := i + 2 + len(head) + 1; at < len(x.data); {
		row, _, _ := bytes.Cut(x.data[at:], []byte{'\n'})
		line := strings.TrimSuffix(string(row), "\r")
		trimmed := strings.TrimLeft(line, " \t")
		if rest, ok := strings.CutPrefix(trimmed, marker); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			indent := line[:len(line)-len(trimmed)]
			for k := range lines {
				lines[k] = strings.TrimPrefix(lines[k], indent)
			}
			return strings.Join(lines, "\n"), at + len(indent) + len(marker), true
		}
		lines = append(lines, line)
		at += len(row) + 1
	}
	x.problem = append(x.problem, topo.Problem{Place: x.place(i, i+2+len(head)), Text: "incomplete heredoc <<" + marker, Fatal: true})
	return strings.Join(lines, "\n"), len(x.data), true
}
