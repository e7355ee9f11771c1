package lighttpd

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// The kinds of tokens of lighttpd.conf (src/configfile.c, config_tokenizer).
const (
	tokKey    = 'k' // server.port, var.x, env.X, else, include
	tokString = 's'
	tokNumber = '0'
	tokCond   = '$' // $HTTP, $SERVER; the name of what is asked follows in brackets
	tokLine   = 'n' // the end of a line
	tokOther  = 'o'
)

type token struct {
	kind byte
	text string
	at   topo.Place
}

func (t token) is(text string) bool {
	return t.text == text && (t.kind == tokKey || t.kind == tokOther)
}

// maxTokens bounds one file.
const maxTokens = 1 << 20

// lex takes a file apart. Ends of lines inside of parentheses say nothing.
func lex(file, src string) (list []token, problem *topo.Problem) {
	pos, line, begin, open := 0, 1, 0, 0
	place := func(n int) topo.Place {
		return topo.Place{File: file, Line: line, Column: pos - begin + 1, Start: pos, End: pos + n}
	}
	for pos < len(src) && len(list) < maxTokens {
		c := src[pos]
		n, kind := 1, byte(tokOther)
		text := ""
		switch {
		case c == '\n':
			if open == 0 {
				list = append(list, token{tokLine, "\n", place(1)})
			}
			pos++
			line, begin = line+1, pos
			continue
		case c == ' ' || c == '\t' || c == '\r':
			pos++
			continue
		case c == '#':
			if n = strings.IndexByte(src[pos:], '\n'); n < 0 {
				n = len(src) - pos
			}
			pos += n
			continue
		case c == '"':
			var ok bool
			if text, n, ok = quoted(src[pos:]); !ok {
				return list, &topo.Problem{Place: place(1), Text: "a string has no end", Fatal: true}
			}
			list = append(list, token{tokString, text, place(n)})
			lines := strings.Count(src[pos:pos+n], "\n")
			if lines > 0 {
				line, begin = line+lines, pos+strings.LastIndexByte(src[pos:pos+n], '\n')+1
			}
			pos += n
			continue
		case c >= '0' && c <= '9':
			kind = tokNumber
			n = span(src[pos:], func(c byte) bool {
				return c >= '0' && c <= '9' || c == 'x' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
			})
		case c == '$':
			kind = tokCond
			n = 1 + span(src[pos+1:], func(c byte) bool { return c >= 'A' && c <= 'Z' || c == '_' })
		case letter(c):
			kind = tokKey
			n = span(src[pos:], func(c byte) bool { return letter(c) || c >= '0' && c <= '9' || c == '.' || c == '-' })
		default:
			for _, op := range []string{"=>", "==", "!=", "=~", "!~", "=^", "=$", "+=", ":="} {
				if strings.HasPrefix(src[pos:], op) {
					n = 2
				}
			}
			switch c {
			case '(':
				open++
			case ')':
				open = max(0, open-1)
			}
		}
		list = append(list, token{kind, src[pos : pos+n], place(n)})
		pos += n
	}
	return append(list, token{tokLine, "\n", place(0)}), nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

// quoted reads a string, in which a backslash takes the quote after it.
func quoted(s string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			if s[i] == '\\' {
				b.WriteByte('\\') // kept for regular expressions
			}
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), i + 1, true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

func number(text string) int {
	n, _ := strconv.ParseInt(text, 0, 32)
	return int(n)
}
