package envoy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// table returns the route configuration of a connection manager; nil where it is
// not known.
func (c *config) table(http *tree.Node) *tree.Node {
	if n := http.Get("route_config"); n != nil {
		return n
	}
	return c.tables[http.Str("rds", "route_config_name")]
}

// virtualHost finds the host of a request: an exact name before one that begins
// with "*", that before one that ends so, the longest first, then "*"
// (Router::RouteMatcher).
func virtualHost(table *tree.Node, host string, port int) (*tree.Node, string) {
	best, of, rank := "", (*tree.Node)(nil), -1
	for _, vh := range table.List("virtual_hosts") {
		for _, d := range vh.Strs("domains") {
			if r := domainRank(strings.ToLower(d), host, port); r > rank {
				best, of, rank = d, vh, r
			}
		}
	}
	return of, best
}

// domainRank is -1 where a domain does not fit. A host comes with its port, unless
// that is the scheme's own or Envoy strips it; which of both is not told here, so
// either fits.
func domainRank(domain, host string, port int) int {
	const exact, suffix, prefix = 30_000, 20_000, 10_000
	for _, h := range []string{host + ":" + strconv.Itoa(port), host} {
		switch {
		case domain == "*":
			return 0
		case domain == h:
			return exact
		case strings.HasPrefix(domain, "*") && strings.HasSuffix(h, domain[1:]) && len(h) > len(domain)-1:
			return suffix + len(domain)
		case strings.HasSuffix(domain, "*") && strings.HasPrefix(h, domain[:len(domain)-1]) && len(h) > len(domain)-1:
			return prefix + len(domain)
		}
	}
	return -1
}

// routeFits says whether a route takes a request (route.v3.RouteMatch).
func routeFits(m *tree.Node, req topo.Request) truth.Value {
	path := req.Path
	fold := m.Get("case_sensitive") != nil && !m.On(true, "case_sensitive")
	same := func(a, b string) bool { return a == b || fold && strings.EqualFold(a, b) }
	begins := func(p string) bool { return len(path) >= len(p) && same(path[:len(p)], p) }
	out := truth.Yes
	switch {
	case m.Has("prefix"):
		out = truth.Of(begins(m.Str("prefix")))
	case m.Has("path"):
		out = truth.Of(same(path, m.Str("path")))
	case m.Has("path_separated_prefix"):
		p := m.Str("path_separated_prefix")
		out = truth.Of(begins(p) && (len(path) == len(p) || path[len(p)] == '/'))
	case m.Has("safe_regex"):
		out = whole(m.Str("safe_regex", "regex"), path)
	case m.Has("regex"):
		out = whole(m.Str("regex"), path)
	case m.Has("connect_matcher"):
		return truth.No
	default:
		out = truth.Unknown
	}
	for _, h := range m.List("headers") {
		out = min(out, headerFits(h, req))
	}
	for _, q := range m.List("query_parameters") {
		out = min(out, queryFits(q, req))
	}
	if m.Has("runtime_fraction") || m.Has("dynamic_metadata") || m.Has("tls_context") {
		out = min(out, truth.Unknown)
	}
	return out
}

// whole matches all of a text, as Envoy's matchers do.
func whole(pattern, text string) truth.Value {
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil || len(pattern) > 10_000 {
		return truth.Unknown
	}
	return truth.Of(re.MatchString(text))
}

// headerFits judges the headers that decide about routes in our own request: the
// pseudo headers. Others it does not have, but for a few.
func headerFits(h *tree.Node, req topo.Request) truth.Value {
	name := strings.ToLower(h.Str("name"))
	value, has := "", false
	switch name {
	case ":method":
		value, has = req.Method, true
	case ":path":
		value, has = req.Path, true
	case ":authority", "host":
		value, has = req.Host, true
	case ":scheme":
		value, has = "http", true
		if req.TLS {
			value = "https"
		}
	case "user-agent", "accept", "x-request-id", "referer", "x-forwarded-proto", "x-forwarded-for":
		return truth.Unknown
	}
	out := truth.No
	if has {
		out = stringFits(h, value)
	} else if h.Has("present_match") && !h.On(true, "present_match") {
		out = truth.Yes
	}
	if h.On(false, "invert_match") {
		out = out.Not()
	}
	return out
}

// stringFits reads the matchers of a header or a query parameter, new and old.
func stringFits(h *tree.Node, value string) truth.Value {
	m := h
	if s := h.Get("string_match"); s != nil {
		m = s
	}
	if m.On(false, "ignore_case") {
		value = strings.ToLower(value)
	}
	text := func(name string) string {
		if m.On(false, "ignore_case") {
			return strings.ToLower(m.Str(name))
		}
		return m.Str(name)
	}
	for _, k := range []string{"exact", "exact_match"} {
		if m.Has(k) {
			return truth.Of(value == text(k))
		}
	}
	for _, k := range []string{"prefix", "prefix_match"} {
		if m.Has(k) {
			return truth.Of(strings.HasPrefix(value, text(k)))
		}
	}
	for _, k := range []string{"suffix", "suffix_match"} {
		if m.Has(k) {
			return truth.Of(strings.HasSuffix(value, text(k)))
		}
	}
	for _, k := range []string{"contains", "contains_match"} {
		if m.Has(k) {
			return truth.Of(strings.Contains(value, text(k)))
		}
	}
	for _, k := range []string{"safe_regex", "safe_regex_match"} {
		if m.Has(k) {
			return whole(m.Str(k, "regex"), value)
		}
	}
	if m.Has("present_match") {
		return truth.Of(m.On(true, "present_match"))
	}
	if m.Has("range_match") {
		return truth.Unknown
	}
	return truth.Yes // a name alone asks for its presence
}

func queryFits(q *tree.Node, req topo.Request) truth.Value {
	for _, pair := range strings.Split(req.Query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == q.Str("name") && req.Query != "" {
			return stringFits(q, value)
		}
	}
	return truth.No
}

// find returns the route of a request and what is not sure on the way there.
func find(vh *tree.Node, req topo.Request) (route *tree.Node, doubts []topo.Problem) {
	for _, r := range vh.List("routes") {
		switch routeFits(r.Get("match"), req) {
		case truth.Yes:
			return r, doubts
		case truth.Unknown:
			doubts = append(doubts, topo.Problem{Place: r.At, Text: "whether this route applies is known only to the running Envoy"})
		}
	}
	return nil, doubts
}

// names are the domains of a virtual host.
func siteNames(vh *tree.Node) (out []topo.SiteName, any bool) {
	for _, d := range vh.Strs("domains") {
		n := topo.SiteName{Name: strings.ToLower(d), Kind: "exact"}
		switch {
		case d == "*":
			any = true
			continue
		case strings.Contains(d, "*"):
			n.Kind = "wildcard"
		}
		if i := strings.LastIndexByte(n.Name, ':'); i > 0 && n.Kind == "exact" {
			n.Name = n.Name[:i]
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out, any
}
