package nginx

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/nginx/syntax"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// maxDirectives bounds the directives of one configuration with every include
// expanded: a file that includes a file twice that includes a file twice grows
// without end.
const maxDirectives = 2_000_000

// scope is one block with the directives of included files in their places.
// nginx keeps one set of values for each; what a block does not set it takes from
// the block around it.
type scope struct {
	area    string // "core", "events", "http", "stream", "mail"; "" for blocks of a module that is not known
	context string // as in directives.tsv: "main", "http", "server", "location", "sif", …
	d       *syntax.Directive
	up      *scope
	all     []*item            // every directive, in order
	items   []*item            // those that stand where they may, with as many arguments as they take
	named   map[string][]*item // of items

	loc *location // of a location, once its name is read
}

// item is one directive in its scope.
type item struct {
	*syntax.Directive
	in  *scope
	sub *scope // of a block that holds directives
}

// own returns the directives of a name that stand in the block itself.
func (s *scope) own(name string) []*item { return s.named[name] }

// first returns the first directive of a name in the block itself, or nil.
func (s *scope) first(name string) *item {
	if l := s.named[name]; len(l) > 0 {
		return l[0]
	}
	return nil
}

// last returns the last directive of a name in the block itself, or nil.
func (s *scope) last(name string) *item {
	if l := s.named[name]; len(l) > 0 {
		return l[len(l)-1]
	}
	return nil
}

// inherited returns the directives of a name that are in force in the block:
// those of the innermost block that has any. nginx replaces lists, it does not
// add to them.
func (s *scope) inherited(names ...string) []*item {
	for ; s != nil; s = s.up {
		var found []*item
		for _, n := range names {
			found = append(found, s.named[n]...)
		}
		if len(names) > 1 && len(found) > 1 {
			found = s.ordered(found)
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// ordered returns items of the scope in the order of the file.
func (s *scope) ordered(some []*item) []*item {
	in := map[*item]bool{}
	for _, it := range some {
		in[it] = true
	}
	out := some[:0:0]
	for _, it := range s.items {
		if in[it] {
			out = append(out, it)
		}
	}
	return out
}

// value returns the one directive of a name that is in force in the block, or
// nil.
func (s *scope) value(name string) *item {
	if l := s.inherited(name); len(l) > 0 {
		return l[0]
	}
	return nil
}

// text returns the first argument of the directive of a name that is in force,
// or fallback.
func (s *scope) text(name, fallback string) string {
	if it := s.value(name); it != nil && len(it.Words) > 1 {
		return it.Arg(1)
	}
	return fallback
}

// on reports whether a flag is in force.
func (s *scope) on(name string, fallback bool) bool {
	if it := s.value(name); it != nil {
		return strings.EqualFold(it.Arg(1), "on")
	}
	return fallback
}

// step returns the block as a step of a decision.
func (s *scope) step() topo.Step {
	return topo.Step{Text: s.d.Head() + " {", Place: s.d.Place()}
}

// step returns the directive as a step of a decision.
func (it *item) step() topo.Step {
	return topo.Step{Text: it.Head() + ";", Place: it.Place()}
}

// builder makes scopes of a syntax tree.
type builder struct {
	left    int
	problem func(at topo.Place, fatal bool, text string)
}

// build fills s with the directives of list.
func (b *builder) build(s *scope, list []*syntax.Directive) {
	s.named = map[string][]*item{}
	syntax.Expand(list, func(d *syntax.Directive) bool {
		if b.left--; b.left < 0 {
			if b.left == -1 {
				b.problem(d.Place(), false, fmt.Sprintf("with all includes the configuration has more than %d directives: the rest is not read", maxDirectives))
			}
			return false
		}
		it := &item{Directive: d, in: s}
		if d.Brace && !d.Lua {
			if area, context, ok := s.inside(d.Name()); ok {
				it.sub = &scope{area: area, context: context, d: d, up: s}
				b.build(it.sub, d.Block)
			}
		}
		s.all = append(s.all, it)
		if !s.refuses(d) {
			s.items = append(s.items, it)
			s.named[d.Name()] = append(s.named[d.Name()], it)
		}
		return true
	})
}

// refuses reports whether nginx takes a directive of its own nowhere in s as it
// is written. Such a one is told, and then left out: what reads a directive may
// rely on its arguments.
func (s *scope) refuses(d *syntax.Directive) bool {
	for _, r := range grammar()[d.Name()] {
		if !r.stock() || s.area == "" {
			return false
		}
	}
	for _, r := range grammar()[d.Name()] {
		if r.allows(s.area, s.context) && r.block == d.Brace && (r.takes(len(d.Words)-1) || passedOn(d)) {
			return false
		}
	}
	return grammar()[d.Name()] != nil
}

// passedOn reports whether a directive hands requests on and has words too many,
// as where its semicolon is missing: its first still says where the edit would
// have led, which is what somebody whose reload was refused wants to know.
func passedOn(d *syntax.Directive) bool {
	_, pass := passes[d.Name()]
	return pass && len(d.Words) > 2
}

// inside returns the area and context of the block that a directive opens in s,
// and false for blocks that hold no directives, as map and types.
func (s *scope) inside(name string) (area, context string, ok bool) {
	switch s.context {
	case "main":
		switch name {
		case "events", "http", "stream", "mail":
			return name, name, true
		}
	case "http", "stream", "mail":
		switch name {
		case "server", "upstream":
			return s.area, name, true
		}
	case "server":
		switch name {
		case "location":
			return s.area, "location", true
		case "if":
			return s.area, "sif", true
		}
	case "location":
		switch name {
		case "location":
			return s.area, "location", true
		case "if":
			return s.area, "lif", true
		case "limit_except":
			return s.area, "limit", true
		}
	}
	return "", "", false
}

// location returns the location, or else the server, that the block is part of.
func (s *scope) location() *scope {
	for s.up != nil && (s.context == "sif" || s.context == "lif" || s.context == "limit") {
		s = s.up
	}
	return s
}
