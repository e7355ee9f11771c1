package envoy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// defaultConfig is where Debian's package and the official image keep the
// bootstrap.
const defaultConfig = "/etc/envoy/envoy.yaml"

// config is a configuration while it is read, and what Resolve needs of it.
type config struct {
	src      dialect.Source
	launch   dialect.Launch
	file     string
	files    []string
	boot     *tree.Node
	problems dialect.Problems
	version  string

	listeners []*listener
	clusters  map[string]*cluster
	tables    map[string]*tree.Node // route configurations by name

	told    bool // the admin interface told listeners, routes and clusters
	differs []string
	remote  bool // listeners, routes or clusters come from a management server
}

// Config reads the bootstrap that a launch names, and what the admin interface of
// the running instance tells.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	c := &config{src: src, launch: l, file: l.Config, boot: &tree.Node{Kind: tree.Map}, clusters: map[string]*cluster{}, tables: map[string]*tree.Node{}}
	if !c.bootstrap() {
		return &dialect.Conf{Instance: topo.Instance{Product: "envoy", Config: c.file, Files: c.files, Problems: c.problems, Settings: topo.Settings{}}}
	}
	c.static()
	c.askAdmin()
	return &dialect.Conf{Instance: c.instance(), Resolve: c.resolve, Questions: c.questions(), Told: c.told, Differs: c.differs}
}

// sections are what a bootstrap has at its top (envoy.config.bootstrap.v3.Bootstrap).
var sections = strings.Fields(`node node_context_params static_resources dynamic_resources cluster_manager hds_config flags_path stats_sinks
	deferred_stat_options stats_config stats_flush_interval stats_flush_on_admin stats_eviction_interval watchdog watchdogs tracing
	layered_runtime admin overload_manager enable_dispatcher_stats header_prefix stats_server_version_override use_tcp_for_dns_lookups
	dns_resolution_config typed_dns_resolver_config bootstrap_extensions fatal_actions config_sources default_config_source
	default_socket_interface certificate_provider_instances inline_headers perf_tracing_file_path default_regex_engine
	xds_delegate_extension xds_config_tracker_extension listener_manager application_log_config grpc_async_client_manager_config
	memory_allocator_manager runtime hidden_envoy_deprecated_runtime`)

// bootstrap reads the bootstrap, and reports whether there is one that Envoy would
// start with.
func (c *config) bootstrap() bool {
	if c.file == "" && c.launch.Globals == "" {
		c.file = defaultConfig
	}
	if c.file != "" {
		data, err := c.src.ReadFile(c.file)
		if err != nil {
			return false
		}
		c.files = append(c.files, c.file)
		if c.boot, err = parse(c.file, data); err != nil {
			if e, ok := err.(*tree.Error); ok {
				c.problems.Fatal(e.Place, "%s", e.Text)
			}
			return false
		}
	}
	if c.launch.Globals != "" {
		over, err := tree.ReadYAML("", []byte(c.launch.Globals))
		if err == nil {
			merge(c.boot, over)
		}
	}
	ok := c.boot.Kind == tree.Map
	c.boot.Each(func(key string, v *tree.Node) {
		if !slices.ContainsFunc(sections, func(s string) bool { return tree.Same(s, key) }) {
			c.problems.Fatal(v.Pair, "no such field: '%s'", key)
			ok = false
		}
	})
	if !ok && len(c.problems) == 0 {
		c.problems.Fatal(topo.Place{File: c.file, Line: 1, Column: 1}, "this is no bootstrap of Envoy")
	}
	return ok
}

// parse reads a file by its extension: whatever is not JSON is YAML.
func parse(file string, data []byte) (*tree.Node, error) {
	if strings.HasSuffix(file, ".json") {
		return tree.ReadJSON(file, data)
	}
	return tree.ReadYAML(file, data)
}

// merge puts the members of over into n, as protobuf merges messages: maps are
// joined, lists appended.
func merge(n, over *tree.Node) {
	over.Each(func(key string, v *tree.Node) {
		have := n.Get(key)
		switch {
		case have != nil && have.Kind == tree.Map && v.Kind == tree.Map:
			merge(have, v)
		case have != nil && have.Kind == tree.List && v.Kind == tree.List:
			have.Items = append(have.Items, v.Items...)
		default:
			n.Set(v, key)
		}
	})
}

// static takes what stands in the bootstrap itself.
func (c *config) static() {
	for _, n := range c.boot.List("static_resources", "listeners") {
		c.addListener(n)
	}
	for _, n := range c.boot.List("static_resources", "clusters") {
		c.clusters[n.Str("name")] = &cluster{name: n.Str("name"), node: n}
	}
	d := c.boot.Get("dynamic_resources")
	c.remote = d.Has("lds_config") || d.Has("cds_config") || d.Has("ads_config")
}

// listener is one listener with its HTTP connection managers.
type listener struct {
	node    *tree.Node
	address topo.Listener
	chains  []chain
}

// chain is a filter chain that ends in an HTTP connection manager.
type chain struct {
	names []string // of the server name that a client asks for; empty: any
	tls   bool
	http  *tree.Node // the connection manager; nil: none
	tcp   *tree.Node // the TCP proxy; nil: none
}

func (c *config) addListener(n *tree.Node) {
	l := &listener{node: n, address: address(n.Get("address"))}
	l.address.Place = n.At
	for _, f := range n.List("listener_filters") {
		if kind(f) == "ProxyProtocol" || strings.Contains(f.Str("name"), "proxy_protocol") {
			l.address.ProxyHeader = true
		}
	}
	chains := n.List("filter_chains")
	if d := n.Get("default_filter_chain"); d != nil {
		chains = append(slices.Clone(chains), d)
	}
	for _, fc := range chains {
		x := chain{names: fc.Strs("filter_chain_match", "server_names"), tls: fc.Has("transport_socket") || fc.Has("tls_context")}
		x.tls = x.tls || fc.Str("filter_chain_match", "transport_protocol") == "tls"
		for _, f := range fc.List("filters") {
			switch kind(f) {
			case "HttpConnectionManager":
				x.http = settled(f)
			case "TcpProxy":
				x.tcp = settled(f)
			}
		}
		l.chains = append(l.chains, x)
	}
	if l.address.Address != "" {
		c.listeners = append(c.listeners, l)
	}
}

// kind is the type of an extension, without its package; of older configurations
// the name says it.
func kind(n *tree.Node) string {
	t := n.Str("typed_config", "@type")
	if t == "" {
		switch n.Str("name") {
		case "envoy.http_connection_manager", "envoy.filters.network.http_connection_manager":
			return "HttpConnectionManager"
		case "envoy.tcp_proxy", "envoy.filters.network.tcp_proxy":
			return "TcpProxy"
		}
	}
	return t[strings.LastIndexByte(t, '.')+1:]
}

// settled is the configuration of an extension.
func settled(n *tree.Node) *tree.Node {
	if t := n.Get("typed_config"); t != nil {
		return t
	}
	return n.Get("config")
}

// address reads core.v3.Address as a listener spells it.
func address(n *tree.Node) topo.Listener {
	if p := n.Str("pipe", "path"); p != "" {
		return topo.Listener{Network: "unix", Address: p}
	}
	s := n.Get("socket_address")
	host, port := s.Str("address"), s.Int(0, "port_value")
	if host == "" || port == 0 || strings.EqualFold(s.Str("protocol"), "udp") {
		return topo.Listener{}
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return topo.Listener{Network: "tcp", Address: fmt.Sprintf("%s:%d", host, port)}
}
