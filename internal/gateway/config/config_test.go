package config

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
)

const good = `# a gateway
listen:
  - address: :8080
access_log:
  file: "-"
upstreams:
  app:
    servers:
      - url: http://127.0.0.1:3000
        weight: 2
      - url: unix:/run/app.sock
        backup: true
    timeouts:
      first_byte: 90s
    hedge_budget: 0
    check:
      path: /health
sites:
  - name: shop
    hosts: [shop.example, "*.shop.example"]
    routes:
      - path: /api
        methods: [GET]
        to: app
      - to: app
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(good), "g.yaml")
	if err != nil {
		t.Fatal(err)
	}
	u := c.Upstreams["app"]
	if u.Timeouts.First != 90*time.Second || u.Timeouts.Header != 90*time.Second || *u.Hedge != 0 || *u.Retry != 0.1 || u.Check.Every != 2*time.Second ||
		len(u.Servers) != 2 || !u.Servers[1].Backup || c.Sites[0].Routes[0].Methods[0] != "GET" || c.AccessLog.Format != "json" {
		t.Errorf("%+v", c)
	}
}

// TestPrintIsReadAsWritten: what print shows is a configuration that means the
// same.
func TestPrintIsReadAsWritten(t *testing.T) {
	c, err := Parse([]byte(good), "g.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(b, "printed")
	if err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	if !reflect.DeepEqual(c, again) {
		t.Errorf("%+v\nbecame\n%+v\nby\n%s", c, again, b)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"an unknown key", "weight: 2", "wieght: 2", `g.yaml:10:9: unknown key "wieght"; did you mean "weight"?`},
		{"an unknown key at the top", "sites:", "sitez:", `g.yaml:18:1: unknown key "sitez"; did you mean "sites"?`},
		{"an unknown key like none", "weight: 2", "blueberries: 2", `g.yaml:10:9: unknown key "blueberries"; those that there are here: url, weight, backup`},
		{"a word for a part", "check:\n      path: /health", "check: /health", "g.yaml:16:12: check is a part with keys of its own: path, host, every,"},
		{"words for a list of parts", "      - url: http://127.0.0.1:3000\n        weight: 2", "      - http://127.0.0.1:3000", "g.yaml:9:9: each of servers is a part with keys of its own: url, weight, backup"},
		{"bytes with a unit", "# a gateway", "limits: {body: 10MB}", `g.yaml:1:16: body is a number of bytes, not "10MB"`},
		{"a star without quotes", "shop.example, ", "*.example, ", "g.yaml:20:14: could not find alias \".example\"; a value that begins with a star stands in quotes"},
		{"a port alone", "address: :8080", "address: 8080", "g.yaml:3:14: listen[0].address: an address is host:port, :port or unix:PATH; did you mean :8080?"},
		{"a route that is never reached", "      - path: /api\n", "      - to: app\n      - path: /api\n", "g.yaml:23:13: sites[0].routes[1]: routes[0] above takes all of it"},
		{"a host that is taken", "  - name: shop\n", "  - name: all\n    hosts: [\"*.example\"]\n    routes: [{to: app}]\n  - name: shop\n", "g.yaml:23:13: sites[1].hosts[0]: the site \"all\" above takes this host"},
		{"a bad duration", "90s", "ninety", `g.yaml:14:19: first_byte: "ninety" is no duration`},
		{"a duration without a unit", "90s", "90", `g.yaml:14:19: first_byte: "90" is no duration`},
		{"a bad type", "weight: 2", "weight: heavy", `g.yaml:10:17: weight is a number, not "heavy"`},
		{"no list", "methods: [GET]", "methods: GET", "g.yaml:23:18: methods is a list: [GET]"},
		{"no whole number", "check:", "max_idle: 2.5\n    check:", "g.yaml:16:15: max_idle is a whole number"},
		{"nothing behind a key", "check:\n      path: /health", "check:", "g.yaml:16:11: check: nothing stands behind it"},
		{"0 for a default that is not 0", "90s", "0s", "g.yaml:14:19: first_byte: 0 would be taken for the default"},
		{"a negative time", "90s", "-1s", "g.yaml:14:19: first_byte: a time cannot be negative"},
		{"a negative number", "weight: 2", "weight: -2", "g.yaml:10:17: weight: a number cannot be negative"},
		{"a budget over 1", "hedge_budget: 0", "hedge_budget: 5", "g.yaml:15:19: hedge_budget is between 0 and 1"},
		{"a word that is none of them", "hedge_budget: 0", "policy: fastest", `g.yaml:15:13: policy is least_load, round_robin, random, hash or sticky, not "fastest"`},
		{"a host with a port", "shop.example, ", "shop.example:8080, ", "g.yaml:20:13: sites[0].hosts[0]: a host is a name without a port"},
		{"a method in small letters", "[GET]", "[get]", "g.yaml:23:19: sites[0].routes[0].methods[0]: a method is a word in capitals"},
		{"a path with a star", "/api", "/api/*", "g.yaml:22:15: sites[0].routes[0].path: a path is a prefix"},
		{"TLS settings without TLS", "hedge_budget: 0", "tls: {name: x}", "g.yaml:15:"},
		{"a site that hides another", "  - name: shop\n", "  - name: all\n    routes: [{to: app}]\n  - name: shop\n", "g.yaml:19:"},
		{"a second document", "# a gateway", "listen: []\n---", "g.yaml:3:"},
		{"an address that is used twice", "  - address: :8080\n", "  - address: :8080\n  - address: :8080\n", "g.yaml:4:14: listen[1].address: :8080 stands here twice"},
		{"a port that is none", ":8080", ":80800", "g.yaml:3:14: listen[0].address: the port is a number"},
		{"a route to nowhere", "        methods: [GET]\n        to: app", "        to: ap", `g.yaml:23:13: sites[0].routes[0].to: there is no upstream "ap"; did you mean "app"?`},
		{"a name that is taken", "  app:\n", "  none: {servers: [{url: app}]}\n  app:\n", "g.yaml:7:9: upstreams.none: metrics call so what no upstream got"},
		{"a bad server", "http://127.0.0.1:3000", "ftp://x", "g.yaml:9:14: upstreams.app.servers[0].url: "},
		{"another protocol", "http://127.0.0.1:3000", "https://x", "g.yaml:9:14: upstreams.app.servers[0].url: the server speaks https"},
		{"no YAML", "listen:", "listen: [", "g.yaml:"},
		{"an admin address on every interface", "# a gateway", "admin: :9180", "g.yaml:1:8: admin: the admin address is on loopback"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatal("the test changes nothing")
			}
			_, err := Parse([]byte(text), "g.yaml")
			var e *Error
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:3000": "127.0.0.1:3000", "app": "app:80", "https://app/": "app:443", "http://[::1]:1": "[::1]:1", "unix:/run/a.sock": "unix:/run/a.sock",
		"http+unix:///run/a.sock": "unix:/run/a.sock", "fastcgi://php": "php:9000", "srv:_http._tcp.app": "srv:_http._tcp.app",
		"": "", "http://": "", "http://a:0": "", "http://a:99999": "", "http://a/b": "", "ftp://a": "", "unix:rel": "", "unix:///run/a.sock": "", "http://u:p@a": "", "srv:": "", "3000": "", ":3000": "",
	} {
		a, err := ParseServer(in)
		if got := a.String(); err == nil && got != want || err != nil && want != "" {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
}

// TestSchemaAgrees holds the schema against the parser: what one takes the other
// takes, and what the schema can say it refuses as well.
func TestSchemaAgrees(t *testing.T) {
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		old, new string
		good     bool
	}{
		{"# a gateway", "# one", true},
		{"90s", "1h30m", true},
		{"90s", "0.5s", true},
		{"90s", "0s", false},
		{"90s", "0.0s", false},
		{"90s", "10", false},
		{"90s", "-1s", false},
		{"weight: 2", "weight: 0", false},
		{"weight: 2", "weight: 0.5", false},
		{"weight: 2", "weight: heavy", false},
		{"weight: 2", "wieght: 2", false},
		{"hedge_budget: 0", "hedge_budget: 2", false},
		{"hedge_budget: 0", "max_requests: 0", true},
		{"hedge_budget: 0", "max_idle: 0", false},
		{"hedge_budget: 0", "max_idle: 1.5", false},
		{"hedge_budget: 0", "policy: fastest", false},
		{"hedge_budget: 0", "policy: sticky", true},
		{"hedge_budget: 0", "eject: {most: 0}", false},
		{"hedge_budget: 0", "eject: {most: 1}", true},
		{"backup: true", "backup: 1", false},
		{"methods: [GET]", "methods: GET", false},
		{"methods: [GET]", "retry: twice", false},
		{"methods: [GET]", "hedge: off", true},
		{"check:\n      path: /health", "check:", false},
		{"check:\n      path: /health", "check: {}", true},
		{"        to: app", "        name: x", false},
		{"  file: \"-\"", "  format: xml", false},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		_, err := Parse([]byte(text), "g.yaml")
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		j, _ := json.Marshal(value)
		json.Unmarshal(j, &value)
		bad := resolved.Validate(value)
		if (err == nil) != c.good || (bad == nil) != c.good || text == good {
			t.Errorf("%s instead of %s: the parser says %v, the schema %v", c.new, c.old, err, bad)
		}
	}
}

// TestEveryKeyIsDocumented: the schema and the manual cannot lack a key.
func TestEveryKeyIsDocumented(t *testing.T) {
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(t reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for _, k := range keysOf(typ) {
			if k.doc == "" {
				t.Errorf("%s has no sentence", k.name)
			}
			if !strings.Contains(string(manual), "`"+k.name+"`") {
				t.Errorf("docs/gateway.md does not have `%s`", k.name)
			}
			walk(k.typ)
		}
	}
	walk(reflect.TypeFor[Config]())
}

// TestSimple: what a newcomer types is taken where it is clear, and explained where
// it is not.
func TestSimple(t *testing.T) {
	for _, c := range []struct{ listen, to, want string }{
		{"8080", "127.0.0.1:3000", ""},
		{":8080", "http://a http://b", ""},
		{"x", "a", "host:port"},
		{":1", "3000", "did you mean 127.0.0.1:3000?"},
		{":1", "http://:3000", "did you mean 127.0.0.1:3000?"},
		{":1", "http://a https://b", "an upstream for each"},
		{":1", "fastcgi://a", "root"},
	} {
		got, err := Simple([]string{c.listen}, strings.Fields(c.to), "")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
		if c.listen == "8080" && got.Listen[0].Address != ":8080" {
			t.Errorf("%+v", got.Listen)
		}
	}
	for text, want := range map[string]string{"127.0.0.1": "127.0.0.1:53", "[::1]:5353": "[::1]:5353", "::1": "[::1]:53", "dns.internal": "", "": ""} {
		if got, err := ParseResolver(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("listen: *x\n&x : y"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("<<: {listen: []}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b, "f")
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if out, err := c.Print(); err != nil {
			t.Fatal(err)
		} else if _, err := Parse(out, "printed"); err != nil {
			t.Fatalf("%v in\n%s\nfrom\n%s", err, out, b)
		}
	})
}

func FuzzParseServer(f *testing.F) {
	f.Add("http://a:1")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := ParseServer(s); err == nil && a.Host == "" && a.Path == "" && a.SRV == "" {
			t.Fatalf("%q is nowhere: %+v", s, a)
		}
	})
}
