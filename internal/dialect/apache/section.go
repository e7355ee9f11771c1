package apache

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// sections returns the sections that hold for the request, in the order in which
// they are merged: the servers, <Directory> or <Proxy>, <Files>, <Location>
// (server/request.c). target is the URL that the request is forwarded to; "" for
// one that is for a file.
func (r *run) sections(target string) []*node {
	out := []*node{r.c.top}
	servers := []*node{r.c.top}
	if !r.h.main {
		out, servers = append(out, r.h.n), append(servers, r.h.n)
	}
	r.proxies = nil
	switch {
	case target != "":
		for _, s := range servers {
			for _, n := range s.all("<proxy", "<proxymatch") {
				if r.proxyFits(n, target) {
					r.proxies = append([]*node{n}, r.proxies...)
					out = append(out, n)
				}
			}
		}
	case r.file != "":
		out = append(out, r.directories(servers)...)
	}
	for _, s := range servers {
		for _, n := range s.all("<location", "<locationmatch") {
			if r.locationFits(n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// proxyFits reports whether <Proxy URL> holds for a target (proxy_walk): a
// prefix, a wildcard or a pattern.
func (r *run) proxyFits(n *node, target string) bool {
	pattern := n.arg(0)
	switch {
	case n.name == "<proxymatch":
		return r.find(n, pattern, target, false) != nil
	case pattern == "~":
		return r.find(n, n.arg(1), target, false) != nil
	case strings.ContainsAny(pattern, "*?["):
		ok, _ := path.Match(pattern, target)
		return ok || pattern == "*" || strings.HasSuffix(pattern, "*") && strings.HasPrefix(target, strings.TrimSuffix(pattern, "*"))
	}
	if t, ok := parseTarget(pattern); ok {
		if u, ok := parseTarget(target); ok {
			return strings.HasPrefix(u.key(), t.key())
		}
	}
	return strings.HasPrefix(target, pattern)
}

// locationFits reports whether <Location> holds for the path (ap_location_walk).
func (r *run) locationFits(n *node) bool {
	pattern := n.arg(0)
	if n.name == "<locationmatch" || pattern == "~" {
		if pattern == "~" {
			pattern = n.arg(1)
		}
		groups := r.find(n, pattern, r.uri, false)
		return groups != nil
	}
	if strings.ContainsAny(pattern, "*?[") {
		ok, _ := path.Match(pattern, strings.TrimSuffix(r.uri, "/"))
		return ok
	}
	return covers(pattern, r.uri)
}

// covers reports whether a path lies at or below another.
func covers(above, p string) bool {
	if above == "/" || above == p {
		return true
	}
	return strings.HasPrefix(p, above) && (strings.HasSuffix(above, "/") || p[len(above)] == '/')
}

// directories are the <Directory> sections that hold for the file, the shortest
// first, then those with patterns, and the <Files> sections within and beside
// them.
func (r *run) directories(servers []*node) []*node {
	dir := path.Dir(r.file)
	if strings.HasSuffix(r.file, "/") {
		dir = strings.TrimSuffix(r.file, "/")
	}
	var plain, patterns, files []*node
	for _, s := range servers {
		for _, n := range s.all("<directory", "<directorymatch") {
			pattern := strings.TrimSuffix(n.arg(0), "/")
			switch {
			case n.name == "<directorymatch" || n.arg(0) == "~":
				if n.arg(0) == "~" {
					pattern = n.arg(1)
				}
				if r.find(n, pattern, dir+"/", false) != nil {
					patterns = append(patterns, n)
				}
			case strings.ContainsAny(pattern, "*?["):
				for d := dir; ; d = path.Dir(d) {
					if ok, _ := path.Match(pattern, d); ok {
						plain = append(plain, n)
						break
					}
					if d == "/" || d == "." {
						break
					}
				}
			case pattern == "" || covers(pattern, dir):
				plain = append(plain, n)
			}
		}
	}
	slices.SortStableFunc(plain, func(a, b *node) int {
		return cmp.Compare(strings.Count(strings.TrimSuffix(a.arg(0), "/"), "/"), strings.Count(strings.TrimSuffix(b.arg(0), "/"), "/"))
	})
	all := append(plain, patterns...)
	for _, s := range append(slices.Clone(all), servers...) {
		for _, n := range s.all("<files", "<filesmatch") {
			if r.fileFits(n) {
				files = append(files, n)
			}
		}
	}
	return append(all, files...)
}

func (r *run) fileFits(n *node) bool {
	name, pattern := path.Base(r.file), n.arg(0)
	switch {
	case strings.HasSuffix(r.file, "/"):
		return false
	case n.name == "<filesmatch":
		return r.find(n, pattern, name, false) != nil
	case pattern == "~":
		return r.find(n, n.arg(1), name, false) != nil
	}
	ok, _ := path.Match(pattern, name)
	return ok
}

// value returns the directive that is in force for the request, and the section
// that it stands in.
func (r *run) value(names ...string) (n, in *node) {
	for i := len(r.secs) - 1; i >= 0; i-- {
		for j := len(r.secs[i].sub) - 1; j >= 0; j-- {
			if s := r.secs[i].sub[j]; slices.Contains(names, s.name) {
				return s, r.secs[i]
			}
		}
	}
	return nil, nil
}

// on reports whether a flag is in force for the request.
func (r *run) on(name string) bool {
	n, _ := r.value(name)
	return n != nil && on(n.arg(0))
}

// setenv reports whether SetEnv sets a variable for the request.
func (r *run) setenv(name string) bool {
	set := false
	for _, s := range r.secs {
		for _, n := range s.sub {
			if n.arg(0) == name {
				set = n.name == "setenv" || set && n.name != "unsetenv"
			}
		}
	}
	return set
}

// denied answers 403 where access is denied to everybody, 401 where it takes a
// password.
func (r *run) denied() bool {
	n, in := r.value("require", "<requireall", "<requireany", "<requirenone")
	if n == nil || n.section() {
		if n != nil {
			r.doubt(n, "who may come in is not decided here")
		}
		return false
	}
	words := strings.ToLower(strings.Join(n.args, " "))
	if len(in.all("require")) > 1 {
		r.doubt(n, "who may come in is not decided here")
		return false
	}
	switch {
	case words == "all denied":
		r.step(n.step())
		r.end(topo.Answers, 403)
		return true
	case words == "valid-user", strings.HasPrefix(words, "user "), strings.HasPrefix(words, "group "):
		r.step(n.step())
		r.end(topo.Answers, 401)
		return true
	case words == "all granted":
	case words == "local":
	default:
		r.doubt(n, "who may come in is not decided here")
	}
	return false
}
