package envoy

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	d := topo.Decision{Outcome: topo.Unknown, Settings: topo.Settings{}}
	l, x, at := c.chain(req)
	if l == nil {
		return d
	}
	d.Listener = at
	if x.http == nil {
		c.stream(&d, x)
		return d
	}
	d.Logs = logs(x.http, l)
	httpSettings(d.Settings, x.http)
	table := c.table(x.http)
	if table == nil {
		d.Doubts = append(d.Doubts, topo.Problem{Place: x.http.At, Text: "the routes " + x.http.Str("rds", "route_config_name") + " are known only to the running Envoy"})
		return d
	}
	c.filters(&d, x.http)
	w := &walk{c: c, req: req, d: &d, path: req.Path, host: req.Host}
	w.run(table)
	return d
}

// chain returns the filter chain that takes a request.
func (c *config) chain(req topo.Request) (*listener, *chain, topo.Listener) {
	for _, l := range c.listeners {
		a := l.address
		if req.Listener != "" && a.Address != strings.TrimPrefix(req.Listener, "unix:") || req.Listener == "" && req.Port != 0 && !strings.HasSuffix(a.Address, ":"+strconv.Itoa(req.Port)) {
			continue
		}
		var best *chain
		for i := range l.chains {
			x := &l.chains[i]
			named := slices.ContainsFunc(x.names, func(n string) bool { return domainRank(strings.ToLower(n), req.Host, 0) >= 0 })
			if x.tls == req.TLS && (named || len(x.names) == 0 && best == nil) {
				if best = x; named {
					break
				}
			}
		}
		if best != nil {
			a.TLS, a.Stream = req.TLS, best.http == nil
			return l, best, a
		}
	}
	return nil, nil, topo.Listener{}
}

// stream is a connection that is passed on unread.
func (c *config) stream(d *topo.Decision, x *chain) {
	if x.tcp == nil {
		return
	}
	if cl, ok := c.clusters[x.tcp.Str("cluster")]; ok {
		f := cl.forward()
		f.Protocol = vocab.TCP
		d.Outcome, d.Forward = topo.Forwards, &f
		clusterSettings(d.Settings, cl)
	}
}

// filters notes the filters that may answer before the router does.
func (c *config) filters(d *topo.Decision, http *tree.Node) {
	for _, f := range http.List("http_filters") {
		switch k := kind(f); {
		case f.On(false, "disabled"):
		case k == "LocalRateLimit" && settled(f).Has("token_bucket"):
			d.Settings[vocab.LimitRequests] = topo.Setting{Knob: vocab.LimitRequests, Directive: "token_bucket", Value: settled(f).Str("token_bucket", "max_tokens"), Place: f.At}
		case k == "HTTPFault", k == "ExtAuthz", k == "RateLimit", k == "RBAC", k == "JwtAuthentication", k == "Lua", k == "ExternalProcessor", k == "Wasm":
			d.Doubts = append(d.Doubts, topo.Problem{Place: f.At, Text: "whether the filter " + f.Str("name") + " lets the request through is known only to the running Envoy"})
		}
	}
}

// walk follows one request from the virtual host to the hosts.
type walk struct {
	c    *config
	req  topo.Request
	d    *topo.Decision
	path string
	host string
}

func (w *walk) run(table *tree.Node) {
	d := w.d
	vh, domain := virtualHost(table, w.req.Host, w.req.Port)
	if vh == nil {
		d.Outcome, d.Status = topo.NoRoute, 404
		return
	}
	if domain != "*" {
		names, _ := siteNames(&tree.Node{Kind: tree.Map, Keys: []string{"domains"}, Items: []*tree.Node{{Kind: tree.Scalar, Text: domain}}})
		d.Site = names[0]
	}
	d.Steps = append(d.Steps, topo.Step{Text: "virtual host " + vh.Str("name") + ": " + domain, Place: vh.At})
	if !w.req.TLS && strings.EqualFold(vh.Str("require_tls"), "ALL") {
		d.Outcome, d.Status = topo.Answers, 301
		return
	}
	r, doubts := find(vh, w.req)
	d.Doubts = append(d.Doubts, doubts...)
	if r == nil {
		if len(doubts) == 0 {
			d.Outcome, d.Status = topo.NoRoute, 404
		}
		return
	}
	d.Steps = append(d.Steps, topo.Step{Text: "route " + matchText(r.Get("match")), Place: r.At})
	switch {
	case r.Has("direct_response"):
		d.Outcome, d.Status = topo.Answers, r.Int(200, "direct_response", "status")
	case r.Has("redirect"):
		d.Outcome, d.Status = topo.Answers, 301
	case r.Has("route"):
		w.forward(r, vh)
	}
}

func matchText(m *tree.Node) string {
	for _, k := range []string{"prefix", "path", "path_separated_prefix"} {
		if m.Has(k) {
			return k + " " + m.Str(k)
		}
	}
	return "safe_regex " + m.Str("safe_regex", "regex")
}

// forward ends the request at the hosts of a cluster.
func (w *walk) forward(r, vh *tree.Node) {
	d, action := w.d, r.Get("route")
	name := action.Str("cluster")
	for _, one := range action.List("weighted_clusters", "clusters") {
		if name == "" && (one.Int(0, "weight") > 0 || one.Int(0, "weight", "value") > 0) {
			name = one.Str("name")
		}
	}
	x, ok := w.c.clusters[name]
	if name == "" {
		d.Doubts = append(d.Doubts, topo.Problem{Place: r.At, Text: "the cluster is chosen by the running Envoy for each request"})
		return
	}
	if !ok {
		if w.c.remote && !w.c.told {
			d.Doubts = append(d.Doubts, topo.Problem{Place: r.At, Text: "the cluster " + name + " is known only to the running Envoy"})
			return
		}
		d.Outcome, d.Status = topo.NoRoute, 503 // cluster_not_found
		d.Steps = append(d.Steps, topo.Step{Text: "the cluster " + name + " does not exist", Place: r.At})
		return
	}
	f := x.forward()
	d.Outcome, d.Forward = topo.Forwards, &f
	d.Steps = append(d.Steps, topo.Step{Text: "cluster " + name, Place: x.at()})
	clusterSettings(d.Settings, x)
	routeSettings(d.Settings, action, vh)
	w.rewrite(r.Get("match"), action, &f)
	d.Upstream = w.spoken(x)
}

// rewrite changes path and host as the route says.
func (w *walk) rewrite(match, action *tree.Node, f *topo.Forward) {
	if p := action.Get("prefix_rewrite"); p != nil {
		for _, k := range []string{"prefix", "path", "path_separated_prefix"} {
			if rest, ok := strings.CutPrefix(w.path, match.Str(k)); ok && match.Has(k) {
				w.path = p.Str() + rest
				break
			}
		}
	}
	if action.Has("regex_rewrite") {
		w.d.Doubts = append(w.d.Doubts, topo.Problem{Place: action.At, Text: "how regex_rewrite changes the path is not judged"})
	}
	for _, k := range []string{"host_rewrite_literal", "host_rewrite"} {
		if h := action.Str(k); h != "" {
			w.host = h
		}
	}
	if action.On(false, "auto_host_rewrite") && len(f.Endpoints) > 0 && f.Endpoints[0].IsName() {
		w.host = f.Endpoints[0].Host
	}
}

func (w *walk) spoken(x *cluster) topo.Spoken {
	host := w.host
	if host == w.req.Host && w.req.Port != 0 && w.req.Port != 80 && w.req.Port != 443 {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(w.req.Port))
	}
	scheme := "http"
	if w.req.TLS {
		scheme = "https"
	}
	uri := w.path
	if w.req.Query != "" {
		uri += "?" + w.req.Query
	}
	s := topo.Spoken{Method: w.req.Method, URI: uri, Version: "1.1", Header: []topo.Header{{Name: "host", Value: host}, {Name: "x-forwarded-proto", Value: scheme}}}
	if x.http2() {
		s.Version = "2"
	}
	return s
}
