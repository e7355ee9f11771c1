package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// table is a configuration made ready: what a request looks up. It never changes.
type table struct {
	conf    *config.Config
	pools   map[string]*pool
	sites   []site
	trusted []netip.Prefix
	// trustsUnix: whoever connects to a unix socket of ours is a proxy to be believed.
	trustsUnix bool
}

type site struct {
	name   string
	hosts  []string // lower case
	routes []route
	open   bool // no route depends on the path
}

type route struct {
	name    string
	prefix  string
	exact   bool
	methods []string
	headers map[string]string
	pool    *pool
	strip   string
	host    string
	retry   string
	hedge   bool
	wait    time.Duration
}

// build makes a table of c. Pools of old that are configured alike are used again.
func (g *Gateway) build(c *config.Config, old *table) (*table, error) {
	t := &table{conf: c, pools: map[string]*pool{}}
	for _, s := range c.Trusted {
		if s == "unix" {
			t.trustsUnix = true
			continue
		}
		p, err := prefix(s)
		if err != nil {
			return nil, err
		}
		t.trusted = append(t.trusted, p)
	}
	fresh := []*pool{}
	fail := func(err error) (*table, error) {
		for _, p := range fresh {
			p.close()
		}
		return nil, err
	}
	for name, u := range c.Upstreams {
		if old != nil && old.pools[name] != nil && old.pools[name].same(u) {
			t.pools[name] = old.pools[name]
			continue
		}
		p, err := g.newPool(name, u)
		if err != nil {
			return fail(err)
		}
		if old != nil && old.pools[name] != nil {
			p.Adopt(old.pools[name].Pool)
		}
		fresh = append(fresh, p)
		t.pools[name] = p
	}
	for _, s := range c.Sites {
		made := site{name: s.Name, open: true}
		for _, h := range s.Hosts {
			made.hosts = append(made.hosts, strings.ToLower(h))
		}
		for _, r := range s.Routes {
			p := t.pools[r.To]
			if p == nil {
				return fail(fmt.Errorf("cannot build site %s: there is no upstream %q", s.Name, r.To))
			}
			one := newRoute(r, p)
			made.routes = append(made.routes, one)
			made.open = made.open && !one.exact && (one.prefix == "" || one.prefix == "/")
		}
		t.sites = append(t.sites, made)
	}
	for name, u := range c.Upstreams {
		t.pools[name].update(g, u)
	}
	return t, nil
}

// retire closes the pools of old that next does not use, when their last request
// has ended.
func (g *Gateway) retire(old, next *table) {
	for name, p := range old.pools {
		if next.pools[name] == p {
			continue
		}
		g.wg.Add(1)
		go func() {
			defer g.wg.Done()
			p.retire(g.bound)
		}()
	}
}

func newRoute(r config.Route, p *pool) route {
	made := route{name: r.Name, methods: r.Methods, headers: r.Headers, pool: p, strip: r.Strip, host: r.Host, retry: r.Retry, hedge: r.Hedge == "on" || r.Hedge == "" && r.Retry != "off", wait: r.Wait}
	made.prefix, made.exact = strings.CutPrefix(r.Path, "=")
	made.prefix = usual.of(made.prefix)
	if made.name == "" {
		made.name = r.Path
	}
	if made.name == "" {
		made.name = "/"
	}
	return made
}

func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("cannot read the network %q: %w", s, err)
	}
	return p.Masked(), nil
}

// find returns the site and the route for a request; nil where none fits. clear is
// false where the path can be read in ways that belong to different routes.
func (t *table) find(r *Request) (s *site, one *route, clear bool) {
	host := hostname(r.Host)
	for i := range t.sites {
		s := &t.sites[i]
		if !s.fits(host) {
			continue
		}
		path := r.Target
		if q := strings.IndexByte(path, '?'); q >= 0 {
			path = path[:q]
		}
		one, clear = s.route(r, path)
		return s, one, clear
	}
	return nil, nil, true
}

func (s *site) fits(host string) bool {
	if len(s.hosts) == 0 {
		return true
	}
	for _, h := range s.hosts {
		if h == host || h == "*" || strings.HasPrefix(h, "*.") && strings.HasSuffix(host, h[1:]) {
			return true
		}
	}
	return false
}

func (r *route) fits(q *Request, path string) bool {
	switch {
	case r.exact && path != r.prefix:
		return false
	case !r.exact && !under(path, r.prefix):
		return false
	case len(r.methods) > 0 && !slices.Contains(r.methods, q.Method):
		return false
	}
	for name, want := range r.headers {
		if v, ok := get(q.Header, name); !ok || want != "*" && v != want {
			return false
		}
	}
	return true
}

// under reports whether path is prefix or lies below it.
func under(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/') || prefix == ""
}

// hostname is the host without port, lower case, without a final dot.
func hostname(host string) string {
	if strings.IndexByte(host, ':') >= 0 {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func get(header []Field, name string) (string, bool) {
	for _, f := range header {
		if len(f.Name) == len(name) && strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}
