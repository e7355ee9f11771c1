package caddy

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

// directiveOrder is the order in which directives take effect, wherever they are
// written (defaultDirectiveOrder in directives.go).
var directiveOrder = []string{
	"tracing", "map", "vars", "fs", "root", "log_append", "skip_log", "log_skip", "log_name", "log_level", "header", "copy_response_headers", "request_body", "timeouts", "redir", "method",
	"rewrite", "uri", "try_files", "basicauth", "basic_auth", "forward_auth", "request_header", "encode", "push", "intercept", "templates", "invoke", "handle", "handle_path", "route",
	"abort", "error", "copy_response", "respond", "metrics", "reverse_proxy", "php_fastcgi", "file_server", "acme_server",
}

// added is what a directive adds to a site: a route, or several that stay
// together.
type added struct {
	directive string
	routes    []*node
	together  bool
}

// scope is what directives know of where they stand.
type scope struct {
	matchers map[string]*node // named matchers: sets
	depth    int
}

// site reads the directives of a site.
func (a *adapter) site(b *block) {
	s := a.scope(scope{}, b.block)
	for _, r := range b.block {
		switch name := r.name(); {
		case strings.HasPrefix(name, "@"):
		case name == "bind":
			b.hosts = append(b.hosts, bindHosts(r)...)
		case name == "log":
			a.siteLog(b, r)
		case name == "tls":
			a.tls(b, r)
		case name == "handle_errors":
			b.errors = append(b.errors, a.handleErrors(s, r))
		default:
			b.routes = append(b.routes, a.directive(s, r)...)
		}
	}
}

// bindHosts are the addresses of a bind directive.
func bindHosts(r *row) []string { return r.args(1) }

// scope adds the named matchers that a block defines.
func (a *adapter) scope(outer scope, rows []*row) scope {
	s := scope{matchers: map[string]*node{}, depth: outer.depth + 1}
	for name, m := range outer.matchers {
		s.matchers[name] = m
	}
	for _, r := range rows {
		if name := r.name(); strings.HasPrefix(name, "@") && name != "@" {
			s.matchers[name] = a.matcher(name[1:], r)
		}
	}
	return s
}

// tls reads the tls directive of a site as far as it says that TLS is spoken.
func (a *adapter) tls(b *block, r *row) {
	policy := r.node(&node{kind: object})
	settings := false
	for _, s := range r.block {
		switch s.name() {
		case "protocols", "ciphers", "curves", "alpn", "client_auth", "insecure_secrets_log", "get_certificate", "load":
			settings = true
		}
	}
	if n := len(r.words); n == 3 { // a certificate and its key
		policy.set("certificate", r.node(textNode(r.arg(1))))
		policy.set("key", r.node(textNode(r.arg(2))))
		settings = true
	}
	policy.set("own", boolNode(settings))
	b.tls = append(b.tls, policy)
}

// handleErrors reads the routes for requests that failed.
func (a *adapter) handleErrors(s scope, r *row) *node {
	var parts, codes []string
	for i, code := range r.args(1) {
		switch {
		case len(code) == 3 && strings.HasSuffix(code, "xx") && code[0] >= '1' && code[0] <= '9':
			parts = append(parts, "{http.error.status_code} >= "+code[:1]+"00 && {http.error.status_code} <= "+code[:1]+"99")
		case len(code) == 3 && allDigits(code):
			codes = append(codes, code)
		default:
			a.problems.Fatal(r.at(i+1), "bad status value '%s'", code)
		}
	}
	if len(codes) > 0 {
		parts = append(parts, "{http.error.status_code} in ["+strings.Join(codes, ", ")+"]")
	}
	route := r.node(obj("handle", listOf(r.node(obj("handler", "subroute", "routes", listOf(a.block(s, r)...))))))
	if len(parts) > 0 {
		route.set("match", listOf(obj("expression", r.node(textNode(strings.Join(parts, " || "))))))
	}
	return route
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// block reads the directives of a nested block and puts them into their order.
func (a *adapter) block(s scope, r *row) []*node {
	return a.ordered(a.entries(s, r))
}

func (a *adapter) entries(s scope, r *row) []added {
	inner := a.scope(s, r.block)
	var all []added
	for _, d := range r.block {
		if !strings.HasPrefix(d.name(), "@") {
			all = append(all, a.directive(inner, d)...)
		}
	}
	return all
}

// ordered sorts directives and makes those exclusive of which only one may act
// (sortRoutes and buildSubroute).
func (a *adapter) ordered(all []added) []*node {
	position := map[string]int{}
	for i, d := range a.order {
		position[d] = i
	}
	for _, e := range all {
		if _, ok := position[e.directive]; !ok && slices.Contains(directiveNames, e.directive) {
			a.problems.Fatal(e.routes[0].at, "directive '%s' is not an ordered HTTP handler, so it cannot be used here", e.directive)
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		x, y := all[i], all[j]
		if x.directive != y.directive {
			return position[x.directive] < position[y.directive]
		}
		if x.together || y.together {
			return false
		}
		if x.directive == "vars" || x.directive == "log_level" {
			x, y = y, x
		}
		return moreExact(x.routes[0], y.routes[0])
	})
	return a.joined(all)
}

// moreExact orders routes of one directive: the longer path first, then those
// with a matcher.
func moreExact(x, y *node) bool {
	path := func(r *node) string {
		if sets := r.items("match"); len(sets) == 1 {
			if list := sets[0].strs("path"); len(list) == 1 {
				return list[0]
			}
		}
		return ""
	}
	xp, yp := path(x), path(y)
	if xp == "" || yp == "" {
		return len(x.items("match")) > 0 && len(y.items("match")) == 0
	}
	xt, yt := strings.TrimSuffix(xp, "*"), strings.TrimSuffix(yp, "*")
	switch {
	case xt == yt:
		return len(xp) < len(yp)
	case len(xt) == len(yt):
		return xt < yt
	}
	return len(xt) > len(yt)
}

// joined makes one list of routes.
func (a *adapter) joined(all []added) []*node {
	group := map[string]string{}
	for _, d := range []string{"handle", "rewrite", "root"} {
		n := 0
		for _, e := range all {
			if e.directive == d {
				n++
			}
		}
		// The counter goes on for rewrite even where there is none.
		if n > 1 || d == "rewrite" {
			group[d] = "group" + strconv.Itoa(a.groups)
			a.groups++
		}
	}
	var out []*node
	for _, e := range all {
		if g := group[e.directive]; g != "" && !e.together {
			e.routes[0].set("group", textNode(g))
		}
		out = append(out, e.routes...)
	}
	return consolidate(out)
}

// consolidate joins neighbours that apply to the same requests
// (consolidateRoutes).
func consolidate(routes []*node) []*node {
	var out []*node
	for _, r := range routes {
		if n := len(out); n > 0 {
			last := out[n-1]
			if last.get("match").String() == r.get("match").String() && last.on("terminal") == r.on("terminal") && last.str("group") == r.str("group") {
				joined := *last
				joined.keys, joined.list = slices.Clone(last.keys), slices.Clone(last.list)
				if handlers := append(slices.Clone(last.items("handle")), r.items("handle")...); len(handlers) > 0 {
					joined.set("handle", listOf(handlers...))
				}
				out[n-1] = &joined
				continue
			}
		}
		out = append(out, r)
	}
	return out
}
