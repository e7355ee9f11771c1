package squid

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// row is one directive (src/cache_cf.cc, parseOneConfigFile).
type row struct {
	words []string
	at    []topo.Place // of each word
	text  string
}

func (r *row) arg(i int) string {
	if i < len(r.words) {
		return r.words[i]
	}
	return ""
}

func (r *row) place() topo.Place {
	p := r.at[0]
	p.End = r.at[len(r.at)-1].End
	return p
}

// option returns what stands behind "name=" among the words from i on.
func (r *row) option(i int, name string) (value string, at topo.Place, ok bool) {
	for ; i < len(r.words); i++ {
		if v, found := strings.CutPrefix(r.words[i], name+"="); found {
			return v, r.at[i], true
		}
	}
	return "", topo.Place{}, false
}

func (r *row) has(i int, word string) bool {
	return i < len(r.words) && slices.Contains(r.words[i:], word)
}

const (
	maxFiles = 100
	maxRows  = 100_000
	maxDepth = 16
)

// read reads a file with those that it includes.
func (c *config) read(src dialect.Source, path string, from topo.Place, depth int) {
	if depth > maxDepth || len(c.files) >= maxFiles {
		c.problems.Add(from, true, "can't open %s: includes are nested too deeply", path)
		return
	}
	data, err := src.ReadFile(path)
	if err != nil {
		c.problems.Add(from, true, "unable to open configuration file: %s", path)
		return
	}
	c.files = append(c.files, path)
	number, offset := 0, 0
	var pending row
	for text := range strings.Lines(string(data)) {
		number++
		start := offset
		offset += len(text)
		text = strings.TrimRight(text, "\r\n")
		more := strings.HasSuffix(text, "\\")
		split(strings.TrimSuffix(text, "\\"), topo.Place{File: path, Line: number, Start: start}, &pending)
		if more {
			continue
		}
		r := pending
		pending = row{}
		if len(r.words) == 0 || len(c.rows) >= maxRows {
			continue
		}
		if r.words[0] == "include" {
			c.include(src, &r, depth)
			continue
		}
		c.rows = append(c.rows, &r)
	}
}

func (c *config) include(src dialect.Source, r *row, depth int) {
	for i, pattern := range r.words[1:] {
		found, err := src.Glob(pattern)
		if err != nil || len(found) == 0 && !strings.ContainsAny(pattern, "*?[") {
			found = []string{pattern}
		}
		for _, f := range found {
			c.read(src, f, r.at[i+1], depth+1)
		}
	}
}

// split adds the words of a line to r. A comment begins with a "#" that begins a
// word; quotes join what stands between them.
func split(text string, at topo.Place, r *row) {
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		if text[i] == '#' {
			return
		}
		j, quote := i, byte(0)
		var word strings.Builder
		for ; j < len(text) && (quote != 0 || text[j] != ' ' && text[j] != '\t'); j++ {
			switch {
			case quote == 0 && j == i && text[j] == '"', quote != 0 && text[j] == quote:
				quote ^= text[j]
			default:
				word.WriteByte(text[j])
			}
		}
		p := at
		p.Column, p.Start, p.End = i+1, at.Start+i, at.Start+j
		r.words, r.at = append(r.words, word.String()), append(r.at, p)
		i = j
	}
	if r.text == "" {
		r.text = strings.TrimSpace(text)
	}
}

// span reads "15 minutes": a number and a unit, seconds where there is none.
func span(words []string) (float64, bool) {
	if len(words) == 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		return 0, false
	}
	if len(words) == 1 {
		return n, true
	}
	for unit, by := range map[string]float64{"millisecond": 1e-3, "second": 1, "minute": 60, "hour": 3600, "day": 86400} {
		if strings.HasPrefix(words[1], unit) {
			return n * by, true
		}
	}
	return n, true
}

// size reads "64 KB".
func size(words []string) (float64, bool) {
	if len(words) == 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(words[0], 64)
	if err != nil || len(words) == 1 {
		return n, err == nil
	}
	switch strings.ToUpper(words[1]) {
	case "KB":
		n *= 1 << 10
	case "MB":
		n *= 1 << 20
	case "GB":
		n *= 1 << 30
	}
	return n, true
}
