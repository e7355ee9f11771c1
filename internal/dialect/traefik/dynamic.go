package traefik

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// readFiles reads what the file provider reads, and notes the other providers.
func (c *config) readFiles() {
	c.static.Each(func(name string, n *tree.Node) {
		if !tree.Same(name, "file") && !tree.Same(name, "providersThrottleDuration") && !tree.Same(name, "precedence") && present(n) {
			c.hidden = append(c.hidden, strings.ToLower(name))
		}
	}, "providers")
	file := c.static.Get("providers", "file")
	if !present(file) {
		return
	}
	folder, single := file.Str("directory"), file.Str("filename")
	switch {
	case folder != "":
		c.directory(dialect.Absolute(folder, c.launch.Prefix), 0)
	case single != "":
		c.dynamic(dialect.Absolute(single, c.launch.Prefix))
	}
}

const (
	maxFiles  = 500
	maxFolder = 8
)

// directory reads the files of a folder and of those within it.
func (c *config) directory(folder string, depth int) {
	if depth > maxFolder {
		return
	}
	found, err := c.src.Glob(path.Join(folder, "*"))
	if err != nil {
		c.unread = true
		return
	}
	for _, f := range found {
		switch strings.ToLower(path.Ext(f)) {
		case ".toml", ".yaml", ".yml":
			if len(c.files) < maxFiles {
				c.dynamic(f)
			}
		case "":
			c.directory(f, depth+1) // a file without extension has nothing below it
		}
	}
}

// dynamic reads one file with routers and services. One that is a template is
// known only to Traefik.
func (c *config) dynamic(file string) {
	data, err := c.src.ReadFile(file)
	if err != nil {
		c.unread = true
		c.problems.Warn(topo.Place{File: file}, "cannot read the configuration: %v", err)
		return
	}
	c.files = append(c.files, file)
	if bytes.Contains(data, []byte("{{")) {
		c.unread = true
		c.problems.Warn(topo.Place{File: file, Line: 1, Column: 1}, "this file is a template: what it says is known only to the running Traefik")
		return
	}
	n, err := c.parse(file, data)
	if err != nil {
		c.unread = true
		n = salvage(file, data, err)
		c.named = append(c.named, serverURL().FindAllStringSubmatch(string(data), maxEndpoints)...)
	}
	if bad := unknown(n, dynamicKeys); bad != nil && err == nil {
		// Traefik refuses the file, and goes on with what it had: most likely the same
		// but for the last edit.
		c.unread = true
		c.problems.Fatal(bad.Pair, "field not found, node: %s", keyOf(n, bad))
	}
	c.objects(n)
}

// objects takes what a dynamic configuration has.
func (c *config) objects(n *tree.Node) {
	for kind, into := range map[string]map[string]*object{"routers": c.routers, "services": c.services, "middlewares": c.middlewares, "serversTransports": c.transports} {
		n.Each(func(name string, v *tree.Node) {
			o := &object{name: name + "@file", provider: "file", node: v, place: v.Pair}
			if _, twice := into[o.name]; !twice {
				into[o.name] = o
			}
		}, "http", kind)
	}
}

// serverURL finds the servers that a broken file names.
var serverURL = pattern.New(`(?m)\burl["']?\s*[:=]\s*["']?(https?://[^\s"'},]+)`)

// salvage reads what stands before the mistake of a file: enough to know its names.
func salvage(file string, data []byte, err error) *tree.Node {
	e, ok := err.(*tree.Error)
	if !ok || strings.EqualFold(path.Ext(file), ".toml") {
		return nil
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := min(e.Place.Line, len(lines)); n > 0 && n > e.Place.Line-20; n-- {
		if node, err := tree.ReadYAML(file, bytes.Join(lines[:n-1], nil)); err == nil {
			return node
		}
	}
	return nil
}

// dynamicKeys are the names that a dynamic configuration may have. "*" stands for
// any name; a name without further ones holds anything. An unknown name makes
// Traefik refuse the whole file (paerser, "field not found").
var dynamicKeys = schema{
	"http": schema{
		"routers": schema{"*": words("entryPoints middlewares service rule parentRefs ruleSyntax priority tls observability")},
		"services": schema{"*": schema{
			"middlewares": nil, "highestRandomWeight": nil,
			"loadBalancer": schema{
				"sticky": nil, "strategy": nil, "passHostHeader": nil, "responseForwarding": nil, "serversTransport": nil, "passiveHealthCheck": nil,
				"servers":     words("url weight preservePath"),
				"healthCheck": words("scheme mode path method status port interval unhealthyInterval timeout hostname followRedirects headers"),
			},
			"weighted": schema{"sticky": nil, "healthCheck": nil, "services": nil}, "mirroring": words("service mirrorBody maxBodySize mirrors healthCheck"),
			"failover": words("service fallback healthCheck errors"),
		}},
		"middlewares": schema{"*": words(`addPrefix stripPrefix stripPrefixRegex replacePath replacePathRegex chain ipWhiteList ipAllowList headers
			encodedCharacters errors rateLimit redirectRegex redirectScheme basicAuth digestAuth forwardAuth inFlightReq buffering circuitBreaker
			compress passTLSClientCert retry contentType grpcWeb plugin`)},
		"serversTransports": schema{"*": schema{
			"serverName": nil, "insecureSkipVerify": nil, "rootCAs": nil, "certificates": nil, "cipherSuites": nil, "minVersion": nil, "maxVersion": nil,
			"maxIdleConnsPerHost": nil, "disableHTTP2": nil, "peerCertURI": nil, "spiffe": nil,
			"forwardingTimeouts": words("dialTimeout responseHeaderTimeout idleConnTimeout readIdleTimeout pingTimeout"),
		}},
		"models": nil,
	},
	"tcp": nil, "udp": nil, "tls": nil,
}

type schema map[string]schema

func words(text string) schema {
	k := schema{}
	for _, w := range strings.Fields(text) {
		k[w] = nil
	}
	return k
}

// unknown returns the first value whose name Traefik does not know.
func unknown(n *tree.Node, k schema) *tree.Node {
	if n == nil || k == nil {
		return nil
	}
	if n.Kind == tree.List {
		for _, v := range n.Items {
			if bad := unknown(v, k); bad != nil {
				return bad
			}
		}
		return nil
	}
	for i, name := range n.Keys {
		next, ok := k["*"]
		for w, sub := range k {
			if tree.Same(w, name) {
				next, ok = sub, true
			}
		}
		if !ok {
			return n.Items[i]
		}
		if bad := unknown(n.Items[i], next); bad != nil {
			return bad
		}
	}
	return nil
}

// keyOf returns the name of a value below n.
func keyOf(n, v *tree.Node) string {
	if i := slices.Index(n.Items, v); i >= 0 && i < len(n.Keys) {
		return n.Keys[i]
	}
	for _, next := range n.Items {
		if k := keyOf(next, v); k != "" {
			return k
		}
	}
	return ""
}

// check looks for what Traefik cannot make sense of: such a router, and not the
// file, is left out, and its requests get 404.
func (c *config) check() {
	if c.unread {
		return // what a broken file seems to say is no reason for a word
	}
	for _, name := range names(c.routers) {
		r := c.routers[name]
		if r.place.File == "" {
			continue
		}
		if _, err := parseRule(r.node.Str("rule")); err != nil {
			c.problems.Warn(r.place, "the router %s is left out: its rule is wrong: %v", name, err)
		}
		s := qualified(r.node.Str("service"), r)
		if _, ok := c.services[s]; s != "" && !ok && !strings.HasSuffix(s, "@internal") && (c.told || strings.HasSuffix(s, "@file")) {
			c.problems.Warn(r.place, "the router %s is left out: the service %s does not exist", name, s)
		}
	}
}
