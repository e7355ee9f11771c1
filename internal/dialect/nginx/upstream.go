package nginx

import (
	"net/netip"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// upstream is one upstream block.
type upstream struct {
	s    *scope
	pool topo.Pool
}

// upstreamsOf reads the upstream blocks of http or stream by name.
func (c *config) upstreamsOf(s *scope, stream bool) map[string]*upstream {
	all := map[string]*upstream{}
	for _, it := range s.own("upstream") {
		name := strings.ToLower(it.Arg(1))
		if it.sub == nil || all[name] != nil {
			continue
		}
		u := &upstream{s: it.sub, pool: topo.Pool{Name: it.Arg(1), Stream: stream, Place: it.Place(), Method: balancing(it.sub)}}
		for _, member := range it.sub.own("server") {
			if len(member.Words) > 1 {
				u.pool.Endpoints = append(u.pool.Endpoints, endpoints(member, stream)...)
			}
		}
		u.pool.Settings = c.poolSettings(it.sub, stream)
		all[name] = u
	}
	return all
}

// pools returns the upstream blocks in the order of the file.
func (c *config) pools() []topo.Pool {
	var out []topo.Pool
	for _, s := range []*scope{c.http, c.stream} {
		if s == nil {
			continue
		}
		all := c.upstreams
		if s == c.stream {
			all = c.pipes
		}
		for _, it := range s.own("upstream") {
			if u := all[strings.ToLower(it.Arg(1))]; u != nil && u.s == it.sub {
				out = append(out, u.pool)
			}
		}
	}
	return out
}

// balancing returns the method of an upstream block as it is written.
func balancing(s *scope) string {
	for _, name := range []string{"least_conn", "ip_hash", "hash", "random", "least_time", "sticky", "fair"} {
		if it := s.first(name); it != nil {
			return strings.TrimSpace(name + " " + it.Value())
		}
	}
	for _, it := range s.items {
		if strings.HasPrefix(it.Name(), "balancer_by_lua") {
			return it.Name()
		}
	}
	return "round robin"
}

// endpoints reads one server directive of an upstream block; a range of ports is
// not allowed there. Defaults are those of ngx_http_upstream_server.
func endpoints(it *item, stream bool) []topo.Endpoint {
	port := 80
	if stream {
		port = 0 // a stream has no default: nginx says "no port in upstream"
	}
	e, ok := endpoint(it.Arg(1), port)
	if !ok {
		return nil
	}
	e.Place = it.At(1)
	e.Weight, e.MaxFails, e.FailTimeout = 1, 1, 10
	for _, w := range it.Words[2:] {
		name, value, _ := strings.Cut(w.Text, "=")
		n, _ := parseCount(value)
		switch name {
		case "weight":
			e.Weight = int(n)
		case "max_fails":
			e.MaxFails = int(n)
		case "max_conns":
			e.MaxConns = int(n)
		case "fail_timeout":
			e.FailTimeout, _ = parseTime(value, false)
		case "backup":
			e.Backup = true
		case "down":
			e.Down = true
		case "resolve":
			e.Resolve = true
		}
	}
	return []topo.Endpoint{e}
}

// endpoint reads an address as ngx_parse_url does: "host", "host:port", "[::1]",
// "unix:/path", with a default port.
func endpoint(s string, port int) (topo.Endpoint, bool) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return topo.Endpoint{Network: "unix", Path: path}, path != ""
	}
	e := topo.Endpoint{Network: "tcp", Host: s, Port: port}
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, tail, closed := strings.Cut(rest, "]")
		addr, err := netip.ParseAddr(host)
		if !closed || err != nil {
			return e, false
		}
		e.Host = addr.String()
		if p, ok := strings.CutPrefix(tail, ":"); ok {
			e.Port = atoiPort(p)
			return e, e.Port > 0
		}
		return e, tail == ""
	}
	if host, p, ok := strings.Cut(s, ":"); ok {
		e.Host, e.Port = host, atoiPort(p)
		return e, host != "" && e.Port > 0
	}
	return e, s != ""
}

// poolSettings are the knobs of an upstream block.
func (c *config) poolSettings(s *scope, stream bool) topo.Settings {
	out := topo.Settings{}
	if stream {
		return out
	}
	count, requests := "0", "1000"
	switch version := c.launch.Version; {
	case atVersion(version, "1.29.7"):
		count = "32" // "keepalive 32 local" is the default from this version on
	case version != "" && !atVersion(version, "1.19.10"):
		requests = "100"
	}
	c.settingHere(out, s, vocab.KeepaliveCount, "keepalive", count, asCount)
	c.settingHere(out, s, vocab.KeepaliveTimeout, "keepalive_timeout", "60s", asTime)
	c.settingHere(out, s, vocab.KeepaliveRequests, "keepalive_requests", requests, asCount)
	return out
}
