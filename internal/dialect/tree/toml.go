package tree

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ReadTOML reads a TOML text (toml.io, version 1.0). Dates stay the text that they
// are.
func ReadTOML(file string, data []byte) (*Node, error) {
	p := &tomlReader{data: data, at: newPlacer(file, data)}
	if len(data) > maxBytes {
		return nil, p.wrong("it is too large")
	}
	root := &Node{Kind: Map}
	table := root
	for {
		p.blank(true)
		if p.i >= len(p.data) {
			return root, nil
		}
		var err error
		if p.data[p.i] == '[' {
			table, err = p.header(root)
		} else {
			err = p.pair(table, 0)
		}
		if err != nil {
			return nil, err
		}
		p.blank(false)
		if p.i < len(p.data) && p.data[p.i] != '\n' {
			return nil, p.wrong("the line goes on where it should end")
		}
	}
}

type tomlReader struct {
	data  []byte
	at    *placer
	i     int
	nodes int
}

func (p *tomlReader) wrong(text string) error { return &Error{p.at.place(p.i, p.i), text} }

// blank passes over spaces and comments, and the ends of lines too.
func (p *tomlReader) blank(lines bool) {
	for p.i < len(p.data) {
		switch c := p.data[p.i]; {
		case c == ' ' || c == '\t' || c == '\r' || lines && c == '\n':
			p.i++
		case c == '#':
			for p.i < len(p.data) && p.data[p.i] != '\n' {
				p.i++
			}
		default:
			return
		}
	}
}

// header reads [a.b] or [[a.b]] and returns the table that it opens.
func (p *tomlReader) header(root *Node) (*Node, error) {
	start := p.i
	many := strings.HasPrefix(string(p.data[p.i:min(p.i+2, len(p.data))]), "[[")
	p.i++
	if many {
		p.i++
	}
	names, err := p.key()
	if err != nil {
		return nil, err
	}
	for range map[bool]int{false: 1, true: 2}[many] {
		if p.i >= len(p.data) || p.data[p.i] != ']' {
			return nil, p.wrong("the head of a table lacks its ]")
		}
		p.i++
	}
	here := p.at.place(start, p.i)
	n, err := p.open(root, names[:len(names)-1])
	if err != nil {
		return nil, err
	}
	last := names[len(names)-1]
	fresh := &Node{Kind: Map, At: here, Pair: here}
	have := n.Get(last)
	switch {
	case many && have == nil:
		n.Keys, n.Items = append(n.Keys, last), append(n.Items, &Node{Kind: List, At: here, Pair: here, Items: []*Node{fresh}})
	case many && have.Kind == List:
		have.Items = append(have.Items, fresh)
	case many:
		return nil, p.wrong("it is a list here and something else before")
	case have == nil:
		n.Keys, n.Items = append(n.Keys, last), append(n.Items, fresh)
	case have.Kind == Map:
		if have.At.File == "" {
			have.At, have.Pair = here, here
		}
		return have, nil
	default:
		return nil, p.wrong("it is a table here and something else before")
	}
	p.nodes++
	return fresh, nil
}

// open follows names, making tables; of a list it enters the last.
func (p *tomlReader) open(n *Node, names []string) (*Node, error) {
	if len(names) > maxDepth {
		return nil, p.wrong("it is nested too deeply")
	}
	for _, name := range names {
		next := n.Get(name)
		if next == nil {
			next = &Node{Kind: Map}
			n.Keys, n.Items = append(n.Keys, name), append(n.Items, next)
		}
		if next.Kind == List && len(next.Items) > 0 {
			next = next.Items[len(next.Items)-1]
		}
		if next.Kind != Map {
			return nil, p.wrong("it is a table here and something else before")
		}
		n = next
	}
	return n, nil
}

// key reads a name of one or more parts.
func (p *tomlReader) key() ([]string, error) {
	var names []string
	for {
		p.blank(false)
		start := p.i
		switch {
		case p.i < len(p.data) && (p.data[p.i] == '"' || p.data[p.i] == '\''):
			s, err := p.text()
			if err != nil {
				return nil, err
			}
			names = append(names, s)
		default:
			for p.i < len(p.data) && bare(p.data[p.i]) {
				p.i++
			}
			if p.i == start {
				return nil, p.wrong("a name is missing")
			}
			names = append(names, string(p.data[start:p.i]))
		}
		p.blank(false)
		if p.i >= len(p.data) || p.data[p.i] != '.' {
			return names, nil
		}
		p.i++
	}
}

func bare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// pair reads name = value into a table.
func (p *tomlReader) pair(table *Node, depth int) error {
	start := p.i
	names, err := p.key()
	if err != nil {
		return err
	}
	if p.i >= len(p.data) || p.data[p.i] != '=' {
		return p.wrong("a name has no value")
	}
	p.i++
	p.blank(false)
	v, err := p.value(depth)
	if err != nil {
		return err
	}
	if table, err = p.open(table, names[:len(names)-1]); err != nil {
		return err
	}
	last := names[len(names)-1]
	if table.Has(last) {
		return p.wrong("the name " + last + " stands there twice")
	}
	v.Pair = p.at.place(start, v.At.End)
	table.Keys, table.Items = append(table.Keys, last), append(table.Items, v)
	return nil
}

func (p *tomlReader) value(depth int) (*Node, error) {
	if p.nodes++; depth > maxDepth || p.nodes > maxNodes {
		return nil, p.wrong("it is nested too deeply, or too large")
	}
	start := p.i
	n := &Node{Kind: Scalar}
	if p.i >= len(p.data) {
		return nil, p.wrong("a value is missing")
	}
	var err error
	switch c := p.data[p.i]; c {
	case '"', '\'':
		n.Quote = true
		n.Text, err = p.text()
	case '[', '{':
		err = p.group(n, c, depth)
	default:
		for p.i < len(p.data) && strings.IndexByte(" \t\r\n,]}#", p.data[p.i]) < 0 {
			p.i++
		}
		if n.Text = string(p.data[start:p.i]); n.Text == "" {
			return nil, p.wrong("a value is missing")
		}
		if !strings.Contains(n.Text, ":") {
			n.Text = strings.ReplaceAll(n.Text, "_", "")
		}
	}
	n.At = p.at.place(start, p.i)
	n.Pair = n.At
	return n, err
}

// group reads a list or a table within brackets.
func (p *tomlReader) group(n *Node, open byte, depth int) error {
	n.Kind = map[byte]Kind{'[': List, '{': Map}[open]
	end := open + 2 // ']' and '}' stand two behind their openers in ASCII
	p.i++
	for {
		p.blank(true)
		if p.i >= len(p.data) {
			return p.wrong("a bracket is not closed")
		}
		if p.data[p.i] == end {
			p.i++
			return nil
		}
		if n.Kind == Map {
			if err := p.pair(n, depth+1); err != nil {
				return err
			}
		} else {
			v, err := p.value(depth + 1)
			if err != nil {
				return err
			}
			n.Items = append(n.Items, v)
		}
		p.blank(true)
		if p.i < len(p.data) && p.data[p.i] == ',' {
			p.i++
		} else if p.i >= len(p.data) || p.data[p.i] != end {
			return p.wrong("a comma is missing")
		}
	}
}

// text reads a string of one of the four kinds.
func (p *tomlReader) text() (string, error) {
	q := string(p.data[p.i])
	long := strings.HasPrefix(string(p.data[p.i:min(p.i+3, len(p.data))]), strings.Repeat(q, 3))
	if long {
		q = strings.Repeat(q, 3)
	}
	p.i += len(q)
	if long && p.i < len(p.data) && p.data[p.i] == '\n' {
		p.i++
	}
	var out strings.Builder
	for p.i < len(p.data) {
		c := p.data[p.i]
		switch {
		case strings.HasPrefix(string(p.data[p.i:min(p.i+len(q), len(p.data))]), q):
			p.i += len(q)
			return out.String(), nil
		case c == '\n' && !long:
			return "", p.wrong("a text is not closed")
		case c == '\\' && q[0] == '"':
			if err := p.escape(&out); err != nil {
				return "", err
			}
			continue
		default:
			out.WriteByte(c)
		}
		p.i++
	}
	return "", p.wrong("a text is not closed")
}

func (p *tomlReader) escape(out *strings.Builder) error {
	if p.i++; p.i >= len(p.data) {
		return p.wrong("a text is not closed")
	}
	c := p.data[p.i]
	p.i++
	switch c {
	case 'u', 'U':
		size := map[byte]int{'u': 4, 'U': 8}[c]
		v, err := strconv.ParseUint(string(p.data[p.i:min(p.i+size, len(p.data))]), 16, 32)
		if err != nil || p.i+size > len(p.data) || !utf8.ValidRune(rune(v)) {
			return p.wrong("an escaped character is none")
		}
		p.i += size
		out.WriteRune(rune(v))
	case '\n', ' ', '\t', '\r':
		for p.i < len(p.data) && strings.IndexByte(" \t\r\n", p.data[p.i]) >= 0 {
			p.i++
		}
	default:
		i := strings.IndexByte(`btnfr"\e`, c)
		if i < 0 {
			return p.wrong("an escaped character is none")
		}
		out.WriteByte("\b\t\n\f\r\"\\\x1b"[i])
	}
	return nil
}
