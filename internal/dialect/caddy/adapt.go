package caddy

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

// adapter turns the rows of a Caddyfile into the values that Caddy itself makes
// of them (caddyconfig/httpcaddyfile).
type adapter struct {
	*parser
	old bool // as before 2.8: handle_errors and php_fastcgi come out in fewer values

	httpPort, httpsPort string
	order               []string
	bind                []string // default_bind
	autoHTTPS           []string
	servers             []*row // the options for servers
	named               map[string]*row
	logs                *node // logging.logs
	excluded            []string
	logCount, groups    int
	root                *node
}

// block is one site.
type block struct {
	*row
	addresses []siteAddress
	hosts     []string // of bind
	routes    []added
	errors    []*node
	logs      []siteLog
	tls       []*node
}

// siteLog is a log directive of a site.
type siteLog struct {
	name   string
	hosts  []string
	hidden bool // no_hostname
}

// adapt returns the whole configuration.
func (p *parser) adapt(rows []*row, old bool) *node {
	a := &adapter{parser: p, old: old, httpPort: "80", httpsPort: "443", order: directiveOrder, named: map[string]*row{}, logs: &node{kind: object}, root: &node{kind: object}}
	var sites []*block
	for i, r := range rows {
		switch {
		case len(r.words) == 0 && i == 0:
			a.global(r)
		case len(r.words) == 0:
			p.problems.Fatal(r.close, "server block without any key is global configuration, and if used, it must be first")
		case strings.HasPrefix(r.name(), "&("):
			a.named[strings.TrimSuffix(r.name()[2:], ")")] = r
		default:
			sites = append(sites, a.keys(r))
		}
	}
	simple := strings.NewReplacer(shorthands...)
	for _, r := range a.named {
		spellOut(r.block, simple)
	}
	for _, s := range sites {
		spellOut(s.row.block, simple)
		a.site(s)
	}
	a.build(sites)
	a.logging()
	return a.root
}

// keys reads the addresses of a site.
func (a *adapter) keys(r *row) *block {
	b := &block{row: r}
	for _, w := range r.words {
		text := strings.TrimSuffix(w.text, ",")
		if text == "" {
			continue
		}
		s, why := parseAddress(text)
		if why != "" {
			a.problems.Fatal(w.at, "parsing key: %s", why)
			continue
		}
		s.at = w.at
		b.addresses = append(b.addresses, s)
	}
	if strings.HasPrefix(r.name(), "@") {
		a.problems.Fatal(r.at(0), "request matchers may not be defined globally, they must be in a site block; found %s", r.name())
	}
	return b
}

// build makes the servers (serversFromPairings in httptype.go).
func (a *adapter) build(sites []*block) {
	http := a.root.make("apps", "http")
	for name, port := range map[string]string{"http_port": a.httpPort, "https_port": a.httpsPort} {
		if n, err := strconv.ParseInt(port, 10, 32); err == nil && n != 80 && n != 443 {
			http.set(name, intNode(n))
		}
	}
	servers := http.make("servers")
	for i, p := range a.pair(sites) {
		sort.SliceStable(p.sites, func(i, j int) bool { return before(p.sites[i], p.sites[j]) })
		a.ambiguous(p)
		servers.set("srv"+strconv.Itoa(i), a.server(p))
	}
}

func (a *adapter) server(p pairing) *node {
	srv := obj("listen", textsNode(p.listen))
	srv.at = p.sites[0].place()
	srv.insert = p.sites[0].insert()
	var routes, errors []*node
	for _, x := range p.sites {
		sets := x.sets()
		sub := a.ordered(slices.Clone(x.routes))
		routes = appendSite(routes, sub, sets, p, x)
		if len(x.errors) > 0 {
			errors = appendSite(errors, a.errorRoutes(x), sets, p, x)
		}
	}
	if list := consolidate(routes); len(list) > 0 {
		srv.set("routes", &node{kind: listed, list: list})
	}
	if len(errors) > 0 {
		srv.set("errors", obj("routes", &node{kind: listed, list: errors}))
	}
	a.automatic(srv, p)
	a.associate(srv, p)
	a.options(srv, p)
	return srv
}

// errorRoutes are the routes of all handle_errors of a site, those for some
// statuses first.
func (a *adapter) errorRoutes(x part) []*node {
	all := slices.Clone(x.errors)
	sort.SliceStable(all, func(i, j int) bool { return all[i].get("match") != nil && all[j].get("match") == nil })
	if a.old {
		var out []*node
		for _, r := range all {
			out = append(out, r.items("handle")[0].items("routes")...)
		}
		return out
	}
	return all
}

// appendSite adds the routes of a site: alone on its server and for every host
// they stand by themselves, else in a route of their own, of which only the first
// that fits counts.
func appendSite(routes, sub []*node, sets *node, p pairing, x part) []*node {
	switch {
	case sets == nil && len(sub) == 0:
		return routes
	case sets == nil && len(p.sites) == 1:
		return append(routes, sub...)
	}
	r := x.node(&node{kind: object})
	r.set("match", sets)
	if len(sub) > 0 {
		r.set("handle", listOf(x.node(obj("handler", "subroute", "routes", listOf(sub...)))))
	}
	r.set("terminal", boolNode(true))
	return append(routes, r)
}

func listOf(all ...*node) *node { return &node{kind: listed, list: all} }

// automatic says where a server speaks TLS without being told.
func (a *adapter) automatic(srv *node, p pairing) {
	auto := &node{kind: object}
	for _, v := range a.autoHTTPS {
		switch v {
		case "off":
			auto.set("disable", boolNode(true))
		case "disable_redirects":
			auto.set("disable_redirects", boolNode(true))
		case "disable_certs":
			auto.set("disable_certificates", boolNode(true))
		case "ignore_loaded_certs":
			auto.set("ignore_loaded_certificates", boolNode(true))
		}
	}
	other := slices.ContainsFunc(p.listen, func(l string) bool { return !strings.HasSuffix(l, ":"+a.httpPort) })
	willAdd := !auto.on("disable")
	qualifies, every := false, false
	var skip []string
	var policies []*node
	for _, x := range p.sites {
		for _, t := range x.tls {
			policies = append(policies, t)
			every = every || x.sets() == nil
		}
		for _, s := range x.addresses {
			if other && s.scheme == "http" && s.host != "" && !slices.Contains(skip, s.host) {
				skip = append(skip, s.host)
			}
			has := len(x.tls) > 0 || s.host != "" && !slices.Contains(skip, s.host)
			if s.scheme == "https" || s.scheme != "http" && s.port != a.httpPort && has {
				qualifies = true
			}
			willAdd = willAdd && (s.port == a.httpsPort || s.port != a.httpPort && s.host != "")
		}
	}
	if len(skip) > 0 {
		auto.set("skip", textsNode(skip))
	}
	if len(auto.keys) > 0 {
		srv.set("automatic_https", auto)
	}
	if qualifies && !every && (len(policies) > 0 || !willAdd) {
		policies = append(policies, &node{kind: object})
	}
	if len(policies) > 0 {
		srv.set("tls_connection_policies", listOf(policies...))
	}
}
