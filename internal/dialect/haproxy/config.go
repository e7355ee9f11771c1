package haproxy

import (
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// defaultConfig is where packages keep the configuration.
const defaultConfig = "/etc/haproxy/haproxy.cfg"

// config is a configuration while it is read, and what Resolve needs of it.
type config struct {
	src      dialect.Source
	launch   dialect.Launch
	version  int // 206 of 2.6; 0: not known
	sections []*section
	global   *section // every global section together; never nil
	proxies  []*proxy
	byName   map[string][]*proxy
	unknown  map[string]bool // variables of the environment without a value
	maps     map[string]*mapFile
	problems dialect.Problems
	files    []string
}

// Config reads the configuration that a launch names.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	if l.Config == "" {
		l.Config = defaultConfig
	}
	c := &config{src: src, launch: l, version: release(l.Version), byName: map[string][]*proxy{}, unknown: map[string]bool{}, maps: map[string]*mapFile{}}
	files, problems := load(src, l)
	c.problems = problems
	p := &parser{c: c, env: map[string]string{}}
	for _, f := range files {
		c.files = append(c.files, f.path)
		p.file(f)
	}
	if len(p.skip) > 0 {
		c.problems.Warn(topo.Place{File: l.Config}, "an .if has no .endif")
	}
	c.merge()
	c.build()
	c.loadMaps()
	c.check()
	c.tellUnknown()
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve, Questions: c.questions(), Refine: c.refine}
}

// merge joins the global sections.
func (c *config) merge() {
	c.global = &section{kind: "global"}
	for _, s := range c.sections {
		if s.kind == "global" {
			c.global.rows = append(c.global.rows, s.rows...)
			c.global.head, c.global.last = s.head, s.last
		}
	}
}

func (c *config) build() {
	for _, s := range c.sections {
		switch s.kind {
		case "frontend", "backend", "listen":
			x := c.proxy(s)
			x.logged = c.logs(x)
			c.proxies = append(c.proxies, x)
			c.byName[s.name] = append(c.byName[s.name], x)
		}
	}
}

// backend returns the proxy of a name that has servers.
func (c *config) backend(name string) *proxy {
	for _, x := range c.byName[name] {
		if x.kind != "frontend" {
			return x
		}
	}
	return nil
}

func (c *config) tellUnknown() {
	if len(c.unknown) == 0 {
		return
	}
	var names []string
	for n := range c.unknown {
		names = append(names, n)
	}
	sort.Strings(names)
	c.problems.Warn(topo.Place{File: c.launch.Config}, "the environment variables %s are known only to the process: they are taken to be empty", strings.Join(names, ", "))
}

func (c *config) instance() topo.Instance {
	inst := topo.Instance{
		Product: "haproxy", Version: c.launch.Version, Config: c.launch.Config, Files: c.files, Problems: c.problems, Settings: c.settings(nil, nil, nil),
	}
	if r := c.global.find("pidfile"); r != nil {
		inst.PIDFile = r.arg(1)
	}
	for _, x := range c.proxies {
		inst.Listeners = append(inst.Listeners, x.listeners...)
		if x.kind != "frontend" {
			inst.Pools = append(inst.Pools, x.pool(c))
		}
		if x.kind != "backend" {
			inst.Sites = append(inst.Sites, c.site(x))
		}
		for _, l := range x.logged {
			if !slices.ContainsFunc(inst.Logs, func(have topo.Log) bool { return have.Path == l.Path }) {
				inst.Logs = append(inst.Logs, l)
			}
		}
	}
	return inst
}

// site is a frontend with the names by which it tells requests apart, and every
// way out of it.
func (c *config) site(x *proxy) topo.Site {
	s := topo.Site{Label: x.name, Listeners: x.listeners, Default: true, Place: x.head.place(), Names: c.names(x)}
	add := func(b *proxy) {
		if b != nil && len(b.servers) > 0 {
			s.Forwards = append(s.Forwards, c.forward(b))
		}
	}
	for _, r := range x.all() {
		switch {
		case r.begins("use_backend") && !strings.Contains(r.arg(1), "%["):
			add(c.backend(r.arg(1)))
		case r.begins("default_backend"):
			add(c.backend(r.arg(1)))
		}
	}
	if x.kind == "listen" {
		add(x)
	}
	return s
}

// logs are where a proxy's requests are logged: its own "log" lines, and those
// of the global section where it says "log global".
func (c *config) logs(x *proxy) []topo.Log {
	var out []topo.Log
	add := func(r *row) {
		l := topo.Log{Kind: "access", Path: logPath(r.arg(1)), Place: r.place()}
		rest := r.args(2)
		for len(rest) > 1 && (rest[0] == "len" || rest[0] == "format" || rest[0] == "sample" || rest[0] == "profile") {
			rest = rest[2:]
		}
		if len(rest) > 1 {
			l.Level = rest[1]
		}
		// Requests are written at level info.
		if slices.Contains([]string{"emerg", "alert", "crit", "err", "warning", "notice"}, l.Level) {
			l.Filtered = true
		}
		out = append(out, c.found(l)...)
	}
	for _, r := range x.all() {
		switch {
		case r.begins("no", "log"):
			out = nil
		case r.begins("log", "global"):
			for _, g := range c.global.rows {
				if g.begins("log") {
					add(g)
				}
			}
		case r.begins("log") && len(r.words) > 2:
			add(r)
		}
	}
	// What carries requests comes first.
	slices.SortStableFunc(out, func(a, b topo.Log) int { return order(a.Filtered) - order(b.Filtered) })
	for i := range out {
		out[i].FormatName, out[i].Format = x.logFormat()
	}
	return slices.CompactFunc(out, func(a, b topo.Log) bool { return a.Path == b.Path })
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

// logFormat names the format of a proxy's requests: only those of httplog and
// tcplog say how a request ended.
func (x *proxy) logFormat() (name, format string) {
	name = "default"
	for _, r := range x.all() {
		switch {
		case r.begins("log-format"):
			name, format = "log-format", r.arg(1)
		case r.begins("option", "httplog"), r.begins("option", "httpslog"), r.begins("option", "tcplog"):
			name, format = r.arg(1), ""
		}
	}
	return name, format
}

func logPath(target string) string {
	switch {
	case target == "stdout" || target == "fd@1":
		return "/dev/stdout"
	case target == "stderr" || target == "fd@2":
		return "/dev/stderr"
	case strings.HasPrefix(target, "ring@"):
		return "memory:" + target
	}
	return "syslog:" + target
}

// syslogFiles are where the syslog services of distributions put what HAProxy
// sends them.
var syslogFiles = []string{"/var/log/haproxy.log", "/var/log/haproxy/haproxy.log", "/var/log/haproxy-traffic.log", "/var/log/syslog", "/var/log/messages"}

// found adds to a log that goes to this host's syslog the file that the service
// writes.
func (c *config) found(l topo.Log) []topo.Log {
	target, ok := strings.CutPrefix(l.Path, "syslog:")
	if !ok {
		return []topo.Log{l}
	}
	local := strings.HasPrefix(target, "/")
	for _, h := range []string{"127.0.0.1", "localhost", "::1", "[::1]", "udp@127.0.0.1", "udp@localhost"} {
		local = local || target == h || target == h+":514"
	}
	if !local {
		return []topo.Log{l}
	}
	for _, path := range syslogFiles {
		if list, err := c.src.Glob(path); err == nil && len(list) > 0 {
			l.Path = path
			return []topo.Log{l}
		}
	}
	return []topo.Log{l}
}

// absolute completes a path of a certificate or authority by the folder that
// the global section names for its kind.
func (c *config) absolute(path, base string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if r := c.global.find(base); r != nil {
		return filepath.Join(r.arg(1), path)
	}
	return filepath.Join(c.launch.Prefix, path)
}
