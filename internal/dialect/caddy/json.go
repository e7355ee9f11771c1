package caddy

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goodgatehq/goodgate/internal/topo"
)

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
		n.kind = boolean
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
