package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// words returns every word of a file in order.
func words(list []*Directive) (out []Word, blocks []*Directive) {
	for _, d := range list {
		out = append(out, d.Words...)
		if d.Brace {
			w, b := words(d.Block)
			out, blocks = append(out, w...), append(append(blocks, d), b...)
		}
	}
	return out, blocks
}

// checkRanges checks that words, and what stands between them, give the file
// back, that words are what their bytes say, and that places count right.
func checkRanges(t *testing.T, data []byte) *File {
	t.Helper()
	f := Parse("x", data)
	all, blocks := words(f.Root)
	lua := map[int]int{}
	for _, d := range blocks {
		if d.Lua {
			lua[d.Open] = d.Close
		}
		if d.Open < len(f.Data) && f.Data[d.Open] != '{' || d.Close < len(f.Data) && f.Data[d.Close] != '}' {
			t.Fatalf("block %q has its braces at %d and %d", d.Name(), d.Open, d.Close)
		}
	}
	if !sort.SliceIsSorted(all, func(i, j int) bool { return all[i].Start < all[j].Start }) {
		t.Fatal("words are not in order")
	}
	var back bytes.Buffer
	at := 0
	for _, w := range all {
		if w.Start < at || w.End < w.Start || w.End > len(f.Data) {
			t.Fatalf("word %+v begins before %d or ends after %d", w, at, len(f.Data))
		}
		back.Write(f.Data[at:w.Start])
		back.Write(f.Data[w.Start:w.End])
		at = w.End
		line := 1 + bytes.Count(f.Data[:w.Start], []byte{'\n'})
		column := w.Start - bytes.LastIndexByte(f.Data[:w.Start], '\n')
		if w.Line != line || w.Column != column {
			t.Fatalf("word %q stands at %d:%d, not %d:%d", w.Text, line, column, w.Line, w.Column)
		}
	}
	back.Write(f.Data[at:])
	if !bytes.Equal(back.Bytes(), f.Data) {
		t.Fatal("words and gaps do not give the file back")
	}
	return f
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`a b;`, `a|b`},
		{"a\tb\r\nc ;", `a|b|c`},
		{`a "b c" 'd;e' f;`, `a|b c|d;e|f`},
		{`a "b\"c\\d\n\t\q";`, "a|b\"c\\d\n\t\\q"},
		{`a b\ c \;d;`, `a|b\ c|\;d`},
		{`a ${b}c $d{`, `a|${b}c|$d`},
		{`a "${b} x";`, `a|${b} x`},
		{`a b#c; # d`, `a|b#c`},
		{`if ($a = "b") {`, `if|($a|=|b|)`},
		{`a ^/x{2} {`, `a|^/x`},
		{`a "^/x{2}" {`, `a|^/x{2}`},
		{`a '';`, `a|`},
		{`log_format m '$a "$b" '` + "\n   '$c';", `log_format|m|$a "$b" |$c`},
		{"a \xff\x00b;", "a|\xff\x00b"},
	} {
		f := checkRanges(t, []byte(c.in))
		if len(f.Root) == 0 {
			t.Errorf("%q has no directive", c.in)
			continue
		}
		var got []string
		for _, w := range f.Root[0].Words {
			got = append(got, w.Text)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q is %q, want %q", c.in, strings.Join(got, "|"), c.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a {\n b;\n", `3 unexpected end of file, expecting "}"`},
		{"a b", `1 unexpected end of file, expecting ";" or "}"`},
		{"a;\nb \"c d;\n}\n", `2 unexpected end of file: the " that begins here has no end`},
		{"a;\n}", `2 unexpected "}"`},
		{";", `1 unexpected ";"`},
		{"a { b }", `1 unexpected "}": the ";" after "b" is missing`},
		{`a "b"c;`, `1 unexpected "c"`},
		{"\xef\xbb\xbfa;", `1 the file begins with a byte order mark, which nginx takes for a part of the first directive`},
		{"a;\n\n b \x00;", `3 the file holds a NUL byte: it is binary or was damaged`},
		{"a_by_lua_block {\n}}", `2 unexpected "}"`},
		{"a_by_lua_block {\n {", `2 unexpected end of file, expecting the "}" of the Lua block of line 1`},
	} {
		f := checkRanges(t, []byte(c.in))
		if len(f.Problems) == 0 {
			t.Errorf("%q has no problem", c.in)
			continue
		}
		if got := fmt.Sprintf("%d %s", f.Problems[0].Place.Line, f.Problems[0].Text); got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestRestGoesOn(t *testing.T) {
	f := Parse("x", []byte("http { server { listen 80 } upstream a { server b; } } events {}"))
	if len(f.Root) != 2 || f.Root[1].Name() != "events" || len(f.Root[0].Block) != 2 {
		t.Errorf("after a missing \";\" the rest is lost: %v", f.Root)
	}
}

func TestLuaBlock(t *testing.T) {
	text := `content_by_lua_block {
    -- a brace } in a comment, an apostrophe: it's
    --[[ a long } comment ]]
    local a = "}" .. '\'}' .. [==[ ]] } ]==]
    if x then y = { z = { 1 } } end
} next;`
	f := checkRanges(t, []byte(text))
	if len(f.Problems) > 0 || len(f.Root) != 2 || f.Root[1].Name() != "next" || !f.Root[0].Lua {
		t.Errorf("problems %v, directives %d", f.Problems, len(f.Root))
	}
}

func TestLimits(t *testing.T) {
	f := Parse("x", bytes.Repeat([]byte("a{"), MaxDepth+5))
	if len(f.Problems) == 0 || f.Problems[0].Fatal {
		t.Errorf("deep blocks: %v", f.Problems)
	}
	f = Parse("x", append(bytes.Repeat([]byte(" "), MaxFile), "a;"...))
	if len(f.Problems) != 1 || len(f.Data) != MaxFile {
		t.Errorf("a large file: %v", f.Problems)
	}
	f = Parse("x", []byte(`a "`+strings.Repeat("b", 5000)+`"; c;`))
	if len(f.Problems) != 1 || len(f.Root) != 2 {
		t.Errorf("a long word: %v, %d directives", f.Problems, len(f.Root))
	}
}

func TestEveryCut(t *testing.T) {
	data, err := os.ReadFile("testdata/site.conf")
	if err != nil {
		t.Fatal(err)
	}
	if f := checkRanges(t, data); len(f.Problems) > 0 {
		t.Fatalf("problems in a good file: %v", f.Problems)
	}
	for i := range data {
		checkRanges(t, data[:i])
	}
}

// folder is a source of a few files.
type folder map[string]string

func (f folder) ReadFile(path string) ([]byte, error) {
	if s, ok := f[path]; ok {
		if s == "denied" {
			return nil, fmt.Errorf("open %s: %w", path, fs.ErrPermission)
		}
		return []byte(s), nil
	}
	return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
}

func (f folder) Glob(pattern string) ([]string, error) {
	if strings.HasPrefix(pattern, "/gap") {
		return nil, errors.New("may not look")
	}
	var out []string
	for path := range f {
		if ok, _ := filepath.Match(pattern, path); ok {
			out = append(out, path)
		}
	}
	sort.Strings(out)
	return out, nil
}

func TestLoad(t *testing.T) {
	src := folder{
		"/etc/nginx/nginx.conf":    "a; include conf.d/*.conf; include /abs/x; include none*; b { include conf.d/1.conf; }",
		"/etc/nginx/conf.d/1.conf": "one;", "/etc/nginx/conf.d/2.conf": "two { include deep; }", "/abs/x": "x;", "/etc/nginx/deep": "deep;",
	}
	c := Load(src, "/etc/nginx/nginx.conf")
	if len(c.Problems) > 0 {
		t.Fatal(c.Problems)
	}
	var flat []string
	var walk func(list []*Directive)
	walk = func(list []*Directive) {
		Expand(list, func(d *Directive) bool {
			flat = append(flat, d.Name())
			walk(d.Block)
			return true
		})
	}
	walk(c.Main.Root)
	if got := strings.Join(flat, " "); got != "a one two deep x b one" {
		t.Errorf("expanded to %s", got)
	}
	if len(c.Files) != 5 {
		t.Errorf("%d files", len(c.Files))
	}
}

func TestLoadProblems(t *testing.T) {
	for _, c := range []struct {
		files folder
		fatal bool
		want  string
	}{
		{folder{"/m": "include x;"}, true, "cannot read the included /x"},
		{folder{"/m": "include x;", "/x": "denied"}, false, "cannot read the included /x"},
		{folder{"/m": "include m;"}, true, "/m includes itself"},
		{folder{"/m": "include x;", "/x": "a { include y; }", "/y": "include m;"}, true, "/m includes itself"},
		{folder{"/m": "include /gap/*;"}, false, "cannot list /gap/*"},
		{folder{}, true, "cannot read the configuration /m"},
		{folder{"/m": "denied"}, false, "cannot read the configuration /m"},
		{folder{"/m": "include x; a;", "/x": "b"}, true, "unexpected end of file"},
	} {
		got := Load(c.files, "/m").Problems
		if len(got) != 1 || got[0].Fatal != c.fatal || !strings.Contains(got[0].Text, c.want) || got[0].Place.File == "" {
			t.Errorf("%v: %v", c.files, got)
		}
	}
}

func TestIncludesThatGrow(t *testing.T) {
	src := folder{}
	for i := range 40 {
		src[fmt.Sprintf("/f%d", i)] = fmt.Sprintf("a; include f%d; include f%d;", i+1, i+1)
	}
	src["/f40"] = "z;"
	n := 0
	Expand(Load(src, "/f0").Main.Root, func(*Directive) bool { n++; return n < 10000 })
	if n != 10000 {
		t.Errorf("expanded to %d directives", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a b;", `a "b" {c 'd';}`, "x_by_lua_block { [[ }]] }", "# c\na ${b}c\\;;", "if ($a = 'b') { return 200 \"x\"; }"} {
		f.Add([]byte(s))
	}
	data, err := os.ReadFile("testdata/site.conf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) { checkRanges(t, data) })
}
