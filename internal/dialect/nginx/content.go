package nginx

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// access carries out the access phase: allow and deny, passwords, sub-requests.
func (r *run) access() {
	if it := r.cur.value("auth_request"); it != nil && it.Arg(1) != "off" {
		r.step(it.step())
		r.doubt(it.Place(), "a sub-request to %s decides first whether the request is let through", it.Arg(1))
	}
	if it := r.cur.value("auth_basic"); it != nil && it.Arg(1) != "off" {
		r.doubt(it.Place(), "a user name and password are asked for: without them the answer is 401")
	}
	any := r.cur.text("satisfy", "all") == "any"
	rules := r.cur.inherited("allow", "deny")
	for i, it := range rules {
		if it.Name() == "deny" && it.Arg(1) == "all" && !any {
			if i > 0 && narrow(rules[:i]) {
				r.doubt(it.Place(), "only some addresses are let through; others get 403")
				return
			}
			r.step(it.step())
			r.answer(403)
			return
		}
		if it.Name() == "allow" && it.Arg(1) == "all" {
			return
		}
		if it.Name() == "deny" {
			r.doubt(it.Place(), "some addresses are refused with 403")
		}
	}
}

// narrow reports whether an address is let through before the end.
func narrow(rules []*item) bool {
	for _, it := range rules {
		if it.Name() == "allow" {
			return true
		}
	}
	return false
}

// tryFiles carries out try_files. It must stand in the block itself: it is not
// inherited, so an "if" that holds, or a limit_except, takes it away.
func (r *run) tryFiles() {
	it := r.cur.first("try_files")
	if it == nil || len(it.Words) < 3 {
		return
	}
	r.step(it.step())
	if r.misplaced() {
		return
	}
	words := it.Args()
	for _, w := range words[:len(words)-1] {
		text, dir := strings.CutSuffix(w.Text, "/")
		uri := r.known(r.expand(text), it)
		path, _ := r.tried(uri)
		k, known := r.c.look(path)
		if !known {
			r.doubt(it.Place(), "%s cannot be looked at: it is taken to be missing", path)
		}
		if k == plainFile && !dir || k == directory && dir {
			r.tryFound(uri)
			return
		}
	}
	if !r.seen(it) {
		r.doubt(it.Place(), "the document root cannot be seen: the files are taken to be missing")
	}
	last := words[len(words)-1].Text
	switch {
	case strings.HasPrefix(last, "="):
		status, _ := strconv.Atoi(last[1:])
		r.answer(status)
	case strings.HasPrefix(last, "@"):
		r.toNamed(last)
	default:
		uri, args, _ := strings.Cut(r.known(r.expand(last), it), "?")
		r.redirect(uri, args)
	}
}

// tried returns the file that try_files means by a URI: below an alias without
// the location's name.
func (r *run) tried(uri string) (path string, rest string) {
	it := r.rootItem()
	root := r.documentRoot().text
	if it == nil || it.Name() == "root" {
		return root + uri, uri
	}
	loc := it.in.location().loc
	if loc != nil && loc.kind != "~" && loc.kind != "~*" && strings.HasPrefix(uri, loc.name) {
		uri = uri[len(loc.name):]
	}
	return root + uri, uri
}

// tryFound makes the URI that of the file that try_files found.
func (r *run) tryFound(uri string) {
	if it := r.rootItem(); it != nil && it.Name() == "alias" {
		if _, rest := r.tried(uri); rest == uri {
			loc := it.in.location().loc
			if loc != nil && loc.kind != "~" && loc.kind != "~*" {
				uri = loc.name + uri
			}
		}
	}
	r.uri = uri
}

// seen reports whether the document root can be looked at.
func (r *run) seen(it *item) bool {
	k, known := r.c.look(r.documentRoot().text)
	return known && k == directory
}

// content finds who makes the content.
func (r *run) content() {
	if r.handler != nil {
		r.handle(r.handler)
		return
	}
	if r.misplaced() {
		return
	}
	if r.cur.on("random_index", false) && strings.HasSuffix(r.uri, "/") {
		r.doubt(r.cur.d.Place(), "random_index chooses a file by chance")
		r.end(topo.Serves, 0)
		return
	}
	if strings.HasSuffix(r.uri, "/") {
		r.index()
		return
	}
	r.static()
}

// handle lets the directive that sets the content handler make the content.
func (r *run) handle(it *item) {
	if _, ok := passes[it.Name()]; ok {
		r.step(it.step())
		f := r.forward(it)
		if f == nil {
			r.end(topo.Unknown, 0)
			return
		}
		r.out.Forward = f
		if _, ok := targetOf(it.Name(), r.expand(it.Arg(1)).text); !ok && r.expand(it.Arg(1)).sure {
			r.answer(500) // "invalid URL prefix"
			return
		}
		r.out.Upstream = r.spoken(it, f)
		r.out.Settings = r.forwardSettings(it, f)
		r.end(topo.Forwards, 0)
		return
	}
	r.step(it.step())
	if handlers[it.Name()] {
		r.end(topo.Answers, 200)
		return
	}
	r.doubt(it.Place(), "%s makes the answer: goodgate does not know what it does", it.Name())
	r.end(topo.Unknown, 0)
}

// index looks for an index file, as ngx_http_index_handler does: the first that
// exists becomes the URI of an internal redirect.
func (r *run) index() {
	names := []string{"index.html"}
	var at *item
	if list := r.cur.inherited("index"); list != nil {
		names, at = nil, list[0]
		for _, it := range list {
			for _, w := range it.Args() {
				names = append(names, w.Text)
			}
		}
	}
	for i, name := range names {
		v := r.expand(name)
		if strings.HasPrefix(v.text, "/") && (i == len(names)-1 || strings.HasPrefix(name, "/")) {
			if at != nil {
				r.step(at.step())
			}
			r.redirect(v.text, r.args)
			return
		}
		if k, known := r.c.look(r.filename().text + v.text); k == plainFile || !known {
			if !known {
				r.doubt(r.cur.d.Place(), "%s cannot be looked at: it is taken to exist", r.filename().text+v.text)
			}
			if at != nil {
				r.step(at.step())
			}
			r.redirect(r.uri+v.text, r.args)
			return
		}
	}
	k, _ := r.c.look(r.filename().text)
	switch {
	case k != directory:
		r.answer(404)
	case r.cur.on("autoindex", false):
		r.end(topo.Serves, 0)
	default:
		r.answer(403)
	}
}

// misplaced answers 500 where an alias would need the part of the URI after the
// location's name and a rewrite has changed it (ngx_http_map_uri_to_path).
func (r *run) misplaced() bool {
	it := r.rootItem()
	if it == nil || it.Name() != "alias" || r.inPlace {
		return false
	}
	r.doubt(it.Place(), "an alias cannot be used where the URI was rewritten: nginx answers 500")
	r.answer(500)
	return true
}

// static serves a file, as ngx_http_static_handler does.
func (r *run) static() {
	path := r.filename().text
	k, known := r.c.look(path)
	switch {
	case !known:
		r.doubt(r.cur.d.Place(), "%s cannot be looked at: it is taken to exist", path)
		r.end(topo.Serves, 0)
	case k == plainFile && r.req.Method != "GET" && r.req.Method != "HEAD":
		r.answer(405)
	case k == plainFile:
		r.end(topo.Serves, 0)
	case k == directory:
		r.answer(301)
	default:
		r.answer(404)
	}
}
