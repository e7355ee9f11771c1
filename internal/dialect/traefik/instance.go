package traefik

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

func (c *config) instance() topo.Instance {
	inst := topo.Instance{Product: "traefik", Version: c.launch.Version, Config: c.file, Files: c.files, Problems: c.problems, Logs: c.logs(), Settings: topo.Settings{}}
	if inst.Version == "" {
		inst.Version = c.version
	}
	for _, p := range c.points {
		inst.Listeners = append(inst.Listeners, c.listeners(p)...)
	}
	for _, name := range names(c.services) {
		s := c.services[name]
		pool := topo.Pool{Name: name, Method: c.method(s), Endpoints: c.endpoints(s, 0), Settings: topo.Settings{}, Checks: c.checks(c.leaf(s, 0)), Place: s.place}
		c.serviceSettings(pool.Settings, c.leaf(s, 0))
		inst.Pools = append(inst.Pools, pool)
	}
	for _, name := range names(c.routers) {
		if s, ok := c.site(c.routers[name]); ok {
			inst.Sites = append(inst.Sites, s)
		}
	}
	return inst
}

func (c *config) method(s *object) string {
	if m := s.node.Str("loadBalancer", "strategy"); m != "" {
		return m
	}
	return "wrr"
}

// checks says who takes servers out of rotation: health checks, where there are
// any; the requests themselves, where they are counted; else only a person.
func (c *config) checks(s *object) string {
	switch lb := s.node.Get("loadBalancer"); {
	case present(lb.Get("passiveHealthCheck")):
		return ""
	case present(lb.Get("healthCheck")):
		return "active"
	case s.provider != "file":
		return "" // the provider leaves out what does not run
	}
	return "none"
}

// listeners are what an entry point listens for: TLS where a router wants it, and
// plain HTTP where one does, or none is there.
func (c *config) listeners(p *point) []topo.Listener {
	l := topo.Listener{Network: "tcp", Address: p.address, Place: c.pointPlace(p)}
	plain, over := false, p.isTLS
	for _, r := range c.routers {
		for _, at := range c.at(r) {
			plain = plain || at == p && !secure(r)
			over = over || at == p && secure(r)
		}
	}
	plain = plain || !over
	over = over || c.unsure() && c.unread // there may be routers with TLS
	var out []topo.Listener
	if plain {
		out = append(out, l)
	}
	if over {
		l.TLS, l.HTTP2 = true, true
		out = append(out, l)
	}
	return out
}

func (c *config) pointPlace(p *point) topo.Place {
	if p.node == nil {
		return topo.Place{}
	}
	return p.node.Pair
}

// site is a router: the access log names it, and its rule names the hosts.
func (c *config) site(r *object) (topo.Site, bool) {
	rule, err := parseRule(r.node.Str("rule"))
	if err != nil || strings.HasSuffix(r.name, "@internal") {
		return topo.Site{}, false
	}
	s := topo.Site{Label: r.name, Names: rule.hosts(), Place: r.place}
	s.Default = len(s.Names) == 0
	for _, p := range c.at(r) {
		for _, l := range c.listeners(p) {
			if l.TLS == secure(r) {
				s.Listeners = append(s.Listeners, l)
			}
		}
	}
	if svc, ok := c.services[qualified(r.node.Str("service"), r)]; ok {
		s.Forwards = []topo.Forward{c.forward(svc)}
	}
	return s, true
}

// logs are the access log, where there is one, and Traefik's own log. Its own
// log has errors of requests only at level DEBUG (pkg/proxy/httputil), and never
// what balancers and middlewares answer: that a line is absent says nothing.
func (c *config) logs() []topo.Log {
	var out []topo.Log
	if a := c.static.Get("accessLog"); present(a) {
		l := topo.Log{Kind: "access", Path: c.logPath(a.Str("filePath")), Format: strings.ToLower(a.Str("format")), Buffered: a.Int(0, "bufferingSize") > 0, Place: a.Pair}
		if l.Format == "" {
			l.Format = "common"
		}
		l.FormatName = l.Format
		f := a.Get("filters")
		l.Filtered = len(f.List("statusCodes")) > 0 || f.On(false, "retryAttempts") || f.Str("minDuration") != ""
		out = append(out, l)
	}
	n := c.static.Get("log")
	l := topo.Log{Kind: "error", Path: c.logPath(n.Str("filePath")), Level: strings.ToLower(n.Str("level"))}
	if n != nil {
		l.Place = n.Pair
	}
	if l.Level == "" {
		l.Level = "error"
	}
	l.Filtered = true
	return append(out, l)
}

func (c *config) logPath(path string) string {
	if path == "" {
		return "/dev/stdout"
	}
	return dialect.Absolute(path, c.launch.Prefix)
}
