package nginx

import (
	"sort"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx/syntax"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// config is a configuration in the form that questions are put to.
type config struct {
	launch    dialect.Launch
	src       dialect.Source
	tree      *syntax.Config
	main      *scope
	http      *scope // nil where there is none
	stream    *scope
	events    *scope
	servers   []*server // of http, in order
	streams   []*server
	sockets   []*socket            // of http, then of stream
	upstreams map[string]*upstream // of http, by name in lower case
	pipes     map[string]*upstream // of stream
	formats   map[string]format
	tables    map[string]*table // map, geo, split_clients of http, by variable
	ports     map[string]*table // of stream
	empty     map[string]bool   // variables that rules set
	problems  []topo.Problem
}

// Config reads the configuration that a launch names.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	c := newConfig(src, l)
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve}
}

func newConfig(src dialect.Source, l dialect.Launch) *config {
	l = locate(src, l)
	c := &config{launch: l, src: src, empty: map[string]bool{}, tree: syntax.Load(src, l.Config)}
	c.problems = append(c.problems, c.tree.Problems...)
	b := &builder{left: maxDirectives, problem: c.problem}
	c.main = &scope{area: "core", context: "main"}
	b.build(c.main, append(c.globals(), c.tree.Main.Root...))
	c.http, c.stream, c.events = c.block("http"), c.block("stream"), c.block("events")
	if c.http != nil {
		c.servers = serversOf(c.http, false)
		c.upstreams = c.upstreamsOf(c.http, false)
		c.tables = tablesOf(c.http)
		c.formats = formatsOf(c.http)
	}
	if c.stream != nil {
		c.streams = serversOf(c.stream, true)
		c.pipes = c.upstreamsOf(c.stream, true)
		c.ports = tablesOf(c.stream)
	}
	c.sockets = append(socketsOf(c.servers), socketsOf(c.streams)...)
	c.check()
	return c
}

// maxProblems bounds the problems that are told; after the first ones nobody
// reads them.
const maxProblems = 1000

func (c *config) problem(at topo.Place, fatal bool, text string) {
	if len(c.problems) >= maxProblems {
		return
	}
	c.problems = append(c.problems, topo.Problem{Place: at, Text: text, Fatal: fatal})
}

// globals reads the directives of the command line, which nginx sees first.
func (c *config) globals() []*syntax.Directive {
	text := strings.TrimSpace(c.launch.Globals)
	if text == "" {
		return nil
	}
	if !strings.HasSuffix(text, ";") {
		text += ";"
	}
	c.tree.Globals = syntax.Parse("-g", []byte(text))
	return c.tree.Globals.Root
}

// block returns the first main block of a name, or nil.
func (c *config) block(name string) *scope {
	for _, it := range c.main.own(name) {
		if it.sub != nil {
			return it.sub
		}
	}
	return nil
}

func serversOf(s *scope, stream bool) []*server {
	var all []*server
	for _, it := range s.own("server") {
		if it.sub == nil {
			continue
		}
		v := &server{s: it.sub, stream: stream, listens: listens(it.sub, stream), names: serverNames(it.sub)}
		v.root = locations(it.sub)
		all = append(all, v)
	}
	return all
}

// instance describes the configuration to rooms that know no nginx.
func (c *config) instance() topo.Instance {
	in := topo.Instance{Product: c.launch.Product, Version: c.launch.Version, Config: c.launch.Config}
	if in.Product == "" {
		in.Product = "nginx"
	}
	for _, f := range c.tree.Files {
		in.Files = append(in.Files, f.Path)
	}
	in.Pools = c.pools()
	for _, v := range append(append([]*server(nil), c.servers...), c.streams...) {
		in.Sites = append(in.Sites, c.site(v))
	}
	for _, s := range c.sockets {
		in.Listeners = append(in.Listeners, s.first.listener())
	}
	in.Logs = c.allLogs()
	in.Settings = c.instanceSettings()
	in.PIDFile = c.path(c.main.text("pid", pidFile(c.launch)))
	in.Problems = c.problems
	c.sortProblems(in.Problems)
	return in
}

// sortProblems puts what nginx refuses first, in the order in which it would
// meet it.
func (c *config) sortProblems(list []topo.Problem) {
	rank := map[string]int{}
	for i, f := range c.tree.Files {
		rank[f.Path] = i
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		switch {
		case a.Fatal != b.Fatal:
			return a.Fatal
		case rank[a.Place.File] != rank[b.Place.File]:
			return rank[a.Place.File] < rank[b.Place.File]
		}
		return a.Place.Start < b.Place.Start
	})
}

func (c *config) site(v *server) topo.Site {
	site := topo.Site{Place: v.s.d.Place()}
	for i := range v.names {
		site.Names = append(site.Names, v.names[i].SiteName)
	}
	for i := range v.listens {
		l := &v.listens[i]
		site.Listeners = append(site.Listeners, l.listener())
		site.Default = site.Default || l.on.byDefault == v
	}
	c.ways(v, v.s, &site.Forwards)
	return site
}

// ways collects every way out of a server, in the order of the file.
func (c *config) ways(v *server, s *scope, out *[]topo.Forward) {
	for _, it := range s.items {
		if _, ok := passes[it.Name()]; ok && len(it.Words) > 1 {
			r := c.imagine(v, s)
			f := (*topo.Forward)(nil)
			if v.stream {
				f = r.streamTarget(it)
			} else {
				f = r.forward(it)
			}
			if f != nil {
				*out = append(*out, *f)
			}
		}
		if it.sub != nil {
			c.ways(v, it.sub, out)
		}
	}
}

// imagine returns a run of a request that stands in s, with the variables that
// the blocks around it set.
func (c *config) imagine(v *server, s *scope) *run {
	r := &run{c: c, v: v, cur: s, uri: "/", vars: map[string]value{}, doubted: map[string]bool{}}
	r.req.Method, r.req.Path = "GET", "/"
	if len(v.listens) > 0 {
		r.l = v.listens[0]
		r.req.Port, r.req.TLS = r.l.port, r.l.TLS
	}
	var chain []*scope
	for up := s; up != nil; up = up.up {
		chain = append([]*scope{up}, chain...)
	}
	for _, up := range chain {
		for _, it := range up.own("set") {
			if len(it.Words) == 3 {
				r.vars[variableName(it.Arg(1))] = r.expand(it.Arg(2))
			}
		}
	}
	return r
}

// path completes a path as ngx_conf_full_name does: relative to the prefix.
func (c *config) path(p string) string {
	if p == "" || strings.HasPrefix(p, "/") {
		return p
	}
	return strings.TrimSuffix(c.launch.Prefix, "/") + "/" + p
}

// confPath completes a path that refers to the directory of the configuration:
// certificates, password files, includes.
func (c *config) confPath(p string) string {
	if p == "" || strings.HasPrefix(p, "/") {
		return p
	}
	i := strings.LastIndexByte(c.launch.Config, '/')
	return c.launch.Config[:i+1] + p
}

// instanceSettings are the knobs of the whole instance.
func (c *config) instanceSettings() topo.Settings {
	out := topo.Settings{}
	inside := c.events
	if inside == nil {
		inside = c.main
	}
	c.setting(out, c.main, vocab.WorkerProcesses, "worker_processes", "1", asCount)
	c.setting(out, inside, vocab.WorkerConnections, "worker_connections", "512", asCount)
	c.setting(out, c.main, vocab.WorkerFiles, "worker_rlimit_nofile", "", asCount)
	c.setting(out, c.main, vocab.WorkerUser, "user", defaultUser(c.launch), asWords)
	return out
}
