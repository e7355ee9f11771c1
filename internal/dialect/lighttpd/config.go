package lighttpd

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const defaultConfig = "/etc/lighttpd/lighttpd.conf"

// config is a configuration that was read.
type config struct {
	launch    dialect.Launch
	blocks    []*block
	files     []string
	problems  dialect.Problems
	listeners []topo.Listener
}

// Config reads the configuration that a launch names.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	if l.Config == "" {
		l.Config = defaultConfig
	}
	root := &block{at: topo.Place{File: l.Config, Line: 1, Column: 1}}
	p := &parser{src: src, blocks: []*block{root}, vars: map[string]value{}}
	p.vars["CWD"] = value{kind: tokString, text: l.Prefix}
	p.file(l.Config, root.at, root)
	c := &config{launch: l, blocks: p.blocks, files: p.files, problems: p.problems}
	c.listen()
	c.check()
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve}
}

// global returns a value of the global part.
func (c *config) global(key string) value { return c.merged(key, []*block{c.blocks[0]}) }

// merged is the value of a key after the blocks that hold: the last that has it
// wins, and += adds to what is global.
func (c *config) merged(key string, hold []*block) (v value) {
	for _, b := range hold {
		for _, r := range b.rows {
			switch {
			case r.key != key:
			case r.add:
				v = join(v, r.value)
			default:
				v = r.value
			}
		}
	}
	return v
}

// listen finds the listeners: server.bind and server.port, and the conditions on
// the socket.
func (c *config) listen() {
	port := 80
	tls := c.global("ssl.engine").on()
	if tls {
		port = 443
	}
	if v := c.global("server.port"); v.kind != 0 && number(v.text) > 0 {
		port = number(v.text)
	}
	add := func(text string, port int, tls bool, at topo.Place) {
		for _, l := range listener(text, port) {
			l.TLS, l.Place = tls, at
			if !slices.ContainsFunc(c.listeners, func(have topo.Listener) bool { return have.Address == l.Address }) {
				c.listeners = append(c.listeners, l)
			}
		}
	}
	if len(c.files) > 0 {
		bind := c.global("server.bind")
		add(bind.text, port, tls, bind.at)
		if bind.text == "" && c.global("server.use-ipv6").on() {
			c.listeners[0].Address = "[::]:" + strconv.Itoa(port)
		}
	}
	for _, b := range c.blocks[1:] {
		if b.cond != nil && b.cond.of == "SERVER" && b.cond.name == "socket" && b.cond.op == "==" {
			secure := tls
			if v := c.merged("ssl.engine", []*block{b}); v.kind != 0 {
				secure = v.on()
			}
			add(b.cond.text, port, secure, b.cond.at)
		}
	}
}

// listener reads "host:port", "[::1]:443", ":80", a host alone, or a path.
func listener(text string, port int) []topo.Listener {
	if strings.HasPrefix(text, "/") {
		return []topo.Listener{{Network: "unix", Address: text}}
	}
	host := text
	if h, p, err := net.SplitHostPort(text); err == nil && number(p) > 0 {
		host, port = h, number(p)
	}
	host = strings.Trim(host, "[]")
	switch {
	case host == "" || host == "*":
		host = "0.0.0.0"
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return []topo.Listener{{Network: "tcp", Address: host + ":" + strconv.Itoa(port)}}
}

func (c *config) instance() topo.Instance {
	inst := topo.Instance{Product: "lighttpd", Version: c.launch.Version, Config: c.launch.Config, Files: c.files, Problems: c.problems, Listeners: c.listeners,
		PIDFile: c.global("server.pid-file").text, Logs: c.logs(c.blocks)}
	if len(c.files) == 0 {
		inst.Listeners = nil
		return inst
	}
	site := topo.Site{Names: c.names(), Listeners: c.listeners, Default: true, Place: c.blocks[0].at}
	for _, b := range c.blocks {
		for _, kind := range kinds {
			v := c.merged(kind.key, []*block{b})
			for _, e := range v.array {
				if f, ok := c.forward(kind, e); ok {
					site.Forwards = append(site.Forwards, f)
					inst.Pools = append(inst.Pools, topo.Pool{Name: f.Pool, Method: "fair", Endpoints: f.Endpoints, Place: f.Place})
				}
			}
		}
	}
	inst.Sites = []topo.Site{site}
	return inst
}

// logs are the error log and the access logs of the blocks. The error log does
// not have every failure: a backend that closes before its answer leaves no line.
func (c *config) logs(hold []*block) (list []topo.Log) {
	if v := c.merged("server.errorlog", hold); v.text != "" {
		list = append(list, topo.Log{Kind: "error", Path: c.absolute(v.text), Filtered: true, Place: v.at})
	} else if c.merged("server.errorlog-use-syslog", hold).on() {
		list = append(list, topo.Log{Kind: "error", Path: "syslog:/dev/log", Filtered: true})
	} else if len(c.files) > 0 {
		list = append(list, topo.Log{Kind: "error", Path: "stderr", Filtered: true})
	}
	for _, b := range hold {
		for _, r := range b.rows {
			if r.key != "accesslog.filename" || strings.HasPrefix(r.value.text, "|") || r.value.text == "" {
				continue
			}
			l := topo.Log{Kind: "access", Path: c.absolute(r.value.text), Place: r.value.at}
			if f := c.merged("accesslog.format", hold); f.text != "" {
				l.Format = f.text
			}
			list = slices.DeleteFunc(list, func(have topo.Log) bool { return have.Path == l.Path })
			list = append(list, l)
		}
	}
	return list
}

func (c *config) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.launch.Prefix, path)
}

// names are the hosts that the conditions know.
func (c *config) names() (list []topo.SiteName) {
	for _, b := range c.blocks[1:] {
		if b.cond == nil || b.cond.of != "HTTP" || b.cond.name != "host" {
			continue
		}
		n := topo.SiteName{Name: strings.ToLower(b.cond.text), Kind: "exact"}
		switch b.cond.op {
		case "=~":
			n = topo.SiteName{Name: "~" + b.cond.text, Kind: "regex"}
		case "==":
			if h, _, err := net.SplitHostPort(n.Name); err == nil {
				n.Name = h
			}
		default:
			continue
		}
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// kind is one of the modules that forward.
type kind struct {
	module, key, balance string
	protocol             vocab.Protocol
}

var kinds = []kind{
	{"mod_proxy", "proxy.server", "proxy.balance", vocab.HTTP},
	{"mod_fastcgi", "fastcgi.server", "fastcgi.balance", vocab.FastCGI},
	{"mod_scgi", "scgi.server", "scgi.balance", vocab.SCGI},
}

// forward is one entry of proxy.server and its like: what it is for, and a list
// of hosts, each with a name or without.
func (c *config) forward(k kind, e element) (topo.Forward, bool) {
	f := topo.Forward{Protocol: k.protocol, Target: k.key + " " + strconv.Quote(e.key), Place: e.value.at}
	for i, h := range e.value.array {
		x, ok := endpoint(h.value)
		if !ok {
			continue
		}
		if x.Name = h.key; x.Name == "" {
			x.Name = strconv.Itoa(i + 1)
		}
		if v, ok := h.value.get("protocol"); ok && v.text == "uwsgi" {
			f.Protocol = vocab.UWSGI
		}
		if x.IsName() {
			f.Resolver = &topo.Resolver{AtStart: true, V4: true, V6: true, Place: x.Place}
		}
		f.Endpoints = append(f.Endpoints, x)
	}
	if len(f.Endpoints) == 0 {
		return f, false
	}
	f.Pool = k.key + ":" + strconv.Itoa(f.Place.Line) // entries have no name of their own
	return f, true
}

// endpoint reads the attributes of one host (gw_set_defaults_backend).
func endpoint(v value) (topo.Endpoint, bool) {
	e := topo.Endpoint{Network: "tcp", Weight: 1, Place: v.at}
	host, hasHost := v.get("host")
	socket, hasSocket := v.get("socket")
	switch {
	case hasSocket:
		e.Network, e.Path, e.Place = "unix", socket.text, socket.at
	case hasHost && strings.HasPrefix(host.text, "/"):
		e.Network, e.Path, e.Place = "unix", host.text, host.at
	case hasHost:
		e.Host, e.Place, e.Port = strings.Trim(host.text, "[]"), host.at, 80
		if port, ok := v.get("port"); ok {
			e.Port, e.Place = number(port.text), port.at
		}
	default:
		return e, false
	}
	return e, true
}
