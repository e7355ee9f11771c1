package envoy

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// question asks the admin interface for a path, where the bootstrap has one.
func (c *config) question(path string) (dialect.Question, bool) {
	at := address(c.boot.Get("admin", "address"))
	if at.Address == "" {
		return dialect.Question{}, false
	}
	to := strings.NewReplacer("0.0.0.0", "127.0.0.1", "[::]", "[::1]").Replace(at.Address)
	// Envoy refuses HTTP/1.0 unless told otherwise.
	send := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: goodgate\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
	return dialect.Question{Source: "admin interface " + to + path, Network: at.Network, Address: to, Send: send,
		Allow: "let goodgate reach the admin interface: admin.address in the bootstrap, on an address of this host"}, true
}

// ask returns the JSON that the admin interface answers; nil where there is none.
func (c *config) ask(path string) *tree.Node {
	q, ok := c.question(path)
	if !ok {
		return nil
	}
	reply, err := dialect.Ask(c.src, q)
	if err != nil {
		return nil
	}
	n, err := tree.ReadJSON("", content(reply))
	if err != nil {
		return nil
	}
	return n
}

// content takes the body out of an HTTP answer, and the chunks out of the body. Of an
// answer that is no 200 there is none.
func content(reply []byte) []byte {
	head, rest, ok := bytes.Cut(reply, []byte("\r\n\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return nil
	}
	if !bytes.Contains(bytes.ToLower(head), []byte("transfer-encoding: chunked")) {
		return rest
	}
	var out []byte
	for {
		size, after, ok := bytes.Cut(rest, []byte("\r\n"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 32)
		if !ok || err != nil || n == 0 || uint64(len(after)) < n {
			return out
		}
		out = append(out, after[:n]...)
		rest = bytes.TrimPrefix(after[n:], []byte("\r\n"))
	}
}

// dumps are the parts of the configuration that are asked for one by one: a whole
// dump may be larger than what is read of an answer.
var dumps = []string{"static_listeners", "dynamic_listeners", "static_clusters", "dynamic_active_clusters", "static_route_configs", "dynamic_route_configs"}

// askAdmin takes what runs from the admin interface. What the bootstrap says as
// well keeps its words, with their places.
func (c *config) askAdmin() {
	all := c.ask("/config_dump")
	found := &found{}
	if all != nil {
		found.walk(all, 0)
	} else {
		for i, name := range dumps {
			part := c.ask("/config_dump?resource=" + name)
			if part == nil && i == 0 {
				return // it does not answer at all
			}
			found.walk(part, 0)
		}
	}
	if len(found.listeners) == 0 {
		return
	}
	c.told = true
	c.takeListeners(found.listeners)
	for _, n := range found.clusters {
		name := n.Str("name")
		have, ok := c.clusters[name]
		switch {
		case !ok:
			c.clusters[name] = &cluster{name: name, node: n}
		case !within(have.node, n):
			c.differ("the cluster %s at %s is not what runs", name, have.node.At)
			c.clusters[name] = &cluster{name: name, node: n, place: have.node.At}
		}
	}
	for _, n := range found.tables {
		c.tables[n.Str("name")] = n
	}
	if info := c.ask("/server_info"); info != nil {
		// "816188b86a0a52095b116b107f576324082c7c02/1.30.1/Clean/RELEASE/BoringSSL"
		if parts := strings.Split(info.Str("version"), "/"); len(parts) > 1 {
			c.version = parts[1]
		}
	}
	c.askHosts()
}

func (c *config) differ(format string, args ...any) {
	if len(c.differs) < 20 {
		c.differs = append(c.differs, fmt.Sprintf(format, args...))
	}
}

// takeListeners keeps those of the bootstrap that run as they stand there.
func (c *config) takeListeners(runs []*tree.Node) {
	disk := c.listeners
	c.listeners = nil
	for _, n := range runs {
		node := n
		for _, have := range disk {
			if address(n.Get("address")).Address == have.address.Address {
				if within(have.node, n) {
					node = have.node
				} else {
					c.differ("the listener at %s is not what runs", have.node.At)
				}
			}
		}
		c.addListener(node)
	}
}

// found are the objects of a dump, whatever they are wrapped in.
type found struct {
	listeners, clusters, tables []*tree.Node
	seen                        int
}

// walk looks for listeners, clusters and route configurations that are in force:
// those that warm up, end or were refused are passed over.
func (f *found) walk(n *tree.Node, depth int) {
	if f.seen++; n == nil || depth > 12 || f.seen > 200_000 {
		return
	}
	switch t := n.Str("@type"); {
	case strings.HasSuffix(t, ".Listener"):
		f.listeners = append(f.listeners, n)
		return
	case strings.HasSuffix(t, ".Cluster"):
		f.clusters = append(f.clusters, n)
		return
	case strings.HasSuffix(t, ".RouteConfiguration"):
		f.tables = append(f.tables, n)
		return
	case strings.HasSuffix(t, ".BootstrapConfigDump"), strings.HasSuffix(t, ".SecretsConfigDump"), strings.HasSuffix(t, ".EndpointsConfigDump"):
		return
	}
	for i, v := range n.Items {
		if n.Kind == tree.Map {
			switch k := n.Keys[i]; {
			case tree.Same(k, "warming_state"), tree.Same(k, "draining_state"), tree.Same(k, "error_state"), tree.Same(k, "dynamic_warming_clusters"):
				continue
			}
		}
		if v.Kind == tree.Map || v.Kind == tree.List {
			f.walk(v, depth+1)
		}
	}
}

// within reports whether everything that a file says of an object is so in what
// runs. Secrets, and values that protobuf writes in another way, are not compared.
func within(file, runs *tree.Node) bool {
	switch {
	case file == nil || file.Kind == tree.Null:
		return true
	case runs == nil: // a value that is the default is not written
		return file.Kind != tree.Scalar || file.Text == "" || file.Text == "0" || file.Text == "false" || file.Quote
	case file.Kind == tree.Map && runs.Kind == tree.Map:
		for i, k := range file.Keys {
			if tree.Same(k, "inline_string") || tree.Same(k, "inline_bytes") || tree.Same(k, "format") {
				continue
			}
			if !within(file.Items[i], runs.Get(k)) {
				return false
			}
		}
		return true
	case file.Kind == tree.List && runs.Kind == tree.List:
		if len(file.Items) != len(runs.Items) {
			return false
		}
		for i := range file.Items {
			if !within(file.Items[i], runs.Items[i]) {
				return false
			}
		}
		return true
	case file.Kind == tree.Scalar && runs.Kind == tree.Scalar:
		return strings.EqualFold(file.Text, runs.Text) || file.Seconds(-1) == runs.Seconds(-2)
	}
	return file.Kind == tree.Scalar // "value: 50" and 50 are one
}

// askHosts asks for the hosts of clusters that a management server or a name
// server fills.
func (c *config) askHosts() {
	n := c.ask("/clusters?format=json")
	for _, s := range n.List("cluster_statuses") {
		x, ok := c.clusters[s.Str("name")]
		if !ok || strings.EqualFold(x.node.Str("type"), "STATIC") || x.node.Str("type") == "" {
			continue
		}
		for _, h := range s.List("host_statuses") {
			if e, ok := endpoint(h); ok && len(x.hosts) < maxHosts {
				x.hosts = append(x.hosts, e)
			}
		}
	}
}

const maxHosts = 2000

// questions are what to ask the running instance about its hosts and breakers.
func (c *config) questions() []dialect.Question {
	hosts, ok := c.question("/clusters?format=json")
	if !ok {
		return nil
	}
	stats, _ := c.question("/stats?filter=" + "circuit_breakers.*open%7Cmembership_(healthy%7Ctotal)")
	panics := map[string]bool{} // clusters that hand requests to hosts that are held to be ill
	for name, x := range c.clusters {
		panics[name] = x.node.Int(50, "common_lb_config", "healthy_panic_threshold", "value") > 0
	}
	named := map[string]bool{} // "pool/name:port" of hosts that are configured by name
	for name, x := range c.clusters {
		for _, e := range x.endpoints() {
			if e.IsName() {
				named[name+"/"+e.Name] = true
			}
		}
	}
	hosts.Read = func(reply []byte) []dialect.Told { return readHosts(content(reply), named) }
	stats.Read = func(reply []byte) []dialect.Told { return readStats(content(reply), panics) }
	return []dialect.Question{hosts, stats}
}

// readHosts reads how each host of each cluster is held to be.
func readHosts(reply []byte, named map[string]bool) (told []dialect.Told) {
	n, err := tree.ReadJSON("", reply)
	if err != nil {
		return nil
	}
	for _, s := range n.List("cluster_statuses") {
		for _, h := range s.List("host_statuses") {
			e, ok := endpoint(h)
			if !ok || len(told) > maxHosts {
				continue
			}
			health := h.Get("health_status")
			t := dialect.Told{Pool: s.Str("name"), Server: e.Name, Address: e.String(), Fact: vocab.CheckPasses}
			if name := h.Str("hostname") + ":" + strconv.Itoa(e.Port); named[t.Pool+"/"+name] {
				t.Server = name
			}
			var flags []string
			health.Each(func(key string, v *tree.Node) {
				if v.On(false) {
					flags = append(flags, key)
				} else if v.Text != "" && v.Text != "false" {
					flags = append(flags, v.Text)
				}
			})
			sort.Strings(flags)
			t.Quote = t.Server + ": " + strings.Join(flags, ", ")
			t.Value = "the running Envoy says of " + t.Server + ": " + strings.Join(flags, ", ")
			switch eds := health.Str("eds_health_status"); {
			case health.On(false, "failed_active_health_check"):
				t.Fact = vocab.CheckFails
				if health.On(false, "active_hc_timeout") {
					t.Fact = vocab.CheckUnconnected
				}
			case health.On(false, "failed_outlier_check"):
				t.Fact = vocab.ServerEjected
			case eds == "DRAINING" || eds == "UNHEALTHY" || eds == "TIMEOUT":
				t.Fact = vocab.ServerInMaintenance
			default:
				t.Fact = "" // it may not be checked at all
			}
			told = append(told, t)
		}
	}
	return told
}

// readStats reads gauges of clusters:
//
//	cluster.app.circuit_breakers.default.rq_pending_open: 1
//	cluster.app.membership_healthy: 0
func readStats(reply []byte, panics map[string]bool) (told []dialect.Told) {
	type count struct{ healthy, total int }
	members := map[string]*count{}
	for line := range strings.Lines(string(reply[:min(len(reply), 1<<20)])) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		n, err := strconv.Atoi(value)
		rest, is := strings.CutPrefix(name, "cluster.")
		if !ok || err != nil || !is || len(told) > maxHosts {
			continue
		}
		if pool, gauge, ok := cut(rest, ".circuit_breakers."); ok {
			if n == 1 && strings.HasSuffix(gauge, "_open") {
				told = append(told, dialect.Told{Fact: vocab.CircuitOpenNow, Pool: pool, Value: "the running Envoy says " + name + ": 1", Quote: name + ": " + value})
			}
			continue
		}
		for _, what := range []string{"healthy", "total"} {
			if pool, ok := strings.CutSuffix(rest, ".membership_"+what); ok {
				m := members[pool]
				if m == nil {
					m = &count{-1, -1}
					members[pool] = m
				}
				if what == "healthy" {
					m.healthy = n
				} else {
					m.total = n
				}
			}
		}
	}
	for pool, m := range members {
		// With ill hosts only, requests go to them all the same, unless that is off.
		if m.total == 0 || m.healthy == 0 && m.total > 0 && !panics[pool] {
			told = append(told, dialect.Told{Fact: vocab.PoolNoServer, Pool: pool, Value: fmt.Sprintf("the running Envoy has %d healthy hosts of %d in %s", m.healthy, m.total, pool), Quote: "membership_healthy: " + strconv.Itoa(m.healthy)})
		}
	}
	sort.SliceStable(told, func(i, j int) bool { return told[i].Pool < told[j].Pool })
	return told
}

func cut(s, by string) (before, after string, ok bool) {
	i := strings.LastIndex(s, by)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(by):], true
}
