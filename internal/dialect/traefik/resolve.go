package traefik

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	d := topo.Decision{Outcome: topo.Unknown, Settings: topo.Settings{}, Logs: c.logs()}
	p, l := c.point(req)
	if p == nil {
		return d
	}
	d.Listener = l
	c.pointSettings(d.Settings, p)
	w := &walk{c: c, req: req, d: &d, point: p, path: req.Path, host: req.Host}
	if w.host == "" {
		w.host = "localhost"
	}
	if to := p.node.Str("http", "redirections", "entryPoint", "to"); to != "" && !req.TLS {
		d.Steps = append(d.Steps, topo.Step{Text: "entry point " + p.name + ": redirections", Place: p.node.Get("http", "redirections").Pair})
		w.answer(308)
		return d
	}
	r := w.choose()
	if r == nil {
		if len(d.Doubts) == 0 && !c.unsure() {
			d.Outcome, d.Status = topo.NoRoute, 404
		}
		return d
	}
	d.Site = w.site(r)
	d.Steps = append(d.Steps, topo.Step{Text: "router " + r.name + ": " + r.node.Str("rule"), Place: r.place})
	for _, m := range r.node.Strs("middlewares") {
		if w.through(qualified(m, r), 0) {
			return d
		}
	}
	w.service(qualified(r.node.Str("service"), r), 0)
	if d.Outcome == topo.Forwards {
		d.Upstream = w.spoken()
	}
	return d
}

// unsure reports whether there may be routers that are not known.
func (c *config) unsure() bool { return !c.told && (c.unread || len(c.hidden) > 0) }

// point returns the entry point that takes a request.
func (c *config) point(req topo.Request) (*point, topo.Listener) {
	for _, p := range c.points {
		for _, l := range c.listeners(p) {
			if l.TLS == req.TLS && l.Takes(req) {
				return p, l
			}
		}
	}
	return nil, topo.Listener{}
}

// walk follows one request.
type walk struct {
	c      *config
	req    topo.Request
	d      *topo.Decision
	point  *point
	path   string // as it goes out
	host   string
	header []topo.Header
}

func (w *walk) doubt(at topo.Place, format string, args ...any) {
	w.d.Doubts = append(w.d.Doubts, topo.Problem{Place: at, Text: fmt.Sprintf(format, args...)})
}

// choose returns the first router that fits, by priority: that which is written,
// else the length of the rule (GetRulePriority).
func (w *walk) choose() *object {
	type ranked struct {
		*object
		rule     *rule
		priority int
	}
	var all []ranked
	for _, name := range names(w.c.routers) {
		r := w.c.routers[name]
		if r.status == "disabled" || secure(r) != w.req.TLS || !slices.Contains(w.c.at(r), w.point) {
			continue
		}
		parsed, err := parseRule(r.node.Str("rule"))
		if err != nil {
			continue // it is left out
		}
		p := r.node.Int(0, "priority")
		if p == 0 {
			p = len(r.node.Str("rule"))
		}
		all = append(all, ranked{r, parsed, p})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].priority > all[j].priority })
	for _, r := range all {
		switch r.rule.eval(w.req) {
		case truth.Yes:
			if w.c.made(r.object) {
				return r.object
			}
		case truth.Unknown:
			w.doubt(r.place, "whether this applies is known only to the running Traefik: %s", r.node.Str("rule"))
		}
	}
	return nil
}

// made reports whether a router is in force as far as can be seen: one whose
// service does not exist is not.
func (c *config) made(r *object) bool {
	s := qualified(r.node.Str("service"), r)
	_, ok := c.services[s]
	return ok || s == "" || strings.HasSuffix(s, "@internal") || c.unsure()
}

// site is the name by which a router tells the request from others.
func (w *walk) site(r *object) topo.SiteName {
	parsed, _ := parseRule(r.node.Str("rule"))
	for _, n := range parsed.hosts() {
		one := rule{matcher: "Host", values: []string{n.Name}}
		if n.Kind == "regex" {
			one.matcher = "HostRegexp"
		}
		if one.eval(w.req) == truth.Yes {
			return n
		}
	}
	return topo.SiteName{}
}

const maxChain = 20

// through sends the request through a middleware, and reports whether it answers.
func (w *walk) through(name string, depth int) bool {
	m, ok := w.c.middlewares[name]
	if !ok || depth > maxChain {
		if !w.c.unsure() && !strings.HasSuffix(name, "@internal") && depth <= maxChain {
			w.doubt(topo.Place{}, "the middleware %s does not exist: the router is left out", name)
		}
		return false
	}
	done := false
	m.node.Each(func(kind string, n *tree.Node) {
		if done {
			return
		}
		step := topo.Step{Text: "middleware " + name + ": " + kind, Place: m.place}
		switch {
		case tree.Same(kind, "chain"):
			for _, next := range n.Strs("middlewares") {
				if done = w.through(qualified(next, m), depth+1); done {
					return
				}
			}
			return
		case kind == "status" || kind == "usedBy" || kind == "error": // of the API, no middleware
			return
		}
		w.d.Steps = append(w.d.Steps, step)
		done = w.middleware(strings.ToLower(kind), n, m)
	})
	return done
}

// middleware does to the request what one middleware does.
func (w *walk) middleware(kind string, n *tree.Node, m *object) (done bool) {
	switch kind {
	case "redirectscheme":
		if scheme := n.Str("scheme"); scheme == "https" == w.req.TLS {
			return false
		}
		return w.answer(308)
	case "redirectregex", "requestredirect":
		w.doubt(m.place, "whether this redirects is not judged: %s", m.name)
	case "stripprefix":
		for _, p := range n.Strs("prefixes") {
			if rest, ok := strings.CutPrefix(w.path, p); ok {
				w.path = path.Join("/", rest)
				if strings.HasSuffix(rest, "/") && w.path != "/" {
					w.path += "/"
				}
				break
			}
		}
	case "addprefix":
		w.path = n.Str("prefix") + w.path
	case "replacepath":
		w.path = n.Str("path")
	case "stripprefixregex", "replacepathregex", "rewritetarget", "urlrewrite":
		w.doubt(m.place, "how this changes the path is not judged: %s", m.name)
	case "headers":
		n.Each(func(name string, v *tree.Node) {
			if strings.EqualFold(name, "host") {
				w.host = v.Str()
				return
			}
			w.header = append(w.header, topo.Header{Name: strings.ToLower(name), Value: v.Str()})
		}, "customRequestHeaders")
	case "basicauth", "digestauth", "ipallowlist", "ipwhitelist", "plugin", "forwardauth":
		w.doubt(m.place, "whether this lets the request through is known only to the running Traefik: %s", m.name)
	}
	w.c.middlewareSettings(w.d.Settings, kind, n)
	return false
}

func (w *walk) answer(status int) bool {
	w.d.Outcome, w.d.Status = topo.Answers, status
	return true
}

// service ends the request at a service.
func (w *walk) service(name string, depth int) {
	s, ok := w.c.services[name]
	if !ok || depth > maxChain {
		if strings.HasSuffix(name, "@internal") {
			w.d.Outcome, w.d.Status = topo.Answers, 200
		}
		return
	}
	w.d.Steps = append(w.d.Steps, topo.Step{Text: "service " + name, Place: s.place})
	for _, kind := range [...][]string{{"mirroring", "service"}, {"failover", "service"}} {
		if next := s.node.Str(kind...); next != "" {
			w.service(qualified(next, s), depth+1)
			return
		}
	}
	f := w.c.forward(s)
	if len(f.Endpoints) == 0 && s.provider == "file" {
		w.answer(503) // "no available server" (loadbalancer/wrr)
		return
	}
	w.d.Outcome, w.d.Forward = topo.Forwards, &f
	leaf := w.c.leaf(s, 0)
	w.c.serviceSettings(w.d.Settings, leaf)
	if !leaf.node.On(true, "loadBalancer", "passHostHeader") && len(f.Endpoints) > 0 {
		w.host = f.Endpoints[0].String()
	}
}

// leaf is the service with servers that stands for a weighted one.
func (c *config) leaf(s *object, depth int) *object {
	for _, kind := range []string{"weighted", "highestRandomWeight"} {
		for _, one := range s.node.List(kind, "services") {
			if next, ok := c.services[qualified(one.Str("name"), s)]; ok && one.Int(1, "weight") > 0 && depth < maxChain {
				return c.leaf(next, depth+1)
			}
		}
	}
	for _, kind := range [...][]string{{"mirroring", "service"}, {"failover", "service"}} {
		if next, ok := c.services[qualified(s.node.Str(kind...), s)]; ok && depth < maxChain {
			return c.leaf(next, depth+1)
		}
	}
	return s
}

// spoken is the request as it goes out (pkg/proxy/httputil).
func (w *walk) spoken() topo.Spoken {
	uri := (&url.URL{Path: w.path}).EscapedPath()
	if uri == "" {
		uri = "/"
	}
	if w.req.Query != "" {
		uri += "?" + w.req.Query
	}
	scheme := "http"
	if w.req.TLS {
		scheme = "https"
	}
	host := w.host
	if _, _, err := net.SplitHostPort(host); err != nil && w.req.Port != 0 && w.req.Port != 80 && w.req.Port != 443 && host == w.req.Host {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(w.req.Port))
	}
	out := []topo.Header{{Name: "host", Value: host}, {Name: "x-forwarded-for", Value: "127.0.0.1"}, {Name: "x-forwarded-proto", Value: scheme}, {Name: "x-forwarded-host", Value: host}}
	return topo.Spoken{Method: w.req.Method, URI: uri, Version: "1.1", Header: append(out, w.header...)}
}

// forward is the way to the servers of a service.
func (c *config) forward(s *object) topo.Forward {
	f := topo.Forward{Protocol: vocab.HTTP, Target: "service " + s.name, Pool: s.name, Place: s.place, Endpoints: c.endpoints(s, 0)}
	for i, server := range c.leaf(s, 0).node.List("loadBalancer", "servers") {
		if scheme, _, _ := strings.Cut(server.Str("url"), "://"); i == 0 && strings.EqualFold(scheme, "https") {
			f.Protocol = vocab.HTTPS
		}
	}
	if slices.ContainsFunc(f.Endpoints, topo.Endpoint.IsName) {
		f.Resolver = &topo.Resolver{V4: true, V6: true} // anew for each connection (package net)
	}
	return f
}

// endpoints are the servers of a service and of those below it.
func (c *config) endpoints(s *object, depth int) (all []topo.Endpoint) {
	if depth > maxChain {
		return nil
	}
	for _, kind := range []string{"weighted", "highestRandomWeight"} {
		for _, one := range s.node.List(kind, "services") {
			if next, ok := c.services[qualified(one.Str("name"), s)]; ok && one.Int(1, "weight") > 0 && len(all) < maxEndpoints {
				all = append(all, c.endpoints(next, depth+1)...)
			}
		}
	}
	for _, kind := range [...][]string{{"mirroring", "service"}, {"failover", "service"}} {
		if next, ok := c.services[qualified(s.node.Str(kind...), s)]; ok {
			return c.endpoints(next, depth+1)
		}
	}
	for _, server := range s.node.List("loadBalancer", "servers") {
		if e, ok := endpoint(server); ok && len(all) < maxEndpoints {
			if e.Place.File == "" {
				e.Place = s.place
			}
			all = append(all, e)
		}
	}
	return all
}

const maxEndpoints = 2000

// endpoint reads a server's URL. A server without weight gets no request.
func endpoint(server *tree.Node) (topo.Endpoint, bool) {
	u, err := url.Parse(server.Str("url"))
	if err != nil || u.Host == "" {
		return topo.Endpoint{}, false
	}
	e := topo.Endpoint{Network: "tcp", Name: server.Str("url"), Host: u.Hostname(), Port: 80, Weight: server.Int(1, "weight"), Resolve: true}
	if u.Scheme == "https" {
		e.Port = 443
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		e.Port = p
	}
	e.Resolve = e.IsName()
	e.Down = e.Weight <= 0 || server.On(false, "fenced")
	at := server.Get("url")
	e.Place = at.Pair
	if e.Place.File != "" {
		e.Line = "url: " + strconv.Quote(e.Name)
	}
	return e, true
}
