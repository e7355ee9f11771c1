package traefik

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// question asks the API for a path, where it stands open on the entry point that
// Traefik keeps for itself (api.insecure).
func (c *config) question(path string) (dialect.Question, bool) {
	if !c.static.On(false, "api", "insecure") {
		return dialect.Question{}, false
	}
	for _, p := range c.points {
		if p.name != internal {
			continue
		}
		address := strings.NewReplacer("[::]", "127.0.0.1", "0.0.0.0", "127.0.0.1").Replace(p.address)
		path = strings.TrimSuffix("/"+strings.Trim(c.static.Str("api", "basePath"), "/"), "/") + path
		// HTTP/1.0: one answer, without chunks, and then the end.
		send := "GET " + path + " HTTP/1.0\r\nHost: localhost\r\nUser-Agent: goodgate\r\nAccept: application/json\r\n\r\n"
		return dialect.Question{Source: "API " + address + path, Network: "tcp", Address: address, Send: send,
			Allow: "let goodgate reach the API: api.insecure: true, and the entry point traefik at an address of this host"}, true
	}
	return dialect.Question{}, false
}

// askAPI takes routers, services and middlewares from the running instance. Of
// those that a file says as well the file's words are kept, with their places.
func (c *config) askAPI() {
	q, ok := c.question("/api/rawdata")
	if !ok {
		return
	}
	reply, err := dialect.Ask(c.src, q)
	if err != nil {
		return
	}
	root := body(reply)
	if root == nil {
		return
	}
	c.told = true
	c.take(root, "routers", c.routers)
	c.take(root, "services", c.services)
	c.take(root, "middlewares", c.middlewares)
	c.compareNamed()
	if q, ok := c.question("/api/version"); ok {
		if reply, err := dialect.Ask(c.src, q); err == nil {
			c.version = body(reply).Str("Version")
		}
	}
}

// body returns the JSON of an HTTP answer; nil where there is none.
func body(reply []byte) *tree.Node {
	head, rest, ok := bytes.Cut(reply, []byte("\r\n\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.")) || !bytes.Contains(head[:min(len(head), 20)], []byte(" 200 ")) || !json.Valid(rest) {
		return nil
	}
	n, err := tree.ReadJSON("", rest)
	if err != nil || n.Kind != tree.Map {
		return nil
	}
	return n
}

// take puts what runs over what the files say, and notes where they differ.
func (c *config) take(root *tree.Node, kind string, into map[string]*object) {
	runs := map[string]bool{}
	one := strings.TrimSuffix(kind, "s")
	var told []*object
	root.Each(func(name string, n *tree.Node) {
		_, provider, _ := strings.Cut(name, "@")
		o := &object{name: name, provider: provider, node: n, status: n.Str("status")}
		if kind == "routers" {
			o.place.File = "the API, " + name // no two routers stand at one place
		}
		if have := c.written(name, into); have != nil {
			runs[have.name], o.place = true, have.place
			switch {
			case !within(have.node, n, have):
				c.differ("%s %s at %s is not what runs", one, have.name, have.place)
			case kind != "routers": // of a router what runs says more: its entry points
				o.node = have.node
			}
		} else if provider == "file" && !c.unread {
			c.differ("%s %s runs and stands in no file", one, name)
		}
		told = append(told, o)
	}, kind)
	for _, name := range names(into) {
		if !runs[name] {
			c.differ("%s %s at %s does not run", one, name, into[name].place)
		}
		delete(into, name)
	}
	for _, o := range told {
		into[o.name] = o
	}
}

// compareNamed notes servers that a broken file names and that nobody asks.
func (c *config) compareNamed() {
	runs := map[string]bool{}
	for _, s := range c.services {
		for _, server := range s.node.List("loadBalancer", "servers") {
			runs[server.Str("url")] = true
		}
	}
	for _, m := range c.named {
		if !runs[m[1]] {
			c.differ("the server %s stands in a file that does not load, and does not run", m[1])
		}
	}
}

// written returns what a file says of an object that runs. A router may run once
// for each entry point, under a name of both (pkg/server/aggregator.go).
func (c *config) written(name string, in map[string]*object) *object {
	if o, ok := in[name]; ok {
		return o
	}
	for _, p := range c.points {
		if rest, ok := strings.CutPrefix(name, p.name+"-"); ok && in[rest] != nil {
			return in[rest]
		}
	}
	return nil
}

func (c *config) differ(format string, args ...any) {
	if len(c.differs) < 20 {
		c.differs = append(c.differs, fmt.Sprintf(format, args...))
	}
}

// unequal are values that the API tells otherwise than a file says them: read
// from files, hidden, or completed.
var unequal = []string{"rootCAs", "certificates", "users", "usersFile", "certFile", "keyFile", "tls", "plugin", "status", "customRequestHeaders", "customResponseHeaders",
	"entryPoints", "middlewares", "observability", "providers"}

// within reports whether everything that a file says of an object is so in what
// runs, which has the defaults as well.
func within(file, runs *tree.Node, o *object) bool {
	if file == nil || file.Kind == tree.Null {
		return true
	}
	if runs == nil {
		return file.Kind == tree.Map || file.Kind == tree.List && len(file.Items) == 0 || file.Text == "" || file.Text == "0" || file.Text == "false"
	}
	switch file.Kind {
	case tree.Map:
		for i, k := range file.Keys {
			if known(unequal, k) {
				continue
			}
			if !within(file.Items[i], runs.Get(k), o) {
				return false
			}
		}
		return true
	case tree.List:
		list := runs.List()
		if len(list) != len(file.Items) {
			return false
		}
		for i := range list {
			if !within(file.Items[i], list[i], o) {
				return false
			}
		}
		return true
	}
	return runs.Kind == tree.Scalar && same(file.Text, runs.Text, o)
}

func same(a, b string, o *object) bool {
	if a == b || qualified(a, o) == b || strings.EqualFold(a, b) {
		return true
	}
	x, err := time.ParseDuration(a)
	y, berr := time.ParseDuration(b)
	if err != nil {
		x, err = time.ParseDuration(a + "s") // a bare number is seconds (paerser/types)
	}
	return err == nil && berr == nil && x == y
}

// questions are what to ask the running instance about its servers.
func (c *config) questions() []dialect.Question {
	q, ok := c.question("/api/rawdata")
	if !ok {
		return nil
	}
	checked := map[string]bool{}
	parents := map[string][]string{}
	for name, s := range c.services {
		leaf := c.leaf(s, 0)
		checked[name] = present(leaf.node.Get("loadBalancer", "healthCheck")) || present(leaf.node.Get("loadBalancer", "passiveHealthCheck"))
		if leaf != s {
			parents[leaf.name] = append(parents[leaf.name], name)
		}
	}
	q.Source = strings.Replace(q.Source, "API", "server status at the API", 1)
	q.Read = func(reply []byte) []dialect.Told { return readStatus(reply, checked, parents) }
	return []dialect.Question{q}
}

// readStatus reads which servers of which service are held to be up. Of a service
// without a health check every server is, always.
func readStatus(reply []byte, checked map[string]bool, parents map[string][]string) (told []dialect.Told) {
	body(reply).Each(func(pool string, s *tree.Node) {
		if !checked[pool] {
			return
		}
		var all []dialect.Told
		up := 0
		s.Each(func(server string, v *tree.Node) {
			t := dialect.Told{Fact: vocab.CheckFails, Pool: pool, Server: server, Value: "the running Traefik holds " + server + " to be " + v.Str(), Quote: server + ": " + v.Str()}
			if v.Str() == "UP" {
				up++
				t.Fact = vocab.CheckPasses
			}
			if len(all) < maxEndpoints {
				all = append(all, t)
			}
		}, "serverStatus")
		sort.Slice(all, func(i, j int) bool { return all[i].Server < all[j].Server })
		if up == 0 && len(all) > 0 {
			all = append(all, dialect.Told{Fact: vocab.PoolNoServer, Pool: pool, Value: "the running Traefik holds no server of " + pool + " to be up", Quote: pool})
		}
		for _, name := range append([]string{pool}, parents[pool]...) {
			for _, t := range all {
				t.Pool = name
				told = append(told, t)
			}
		}
	}, "services")
	return told
}
