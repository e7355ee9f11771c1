package squid

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const defaultConfig = "/etc/squid/squid.conf"

// config is a configuration that was read.
type config struct {
	launch   dialect.Launch
	files    []string
	rows     []*row
	peers    []*peer
	ports    []*port
	acls     map[string][]*row
	problems dialect.Problems
}

// peer is a cache_peer: a server behind an accelerator, or another proxy.
type peer struct {
	topo.Endpoint
	row    *row
	tls    bool
	access []*row // cache_peer_access
}

// port is an http_port or https_port.
type port struct {
	topo.Listener
	accel bool   // a reverse proxy
	site  string // defaultsite
	vhost bool   // the Host header says which site
}

// Config reads the configuration that a launch names.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	if l.Config == "" {
		l.Config = defaultConfig
	}
	c := &config{launch: l, acls: map[string][]*row{}}
	c.read(src, l.Config, topo.Place{File: l.Config}, 0)
	for _, r := range c.rows {
		c.take(r)
	}
	c.check()
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve}
}

func (c *config) take(r *row) {
	switch r.words[0] {
	case "http_port", "https_port":
		c.ports = append(c.ports, c.port(r)...)
	case "cache_peer":
		if p := c.peer(r); p != nil {
			c.peers = append(c.peers, p)
		}
	case "cache_peer_access":
		for _, p := range c.peers {
			if p.Name == r.arg(1) {
				p.access = append(p.access, r)
			}
		}
	case "acl":
		if len(r.words) > 2 {
			c.acls[r.arg(1)] = append(c.acls[r.arg(1)], r)
		}
	}
}

// port reads "http_port [address:]port [mode] [options]"; without an address it
// is one on every address of both families.
func (c *config) port(r *row) (list []*port) {
	p := port{accel: r.has(2, "accel") || r.has(2, "vhost") && !r.has(2, "intercept") && !r.has(2, "tproxy"), vhost: !r.has(2, "no-vhost")}
	p.Network, p.Place, p.TLS = "tcp", r.place(), r.words[0] == "https_port"
	p.ProxyHeader = r.has(2, "require-proxy-header")
	if v, _, ok := r.option(2, "defaultsite"); ok {
		p.site, p.accel = v, true
		if h, _, err := net.SplitHostPort(v); err == nil {
			p.site = h
		}
	}
	host, number, err := net.SplitHostPort(r.arg(1))
	if err != nil {
		number = r.arg(1)
	}
	if n, err := strconv.Atoi(number); err != nil || n < 1 || n > 65535 {
		c.problems.Add(r.place(), true, "%s: the port '%s' is none", r.words[0], dialect.Clip(number))
		return nil
	}
	if host != "" {
		p.Address = net.JoinHostPort(host, number)
		return []*port{&p}
	}
	// One socket for both families, bound to [::].
	p.Address = "[::]:" + number
	return []*port{&p}
}

// peer reads "cache_peer host type http-port icp-port [options]".
func (c *config) peer(r *row) *peer {
	if len(r.words) < 5 {
		c.problems.Add(r.place(), true, "cache_peer wants a host, a type and two ports")
		return nil
	}
	n, err := strconv.Atoi(r.arg(3))
	if err != nil || n < 0 || n > 65535 {
		c.problems.Add(r.at[3], true, "cache_peer: the port '%s' is none", dialect.Clip(r.arg(3)))
		return nil
	}
	p := &peer{row: r, tls: r.has(5, "tls") || r.has(5, "ssl")}
	p.Endpoint = topo.Endpoint{Name: r.arg(1), Network: "tcp", Host: strings.Trim(r.arg(1), "[]"), Port: n, Weight: 1, Place: r.at[3], MaxFails: 10}
	if v, _, ok := r.option(5, "name"); ok {
		p.Name = v
	}
	if v, _, ok := r.option(5, "max-conn"); ok {
		p.MaxConns, _ = strconv.Atoi(v)
	}
	if v, _, ok := r.option(5, "connect-fail-limit"); ok {
		p.MaxFails, _ = strconv.Atoi(v)
	}
	return p
}

// last returns the last directive of a name: it is the one in force.
func (c *config) last(name string) *row {
	for i := len(c.rows) - 1; i >= 0; i-- {
		if c.rows[i].words[0] == name {
			return c.rows[i]
		}
	}
	return nil
}

func (c *config) instance() topo.Instance {
	inst := topo.Instance{Product: "squid", Version: c.launch.Version, Config: c.launch.Config, Files: c.files, Problems: c.problems, Logs: c.logs()}
	if r := c.last("pid_filename"); r != nil {
		inst.PIDFile = r.arg(1)
	}
	for _, p := range c.ports {
		inst.Listeners = append(inst.Listeners, p.Listener)
	}
	if len(c.files) == 0 {
		return inst
	}
	site := topo.Site{Names: c.names(), Listeners: inst.Listeners, Default: true, Place: c.home()}
	for _, p := range c.peers {
		f := forward([]*peer{p})
		site.Forwards = append(site.Forwards, f)
		inst.Pools = append(inst.Pools, topo.Pool{Name: f.Pool, Endpoints: f.Endpoints, Place: f.Place})
	}
	inst.Sites = []topo.Site{site}
	return inst
}

func (c *config) home() topo.Place { return topo.Place{File: c.launch.Config, Line: 1, Column: 1} }

// names are the hosts that accelerators and acls know.
func (c *config) names() (list []topo.SiteName) {
	add := func(n topo.SiteName) {
		if n.Name != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	for _, p := range c.ports {
		add(topo.SiteName{Name: strings.ToLower(p.site), Kind: "exact"})
	}
	for _, rows := range c.acls {
		for _, r := range rows {
			if r.arg(2) != "dstdomain" {
				continue
			}
			for _, v := range r.words[3:] {
				switch v = strings.ToLower(v); {
				case strings.HasPrefix(v, "-"), strings.HasPrefix(v, "/"):
				case strings.HasPrefix(v, "."):
					add(topo.SiteName{Name: v[1:], Kind: "exact"})
					add(topo.SiteName{Name: "*" + v, Kind: "wildcard"})
				default:
					add(topo.SiteName{Name: v, Kind: "exact"})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b topo.SiteName) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// logs are cache.log, which has not every failure, and the access logs.
func (c *config) logs() (list []topo.Log) {
	if len(c.files) == 0 {
		return nil
	}
	errors := topo.Log{Kind: "error", Path: "/var/log/squid/cache.log", Filtered: true}
	if r := c.last("cache_log"); r != nil {
		errors.Path, errors.Place = dialect.Absolute(r.arg(1), c.launch.Prefix), r.place()
	}
	list = append(list, errors)
	said := false
	for _, r := range c.rows {
		if r.words[0] != "access_log" {
			continue
		}
		said = true
		path := r.arg(1)
		for _, module := range []string{"stdio:", "daemon:"} {
			path = strings.TrimPrefix(path, module)
		}
		if path == "none" || path == "" {
			continue
		}
		l := topo.Log{Kind: "access", Path: path, Place: r.place(), FormatName: r.arg(2)}
		if v, _, ok := r.option(2, "logformat"); ok {
			l.FormatName = v
		}
		if l.FormatName != "" && l.FormatName != "squid" && c.formats(l.FormatName) {
			l.Format = l.FormatName // of one's own: its lines are not read
		}
		list = append(list, l)
	}
	if !said {
		list = append(list, topo.Log{Kind: "access", Path: "/var/log/squid/access.log"})
	}
	return list
}

// formats reports whether a name is that of a format, not of an acl.
func (c *config) formats(name string) bool {
	if slices.Contains([]string{"common", "combined", "referrer", "useragent", "icap_squid"}, name) {
		return true
	}
	return slices.ContainsFunc(c.rows, func(r *row) bool { return r.words[0] == "logformat" && r.arg(1) == name })
}

// forward is the way to the peers that may take a request.
func forward(peers []*peer) topo.Forward {
	f := topo.Forward{Protocol: vocab.HTTP, Target: "cache_peer " + peers[0].Name, Pool: peers[0].Name, Place: peers[0].row.place()}
	for _, p := range peers {
		f.Endpoints = append(f.Endpoints, p.Endpoint)
		if p.tls {
			f.Protocol = vocab.HTTPS
		}
		if p.IsName() && f.Resolver == nil {
			// Names of peers are looked up again every hour, and when they fail
			// (peerRefreshDNS in src/neighbors.cc).
			f.Resolver = &topo.Resolver{V4: true, V6: true, AtStart: true, Valid: 3600, Place: p.Place}
		}
	}
	return f
}

// check looks for what keeps Squid from loading the configuration.
func (c *config) check() {
	if len(c.files) == 0 {
		return
	}
	if len(c.ports) == 0 {
		c.problems.Add(c.home(), true, "no HTTP, HTTPS or FTP ports configured")
	}
	names := map[string]bool{}
	for _, p := range c.peers {
		if names[p.Name] {
			c.problems.Add(p.row.place(), true, "cache_peer %s specified twice", dialect.Clip(p.Name))
		}
		names[p.Name] = true
	}
	for _, r := range c.rows {
		words := r.words[1:]
		switch r.words[0] {
		case "http_access", "never_direct", "always_direct":
		case "cache_peer_access":
			if !names[r.arg(1)] {
				c.problems.Add(r.place(), false, "no cache_peer '%s'", dialect.Clip(r.arg(1)))
			}
			words = words[min(1, len(words)):]
		default:
			continue
		}
		if len(words) == 0 || words[0] != "allow" && words[0] != "deny" {
			c.problems.Add(r.place(), false, "expecting 'allow' or 'deny', got '%s': the line is ignored", dialect.Clip(strings.Join(words, " ")))
			continue
		}
		for _, w := range words[1:] {
			if w = strings.TrimPrefix(w, "!"); c.acls[w] == nil && !builtin[w] {
				c.problems.Add(r.place(), true, "ACL not found: %s", dialect.Clip(w))
			}
		}
	}
}

// builtin are the acls that Squid defines itself (src/cf.data.pre).
var builtin = map[string]bool{"all": true, "manager": true, "localhost": true, "to_localhost": true, "to_linklocal": true, "CONNECT": true}
