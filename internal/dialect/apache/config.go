package apache

import (
	"path"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// config is a configuration in the form that questions are put to.
type config struct {
	*reader
	top       *node
	listens   []listen
	main      *host
	hosts     []*host // the virtual hosts, in order
	balancers map[string]*balancer
	formats   map[string]string // of LogFormat, by nickname
}

// Config reads the configuration that a launch names.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	c := newConfig(src, l)
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve, Questions: c.questions()}
}

func newConfig(src dialect.Source, l dialect.Launch) *config {
	l = locate(src, l)
	c := &config{reader: newReader(src, l), balancers: map[string]*balancer{}, formats: map[string]string{
		// httpd has one of this name without a directive (mod_log_config).
		"CLF": commonFormat,
	}}
	c.top = c.load()
	c.main = &host{n: c.top, main: true}
	c.main.read()
	for _, n := range c.top.sub {
		switch n.name {
		case "<virtualhost":
			h := &host{n: n, up: c.main, addrs: addresses(n.args)}
			h.read()
			c.hosts = append(c.hosts, h)
		case "listen":
			c.listens = append(c.listens, listenOf(n))
		}
	}
	for _, h := range append([]*host{c.main}, c.hosts...) {
		for _, n := range h.n.all("logformat") {
			if len(n.args) == 2 {
				c.formats[n.arg(1)] = n.arg(0)
			}
		}
	}
	for i := range c.listens {
		c.listens[i].tls = c.speaksTLS(c.listens[i])
	}
	c.readWorkers()
	c.check()
	return c
}

// instance describes the configuration to rooms that know no Apache.
func (c *config) instance() topo.Instance {
	in := topo.Instance{Product: "apache", Version: c.launch.Version, Config: c.launch.Config, Files: c.files}
	for _, l := range c.listens {
		in.Listeners = append(in.Listeners, l.listener())
	}
	for _, h := range c.sites() {
		in.Sites = append(in.Sites, c.site(h))
	}
	for _, name := range sortedKeys(c.balancers) {
		in.Pools = append(in.Pools, c.balancers[name].pool())
	}
	for _, h := range append([]*host{c.main}, c.hosts...) {
		for _, l := range c.logs(h) {
			if !slices.ContainsFunc(in.Logs, func(have topo.Log) bool { return have.Kind == l.Kind && have.Path == l.Path }) {
				in.Logs = append(in.Logs, l)
			}
		}
	}
	in.Settings = c.instanceSettings()
	if n := c.top.last("pidfile"); n != nil {
		in.PIDFile = c.serverPath(n.arg(0))
	}
	slices.SortStableFunc(c.problems, func(a, b topo.Problem) int {
		if a.Fatal == b.Fatal {
			return 0
		}
		if a.Fatal {
			return -1
		}
		return 1
	})
	in.Problems = c.problems
	return in
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// sites are the virtual hosts, and the main server where it answers for an
// address.
func (c *config) sites() []*host {
	all := slices.Clone(c.hosts)
	for _, l := range c.listens {
		if len(c.candidates(l)) == 0 {
			return append([]*host{c.main}, all...)
		}
	}
	return all
}

func (c *config) site(h *host) topo.Site {
	s := topo.Site{}
	if !h.main {
		s.Place = h.n.place()
	}
	if h.name != "" {
		s.Names = append(s.Names, topo.SiteName{Name: h.name, Kind: "exact"})
	}
	s.Names = append(s.Names, h.aliases...)
	for _, l := range c.listens {
		of := c.candidates(l)
		if len(of) == 0 {
			of = []*host{c.main}
		}
		if slices.Contains(of, h) {
			s.Listeners = append(s.Listeners, l.listener())
			s.Default = s.Default || of[0] == h
		}
	}
	s.Forwards = c.ways(h)
	return s
}

// logs are those that requests to a host are written to: its own, and where it
// has none of a kind, those of the main server.
func (c *config) logs(h *host) []topo.Log {
	var out []topo.Log
	errors := topo.Log{Kind: "error", Path: path.Join(c.root, "logs/error_log"), Level: c.level(h)}
	if n := h.value("errorlog"); n != nil {
		errors.Path, errors.Place = c.logPath(n.arg(0)), n.place()
		errors.Variable = strings.HasPrefix(n.arg(0), "|")
	}
	out = append(out, errors)
	own := h.n.all("customlog", "transferlog")
	if len(own) == 0 && !h.main {
		own = c.main.n.all("customlog", "transferlog")
	}
	for _, n := range append(own, c.top.all("globallog")...) {
		out = append(out, c.accessLog(h, n))
	}
	return out
}

func (c *config) logPath(p string) string {
	if strings.HasPrefix(p, "|") || p == "syslog" || strings.HasPrefix(p, "syslog:") || p == "journald" || p == "" {
		if p == "syslog" || p == "journald" {
			p += ":"
		}
		return p
	}
	return c.serverPath(p)
}

func (c *config) accessLog(h *host, n *node) topo.Log {
	l := topo.Log{Kind: "access", Path: c.logPath(n.arg(0)), Place: n.place(), Variable: strings.HasPrefix(n.arg(0), "|")}
	if b := c.main.value("bufferedlogs"); b != nil {
		l.Buffered = on(b.arg(0))
	}
	format := n.arg(1)
	if n.name == "transferlog" {
		format = "CLF"
		for _, f := range append(c.main.n.all("logformat"), h.n.all("logformat")...) {
			if len(f.args) == 1 {
				format = f.arg(0)
			}
		}
	}
	l.Format = format
	if text, ok := c.formats[format]; ok {
		l.Format, l.FormatName = text, format
	}
	l.Filtered = len(n.args) > 2
	return l
}

// level is the level for every module that has none of its own.
func (c *config) level(h *host) string {
	level := "warn"
	if n := h.value("loglevel"); n != nil {
		for _, w := range n.args {
			if !strings.Contains(w, ":") {
				level = strings.ToLower(w)
			}
		}
	}
	return level
}

// instanceSettings are the knobs of the whole instance.
func (c *config) instanceSettings() topo.Settings {
	out := topo.Settings{}
	c.put(out, c.main, vocab.WorkerConnections, []string{"maxrequestworkers", "maxclients"}, "MaxRequestWorkers", "400", asCount)
	c.put(out, c.main, vocab.WorkerUser, []string{"user"}, "User", "#-1", asWords)
	c.put(out, c.main, vocab.ListenBacklog, []string{"listenbacklog"}, "ListenBacklog", "511", asCount)
	return out
}
