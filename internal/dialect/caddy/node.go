package caddy

import (
	"sort"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// kind is what a node is.
type kind byte

const (
	object  kind = 'o'
	listed  kind = 'l'
	text    kind = 's'
	number  kind = 'n'
	boolean kind = 'b' // true and false
	null    kind = '0'
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

func boolNode(b bool) *node { return &node{kind: boolean, text: strconv.FormatBool(b)} }

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
	return n != nil && n.kind == boolean && n.text == "true"
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
