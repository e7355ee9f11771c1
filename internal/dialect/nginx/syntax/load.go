package syntax

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// Limits of one configuration with all that it includes.
const (
	MaxFiles = 20000    // inclusions, repeated ones counted
	MaxBytes = 64 << 20 // bytes of all files
	maxChain = 50       // includes within includes
)

// Source reads files. It is the part of dialect.Source that loading needs.
type Source interface {
	ReadFile(path string) ([]byte, error)
	Glob(pattern string) ([]string, error)
}

// Config is a configuration with every file that it includes.
type Config struct {
	Main     *File
	Globals  *File // directives of the command line, before those of Main; nil where there are none
	Files    []*File
	Problems []topo.Problem
	Missing  bool // the main file could not be read
}

// Load reads the configuration at path and what it includes. Relative names
// refer to the directory of path, as in ngx_conf_include. What cannot be read is
// a problem; the rest goes on.
func Load(src Source, path string) *Config {
	l := &loader{src: src, dir: filepath.Dir(path), c: &Config{}, files: map[string]*File{}}
	f, err := l.file(path)
	if err != nil {
		l.c.Missing = true
		l.problem(topo.Place{File: path, Line: 1, Column: 1}, missing(err), fmt.Sprintf("cannot read the configuration %s: %v", path, err))
		f = &File{Path: path}
	}
	l.c.Main = f
	l.walk(f.Root, []string{path})
	return l.c
}

type loader struct {
	src   Source
	dir   string
	c     *Config
	files map[string]*File
	bytes int
	count int
	full  bool // a limit was reached and told
}

func (l *loader) problem(at topo.Place, fatal bool, text string) {
	l.c.Problems = append(l.c.Problems, topo.Problem{Place: at, Text: text, Fatal: fatal})
}

// missing reports whether an error says that there is no such file for anybody:
// then nginx cannot open it either.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// file reads a file once.
func (l *loader) file(path string) (*File, error) {
	if f, ok := l.files[path]; ok {
		return f, nil
	}
	data, err := l.src.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l.bytes += len(data)
	f := Parse(path, data)
	l.files[path] = f
	l.c.Files = append(l.c.Files, f)
	l.c.Problems = append(l.c.Problems, f.Problems...)
	return f, nil
}

// walk loads what the includes in list name. chain holds the files that lead
// here.
func (l *loader) walk(list []*Directive, chain []string) {
	for _, d := range list {
		if d.Brace {
			l.walk(d.Block, chain)
			continue
		}
		if d.Name() == "include" && len(d.Words) == 2 && d.Loads == nil {
			l.include(d, chain)
		}
	}
}

func (l *loader) include(d *Directive, chain []string) {
	pattern := d.Arg(1)
	if !strings.HasPrefix(pattern, "/") {
		pattern = strings.TrimSuffix(l.dir, "/") + "/" + pattern
	}
	paths := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		found, err := l.src.Glob(pattern)
		if err != nil {
			l.problem(d.Place(), false, fmt.Sprintf("cannot list %s: %v", pattern, err))
			return
		}
		paths = found
	}
	d.Loads = []*File{}
	for _, path := range paths {
		if l.full {
			return
		}
		l.load(d, path, chain)
	}
}

func (l *loader) load(d *Directive, path string, chain []string) {
	for _, c := range chain {
		if c == path {
			l.problem(d.Place(), true, fmt.Sprintf("%s includes itself: nginx opens it again until it has no more file descriptors", path))
			return
		}
	}
	if l.count++; l.count > MaxFiles || l.bytes > MaxBytes || len(chain) > maxChain {
		l.full = true
		l.problem(d.Place(), false, fmt.Sprintf("the configuration includes more than %d files, %d bytes or %d files within each other: the rest is not read", MaxFiles, MaxBytes, maxChain))
		return
	}
	f, err := l.file(path)
	if err != nil {
		l.problem(d.Place(), missing(err), fmt.Sprintf("cannot read the included %s: %v", path, err))
		return
	}
	d.Loads = append(d.Loads, f)
	l.walk(f.Root, append(chain[:len(chain):len(chain)], path))
}
