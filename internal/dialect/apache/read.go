package apache

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/apache/syntax"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// Limits of one configuration with all that it includes.
const (
	maxFiles    = 20000
	maxBytes    = 64 << 20
	maxLines    = 500_000
	maxDepth    = 128 // AP_MAX_INCLUDE_DEPTH
	maxProblems = 1000
)

// node is one directive or section, with files included and conditions decided.
type node struct {
	line    syntax.Line
	name    string   // lower case; sections begin with "<"
	written string   // the name as written
	raw     string   // the arguments, variables replaced
	args    []string // words of raw; of a section without the final ">"
	sub     []*node  // of a section
	up      *node    // the section around it; nil at the top
	end     int      // of a section: where its closing line begins
}

func (n *node) place() topo.Place { return n.line.Place() }

// arg returns argument i, from 0, or "".
func (n *node) arg(i int) string {
	if i >= len(n.args) {
		return ""
	}
	return n.args[i]
}

func (n *node) section() bool { return strings.HasPrefix(n.name, "<") }

// step returns the line as a step of a decision.
func (n *node) step() topo.Step { return topo.Step{Text: n.line.Text, Place: n.place()} }

// last returns the last directive of a name that stands in the section itself,
// or nil.
func (n *node) last(name string) *node {
	for i := len(n.sub) - 1; i >= 0; i-- {
		if n.sub[i].name == name {
			return n.sub[i]
		}
	}
	return nil
}

// all returns the directives of a name that stand in the section itself.
func (n *node) all(names ...string) []*node {
	var out []*node
	for _, s := range n.sub {
		for _, name := range names {
			if s.name == name {
				out = append(out, s)
			}
		}
	}
	return out
}

// reader reads a configuration in the order in which httpd does: what is
// defined and loaded so far decides about the rest (ap_build_config).
type reader struct {
	src      dialect.Source
	launch   dialect.Launch
	root     string // ServerRoot
	defines  map[string]string
	env      map[string]string
	modules  map[string]bool // by name and by source file
	foreign  bool            // a module is loaded whose directives are not known
	macros   map[string]macro
	files    []string
	data     map[string]*syntax.File
	bytes    int
	lines    int
	full     bool
	partial  bool // something could not be read
	missing  bool // the main file could not be read
	problems []topo.Problem
}

func newReader(src dialect.Source, l dialect.Launch) *reader {
	r := &reader{src: src, launch: l, root: l.Prefix, defines: map[string]string{}, modules: map[string]bool{}, macros: map[string]macro{}, data: map[string]*syntax.File{}}
	for _, m := range builtin {
		r.modules[m] = true
	}
	for _, m := range packaged {
		r.modules[m] = true
	}
	r.env = environment(src, l)
	return r
}

// problem notes what is wrong. Fatal is what httpd -t refuses.
func (r *reader) problem(at topo.Place, fatal bool, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, topo.Problem{Place: at, Fatal: fatal, Text: fmt.Sprintf(format, args...)})
	}
}

// load reads the main file and returns the top of the tree.
func (r *reader) load() *node {
	top := &node{}
	before, after := r.commandLine()
	r.include(before, top, nil)
	f, err := r.file(r.launch.Config)
	if err != nil {
		r.missing = true
		r.problem(topo.Place{File: r.launch.Config, Line: 1, Column: 1}, errors.Is(err, fs.ErrNotExist), "cannot read the configuration %s: %v", r.launch.Config, err)
	} else {
		r.include(f, top, []string{r.launch.Config})
	}
	r.include(after, top, nil)
	return top
}

// commandLine reads -D, -C and -c; the directives of -C come before the main file
// and those of -c after it.
func (r *reader) commandLine() (before, after *syntax.File) {
	before, after = &syntax.File{Path: "-C"}, &syntax.File{Path: "-c"}
	words := strings.Split(r.launch.Globals, "\n")
	for i := 0; i+1 < len(words); i += 2 {
		switch words[i] {
		case "-D":
			name, value, _ := strings.Cut(words[i+1], "=")
			r.defines[name] = value
		case "-C":
			before.Data = append(before.Data, words[i+1]+"\n"...)
		case "-c":
			after.Data = append(after.Data, words[i+1]+"\n"...)
		}
	}
	return before, after
}

// file reads a file once.
func (r *reader) file(name string) (*syntax.File, error) {
	if f, ok := r.data[name]; ok {
		return f, nil
	}
	data, err := r.src.ReadFile(name)
	if err != nil {
		r.partial = r.partial || !errors.Is(err, fs.ErrNotExist)
		return nil, err
	}
	r.bytes += len(data)
	f := &syntax.File{Path: name, Data: data}
	r.data[name] = f
	r.files = append(r.files, name)
	return f, nil
}

// include reads the lines of a file into a section. Sections do not span files.
func (r *reader) include(f *syntax.File, into *node, chain []string) {
	in := &input{lines: syntax.Lines(f), chain: chain}
	r.block(in, into, nil)
}

// input is a list of lines on its way through the reader.
type input struct {
	lines []syntax.Line
	at    int
	chain []string // files that lead here
}

func (in *input) next() (syntax.Line, bool) {
	if in.at >= len(in.lines) {
		return syntax.Line{}, false
	}
	in.at++
	return in.lines[in.at-1], true
}

// block reads lines into a section until the one that closes open; nil is the
// file itself.
func (r *reader) block(in *input, into *node, open *node) {
	for {
		l, ok := in.next()
		if r.lines++; r.lines > maxLines || r.bytes > maxBytes {
			if !r.full {
				r.full, r.partial = true, true
				r.problem(l0(l, into), false, "the configuration is too large: the rest is not read")
			}
			return
		}
		if !ok {
			if open != nil {
				// A condition that is met ends with the file too.
				_, condition := conditions[open.name]
				r.problem(open.place(), !condition, "%s> was not closed.", open.written)
			}
			return
		}
		text := r.resolve(l)
		word, rest := syntax.Word(text)
		if word == "" {
			continue
		}
		if strings.HasPrefix(word, "</") {
			if r.closes(l, word, open) {
				if open != nil {
					open.end = l.Start
				}
				return
			}
			continue
		}
		if n := len(word); n > 1 && word[0] == '<' && word[n-1] == '>' {
			word, rest = word[:n-1], ">"
		}
		n := &node{line: l, name: strings.ToLower(word), written: word, raw: rest, up: into}
		switch {
		case n.section():
			r.open(in, n, into)
		default:
			n.args = syntax.Words(rest)
			if !r.readEarly(in, n, into) {
				into.sub = append(into.sub, n)
			}
		}
	}
}

func l0(l syntax.Line, into *node) topo.Place {
	if l.File != nil {
		return l.Place()
	}
	if into.line.File != nil {
		return into.place()
	}
	return topo.Place{}
}

// closes judges a closing line, in httpd's words, and reports whether it ends
// the section.
func (r *reader) closes(l syntax.Line, word string, open *node) bool {
	name, ok := strings.CutSuffix(word, ">")
	switch {
	case !ok:
		r.problem(l.Place(), true, "%s> directive missing closing '>'", word)
		return open != nil && strings.EqualFold(word[2:], open.name[1:])
	case open == nil:
		r.problem(l.Place(), true, "%s> without matching <%s> section", name, name[2:])
		return false
	case !strings.EqualFold(name[2:], open.name[1:]):
		r.problem(l.Place(), true, "Expected </%s> but saw %s>", open.written[1:], name)
		return true
	}
	return true
}

// open reads a section: a condition is decided at once and its inside takes its
// place, another stands in the tree.
func (r *reader) open(in *input, n *node, into *node) {
	inside, ok := cutLast(n.raw, '>')
	if !ok {
		r.problem(n.place(), true, "%s> directive missing closing '>'", n.written)
		inside = n.raw
	}
	n.raw = inside
	n.args = syntax.Words(inside)
	if n.name == "<macro" {
		r.macro(in, n)
		return
	}
	met, condition := r.condition(n)
	switch {
	case condition && !met:
		r.soak(in, n)
	case condition:
		// The inside belongs to the section around it, whose place it keeps.
		r.block(in, into, n)
	default:
		into.sub = append(into.sub, n)
		r.block(in, n, n)
	}
}

func cutLast(s string, c byte) (string, bool) {
	i := strings.LastIndexByte(s, c)
	if i < 0 {
		return s, false
	}
	return s[:i], true
}

// soak passes over the inside of a condition that is not met. Nothing is read of
// it but sections of the same name (ap_soak_end_container).
func (r *reader) soak(in *input, n *node) {
	depth := 1
	for {
		l, ok := in.next()
		if !ok {
			r.problem(n.place(), true, "Missing </%s> directive at end-of-file", n.written[1:])
			return
		}
		low := strings.ToLower(l.Text)
		word, _ := syntax.Word(low)
		switch {
		case strings.HasPrefix(low, "</"+n.name[1:]) && strings.HasPrefix(strings.TrimSpace(low[len(n.name)+1:]), ">"):
			if depth--; depth == 0 {
				return
			}
		case word == n.name || strings.TrimSuffix(word, ">") == n.name:
			depth++
		}
	}
}

// resolve replaces ${NAME}: by what Define says, then by the environment. What
// neither knows stays, with a warning (ap_resolve_env, AH00111).
func (r *reader) resolve(l syntax.Line) string {
	s := l.Text
	if !strings.Contains(s, "${") {
		return s
	}
	var b strings.Builder
	for {
		at := strings.Index(s, "${")
		end := -1
		if at >= 0 {
			end = strings.IndexByte(s[at:], '}')
		}
		if end < 0 {
			b.WriteString(s)
			return b.String()
		}
		name := s[at+2 : at+end]
		value, ok := r.defines[name]
		if !ok {
			value, ok = r.env[name]
		}
		b.WriteString(s[:at])
		if ok {
			b.WriteString(value)
		} else {
			b.WriteString(s[at : at+end+1])
			if !strings.Contains(name, ":") { // a map of mod_rewrite
				r.partial = true
				r.problem(l.Place(), false, "Config variable ${%s} is not defined: if the process has it in its environment, it is not seen here", name)
			}
		}
		s = s[at+end+1:]
		if b.Len() > 1<<20 {
			return b.String()
		}
	}
}

// serverPath completes a path as ap_server_root_relative does.
func (r *reader) serverPath(p string) string {
	if p == "" || strings.HasPrefix(p, "/") {
		return p
	}
	return path.Join(r.root, p)
}
