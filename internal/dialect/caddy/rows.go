package caddy

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// row is one line of a Caddyfile with the block behind it: a site, an option, a
// directive, a subdirective, a matcher.
type row struct {
	words  []word // of which the first is the keyword; none in the block of global options
	braces bool
	block  []*row
	close  topo.Place // the closing brace
}

func (r *row) name() string { return r.arg(0) }

// arg returns the i-th word, "" where there is none.
func (r *row) arg(i int) string {
	if i < len(r.words) {
		return r.words[i].text
	}
	return ""
}

// args returns the texts of the words from the i-th on.
func (r *row) args(i int) []string {
	var out []string
	for ; i < len(r.words); i++ {
		out = append(out, r.words[i].text)
	}
	return out
}

// place is where the words of the row stand, as far as they are of one file.
func (r *row) place() topo.Place {
	if len(r.words) == 0 {
		return r.close
	}
	p := r.words[0].at
	for _, w := range r.words[1:] {
		if w.at.File == p.File && w.at.Line == p.Line {
			p.End = max(p.End, w.at.End)
		}
	}
	return p
}

// at is where one word stands.
func (r *row) at(i int) topo.Place {
	if i < len(r.words) {
		return r.words[i].at
	}
	return r.place()
}

// written is the row as it stands in the file, without the brace behind it. Words
// that an import put together are written with blanks between them.
func (r *row) written() string {
	if len(r.words) == 0 {
		return ""
	}
	if p := r.place(); r.words[0].first && p.End-p.Start <= len(r.words[0].line) {
		if cut := r.words[0].line[:p.End-p.Start]; len(strings.Fields(cut)) >= len(r.words) || len(r.words) == 1 {
			return cut
		}
	}
	return strings.Join(r.args(0), " ")
}

// insert is an empty range at the end of the block, before the line of the
// closing brace.
func (r *row) insert() topo.Place {
	if !r.braces || r.close.File == "" {
		return topo.Place{}
	}
	start := r.close.Start - (r.close.Column - 1)
	return topo.Place{File: r.close.File, Line: r.close.Line, Column: 1, Start: start, End: start}
}

// node gives a value the place of the row.
func (r *row) node(n *node) *node {
	n.at, n.line, n.insert = r.place(), r.written(), r.insert()
	return n
}

// find returns the last row of the block that begins with a word.
func (r *row) find(name string) *row {
	for i := len(r.block) - 1; i >= 0; i-- {
		if r.block[i].name() == name {
			return r.block[i]
		}
	}
	return nil
}

// parser turns words into rows.
type parser struct {
	src      dialect.Source
	files    []string
	snippets map[string][]word
	problems dialect.Problems
	unknown  map[string]bool // variables of the environment
	imports  int
	total    int // words handed out

	w []word // what is left, the next one last
}

const (
	maxImports = 20_000
	maxDeep    = 20 // imports within imports
	maxNesting = 60
)

// env knows no variable: only the process does.
func (p *parser) env(name string) (string, bool) {
	p.unknown[name] = true
	return "", false
}

func (p *parser) lex(file string, data []byte) []word {
	if len(p.files) < 256 {
		p.files = append(p.files, file)
	}
	words, problems := lex(file, data, p.env)
	p.problems = append(p.problems, problems...)
	return words
}

// more reports whether there is another word.
func (p *parser) more() bool { return len(p.w) > 0 }

// peek is the next word. There must be one.
func (p *parser) peek() word { return p.w[len(p.w)-1] }

func (p *parser) take() word {
	w := p.peek()
	p.w = p.w[:len(p.w)-1]
	return w
}

// put makes words the next ones. The first of them, and what follows the last,
// begin a line.
func (p *parser) put(words []word) {
	if p.more() {
		p.w[len(p.w)-1].first = true
	}
	for _, w := range slices.Backward(words) {
		p.w = append(p.w, w)
	}
	if p.more() {
		p.w[len(p.w)-1].first = true
	}
}

// parse returns the sites and the block of global options of a file, in order,
// imports carried out.
func (p *parser) parse(file string, data []byte) []*row {
	p.put(p.lex(file, data))
	var out []*row
	for p.more() {
		r := p.row(0, true)
		switch {
		case r == nil:
			continue
		case !r.braces && len(out) == 0 || !r.braces && len(out) == 1 && len(out[0].words) == 0:
			// One site may stand without braces: the rest of the file is its own.
			r.block = p.rows(1)
		case !r.braces:
			p.problems.Fatal(r.place(), "Caddyfile: a site needs braces where there are several: '%s'", r.name())
		}
		out = append(out, r)
	}
	return out
}

// rows reads up to a closing brace, which it leaves.
func (p *parser) rows(depth int) []*row {
	var out []*row
	for p.more() && !p.peek().closes() {
		if r := p.row(depth, false); r != nil {
			out = append(out, r)
		}
	}
	return out
}

// row reads one row. It returns nil where there is none: an import, a snippet, a
// brace too many.
func (p *parser) row(depth int, top bool) *row {
	if p.peek().closes() {
		p.problems.Fatal(p.take().at, "unexpected '}', no matching opening brace")
		return nil
	}
	r := p.words(top)
	if r.name() == "import" && !(top && len(r.words) == 1) {
		p.imported(r)
		return nil
	}
	if !p.more() || !p.peek().opens() || len(r.words) > 0 && p.peek().first && !top {
		return r
	}
	open := p.take()
	r.braces = true
	if name := r.name(); top && len(r.words) == 1 && strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")") && len(name) > 2 {
		p.snippets[name[1:len(name)-1]] = p.inner()
		return nil
	}
	if depth >= maxNesting {
		p.problems.Fatal(open.at, "blocks are nested too deeply")
		p.inner()
		return r
	}
	r.block = p.rows(depth + 1)
	if !p.more() {
		p.problems.Fatal(open.at, "this block is not closed: '}' is missing")
		return r
	}
	r.close = p.take().at
	return r
}

// words reads the words of a row: those of one line, or, of the addresses of a
// site, of as many as end in a comma.
func (p *parser) words(top bool) *row {
	r := &row{}
	for p.more() && !p.peek().opens() && !p.peek().closes() {
		if n := len(r.words); n > 0 && p.peek().first && !(top && strings.HasSuffix(r.words[n-1].text, ",")) {
			break
		}
		r.words = append(r.words, p.take())
	}
	return r
}

// inner takes the words up to the brace that closes the present block.
func (p *parser) inner() (in []word) {
	depth := 1
	for p.more() {
		w := p.take()
		switch {
		case w.opens():
			depth++
		case w.closes():
			depth--
		}
		if depth == 0 {
			break
		}
		in = append(in, w)
	}
	return in
}

// imported makes the words of a snippet or of files the next ones.
func (p *parser) imported(r *row) {
	args := r.args(2)
	var block []word
	if p.more() && p.peek().opens() && !p.peek().first {
		p.take()
		block = p.inner()
	}
	if p.imports++; p.imports > maxImports || r.words[0].depth > maxDeep {
		p.problems.Fatal(r.place(), "there are too many imports: is there a circle?")
		return
	}
	words, ok := p.snippets[r.arg(1)]
	if !ok {
		words = p.fromFiles(r)
	}
	var put []word
	for _, w := range words {
		put = append(put, substituted(w, args, block)...)
	}
	for i := range put {
		put[i].depth = r.words[0].depth + 1
	}
	if p.total += len(put); p.total > maxWords {
		p.problems.Fatal(r.place(), "imports make the configuration too large")
		return
	}
	p.put(put)
}

// fromFiles reads the files that an import names.
func (p *parser) fromFiles(r *row) (words []word) {
	pattern := r.arg(1)
	if pattern == "" {
		p.problems.Fatal(r.place(), "import needs a file or a snippet")
		return nil
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(r.words[0].at.File), pattern)
	}
	list := []string{pattern}
	wild := strings.ContainsAny(pattern, "*?[")
	if wild {
		found, err := p.src.Glob(pattern)
		if err != nil {
			p.problems.Add(r.at(1), false, "cannot look for %s: %v", pattern, err)
		}
		list = slices.DeleteFunc(found, func(f string) bool {
			return strings.HasPrefix(filepath.Base(f), ".") && strings.HasPrefix(filepath.Base(pattern), "*")
		})
	}
	for _, f := range list {
		data, err := p.src.ReadFile(f)
		switch {
		case err != nil && !wild && missing(err):
			p.problems.Fatal(r.at(1), "File to import not found: %s", r.arg(1))
		case err != nil:
			p.problems.Add(r.at(1), false, "cannot read %s: %v", f, err)
		default:
			more := p.lex(f, data)
			if len(more) > 0 {
				more[0].first = true
			}
			words = append(words, more...)
		}
	}
	return words
}

// argument is what stands in an imported text for an argument of the import.
var argument = pattern.New(`\{args(?:\.(\d+)|\[(\d+)\])\}`)

// substituted is a word of an imported text: arguments and blocks stand for
// themselves (doImport in parse.go).
func substituted(w word, args []string, block []word) []word {
	if w.text == "{block}" {
		return slices.Clone(block)
	}
	if rest, ok := strings.CutPrefix(w.text, "{args["); ok && strings.HasSuffix(rest, "]}") && strings.Contains(rest, ":") {
		from, to, _ := strings.Cut(strings.TrimSuffix(rest, "]}"), ":")
		a, b := 0, len(args)
		if n, err := strconv.Atoi(from); err == nil {
			a = n
		}
		if n, err := strconv.Atoi(to); err == nil {
			b = n
		}
		if a < 0 || b > len(args) || a > b {
			return []word{w}
		}
		var out []word
		for i, text := range args[a:b] {
			n := w
			n.text, n.first = text, w.first && i == 0
			out = append(out, n)
		}
		return out
	}
	if strings.Contains(w.text, "{args") {
		w.text = argument().ReplaceAllStringFunc(w.text, func(m string) string {
			parts := argument().FindStringSubmatch(m)
			if i, err := strconv.Atoi(parts[1] + parts[2]); err == nil && i < len(args) {
				return args[i]
			}
			return m
		})
	}
	return []word{w}
}
