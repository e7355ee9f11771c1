package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is what is wrong with a file, and where. Lines and columns count from 1.
type Error struct {
	File         string
	Line, Column int
	Text         string
	Near         string // the known key that was probably meant; may be empty
}

// Error says it in one line.
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	s += ": " + e.Text
	if e.Near != "" {
		s += fmt.Sprintf("; did you mean %q?", e.Near)
	}
	return s
}

// maxFile bounds a configuration file.
const maxFile = 4 << 20

// Parse reads a configuration, strictly, and fills in what it leaves open. name is
// the file's name for errors, which are of type *Error.
func Parse(b []byte, name string) (c *Config, err error) {
	fail := func(line, column int, text, near string) (*Config, error) {
		return nil, &Error{name, line, column, text, near}
	}
	defer func() {
		if p := recover(); p != nil { // the library's parser, on hostile bytes
			c, err = fail(0, 0, fmt.Sprintf("cannot be read as YAML (%v)", p), "")
		}
	}()
	if len(b) > maxFile {
		return fail(0, 0, "is too large", "")
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		line, column, text := place(err)
		return fail(line, column, text, "")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return fail(0, 0, "is empty", "")
	}
	if e := known(file.Docs[0].Body, reflect.TypeFor[Config](), ""); e != nil {
		e.File = name
		return nil, e
	}
	c = new(Config)
	dec := yaml.NewDecoder(bytes.NewReader(b), yaml.DisallowUnknownField())
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		line, column, text := place(err)
		return fail(line, column, text, "")
	}
	c.Defaults()
	if err := c.Check(); err != nil {
		line, column := find(b, err)
		return fail(line, column, err.Error(), "")
	}
	return c, nil
}

// place takes an error of the library apart.
func place(err error) (line, column int, text string) {
	var y yaml.Error
	if errors.As(err, &y) {
		if t := y.GetToken(); t != nil && t.Position != nil {
			line, column = t.Position.Line, t.Position.Column
		}
		return line, column, y.GetMessage()
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return 0, 0, first
}

// find returns where the value stands about which a *Problem complains.
func find(b []byte, err error) (line, column int) {
	var p *Problem
	if !errors.As(err, &p) {
		return 0, 0
	}
	for path := p.Path; path != "$" && path != ""; path = parent(path) {
		at, err := yaml.PathString(path)
		if err != nil {
			continue
		}
		node, err := at.ReadNode(bytes.NewReader(b))
		if err == nil && node != nil && node.GetToken() != nil {
			return position(node.GetToken())
		}
	}
	return 0, 0
}

func position(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 0, 0
	}
	return t.Position.Line, t.Position.Column
}

func parent(path string) string {
	i := strings.LastIndexAny(path, ".[")
	if i <= 0 {
		return ""
	}
	return path[:i]
}

// maxDepth bounds the nesting that is followed.
const maxDepth = 32

// known looks for keys that the configuration does not have.
func known(n ast.Node, t reflect.Type, path string) *Error {
	if strings.Count(path, "/") > maxDepth {
		return nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[time.Duration]() {
		return duration(n)
	}
	switch v := n.(type) {
	case *ast.AnchorNode:
		return known(v.Value, t, path)
	case *ast.MappingValueNode:
		return knownPair(v, t, path)
	case *ast.MappingNode:
		for _, pair := range v.Values {
			if e := knownPair(pair, t, path); e != nil {
				return e
			}
		}
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for _, one := range v.Values {
				if e := known(one, t.Elem(), path+"/"); e != nil {
					return e
				}
			}
		}
	}
	return nil
}

// duration wants a number with a unit: a bare one would be nanoseconds.
func duration(n ast.Node) *Error {
	scalar, ok := n.(ast.ScalarNode)
	if !ok {
		return nil // an alias, or no duration at all, which decoding refuses
	}
	text := scalar.GetToken().Value
	if _, err := time.ParseDuration(text); err == nil {
		return nil
	}
	line, column := position(scalar.GetToken())
	return &Error{Line: line, Column: column, Text: fmt.Sprintf("%.40q is no duration: 250ms, 5s, 2m, 1h30m", text)}
}

func knownPair(pair *ast.MappingValueNode, t reflect.Type, path string) *Error {
	key := pair.Key.GetToken()
	name := key.Value
	switch t.Kind() {
	case reflect.Map:
		return known(pair.Value, t.Elem(), path+"/"+name)
	case reflect.Struct:
		keys := keysOf(t)
		i := slices.IndexFunc(keys, func(k yamlKey) bool { return k.name == name })
		if i >= 0 {
			return known(pair.Value, keys[i].typ, path+"/"+name)
		}
		if name == "<<" {
			return known(pair.Value, t, path+"/")
		}
		line, column := position(key)
		return &Error{Line: line, Column: column, Text: fmt.Sprintf("unknown key %q", name), Near: nearest(name, keys)}
	}
	return nil
}

// yamlKey is a key of a part of the configuration.
type yamlKey struct {
	name string
	typ  reflect.Type
	doc  string
	must bool
}

func keysOf(t reflect.Type) []yamlKey {
	var keys []yamlKey
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		keys = append(keys, yamlKey{name, f.Type, f.Tag.Get("doc"), opts == ""})
	}
	return keys
}

// nearest returns the known key with the fewest edits, where these are few.
func nearest(name string, keys []yamlKey) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range keys {
		if d := edits(name, k.name); d < least {
			best, least = k.name, d
		}
	}
	return best
}

// edits is the Levenshtein distance; words longer than a key are far from it.
func edits(a, b string) int {
	if len(a) > 64 {
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
