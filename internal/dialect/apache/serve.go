package apache

import (
	"path"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// redirect is a Redirect or RedirectMatch.
type redirect struct {
	n      *node
	from   string
	regex  bool
	status int
	to     string
}

// redirectOf reads "Redirect [status] [path] [URL]" (mod_alias).
func redirectOf(n *node, inside bool) (redirect, bool) {
	d := redirect{n: n, status: 302, regex: n.name == "redirectmatch"}
	words := n.args
	switch n.name {
	case "redirectpermanent":
		d.status = 301
	case "redirecttemp":
	default:
		if len(words) == 0 {
			return d, false
		}
		status, known := map[string]int{"permanent": 301, "temp": 302, "seeother": 303, "gone": 410}[strings.ToLower(words[0])]
		if !known {
			status, _ = strconv.Atoi(words[0])
		}
		if status != 0 {
			d.status, words = status, words[1:]
		}
	}
	moves := d.status >= 300 && d.status < 400
	switch {
	case len(words) == 2 && moves:
		d.from, d.to = words[0], words[1]
	case len(words) == 1 && moves && inside:
		d.to = words[0]
	case len(words) == 1 && !moves:
		d.from = words[0]
	case len(words) == 0 && !moves && inside:
	default:
		return d, false
	}
	return d, true
}

func redirectsOf(s *node, inside bool) []redirect {
	var out []redirect
	for _, n := range s.all("redirect", "redirectmatch", "redirectpermanent", "redirecttemp") {
		if d, ok := redirectOf(n, inside); ok {
			out = append(out, d)
		}
	}
	return out
}

// serverRedirects are those outside of sections.
func (r *run) serverRedirects() []redirect {
	out := redirectsOf(r.h.n, false)
	if !r.h.main {
		out = append(out, redirectsOf(r.c.top, false)...)
	}
	return out
}

// redirects answers with the first redirect that fits; nil stands for those of
// the sections that hold.
func (r *run) redirects(list []redirect) bool {
	if list == nil {
		for i := len(r.secs) - 1; i >= 0 && len(list) == 0; i-- {
			if r.secs[i] != r.c.top && r.secs[i] != r.h.n {
				list = redirectsOf(r.secs[i], true)
			}
		}
	}
	for _, d := range list {
		fits := d.from == ""
		if d.regex {
			fits = r.find(d.n, d.from, r.uri, false) != nil
		} else if d.from != "" {
			fits = aliasMatch(r.uri, d.from) >= 0
		}
		if fits {
			r.step(d.n.step())
			r.end(topo.Answers, d.status)
			return true
		}
	}
	return false
}

// mapToFile finds the file that the path stands for: by Alias, else below
// DocumentRoot.
func (r *run) mapToFile() {
	for _, s := range []*node{r.h.n, r.c.top} {
		for _, n := range s.all("alias", "scriptalias", "aliasmatch", "scriptaliasmatch") {
			if len(n.args) < 2 {
				continue
			}
			if strings.HasSuffix(n.name, "match") {
				if groups := r.find(n, n.arg(0), r.uri, false); groups != nil {
					r.step(n.step())
					r.file = r.c.serverPath(substitute(n.arg(1), groups))
					return
				}
				continue
			}
			if at := aliasMatch(r.uri, n.arg(0)); at >= 0 {
				r.step(n.step())
				r.file = r.c.serverPath(n.arg(1) + r.uri[at:])
				return
			}
		}
	}
	root := path.Join(r.c.root, "htdocs")
	if n := r.h.value("documentroot"); n != nil {
		root = r.c.serverPath(n.arg(0))
		r.step(n.step())
	}
	r.file = strings.TrimSuffix(root, "/") + r.uri
}

// serve leads a request for a file to its handler.
func (r *run) serve() {
	if r.depth++; r.depth > 10 {
		r.end(topo.Answers, 500) // LimitInternalRecursion
		return
	}
	r.secs = r.sections("")
	if r.denied() || r.redirects(nil) {
		return
	}
	if r.rewrites(r.dirRules()) || r.done {
		return
	}
	handler, in := r.value("sethandler")
	if handler == nil || strings.EqualFold(handler.arg(0), "none") {
		r.withoutHandler()
		return
	}
	if in != r.c.top && in != r.h.n {
		r.step(in.step())
	}
	r.step(handler.step())
	to, ok := strings.CutPrefix(handler.arg(0), "proxy:")
	if !ok {
		r.end(topo.Answers, 200) // server-status and the like
		return
	}
	if strings.HasSuffix(r.file, "/") && r.index() {
		return
	}
	r.forwardTo(to+r.file, handler, to)
}

// withoutHandler serves the file, or what stands for a folder or for nothing.
func (r *run) withoutHandler() {
	if strings.HasSuffix(r.file, "/") && r.index() {
		return
	}
	if n, _ := r.value("fallbackresource"); n != nil && !strings.EqualFold(n.arg(0), "disabled") && n.arg(0) != r.uri && !dialect.Exists(r.c.src, strings.TrimSuffix(r.file, "/")) {
		r.step(n.step())
		r.uri = cleanPath(n.arg(0))
		r.mapToFile()
		r.serve()
		return
	}
	r.end(topo.Serves, 0)
}

// index looks for a DirectoryIndex that is there, and goes on with it.
func (r *run) index() bool {
	n, _ := r.value("directoryindex")
	names := []string{"index.html"}
	if n != nil {
		names = n.args
	}
	for _, name := range names {
		if strings.EqualFold(name, "disabled") || !dialect.Exists(r.c.src, path.Join(r.file, name)) {
			continue
		}
		r.uri = path.Join(r.uri, name)
		r.file = path.Join(r.file, name)
		r.serve()
		return true
	}
	return false
}
