package tree

import (
	"testing"
)

const yamlText = `# entry points
entryPoints:
  web:
    address: ":80"
    asDefault: true
list:
- a
- "b"   # two
base: &base {x: 1, y: 2}
more:
  <<: *base
  y: 3
"ümlaut": 5s
`

const tomlText = `# entry points
[entryPoints]
  [entryPoints.web]
    address = ":80"
    asDefault = true
[[servers]]
url = 'http://a'
[[servers]]
url = "http://\u0062"
weights = [ 1, 2,
  3, ]
inline = { a = 1, b.c = """
two
lines""" }
`

const jsonText = `{
  "entryPoints": {"web": {"address": ":80", "asDefault": true}},
  "list": ["a", 1.50, null]
}`

func TestYAML(t *testing.T) {
	n, err := ReadYAML("f.yml", []byte(yamlText))
	if err != nil {
		t.Fatal(err)
	}
	a := n.Get("entrypoints", "web", "ADDRESS")
	if a.Str() != ":80" || a.At.Line != 4 || yamlText[a.Pair.Start:a.Pair.End] != `address: ":80"` || yamlText[a.At.Start:a.At.End] != `":80"` {
		t.Errorf("%+v: %q", a, yamlText[a.Pair.Start:a.Pair.End])
	}
	if !n.On(false, "entryPoints", "web", "as_default") {
		t.Error("asDefault is off")
	}
	if got := n.Strs("list"); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("list %q", got)
	}
	if n.Str("more", "x") != "1" || n.Str("more", "y") != "3" || n.Seconds(0, "ümlaut") != 5 {
		t.Errorf("more %+v", n.Get("more"))
	}
	if _, err := ReadYAML("f.yml", []byte("a: b\n c: d: e\n  - x")); err == nil {
		t.Error("a broken text is read")
	} else if e := err.(*Error); e.Place.Line == 0 || e.Place.File != "f.yml" {
		t.Errorf("%+v", e)
	}
}

func TestTOML(t *testing.T) {
	n, err := ReadTOML("f.toml", []byte(tomlText))
	if err != nil {
		t.Fatal(err)
	}
	a := n.Get("entryPoints", "web", "address")
	if a.Str() != ":80" || a.At.Line != 4 || tomlText[a.Pair.Start:a.Pair.End] != `address = ":80"` {
		t.Errorf("%+v", a)
	}
	s := n.List("servers")
	if len(s) != 2 || s[1].Str("url") != "http://b" || len(s[1].List("weights")) != 3 || s[1].Str("inline", "b", "c") != "two\nlines" {
		t.Errorf("servers %+v", s)
	}
	for _, bad := range []string{"a = ", "[a", "a = \"x", "a = 1\na = 2", "a = [1", "= 1", "a = 1 b = 2", "[[a]]\n[a.b]\nx=1\n[a]\n=", `a = "\q"`} {
		if _, err := ReadTOML("f", []byte(bad)); err == nil {
			t.Errorf("read: %q", bad)
		}
	}
}

func TestJSON(t *testing.T) {
	n, err := ReadJSON("f.json", []byte(jsonText))
	if err != nil {
		t.Fatal(err)
	}
	a := n.Get("entryPoints", "web", "address")
	if a.Str() != ":80" || a.At.Line != 2 || jsonText[a.At.Start:a.At.End] != `":80"` || jsonText[a.Pair.Start:a.Pair.End] != `"address": ":80"` {
		t.Errorf("%+v %q", a, jsonText[a.At.Start:a.At.End])
	}
	if l := n.List("list"); len(l) != 3 || l[1].Text != "1.50" || l[2].Kind != Null {
		t.Errorf("list %+v", l)
	}
}

func TestSet(t *testing.T) {
	var n Node
	n.Set(&Node{Kind: Scalar, Text: ":80"}, "entrypoints", "web", "address")
	n.Set(&Node{Kind: Scalar, Text: ":81"}, "entryPoints", "web", "Address")
	if n.Str("entryPoints", "web", "address") != ":81" || len(n.Keys) != 1 {
		t.Errorf("%+v", n)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{yamlText, tomlText, jsonText, "a: [", "- - - x", "&a [*a]", "[a]\nb.c = {d=1}", "{\"a\":[{}]}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func(string, []byte) (*Node, error){ReadYAML, ReadTOML, ReadJSON} {
			n, err := read("f", data)
			if err == nil {
				walk(t, n, len(data))
			}
		}
	})
}

func walk(t *testing.T, n *Node, size int) {
	if n == nil {
		t.Fatal("a node is nil")
	}
	if n.At.Start < 0 || n.At.End > size || n.Pair.Start < 0 || n.Pair.End > size || n.Kind == Map && len(n.Keys) != len(n.Items) {
		t.Fatalf("%+v", n)
	}
	for _, i := range n.Items {
		walk(t, i, size)
	}
}
