package goodgate

import (
	"errors"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const text = `listen:
  - address: :8080
access_log:
  file: logs/access.log
upstreams:
  app:
    servers:
      - url: http://127.0.0.1:3000
      - url: unix:/run/app.sock
    timeouts: {first_byte: 5s}
  php:
    protocol: fastcgi
    root: /srv/app/
    index: index.php
    servers:
      - url: php.internal
sites:
  - name: shop
    hosts: [shop.example, "*.shop.example"]
    routes:
      - path: =/only
        to: php
      - path: /api
        methods: [GET]
        strip_prefix: /api
        to: app
`

type files map[string]string

func (f files) ReadFile(path string) ([]byte, error) {
	if b, ok := f[path]; ok {
		return []byte(b), nil
	}
	return nil, errors.New("no such file")
}

func (files) Glob(string) ([]string, error) { return nil, nil }

func TestConfig(t *testing.T) {
	c := readConfig(files{"/etc/g.yaml": text}, dialect.Launch{Config: "/etc/g.yaml", Prefix: "/srv"})
	inst := c.Instance
	if len(inst.Problems) != 0 || inst.Listeners[0].Address != "[::]:8080" || inst.Logs[0].Path != "/srv/logs/access.log" || len(inst.Pools) != 2 || inst.Pools[0].Endpoints[1].String() != "unix:/run/app.sock" {
		t.Fatalf("%+v", inst)
	}
	e := inst.Pools[0].Endpoints[0]
	if got := text[e.Place.Start:e.Place.End]; got != "http://127.0.0.1:3000" || e.Place.Line != 8 {
		t.Errorf("the server stands at %+v: %q", e.Place, got)
	}
	for _, one := range []struct {
		host, method, path string
		outcome            topo.Outcome
		pool, uri          string
	}{
		{"shop.example", "GET", "/api/x", topo.Forwards, "app", "/x?q"},
		{"a.shop.example", "GET", "/only", topo.Forwards, "php", "/only?q"},
		{"shop.example", "POST", "/api/x", topo.NoRoute, "", ""},
		{"shop.example", "GET", "/apix", topo.NoRoute, "", ""},
		{"other", "GET", "/", topo.NoRoute, "", ""},
	} {
		d := c.Resolve(topo.Request{Port: 8080, Host: one.host, Method: one.method, Path: one.path, Query: "q"})
		if d.Outcome != one.outcome || one.pool != "" && (d.Forward == nil || d.Forward.Pool != one.pool || d.Upstream.URI != one.uri) || one.pool == "" && d.Status != 404 {
			t.Errorf("%+v: %+v", one, d)
		}
	}
	d := c.Resolve(topo.Request{Port: 8080, Host: "shop.example", Method: "GET", Path: "/api"})
	if s := d.Settings[vocab.ReadTimeout]; s.Number != 5 || s.Default || s.Place.Line != 10 {
		t.Errorf("%+v", s)
	}
	if c.Resolve(topo.Request{Port: 9}).Outcome != topo.Unknown {
		t.Error("a port on which it does not listen")
	}
}

func TestCommandLine(t *testing.T) {
	l, ok := recognise(dialect.Process{PID: 1, Cwd: "/srv", Args: []string{"goodgate", "gateway", "--listen", "127.0.0.1:8080", "--to=http://127.0.0.1:3000", "--access-log", "a.log"}})
	c := readConfig(files{}, l)
	d := c.Resolve(topo.Request{Port: 8080, Host: "any", Method: "GET", Path: "/x"})
	if !ok || d.Outcome != topo.Forwards || d.Forward.Endpoints[0].String() != "127.0.0.1:3000" || d.Logs[0].Path != "/srv/a.log" {
		t.Errorf("%v %+v", ok, d)
	}
}

// TestTLS: what a server's certificate is judged by, and the name that is sent.
func TestTLS(t *testing.T) {
	const head = "listen: [{address: ':1'}]\nsites: [{name: s, routes: [{to: a}]}]\nupstreams:\n  a:\n    protocol: https\n    servers: [{url: 'https://app.internal:8443'}]\n    resolvers: [127.0.0.9, '[::1]:5353']\n"
	for _, c := range []struct {
		tls          string
		verify, sni  float64
		name, ca     string
		verifyPlaced bool
	}{
		{"", 1, 1, "app.internal", "", false},
		{"    tls: {name: other.internal, ca: ca.pem}\n", 1, 1, "other.internal", "/srv/ca.pem", false},
		{"    tls: {name: 10.0.0.1, insecure: true}\n", 0, 0, "10.0.0.1", "", true},
	} {
		d := readConfig(files{"/etc/g.yaml": head + c.tls}, dialect.Launch{Config: "/etc/g.yaml", Prefix: "/srv"}).Resolve(topo.Request{Port: 1, Method: "GET", Path: "/"})
		s := d.Settings
		if s[vocab.TLSVerify].Number != c.verify || s[vocab.TLSServerName].Number != c.sni || s[vocab.TLSName].Value != c.name || s[vocab.TLSTrusted].Value != c.ca || s[vocab.TLSVerify].Default == c.verifyPlaced {
			t.Errorf("%q: %+v", c.tls, s)
		}
		if r := d.Forward.Resolver.Servers; len(r) != 2 || r[0] != "127.0.0.9:53" || r[1] != "[::1]:5353" {
			t.Errorf("resolvers %q", r)
		}
	}
}

func TestBrokenFile(t *testing.T) {
	for _, f := range []files{{}, {"/g": "listen: ["}, {"/g": "listen: 7"}, {"/g": ""}} {
		c := readConfig(f, dialect.Launch{Config: "/g"})
		if f["/g"] != "" && len(c.Instance.Problems) == 0 {
			t.Errorf("%v is no problem", f)
		}
		c.Resolve(topo.Request{})
	}
}

// TestLinesThatAreBroken: what cannot be read is a problem with its line, and the rest
// of the file still says what the gateway runs with.
func TestLinesThatAreBroken(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int
	}{
		"an open bracket at the end": {text + "x: [\n", 27},
		"a word for a number":        {strings.Replace(text, "      - url: unix:/run/app.sock", "      - url: unix:/run/app.sock\n        weight: heavy", 1), 10},
		"a tab":                      {strings.Replace(text, "    protocol: fastcgi", "\tprotocol: fastcgi", 1), 12},
	} {
		got := readConfig(files{"/g": c.text}, dialect.Launch{Config: "/g"})
		if p := got.Instance.Problems; len(p) == 0 || p[0].Place.Line != c.line || !p[0].Fatal {
			t.Errorf("%s: %+v, want line %d", name, p, c.line)
		}
		d := got.Resolve(topo.Request{Port: 8080, Host: "shop.example", Method: "GET", Path: "/api"})
		if d.Outcome != topo.Forwards || d.Forward.Endpoints[0].Place.Line != 8 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(text)
	f.Add("sites: [{routes: [{to: x}]}]\nlisten: [{address: ':1'}]")
	f.Fuzz(func(t *testing.T, s string) {
		c := readConfig(files{"/g": s}, dialect.Launch{Config: "/g"})
		c.Resolve(topo.Request{Port: 1, Path: "/", Method: "GET"})
	})
}

// TestServersFile: servers that stand in a file of their own have their place there,
// and a name of SRV records is no server.
func TestServersFile(t *testing.T) {
	const list = "# the shop\nhttp://127.0.0.1:3000 # one\n\n  127.0.0.2:3000\n"
	const conf = "listen: [{address: ':80'}]\nupstreams:\n  app:\n    servers_file: servers.txt\n    servers: [{url: 'srv:_http._tcp.app'}]\n  gone: {servers_file: nosuch}\nsites: [{name: a, routes: [{to: app}]}]\n"
	c := readConfig(files{"/etc/g.yaml": conf, "/srv/servers.txt": list}, dialect.Launch{Config: "/etc/g.yaml", Prefix: "/srv"})
	ends := c.Instance.Pools[0].Endpoints
	if len(ends) != 2 || ends[1].String() != "127.0.0.2:3000" || ends[1].Place.String() != "/srv/servers.txt:4" || list[ends[0].Place.Start:ends[0].Place.End] != "http://127.0.0.1:3000" {
		t.Errorf("%+v", ends)
	}
	if len(c.Instance.Files) != 2 || len(c.Instance.Problems) != 1 || c.Instance.Problems[0].Fatal {
		t.Errorf("%v %+v", c.Instance.Files, c.Instance.Problems)
	}
	if d := c.Resolve(topo.Request{Port: 80, Host: "x", Method: "GET", Path: "/"}); d.Forward == nil || len(d.Forward.Endpoints) != 2 || len(d.Doubts) != 1 {
		t.Errorf("%+v", d)
	}
}

// TestNameWithADot: an upstream may be named after its host, and has its place all
// the same.
func TestNameWithADot(t *testing.T) {
	c := readConfig(files{"/g": "upstreams:\n  app.v2:\n    servers:\n      - url: 127.0.0.1:1\n"}, dialect.Launch{Config: "/g"})
	if e := c.Instance.Pools[0].Endpoints[0]; e.Place.String() != "/g:4" {
		t.Errorf("%+v", e)
	}
}

// running is a source whose gateway tells what is in force.
type running struct {
	files
	reply string
}

func (r running) Ask(q dialect.Question) ([]byte, error) {
	if !strings.HasPrefix(q.Send, "GET /config ") || q.Network != "unix" || q.Address != "/srv/a.sock" {
		return nil, errors.New("nobody there")
	}
	return []byte(r.reply), nil
}

// TestWhatRuns: what the gateway tells is what runs. Where the file says the same, with
// or without the defaults written out, the places of the file are kept.
func TestWhatRuns(t *testing.T) {
	const disk = "listen: [{address: ':80'}]\nadmin: unix:a.sock\nupstreams:\n  app: {servers: [{url: '127.0.0.1:1'}], wait: 60s}\nsites: [{name: a, routes: [{to: app}]}]\n"
	const head = "HTTP/1.0 200 OK\r\nContent-Type: application/yaml\r\n\r\n"
	full := strings.NewReplacer("wait: 60s", "wait: 1m0s, protocol: http, policy: least_load, max_idle: 256, timeouts: {connect: 2s, first_byte: 1m0s, send: 30s}").Replace(disk)
	for _, c := range []struct {
		name, reply, dials, place string
		told                      bool
	}{
		{"nothing is told", "HTTP/1.0 404 Not Found\r\n\r\n", "127.0.0.1:1", "/etc/g.yaml:4", false},
		{"an older one tells JSON", "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "127.0.0.1:1", "/etc/g.yaml:4", false},
		{"the same", head + full, "127.0.0.1:1", "/etc/g.yaml:4", true},
		{"another server", head + strings.Replace(full, "127.0.0.1:1'", "127.0.0.1:2'", 1), "127.0.0.1:2", "default", true},
	} {
		got := readConfig(running{files{"/etc/g.yaml": disk}, c.reply}, dialect.Launch{Config: "/etc/g.yaml", Prefix: "/srv"})
		d := got.Resolve(topo.Request{Port: 80, Host: "x", Method: "GET", Path: "/"})
		if e := d.Forward.Endpoints[0]; got.Told != c.told || e.String() != c.dials || e.Place.String() != c.place {
			t.Errorf("%s: told %v, dials %s by %s", c.name, got.Told, e, e.Place)
		}
		if c.told && got.Disk(topo.Request{Port: 80, Host: "x", Method: "GET", Path: "/"}).Forward.Endpoints[0].String() != "127.0.0.1:1" {
			t.Errorf("%s: the file says something else", c.name)
		}
	}
}
