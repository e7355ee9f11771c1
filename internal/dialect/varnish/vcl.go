package varnish

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// vcl is a program of VCL with what a forwarding gateway does in it: backends,
// directors, and the subroutines that choose among them.
type vcl struct {
	files     []string
	backends  []*object
	probes    map[string]*object
	subs      map[string][]stmt // by name; several of one name are one after the other
	directors []*director
	version   string // "4.1"; empty: it does not say
	imports   bool
	used      map[string]bool // names that statements mention
	problems  dialect.Problems
}

// director is a group of backends that vcl_init makes, or a maker of backends.
type director struct {
	name    token
	kind    string // "directors.round_robin"
	words   []token
	members []string
}

// static reports whether the members of a director are in the configuration.
func (d *director) static() bool { return strings.HasPrefix(d.kind, "directors.") }

const maxIncludes = 100

func newVCL() *vcl {
	return &vcl{probes: map[string]*object{}, subs: map[string][]stmt{}, used: map[string]bool{}}
}

// load reads a program from a file with what it includes.
func load(src dialect.Source, path string) *vcl {
	v := newVCL()
	tokens := v.read(src, path, topo.Place{File: path}, nil)
	v.parse(tokens)
	return v
}

// parse reads the whole program.
func (v *vcl) parse(tokens []token) {
	if v.problems.Broken() {
		return
	}
	p := &parser{v: v, tokens: tokens}
	p.program()
}

// read returns the tokens of a file, those of included files in the place of each
// include. Relative names are looked for beside the file and in vcl_path, which
// is /etc/varnish and /usr/share/varnish/vcl unless told (mgt_vcl.c).
func (v *vcl) read(src dialect.Source, path string, from topo.Place, above []string) (tokens []token) {
	if len(v.files) >= maxIncludes || slices.Contains(above, path) {
		v.problems.Fatal(from, "'%s' is included again and again", path)
		return nil
	}
	data, err := src.ReadFile(path)
	if err != nil {
		v.problems.Fatal(from, "cannot read file '%s'", path)
		return nil
	}
	v.files = append(v.files, path)
	list, problem := lex(path, string(data))
	if problem != nil {
		v.problems = append(v.problems, *problem)
	}
	for i := 0; i < len(list); i++ {
		t := list[i]
		if !t.is("include") {
			tokens = append(tokens, t)
			continue
		}
		glob := false
		if i++; i+1 < len(list) && list[i].is("+") && list[i+1].is("glob") {
			glob = true
			i += 2
		}
		if i >= len(list) || list[i].kind != tokString {
			v.problems.Fatal(t.at, "include is not followed by a string")
			return tokens
		}
		for _, name := range v.included(src, list[i].text, path, glob) {
			tokens = append(tokens, v.read(src, name, list[i].at, append(above, path))...)
		}
	}
	return tokens
}

func (v *vcl) included(src dialect.Source, name, from string, glob bool) []string {
	folders := []string{"/etc/varnish", "/usr/share/varnish/vcl"}
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		folders = []string{filepath.Dir(from)}
	}
	if filepath.IsAbs(name) {
		folders = []string{"/"}
	}
	for _, f := range folders {
		found, err := src.Glob(filepath.Join(f, name))
		if err == nil && len(found) > 0 {
			return found
		}
	}
	if glob {
		return nil
	}
	return []string{filepath.Join(folders[0], name)}
}

func (v *vcl) addBackend(o *object) {
	if v.backend(o.name.text) != nil {
		v.problems.Fatal(o.name.at, "backend '%s' is defined twice", dialect.Clip(o.name.text))
		return
	}
	if !o.none && o.attr("host") == nil && o.attr("path") == nil && !v.problems.Broken() {
		v.problems.Fatal(o.name.at, "backend '%s' has neither .host nor .path", dialect.Clip(o.name.text))
	}
	// A probe must stand before the backend that names it.
	if t, ok := o.text("probe"); ok && v.probes[t.text] == nil && t.kind == tokName && t.text != "default" {
		v.problems.Fatal(t.at, "'%s' is no probe", dialect.Clip(t.text))
	}
	v.backends = append(v.backends, o)
}

func (v *vcl) addProbe(o *object) { v.probes[o.name.text] = o }

func (v *vcl) addSub(name token, body []stmt) {
	v.subs[name.text] = append(v.subs[name.text], body...)
}

// backend returns the backend of a name. "default" is that of the name, or the
// first.
func (v *vcl) backend(name string) *object {
	for _, o := range v.backends {
		if o.name.text == name {
			return o
		}
	}
	return nil
}

// first is the backend that a request goes to where nothing chooses one.
func (v *vcl) first() *object {
	if o := v.backend("default"); o != nil {
		return o
	}
	if len(v.backends) > 0 {
		return v.backends[0]
	}
	return nil
}

func (v *vcl) director(name string) *director {
	for _, d := range v.directors {
		if d.name.text == name {
			return d
		}
	}
	return nil
}

// statement notes what a statement makes or mentions: directors and their
// members.
func (v *vcl) statement(s stmt) {
	for _, t := range s.words {
		if t.kind == tokName {
			v.used[t.text] = true
			if base, _, ok := strings.Cut(t.text, "."); ok {
				v.used[base] = true
			}
		}
	}
	first := s.word(0)
	if first.is("new") && s.word(2).is("=") {
		v.directors = append(v.directors, &director{name: s.word(1), kind: s.word(3).text, words: s.words})
		return
	}
	if base, method, ok := strings.Cut(first.text, "."); ok && method == "add_backend" && s.word(1).is("(") {
		if d := v.director(base); d != nil {
			d.members = append(d.members, s.word(2).text)
		}
	}
}
