package phpfpm

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Bounds of what is read: configurations are written by strangers.
const (
	maxFiles = 512
	maxDepth = 10 // include in include, as fpm_conf.c
	maxLines = 100_000
)

// Config reads php-fpm.conf and the files that it includes: an INI file with a
// [global] section and one section per pool. A pool becomes a topo.Pool whose
// only endpoint is the address that it listens on.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	r := &reader{src: src, prefix: l.Prefix, inst: &topo.Instance{Product: "php-fpm", Version: l.Version, Config: l.Config}}
	r.file(l.Config, topo.Place{}, 0)
	r.finish()
	return &dialect.Conf{Instance: *r.inst}
}

type reader struct {
	src     dialect.Source
	prefix  string
	inst    *topo.Instance
	section string // the section that is open; an include goes on in it
	lines   int
}

func (r *reader) problem(p topo.Place, fatal bool, format string, args ...any) {
	r.inst.Problems = append(r.inst.Problems, topo.Problem{Place: p, Text: fmt.Sprintf(format, args...), Fatal: fatal})
}

// file reads one file into the instance.
func (r *reader) file(path string, from topo.Place, depth int) {
	if depth > maxDepth || len(r.inst.Files) >= maxFiles {
		r.problem(from, true, "cannot include %q: too many files or too deep", path)
		return
	}
	text, err := r.src.ReadFile(path)
	if err != nil {
		r.problem(from, depth == 0, "cannot read %q: %v", path, err)
		return
	}
	r.inst.Files = append(r.inst.Files, path)
	for start, n := 0, 1; start < len(text); n++ {
		end := start
		for end < len(text) && text[end] != '\n' {
			end++
		}
		if r.lines++; r.lines > maxLines {
			r.problem(topo.Place{File: path, Line: n}, false, "the configuration is too long: the rest is not read")
			return
		}
		r.line(string(text[start:end]), topo.Place{File: path, Line: n, Start: start}, depth)
		start = end + 1
	}
}

// line reads one line. at is its beginning.
func (r *reader) line(s string, at topo.Place, depth int) {
	text := strings.TrimSpace(s)
	lead := strings.Index(s, text)
	switch {
	case text == "" || text[0] == ';' || text[0] == '#':
		return
	case text[0] == '[':
		name, _, ok := strings.Cut(text[1:], "]")
		place := span(at, lead, len(text))
		if !ok {
			r.problem(place, true, "a section without its closing bracket")
			return
		}
		r.open(strings.TrimSpace(name), place)
		return
	}
	key, value, ok := strings.Cut(s, "=")
	name := strings.TrimSpace(key)
	if !ok {
		r.problem(span(at, lead, len(text)), true, "%q has no value", name)
		return
	}
	words := unquote(value)
	from := len(key) + 1 + strings.Index(value, strings.TrimSpace(value))
	place := span(at, from, len(strings.TrimSpace(value)))
	if name == "include" {
		r.include(words, place, depth)
		return
	}
	r.set(name, words, place)
}

// span is the place of n bytes from offset on in the line that begins at line.
func span(line topo.Place, offset, n int) topo.Place {
	line.Column = offset + 1
	line.Start += offset
	line.End = line.Start + n
	return line
}

// unquote takes the quotes and the comment off a value.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		if i := strings.IndexByte(s[1:], s[0]); i >= 0 {
			return s[1 : 1+i]
		}
	}
	if i := strings.Index(s, ";"); i >= 0 {
		s = strings.TrimSpace(s[:i])
	}
	return s
}

func (r *reader) include(pattern string, place topo.Place, depth int) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(r.prefix, pattern)
	}
	paths, err := r.src.Glob(pattern)
	if err != nil || len(paths) == 0 && !strings.ContainsAny(pattern, "*?[") {
		r.problem(place, true, "cannot include %q: no such file", pattern)
		return
	}
	for _, p := range paths {
		r.file(p, place, depth+1)
	}
}

// open begins a section. A name that came before is continued.
func (r *reader) open(name string, place topo.Place) {
	r.section = name
	if name == "global" || r.pool() != nil {
		return
	}
	r.inst.Pools = append(r.inst.Pools, topo.Pool{Name: name, Place: place, Settings: topo.Settings{}})
}

func (r *reader) pool() *topo.Pool {
	for i := range r.inst.Pools {
		if r.inst.Pools[i].Name == r.section {
			return &r.inst.Pools[i]
		}
	}
	return nil
}

// set takes one directive in.
func (r *reader) set(name, value string, place topo.Place) {
	if r.section == "" || r.section == "global" {
		r.global(name, value, place)
		return
	}
	p := r.pool()
	if p == nil {
		return
	}
	value = strings.ReplaceAll(value, "$pool", p.Name)
	switch name {
	case "listen":
		e, ok := address(value)
		if !ok {
			r.problem(place, true, "cannot read the address %q of pool %s", value, p.Name)
			return
		}
		e.Place = place
		p.Endpoints = []topo.Endpoint{e}
	case "pm":
		p.Method = value
	case "slowlog":
		r.inst.Logs = append(r.inst.Logs, topo.Log{Kind: "app", Path: r.path(value), FormatName: "slow", Place: place})
	case "php_admin_value[error_log]", "php_value[error_log]":
		r.inst.Logs = append(r.inst.Logs, topo.Log{Kind: "app", Path: r.path(value), FormatName: "php", Place: place})
	default:
		if k, ok := knobs[name]; ok {
			p.Settings[k] = setting(k, name, value, place)
		}
	}
}

func (r *reader) global(name, value string, place topo.Place) {
	switch name {
	case "pid":
		r.inst.PIDFile = r.path(value)
	case "error_log":
		if value != "syslog" {
			value = r.path(value)
		}
		r.inst.Logs = append(r.inst.Logs, topo.Log{Kind: "app", Path: value, Place: place})
	}
}

// path is a value as the manager reads it: relative to the prefix of the build.
func (r *reader) path(value string) string {
	if filepath.IsAbs(value) || r.prefix == "" {
		return value
	}
	return filepath.Join(r.prefix, value)
}

// knobs are the directives of a pool that somebody may have to turn.
var knobs = map[string]vocab.Knob{
	"pm.max_children":           vocab.WorkerProcesses,
	"request_terminate_timeout": vocab.WorkerTimeout,
	"listen.backlog":            vocab.ListenBacklog,
	"pm.status_path":            vocab.StatusPath,
	"user":                      vocab.WorkerUser,
	"rlimit_files":              vocab.WorkerFiles,
}

func setting(k vocab.Knob, name, value string, place topo.Place) topo.Setting {
	insert := place
	insert.End = insert.Start
	s := topo.Setting{Knob: k, Directive: name, Value: value, Place: place, Insert: insert}
	if k == vocab.WorkerTimeout {
		s.Number = seconds(value)
	} else if n, err := strconv.Atoi(value); err == nil {
		s.Number = float64(n)
	}
	return s
}

// seconds reads "30", "30s", "2m", "1h", "1d" (fpm_conf_set_time).
func seconds(s string) float64 {
	unit := 1
	if n := len(s); n > 0 {
		switch s[n-1] {
		case 's':
			s = s[:n-1]
		case 'm':
			s, unit = s[:n-1], 60
		case 'h':
			s, unit = s[:n-1], 3600
		case 'd':
			s, unit = s[:n-1], 86400
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return float64(n * unit)
}

// address reads a listen directive: a path, "9000", "127.0.0.1:9000", "[::]:9000".
func address(s string) (topo.Endpoint, bool) {
	if strings.HasPrefix(s, "/") {
		return topo.Endpoint{Network: "unix", Path: s}, true
	}
	host, port := "*", s
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, port = strings.Trim(s[:i], "[]"), s[i+1:]
	}
	n, err := strconv.Atoi(port)
	if err != nil || n <= 0 || n > 65535 || host == "" {
		return topo.Endpoint{}, false
	}
	if host == "*" {
		host = "::" // fpm_sockets.c listens on both families
	}
	return topo.Endpoint{Network: "tcp", Host: host, Port: n}, true
}

// finish fills what follows from the rest.
func (r *reader) finish() {
	for _, p := range r.inst.Pools {
		if len(p.Endpoints) == 0 {
			r.problem(p.Place, true, "pool %s has no listen directive", p.Name)
			continue
		}
		e := p.Endpoints[0]
		l := topo.Listener{Network: e.Network, Address: e.String(), Place: e.Place}
		if e.Network == "unix" {
			l.Address = e.Path
		}
		r.inst.Listeners = append(r.inst.Listeners, l)
	}
	if len(r.inst.Pools) == 0 && len(r.inst.Files) > 0 {
		r.problem(topo.Place{File: r.inst.Config}, true, "no pool is defined")
	}
}
