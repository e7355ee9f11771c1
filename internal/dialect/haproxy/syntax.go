package haproxy

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// word is one argument of a line.
type word struct {
	Text       string
	start, end int // bytes of the file, quotes included
}

// row is one line with its words, the first of which is the keyword.
type row struct {
	words []word
	file  string
	line  int
	start int // of the line in the file
	text  string
}

// place is where the words of the row stand.
func (r *row) place() topo.Place {
	first, last := r.words[0], r.words[len(r.words)-1]
	return topo.Place{File: r.file, Line: r.line, Column: first.start - r.start + 1, Start: first.start, End: last.end}
}

// at is where one word stands.
func (r *row) at(i int) topo.Place {
	if i >= len(r.words) {
		return r.place()
	}
	w := r.words[i]
	return topo.Place{File: r.file, Line: r.line, Column: w.start - r.start + 1, Start: w.start, End: w.end}
}

// arg returns the i-th word, "" where there is none. The keyword is the 0th.
func (r *row) arg(i int) string {
	if i < len(r.words) {
		return r.words[i].Text
	}
	return ""
}

// args returns the texts of the words from the i-th on.
func (r *row) args(i int) []string {
	var out []string
	for ; i < len(r.words); i++ {
		out = append(out, r.words[i].Text)
	}
	return out
}

// written is the row as it stands in the file, without what surrounds it.
func (r *row) written() string {
	return r.text[r.words[0].start-r.start : r.words[len(r.words)-1].end-r.start]
}

const (
	maxRows  = 200_000
	maxWords = 128 // MAX_LINE_ARGS is 64, and more are refused
	maxValue = 16 << 10
)

// lex takes a file apart and hands on one row after the other. env gives the
// value of a variable, which rows before may have set.
func lex(file string, data []byte, env func(string) (string, bool), each func(*row)) (problems []topo.Problem) {
	number, offset := 0, 0
	for len(data) > 0 && number < maxRows {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		number++
		r := &row{file: file, line: number, start: offset, text: string(line)}
		why := r.split(env)
		if why != "" {
			at := topo.Place{File: file, Line: number, Column: 1, Start: offset, End: offset + len(line)}
			problems = append(problems, topo.Problem{Place: at, Text: why, Fatal: true})
		}
		if len(r.words) > 0 {
			each(r)
		}
		offset += len(data) - len(rest)
		data = rest
	}
	return problems
}

// split finds the words of a line as parse_line does (src/tools.c): blanks part
// them, quotes and backslashes keep them together, "#" ends the line, and
// variables stand for their value between double quotes only.
func (r *row) split(env func(string) (string, bool)) (problem string) {
	s := strings.TrimSuffix(r.text, "\r")
	var b strings.Builder
	in, single, double := false, false, false
	begin := 0
	end := func(i int) {
		if in && len(r.words) < maxWords {
			r.words = append(r.words, word{Text: b.String(), start: r.start + begin, end: r.start + i})
		}
		b.Reset()
		in = false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !in && c != ' ' && c != '\t' && c != '#' {
			in, begin = true, i
		}
		switch {
		case single && c != '\'':
			b.WriteByte(c)
		case c == '\'' && !double:
			single = !single
		case c == '"':
			double = !double
		case c == '\\' && i+1 < len(s):
			i++
			i += unescape(&b, s, i, double)
		case c == '\\':
			// A backslash at the end of a line keeps nothing together.
		case c == '$' && double:
			i += expand(&b, s[i:], env) - 1
		case double:
			b.WriteByte(c)
		case c == '#':
			end(i)
			return ""
		case c == ' ' || c == '\t':
			end(i)
		default:
			b.WriteByte(c)
		}
		if b.Len() > maxValue {
			return "a word is too long"
		}
	}
	end(len(s))
	if single || double {
		return "a quote is not closed"
	}
	return ""
}

// unescape writes what the backslash before s[i] makes of it, and returns how
// many bytes more were used.
func unescape(b *strings.Builder, s string, i int, double bool) int {
	c := s[i]
	switch c {
	case 'r':
		b.WriteByte('\r')
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0 {
			b.WriteByte(byte(hex(s[i+1])<<4 | hex(s[i+2])))
			return 2
		}
		b.WriteString(`\x`)
	case '\\', ' ', '#', '\'', '"', '$':
		b.WriteByte(c)
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
	return 0
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// expand writes the value of the variable that s begins with, and returns how
// many bytes of s name it: $NAME, ${NAME} or ${NAME-default}.
func expand(b *strings.Builder, s string, env func(string) (string, bool)) int {
	i, braces := 1, false
	if i < len(s) && s[i] == '{' {
		braces = true
		i++
	}
	from := i
	for i < len(s) && (s[i] == '_' || s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
		i++
	}
	name := s[from:i]
	value, ok := env(name)
	if braces {
		if strings.HasPrefix(s[i:], "[*]") {
			i += 3
		}
		if i < len(s) && s[i] == '-' {
			j := strings.IndexByte(s[i:], '}')
			if j > 0 && !ok {
				value = s[i+1 : i+j]
			}
			i += max(j, 0)
		}
		if i < len(s) && s[i] == '}' {
			i++
		}
	}
	b.WriteString(value)
	return max(i, 1)
}
