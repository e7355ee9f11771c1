package haproxy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// proxy is a frontend, a backend, or both in one.
type proxy struct {
	*section
	mode      string
	listeners []topo.Listener
	servers   []server
	acls      map[string][]*row
	logged    []topo.Log
}

func (c *config) proxy(s *section) *proxy {
	x := &proxy{section: s, mode: "tcp", acls: map[string][]*row{}}
	if r := s.find("mode"); r != nil {
		x.mode = r.arg(1)
	}
	var preset []*row // default-server lines
	for _, r := range s.all() {
		switch r.arg(0) {
		case "bind":
			if s.kind != "backend" {
				x.listeners = append(x.listeners, c.bind(x, r)...)
			}
		case "default-server":
			preset = append(preset, r)
		case "server", "server-template":
			if s.kind != "frontend" {
				x.servers = append(x.servers, c.servers(r, preset)...)
			}
		case "dispatch":
			if e, ok := endpoint(r.arg(1)); ok {
				e.Place, e.Line = r.at(1), r.written()
				x.servers = append(x.servers, server{Endpoint: e, row: r})
			}
		case "acl":
			x.acls[r.arg(1)] = append(x.acls[r.arg(1)], r)
		}
	}
	return x
}

// bind reads the listeners of one line: several addresses part by commas, and
// ranges of ports.
func (c *config) bind(x *proxy, r *row) []topo.Listener {
	base := topo.Listener{Network: "tcp", Place: r.place(), Stream: x.mode == "tcp"}
	for i := 2; i < len(r.words); i++ {
		switch r.arg(i) {
		case "ssl":
			base.TLS = true
		case "accept-proxy":
			base.ProxyHeader = true
		case "v6only":
			base.V6Only = true
		case "alpn", "proto":
			base.HTTP2 = base.HTTP2 || strings.Contains(r.arg(i+1), "h2")
		}
	}
	var out []topo.Listener
	for _, text := range strings.Split(r.arg(1), ",") {
		l := base
		kind, rest := family(text)
		switch {
		case kind == "unix":
			l.Network, l.Address = "unix", rest
			out = append(out, l)
			continue
		case kind == "other":
			continue
		}
		host, ports, ok := cutLast(rest)
		first, last, fine := portRange(ports)
		if !ok || !fine {
			c.problems.Fatal(r.at(1), "'bind' : missing or invalid port specification in '%s'", text)
			continue
		}
		for p := first; p <= last && len(out) < 1024; p++ {
			l.Address = listenAddress(host, kind, p)
			out = append(out, l)
		}
	}
	return out
}

// family splits the prefix off an address: "ipv4@", "unix@", "abns@", "fd@".
// kind is "unix", "ip", "ip6" or "other".
func family(text string) (kind, rest string) {
	if strings.HasPrefix(text, "/") {
		return "unix", text
	}
	before, after, ok := strings.Cut(text, "@")
	if !ok {
		return "ip", text
	}
	switch before {
	case "unix", "uxst", "stream+unix":
		return "unix", after
	case "abns":
		return "unix", "@" + after
	case "ipv4", "tcp", "tcp4", "stream+ipv4":
		return "ip", after
	case "ipv6", "tcp6", "stream+ipv6":
		return "ip6", after
	}
	return "other", after
}

// cutLast parts an address at its last colon: HAProxy writes IPv6 without
// brackets as well.
func cutLast(text string) (host, port string, ok bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.HasSuffix(text, "]") {
		return text, "", false
	}
	return strings.Trim(text[:i], "[]"), text[i+1:], true
}

func portRange(text string) (first, last int, ok bool) {
	a, b, found := strings.Cut(text, "-")
	first, err := strconv.Atoi(a)
	if err != nil || first < 1 || first > 65535 {
		return 0, 0, false
	}
	if !found {
		return first, first, true
	}
	last, err = strconv.Atoi(b)
	return first, last, err == nil && last >= first && last <= 65535
}

func listenAddress(host, kind string, port int) string {
	switch {
	case (host == "" || host == "*") && kind == "ip6", host == "::":
		host = "[::]"
	case host == "" || host == "*":
		host = "0.0.0.0"
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

// pool is the backend as a group of endpoints.
func (x *proxy) pool(c *config) topo.Pool {
	p := topo.Pool{Name: x.name, Method: "roundrobin", Stream: x.mode == "tcp", Place: x.head.place(), Settings: c.settings(nil, x, nil), Checks: x.checks()}
	if r := x.find("balance"); r != nil {
		p.Method = strings.Join(r.args(1), " ")
	}
	for _, s := range x.servers {
		p.Endpoints = append(p.Endpoints, s.Endpoint)
	}
	return p
}

// forward is the way to the servers of a backend.
func (c *config) forward(x *proxy) topo.Forward {
	f := topo.Forward{Protocol: c.protocol(x), Target: "backend " + x.name, Pool: x.name, Place: x.head.place()}
	for _, s := range x.servers {
		f.Endpoints = append(f.Endpoints, s.Endpoint)
		if s.IsName() && f.Resolver == nil {
			f.Resolver = c.resolver(s)
			f.RunTime = !f.Resolver.AtStart
		}
	}
	return f
}

// protocol is what most servers of a backend are spoken to in.
func (c *config) protocol(x *proxy) vocab.Protocol {
	secure, fcgi := 0, 0
	for _, s := range x.servers {
		if s.tls {
			secure++
		}
		if s.proto == "fcgi" {
			fcgi++
		}
	}
	most := len(x.servers)
	switch {
	case fcgi > 0 && 2*fcgi >= most:
		return vocab.FastCGI
	case x.mode == "tcp" && secure > 0:
		return vocab.TLS
	case x.mode == "tcp":
		return vocab.TCP
	case secure > 0 && 2*secure >= most:
		return vocab.HTTPS
	}
	return vocab.HTTP
}

// resolver is how the name of a server becomes an address: once, the system's
// way, or again and again by a resolvers section.
func (c *config) resolver(s server) *topo.Resolver {
	r := &topo.Resolver{AtStart: true, V4: true, V6: true, Place: s.Place}
	i := slices.IndexFunc(c.sections, func(x *section) bool { return x.kind == "resolvers" && x.name == s.resolvers })
	if s.resolvers == "" || i < 0 {
		return r
	}
	r.AtStart = false
	for _, line := range c.sections[i].rows {
		switch line.arg(0) {
		case "nameserver":
			_, rest := family(line.arg(2))
			if host, port, ok := cutLast(rest); ok {
				r.Servers = append(r.Servers, listenAddress(host, "ip", atoi(port)))
			}
		case "timeout":
			if t, ok := span(line.arg(2), 1e-3); ok && line.arg(1) == "resolve" {
				r.Timeout = t
			}
		case "hold":
			if t, ok := span(line.arg(2), 1e-3); ok && line.arg(1) == "valid" {
				r.Valid = t
			}
		}
	}
	return r
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// checks says who takes servers of the backend out of rotation. Beside people
// only health checks do, unless servers are observed or follow others.
func (x *proxy) checks() string {
	kind := "none"
	for _, s := range x.servers {
		for i := 3; i < len(s.row.words); i++ {
			switch s.row.arg(i) {
			case "observe", "track", "agent-check", "resolvers":
				return ""
			}
		}
		if s.check {
			kind = "active"
		}
	}
	return kind
}
