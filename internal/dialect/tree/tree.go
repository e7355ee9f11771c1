// Package tree reads configurations that are written as YAML, TOML or JSON into one
// kind of value, which knows where in the file it stands. It is for products whose
// configuration is data: what the data means is theirs.
package tree

import (
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// Kind is what a node is.
type Kind byte

// The kinds.
const (
	Null   Kind = iota // nothing, or null
	Scalar             // text, a number, true or false
	List
	Map
)

// Node is a value. Its methods take a nil node for one that is absent.
type Node struct {
	Kind  Kind
	Text  string // of a scalar, without quotes
	Quote bool   // of a scalar: it was written in quotes, so it is text
	Keys  []string
	Items []*Node    // of a list, or the values of Keys
	At    topo.Place // the value; of a map or a list its first line
	Pair  topo.Place // the value with its key, where it has one: what a person would change
}

// Same reports whether two names are one: case and underscores do not count.
// Traefik takes names in any case, Envoy with underscores and as JSON has them.
func Same(a, b string) bool {
	for {
		a, b = strings.TrimLeft(a, "_"), strings.TrimLeft(b, "_")
		if a == "" || b == "" {
			return a == b
		}
		if lower(a[0]) != lower(b[0]) {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Get follows names into maps. The last of equal names counts.
func (n *Node) Get(names ...string) *Node {
	for _, name := range names {
		if n == nil || n.Kind != Map {
			return nil
		}
		var next *Node
		for i, k := range n.Keys {
			if Same(k, name) {
				next = n.Items[i]
			}
		}
		n = next
	}
	return n
}

// Has reports whether there is such a value, also where it is null.
func (n *Node) Has(names ...string) bool { return n.Get(names...) != nil }

// Set puts a value into a map; maps on the way are made.
func (n *Node) Set(v *Node, names ...string) {
	for i, name := range names {
		if n.Kind != Map {
			*n = Node{Kind: Map, At: n.At, Pair: n.Pair}
		}
		next := n.Get(name)
		if next == nil {
			next = &Node{}
			n.Keys, n.Items = append(n.Keys, name), append(n.Items, next)
		}
		if i == len(names)-1 {
			*next = *v
			return
		}
		n = next
	}
}

// Str returns a scalar as text, "" where there is none.
func (n *Node) Str(names ...string) string {
	if n = n.Get(names...); n == nil || n.Kind != Scalar {
		return ""
	}
	return n.Text
}

// List returns the items of a list, and a single value as one.
func (n *Node) List(names ...string) []*Node {
	switch n = n.Get(names...); {
	case n == nil || n.Kind == Null:
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}

// Strs returns the scalars of a list.
func (n *Node) Strs(names ...string) []string {
	var all []string
	for _, v := range n.List(names...) {
		if v.Kind == Scalar {
			all = append(all, v.Text)
		}
	}
	return all
}

// Each calls f for every member of a map, in the order of the file.
func (n *Node) Each(f func(key string, v *Node), names ...string) {
	if n = n.Get(names...); n == nil || n.Kind != Map {
		return
	}
	for i, k := range n.Keys {
		f(k, n.Items[i])
	}
}

// On returns a switch, otherwise where it is absent.
func (n *Node) On(otherwise bool, names ...string) bool {
	v, err := strconv.ParseBool(strings.ToLower(n.Str(names...)))
	if err != nil {
		return otherwise
	}
	return v
}

// Int returns a whole number, otherwise where it is absent or none.
func (n *Node) Int(otherwise int, names ...string) int {
	v, err := strconv.Atoi(n.Str(names...))
	if err != nil {
		return otherwise
	}
	return v
}

// Seconds reads a time as Go writes it ("1m30s"), or a bare number of seconds; and
// otherwise where it is absent or none.
func (n *Node) Seconds(otherwise float64, names ...string) float64 {
	text := n.Str(names...)
	if d, err := time.ParseDuration(text); err == nil {
		return d.Seconds()
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v
	}
	return otherwise
}

// Error says where a text cannot be read.
type Error struct {
	Place topo.Place
	Text  string
}

func (e *Error) Error() string { return e.Place.String() + ": " + e.Text }

// What a text may have at most.
const (
	maxBytes = 4 << 20
	maxDepth = 100
	maxNodes = 500_000
)
