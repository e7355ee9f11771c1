package traefik

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// config is a configuration while it is read, and what Resolve needs of it.
type config struct {
	src      dialect.Source
	launch   dialect.Launch
	static   *tree.Node
	file     string // of the static configuration; empty: flags
	files    []string
	problems dialect.Problems
	points   []*point

	routers, services, middlewares, transports map[string]*object

	told    bool       // the running instance told routers, services and middlewares
	differs []string   // what it told otherwise than the files
	named   [][]string // matches of serverURL in files that cannot be read
	unread  bool       // some of the file provider's configuration could not be read
	hidden  []string   // providers whose configuration stands in no file
	version string
}

// object is a router, a service, a middleware or a transport.
type object struct {
	name     string // "app@file"
	provider string
	node     *tree.Node
	place    topo.Place // where a file says so
	status   string     // that the running instance told: "enabled", "warning", "disabled"
}

// point is an entry point.
type point struct {
	name    string
	node    *tree.Node // nil: one that Traefik adds by itself
	address string     // as topo spells it
	isTLS   bool
}

// Config reads the static configuration that a launch names, what the file
// provider reads because of it, and what the running instance tells where it has
// an API that may be asked.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	c := &config{src: src, launch: l, static: &tree.Node{Kind: tree.Map},
		routers: map[string]*object{}, services: map[string]*object{}, middlewares: map[string]*object{}, transports: map[string]*object{}}
	if !c.readStatic() {
		return &dialect.Conf{Instance: topo.Instance{Product: "traefik", Config: c.file, Files: c.files, Problems: c.problems, Settings: topo.Settings{}}}
	}
	c.entryPoints()
	c.readFiles()
	c.askAPI()
	if !c.told {
		c.applyModels()
	}
	c.check()
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve, Questions: c.questions(), Told: c.told, Watches: c.watches(), Differs: c.differs}
}

// internal is the entry point that Traefik keeps for itself.
const internal = "traefik"

// entryPoints reads the listeners. Where none is configured there is one at port
// 80 (SetEffectiveConfiguration).
func (c *config) entryPoints() {
	c.static.Each(func(name string, n *tree.Node) {
		address, proto, _ := strings.Cut(n.Str("address"), "/")
		if strings.EqualFold(proto, "udp") {
			return
		}
		c.points = append(c.points, &point{name: name, node: n, address: listenAddress(address), isTLS: present(n.Get("http", "tls"))})
	}, "entryPoints")
	own := func(p *point) bool { return p.name == internal }
	if !slices.ContainsFunc(c.points, func(p *point) bool { return !own(p) }) {
		c.points = append(c.points, &point{name: "http", address: "[::]:80"})
	}
	needs := c.static.On(false, "api", "insecure") || present(c.static.Get("ping")) && !c.static.On(false, "ping", "manualRouting") || present(c.static.Get("metrics", "prometheus"))
	if needs && !slices.ContainsFunc(c.points, own) {
		c.points = append(c.points, &point{name: internal, address: "[::]:8080"})
	}
}

// present reports whether a part that may be empty is switched on.
func present(n *tree.Node) bool {
	switch {
	case n == nil || n.Kind == tree.Null:
		return false
	case n.Kind == tree.Scalar:
		return n.On(true)
	}
	return true
}

// listenAddress spells an address as topo does. Without a host both families
// listen (package net).
func listenAddress(text string) string {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return text
	}
	host, port := strings.Trim(text[:i], "[]"), text[i+1:]
	switch {
	case host == "" || host == "::":
		host = "[::]"
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// defaults are the entry points of routers that name none.
func (c *config) defaults() []string {
	var chosen, all []string
	for _, p := range c.points {
		if p.node.On(false, "asDefault") {
			chosen = append(chosen, p.name)
		}
		if p.name != internal {
			all = append(all, p.name)
		}
	}
	if len(chosen) > 0 {
		return chosen
	}
	return all
}

// at returns the entry points that a router takes requests from.
func (c *config) at(r *object) []*point {
	names := r.node.Strs("entryPoints")
	if len(names) == 0 && len(r.node.List("parentRefs")) == 0 {
		names = c.defaults()
	}
	var out []*point
	for _, p := range c.points {
		if slices.Contains(names, p.name) {
			out = append(out, p)
		}
	}
	return out
}

// secure reports whether a router takes only requests over TLS. Traefik looks at
// the first bytes of each connection, and where it finds TLS only such routers count.
func secure(r *object) bool { return present(r.node.Get("tls")) }

// model reports whether an entry point has middlewares or TLS for all its routers.
func (p *point) model() bool { return p.isTLS || len(p.node.List("http", "middlewares")) > 0 }

// applyModels makes of a router one for each of its entry points that adds
// something, named after both where there are several (pkg/server/aggregator.go).
func (c *config) applyModels() {
	for _, name := range names(c.routers) {
		r := c.routers[name]
		points := c.at(r)
		var rest []*tree.Node
		for _, p := range points {
			at := &tree.Node{Kind: tree.Scalar, Text: p.name}
			if !p.model() {
				rest = append(rest, at)
				continue
			}
			own := *r
			own.node = &tree.Node{Kind: tree.Map, Keys: slices.Clone(r.node.Keys), Items: slices.Clone(r.node.Items), At: r.node.At, Pair: r.node.Pair}
			put(own.node, "entryPoints", &tree.Node{Kind: tree.List, Items: []*tree.Node{at}})
			put(own.node, "middlewares", &tree.Node{Kind: tree.List, Items: append(slices.Clone(p.node.List("http", "middlewares")), r.node.List("middlewares")...)})
			if p.isTLS && !secure(r) {
				put(own.node, "tls", &tree.Node{Kind: tree.Map})
			}
			if len(points) > 1 {
				own.name = p.name + "-" + r.name
			}
			c.routers[own.name] = &own
		}
		if len(points) > 1 && len(rest) < len(points) {
			delete(c.routers, name)
			if len(rest) > 0 {
				own := *r
				own.node = &tree.Node{Kind: tree.Map, Keys: slices.Clone(r.node.Keys), Items: slices.Clone(r.node.Items), At: r.node.At, Pair: r.node.Pair}
				put(own.node, "entryPoints", &tree.Node{Kind: tree.List, Items: rest})
				c.routers[name] = &own
			}
		}
	}
}

// names returns the names of objects in order.
func names(m map[string]*object) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// qualified completes a name by the provider of who names it.
func qualified(name string, by *object) string {
	if name == "" || strings.Contains(name, "@") {
		return name
	}
	return name + "@" + by.provider
}

func itoa(n int) string { return strconv.Itoa(n) }

func (c *config) watches() bool {
	return c.static.On(true, "providers", "file", "watch")
}

// put sets a member of a copy: what it was copied from keeps its own.
func put(n *tree.Node, name string, v *tree.Node) {
	for i, k := range n.Keys {
		if tree.Same(k, name) {
			n.Items[i] = v
			return
		}
	}
	n.Keys, n.Items = append(n.Keys, name), append(n.Items, v)
}
