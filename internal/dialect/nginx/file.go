package nginx

import (
	"path"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// kind is what stands at a path.
type kind int

const (
	nothing kind = iota
	plainFile
	directory
)

// look asks the source what stands at a path. known is false where it could not
// look.
func (c *config) look(path string) (k kind, known bool) {
	path, slash := strings.CutSuffix(path, "/")
	path = strings.TrimRight(path, "/")
	if path == "" {
		return directory, true
	}
	found, err := c.src.Glob(dialect.Literal(path))
	if err != nil {
		return nothing, false
	}
	if len(found) == 0 {
		return nothing, true
	}
	// Only a directory has an entry "." in it.
	if inside, err := c.src.Glob(dialect.Literal(path) + "/."); err == nil && len(inside) > 0 {
		return directory, true
	}
	if slash {
		return nothing, true // ENOTDIR
	}
	return plainFile, true
}

// documentRoot returns root or alias in force, html below the prefix where there
// is none.
func (r *run) documentRoot() value {
	it := r.rootItem()
	if it == nil {
		return sure(r.c.path("html"))
	}
	v := r.expand(it.Arg(1))
	v.text = strings.TrimSuffix(r.c.path(v.text), "/")
	if it.Name() == "alias" {
		v.text = r.c.path(r.expand(it.Arg(1)).text)
	}
	return v
}

// rootItem returns the root or alias directive in force.
func (r *run) rootItem() *item {
	for s := r.cur; s != nil; s = s.up {
		if it := s.first("alias"); it != nil {
			return it
		}
		if it := s.first("root"); it != nil {
			return it
		}
	}
	return nil
}

// filename returns the file that the request names, as ngx_http_map_uri_to_path
// does.
func (r *run) filename() value { return r.filenameOf(r.uri) }

func (r *run) filenameOf(uri string) value {
	it := r.rootItem()
	root := r.documentRoot()
	if it == nil || it.Name() == "root" {
		root.text += uri
		return root
	}
	loc := it.in.location()
	if loc.loc != nil && (loc.loc.kind == "~" || loc.loc.kind == "~*") {
		return root // the alias is the whole name
	}
	if loc.loc != nil && len(uri) >= len(loc.loc.name) {
		root.text += uri[len(loc.loc.name):]
	}
	return root
}

// scriptName returns $fastcgi_script_name and $fastcgi_path_info.
func (r *run) scriptName() (script, info string) {
	script = r.uri
	if it := r.cur.value("fastcgi_split_path_info"); it != nil && len(it.Words) > 1 {
		if re, err := r.c.pattern(it.Arg(1), false); err == nil {
			if m, err := re.Match(r.uri); err == nil && len(m) > 1 {
				if len(m) > 2 {
					info = m[2]
				}
				return m[1], info
			}
		}
	}
	if strings.HasSuffix(script, "/") {
		script += r.expand(r.cur.text("fastcgi_index", "")).text
	}
	return script, ""
}

// cleanPath merges slashes and dots as nginx does with a request's path.
func cleanPath(p string) string {
	if p == "" {
		return "/"
	}
	out := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && out != "/" {
		out += "/"
	}
	return out
}
