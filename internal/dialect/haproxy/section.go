package haproxy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// section is a part of the configuration that a keyword at the beginning of a
// line opens.
type section struct {
	kind string // "global", "defaults", "frontend", …
	name string
	from string // of proxies and defaults: the defaults that are named
	head *row
	rows []*row
	base *section // the defaults in force
	last *row     // the last line that belongs to it, its head included
}

// sections are the keywords that open one.
var sections = []string{
	"global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "userlist", "mailers", "cache", "program", "ring",
	"log-forward", "http-errors", "fcgi-app", "crt-store", "traces", "log-profile", "acme",
}

// all returns the rows that count for the section, those of its defaults first.
func (s *section) all() []*row {
	if s.base == nil {
		return s.rows
	}
	return append(slices.Clone(s.base.all()), s.rows...)
}

// insert is an empty range at the end of the section, where a line would go.
func (s *section) insert() topo.Place {
	p := s.last.place()
	end := s.last.start + len(s.last.text)
	return topo.Place{File: p.File, Line: p.Line + 1, Column: 1, Start: end, End: end}
}

// find returns the last row of the section or its defaults whose first words are
// those given.
func (s *section) find(words ...string) *row {
	rows := s.all()
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].begins(words...) {
			return rows[i]
		}
	}
	return nil
}

func (r *row) begins(words ...string) bool {
	if len(r.words) < len(words) {
		return false
	}
	for i, w := range words {
		if r.words[i].Text != w {
			return false
		}
	}
	return true
}

// option reports whether a switch is on; the last word counts.
func (s *section) option(name string) (on bool, at *row) {
	for _, r := range s.all() {
		switch {
		case r.begins("option", name):
			on, at = true, r
		case r.begins("no", "option", name), r.begins("default", "option", name):
			on, at = false, r
		}
	}
	return on, at
}

const maxFiles = 256

// file is one file of the configuration.
type file struct {
	path string
	data []byte
}

// load reads the files that a launch names, in HAProxy's order: a directory
// stands for its files that end in ".cfg", sorted (cfgfiles_expand_directories).
func load(src dialect.Source, l dialect.Launch) (files []file, problems []topo.Problem) {
	for _, path := range append([]string{l.Config}, l.More...) {
		list := []string{path}
		if !strings.ContainsAny(path, `*?[\`) {
			if inside, err := src.Glob(strings.TrimSuffix(path, "/") + "/*.cfg"); err == nil && len(inside) > 0 {
				list = inside
			}
		}
		for _, p := range list {
			if len(files) == maxFiles {
				return files, problems
			}
			data, err := src.ReadFile(p)
			if err != nil {
				problems = append(problems, topo.Problem{Place: topo.Place{File: p}, Text: fmt.Sprintf("cannot read the configuration: %v", err)})
				continue
			}
			files = append(files, file{p, data})
		}
	}
	return files, problems
}

// parser turns files into sections.
type parser struct {
	c    *config
	cur  *section
	env  map[string]string
	skip []bool // per open .if: its lines are passed over
	done []bool // per open .if: a branch was taken
}

func (p *parser) variable(name string) (string, bool) {
	v, ok := p.env[name]
	if !ok && name != "" && !strings.HasPrefix(name, "HAPROXY_") {
		p.c.unknown[name] = true
	}
	return v, ok
}

func (p *parser) file(f file) {
	p.cur = nil // a section ends with its file
	problems := lex(f.path, f.data, p.variable, func(r *row) {
		if !p.conditional(r) && !slices.Contains(p.skip, true) {
			p.row(r)
		}
	})
	p.c.problems = append(p.c.problems, problems...)
}

func (p *parser) row(r *row) {
	key := r.arg(0)
	if slices.Contains(sections, key) {
		p.open(r)
		return
	}
	if p.cur == nil {
		p.c.problems.Fatal(r.at(0), "unknown keyword '%s' out of section", key)
		p.cur = &section{kind: "?", head: r, last: r}
		return
	}
	if p.cur.kind == "global" {
		switch key {
		case "setenv", "presetenv":
			if _, have := p.env[r.arg(1)]; !have || key == "setenv" {
				p.env[r.arg(1)] = r.arg(2)
			}
		case "unsetenv":
			delete(p.env, r.arg(1))
		}
	}
	p.cur.rows = append(p.cur.rows, r)
	p.cur.last = r
}

func (p *parser) open(r *row) {
	s := &section{kind: r.arg(0), head: r, last: r}
	if s.kind != "global" {
		s.name = r.arg(1)
	}
	if s.kind == "defaults" && s.name == "from" {
		s.name = ""
	}
	for i := 1; i+1 < len(r.words); i++ {
		if r.arg(i) == "from" {
			s.from = r.arg(i + 1)
		}
	}
	switch s.kind {
	case "frontend", "backend", "listen":
		if s.name == "" {
			p.c.problems.Fatal(r.at(0), "'%s' expects a name", s.kind)
		}
		fallthrough
	case "defaults":
		s.base = p.c.defaults(s)
	}
	p.c.sections = append(p.c.sections, s)
	p.cur = s
}

// defaults returns the defaults in force for a section that begins here: those
// it names, or the last ones; a new defaults section begins afresh.
func (c *config) defaults(s *section) *section {
	for i := len(c.sections) - 1; i >= 0; i-- {
		d := c.sections[i]
		if d.kind != "defaults" {
			continue
		}
		if s.from != "" && d.name == s.from || s.from == "" && s.kind != "defaults" {
			return d
		}
	}
	if s.from != "" {
		c.problems.Fatal(s.head.place(), "defaults section '%s' not found", s.from)
	}
	return nil
}

// conditional reads .if and its kin. What depends on the program or on its
// environment is not known: then the lines are passed over, which is told.
func (p *parser) conditional(r *row) bool {
	key := r.arg(0)
	if !strings.HasPrefix(key, ".") {
		return false
	}
	n := len(p.skip) - 1
	switch key {
	case ".if":
		take := p.holds(r)
		p.skip, p.done = append(p.skip, !take), append(p.done, take)
	case ".elif":
		if n >= 0 {
			take := !p.done[n] && p.holds(r)
			p.skip[n], p.done[n] = !take, p.done[n] || take
		}
	case ".else":
		if n >= 0 {
			p.skip[n] = p.done[n]
		}
	case ".endif":
		if n >= 0 {
			p.skip, p.done = p.skip[:n], p.done[:n]
		}
	}
	return true
}

func (p *parser) holds(r *row) bool {
	switch strings.TrimSpace(strings.Join(r.args(1), " ")) {
	case "1", "true":
		return true
	case "", "0", "false":
		return false
	}
	p.c.problems.Warn(r.place(), "the lines up to .endif are passed over: whether %q holds is known only to the running program", r.written())
	return false
}
