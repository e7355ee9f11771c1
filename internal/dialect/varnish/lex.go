package varnish

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// The kinds of tokens of VCL (lib/libvcc/vcc_lexer.c of varnish-cache).
const (
	tokName   = 'n' // an identifier with its dots: "req.http.host"
	tokString = 's' // text is what the string stands for
	tokNumber = '0' // with its unit: "1.5s", "8KB"
	tokOther  = 'o' // an operator or a bracket
)

// token is one word of VCL.
type token struct {
	kind byte
	text string
	at   topo.Place
}

func (t token) is(text string) bool {
	return t.text == text && (t.kind == tokName || t.kind == tokOther)
}

// maxTokens bounds one file: VCL is written by people.
const maxTokens = 1 << 20

// lex takes a file apart. What is no token of VCL, as inline C, is passed over;
// problem says what has no end.
func lex(file string, src string) (tokens []token, problem *topo.Problem) {
	x := lexer{file: file, src: src, line: 1}
	for len(tokens) < maxTokens {
		x.blank()
		if x.pos >= len(src) {
			break
		}
		t, ok := x.next()
		if !ok {
			return tokens, &topo.Problem{Place: x.place(x.pos), Text: "a string or a comment has no end", Fatal: true}
		}
		if t.kind != 0 {
			tokens = append(tokens, t)
		}
	}
	if x.open {
		return tokens, &topo.Problem{Place: x.place(len(src)), Text: "a comment has no end", Fatal: true}
	}
	return tokens, nil
}

type lexer struct {
	file      string
	src       string
	pos       int
	line      int // of pos, counted from 1
	lineStart int // offset at which it begins
	open      bool
}

func (x *lexer) place(start int) topo.Place {
	return topo.Place{File: x.file, Line: x.line, Column: start - x.lineStart + 1, Start: start, End: start}
}

// skip moves on to the offset to, counting lines.
func (x *lexer) skip(to int) {
	for i := x.pos; i < to; i++ {
		if x.src[i] == '\n' {
			x.line++
			x.lineStart = i + 1
		}
	}
	x.pos = to
}

// blank passes over space and comments.
func (x *lexer) blank() {
	for x.pos < len(x.src) {
		rest := x.src[x.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			x.skip(x.pos + 1)
		case rest[0] == '#', strings.HasPrefix(rest, "//"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				x.skip(x.pos + i)
			} else {
				x.skip(len(x.src))
			}
		case strings.HasPrefix(rest, "/*"):
			i := strings.Index(rest[2:], "*/")
			if i < 0 {
				x.open = true
				x.skip(len(x.src))
				return
			}
			x.skip(x.pos + i + 4)
		default:
			return
		}
	}
}

// quotes are the ways to write a string: what opens it, and what closes it.
var quotes = [...][2]string{{`"""`, `"""`}, {`{"`, `"}`}, {`"`, `"`}}

func (x *lexer) next() (token, bool) {
	rest, at := x.src[x.pos:], x.place(x.pos)
	end := func(n int) topo.Place { at.End = at.Start + n; x.skip(at.End); return at }
	for _, q := range quotes {
		if !strings.HasPrefix(rest, q[0]) {
			continue
		}
		body := rest[len(q[0]):]
		i := strings.Index(body, q[1])
		if i < 0 || q[0] == `"` && strings.ContainsRune(body[:i], '\n') {
			return token{}, false
		}
		return token{kind: tokString, text: body[:i], at: end(len(q[0]) + i + len(q[1]))}, true
	}
	if strings.HasPrefix(rest, "C{") { // inline C
		i := strings.Index(rest, "}C")
		if i < 0 {
			return token{}, false
		}
		end(i + 2)
		return token{}, true
	}
	n, kind := 1, byte(tokOther)
	switch c := rest[0]; {
	case letter(c):
		kind = tokName
		for n < len(rest) && (letter(rest[n]) || digit(rest[n]) || rest[n] == '.' || rest[n] == '-') {
			n++
		}
	case digit(c):
		kind = tokNumber
		for n < len(rest) && (letter(rest[n]) || digit(rest[n]) || rest[n] == '.') {
			n++
		}
	default:
		for _, op := range []string{"==", "!=", "!~", "<=", ">=", "&&", "||", "++", "--", "+=", "-=", "*=", "/="} {
			if strings.HasPrefix(rest, op) {
				n = len(op)
			}
		}
	}
	return token{kind: kind, text: rest[:n], at: end(n)}, true
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func digit(c byte) bool { return c >= '0' && c <= '9' }
