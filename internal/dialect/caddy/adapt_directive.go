package caddy

import (
	"html"
	"slices"
	"strconv"
	"strings"
)

// directiveNames are the directives of the standard modules. They are those of
// directiveOrder, and what belongs to a site and to no route.
var directiveNames = append(slices.Clone(directiveOrder), "bind", "log", "tls", "handle_errors")

// matched takes the matcher off the words of a directive: "*", a path, or the
// name of one (matcherSetFromMatcherToken).
func (a *adapter) matched(s scope, r *row) (set *node, rest *row) {
	if len(r.words) < 2 || r.words[1].quoted {
		return nil, r
	}
	switch text := r.arg(1); {
	case text == "*":
	case strings.HasPrefix(text, "/"):
		set = r.node(obj("path", textsNode([]string{text})))
	case strings.HasPrefix(text, "@"):
		if set = s.matchers[text]; set == nil {
			a.problems.Fatal(r.at(1), "unrecognized matcher name: %s", text)
			set = r.node(obj("unknown", textNode(text)))
		}
	default:
		return nil, r
	}
	without := *r
	without.words = append([]word{r.words[0]}, r.words[2:]...)
	return set, &without
}

// route wraps handlers.
func route(r *row, set *node, handlers ...*node) *node {
	n := r.node(&node{kind: object})
	if set != nil {
		n.set("match", listOf(set))
	}
	n.set("handle", listOf(handlers...))
	return n
}

// directive reads one directive of a site or of a block.
func (a *adapter) directive(s scope, r *row) []added {
	name := r.name()
	if s.depth > maxNesting {
		a.problems.Fatal(r.place(), "blocks are nested too deeply")
		return nil
	}
	one := func(set *node, handlers ...*node) []added {
		n := name
		if n == "handle_path" {
			n = "handle"
		}
		return []added{{directive: n, routes: []*node{route(r, set, handlers...)}}}
	}
	switch name {
	case "root", "rewrite":
		set, rest := (*node)(nil), r
		if len(r.words) > 2 {
			set, rest = a.matched(s, r)
		}
		if name == "root" {
			return one(set, r.node(obj("handler", "vars", "root", a.word(rest, 1))))
		}
		return one(set, r.node(obj("handler", "rewrite", "uri", a.word(rest, 1))))
	case "try_files":
		return a.tryFiles(r)
	case "handle_path":
		path := r.arg(1)
		if !strings.HasPrefix(path, "/") {
			a.problems.Fatal(r.at(1), "path matcher must begin with '/', got %s", path)
		}
		strip := strings.TrimSuffix(strings.TrimSuffix(path, "*"), "/")
		if !strings.HasSuffix(path, "*") {
			strip = path
		}
		routes := append([]*node{route(r, nil, r.node(obj("handler", "rewrite", "strip_path_prefix", strip)))}, a.block(s, r)...)
		return one(r.node(obj("path", textsNode([]string{path}))), r.node(obj("handler", "subroute", "routes", listOf(routes...))))
	case "log", "bind", "tls", "handle_errors":
		return nil // of the site as a whole
	}
	set, rest := a.matched(s, r)
	if name == "php_fastcgi" {
		return a.php(s, set, rest)
	}
	if h := a.handler(s, rest); h != nil {
		return one(set, h...)
	}
	if a.unrecognized(r, "directive", directiveNames); near(name, directiveNames) != "" {
		return nil // nothing that runs
	}
	return one(set, r.node(obj("handler", "unknown", "name", name)))
}

// handler reads a directive that becomes one handler, nil where its name is not
// known.
func (a *adapter) handler(s scope, r *row) []*node {
	make := func(kind string, pairs ...any) []*node {
		return []*node{r.node(obj(append([]any{"handler", kind}, pairs...)...))}
	}
	switch name := r.name(); name {
	case "handle":
		return make("subroute", "routes", emptyToNil(a.block(s, r)))
	case "route":
		routes := a.entries(s, r)
		if a.old {
			return make("subroute", "routes", emptyToNil(asWritten(routes)))
		}
		return make("subroute", "routes", emptyToNil(a.joined(routes)))
	case "reverse_proxy":
		return []*node{a.proxy(s, r, nil)}
	case "forward_auth":
		return []*node{a.forwardAuth(s, r)}
	case "respond", "error":
		return []*node{a.respond(r)}
	case "abort":
		return make("static_response", "abort", boolNode(true))
	case "redir":
		return []*node{a.redir(r)}
	case "uri":
		return []*node{a.uri(r)}
	case "method":
		return make("rewrite", "method", a.word(r, 1))
	case "vars":
		h := make("vars")
		if len(r.words) > 2 {
			h[0].set(r.arg(1), textNode(r.arg(2)))
		}
		for _, v := range r.block {
			h[0].set(v.arg(0), textNode(v.arg(1)))
		}
		return h
	case "request_header":
		h := make("headers")
		headerOp(h[0].make("request"), r.args(1))
		return h
	case "header":
		return make("headers", "response", &node{kind: object})
	case "request_body":
		h := make("request_body")
		if m := r.find("max_size"); m != nil {
			h[0].set("max_size", a.size(m, 1))
		}
		return h
	case "file_server":
		h := make("file_server")
		if f := r.find("root"); f != nil {
			h[0].set("root", a.word(f, 1))
		}
		if r.find("pass_thru") != nil {
			h[0].set("pass_thru", boolNode(true))
		}
		return h
	case "invoke":
		if n := a.named[r.arg(1)]; n != nil {
			return make("subroute", "routes", listOf(a.block(scope{depth: s.depth + 1}, n)...))
		}
		a.problems.Fatal(r.at(1), "cannot invoke named route '%s', which was not defined", r.arg(1))
		return make("invoke", "name", r.arg(1))
	case "basicauth", "basic_auth":
		return make("authentication")
	case "log_skip", "skip_log":
		return make("vars", "log_skip", boolNode(true))
	case "log_name", "log_append", "fs", "log_level":
		return make("vars")
	case "encode", "templates", "push", "tracing", "map", "metrics", "intercept", "acme_server", "copy_response", "copy_response_headers", "timeouts":
		return make(name)
	}
	return nil
}

// asWritten are the routes of directives that keep the order that they have in
// the file.
func asWritten(all []added) []*node {
	var routes []*node
	for _, e := range all {
		routes = append(routes, e.routes...)
	}
	return routes
}

func emptyToNil(routes []*node) *node {
	if len(routes) == 0 {
		return nil
	}
	return listOf(routes...)
}

// respond reads "respond" and "error": a status, a text, or both.
func (a *adapter) respond(r *row) *node {
	body := "body"
	n := r.node(obj("handler", "static_response"))
	if r.name() == "error" {
		n.set("handler", textNode("error"))
		body = "error"
	}
	switch args := r.args(1); {
	case len(args) == 1 && len(args[0]) == 3 && allDigits(args[0]):
		n.set("status_code", textOrNumber(args[0]))
	case len(args) == 1:
		n.set(body, textNode(args[0]))
	case len(args) == 2:
		n.set(body, textNode(args[0]))
		n.set("status_code", textOrNumber(args[1]))
	case len(args) > 2:
		a.problems.Fatal(r.at(3), "wrong argument count or unexpected line ending after '%s'", args[1])
	}
	for _, s := range r.block {
		switch s.name() {
		case "body", "message":
			n.set(body, a.word(s, 1))
		case "close":
			n.set("close", boolNode(true))
		default:
			a.problems.Fatal(s.at(0), "unrecognized subdirective '%s'", s.name())
		}
	}
	return n
}

// textOrNumber writes a status as Caddy does (WeakString.MarshalJSON).
func textOrNumber(s string) *node {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return intNode(n)
	}
	return textNode(s)
}

func (a *adapter) redir(r *row) *node {
	to := a.word(r, 1)
	code := r.arg(2)
	switch code {
	case "permanent":
		code = "301"
	case "temporary", "":
		code = "302"
	case "html":
		return r.node(obj("handler", "static_response", "status_code", intNode(200), "body", html.EscapeString(r.arg(1))))
	default:
		n, err := strconv.Atoi(code)
		if !strings.HasPrefix(code, "{") && (err != nil || n < 300 || n > 399 && n != 401) {
			a.problems.Fatal(r.at(2), "Not a supported redir code type or not valid integer: '%s'", code)
		}
	}
	n := r.node(obj("handler", "static_response", "status_code", textOrNumber(code)))
	if to != nil {
		n.set("headers", obj("Location", listOf(to)))
	}
	return n
}

func (a *adapter) uri(r *row) *node {
	n := r.node(obj("handler", "rewrite"))
	switch r.arg(1) {
	case "strip_prefix":
		n.set("strip_path_prefix", a.word(r, 2))
	case "strip_suffix":
		n.set("strip_path_suffix", a.word(r, 2))
	case "replace":
		sub := obj("find", r.arg(2), "replace", r.arg(3))
		if limit := r.arg(4); allDigits(limit) {
			sub.set("limit", textOrNumber(limit))
		}
		n.set("uri_substring", listOf(sub))
	case "path_regexp":
		n.set("path_regexp", listOf(obj("find", r.arg(2), "replace", r.arg(3))))
	case "query":
		n.set("query", &node{kind: object})
	default:
		a.problems.Fatal(r.at(1), "unrecognized URI manipulation '%s'", r.arg(1))
	}
	return n
}

// tryFiles makes routes that rewrite to the first file that there is
// (parseTryFiles in fileserver/caddyfile.go).
func (a *adapter) tryFiles(r *row) []added {
	policy := ""
	if p := r.find("policy"); p != nil {
		policy = p.arg(1)
	}
	make := func(try []string, query string) *node {
		file := r.node(obj("try_files", textsNode(try)))
		if policy != "" {
			file.set("try_policy", textNode(policy))
		}
		return route(r, obj("file", file), r.node(obj("handler", "rewrite", "uri", "{http.matchers.file.relative}"+query)))
	}
	var all []*node
	var try []string
	for _, f := range r.args(1) {
		name, _, query := strings.Cut(f, "?")
		if !query {
			try = append(try, f)
			continue
		}
		if len(try) > 0 {
			all = append(all, make(try, ""))
			try = nil
		}
		all = append(all, make([]string{name}, f[len(name):]))
	}
	if len(try) > 0 {
		all = append(all, make(try, ""))
	}
	if len(all) == 0 {
		a.problems.Fatal(r.place(), "wrong argument count or unexpected line ending after 'try_files'")
	}
	if len(all) > 1 {
		name := "group" + strconv.Itoa(a.groups)
		a.groups++
		for _, n := range all {
			n.set("group", textNode(name))
		}
	}
	var out []added
	for _, n := range all {
		out = append(out, added{directive: "try_files", routes: []*node{n}})
	}
	return out
}

// headerOp reads a change of header fields (applyHeaderOp in headers/caddyfile.go).
func headerOp(ops *node, args []string) {
	if len(args) == 0 {
		return
	}
	field := strings.TrimSuffix(args[0], ":")
	value := ""
	if len(args) > 1 {
		value = args[1]
	}
	switch {
	case strings.HasPrefix(field, "-"):
		ops.set("delete", textsNode(append(ops.strs("delete"), field[1:])))
	case strings.HasPrefix(field, "+"):
		ops.make("add").set(canonical(field[1:]), textsNode(append(ops.strs("add", canonical(field[1:])), value)))
	case len(args) > 2:
		ops.make("replace").set(strings.TrimLeft(field, "+-?>"), listOf(obj("search_regexp", value, "replace", args[2])))
	default:
		ops.make("set").set(canonical(strings.TrimPrefix(field, ">")), textsNode([]string{value}))
	}
}

// canonical writes a header field as Go does.
func canonical(s string) string {
	b := []byte(s)
	up := true
	for i, c := range b {
		switch {
		case up && c >= 'a' && c <= 'z':
			b[i] = c - 32
		case !up && c >= 'A' && c <= 'Z':
			b[i] = c + 32
		}
		up = c == '-'
	}
	return string(b)
}
