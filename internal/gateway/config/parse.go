package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
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
	if len(file.Docs) > 1 && file.Docs[1].Body != nil {
		line, column := position(file.Docs[1].Body.GetToken())
		return fail(line, column, "a second document begins: a configuration is one", "")
	}
	if e := shape(file.Docs[0].Body, yamlKey{typ: reflect.TypeFor[Config]()}, 0); e != nil {
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
		return nil, placed(b, name, err)
	}
	return c, nil
}

// placed is an error of Check with the place of the value.
func placed(b []byte, name string, err error) *Error {
	e := &Error{File: name, Text: err.Error()}
	var p *Problem
	if errors.As(err, &p) {
		e.Near = p.Near
	}
	e.Line, e.Column = find(b, err)
	return e
}

// place takes an error of the library apart.
func place(err error) (line, column int, text string) {
	var y yaml.Error
	if errors.As(err, &y) {
		if t := y.GetToken(); t != nil && t.Position != nil {
			line, column = t.Position.Line, t.Position.Column
		}
		return line, column, advised(y.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return 0, 0, first
}

// advised adds what is meant by some words of the library.
func advised(text string) string {
	switch {
	case strings.HasPrefix(text, "could not find alias"):
		return text + "; a value that begins with a star stands in quotes"
	case strings.Contains(text, `'\t'`):
		return text + "; YAML is indented with blanks, not tabs"
	}
	return text
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

func parent(path string) string {
	i := strings.LastIndexAny(path, ".[")
	if i <= 0 {
		return ""
	}
	return path[:i]
}
