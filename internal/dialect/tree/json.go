package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// ReadJSON reads a JSON document. Numbers keep their digits.
func ReadJSON(file string, data []byte) (*Node, error) {
	p := &jsonReader{data: data, at: newPlacer(file, data)}
	if len(data) > 8*maxBytes {
		return nil, p.wrong("it is too large")
	}
	p.in = json.NewDecoder(bytes.NewReader(data))
	p.in.UseNumber()
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.in.Token(); !errors.Is(err, io.EOF) {
		return nil, p.wrong("there is something behind the end")
	}
	return n, nil
}

type jsonReader struct {
	in    *json.Decoder
	data  []byte
	at    *placer
	nodes int
}

func (p *jsonReader) wrong(text string) error {
	off := 0
	if p.in != nil {
		off = int(p.in.InputOffset())
	}
	return &Error{p.at.place(off, off), text}
}

func (p *jsonReader) value(depth int) (*Node, error) {
	if p.nodes++; depth > maxDepth || p.nodes > maxNodes {
		return nil, p.wrong("it is nested too deeply, or too large")
	}
	start := p.skip(int(p.in.InputOffset()))
	t, err := p.in.Token()
	if err != nil {
		return nil, p.wrong(err.Error())
	}
	n := &Node{Kind: Scalar}
	switch v := t.(type) {
	case nil:
		n.Kind = Null
	case string:
		n.Text, n.Quote = v, true
	case bool, json.Number:
		n.Text = fmt.Sprint(v)
	case json.Delim:
		if err := p.group(n, v, depth); err != nil {
			return nil, err
		}
	}
	n.At = p.at.place(start, int(p.in.InputOffset()))
	n.Pair = n.At
	return n, nil
}

// group reads what stands within brackets.
func (p *jsonReader) group(n *Node, open json.Delim, depth int) error {
	n.Kind = List
	if open == '{' {
		n.Kind = Map
	}
	for p.in.More() {
		key := 0
		if n.Kind == Map {
			key = p.skip(int(p.in.InputOffset()))
			t, err := p.in.Token()
			if err != nil {
				return p.wrong(err.Error())
			}
			name, _ := t.(string)
			n.Keys = append(n.Keys, name)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		if n.Kind == Map {
			v.Pair = p.at.place(key, v.At.End)
		}
		n.Items = append(n.Items, v)
	}
	if _, err := p.in.Token(); err != nil {
		return p.wrong(err.Error())
	}
	return nil
}

// skip returns where the next token begins.
func (p *jsonReader) skip(off int) int {
	for off < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[off]) >= 0 {
		off++
	}
	return off
}

// placer tells lines and columns of offsets, which it is asked for in order, more
// or less.
type placer struct {
	file  string
	data  []byte
	lines []int // where each line begins
}

func newPlacer(file string, data []byte) *placer {
	p := &placer{file: file, data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	return p
}

func (p *placer) place(start, end int) topo.Place {
	start = min(max(start, 0), len(p.data))
	end = min(max(end, start), len(p.data))
	lo, hi := 0, len(p.lines)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; p.lines[mid] <= start {
			lo = mid
		} else {
			hi = mid
		}
	}
	return topo.Place{File: p.file, Line: lo + 1, Column: start - p.lines[lo] + 1, Start: start, End: end}
}
