package caddy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// decided reads a Caddyfile and follows one request.
func decided(t *testing.T, text, listener, host, path string) (topo.Decision, *dialect.Conf) {
	t.Helper()
	conf := Config(files{"/etc/caddy/Caddyfile": text}, dialect.Launch{Config: "/etc/caddy/Caddyfile"})
	for _, p := range conf.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	return conf.Resolve(topo.Request{Listener: listener, Host: host, Method: "GET", Path: path, Port: 8080}), conf
}

const manySites = `{
	admin off
}
http://shop.test:8080, http://www.shop.test:8080 {
	log {
		output file /var/log/caddy/shop.log
	}
	handle_path /api/* {
		reverse_proxy 10.0.0.5:3000 10.0.0.6:3000 {
			transport http {
				dial_timeout 2s
				response_header_timeout 30s
			}
			fail_duration 20s
			max_fails 3
		}
	}
	respond /teapot "no coffee" 418
	handle /down* {
		error "later" 503
	}
	handle {
		reverse_proxy unix//run/shop.sock {
			health_uri /healthz
		}
	}
	handle_errors {
		respond "sorry"
	}
}
http://*.shop.test:8080 {
	reverse_proxy https://wild.internal
}
http://php.test:8080 {
	root * /srv/app
	php_fastcgi 127.0.0.1:9000 {
		read_timeout 5s
	}
	file_server
}
:8080 {
	redir https://shop.test{uri}
}
`

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		host, path, outcome, to string
		status                  int
		site                    string
	}{
		{"shop.test", "/api/orders", "forward", "10.0.0.5:3000,10.0.0.6:3000", 0, "shop.test"},
		{"www.shop.test", "/list", "forward", "unix:/run/shop.sock", 0, "www.shop.test"},
		{"shop.test", "/teapot", "forward", "unix:/run/shop.sock", 0, "shop.test"}, // handle comes before respond
		{"shop.test", "/downtown", "answer", "", 503, "shop.test"},
		{"old.shop.test", "/x", "forward", "wild.internal:443", 0, "*.shop.test"},
		{"php.test", "/blog/1", "forward", "127.0.0.1:9000", 0, "php.test"},
		{"else.test", "/", "answer", "", 302, ""},
	} {
		d, _ := decided(t, manySites, "[::]:8080", c.host, c.path)
		var to []string
		if d.Forward != nil {
			for _, e := range d.Forward.Endpoints {
				to = append(to, e.String())
			}
		}
		if string(d.Outcome) != c.outcome || strings.Join(to, ",") != c.to || d.Status != c.status || d.Site.Name != c.site {
			t.Errorf("%s%s: %s %d %v site %q, want %s %d %s %q; %v", c.host, c.path, d.Outcome, d.Status, to, d.Site.Name, c.outcome, c.status, c.to, c.site, d.Doubts)
		}
	}
}

func TestSettings(t *testing.T) {
	d, conf := decided(t, manySites, "[::]:8080", "shop.test", "/api/orders")
	if got := d.Settings.Seconds(vocab.ReadTimeout).Seconds(); got != 30 {
		t.Errorf("ReadTimeout is %v", got)
	}
	s := d.Settings[vocab.ReadTimeout]
	if s.Value != "30s" || s.Directive != "response_header_timeout" || manySites[s.Place.Start:s.Place.End] != "response_header_timeout 30s" {
		t.Errorf("ReadTimeout: %+v", s)
	}
	if d.Upstream.URI != "/orders" {
		t.Errorf("the upstream gets %q", d.Upstream.URI)
	}
	if e := d.Forward.Endpoints[0]; e.MaxFails != 3 || e.FailTimeout != 20 || !strings.HasPrefix(manySites[e.Place.Start:], "reverse_proxy 10.0.0.5") {
		t.Errorf("endpoint: %+v", e)
	}
	if len(d.Logs) != 2 || d.Logs[0].Path != "stderr" || d.Logs[1].Path != "/var/log/caddy/shop.log" {
		t.Errorf("logs: %+v", d.Logs)
	}
	i := d.Settings[vocab.KeepaliveTimeout].Insert
	if i.Start == 0 || manySites[i.Start-1] != '\n' || !strings.HasPrefix(strings.TrimSpace(manySites[i.Start:]), "}") {
		t.Errorf("a line would go to %+v: %q", i, manySites[i.Start:i.Start+20])
	}
	php, _ := decided(t, manySites, "[::]:8080", "php.test", "/blog/1")
	if php.Forward.Protocol != vocab.FastCGI || php.Settings.Seconds(vocab.ReadTimeout).Seconds() != 5 {
		t.Errorf("php: %s %v", php.Forward.Protocol, php.Settings[vocab.ReadTimeout])
	}
	for _, p := range php.Upstream.Params {
		if p.Name == "SCRIPT_FILENAME" && p.Value != "/srv/app/index.php" {
			t.Errorf("SCRIPT_FILENAME is %s", p.Value)
		}
	}
	secure, _ := decided(t, manySites, "[::]:8080", "old.shop.test", "/")
	if v := secure.Settings[vocab.TLSVerify]; v.Number != 1 || secure.Settings[vocab.TLSName].Value != "wild.internal" || secure.Settings[vocab.TLSServerName].Number != 1 {
		t.Errorf("TLS: %+v %+v", v, secure.Settings[vocab.TLSName])
	}
	if n := len(conf.Instance.Pools); n != 4 {
		t.Errorf("%d pools", n)
	}
}

// TestListeners says where sites listen, and where in TLS.
func TestListeners(t *testing.T) {
	_, conf := decided(t, "example.com {\n\treverse_proxy app:80\n}\n\nhttp://plain.test {\n\trespond ok\n}\n\n:9000 {\n\trespond ok\n}\n\n127.0.0.1:9001 {\n\trespond ok\n}\n", "", "", "/")
	got := map[string]bool{}
	for _, l := range conf.Instance.Listeners {
		got[l.Address] = l.TLS
	}
	want := map[string]bool{"[::]:443": true, "[::]:80": false, "[::]:9000": false, "[::]:9001": true}
	for a, tls := range want {
		if have, ok := got[a]; !ok || have != tls {
			t.Errorf("%s: %v %v, want TLS %v; all are %v", a, have, ok, tls, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"http://a.test {\n\treverse_proxi localhost:1\n}\n":                                "did you mean reverse_proxy",
		"http://a.test {\n\treverse_proxy localhost:1 {\n\t\tlb_try_duratoin 5s\n\t}\n}\n": "did you mean lb_try_duration",
		"http://a.test {\n\treverse_proxy localhost:99999\n}\n":                            "invalid port",
		"http://a.test {\n\treverse_proxy @no localhost:1\n}\n":                            "unrecognized matcher name",
		"http://a.test {\n\tencode gzip {\n\treverse_proxy localhost:1\n}\n":               "not closed",
		"http://a.test {\n\trespond ok\n}\n}\n":                                            "unexpected '}'",
		"http://a.test {\n\timport nothing.caddy\n}\n":                                     "File to import not found",
		"http://a.test {\n\tredir https://x.test 700\n}\n":                                 "redir code",
		"a.test:99999 {\n}\n":                                          "invalid port",
		"{\n\thttp_prot 80\n}\n:1 {\n}\n":                              "did you mean http_port",
		"http://a.test {\n\treverse_proxy http://a:1 https://b:2\n}\n": "same scheme",
		"http://a.test {\n}\nhttp://a.test {\n}\n":                     "ambiguous site definition",
	} {
		conf := Config(files{"/c/Caddyfile": text}, dialect.Launch{Config: "/c/Caddyfile"})
		found := false
		for _, p := range conf.Instance.Problems {
			found = found || p.Fatal && strings.Contains(p.Text, want)
		}
		if !found {
			t.Errorf("%q: want a mistake with %q, have %v", text, want, conf.Instance.Problems)
		}
	}
}

// asked is a host whose instance tells its configuration.
type asked struct {
	files
	replies map[string]string // by path of the API
}

func (a asked) Ask(q dialect.Question) ([]byte, error) {
	for path, body := range a.replies {
		if strings.HasPrefix(q.Send, "GET "+path+" HTTP/1.0\r\n") {
			return []byte("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body), nil
		}
	}
	return nil, errors.New("nobody is there")
}

const oneSite = "{\n\tadmin 127.0.0.1:2020\n}\nhttp://a.test:8080 {\n\treverse_proxy 127.0.0.1:%\n}\n"

// tells is what a Caddy tells that was started with a Caddyfile.
func tells(t *testing.T, text string) string {
	t.Helper()
	p := &parser{src: files{}, snippets: map[string][]word{}, unknown: map[string]bool{}}
	root := p.adapt(p.parse("/c/Caddyfile", []byte(text)), false)
	body := root.String()
	if !json.Valid([]byte(body)) {
		t.Fatalf("what is written is no JSON: %s", body)
	}
	return body
}

// TestTold compares what runs with what the file says.
func TestTold(t *testing.T) {
	now, then := strings.ReplaceAll(oneSite, "%", "3001"), strings.ReplaceAll(oneSite, "%", "3000")
	l := dialect.Launch{Config: "/c/Caddyfile"}
	req := topo.Request{Listener: "[::]:8080", Host: "a.test", Path: "/", Port: 8080}
	same := Config(asked{files{"/c/Caddyfile": then}, map[string]string{"/config/": tells(t, then)}}, l)
	if !same.Told || same.Disk == nil || same.Resolve(req).Forward.Place.File != "/c/Caddyfile" {
		t.Errorf("told the same: %v, %+v", same.Told, same.Resolve(req).Forward)
	}
	other := Config(asked{files{"/c/Caddyfile": now}, map[string]string{"/config/": tells(t, then)}}, l)
	runs, disk := other.Resolve(req), other.Disk(req)
	if !other.Told || runs.Forward.Endpoints[0].Port != 3000 || disk.Forward.Endpoints[0].Port != 3001 {
		t.Errorf("told something else: %+v, on disk %+v", runs.Forward, disk.Forward)
	}
	stranger := Config(asked{files{"/c/Caddyfile": now}, map[string]string{"/config/": tells(t, "http://b.test:9999 {\n\trespond ok\n}\n")}}, l)
	if stranger.Told {
		t.Error("another instance has the API's address, and is believed")
	}
	silent := Config(files{"/c/Caddyfile": now}, l)
	if silent.Told || silent.Resolve(req).Forward.Endpoints[0].Port != 3001 {
		t.Error("nobody tells, and the file is not what counts")
	}
}

// TestUpstreams reads what the instance holds of its upstreams.
func TestUpstreams(t *testing.T) {
	pools := []topo.Pool{{Name: "reverse_proxy 127.0.0.1:1", Endpoints: []topo.Endpoint{{Name: "127.0.0.1:1", Network: "tcp", Host: "127.0.0.1", Port: 1, MaxFails: 1}}},
		{Name: "reverse_proxy 127.0.0.1:2", Endpoints: []topo.Endpoint{{Name: "127.0.0.1:2", Network: "tcp", Host: "127.0.0.1", Port: 2, MaxConns: 5}}}}
	reply := "HTTP/1.0 200 OK\r\n\r\n" + `[{"address":"127.0.0.1:1","num_requests":0,"fails":2},{"address":"127.0.0.1:2","num_requests":5,"fails":0}]`
	told := readUpstreams([]byte(reply), pools)
	if len(told) != 2 || told[0].Fact != vocab.PoolNoServer || told[1].Fact != vocab.PoolQueued {
		t.Errorf("told: %+v", told)
	}
	if told := readUpstreams([]byte("HTTP/1.0 403 Forbidden\r\n\r\n[]"), pools); told != nil {
		t.Errorf("a refusal tells %+v", told)
	}
}

func FuzzCaddyfile(f *testing.F) {
	f.Add(manySites)
	f.Add(oneSite)
	f.Add("(a) {\n\timport a\n}\nimport a\n")
	f.Add("http://h {\n\trespond <<E\n\t\tx\n\t\tE 503\n}\n")
	f.Add("{$HOST:localhost}:80\nrespond `a` \"b\\\"\" \\\n 200\n")
	f.Fuzz(func(t *testing.T, text string) {
		conf := Config(files{"/c/Caddyfile": text}, dialect.Launch{Config: "/c/Caddyfile"})
		follow(conf, len(text))
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"apps":{"http":{"servers":{"s":{"listen":[":80"],"routes":[{"match":[{"host":["a"]}],"handle":[{"handler":"reverse_proxy","upstreams":[{"dial":"b:1"}]}]}]}}}}}`)
	f.Add(`{"a":"\u00e9\ud83d\ude00","b":[1,2.5e3,-0,true,false,null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := readJSON("/c/caddy.json", []byte(text))
		if valid := json.Valid([]byte(text)); valid && err != nil && !errors.Is(err, errDeep) {
			t.Errorf("%q is JSON: %v", text, err)
		}
		if err == nil {
			_ = n.String()
		}
		follow(Config(files{"/c/caddy.json": text}, dialect.Launch{Config: "/c/caddy.json"}), len(text))
	})
}

// follow asks what the configuration does, and checks that places lie within the
// file.
func follow(conf *dialect.Conf, size int) {
	for _, l := range conf.Instance.Listeners {
		for _, path := range []string{"/", "/api/x.php"} {
			d := conf.Resolve(topo.Request{Listener: l.Address, Host: "a.test", Path: path, Query: "a=b", Method: "GET"})
			for _, s := range d.Steps {
				if s.Place.End > size || s.Place.Start > s.Place.End {
					panic("BUG: a place outside of the file")
				}
			}
		}
	}
}
