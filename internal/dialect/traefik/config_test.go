package traefik

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// disk is a source of files, and of replies by the path that is asked for.
type disk struct {
	suite.Files
	api map[string]string
}

func (d disk) Ask(q dialect.Question) ([]byte, error) {
	target := strings.Fields(q.Send)[1]
	if body, ok := d.api[target]; ok {
		return []byte("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body), nil
	}
	return nil, errors.New("refused")
}

const static = `entryPoints:
  web:
    address: ":8000"
  websecure:
    address: ":8443"
    http:
      tls: {}
providers:
  file:
    filename: /etc/traefik/dyn.yml
serversTransport:
  forwardingTimeouts:
    dialTimeout: 3s
accessLog:
  filePath: /var/log/traefik/access.log
  format: json
`

const dyn = `http:
  routers:
    orders:
      rule: "Host(` + "`orders.test`" + `) && PathPrefix(` + "`/api`" + `)"
      entryPoints: [web]
      service: orders
      middlewares: [strip, breaker]
    all:
      rule: "PathPrefix(` + "`/`" + `)"
      service: away
    none:
      rule: "Host(` + "`none.test`" + `)"
      entryPoints: [web]
      service: empty
  middlewares:
    strip:
      stripPrefix:
        prefixes: [/api]
    breaker:
      circuitBreaker:
        expression: "NetworkErrorRatio() > 0.3"
  services:
    orders:
      loadBalancer:
        healthCheck:
          path: /up
        servers:
          - url: "http://127.0.0.1:3000"
          - url: "http://api.internal:3001"
            weight: 0
        serversTransport: slow
    away:
      weighted:
        services:
          - name: orders
            weight: 2
    empty:
      loadBalancer:
        servers: []
  serversTransports:
    slow:
      insecureSkipVerify: true
      forwardingTimeouts:
        responseHeaderTimeout: 1s
`

func load(t *testing.T, d disk) *dialect.Conf {
	t.Helper()
	return Config(d, dialect.Launch{Product: "traefik", Config: "/etc/traefik/traefik.yml", PID: 7})
}

func TestConfig(t *testing.T) {
	d := disk{Files: suite.Files{"/etc/traefik/traefik.yml": static, "/etc/traefik/dyn.yml": dyn}}
	c := load(t, d)
	if len(c.Instance.Problems) != 0 || c.Told || !c.Watches {
		t.Fatalf("problems %+v, told %v", c.Instance.Problems, c.Told)
	}
	if l := c.Instance.Listeners; len(l) != 2 || l[0].Address != "[::]:8000" || l[0].TLS || !l[1].TLS {
		t.Errorf("listeners %+v", l)
	}
	got := c.Resolve(topo.Request{Port: 8000, Host: "orders.test", Method: "GET", Path: "/api/list", Query: "a=1"})
	if got.Outcome != topo.Forwards || got.Forward.Pool != "orders@file" || got.Upstream.URI != "/list?a=1" || got.Site.Name != "orders.test" {
		t.Fatalf("%+v", got)
	}
	if n, _ := got.Settings.Number(vocab.ReadTimeout); n != 1 {
		t.Errorf("read timeout %v", got.Settings[vocab.ReadTimeout])
	}
	if s := got.Settings[vocab.ReadTimeout]; dyn[s.Place.Start:s.Place.End] != "responseHeaderTimeout: 1s" || s.Directive != "responseHeaderTimeout" {
		t.Errorf("place %q", dyn[s.Place.Start:s.Place.End])
	}
	if v := got.Settings[vocab.TLSVerify]; v.Number != 0 {
		t.Errorf("verify %+v", v)
	}
	if e := got.Forward.Endpoints; len(e) != 2 || e[0].String() != "127.0.0.1:3000" || e[0].Line != `url: "http://127.0.0.1:3000"` || dyn[e[0].Place.Start:e[0].Place.End] != e[0].Line || !e[1].Down || got.Forward.Resolver == nil {
		t.Errorf("endpoints %+v", e)
	}
	if _, ok := got.Settings[vocab.CircuitBreaker]; !ok {
		t.Error("the circuit breaker is not seen")
	}
	if got := c.Resolve(topo.Request{Port: 8000, Host: "none.test", Method: "GET", Path: "/"}); got.Outcome != topo.Answers || got.Status != 503 {
		t.Errorf("no server: %+v", got)
	}
	got = c.Resolve(topo.Request{Port: 8443, TLS: true, Host: "x.test", Method: "GET", Path: "/"})
	if got.Outcome != topo.Forwards || got.Forward.Pool != "away@file" || len(got.Forward.Endpoints) != 2 || got.Steps[0].Text != "router websecure-all@file: PathPrefix(`/`)" {
		t.Errorf("tls: %+v", got)
	}
	if l := got.Logs; len(l) != 2 || l[0].Format != "json" || l[1].Level != "error" || !l[1].Filtered {
		t.Errorf("logs %+v", l)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"http:\n  routers:\n    a:\n      rul: x\n", "http:\n  routers: [\n", "htp: {}\n"} {
		d := disk{Files: suite.Files{"/etc/traefik/traefik.yml": static, "/etc/traefik/dyn.yml": text}}
		c := load(t, d)
		if len(c.Instance.Problems) != 1 || !c.Instance.Problems[0].Fatal || c.Instance.Problems[0].Place.File != "/etc/traefik/dyn.yml" || c.Instance.Problems[0].Place.Line == 0 {
			t.Errorf("%q: %+v", text, c.Instance.Problems)
		}
		if got := c.Resolve(topo.Request{Port: 8000, Host: "b", Path: "/"}); got.Outcome != topo.Unknown {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, text := range []string{strings.Replace(dyn, "  services:\n", "  services\n", 1), strings.Replace(dyn, "entryPoints:", "entryPoint:", 1)} {
		c := load(t, disk{Files: suite.Files{"/etc/traefik/traefik.yml": static, "/etc/traefik/dyn.yml": text}})
		got := c.Resolve(topo.Request{Port: 8000, Host: "orders.test", Path: "/api", Method: "GET"})
		if len(c.Instance.Problems) == 0 || !c.Instance.Problems[0].Fatal || got.Site.Name != "orders.test" {
			t.Errorf("%+v: %+v", c.Instance.Problems, got)
		}
	}
	if c := load(t, disk{Files: suite.Files{"/etc/traefik/traefik.yml": "services: {web: {image: x}}\n"}}); len(c.Instance.Listeners) != 0 || len(c.Instance.Problems) == 0 {
		t.Errorf("a file of another product: %+v", c.Instance)
	}
}

// TestDynamicAlone reads the file with the routers where that is what a person gave.
func TestDynamicAlone(t *testing.T) {
	c := Config(disk{Files: suite.Files{"/x.yml": dyn}}, dialect.Launch{Product: "traefik", Config: "/x.yml"})
	if len(c.Instance.Problems) != 0 || len(c.Instance.Pools) != 3 {
		t.Errorf("%+v", c.Instance)
	}
}

func TestFlags(t *testing.T) {
	l, ok := recognise(dialect.Process{PID: 5, Args: []string{"/usr/bin/traefik", "--providers.docker", "--entrypoints.web.address=127.0.0.1:81", "--api.insecure=true", "--accesslog", "--log.level", "DEBUG"}, Cwd: "/"})
	if !ok || l.PID != 5 {
		t.Fatal("not recognised")
	}
	c := Config(disk{api: map[string]string{"/api/rawdata": `{"routers":{"shop@docker":{"entryPoints":["web"],"service":"shop","rule":"Host(` + "`shop.test`" + `)","priority":17,"status":"enabled"}},"services":{"shop@docker":{"loadBalancer":{"servers":[{"url":"http://172.17.0.2:80"}],"passHostHeader":true},"status":"enabled","serverStatus":{"http://172.17.0.2:80":"UP"}}}}`, "/api/version": `{"Version":"3.1.2"}`}}, l)
	if !c.Told || len(c.Differs) != 0 || c.Instance.Version != "3.1.2" {
		t.Fatalf("told %v, differs %v", c.Told, c.Differs)
	}
	d := c.Resolve(topo.Request{Port: 81, Host: "shop.test", Path: "/", Method: "GET"})
	if d.Outcome != topo.Forwards || d.Forward.Pool != "shop@docker" || d.Forward.Endpoints[0].String() != "172.17.0.2:80" {
		t.Errorf("%+v", d)
	}
	if l := d.Logs; len(l) != 2 || l[0].Path != "/dev/stdout" || l[1].Level != "debug" {
		t.Errorf("logs %+v", l)
	}
}

func TestTold(t *testing.T) {
	with := strings.Replace(static, "serversTransport:", "api: {insecure: true}\nserversTransport:", 1)
	runs := `{"routers":{"orders@file":{"entryPoints":["web"],"middlewares":["strip@file","breaker@file"],"service":"orders","rule":"Host(` + "`orders.test`" + `) \u0026\u0026 PathPrefix(` + "`/api`" + `)","priority":41,"status":"enabled"},
"all@file":{"entryPoints":["web"],"service":"away","rule":"PathPrefix(` + "`/`" + `)","priority":15,"status":"enabled"},
"websecure-all@file":{"entryPoints":["websecure"],"service":"away","rule":"PathPrefix(` + "`/`" + `)","priority":15,"tls":{},"status":"enabled"},
"none@file":{"entryPoints":["web"],"service":"empty","rule":"Host(` + "`none.test`" + `)","priority":17,"status":"enabled"}},
"middlewares":{"strip@file":{"stripPrefix":{"prefixes":["/api"]},"status":"enabled"},"breaker@file":{"circuitBreaker":{"expression":"NetworkErrorRatio() \u003e 0.3","checkPeriod":"100ms","responseCode":503},"status":"enabled"}},
"services":{"orders@file":{"loadBalancer":{"servers":[{"url":"http://127.0.0.1:3000"},{"url":"http://api.internal:3001","weight":0}],"healthCheck":{"mode":"http","path":"/up","interval":"30s"},"passHostHeader":true,"serversTransport":"slow@file"},"status":"enabled","serverStatus":{"http://127.0.0.1:3000":"DOWN"}},
"empty@file":{"loadBalancer":{"strategy":"wrr","passHostHeader":true},"status":"enabled"},"away@file":{"weighted":{"services":[{"name":"orders","weight":2}]},"status":"enabled"}}}`
	d := disk{Files: suite.Files{"/etc/traefik/traefik.yml": with, "/etc/traefik/dyn.yml": dyn}, api: map[string]string{"/api/rawdata": runs}}
	c := load(t, d)
	if !c.Told || len(c.Differs) != 0 {
		t.Fatalf("told %v, differs %v", c.Told, c.Differs)
	}
	if got := c.Resolve(topo.Request{Port: 8000, Host: "orders.test", Method: "GET", Path: "/api/list"}); got.Outcome != topo.Forwards || got.Forward.Endpoints[0].Place.Line == 0 {
		t.Errorf("%+v", got)
	}
	if len(c.Questions) != 1 {
		t.Fatalf("questions %+v", c.Questions)
	}
	told := c.Questions[0].Read([]byte("HTTP/1.0 200 OK\r\n\r\n" + runs))
	want := map[string]vocab.Fact{"orders@file/http://127.0.0.1:3000": vocab.CheckFails, "orders@file/": vocab.PoolNoServer, "away@file/http://127.0.0.1:3000": vocab.CheckFails, "away@file/": vocab.PoolNoServer}
	for _, x := range told {
		if want[x.Pool+"/"+x.Server] != x.Fact {
			t.Errorf("told %+v", x)
		}
		delete(want, x.Pool+"/"+x.Server)
	}
	if len(want) != 0 {
		t.Errorf("not told: %v", want)
	}
	d.Files["/etc/traefik/dyn.yml"] = strings.Replace(dyn, "127.0.0.1:3000", "127.0.0.1:3009", 1)
	c = load(t, d)
	if len(c.Differs) != 1 || !strings.Contains(c.Differs[0], "service orders@file") {
		t.Errorf("differs %v", c.Differs)
	}
	if got := c.Resolve(topo.Request{Port: 8000, Host: "orders.test", Method: "GET", Path: "/api/list"}); got.Forward.Endpoints[0].String() != "127.0.0.1:3000" {
		t.Errorf("not what runs: %+v", got.Forward)
	}
	d.Files["/etc/traefik/dyn.yml"] = "http: ["
	if c = load(t, d); !c.Told || len(c.Instance.Problems) == 0 || c.Resolve(topo.Request{Port: 8000, Host: "none.test", Path: "/"}).Outcome != topo.Answers {
		t.Errorf("a broken file hides what runs: %+v", c.Instance.Problems)
	}
	d.Files["/etc/traefik/dyn.yml"] = strings.Replace(strings.Replace(dyn, "127.0.0.1:3000", "127.0.0.1:3009", 1), "  services:\n", "  services\n", 1)
	if c = load(t, d); !slices.ContainsFunc(c.Differs, func(s string) bool { return strings.Contains(s, "127.0.0.1:3009") }) {
		t.Errorf("differs %q", c.Differs)
	}
}

func TestRules(t *testing.T) {
	req := topo.Request{Host: "a.example.com", Path: "/shop/x", Method: "GET", Query: "v=2"}
	for text, want := range map[string]truth.Value{
		"Host(`a.example.com`)": truth.Yes, "host(`b.example.com`)": truth.No, "Host(`*.example.com`)": truth.Yes, "HostRegexp(`^[a-z]+\\.example\\.com$`)": truth.Yes,
		"PathPrefix(`/shop`) && !Path(`/shop`)": truth.Yes, "!PathPrefix(`/shop`)": truth.No, `Method("POST") || (Path("/shop/x") && Query("v", "2"))`: truth.Yes,
		"Header(`X-Beta`, `1`)": truth.No, "!Header(`X-Beta`, `1`)": truth.Yes, "ClientIP(`10.0.0.0/8`)": truth.Unknown, "ClientIP(`10.0.0.0/8`) && Path(`/`)": truth.No, "HeaderRegexp(`User-Agent`, `curl`)": truth.Unknown,
	} {
		r, err := parseRule(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := r.eval(req); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "Host", "Host()", "Host(``)", "Hots(`a`)", "Host(`a`) + Path(`/`)", "Host(`a`", "Host(1)", "HostRegexp(`(`)", "Host(`a`) && && Path(`/`)", strings.Repeat("!", 5000) + "Host(`a`)"} {
		if _, err := parseRule(text); err == nil {
			t.Errorf("no error: %.40q", text)
		}
	}
}

func FuzzRule(f *testing.F) {
	for _, s := range []string{"Host(`a`) && !(Path(`/x`) || Method(`GET`))", "Header(`a`,`b`)", "((((", "Query(`a`)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRule(text)
		if err != nil {
			return
		}
		a, b := r.eval(topo.Request{Host: "a", Path: "/x"}), (&rule{op: "!", left: r}).eval(topo.Request{Host: "a", Path: "/x"})
		if a != b.Not() {
			t.Fatalf("%q and its opposite: %d, %d", text, a, b)
		}
		r.hosts()
	})
}

func FuzzConfig(f *testing.F) {
	f.Add(static, dyn, `{"routers":{"a@file":{"rule":"Host(`+"`a`"+`)","service":"b"}},"services":{"b@file":{"loadBalancer":{"servers":[{"url":"http://x:1"}]}}}}`)
	f.Add("api: {insecure: true}\nproviders: {file: {filename: /etc/traefik/dyn.yml}}", "http: {services: {a: {weighted: {services: [{name: a}]}}}, routers: {a: {rule: \"Path(`/`)\", service: a, middlewares: [m]}}, middlewares: {m: {chain: {middlewares: [m]}}}}", "{}")
	f.Fuzz(func(t *testing.T, static, dyn, api string) {
		d := disk{Files: suite.Files{"/etc/traefik/traefik.yml": static, "/etc/traefik/dyn.yml": dyn, "/etc/traefik/dyn.toml": dyn}, api: map[string]string{"/api/rawdata": api}}
		for _, file := range []string{"/etc/traefik/traefik.yml", "/etc/traefik/dyn.toml"} {
			c := Config(d, dialect.Launch{Product: "traefik", Config: file, PID: 7})
			if c.Resolve != nil {
				c.Resolve(topo.Request{Port: 80, Host: "a", Path: "/", Method: "GET"})
			}
			for _, q := range c.Questions {
				q.Read([]byte("HTTP/1.0 200 OK\r\n\r\n" + api))
			}
		}
	})
}
