package traefik

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// sections are what a static configuration has at its top (pkg/config/static).
var sections = strings.Fields(`global serversTransport tcpServersTransport entryPoints providers api metrics ping log accessLog tracing
	hostResolver certificatesResolvers experimental core spiffe ocsp pilot`)

// readStatic reads the static configuration, and reports whether there is one that
// Traefik would start with. A file, the flags and the environment exclude each
// other, in this order (cmd/traefik); the environment of a process is not read: it
// holds secrets.
func (c *config) readStatic() bool {
	c.file = c.launch.Config
	if c.file == "" {
		c.file = c.find()
	}
	if c.file == "" {
		c.flags()
		return c.launch.Globals != "" || c.launch.PID != 0
	}
	n, err := c.read(c.file)
	if err != nil {
		return false
	}
	if n.Kind != tree.Map && n.Kind != tree.Null {
		c.problems.Fatal(topo.Place{File: c.file, Line: 1, Column: 1}, "this is no configuration of Traefik")
		return false
	}
	ok := true
	if c.launch.PID == 0 && n.Kind == tree.Map && len(n.Keys) > 0 && unknown(n, dynamicKeys) == nil {
		c.objects(n) // a person gave the file with the routers
		return true
	}
	n.Each(func(key string, v *tree.Node) {
		if !known(sections, key) {
			c.problems.Fatal(v.Pair, "field not found, node: %s", key)
			ok = false
		}
	})
	c.static = n
	return ok
}

func known(list []string, key string) bool {
	for _, k := range list {
		if tree.Same(k, key) {
			return true
		}
	}
	return false
}

// find returns the file that Traefik takes where none is named (loadConfigFiles).
// Those in a home directory are not looked for.
func (c *config) find() string {
	bases := []string{"/etc/traefik/traefik"}
	if c.launch.Prefix != "" {
		bases = append(bases, path.Join(c.launch.Prefix, "traefik"))
	}
	for _, b := range bases {
		for _, ext := range []string{".toml", ".yaml", ".yml"} {
			if found, err := c.src.Glob(b + ext); err == nil && len(found) == 1 {
				return found[0]
			}
		}
	}
	return ""
}

// read reads a file by its extension.
func (c *config) read(file string) (*tree.Node, error) {
	data, err := c.src.ReadFile(file)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) || c.launch.PID != 0 {
			c.problems.Warn(topo.Place{File: file}, "cannot read the configuration: %v", err)
		}
		return nil, err
	}
	c.files = append(c.files, file)
	return c.parse(file, data)
}

func (c *config) parse(file string, data []byte) (n *tree.Node, err error) {
	if strings.EqualFold(path.Ext(file), ".toml") {
		n, err = tree.ReadTOML(file, data)
	} else {
		n, err = tree.ReadYAML(file, data)
	}
	if e, ok := err.(*tree.Error); ok {
		c.problems.Fatal(e.Place, "%s", e.Text)
	}
	return n, err
}

// maxFlags bounds what is read of a command line.
const maxFlags = 1000

// flags makes of "entrypoints.web.address=:80" what a file would say.
func (c *config) flags() {
	for i, flag := range strings.Split(c.launch.Globals, "\n") {
		name, value, ok := strings.Cut(flag, "=")
		if !ok || name == "" || i == maxFlags {
			continue
		}
		v := &tree.Node{Kind: tree.Scalar, Text: value}
		parts := strings.Split(name, ".")
		if n := c.static.Get(parts...); n != nil && n.Kind == tree.Map && value == "true" {
			continue // --accesslog beside --accesslog.filepath=…
		}
		if strings.Contains(value, ",") {
			v = &tree.Node{Kind: tree.List}
			for _, one := range strings.Split(value, ",") {
				v.Items = append(v.Items, &tree.Node{Kind: tree.Scalar, Text: one})
			}
		}
		if len(parts) <= 20 {
			c.static.Set(v, parts...)
		}
	}
}
