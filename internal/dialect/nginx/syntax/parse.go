package syntax

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// Limits of one file. nginx has none but the 4096 bytes of a parameter
// (NGX_CONF_BUFFER); these keep hostile input from taking memory.
const (
	MaxFile  = 16 << 20 // bytes of a file
	MaxDepth = 200      // blocks within blocks

	maxParameter = 4096
	maxProblems  = 20 // per file
)

// Parse reads data as the contents of the file at path. It never fails: what is
// wrong stands in File.Problems, and the directives around it are kept as well
// as can be.
func Parse(path string, data []byte) *File {
	f := &File{Path: path, Data: data}
	p := &parser{f: f, lexer: lexer{data: data, line: 1}}
	p.check()
	f.Root, _ = p.block(0)
	return f
}

type parser struct {
	lexer
	f *File
}

// check tells of a file that is larger than is read, and of what editors for
// other systems leave behind.
func (p *parser) check() {
	if len(p.data) > MaxFile {
		p.data = p.data[:MaxFile]
		p.f.Data = p.data
		p.problem(p.spot(MaxFile), false, fmt.Sprintf("the file is larger than %d bytes: the rest is not read", MaxFile))
	}
	if bytes.HasPrefix(p.data, []byte("\xef\xbb\xbf")) {
		// nginx takes the mark for a part of the first word; where that is a
		// comment or a directive, it is an unknown directive.
		p.problem(topo.Place{File: p.f.Path, Line: 1, Column: 1, Start: 0, End: 3}, true,
			"the file begins with a byte order mark, which nginx takes for a part of the first directive")
		p.pos, p.column = 3, 3
	}
	if i := bytes.IndexByte(p.data, 0); i >= 0 {
		p.problem(p.spot(i), false, "the file holds a NUL byte: it is binary or was damaged")
	}
}

// spot returns the place of one byte.
func (p *parser) spot(offset int) topo.Place {
	before := p.data[:min(offset, len(p.data))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	return topo.Place{File: p.f.Path, Line: line, Column: len(before) - bytes.LastIndexByte(before, '\n'), Start: len(before), End: min(len(before)+1, len(p.data))}
}

func (p *parser) problem(at topo.Place, fatal bool, text string) {
	if len(p.f.Problems) < maxProblems {
		p.f.Problems = append(p.f.Problems, topo.Problem{Place: at, Text: text, Fatal: fatal})
	}
}

// block reads directives until the "}" that ends the block, or to the end of
// the file. It returns the offset of that end.
func (p *parser) block(depth int) (list []*Directive, end int) {
	for {
		words, stop := p.directive()
		at := p.pos - 1
		switch stop {
		case stopFile:
			if depth > 0 {
				p.problem(p.spot(len(p.data)), true, `unexpected end of file, expecting "}"`)
			}
			return list, len(p.data)
		case stopClose:
			if depth == 0 {
				p.problem(p.spot(at), true, `unexpected "}"`)
				continue
			}
			return list, at
		}
		d := &Directive{File: p.f, Words: words, Open: at, Close: at}
		list = append(list, d)
		switch stop {
		case stopBrace:
			p.body(d, depth)
		case stopCloseEarly:
			// The ";" before "}" is missing. The directive ends after its last word.
			last := words[len(words)-1]
			d.Open, d.Close = last.End-1, last.End-1
			if depth == 0 {
				continue
			}
			return list, at
		case stopCut:
			d.Open, d.Close = len(p.data), len(p.data)
			return list, len(p.data)
		}
	}
}

// body reads what stands between the braces of d.
func (p *parser) body(d *Directive, depth int) {
	d.Brace = true
	switch {
	case strings.HasSuffix(d.Name(), "_by_lua_block"):
		d.Lua = true
		end, ok := p.lua()
		d.Close = end
		if !ok {
			p.problem(p.spot(len(p.data)), true, `unexpected end of file, expecting the "}" of the Lua block of line `+fmt.Sprint(d.Words[0].Line))
		}
	case depth+1 >= MaxDepth:
		p.problem(p.spot(d.Open), false, fmt.Sprintf("blocks stand more than %d deep: the rest of the file is not read", MaxDepth))
		p.pos = len(p.data)
		d.Close = p.pos
	default:
		d.Block, d.Close = p.block(depth + 1)
	}
}

// directive reads the words up to what ends them, telling of what nginx refuses
// on the way.
func (p *parser) directive() ([]Word, stop) {
	var words []Word
	for {
		w, st := p.next()
		switch st {
		case stopWord:
			words = append(words, w)
		case stopUnexpected:
			p.problem(p.spot(p.pos-1), true, fmt.Sprintf(`unexpected "%c"`, p.data[p.pos-1]))
		case stopLong:
			p.problem(p.spot(w.Start), true, longText(w))
		case stopEnd, stopBrace:
			if len(words) > 0 {
				return words, st
			}
			p.problem(p.spot(p.pos-1), true, fmt.Sprintf(`unexpected "%c"`, p.data[p.pos-1]))
		case stopClose:
			if len(words) > 0 {
				p.problem(p.spot(p.pos-1), true, fmt.Sprintf(`unexpected "}": the ";" after %q is missing`, words[len(words)-1].Text))
				return words, stopCloseEarly
			}
			return nil, stopClose
		case stopCut:
			words = append(words, w)
			p.problem(p.spot(w.Start), true, cutText(w))
			return words, stopCut
		case stopFile:
			if len(words) > 0 {
				p.problem(p.spot(len(p.data)), true, `unexpected end of file, expecting ";" or "}"`)
				return words, stopCut
			}
			return nil, stopFile
		}
	}
}

func longText(w Word) string {
	head := w.Text[:min(len(w.Text), 10)]
	if w.Quote != 0 {
		return fmt.Sprintf(`too long parameter, probably missing terminating "%c" character`, w.Quote)
	}
	return fmt.Sprintf("too long parameter %q started", head+"...")
}

func cutText(w Word) string {
	if w.Quote != 0 {
		return fmt.Sprintf(`unexpected end of file: the %c that begins here has no end`, w.Quote)
	}
	return `unexpected end of file, expecting ";" or "}"`
}
