package lighttpd

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// value is a string, a number or an array.
type value struct {
	kind  byte // 's', '0', 'a'; 0: none, or known only to the process
	text  string
	array []element
	at    topo.Place
}

type element struct {
	key   string
	keyed bool
	value value
}

// get returns the element of an array that is called name.
func (v value) get(name string) (value, bool) {
	for _, e := range v.array {
		if e.keyed && e.key == name {
			return e.value, true
		}
	}
	return value{}, false
}

// on reports whether a switch is on.
func (v value) on() bool { return v.text == "enable" || v.text == "true" || v.text == "1" }

// block is the configuration below one condition; the first is global.
type block struct {
	cond   *condition
	up     *block
	before *block // in a chain of else: holds only where none of these do
	rows   []row
	at     topo.Place
	last   topo.Place // of the closing brace
}

type condition struct {
	of, name string // "HTTP", "host"
	op       string
	text     string
	at       topo.Place
}

// row is one assignment.
type row struct {
	key   string
	value value
	add   bool // +=
	at    topo.Place
}

const (
	maxFiles = 200
	maxDepth = 32
)

// parser reads a configuration with its includes.
type parser struct {
	src      dialect.Source
	blocks   []*block
	files    []string
	problems dialect.Problems
	vars     map[string]value

	tokens []token
	pos    int
	depth  int
}

// file reads one file into the block b.
func (p *parser) file(path string, from topo.Place, b *block) {
	if len(p.files) >= maxFiles || p.depth >= maxDepth {
		p.problems.Add(from, true, "too many files are included")
		return
	}
	data, err := p.src.ReadFile(path)
	if err != nil {
		p.problems.Add(from, true, "cannot read %s", path)
		return
	}
	p.files = append(p.files, path)
	list, problem := lex(path, string(data))
	if problem != nil {
		p.problems = append(p.problems, *problem)
	}
	tokens, pos := p.tokens, p.pos
	p.tokens, p.pos = list, 0
	p.depth++
	p.rows(b, false)
	p.depth--
	p.tokens, p.pos = tokens, pos
}

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

func (p *parser) blank() {
	for p.peek().kind == tokLine {
		p.pos++
	}
}

// rows reads statements up to the end of the file, or the closing brace.
func (p *parser) rows(b *block, nested bool) {
	var chain *block // the condition before, for "else"
	for p.pos < len(p.tokens) && !p.problems.Broken() {
		p.blank()
		t := p.next()
		switch {
		case t.kind == 0:
			p.pos = len(p.tokens)
		case t.is("}") && nested:
			b.last = t.at
			return
		case t.kind == tokCond:
			chain = p.condition(t, b, nil)
		case t.is("else") && chain != nil:
			p.blank()
			if n := p.next(); n.kind == tokCond {
				chain = p.condition(n, b, chain)
			} else if n.is("{") {
				p.body(&block{up: b, before: chain, at: t.at})
			}
		case t.is("include"), t.is("include_shell"):
			p.include(t, b)
		case t.is("global"):
			p.blank()
			p.next()
			p.rows(p.blocks[0], true)
		case t.kind == tokKey:
			chain = nil
			p.assign(t, b)
		default:
			p.problems.Add(t.at, false, "'%s' is not expected here", dialect.Clip(t.text))
		}
	}
	if nested && !p.problems.Broken() {
		p.problems.Add(b.at, true, "'}' is missing")
	}
}

func (p *parser) body(b *block) *block {
	if p.depth++; p.depth > maxDepth {
		p.problems.Add(b.at, true, "conditions are nested too deeply")
		return b
	}
	p.blocks = append(p.blocks, b)
	p.rows(b, true)
	p.depth--
	return b
}

// condition reads $HTTP["host"] == "x" { … }.
func (p *parser) condition(t token, up, before *block) *block {
	b := &block{up: up, before: before, at: t.at}
	c := &condition{of: strings.TrimPrefix(t.text, "$"), at: t.at}
	if !p.next().is("[") {
		p.problems.Add(t.at, true, "'[' is missing after %s", t.text)
		return b
	}
	c.name = p.next().text
	if !p.next().is("]") {
		p.problems.Add(t.at, true, "']' is missing after %s", t.text)
		return b
	}
	c.op = p.next().text
	c.text = p.expression().text
	b.cond = c
	p.blank()
	if !p.next().is("{") {
		p.problems.Add(t.at, true, "'{' is missing after a condition")
		return b
	}
	return p.body(b)
}

func (p *parser) include(t token, b *block) {
	v := p.expression()
	if t.is("include_shell") {
		p.problems.Add(t.at, false, "what include_shell prints is known only to the process")
		return
	}
	path := v.text
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(t.at.File), path)
	}
	if !strings.ContainsAny(path, "*?[") {
		p.file(path, t.at, b)
		return
	}
	found, _ := p.src.Glob(path)
	for _, f := range found {
		p.file(f, t.at, b)
	}
}

func (p *parser) assign(t token, b *block) {
	op := p.next()
	if !op.is("=") && !op.is("+=") && !op.is(":=") {
		p.problems.Add(op.at, true, "'=' is missing after %s", dialect.Clip(t.text))
		return
	}
	v := p.expression()
	if name, ok := strings.CutPrefix(t.text, "var."); ok {
		if op.is("+=") {
			v = join(p.vars[name], v)
		}
		p.vars[name] = v
		return
	}
	b.rows = append(b.rows, row{key: t.text, value: v, add: op.is("+="), at: t.at})
}

// expression reads values joined by "+".
func (p *parser) expression() value {
	v := p.one()
	for p.peek().is("+") {
		p.next()
		v = join(v, p.one())
	}
	return v
}

func join(a, b value) value {
	switch {
	case a.kind == 0:
		return b
	case b.kind == 0:
		return a
	case a.kind == 'a' && b.kind == 'a':
		a.array = append(a.array[:len(a.array):len(a.array)], b.array...)
	default:
		a.kind, a.text = 's', a.text+b.text
	}
	return a
}

func (p *parser) one() value {
	t := p.next()
	switch {
	case t.kind == tokString, t.kind == tokNumber:
		return value{kind: t.kind, text: t.text, at: t.at}
	case t.is("("):
		return p.list(t)
	case t.kind == tokKey && strings.HasPrefix(t.text, "var."):
		v := p.vars[strings.TrimPrefix(t.text, "var.")]
		return v
	case t.kind == tokKey && strings.HasPrefix(t.text, "env."):
		p.problems.Add(t.at, false, "%s is known only to the process", dialect.Clip(t.text))
		return value{at: t.at}
	case t.kind == tokKey:
		for _, b := range p.blocks {
			for _, r := range b.rows {
				if r.key == t.text {
					return r.value
				}
			}
		}
		return value{kind: tokString, text: t.text, at: t.at}
	}
	p.pos--
	p.problems.Add(t.at, true, "a value is missing before '%s'", dialect.Clip(strings.TrimSpace(t.text)))
	return value{}
}

func (p *parser) list(open token) value {
	v := value{kind: 'a', at: open.at}
	if p.depth++; p.depth > maxDepth {
		p.problems.Add(open.at, true, "arrays are nested too deeply")
		return v
	}
	defer func() { p.depth-- }()
	for !p.problems.Broken() {
		p.blank()
		if t := p.peek(); t.is(")") {
			p.next()
			v.at.End = t.at.End
			return v
		} else if t.is(",") {
			p.next()
			continue
		} else if t.kind == 0 {
			p.problems.Add(open.at, true, "')' is missing")
			return v
		}
		e := element{value: p.expression()}
		p.blank()
		if p.peek().is("=>") {
			p.next()
			p.blank()
			e.key, e.keyed = e.value.text, true
			e.value = p.expression()
		}
		v.array = append(v.array, e)
	}
	return v
}
