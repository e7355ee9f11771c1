package envoy

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// cluster is a group of hosts.
type cluster struct {
	name  string
	node  *tree.Node
	place topo.Place      // where a file says something else of it
	hosts []topo.Endpoint // that the running instance told
}

func (x *cluster) at() topo.Place {
	if x.place.File != "" {
		return x.place
	}
	return x.node.At
}

// endpoint reads an address with what stands beside it, of a configuration or of
// the admin interface.
func endpoint(n *tree.Node) (topo.Endpoint, bool) {
	a := n.Get("address")
	if p := a.Get("pipe", "path"); p != nil {
		return topo.Endpoint{Network: "unix", Path: p.Str(), Name: p.Str(), Weight: 1, Place: p.Pair}, p.Str() != ""
	}
	s := a.Get("socket_address")
	e := topo.Endpoint{Network: "tcp", Host: s.Str("address"), Port: s.Int(0, "port_value"), Weight: 1}
	if s == nil || e.Host == "" {
		return e, false
	}
	e.Name, e.Place = e.String(), pairOf(s.Get("port_value"))
	return e, true
}

// endpoints are the hosts of a cluster: those that the running instance told, else
// those that the configuration names.
func (x *cluster) endpoints() (all []topo.Endpoint) {
	written := x.written()
	if len(x.hosts) > 0 && len(written) == 0 {
		return x.hosts
	}
	return written
}

func (x *cluster) written() (all []topo.Endpoint) {
	add := func(n *tree.Node, health string, weight int) {
		e, ok := endpoint(n)
		if !ok || len(all) == maxHosts {
			return
		}
		e.Weight = weight
		e.Down = health == "DRAINING" || health == "UNHEALTHY" || health == "TIMEOUT"
		e.Resolve = e.IsName()
		all = append(all, e)
	}
	for i, group := range x.node.List("load_assignment", "endpoints") {
		for _, l := range group.List("lb_endpoints") {
			add(l.Get("endpoint"), strings.ToUpper(l.Str("health_status")), max(1, l.Int(1, "load_balancing_weight")))
			if i > 0 && group.Int(0, "priority") > 0 && len(all) > 0 {
				all[len(all)-1].Backup = true
			}
		}
	}
	for _, h := range x.node.List("hosts") { // version 2
		add(&tree.Node{Kind: tree.Map, Keys: []string{"address"}, Items: []*tree.Node{h}}, "", 1)
	}
	return all
}

// tls is the cluster's way of opening TLS; nil where it does not.
func (x *cluster) tls() *tree.Node {
	if t := x.node.Get("transport_socket"); t != nil && strings.Contains(t.Str("typed_config", "@type")+t.Str("name"), "tls") || t != nil && kind(t) == "UpstreamTlsContext" {
		return settled(t)
	}
	return x.node.Get("tls_context")
}

// http2 reports whether only HTTP/2 is spoken to the hosts.
func (x *cluster) http2() bool {
	o := x.node.Get("typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
	return x.node.Has("http2_protocol_options") || o.Has("explicit_http_config", "http2_protocol_options")
}

func (x *cluster) protocol() vocab.Protocol {
	switch secure := x.tls() != nil; {
	case x.http2() && secure:
		return vocab.GRPCS
	case x.http2():
		return vocab.GRPC
	case secure:
		return vocab.HTTPS
	}
	return vocab.HTTP
}

// resolver is how the cluster's names become addresses.
func (x *cluster) resolver() *topo.Resolver {
	r := &topo.Resolver{V4: true, V6: true, Valid: x.node.Seconds(5, "dns_refresh_rate"), Place: x.node.At}
	switch strings.ToUpper(x.node.Str("dns_lookup_family")) {
	case "V4_ONLY":
		r.V6 = false
	case "V6_ONLY":
		r.V4 = false
	}
	if x.node.On(false, "respect_dns_ttl") {
		r.Valid = 0
	}
	return r
}

func (x *cluster) forward() topo.Forward {
	f := topo.Forward{Protocol: x.protocol(), Target: "cluster " + x.name, Pool: x.name, Endpoints: x.endpoints(), Place: x.at()}
	for _, e := range f.Endpoints {
		if e.IsName() {
			f.Resolver = x.resolver()
		}
	}
	return f
}

// checks says who takes hosts out of rotation.
func (x *cluster) checks() string {
	switch {
	case x.node.Has("outlier_detection"), !strings.EqualFold(x.node.Str("type"), "STATIC") && x.node.Str("type") != "":
		return ""
	case len(x.node.List("health_checks")) > 0:
		return "active"
	}
	return "none"
}

func pairOf(n *tree.Node) topo.Place {
	if n == nil {
		return topo.Place{}
	}
	return n.Pair
}
