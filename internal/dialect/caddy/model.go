package caddy

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// server is one of the HTTP servers of a configuration.
type server struct {
	name   string
	n      *node
	listen []topo.Listener
	tls    bool
	redir  bool // made by Caddy itself, to lead from http to https
	hosts  []string
}

// read finds the servers in the configuration.
func (c *config) read() {
	c.httpPort, c.httpsPort = 80, 443
	http := c.root.get("apps", "http")
	if p := http.int("http_port"); p > 0 {
		c.httpPort = int(p)
	}
	if p := http.int("https_port"); p > 0 {
		c.httpsPort = int(p)
	}
	c.output = c.errorLogs()
	servers := http.get("servers")
	if servers == nil || servers.kind != object {
		return
	}
	for i, n := range servers.list {
		if n.kind == object {
			c.servers = append(c.servers, c.server(servers.keys[i], n))
		}
	}
	slices.SortStableFunc(c.servers, func(a, b *server) int { return strings.Compare(a.name, b.name) })
	c.redirects()
}

func (c *config) server(name string, n *node) *server {
	s := &server{name: name, n: n}
	addresses := n.strs("listen")
	if len(addresses) == 0 {
		addresses = []string{":" + strconv.Itoa(c.httpsPort)}
	}
	other, notSecure := false, false
	for _, a := range addresses {
		other = other || !strings.HasSuffix(a, ":"+strconv.Itoa(c.httpPort))
		notSecure = notSecure || !strings.HasSuffix(a, ":"+strconv.Itoa(c.httpsPort))
	}
	// automaticHTTPSPhase1 in autohttps.go.
	s.tls = len(n.items("tls_connection_policies")) > 0
	if !n.on("automatic_https", "disable") && other {
		skip := n.strs("automatic_https", "skip")
		for _, r := range n.items("routes") {
			for _, set := range r.items("match") {
				for _, h := range set.strs("host") {
					if !slices.Contains(skip, h) && !slices.Contains(s.hosts, h) {
						s.hosts = append(s.hosts, h)
					}
				}
			}
		}
		s.tls = s.tls || len(s.hosts) > 0 || !notSecure
	}
	for _, a := range addresses {
		s.listen = append(s.listen, c.listeners(s, a)...)
	}
	return s
}

// listeners reads an address, which may have a range of ports.
func (c *config) listeners(s *server, text string) []topo.Listener {
	l := topo.Listener{Network: "tcp", Place: s.n.at}
	for _, w := range s.n.items("listener_wrappers") {
		l.ProxyHeader = l.ProxyHeader || w.str("wrapper") == "proxy_protocol"
	}
	network, rest, ok := strings.Cut(text, "/")
	switch {
	case ok && strings.HasPrefix(network, "unix"):
		path, _, _ := strings.Cut(rest, "|")
		l.Network, l.Address, l.TLS = "unix", path, s.tls
		return []topo.Listener{l}
	case ok && strings.HasPrefix(network, "udp"), ok && strings.HasPrefix(network, "fd"):
		return nil
	case !ok:
		rest = text
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		return nil
	}
	first, last, _ := strings.Cut(port, "-")
	from, err := strconv.Atoi(first)
	to := from
	if last != "" {
		to, _ = strconv.Atoi(last)
	}
	if err != nil {
		return nil
	}
	switch {
	case host == "" && network == "tcp4":
		host = "0.0.0.0"
	case host == "":
		host = "::" // Go listens for both families at once
	}
	var all []topo.Listener
	for p := from; p <= to && p <= 65535 && len(all) < 1024; p++ {
		l.Address = net.JoinHostPort(host, strconv.Itoa(p))
		l.TLS = s.tls && p != c.httpPort
		l.HTTP2 = l.TLS
		all = append(all, l)
	}
	return all
}

// redirects adds the server that leads from http to https, where there is one.
func (c *config) redirects() {
	address := net.JoinHostPort("::", strconv.Itoa(c.httpPort))
	r := &server{name: "remaining_auto_https_redirects", n: &node{kind: object}, redir: true}
	for _, s := range c.servers {
		for _, l := range s.listen {
			if l.Address == address {
				return
			}
		}
		if s.tls && len(s.hosts) > 0 && !s.n.on("automatic_https", "disable") && !s.n.on("automatic_https", "disable_redirects") {
			r.hosts = append(r.hosts, s.hosts...)
			r.n.at = s.n.at
		}
	}
	if len(r.hosts) > 0 {
		r.listen = []topo.Listener{{Network: "tcp", Address: address, Place: r.n.at}}
		c.servers = append(c.servers, r)
	}
}

// instance is the configuration as other rooms know it.
func (c *config) instance() topo.Instance {
	inst := topo.Instance{Product: "caddy", Version: c.launch.Version, Config: c.launch.Config, Files: c.files, Problems: c.problems, Settings: topo.Settings{}}
	seen := map[string]bool{}
	for _, s := range c.servers {
		inst.Listeners = append(inst.Listeners, s.listen...)
		for _, site := range c.sites(s) {
			inst.Sites = append(inst.Sites, site)
		}
		walkProxies(s.n, 0, func(h *node) {
			p := c.pool(h)
			if !seen[p.Name] {
				seen[p.Name] = true
				inst.Pools = append(inst.Pools, p)
			}
		})
	}
	for _, l := range c.logs() {
		if !slices.ContainsFunc(inst.Logs, func(have topo.Log) bool { return have.Path == l.Path && have.Kind == l.Kind }) {
			inst.Logs = append(inst.Logs, l)
		}
	}
	return inst
}

// sites are the routes of a server by the hosts that they are for.
func (c *config) sites(s *server) []topo.Site {
	if s.redir {
		return []topo.Site{{Names: siteNames(s.hosts), Listeners: s.listen, Place: s.n.at}}
	}
	rest := topo.Site{Listeners: s.listen, Default: true, Place: s.n.at}
	var all []topo.Site
	for _, r := range s.n.items("routes") {
		var hosts []string
		for _, set := range r.items("match") {
			hosts = append(hosts, set.strs("host")...)
		}
		site := &rest
		if len(hosts) > 0 {
			site = &topo.Site{Names: siteNames(hosts), Listeners: s.listen, Place: r.at}
		}
		walkProxies(r, 0, func(h *node) {
			if f := c.forward(h); len(site.Forwards) < 256 {
				site.Forwards = append(site.Forwards, f)
			}
		})
		if len(hosts) > 0 {
			all = append(all, *site)
		}
	}
	return append(all, rest)
}

func siteNames(hosts []string) []topo.SiteName {
	var all []topo.SiteName
	for _, h := range hosts {
		all = append(all, siteName(h))
	}
	return all
}

func siteName(host string) topo.SiteName {
	kind := "exact"
	if strings.Contains(host, "*") {
		kind = "wildcard"
	}
	return topo.SiteName{Name: host, Kind: kind}
}

// walkProxies calls f for every reverse_proxy below a value.
func walkProxies(n *node, depth int, f func(h *node)) {
	if n == nil || depth > maxDepth {
		return
	}
	if n.kind == object && n.str("handler") == "reverse_proxy" {
		f(n)
	}
	for _, v := range n.list {
		if v.kind == object || v.kind == listed {
			walkProxies(v, depth+1, f)
		}
	}
}

// logs are every log of the configuration: where errors go, then the loggers of
// requests.
func (c *config) logs() []topo.Log {
	all := slices.Clone(c.output)
	logs := c.root.get("logging", "logs")
	if logs == nil || logs.kind != object {
		return all
	}
	for i, name := range logs.keys {
		requests := slices.ContainsFunc(logs.list[i].strs("include"), func(s string) bool { return strings.HasPrefix(s, "http.log.access") })
		if name != "default" && (requests || takes(logs.list[i], "http.log.access")) {
			all = append(all, c.log("access", logs.list[i]))
		}
	}
	return all
}

// errorLogs are the loggers that get http.log.error, of which the default one is
// there without being written.
func (c *config) errorLogs() []topo.Log {
	var all []topo.Log
	logs := c.root.get("logging", "logs")
	if logs.get("default") == nil {
		all = append(all, topo.Log{Kind: "error", Path: "stderr", Level: "info"})
	}
	if logs == nil || logs.kind != object {
		return all
	}
	for _, n := range logs.list {
		if takes(n, "http.log.error") {
			all = append(all, c.log("error", n))
		}
	}
	return all
}

// takes reports whether a logger gets what is written under a name
// (CustomLog.loggerAllowed in logging.go).
func takes(n *node, name string) bool {
	under := func(list []string) int {
		longest := -1
		for _, l := range list {
			if l == name || strings.HasPrefix(name, l+".") {
				longest = max(longest, len(l))
			}
		}
		return longest
	}
	include, exclude := n.strs("include"), n.strs("exclude")
	in, out := under(include), -1
	for _, l := range exclude {
		if l == name || strings.HasPrefix(name, l+".") {
			out = max(out, len(l))
		}
	}
	return (len(include) == 0 || in >= 0) && out <= in || len(include) == 0 && out < 0
}

// log says where a logger writes.
func (c *config) log(kind string, n *node) topo.Log {
	l := topo.Log{Kind: kind, Path: "stderr", Level: strings.ToLower(n.str("level")), FormatName: n.str("encoder", "format"), Place: n.at}
	if l.Level == "" {
		l.Level = "info"
	}
	if w := n.get("writer"); w != nil {
		switch w.str("output") {
		case "stdout":
			l.Path = "/dev/stdout"
		case "discard":
			l.Path = "off"
		case "file":
			if l.Path = w.str("filename"); !filepath.IsAbs(l.Path) {
				l.Path = filepath.Join(c.launch.Prefix, l.Path)
			}
			l.Variable = strings.Contains(l.Path, "{")
		case "net":
			l.Path = "syslog:" + w.str("address")
		}
	}
	return l
}

// requestLogs are where a request to a host is logged (ServerLogConfig in
// logging.go).
func (c *config) requestLogs(s *server, host string) []topo.Log {
	all := slices.Clone(c.output)
	logs := s.n.get("logs")
	if logs == nil || slices.Contains(logs.strs("skip_hosts"), host) {
		return all
	}
	names := logs.strs("logger_names", host)
	if logs.get("logger_names", host) == nil {
		if _, parent, ok := strings.Cut(host, "."); ok {
			names = logs.strs("logger_names", "*."+parent)
		}
	}
	if len(names) == 0 && logs.on("skip_unmapped_hosts") {
		return all
	}
	if len(names) == 0 {
		names = []string{logs.str("default_logger_name")}
	}
	loggers := c.root.get("logging", "logs")
	for _, name := range names {
		full := "http.log.access"
		if name != "" {
			full += "." + name
		}
		if loggers.get("default") == nil && takes(&node{kind: object}, full) {
			all = append(all, topo.Log{Kind: "access", Path: "stderr", Level: "info"})
		}
		if loggers == nil || loggers.kind != object {
			continue
		}
		for _, n := range loggers.list {
			if takes(n, full) {
				all = append(all, c.log("access", n))
			}
		}
	}
	return all
}
