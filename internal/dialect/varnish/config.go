package varnish

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// config is a launch of varnishd with the VCL that it names.
type config struct {
	launch  dialect.Launch
	*vcl           // on disk
	running *vcl   // what the running instance says it uses; nil: not known
	loaded  bool   // running is the same as on disk
	label   string // what the running instance calls its VCL
	logs    []topo.Log
	params  map[string]string // -p
}

// Config reads the VCL that a launch names, and asks the running instance which
// one it uses.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	c := &config{launch: l, params: map[string]string{}}
	for _, p := range given(l, "p") {
		if name, value, ok := strings.Cut(p, "="); ok {
			c.params[name] = value
		}
	}
	backend := given(l, "b")
	switch {
	case l.Config != "" || len(backend) == 0:
		if l.Config == "" {
			l.Config = defaultConfig
		}
		path := c.find(src, l.Config)
		c.launch.Config = path
		c.vcl = load(src, path)
		c.check()
	default:
		c.launch.Config = ""
		c.vcl = direct(backend[0])
	}
	a := c.access(src)
	a.ask(src, c)
	if c.problems.Broken() && len(c.backends) == 0 && c.running != nil {
		// Of what does not load no more than its beginning was read: where that has
		// no backend, what runs says how requests are treated.
		v := *c.running
		v.files, v.problems = c.files, c.problems
		c.vcl = &v
	}
	prints := c.prints(src)
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve, Questions: a.questions(), Loaded: c.loaded, Prints: prints}
}

// find returns the path of the VCL: one that is relative is looked for in
// vcl_path, and where varnishd was started it may have been too.
func (c *config) find(src dialect.Source, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	for _, folder := range []string{"/etc/varnish", "/usr/share/varnish/vcl", c.launch.Prefix} {
		path := filepath.Join(folder, name)
		if found, err := src.Glob(path); folder != "" && err == nil && len(found) > 0 {
			return path
		}
	}
	return filepath.Join("/etc/varnish", name)
}

// direct is the program that varnishd makes of -b (mgt_vcl_startup).
func direct(address string) *vcl {
	v := newVCL()
	v.version = "4.1"
	word := func(kind byte, text string) token { return token{kind: kind, text: text} }
	o := &object{name: word(tokName, "default")}
	switch {
	case address == "none":
		o.none = true
	case strings.HasPrefix(address, "/"):
		o.attrs = []attribute{{name: word(tokName, "path"), value: []token{word(tokString, address)}}}
	default:
		o.attrs = []attribute{{name: word(tokName, "host"), value: []token{word(tokString, address)}}}
	}
	v.backends = []*object{o}
	return v
}

// endpoint is where a backend leads.
func endpoint(o *object) (topo.Endpoint, bool) {
	e := topo.Endpoint{Name: o.name.text, Network: "tcp", Port: 80, Weight: 1, Place: o.from}
	if t, ok := o.text("path"); ok {
		e.Network, e.Path, e.Port, e.Place = "unix", t.text, 0, t.at
		return e, true
	}
	t, ok := o.text("host")
	if !ok {
		return e, false
	}
	e.Host, e.Place = t.text, t.at
	if host, port, ok := splitPort(t.text); ok {
		e.Host, e.Port = host, port
	}
	if t, ok := o.text("port"); ok {
		e.Port = service(t.text)
		e.Place = t.at
	}
	e.Host = strings.Trim(e.Host, "[]")
	if t, ok := o.text("max_connections"); ok {
		e.MaxConns, _ = strconv.Atoi(t.text)
	}
	return e, true
}

// service is a port by number or by one of the names of RFC 6335 that people
// write.
func service(text string) int {
	switch text {
	case "http":
		return 80
	case "https":
		return 443
	case "http-alt":
		return 8080
	}
	n, _ := strconv.Atoi(text)
	return n
}

func splitPort(text string) (host string, port int, ok bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.HasSuffix(text, "]") || strings.Count(text, ":") > 1 && !strings.HasPrefix(text, "[") {
		return text, 0, false
	}
	n, err := strconv.Atoi(text[i+1:])
	return text[:i], n, err == nil && n > 0 && n < 65536
}

// instance is the whole as a gateway.
func (c *config) instance() topo.Instance {
	inst := topo.Instance{Product: "varnish", Version: c.launch.Version, Config: c.launch.Config, Files: c.files, Problems: c.problems, Listeners: c.listeners(), Logs: c.logs}
	site := topo.Site{Names: c.names(), Listeners: inst.Listeners, Default: true, Place: c.home()}
	for _, o := range c.backends {
		inst.Pools = append(inst.Pools, c.pool(o.name.text))
		if f, ok := c.forward(target{name: o.name.text}); ok {
			site.Forwards = append(site.Forwards, f)
		}
	}
	for _, d := range c.directors {
		if !d.static() {
			continue
		}
		inst.Pools = append(inst.Pools, c.pool(d.name.text))
		if f, ok := c.forward(target{name: d.name.text}); ok {
			site.Forwards = append(site.Forwards, f)
		}
	}
	if len(inst.Files) > 0 || c.launch.PID != 0 {
		inst.Sites = []topo.Site{site}
	}
	if c.launch.Config == "" {
		inst.Config = "varnishd -b " + strings.Join(given(c.launch, "b"), " ")
	}
	return inst
}

// home is the place that stands for the whole program.
func (c *config) home() topo.Place {
	return topo.Place{File: c.launch.Config, Line: 1, Column: 1}
}

// listeners are those of -a; ":80" where there is none.
func (c *config) listeners() (list []topo.Listener) {
	if c.launch.PID == 0 {
		return nil // the command line is known of a process only
	}
	values := given(c.launch, "a")
	if len(values) == 0 {
		values = []string{":80"}
	}
	for _, v := range values {
		words := strings.Split(v, ",")
		if name, rest, ok := strings.Cut(words[0], "="); ok && !strings.ContainsAny(name, "/:[") {
			words[0] = rest
		}
		l := topo.Listener{Network: "tcp", ProxyHeader: slices.Contains(words[1:], "PROXY")}
		if strings.HasPrefix(words[0], "/") || strings.HasPrefix(words[0], "@") {
			l.Network, l.Address = "unix", words[0]
			list = append(list, l)
			continue
		}
		host, port, ok := splitPort(words[0])
		if !ok {
			host, port = words[0], 80
		}
		switch host = strings.Trim(host, "[]"); {
		case host == "" || host == "*":
			for _, any := range []string{"0.0.0.0", "[::]"} {
				l.Address, l.V6Only = any+":"+strconv.Itoa(port), any == "[::]"
				list = append(list, l)
			}
			continue
		case strings.Contains(host, ":"):
			host = "[" + host + "]"
		}
		l.Address = host + ":" + strconv.Itoa(port)
		list = append(list, l)
	}
	return list
}

// pool is a backend or a director as a group of endpoints.
func (c *config) pool(name string) topo.Pool {
	p := topo.Pool{Name: name, Checks: c.checks(name)}
	for _, o := range c.members(name) {
		if e, ok := endpoint(o); ok {
			p.Endpoints = append(p.Endpoints, e)
		}
	}
	if d := c.director(name); d != nil {
		p.Method, p.Place = strings.TrimPrefix(d.kind, "directors."), d.name.at
	} else if o := c.vcl.backend(name); o != nil {
		p.Place = o.from
	}
	return p
}

// members are the backends that a name stands for: directors may be members of
// directors.
func (c *config) members(name string) []*object { return c.vcl.members(name, 0) }

func (v *vcl) members(name string, depth int) (list []*object) {
	if o := v.backend(name); o != nil {
		return []*object{o}
	}
	d := v.director(name)
	if d == nil || depth > 8 {
		return nil
	}
	for _, m := range d.members {
		for _, o := range v.members(m, depth+1) {
			if !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	return list
}

// checks says who takes servers out of rotation: a probe, or only people.
func (c *config) checks(name string) string {
	for _, o := range c.members(name) {
		if o.attr("probe") != nil || c.probes["default"] != nil {
			return "active"
		}
	}
	return "none"
}

// forward is the way to a backend or a director.
func (c *config) forward(t target) (topo.Forward, bool) {
	f := topo.Forward{Protocol: vocab.HTTP, Target: "backend " + t.name, Pool: t.name, Place: t.at}
	d := c.director(t.name)
	if d != nil && !d.static() {
		f.Target, f.Pool, f.RunTime = d.kind+" "+t.name, "", true
		if host, port, ok := dynamic(d, t.args); ok {
			f.Endpoints = []topo.Endpoint{{Network: "tcp", Host: host, Port: port, Place: t.at}}
			f.Resolver = &topo.Resolver{V4: true, V6: true, Place: d.name.at}
		}
		return f, true
	}
	for _, o := range c.members(t.name) {
		e, ok := endpoint(o)
		if !ok {
			continue
		}
		f.Endpoints = append(f.Endpoints, e)
		if f.Place.File == "" {
			f.Place = o.from
		}
		if e.IsName() {
			// Names are resolved when the VCL is compiled (lib/libvcc/vcc_utils.c).
			f.Resolver = &topo.Resolver{AtStart: true, V4: true, V6: true, Place: e.Place}
		}
	}
	return f, len(f.Endpoints) > 0
}

// dynamic reads what vmod dynamic resolves while it runs:
// new d = dynamic.director(port = "80"); d.backend("app.internal").
func dynamic(d *director, args []token) (host string, port int, ok bool) {
	port = 80
	for i, t := range d.words {
		if t.is("port") && i+2 < len(d.words) {
			port = service(d.words[i+2].text)
		}
	}
	for i, t := range args {
		switch {
		case t.kind == tokString && host == "":
			host = t.text
		case t.is("port") && i+2 < len(args):
			port = service(args[i+2].text)
		}
	}
	return host, port, host != "" && strings.Contains(d.kind, "dynamic")
}
