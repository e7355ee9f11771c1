package varnish

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
	"github.com/goodgatehq/goodgate/internal/dialect/truth"
)

// value is a text that may be known only to the running gateway.
type value struct {
	text  string
	known bool
}

func fixed(text string) value { return value{text, true} }

// truth reads a condition.
func (w *walk) truth(words []token, s *state) truth.Value {
	e := &expression{w: w, s: s, words: words}
	t := e.or()
	if e.pos < len(words) {
		return truth.Unknown
	}
	return t
}

type expression struct {
	w     *walk
	s     *state
	words []token
	pos   int
	depth int
}

func (e *expression) peek() token {
	if e.pos < len(e.words) {
		return e.words[e.pos]
	}
	return token{}
}

func (e *expression) take(text string) bool {
	if e.peek().is(text) {
		e.pos++
		return true
	}
	return false
}

func (e *expression) or() truth.Value {
	t := e.and()
	for e.take("||") {
		t = max(t, e.and())
	}
	return t
}

func (e *expression) and() truth.Value {
	t := e.not()
	for e.take("&&") {
		t = min(t, e.not())
	}
	return t
}

func (e *expression) not() truth.Value {
	if e.depth++; e.depth > maxDepth {
		return truth.Unknown
	}
	defer func() { e.depth-- }()
	if e.take("!") {
		return e.not().Not()
	}
	if e.take("(") {
		t := e.or()
		if !e.take(")") {
			return truth.Unknown
		}
		return t
	}
	return e.comparison()
}

// comparison reads "req.url ~ "…"", or a value alone, which is true where the
// header is there.
func (e *expression) comparison() truth.Value {
	left := e.operand()
	op := e.peek()
	if !op.is("==") && !op.is("!=") && !op.is("~") && !op.is("!~") {
		switch {
		case op.is("<"), op.is(">"), op.is("<="), op.is(">="):
			e.pos++
			e.operand()
			return truth.Unknown
		case !left.known:
			return truth.Unknown
		}
		return truth.Of(left.text != "")
	}
	e.pos++
	literal := e.peek().kind == tokString
	right := e.operand()
	if !left.known || !right.known || !literal && (op.is("~") || op.is("!~")) {
		return truth.Unknown // an acl is asked of an address, not of a text
	}
	t := truth.Of(left.text == right.text)
	if op.is("~") || op.is("!~") {
		t = truth.Match(right.text, left.text, false)
	}
	if op.is("!=") || op.is("!~") {
		return t.Not()
	}
	return t
}

// text reads an expression that makes a text: parts that stand side by side, or
// joined by "+".
func (w *walk) text(words []token, s *state) value {
	e := &expression{w: w, s: s, words: words}
	out := fixed("")
	for e.pos < len(words) {
		if e.take("+") {
			continue
		}
		v := e.operand()
		out.text += v.text
		out.known = out.known && v.known
	}
	if !out.known {
		return value{}
	}
	return out
}

// operand reads one value.
func (e *expression) operand() value {
	t := e.peek()
	e.pos++
	switch t.kind {
	case tokString, tokNumber:
		return fixed(t.text)
	case tokName:
	default:
		return value{}
	}
	if e.peek().is("(") {
		return e.function(t)
	}
	if name, ok := headerName(t); ok {
		v, set := e.s.header[name]
		if !set {
			v = fixed("") // our own request does not have it
		}
		return v
	}
	switch t.text {
	case "req.url", "bereq.url":
		return e.s.url
	case "req.method", "bereq.method":
		return fixed(e.s.method)
	case "req.proto":
		return fixed("HTTP/1.1")
	case "req.restarts", "bereq.retries":
		return fixed("0")
	case "true":
		return fixed("true")
	case "false":
		return fixed("")
	}
	return value{}
}

// function reads a call. Those that only turn one text into another are carried
// out.
func (e *expression) function(t token) value {
	e.pos++
	var args [][]token
	var arg []token
	for open := 1; e.pos < len(e.words); e.pos++ {
		w := e.words[e.pos]
		switch {
		case w.is("("):
			open++
		case w.is(")"):
			open--
		}
		if open == 0 {
			break
		}
		if open == 1 && w.is(",") {
			args, arg = append(args, arg), nil
			continue
		}
		arg = append(arg, w)
	}
	e.pos++
	args = append(args, arg)
	if e.depth++; e.depth > maxDepth {
		return value{}
	}
	defer func() { e.depth-- }()
	switch {
	case t.is("std.tolower") && len(args) == 1:
		v := e.w.text(args[0], e.s)
		return value{strings.ToLower(v.text), v.known}
	case (t.is("regsub") || t.is("regsuball")) && len(args) == 3:
		return e.substitute(args, t.is("regsuball"))
	}
	return value{}
}

// substitute carries out regsub: \1 is the first group (VRT_regsub).
func (e *expression) substitute(args [][]token, all bool) value {
	in, pattern, by := e.w.text(args[0], e.s), e.w.text(args[1], e.s), e.w.text(args[2], e.s)
	if !in.known || !pattern.known || !by.known {
		return value{}
	}
	re, err := regex.Compile(pattern.text, false)
	if err != nil {
		return value{}
	}
	groups, err := re.Match(in.text)
	if err != nil {
		return value{}
	}
	if groups == nil {
		return in
	}
	if all || groups[0] == "" || strings.Count(in.text, groups[0]) != 1 {
		return value{} // where it stands is not told
	}
	var b strings.Builder
	for i := 0; i < len(by.text); i++ {
		if by.text[i] == '\\' && i+1 < len(by.text) && digit(by.text[i+1]) {
			i++
			if n := int(by.text[i] - '0'); n < len(groups) {
				b.WriteString(groups[n])
			}
			continue
		}
		b.WriteByte(by.text[i])
	}
	return fixed(strings.Replace(in.text, groups[0], b.String(), 1))
}
