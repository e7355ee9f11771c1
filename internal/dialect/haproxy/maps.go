package haproxy

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
)

// mapFile is a map that was read: pairs in the order of the file.
type mapFile struct{ pairs [][2]string }

// loadMaps reads the files that maps and ACLs name, so that following a request
// reads nothing.
func (c *config) loadMaps() {
	for _, x := range c.proxies {
		for _, r := range x.all() {
			for i, w := range r.words {
				if w.Text == "-f" {
					c.loadMap(r.arg(i + 1))
				}
				for rest := w.Text; ; {
					_, after, ok := strings.Cut(rest, "map")
					if !ok {
						break
					}
					rest = after
					_, name, ok := strings.Cut(after, "(")
					if end := strings.IndexAny(name, ",)"); ok && end > 0 {
						c.loadMap(name[:end])
					}
				}
			}
		}
	}
}

const maxMaps = 64

func (c *config) loadMap(path string) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "opt@"), "file@")
	if _, ok := c.maps[path]; ok || path == "" || len(c.maps) == maxMaps {
		return
	}
	var m *mapFile
	if data, err := c.src.ReadFile(c.absolute(path, "default-path")); err == nil {
		m = &mapFile{}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() && len(m.pairs) < 100_000 {
			text := strings.TrimSpace(lines.Text())
			if text == "" || text[0] == '#' {
				continue
			}
			i := strings.IndexAny(text, " \t")
			if i < 0 {
				i = len(text)
			}
			m.pairs = append(m.pairs, [2]string{text[:i], strings.TrimSpace(text[i:])})
		}
	}
	c.maps[path] = m
}

// mapOf returns a map that was read, nil where it could not be.
func (c *config) mapOf(path string) *mapFile {
	return c.maps[strings.TrimPrefix(strings.TrimPrefix(path, "opt@"), "file@")]
}

// list returns the patterns of a file that an ACL names.
func (c *config) list(path string) ([]string, bool) {
	m := c.mapOf(path)
	if m == nil {
		return nil, false
	}
	var out []string
	for _, p := range m.pairs {
		out = append(out, strings.TrimSpace(p[0]+" "+p[1]))
	}
	return out, true
}

func (m *mapFile) look(value, method string) (string, bool) {
	method, _, _ = strings.Cut(method, "_")
	best := -1
	for i, p := range m.pairs {
		if matches(value, method, p[0], false) != truth.Yes {
			continue
		}
		// The longest prefix counts, else the first (pattern.c).
		if best < 0 || method == "beg" && len(p[0]) > len(m.pairs[best][0]) {
			best = i
		}
	}
	if best < 0 {
		return "", false
	}
	return m.pairs[best][1], true
}
