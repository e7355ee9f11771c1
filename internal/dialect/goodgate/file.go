package goodgate

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// file is the part of gateway.yaml that says who forwards to whom. What it does
// not name is left to the gateway's own check.
type file struct {
	Listen []struct {
		Address string `yaml:"address"`
		Cert    string `yaml:"cert"`
	} `yaml:"listen"`
	Admin     string `yaml:"admin"`
	AccessLog struct {
		File   string `yaml:"file"`
		Format string `yaml:"format"`
	} `yaml:"access_log"`
	Upstreams map[string]upstream `yaml:"upstreams"`
	Sites     []site              `yaml:"sites"`
}

type upstream struct {
	Servers []struct {
		URL    string  `yaml:"url"`
		Weight float64 `yaml:"weight"`
		Backup bool    `yaml:"backup"`
	} `yaml:"servers"`
	File     string            `yaml:"servers_file"`
	listed   []listed          // what stands in it
	Protocol string            `yaml:"protocol"`
	Policy   string            `yaml:"policy"`
	Timeouts map[string]string `yaml:"timeouts"`
	IdleTime string            `yaml:"idle_time"`
	MaxIdle  int               `yaml:"max_idle"`
	Wait     string            `yaml:"wait"`
	Resolver []string          `yaml:"resolvers"`
	TLS      struct {
		Name     string `yaml:"name"`
		CA       string `yaml:"ca"`
		Cert     string `yaml:"cert"`
		Key      string `yaml:"key"`
		Insecure bool   `yaml:"insecure"`
	} `yaml:"tls"`
	Root  string `yaml:"root"`
	Index string `yaml:"index"`
}

type site struct {
	Name   string   `yaml:"name"`
	Hosts  []string `yaml:"hosts"`
	Routes []struct {
		Path    string            `yaml:"path"`
		Methods []string          `yaml:"methods"`
		Headers map[string]string `yaml:"headers"`
		To      string            `yaml:"to"`
		Strip   string            `yaml:"strip_prefix"`
		Host    string            `yaml:"host"`
	} `yaml:"routes"`
}

// conf is a configuration with its text.
type conf struct {
	file
	path     string
	text     []byte
	prefix   string
	files    []string // read beside it
	problems []topo.Problem
}

// readConfig reads the file that a launch names, or what stood on the command
// line.
func readConfig(src dialect.Source, l dialect.Launch) *dialect.Conf {
	c := &conf{path: l.Config, prefix: l.Prefix}
	if l.Config == "" {
		c.line(l.Globals)
	} else if b, err := src.ReadFile(l.Config); err != nil {
		c.fail(err.Error())
	} else {
		c.read(b)
		c.lists(src)
	}
	return c.conf(src, l)
}

func (c *conf) fail(text string) {
	c.problems = append(c.problems, topo.Problem{Place: topo.Place{File: c.path, Line: 1, Column: 1}, Text: text, Fatal: true})
}

// maxBroken bounds the lines of a file that are passed over.
const maxBroken = 16

// read decodes the file. A line that cannot be read is a problem, and is passed over:
// the gateway runs with what it loaded before, and most of that still stands there.
func (c *conf) read(b []byte) {
	for range maxBroken {
		c.text = b // with what was passed over blank: every place stays where it is
		line, text := c.decode(b)
		if text == "" {
			return
		}
		c.problems = append(c.problems, topo.Problem{Place: topo.Place{File: c.path, Line: max(line, 1), Column: 1}, Text: text, Fatal: true})
		start := c.offset(line, 1)
		end := start + max(bytes.IndexByte(append(b[start:len(b):len(b)], '\n'), '\n'), 0)
		if line < 1 || len(bytes.TrimSpace(b[start:end])) == 0 {
			return
		}
		c.file = file{}
		b = slices.Concat(b[:start], bytes.Repeat([]byte{' '}, end-start), b[end:])
	}
}

// decode reads b and says which line cannot be read; 0 where that is not known. The
// library panics on some texts that are no YAML.
func (c *conf) decode(b []byte) (line int, text string) {
	defer func() {
		if recover() != nil {
			line, text = 0, "the file cannot be read as YAML"
		}
	}()
	err := yaml.NewDecoder(bytes.NewReader(b)).Decode(&c.file)
	var y yaml.Error
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return 0, ""
	case errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil:
		return y.GetToken().Position.Line, y.GetMessage()
	}
	text, _, _ = strings.Cut(err.Error(), "\n")
	return 0, text
}

// line takes --listen, --to and --access-log for a file of one site.
func (c *conf) line(args string) {
	u := upstream{}
	for _, arg := range strings.Split(args, "\n") {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "--listen":
			c.Listen = append(c.Listen, struct {
				Address string `yaml:"address"`
				Cert    string `yaml:"cert"`
			}{Address: value})
		case "--to":
			u.Servers = append(u.Servers, struct {
				URL    string  `yaml:"url"`
				Weight float64 `yaml:"weight"`
				Backup bool    `yaml:"backup"`
			}{URL: value})
			if scheme, _, ok := strings.Cut(value, "://"); ok {
				u.Protocol = scheme
			}
		case "--access-log":
			c.AccessLog.File = value
		case "--admin":
			c.Admin = value
		}
	}
	c.Upstreams = map[string]upstream{"default": u}
	c.read([]byte("sites: [{name: default, routes: [{path: /, to: default}]}]"))
	c.text = nil
}

// pathOf is where an upstream stands; a name that holds what has a meaning in a path
// is quoted.
func pathOf(upstream string) string {
	if strings.ContainsAny(upstream, ".[]*' $") {
		upstream = "'" + upstream + "'"
	}
	return "$.upstreams." + upstream
}

// place returns where a value of the file stands.
func (c *conf) place(path string) (p topo.Place) {
	defer func() { recover() }() // of the library, on odd texts: then the place is not known
	if c.text == nil {
		return topo.Place{}
	}
	at, err := yaml.PathString(path)
	if err != nil {
		return topo.Place{File: c.path, Line: 1, Column: 1}
	}
	node, err := at.ReadNode(bytes.NewReader(c.text))
	if err != nil || node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return topo.Place{}
	}
	t := node.GetToken()
	p = topo.Place{File: c.path, Line: t.Position.Line, Column: t.Position.Column}
	p.Start = c.offset(p.Line, p.Column)
	p.End = min(p.Start+len(t.Value), len(c.text))
	return p
}

// offset is the byte at a line and a column that counts characters.
func (c *conf) offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		n := bytes.IndexByte(c.text[at:], '\n')
		if n < 0 {
			return len(c.text)
		}
		at += n + 1
	}
	for ; column > 1 && at < len(c.text); column-- {
		_, n := utf8.DecodeRune(c.text[at:])
		at += n
	}
	return at
}

// endpoint reads a server's address.
func endpoint(url string) (e topo.Endpoint, scheme string) {
	rest := url
	if s, after, ok := strings.Cut(url, "://"); ok {
		scheme, rest = s, after
	}
	if base, ok := strings.CutSuffix(scheme, "+unix"); ok {
		scheme, rest = base, "unix:"+rest
	}
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		return topo.Endpoint{Network: "unix", Path: path}, scheme
	}
	e.Network, e.Port = "tcp", map[string]int{"https": 443, "fastcgi": 9000}[scheme]
	if e.Port == 0 {
		e.Port = 80
	}
	rest = strings.TrimSuffix(rest, "/")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host = strings.Trim(rest, "[]")
	} else if n, err := strconv.Atoi(port); err == nil {
		e.Port = n
	}
	e.Host = host
	return e, scheme
}

// seconds reads a duration; the default where there is none.
func seconds(text string, otherwise float64) float64 {
	if d, err := time.ParseDuration(text); err == nil {
		return d.Seconds()
	}
	return otherwise
}
