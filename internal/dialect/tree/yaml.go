package tree

import (
	"bytes"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// ReadYAML reads the first document of a YAML text. An empty one is Null.
func ReadYAML(file string, data []byte) (n *Node, err error) {
	at := newPlacer(file, data)
	wrong := func(text string) error { return &Error{at.place(0, 0), text} }
	if len(data) > maxBytes || !shallow(data) {
		return nil, wrong("it is nested too deeply, or too large")
	}
	defer func() {
		if recover() != nil { // the library panics on some texts that are no YAML
			n, err = nil, wrong("it cannot be read as YAML")
		}
	}()
	tree, perr := parser.ParseBytes(data, 0)
	if perr != nil {
		return nil, yamlError(at, perr)
	}
	y := &yamlReader{at: at, anchors: map[string]ast.Node{}}
	for _, d := range tree.Docs {
		if d != nil && d.Body != nil {
			n := y.node(d.Body, 0)
			if y.failed != "" {
				return nil, wrong(y.failed)
			}
			return n, nil
		}
	}
	return &Node{}, nil
}

// shallow reports whether nothing is nested so deeply that a reader that calls
// itself would run out of stack: brackets, and lists within lists on one line.
func shallow(data []byte) bool {
	depth, dashes := 0, 0
	for i, c := range data {
		switch {
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}') && depth > 0:
			depth--
		case c == '\n':
			dashes = 0
		case (c == '-' || c == '?' || c == ':') && (i+1 == len(data) || data[i+1] <= ' '):
			dashes++
		}
		if depth > maxDepth || dashes > 4*maxDepth {
			return false
		}
	}
	return true
}

func yamlError(at *placer, err error) error {
	text := err.Error()
	if i := bytes.IndexByte([]byte(text), '\n'); i > 0 {
		text = text[:i]
	}
	place := at.place(0, 0)
	if e, ok := err.(interface{ GetToken() *token.Token }); ok && e.GetToken() != nil && e.GetToken().Position != nil {
		p := e.GetToken().Position
		start := at.offset(p.Line, p.Column)
		place = at.place(start, start)
	}
	return &Error{place, text}
}

// offset is the byte at a line and a column that counts characters.
func (p *placer) offset(line, column int) int {
	if line < 1 || line > len(p.lines) {
		return len(p.data)
	}
	at := p.lines[line-1]
	for ; column > 1 && at < len(p.data); column-- {
		_, n := utf8.DecodeRune(p.data[at:])
		at += n
	}
	return at
}

type yamlReader struct {
	at      *placer
	anchors map[string]ast.Node
	nodes   int
	failed  string
}

func (y *yamlReader) node(a ast.Node, depth int) *Node {
	if y.nodes++; depth > maxDepth || y.nodes > maxNodes {
		y.failed = "it is nested too deeply, or too large"
		return &Node{}
	}
	if a == nil {
		return &Node{}
	}
	n := &Node{Kind: Scalar, At: y.place(a.GetToken())}
	n.Pair = n.At
	switch v := a.(type) {
	case *ast.AnchorNode:
		if v.Name != nil && v.Name.GetToken() != nil {
			y.anchors[v.Name.GetToken().Value] = v.Value
		}
		return y.node(v.Value, depth+1)
	case *ast.AliasNode:
		if v.Value != nil && v.Value.GetToken() != nil {
			if to, ok := y.anchors[v.Value.GetToken().Value]; ok {
				return y.node(to, depth+1)
			}
		}
		return &Node{At: n.At, Pair: n.At}
	case *ast.TagNode:
		return y.node(v.Value, depth+1)
	case *ast.NullNode:
		n.Kind = Null
	case *ast.StringNode:
		n.Text, n.Quote = v.Value, v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		n.Text, n.Quote = v.Value.Value, true
	case *ast.SequenceNode:
		n.Kind = List
		for _, item := range v.Values {
			n.Items = append(n.Items, y.node(item, depth+1))
		}
	case *ast.MappingNode:
		n.Kind = Map
		for _, pair := range v.Values {
			y.pair(n, pair, depth)
		}
	case *ast.MappingValueNode:
		n.Kind = Map
		y.pair(n, v, depth)
	default:
		if t := a.GetToken(); t != nil {
			n.Text = t.Value
		}
	}
	return n
}

func (y *yamlReader) pair(n *Node, pair *ast.MappingValueNode, depth int) {
	v := y.node(pair.Value, depth+1)
	if pair.Key == nil {
		return
	}
	if pair.Key.IsMergeKey() {
		for i, k := range v.Keys {
			if !n.Has(k) {
				n.Keys, n.Items = append(n.Keys, k), append(n.Items, v.Items[i])
			}
		}
		return
	}
	t := pair.Key.GetToken()
	if t == nil {
		return
	}
	key := y.place(t)
	v.Pair = key
	switch {
	case v.Kind == Scalar && v.At.Line == key.Line:
		v.Pair.End = max(v.At.End, key.End)
	case v.Kind == Map || v.Kind == List:
		v.At = key
	}
	n.Keys, n.Items = append(n.Keys, t.Value), append(n.Items, v)
}

// place is where a token stands.
func (y *yamlReader) place(t *token.Token) (p topo.Place) {
	if t == nil || t.Position == nil {
		return topo.Place{File: y.at.file}
	}
	start := y.at.offset(t.Position.Line, t.Position.Column)
	end := start + len(t.Value)
	if q := t.Type; q == token.SingleQuoteType || q == token.DoubleQuoteType {
		end += 2
	}
	return y.at.place(start, end)
}
