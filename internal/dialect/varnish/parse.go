package varnish

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// stmt is one statement of a subroutine.
type stmt struct {
	words []token // without the semicolon; of an "if" its condition
	then  []stmt
	other []stmt // else
	cond  bool   // it is an "if"
}

func (s stmt) word(i int) token {
	if i < len(s.words) {
		return s.words[i]
	}
	return token{}
}

func (s stmt) place() topo.Place {
	p := s.word(0).at
	if n := len(s.words); n > 0 {
		p.End = max(p.End, s.words[n-1].at.End)
	}
	return p
}

// attribute is ".name = value;" of a backend or a probe.
type attribute struct {
	name  token
	value []token
	block []attribute // of a probe written inside of a backend
}

func (a attribute) place() topo.Place {
	p := a.name.at
	if n := len(a.value); n > 0 {
		p.End = a.value[n-1].at.End
	}
	return p
}

// object is a backend or a probe.
type object struct {
	name  token
	attrs []attribute
	none  bool       // "backend x none;"
	from  topo.Place // of the declaration
	last  topo.Place // of the closing brace
}

func (o *object) attr(name string) *attribute {
	for i := range o.attrs {
		if o.attrs[i].name.text == name {
			return &o.attrs[i]
		}
	}
	return nil
}

// text is the value of an attribute that is one word.
func (o *object) text(name string) (token, bool) {
	a := o.attr(name)
	if a == nil || len(a.value) == 0 {
		return token{}, false
	}
	return a.value[0], true
}

// parser reads the tokens of a program, includes put in place.
type parser struct {
	v      *vcl
	tokens []token
	pos    int
	depth  int
}

// maxDepth bounds nested blocks.
const maxDepth = 64

func (p *parser) peek() token {
	if p.pos < len(p.tokens) {
		return p.tokens[p.pos]
	}
	return token{}
}

func (p *parser) next() token {
	t := p.peek()
	p.pos++
	return t
}

func (p *parser) done() bool { return p.pos >= len(p.tokens) }

// expect takes a token that must stand here.
func (p *parser) expect(text string) bool {
	if p.peek().is(text) {
		p.pos++
		return true
	}
	p.v.problems.Fatal(p.here(), "'%s' is expected before '%s'", text, dialect.Clip(p.peek().text))
	return false
}

func (p *parser) here() topo.Place {
	if p.done() && len(p.tokens) > 0 {
		return p.tokens[len(p.tokens)-1].at
	}
	return p.peek().at
}

// program reads declarations to the end. After a mistake nothing more is read:
// what follows would be misunderstood.
func (p *parser) program() {
	for !p.done() && !p.v.problems.Broken() {
		t := p.next()
		switch {
		case t.is("vcl"):
			p.version(t)
		case t.is("import"), t.is("include"):
			p.until(";")
		case t.is("backend"):
			p.v.addBackend(p.object(t))
		case t.is("probe"):
			p.v.addProbe(p.object(t))
		case t.is("acl"):
			p.next()
			p.expect("{")
			p.until("}")
		case t.is("sub"):
			name := p.next()
			p.v.addSub(name, p.block())
		case t.is(";"):
		default:
			p.v.problems.Fatal(t.at, "'%s' is no declaration", dialect.Clip(t.text))
		}
	}
}

func (p *parser) version(t token) {
	v := p.next()
	if v.kind != tokNumber || v.text != "4.0" && v.text != "4.1" {
		p.v.problems.Fatal(t.at, "this version of VCL is not known: '%s'", dialect.Clip(v.text))
	}
	p.v.version = v.text
	p.expect(";")
}

// until passes over tokens up to and with the one called end.
func (p *parser) until(end string) (words []token) {
	for !p.done() {
		t := p.next()
		if t.is(end) {
			return words
		}
		words = append(words, t)
	}
	p.v.problems.Fatal(p.here(), "'%s' is missing at the end", end)
	return words
}

func (p *parser) object(from token) *object {
	o := &object{name: p.next(), from: from.at}
	if p.peek().is("none") {
		p.next()
		o.none = true
		p.expect(";")
		return o
	}
	if !p.expect("{") {
		return o
	}
	o.attrs = p.attributes(true)
	if p.pos > 0 && p.pos <= len(p.tokens) {
		o.last = p.tokens[p.pos-1].at
	}
	return o
}

// attributes reads up to and with the closing brace.
func (p *parser) attributes(nested bool) (list []attribute) {
	for !p.done() && !p.v.problems.Broken() {
		t := p.next()
		switch {
		case t.is("}"):
			return list
		case t.is(";"):
			continue
		case !t.is("."):
			p.v.problems.Fatal(t.at, "'.' is expected before '%s'", dialect.Clip(t.text))
			return list
		}
		a := attribute{name: p.next()}
		if !p.expect("=") {
			return list
		}
		if p.peek().is("{") && nested {
			p.next()
			a.block = p.attributes(false)
		} else {
			a.value = p.until(";")
		}
		list = append(list, a)
	}
	p.v.problems.Fatal(p.here(), "'}' is missing at the end")
	return list
}

// block reads the statements between braces.
func (p *parser) block() (list []stmt) {
	if p.depth++; p.depth > maxDepth {
		p.v.problems.Fatal(p.here(), "blocks are nested too deeply")
		return nil
	}
	defer func() { p.depth-- }()
	if !p.expect("{") {
		return nil
	}
	for !p.done() && !p.v.problems.Broken() {
		switch t := p.peek(); {
		case t.is("}"):
			p.next()
			return list
		case t.is(";"):
			p.next()
		case t.is("{"):
			list = append(list, p.block()...)
		case t.is("if"):
			list = append(list, p.branch())
		case t.is("acl"), t.is("sub"), t.is("backend"):
			p.v.problems.Fatal(t.at, "'%s' stands inside of a subroutine", t.text)
		default:
			s := stmt{words: p.until(";")}
			p.v.statement(s)
			list = append(list, s)
		}
	}
	if !p.v.problems.Broken() {
		p.v.problems.Fatal(p.here(), "'}' is missing at the end")
	}
	return list
}

// branch reads "if (…) {…} elseif (…) {…} else {…}".
func (p *parser) branch() stmt {
	if p.depth++; p.depth > maxDepth {
		p.v.problems.Fatal(p.here(), "blocks are nested too deeply")
		return stmt{}
	}
	defer func() { p.depth-- }()
	p.next()
	s := stmt{cond: true, words: p.condition()}
	s.then = p.block()
	t := p.peek()
	switch {
	case t.is("elseif"), t.is("elsif"), t.is("elif"):
		s.other = []stmt{p.branch()}
	case t.is("else"):
		p.next()
		if p.peek().is("if") {
			s.other = []stmt{p.branch()}
		} else {
			s.other = p.block()
		}
	}
	return s
}

// condition reads "(…)" and returns what stands inside.
func (p *parser) condition() (words []token) {
	if !p.expect("(") {
		return nil
	}
	for open := 1; !p.done(); {
		t := p.next()
		if t.is("(") {
			open++
		}
		if t.is(")") {
			if open--; open == 0 {
				return words
			}
		}
		words = append(words, t)
	}
	p.v.problems.Fatal(p.here(), "')' is missing at the end")
	return words
}
