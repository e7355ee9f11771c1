package regex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxPattern = 4096
	maxNesting = 100
	maxRepeat  = 1000
)

type compiler struct {
	s     string
	i     int
	fold  bool
	multi bool // (?m)
	dot   bool // (?s)
	deep  int
	p     *program
}

// compile reads a pattern of PCRE, without recursion, conditions, callouts and
// Unicode properties, which servers' configurations do not use.
func compile(pattern string, fold bool) (*program, error) {
	if len(pattern) > maxPattern {
		return nil, errors.New("the pattern is too long")
	}
	c := &compiler{s: unquote(pattern), fold: fold, p: &program{groups: 1, names: []string{""}}}
	root, err := c.alternatives()
	if err != nil {
		return nil, err
	}
	if c.i < len(c.s) {
		return nil, fmt.Errorf("%w: unmatched %q at %d", ErrBroken, c.s[c.i], c.i)
	}
	c.p.root = root
	return c.p, nil
}

func (c *compiler) more() bool { return c.i < len(c.s) }

// take skips text where it stands next.
func (c *compiler) take(text string) bool {
	if !strings.HasPrefix(c.s[c.i:], text) {
		return false
	}
	c.i += len(text)
	return true
}

func (c *compiler) alternatives() (node, error) {
	if c.deep++; c.deep > maxNesting {
		return nil, errors.New("groups stand too deep")
	}
	defer func() { c.deep-- }()
	fold, multi, dot := c.fold, c.multi, c.dot
	defer func() { c.fold, c.multi, c.dot = fold, multi, dot }()
	var list []node
	for {
		n, err := c.sequence()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if !c.take("|") {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return alternate(list), nil
}

func (c *compiler) sequence() (node, error) {
	n := node(empty)
	for c.more() && c.s[c.i] != '|' && c.s[c.i] != ')' {
		a, err := c.atom()
		if err != nil {
			return nil, err
		}
		if a == nil {
			continue
		}
		if a, err = c.quantified(a); err != nil {
			return nil, err
		}
		n = sequence(n, a)
	}
	return n, nil
}

// quantified reads what follows an atom.
func (c *compiler) quantified(n node) (node, error) {
	for c.more() {
		low, high := 0, -1
		switch {
		case c.take("*"):
		case c.take("+"):
			low = 1
		case c.take("?"):
			high = 1
		default:
			var ok bool
			if low, high, ok = c.counts(); !ok {
				return n, nil
			}
		}
		if low > maxRepeat || high > maxRepeat || (high >= 0 && high < low) {
			return nil, errors.New("a repeat is out of range")
		}
		switch {
		case c.take("+"):
			n = atomic(repeat(n, low, high, false))
		case c.take("?"):
			n = repeat(n, low, high, true)
		default:
			n = repeat(n, low, high, false)
		}
	}
	return n, nil
}

// counts reads "{2}", "{2,}" or "{2,3}". Any other brace is a letter.
func (c *compiler) counts() (low, high int, ok bool) {
	end := strings.IndexByte(c.s[c.i:], '}')
	if c.s[c.i] != '{' || end < 0 {
		return 0, 0, false
	}
	a, b, comma := strings.Cut(c.s[c.i+1:c.i+end], ",")
	low, err := strconv.Atoi(a)
	if err != nil || low < 0 {
		return 0, 0, false
	}
	high = low
	if comma {
		high = -1
		if b != "" {
			if high, err = strconv.Atoi(b); err != nil || high < 0 {
				return 0, 0, false
			}
		}
	}
	c.i += end + 1
	return low, high, true
}

func (c *compiler) atom() (node, error) {
	ch := c.s[c.i]
	c.i++
	switch ch {
	case '(':
		return c.parenthesis()
	case '[':
		return c.set()
	case '.':
		if c.dot {
			return class(func(byte) bool { return true }), nil
		}
		return class(func(b byte) bool { return b != '\n' }), nil
	case '^':
		multi := c.multi
		return assert(func(s string, i int) bool { return i == 0 || multi && s[i-1] == '\n' }), nil
	case '$':
		multi := c.multi
		return assert(func(s string, i int) bool {
			return i == len(s) || i == len(s)-1 && s[i] == '\n' || multi && s[i] == '\n'
		}), nil
	case '\\':
		return c.escape()
	case '*', '+', '?':
		return nil, fmt.Errorf("%w: nothing to repeat", ErrBroken)
	}
	return c.letter(ch), nil
}

func (c *compiler) letter(ch byte) node {
	if c.fold {
		ch = lower(ch)
		return class(func(b byte) bool { return lower(b) == ch })
	}
	return class(func(b byte) bool { return b == ch })
}

// parenthesis reads a group after its "(".
func (c *compiler) parenthesis() (node, error) {
	wrap := func(n node) node { return n }
	fold, multi, dot := c.fold, c.multi, c.dot
	switch {
	case !c.take("?"):
		wrap = c.capture("")
	case c.take(":"):
	case c.take(">"):
		wrap = atomic
	case c.take("="):
		wrap = func(n node) node { return look(n, false) }
	case c.take("!"):
		wrap = func(n node) node { return look(n, true) }
	case c.take("<="):
		wrap = func(n node) node { return behind(n, false) }
	case c.take("<!"):
		wrap = func(n node) node { return behind(n, true) }
	case c.take("#"):
		end := strings.IndexByte(c.s[c.i:], ')')
		if end < 0 {
			return nil, errors.New("a comment has no end")
		}
		c.i += end + 1
		return nil, nil
	case c.take("P<"), c.take("<"):
		return c.namedGroup('>')
	case c.take("'"):
		return c.namedGroup('\'')
	default:
		closed, err := c.flags()
		if err != nil || closed {
			return nil, err
		}
	}
	n, err := c.inner(wrap)
	c.fold, c.multi, c.dot = fold, multi, dot
	return n, err
}

func (c *compiler) namedGroup(end byte) (node, error) {
	n := strings.IndexByte(c.s[c.i:], end)
	if n <= 0 {
		return nil, errors.New("a group's name has no end")
	}
	name := c.s[c.i : c.i+n]
	c.i += n + 1
	return c.inner(c.capture(name))
}

// capture numbers the group that begins here.
func (c *compiler) capture(name string) func(node) node {
	k := c.p.groups
	c.p.groups++
	c.p.names = append(c.p.names, name)
	return func(n node) node { return group(n, k) }
}

func (c *compiler) inner(wrap func(node) node) (node, error) {
	n, err := c.alternatives()
	if err != nil {
		return nil, err
	}
	if !c.take(")") {
		return nil, fmt.Errorf(`%w: missing ")"`, ErrBroken)
	}
	return wrap(n), nil
}

// flags reads "i)", "-i)" or "i:" after "(?". closed says that the group ended
// and that the flags hold for the rest of the group around it.
func (c *compiler) flags() (closed bool, err error) {
	on := true
	for c.more() {
		ch := c.s[c.i]
		c.i++
		switch ch {
		case '-':
			on = false
		case 'i':
			c.fold = on
		case 'm':
			c.multi = on
		case 's':
			c.dot = on
		case ')':
			return true, nil
		case ':':
			return false, nil
		default:
			return false, fmt.Errorf("unknown group (?%c", ch)
		}
	}
	return false, errors.New(`missing ")"`)
}
