package apache

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// forwardTo ends the request at a target, unless a section keeps it from there.
func (r *run) forwardTo(url string, n *node, written string) {
	url, query, _ := strings.Cut(url, "?")
	if query != "" {
		r.args = query
	}
	t, ok := parseTarget(url)
	if !ok {
		r.doubt(n, "the target %q is not understood", url)
		r.end(topo.Unknown, 0)
		return
	}
	if r.file == "" {
		r.secs = r.sections(url)
		if r.denied() || r.redirects(nil) || r.rewrites(r.dirRules()) || r.done {
			return
		}
	}
	r.via = n
	f := r.c.forward(r.h, t, n, written)
	f.RunTime = strings.ContainsAny(t.host, "%$")
	if f.RunTime {
		r.doubt(n, "the target's host %q is computed for each request", t.host)
		f.Endpoints = nil
	}
	params := r.c.params(r.h, t)
	if f.Resolver != nil && params == nil {
		f.Resolver.AtStart = true
	}
	r.out.Forward = f
	r.out.Settings = r.forwardSettings(t, params, f)
	r.out.Upstream = r.spoken(t, f, params)
	r.end(topo.Forwards, 0)
}

// params are those of the worker of a target, nil for the general one.
func (c *config) params(h *host, t target) map[string]param {
	if t.scheme == "balancer" {
		b := c.balancers[t.host]
		if b == nil {
			return nil
		}
		merged := map[string]param{}
		if len(b.members) > 0 {
			for k, v := range b.members[0].params {
				merged[k] = v
			}
		}
		for k, v := range b.params {
			if _, have := merged[k]; !have && k != "timeout" { // a balancer's timeout is for a free worker
				merged[k] = v
			}
		}
		return merged
	}
	if w := h.worker(t); w != nil {
		return w.params
	}
	return nil
}

// forward describes a way out.
func (c *config) forward(h *host, t target, n *node, written string) *topo.Forward {
	f := &topo.Forward{Protocol: t.protocol, Target: written, Place: n.place()}
	if t.scheme == "balancer" {
		f.Pool = t.host
		if b := c.balancers[t.host]; b != nil {
			for _, m := range b.members {
				f.Endpoints = append(f.Endpoints, m.endpoint())
				f.Protocol = m.protocol
			}
		}
	} else {
		f.Endpoints = []topo.Endpoint{t.endpoint(n.place())}
	}
	scheme := t.scheme
	for _, e := range f.Endpoints {
		if e.IsName() {
			f.Resolver = c.resolver(h, t)
		}
	}
	if b := c.balancers[t.host]; f.Pool != "" && b != nil && len(b.members) > 0 {
		scheme = b.members[0].scheme
	}
	if module := schemes[scheme].module; !c.modules[module] && !c.partial && debian(c.launch) {
		f.NoModule = strings.TrimSuffix(module, ".c")
	}
	return f
}

// resolver says how names are looked up: the system's way, at the first request
// of each child, and kept until httpd is restarted, unless addressttl= (2.4.59)
// ends that or connections are not reused.
func (c *config) resolver(h *host, t target) *topo.Resolver {
	res := &topo.Resolver{AtStart: true, V4: true, V6: true}
	if p, ok := c.params(h, t)["addressttl"]; ok {
		res.Valid = asTime(p.value)
	}
	return res
}

// ways are all ways out of a host, in the order of the file.
func (c *config) ways(h *host) []topo.Forward {
	var out []topo.Forward
	add := func(to string, n *node) {
		if t, ok := parseTarget(to); ok {
			out = append(out, *c.forward(h, t, n, to))
		}
	}
	var walk func(n *node)
	walk = func(n *node) {
		for _, s := range n.sub {
			switch s.name {
			case "proxypass", "proxypassmatch":
				inside := n
				if n == h.n {
					inside = nil
				}
				if p, ok := passOf(s, inside); ok && p.to != "!" {
					add(p.to, s)
				}
			case "sethandler":
				if to, ok := strings.CutPrefix(s.arg(0), "proxy:"); ok {
					add(to, s)
				}
			case "rewriterule":
				if flags(s.arg(2)).has("P", "proxy") {
					add(s.arg(1), s)
				}
			case "<virtualhost":
				continue
			}
			walk(s)
		}
	}
	walk(h.n)
	if h.up != nil {
		for _, s := range h.up.n.all("proxypass", "proxypassmatch") {
			if p, ok := passOf(s, nil); ok && p.to != "!" {
				add(p.to, s)
			}
		}
	}
	return out
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}

func (r *run) authority() string {
	h := r.req.Host
	if strings.Contains(h, ":") {
		h = "[" + h + "]"
	}
	if r.req.Port == 0 || r.req.Port == 80 && !r.req.TLS || r.req.Port == 443 && r.req.TLS {
		return h
	}
	return h + ":" + strconv.Itoa(r.req.Port)
}
