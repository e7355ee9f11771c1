package caddy

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// kind is what a node is.
type kind byte

const (
	object kind = 'o'
	listed kind = 'l'
	text   kind = 's'
	number kind = 'n'
	truth  kind = 'b' // true and false
	null   kind = '0'
)

// node is a value of Caddy's configuration, which is JSON whatever it was written
// in. A Caddyfile becomes the same values, with the places of its own words.
// Methods take a nil node for one that is absent.
type node struct {
	kind kind
	text string // of a text, number or truth: "true"
	keys []string
	list []*node // items, or the values of keys

	at     topo.Place
	line   string     // the line that writes it, without the brace at its end
	insert topo.Place // where a line in its block would go
}

func textNode(s string) *node { return &node{kind: text, text: s} }

func intNode(n int64) *node { return &node{kind: number, text: strconv.FormatInt(n, 10)} }

func boolNode(b bool) *node { return &node{kind: truth, text: strconv.FormatBool(b)} }

func textsNode(all []string) *node {
	n := &node{kind: listed}
	for _, s := range all {
		n.list = append(n.list, textNode(s))
	}
	return n
}

// obj makes an object of names and values in turn. Values that are nil are left
// out.
func obj(pairs ...any) *node {
	n := &node{kind: object}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i].(string)
		switch v := pairs[i+1].(type) {
		case *node:
			n.set(name, v)
		case string:
			n.set(name, textNode(v))
		}
	}
	return n
}

func (n *node) set(name string, v *node) {
	if v == nil {
		return
	}
	for i, k := range n.keys {
		if k == name {
			n.list[i] = v
			return
		}
	}
	n.keys, n.list = append(n.keys, name), append(n.list, v)
}

// get follows names into objects.
func (n *node) get(names ...string) *node {
	for _, name := range names {
		if n == nil || n.kind != object {
			return nil
		}
		var next *node
		for i, k := range n.keys {
			if k == name {
				next = n.list[i]
			}
		}
		n = next
	}
	return n
}

// make is get that makes the objects that are absent.
func (n *node) make(names ...string) *node {
	for _, name := range names {
		next := n.get(name)
		if next == nil {
			next = &node{kind: object, at: n.at, line: n.line, insert: n.insert}
			n.set(name, next)
		}
		n = next
	}
	return n
}

// str returns a text, or a number as it is written: Caddy takes both for some
// values (caddyhttp.WeakString).
func (n *node) str(names ...string) string {
	n = n.get(names...)
	if n == nil || n.kind != text && n.kind != number {
		return ""
	}
	return n.text
}

func (n *node) on(names ...string) bool {
	n = n.get(names...)
	return n != nil && n.kind == truth && n.text == "true"
}

func (n *node) items(names ...string) []*node {
	n = n.get(names...)
	if n == nil || n.kind != listed {
		return nil
	}
	return n.list
}

// strs returns the texts of a list, or the one text that stands for it.
func (n *node) strs(names ...string) []string {
	n = n.get(names...)
	if n != nil && n.kind == text {
		return []string{n.text}
	}
	var all []string
	for _, v := range n.items() {
		if v.kind == text {
			all = append(all, v.text)
		}
	}
	return all
}

func (n *node) int(names ...string) int64 {
	v, _ := strconv.ParseInt(n.str(names...), 10, 64)
	return v
}

// seconds reads a duration: nanoseconds, or text as Go writes it (caddy.Duration).
func (n *node) seconds(names ...string) float64 {
	n = n.get(names...)
	switch {
	case n == nil:
		return 0
	case n.kind == number:
		ns, _ := strconv.ParseFloat(n.text, 64)
		return ns / 1e9
	case n.kind == text:
		ns, _ := duration(n.text)
		return float64(ns) / 1e9
	}
	return 0
}

const maxDepth = 200

var errDeep = errors.New("it is nested too deeply")

// readJSON reads a document with the place of every value.
func readJSON(file string, data []byte) (*node, error) {
	p := &jsonReader{file: file, data: data, line: 1}
	p.blank()
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.blank(); p.i < len(p.data) {
		return nil, p.wrong("there is something behind the end")
	}
	return n, nil
}

type jsonReader struct {
	file        string
	data        []byte
	i           int
	line, begin int // the present line, and where it begins
}

// jsonError says where a document is broken.
type jsonError struct {
	at  topo.Place
	why string
}

func (e *jsonError) Error() string { return e.why }

func (p *jsonReader) wrong(why string) error { return &jsonError{p.place(p.i, p.i), why} }

// place is a range that begins on the present line.
func (p *jsonReader) place(start, end int) topo.Place {
	return topo.Place{File: p.file, Line: p.line, Column: start - p.begin + 1, Start: start, End: end}
}

func (p *jsonReader) blank() {
	for ; p.i < len(p.data); p.i++ {
		switch p.data[p.i] {
		case '\n':
			p.line, p.begin = p.line+1, p.i+1
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

func (p *jsonReader) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if p.i >= len(p.data) {
		return nil, p.wrong("it ends where a value should stand")
	}
	at := p.place(p.i, p.i)
	n := &node{}
	var err error
	switch c := p.data[p.i]; {
	case c == '{':
		err = p.object(n, depth)
	case c == '[':
		err = p.array(n, depth)
	case c == '"':
		n.kind = text
		n.text, err = p.text()
	default:
		err = p.word(n)
	}
	at.End = p.i
	n.at = at
	return n, err
}

func (p *jsonReader) object(n *node, depth int) error {
	n.kind = object
	return p.members('}', func() error {
		if p.i >= len(p.data) || p.data[p.i] != '"' {
			return p.wrong("a name is missing")
		}
		name, err := p.text()
		if err != nil {
			return err
		}
		if p.blank(); p.i >= len(p.data) || p.data[p.i] != ':' {
			return p.wrong("':' is missing")
		}
		p.i++
		p.blank()
		v, err := p.value(depth + 1)
		if err == nil {
			n.keys, n.list = append(n.keys, name), append(n.list, v)
		}
		return err
	})
}

func (p *jsonReader) array(n *node, depth int) error {
	n.kind = listed
	return p.members(']', func() error {
		v, err := p.value(depth + 1)
		if err == nil {
			n.list = append(n.list, v)
		}
		return err
	})
}

// members reads what stands between brackets, parted by commas.
func (p *jsonReader) members(end byte, one func() error) error {
	p.i++
	for first := true; ; first = false {
		p.blank()
		if p.i >= len(p.data) {
			return p.wrong(fmt.Sprintf("'%c' is missing", end))
		}
		if p.data[p.i] == end && first {
			p.i++
			return nil
		}
		if err := one(); err != nil {
			return err
		}
		p.blank()
		switch {
		case p.i < len(p.data) && p.data[p.i] == ',':
			p.i++
		case p.i < len(p.data) && p.data[p.i] == end:
			p.i++
			return nil
		default:
			return p.wrong(fmt.Sprintf("',' or '%c' is missing", end))
		}
	}
}

func (p *jsonReader) word(n *node) error {
	start := p.i
	for p.i < len(p.data) && (p.data[p.i] >= 'a' && p.data[p.i] <= 'z' || p.data[p.i] >= '0' && p.data[p.i] <= '9' || bytes.IndexByte([]byte("+-.E"), p.data[p.i]) >= 0) {
		p.i++
	}
	n.text = string(p.data[start:p.i])
	switch n.text {
	case "true", "false":
		n.kind = truth
	case "null":
		n.kind = null
	default:
		n.kind = number
		if _, err := strconv.ParseFloat(n.text, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
			p.i = start
			return p.wrong("this is no value")
		}
	}
	return nil
}

func (p *jsonReader) text() (string, error) {
	p.i++
	var b strings.Builder
	for p.i < len(p.data) {
		c := p.data[p.i]
		switch {
		case c == '"':
			p.i++
			return b.String(), nil
		case c == '\n':
			return "", p.wrong("a line ends within a text")
		case c != '\\':
			b.WriteByte(c)
			p.i++
			continue
		case p.i+1 >= len(p.data):
			return "", p.wrong("a text does not end")
		}
		p.i += 2
		switch c = p.data[p.i-1]; c {
		case '"', '\\', '/':
			b.WriteByte(c)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			b.WriteRune(p.unicode())
		default:
			return "", p.wrong("a text has an escape that is none")
		}
	}
	return "", p.wrong("a text does not end")
}

// unicode reads the digits behind "\u", and the second half of a pair.
func (p *jsonReader) unicode() rune {
	four := func() (rune, bool) {
		if p.i+4 > len(p.data) {
			return utf8.RuneError, false
		}
		v, err := strconv.ParseUint(string(p.data[p.i:p.i+4]), 16, 32)
		if err != nil {
			return utf8.RuneError, false
		}
		p.i += 4
		return rune(v), true
	}
	r, ok := four()
	if ok && utf16.IsSurrogate(r) && p.i+1 < len(p.data) && p.data[p.i] == '\\' && p.data[p.i+1] == 'u' {
		p.i += 2
		if second, ok := four(); ok {
			return utf16.DecodeRune(r, second)
		}
	}
	return r
}

// write appends n as JSON with sorted names, so that equal values are equal text.
func (n *node) write(b *strings.Builder) {
	switch {
	case n == nil:
		b.WriteString("null")
	case n.kind == object:
		order := make([]int, len(n.keys))
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(i, j int) bool { return n.keys[order[i]] < n.keys[order[j]] })
		b.WriteByte('{')
		for i, k := range order {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(n.keys[k]))
			b.WriteByte(':')
			n.list[k].write(b)
		}
		b.WriteByte('}')
	case n.kind == listed:
		b.WriteByte('[')
		for i, v := range n.list {
			if i > 0 {
				b.WriteByte(',')
			}
			v.write(b)
		}
		b.WriteByte(']')
	case n.kind == text:
		b.WriteString(strconv.Quote(n.text))
	default:
		b.WriteString(n.text)
	}
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}
