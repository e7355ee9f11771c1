package goodgate

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// listed is a server of a servers_file.
type listed struct {
	url   string
	place topo.Place
}

// lists reads the servers_file of each upstream, as the gateway does: one server per
// line, what follows a # is a remark.
func (c *conf) lists(src dialect.Source) {
	for name, u := range c.Upstreams {
		if u.File == "" {
			continue
		}
		path := c.absolute(u.File)
		b, err := src.ReadFile(path)
		if err != nil {
			c.problems = append(c.problems, topo.Problem{Place: c.place(pathOf(name) + ".servers_file"), Text: "cannot read the list of servers: " + err.Error()})
			continue
		}
		c.files = append(c.files, path)
		u.listed = readList(path, string(b))
		c.Upstreams[name] = u
	}
}

func readList(path, text string) (list []listed) {
	at, n := 0, 0
	for line := range strings.Lines(text) {
		n++
		words, _, _ := strings.Cut(line, "#")
		if url := strings.TrimSpace(words); url != "" {
			start := at + strings.Index(line, url)
			list = append(list, listed{url, topo.Place{File: path, Line: n, Column: start - at + 1, Start: start, End: start + len(url)}})
		}
		at += len(line)
	}
	return list
}

// isService reports whether a server is a name of SRV records: which addresses they
// have is known to the running gateway alone.
func isService(url string) bool {
	_, rest, found := strings.Cut(url, "://")
	if !found {
		rest = url
	}
	return strings.HasPrefix(rest, "srv:")
}
