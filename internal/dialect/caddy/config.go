package caddy

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// defaultConfig is where packages keep the configuration.
const defaultConfig = "/etc/caddy/Caddyfile"

// config is a configuration that was read, and what resolve needs of it.
type config struct {
	launch    dialect.Launch
	root      *node
	plain     bool // it is JSON: nobody edits it line by line
	files     []string
	problems  dialect.Problems
	servers   []*server
	httpPort  int
	httpsPort int
	output    []topo.Log // where errors go
}

// Config reads the configuration that a launch names: what the running instance
// tells at its admin API, and the file for the places of every word. Where both
// say the same, the file's is returned. Caddy applies a configuration as a whole,
// so one word that differs means that what runs is not what the file says.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	if l.Config == "" {
		l.Config = defaultConfig
	}
	disk := load(src, l, false)
	told := ask(src, l, disk)
	if told == nil {
		return &dialect.Conf{Instance: disk.instance(), Resolve: disk.resolve, Questions: disk.questions()}
	}
	same := disk
	if disk.signature() != told.signature() {
		// What the versions before 2.8 make of a Caddyfile differs a little.
		same = load(src, l, true)
	}
	if same.root != nil && same.signature() == told.signature() {
		same.problems = disk.problems
		return &dialect.Conf{Instance: same.instance(), Resolve: same.resolve, Questions: same.questions(), Told: true, Disk: same.resolve}
	}
	told.files, told.problems = disk.files, disk.problems
	out := &dialect.Conf{Instance: told.instance(), Resolve: told.resolve, Questions: told.questions(), Told: true}
	if disk.root != nil {
		out.Disk = disk.resolve
	}
	return out
}

// load reads the file. old makes of a Caddyfile what versions before 2.8 do.
func load(src dialect.Source, l dialect.Launch, old bool) *config {
	c := &config{launch: l, files: []string{l.Config}}
	data, err := src.ReadFile(l.Config)
	if err != nil {
		c.files = nil
		c.problems = append(c.problems, topo.Problem{Place: topo.Place{File: l.Config}, Text: "cannot read the configuration: " + err.Error()})
		c.read()
		return c
	}
	if isJSON(l, data) {
		root, err := readJSON(l.Config, data)
		var wrong *jsonError
		switch {
		case errors.As(err, &wrong):
			c.problems = append(c.problems, topo.Problem{Place: wrong.at, Text: "the JSON is broken: " + wrong.why, Fatal: true})
		case err != nil:
			c.problems = append(c.problems, topo.Problem{Place: topo.Place{File: l.Config}, Text: err.Error()})
		}
		c.root, c.plain = root, true
		c.read()
		return c
	}
	p := &parser{src: src, snippets: map[string][]word{}, unknown: map[string]bool{}}
	c.root = p.adapt(p.parse(l.Config, data), old)
	c.files, c.problems = p.files, append(c.problems, p.problems...)
	c.tellUnknown(p.unknown)
	c.read()
	return c
}

// tellUnknown says which variables of the environment were taken to be empty.
func (c *config) tellUnknown(unknown map[string]bool) {
	if len(unknown) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(unknown))
	c.problems = append(c.problems, topo.Problem{Place: topo.Place{File: c.launch.Config},
		Text: "the environment variables " + strings.Join(names, ", ") + " are known only to the process: they are taken to be empty, or what stands behind them"})
}

// isJSON reports whether Caddy reads a file as JSON: without an adapter, unless
// its name begins with Caddyfile or ends in .caddyfile (cmd/main.go, loadConfig).
func isJSON(l dialect.Launch, data []byte) bool {
	base := strings.ToLower(filepath.Base(l.Config))
	switch {
	case strings.Contains(l.Globals, "--adapter"):
		return false
	case strings.HasPrefix(base, "caddyfile"), strings.HasSuffix(base, ".caddyfile"):
		return false
	}
	data = bytes.TrimSpace(data)
	return strings.HasSuffix(base, ".json") || len(data) > 1 && data[0] == '{' && bytes.HasPrefix(bytes.TrimSpace(data[1:]), []byte(`"`))
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// apiPlace is the file that values of the running instance are said to stand in.
const apiPlace = "admin API"

// ask reads the configuration off the running instance, nil where it does not
// tell.
func ask(src dialect.Source, l dialect.Launch, disk *config) *config {
	network, address, host := disk.admin()
	if address == "" {
		return nil
	}
	reply, err := dialect.Ask(src, dialect.Question{
		Source: "admin API " + address + ": GET /config/", Network: network, Address: address, Send: get(host, "/config/"),
		Allow: "make the admin API reachable: admin " + defaultAdmin + " in the global options",
	})
	if err != nil {
		return nil
	}
	body, ok := answer200(reply)
	if !ok {
		return nil
	}
	root, err := readJSON(apiPlace, body)
	if err != nil || root.kind != object {
		return nil
	}
	c := &config{launch: l, root: root, plain: true}
	c.read()
	if len(c.servers) == 0 || !c.own(disk) {
		return nil
	}
	return c
}

// own reports whether what was told may be of this instance: it listens somewhere
// where the file says so too, or nothing can be compared. Another instance may
// have the address of the admin API that the file names.
func (c *config) own(disk *config) bool {
	if len(disk.servers) == 0 {
		return true
	}
	for _, s := range c.servers {
		for _, o := range disk.servers {
			for _, a := range s.listen {
				for _, b := range o.listen {
					if a.Address == b.Address {
						return true
					}
				}
			}
		}
	}
	return false
}

// get is a request to the admin API, which closes after its answer. The host is
// one that the API lets in; at a unix socket that is none (allowedOrigins in
// admin.go).
func get(host, path string) string {
	if host != "" {
		host = "Host: " + host + "\r\n"
	}
	return "GET " + path + " HTTP/1.0\r\n" + host + "\r\n"
}

// answer200 takes the body out of an answer with status 200.
func answer200(reply []byte) ([]byte, bool) {
	head, body, ok := bytes.Cut(reply, []byte("\r\n\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.")) || len(head) < 12 || string(head[9:12]) != "200" {
		return nil, false
	}
	return bytes.TrimSpace(body), true
}

// admin returns where the running instance can be asked, and the host to name
// there.
func (c *config) admin() (network, address, host string) {
	if c.root.on("admin", "disabled") {
		return "", "", ""
	}
	listen := c.root.str("admin", "listen")
	if listen == "" {
		listen = defaultAdmin
	}
	if origins := c.root.strs("admin", "origins"); len(origins) > 0 {
		host = strings.TrimPrefix(strings.TrimPrefix(origins[0], "https://"), "http://")
	}
	if kind, path, ok := strings.Cut(listen, "/"); ok && strings.HasPrefix(kind, "unix") {
		path, _, _ = strings.Cut(path, "|") // the socket's mode
		return "unix", path, host
	}
	listen = strings.TrimPrefix(listen, "tcp/")
	if host == "" {
		host = listen
	}
	name, port, err := net.SplitHostPort(listen)
	if err != nil || strings.Contains(listen, "{") {
		return "", "", ""
	}
	switch name {
	case "", "0.0.0.0", "localhost":
		name = "127.0.0.1"
	case "::":
		name = "::1"
	}
	return "tcp", net.JoinHostPort(name, port), host
}

// signature is what requests are treated by, written so that equal configurations
// are equal text.
func (c *config) signature() string {
	var b strings.Builder
	names := map[string]string{} // groups are numbered as they come
	for _, s := range c.servers {
		b.WriteString(strings.Join(s.n.strs("listen"), " "))
		for _, key := range []string{"routes", "errors", "automatic_https", "read_timeout", "read_header_timeout", "write_timeout", "idle_timeout", "max_header_bytes"} {
			b.WriteString(key)
			plain(s.n.get(key), names).write(&b)
		}
		if s.tls {
			b.WriteString("tls")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// plain is n without what does not matter for requests, or is written otherwise
// by different versions.
func plain(n *node, groups map[string]string) *node {
	if n == nil || n.kind != object && n.kind != listed {
		return n
	}
	out := &node{kind: n.kind}
	if n.kind == listed {
		for _, v := range n.list {
			out.list = append(out.list, plain(v, groups))
		}
		return out
	}
	kind := n.str("handler")
	switch kind {
	case "vars":
		if n.get("root") == nil {
			return obj("handler", kind)
		}
	case "headers":
		return obj("handler", kind, "request", plain(n.get("request"), groups))
	case "file_server":
		return obj("handler", kind, "root", n.get("root"), "pass_thru", n.get("pass_thru"))
	case "encode", "templates", "map", "authentication", "push", "tracing", "metrics", "intercept", "copy_response", "copy_response_headers", "acme_server", "timeouts":
		return obj("handler", kind)
	}
	for i, key := range n.keys {
		switch v := n.list[i]; {
		case key == "group":
			if groups[v.text] == "" {
				groups[v.text] = "g" + string(rune('0'+len(groups)%10)) + strings.Repeat("'", len(groups)/10)
			}
			out.set(key, textNode(groups[v.text]))
		case kind == "reverse_proxy" && (key == "trusted_proxies" || key == "headers" && n.get(key, "request") == nil):
		case key == "handle_response":
			out.set(key, plain(passive(v), groups))
		case key == "selection_policy":
			out.set(key, obj("policy", v.get("policy")))
		case key == "name", key == "trust_pool", key == "response":
		case key == "expression" && v.kind == object:
			out.set(key, v.get("expr"))
		default:
			out.set(key, plain(v, groups))
		}
	}
	return out
}

// passive are what is done with answers, without what only copies header fields:
// forward_auth, which versions write differently.
func passive(all *node) *node {
	out := listOf()
	for _, r := range all.items() {
		if lets(r) {
			r = obj("match", r.get("match"))
		}
		out.list = append(out.list, r)
	}
	return out
}
