package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	tokens "github.com/goccy/go-yaml/token"
)

// maxDepth bounds the nesting that is followed.
const maxDepth = 32

// yamlKey is a key of a part of the configuration, with what its tags demand: the
// words of which a value is one, and the bounds of a number. The check of a file and
// the JSON Schema are made of the same tags.
type yamlKey struct {
	name    string
	typ     reflect.Type
	doc     string
	must    bool
	one     []string // the words that are possible; none: any
	nonzero bool     // 0 would be taken for "left out"
	least   float64  // of a number
	most    float64  // of a number; 0: no bound
}

func keysOf(t reflect.Type) []yamlKey {
	var keys []yamlKey
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		k := yamlKey{name: name, typ: f.Type, doc: f.Tag.Get("doc"), must: opts == "", one: strings.Fields(f.Tag.Get("one")), nonzero: f.Tag.Get("zero") == "no"}
		k.least, _ = strconv.ParseFloat(f.Tag.Get("least"), 64)
		k.most, _ = strconv.ParseFloat(f.Tag.Get("most"), 64)
		keys = append(keys, k)
	}
	return keys
}

// shape compares what is written with what the configuration has: keys, kinds of
// values, and numbers and words within their bounds.
func shape(n ast.Node, k yamlKey, depth int) *Error {
	for k.typ.Kind() == reflect.Pointer {
		k.typ = k.typ.Elem()
	}
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	if _, ok := n.(*ast.AliasNode); ok || depth > maxDepth {
		return nil // it was looked at where its anchor stands; decoding refuses the rest
	}
	if _, ok := n.(*ast.NullNode); ok || n == nil {
		return wrong(n, "%s: nothing stands behind it; leave it out, or say what it is%s", k.name, empty(k.typ))
	}
	switch k.typ.Kind() {
	case reflect.Struct, reflect.Map:
		return shapeMapping(n, k, depth)
	case reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			return wrong(n, "%s is a list: [%s], or one line for each that begins with a dash", k.name, sample(n))
		}
		if k.typ = k.typ.Elem(); k.typ.Kind() == reflect.Struct {
			k.name = "each of " + k.name
		}
		for _, one := range list.Values {
			if e := shape(one, k, depth+1); e != nil {
				return e
			}
		}
		return nil
	}
	return k.scalar(n)
}

// empty says how a part is asked for of which every default is good.
func empty(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		return " ({} is the part with its defaults)"
	}
	return ""
}

// sample repeats a short value for a sentence about it.
func sample(n ast.Node) string {
	if s, ok := n.(ast.ScalarNode); ok && len(s.GetToken().Value) <= 40 {
		return s.GetToken().Value
	}
	return "…"
}

func shapeMapping(n ast.Node, k yamlKey, depth int) *Error {
	var pairs []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{v}
	case *ast.MappingNode:
		pairs = v.Values
	default:
		return wrong(n, "%s is a part with keys of its own%s", cmpName(k.name), listed(": ", k.keys()))
	}
	keys := k.keys()
	for _, pair := range pairs {
		name := pair.Key.GetToken().Value
		child := yamlKey{name: name, typ: k.typ}
		switch i := slices.IndexFunc(keys, func(k yamlKey) bool { return k.name == name }); {
		case name == "<<":
			// A merge: what it brings stands elsewhere and was, or is, looked at as
			// what it is there.
			if k.typ.Kind() == reflect.Struct {
				child = k
			}
		case k.typ.Kind() == reflect.Map:
			child.typ = k.typ.Elem()
		case i < 0:
			e := wrong(pair.Key, "unknown key %q", name)
			if e.Near = nearest(name, keys); e.Near == "" {
				e.Text += listed("; those that there are here: ", keys)
			}
			return e
		default:
			child = keys[i]
		}
		if e := shape(pair.Value, child, depth+1); e != nil {
			if e.Line == 0 {
				e.Line, e.Column = position(pair.Key.GetToken())
			}
			return e
		}
	}
	return nil
}

// keys are those of a part; none where they are names that the file gives.
func (k yamlKey) keys() []yamlKey {
	if k.typ.Kind() != reflect.Struct {
		return nil
	}
	return keysOf(k.typ)
}

// listed names keys for a sentence.
func listed(before string, keys []yamlKey) string {
	if len(keys) == 0 {
		return ""
	}
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = k.name
	}
	return before + strings.Join(words, ", ")
}

func cmpName(name string) string {
	if name == "" {
		return "a configuration"
	}
	return name
}

// scalar checks a single value.
func (k yamlKey) scalar(n ast.Node) *Error {
	if t, ok := n.(*ast.TagNode); ok {
		n = t.Value
	}
	s, ok := n.(ast.ScalarNode)
	if literal, is := n.(*ast.LiteralNode); is {
		s, ok = literal.Value, true
	}
	if !ok {
		return wrong(n, "%s is one value", k.name)
	}
	text := s.GetToken().Value
	if k.typ == reflect.TypeFor[time.Duration]() {
		return k.duration(n, text)
	}
	switch k.typ.Kind() {
	case reflect.Bool:
		if _, ok := n.(*ast.BoolNode); !ok {
			return wrong(n, "%s is true or false, not %.40q", k.name, text)
		}
	case reflect.Int, reflect.Int64, reflect.Float64:
		return k.number(n, text)
	case reflect.String:
		if len(k.one) > 0 && !slices.Contains(k.one, text) {
			return wrong(n, "%s is %s, not %.40q", k.name, either(k.one), text)
		}
	}
	return nil
}

// either lists words for a sentence.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// duration wants a number with a unit: a bare one would be nanoseconds.
func (k yamlKey) duration(n ast.Node, text string) *Error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return wrong(n, "%s: %.40q is no duration: 250ms, 5s, 2m, 1h30m", k.name, text)
	case d < 0:
		return wrong(n, "%s: a time cannot be negative", k.name)
	case d == 0 && k.nonzero:
		return wrong(n, "%s: 0 would be taken for the default; leave it out for that, or say a short time such as 1ms", k.name)
	}
	return nil
}

func (k yamlKey) number(n ast.Node, text string) *Error {
	whole := k.typ.Kind() != reflect.Float64
	var v float64
	switch s := n.(type) {
	case *ast.IntegerNode:
		switch i := s.Value.(type) {
		case int64:
			v = float64(i)
		case uint64:
			v = float64(i)
		}
	case *ast.FloatNode:
		if v = s.Value; whole {
			return wrong(n, "%s is a whole number, not %.40q", k.name, text)
		}
	default:
		if strings.HasPrefix(k.doc, "bytes") {
			return wrong(n, "%s is a number of bytes, not %.40q", k.name, text)
		}
		return wrong(n, "%s is a number, not %.40q", k.name, text)
	}
	switch {
	case v < 0:
		return wrong(n, "%s: a number cannot be negative here", k.name)
	case v == 0 && k.nonzero:
		return wrong(n, "%s: 0 would be taken for the default; leave it out for that, or say a small number", k.name)
	case v < k.least:
		return wrong(n, "%s is %v or more", k.name, k.least)
	case k.most > 0 && v > k.most:
		return wrong(n, "%s is between 0 and %v", k.name, k.most)
	case whole && v > math.MaxInt32 && k.typ.Kind() == reflect.Int:
		return wrong(n, "%s is at most %d", k.name, math.MaxInt32)
	}
	return nil
}

// wrong is an error about what stands at n; without a place where n is none.
func wrong(n ast.Node, format string, args ...any) *Error {
	e := &Error{Text: fmt.Sprintf(format, args...)}
	if n != nil {
		e.Line, e.Column = position(n.GetToken())
	}
	return e
}

func position(t *tokens.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 0, 0
	}
	return t.Position.Line, t.Position.Column
}

// nearest returns the known key with the fewest edits, where these are few.
func nearest(name string, keys []yamlKey) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = k.name
	}
	return nearestOf(name, words)
}

func nearestOf(name string, words []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, w := range words {
		if d := edits(name, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// edits is the Levenshtein distance; words longer than a key are far from it.
func edits(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, cost)
		}
	}
	return row[len(b)]
}
