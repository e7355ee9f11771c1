// Package syntax reads the text of nginx configurations: words, directives and
// blocks as ngx_conf_file.c reads them, each with its byte range, so that what
// is said about a configuration can point into it and change it.
package syntax

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// File is one configuration file that was read.
type File struct {
	Path     string
	Data     []byte
	Root     []*Directive   // in order, includes not expanded
	Problems []topo.Problem // what is wrong with its syntax
}

// Directive is a simple or a block directive.
type Directive struct {
	File  *File
	Words []Word       // never empty; the first is the name
	Block []*Directive // the directives between the braces, includes not expanded
	Brace bool         // ended by "{ … }", not by ";"
	Open  int          // offset of "{" or ";"
	Close int          // offset of "}", or Open for a simple directive; the end of the file where it is missing
	Lua   bool         // the block is Lua: Block is empty
	Loads []*File      // the files that an include directive named, once loaded
}

// Word is one word of a directive.
type Word struct {
	Text       string // without quotes, escapes undone
	Quote      byte   // '"', '\'' or 0
	Start, End int    // byte range with the quotes
	Line       int    // from 1
	Column     int    // from 1, in bytes
}

// Name returns the first word.
func (d *Directive) Name() string { return d.Words[0].Text }

// Args returns the words after the first.
func (d *Directive) Args() []Word { return d.Words[1:] }

// Arg returns the text of word i, or "" where there is none. Word 0 is the name.
func (d *Directive) Arg(i int) string {
	if i < 0 || i >= len(d.Words) {
		return ""
	}
	return d.Words[i].Text
}

// Value returns the words after the first, parted by blanks, as they are meant:
// without quotes.
func (d *Directive) Value() string {
	var b strings.Builder
	for i, w := range d.Args() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// Head returns the words as written, without what ends them: "location /api/".
func (d *Directive) Head() string {
	var b strings.Builder
	for i, w := range d.Words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.Write(d.File.Data[w.Start:w.End])
	}
	return b.String()
}

// Place returns the directive's range: from its name to ";" or "{", inclusive.
func (d *Directive) Place() topo.Place {
	w := d.Words[0]
	return topo.Place{File: d.File.Path, Line: w.Line, Column: w.Column, Start: w.Start, End: min(d.Open+1, len(d.File.Data))}
}

// At returns the place of word i; of the whole directive where there is none.
func (d *Directive) At(i int) topo.Place {
	if i < 0 || i >= len(d.Words) {
		return d.Place()
	}
	w := d.Words[i]
	return topo.Place{File: d.File.Path, Line: w.Line, Column: w.Column, Start: w.Start, End: w.End}
}

// End returns the offset after the last byte of the directive, block included.
func (d *Directive) End() int { return min(d.Close+1, len(d.File.Data)) }

// Expand calls yield for each directive of list with the directives of included
// files in the place of each include, as nginx sees them, until yield returns
// false. An include whose files could not be listed is passed on itself.
func Expand(list []*Directive, yield func(*Directive) bool) bool {
	for _, d := range list {
		if d.Loads == nil {
			if !yield(d) {
				return false
			}
			continue
		}
		for _, f := range d.Loads {
			if !Expand(f.Root, yield) {
				return false
			}
		}
	}
	return true
}
