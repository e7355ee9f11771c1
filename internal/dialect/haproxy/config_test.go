package haproxy

import (
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

type memory = suite.Files

const shop = `global
    log /dev/log local0
    stats socket /run/haproxy/admin.sock mode 660 level admin
    tune.bufsize 8192

defaults base
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 2500   # milliseconds
    retries 1

frontend web from base
    bind *:80,:::8080 v6only
    bind 10.0.0.1:443 ssl crt /etc/ssl/a.pem alpn h2,http/1.1 accept-proxy
    acl is_api path_beg /api/ /v1/
    acl is_shop hdr(host) -i shop.test www.shop.test
    http-request deny deny_status 503 if { path /closed }
    http-request set-header X-Shop "yes"
    use_backend api if is_shop is_api
    use_backend %[path,field(2,/),map(/etc/haproxy/routes.map)] if { path_beg /m/ }
    redirect scheme https code 301 if { path_beg /secure } !{ ssl_fc }
    default_backend shop

backend shop from base
    timeout server 1m
    balance leastconn
    default-server check inter 2s maxconn 10
    server s1 127.0.0.1:3000
    server s2 [::1]:3001 backup disabled
    server s3 /run/shop.sock weight 5

backend api from base
    option httpchk
    http-check send meth GET uri /health
    server a1 api.internal:8443 ssl verify required ca-file /etc/ssl/ca.pem sni str(api.internal) resolvers dns send-proxy

backend closed from base

resolvers dns
    nameserver one 127.0.0.1:5353
    hold valid 10s

listen db
    mode tcp
    bind 127.0.0.1:5432-5433
    timeout connect 1s
    server pg 10.0.0.9:5432
`

func conf(t *testing.T, text string) *dialect.Conf {
	t.Helper()
	src := memory{"/etc/haproxy/haproxy.cfg": text, "/etc/haproxy/routes.map": "one api\ntwo shop\n"}
	return Config(src, dialect.Launch{Product: "haproxy", Version: "2.6.12", Prefix: "/etc/haproxy"})
}

func TestInstance(t *testing.T) {
	inst := conf(t, shop).Instance
	for _, p := range inst.Problems {
		t.Errorf("problem: %s: %s", p.Place, p.Text)
	}
	var listeners []string
	for _, l := range inst.Listeners {
		words := l.Address
		if l.TLS {
			words += " tls"
		}
		if l.ProxyHeader {
			words += " proxy"
		}
		if l.Stream {
			words += " stream"
		}
		listeners = append(listeners, words)
	}
	if got, want := strings.Join(listeners, ", "), "0.0.0.0:80, [::]:8080, 10.0.0.1:443 tls proxy, 127.0.0.1:5432 stream, 127.0.0.1:5433 stream"; got != want {
		t.Errorf("listeners\n got %s\nwant %s", got, want)
	}
	if len(inst.Pools) != 4 || inst.Pools[0].Name != "shop" || len(inst.Pools[0].Endpoints) != 3 {
		t.Fatalf("pools %+v", inst.Pools)
	}
	e := inst.Pools[0].Endpoints
	if e[0].String() != "127.0.0.1:3000" || e[0].Name != "s1" || e[0].MaxConns != 10 || !e[1].Down || !e[1].Backup || e[1].String() != "[::1]:3001" || e[2].String() != "unix:/run/shop.sock" || e[2].Weight != 5 {
		t.Errorf("endpoints %+v", e)
	}
	if line := shop[e[0].Place.Start:e[0].Place.End]; line != "server s1 127.0.0.1:3000" {
		t.Errorf("place of a server is %q", line)
	}
	if len(inst.Sites) != 2 || inst.Sites[0].Label != "web" || len(inst.Sites[0].Names) != 2 {
		t.Errorf("sites %+v", inst.Sites)
	}
	if len(inst.Logs) != 1 || inst.Logs[0].Path != "syslog:/dev/log" || inst.Logs[0].FormatName != "httplog" {
		t.Errorf("logs %+v", inst.Logs)
	}
}

func TestResolve(t *testing.T) {
	c := conf(t, shop)
	for _, test := range []struct {
		req    topo.Request
		pool   string
		status int
	}{
		{topo.Request{Port: 80, Host: "other.test", Path: "/"}, "shop", 0},
		{topo.Request{Port: 80, Host: "shop.test", Path: "/api/x"}, "api", 0},
		{topo.Request{Port: 80, Host: "other.test", Path: "/api/x"}, "shop", 0},
		{topo.Request{Port: 8080, Host: "shop.test", Path: "/api/x"}, "shop", 0}, // the header is "shop.test:8080", which the ACL does not have
		{topo.Request{Port: 80, Host: "other.test", Path: "/m/one"}, "shop", 0},  // field 2 is "m"
		{topo.Request{Port: 80, Host: "other.test", Path: "/closed"}, "", 503},
		{topo.Request{Port: 80, Host: "other.test", Path: "/secure"}, "", 301},
		{topo.Request{Port: 443, TLS: true, Host: "other.test", Path: "/secure"}, "shop", 0},
		{topo.Request{Listener: "127.0.0.1:5433"}, "db", 0},
	} {
		d := c.Resolve(test.req)
		pool := ""
		if d.Forward != nil {
			pool = d.Forward.Pool
		}
		if pool != test.pool || d.Status != test.status {
			t.Errorf("%+v: pool %q status %d, want %q %d; doubts %v", test.req, pool, d.Status, test.pool, test.status, d.Doubts)
		}
	}
}

func TestSettings(t *testing.T) {
	c := conf(t, shop)
	d := c.Resolve(topo.Request{Port: 80, Host: "shop.test", Path: "/api/x?y=1"})
	for k, want := range map[vocab.Knob]float64{
		vocab.ConnectTimeout: 5, vocab.ReadTimeout: 2.5, vocab.Retries: 1, vocab.TLSVerify: 1, vocab.TLSServerName: 1, vocab.HeaderBuffer: 8192 - 1024, vocab.ProxyHeaderSend: 1, vocab.ClientTimeout: 30,
	} {
		if got, _ := d.Settings.Number(k); got != want {
			t.Errorf("%s is %v, want %v", k, got, want)
		}
	}
	if s := d.Settings[vocab.ReadTimeout]; shop[s.Place.Start:s.Place.End] != "timeout server 2500" || s.Default || shop[s.Insert.Start] != '\n' {
		t.Errorf("%+v", s)
	}
	if s := d.Settings[vocab.TLSTrusted]; s.Value != "/etc/ssl/ca.pem" {
		t.Errorf("%+v", s)
	}
	if d.Forward.Protocol != vocab.HTTPS || d.Forward.Resolver == nil || d.Forward.Resolver.AtStart || d.Forward.Resolver.Servers[0] != "127.0.0.1:5353" || d.Upstream.URI != "/api/x?y=1" {
		t.Errorf("%+v", d)
	}
	if d := c.Resolve(topo.Request{Port: 80, Path: "/"}); d.Settings[vocab.ReadTimeout].Number != 60 {
		t.Errorf("the backend's own timeout does not count: %+v", d.Settings[vocab.ReadTimeout])
	}
}

func TestQuestions(t *testing.T) {
	c := conf(t, shop)
	if len(c.Questions) != 4 || c.Questions[0].Address != "/run/haproxy/admin.sock" || c.Questions[0].Send != "show stat\n" {
		t.Fatalf("%+v", c.Questions)
	}
	reply := `# pxname,svname,qcur,qmax,scur,smax,slim,status,check_status,check_code,last_chk,
web,FRONTEND,,,3,9,3,OPEN,,,,
shop,s1,0,0,0,1,10,DOWN,L7STS,404,"HTTP status, check returned code <404>",
sick,s1,0,0,0,1,10,DOWN,L7STS,503,"HTTP status, check returned code <503>",
shop,s2,0,0,0,1,10,MAINT,,,,
shop,s3,4,0,10,1,10,UP,L7OK,200,,
shop,BACKEND,0,0,0,1,200,DOWN,,,,
db,pg,0,0,0,0,,MAINT,,,,
db,BACKEND,0,0,0,0,200,DOWN,,,,
`
	var got []string
	for _, told := range c.Questions[0].Read([]byte(reply)) {
		got = append(got, string(told.Fact)+" "+told.Pool+"/"+told.Server)
	}
	want := "limit_reached /, check_rejects shop/s1, check_rejects sick/s1, check_answers_error sick/s1, server_in_maintenance shop/s2, check_passes shop/s3, pool_queued shop/, pool_no_server shop/, server_in_maintenance db/pg, pool_no_server db/, pool_in_maintenance db/"
	if strings.Join(got, ", ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
	if told := c.Questions[1].Read([]byte("Name: HAProxy\nMaxconn: 10\nCurrConns: 10\n")); len(told) != 1 || told[0].Fact != vocab.LimitReached {
		t.Errorf("%+v", told)
	}
	state := "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_port\n2 api 1 a1 10.0.0.7 0 8443\n2 api 2 a2 - 0 8443\n"
	if told := c.Questions[2].Read([]byte(state)); len(told) != 1 || told[0].Address != "10.0.0.7:8443" || told[0].Server != "a1" {
		t.Errorf("%+v", told)
	}
	if told := c.Questions[3].Read([]byte("Total events captured on [x] : 1\n\n[20/Nov/2026:09:00:01.123] backend shop (#3): invalid response\n  frontend web (#2), server s1 (#1), event #0, src 127.0.0.1:1\n")); len(told) != 1 || told[0].Server != "s1" || told[0].Pool != "shop" {
		t.Errorf("%+v", told)
	}
}

// TestMaps follows requests through maps and files of patterns.
func TestMaps(t *testing.T) {
	src := memory{
		defaultConfig:      "defaults\n mode http\nfrontend f\n bind :80\n acl inside path_beg -f /p.lst\n use_backend %[req.hdr(host),lower,map_dom(/h.map,c)] if !inside\n default_backend b\nbackend a\n server s 127.0.0.1:1\nbackend b\n server s 127.0.0.1:2\nbackend c\n server s 127.0.0.1:3\n",
		"/h.map":           "# hosts\nshop.test a\nblog.test b\n",
		"/p.lst":           "/admin\n/internal\n",
		"/etc/unrelated":   "x",
		"/etc/unrelated-2": "y",
	}
	c := Config(src, dialect.Launch{Version: "2.6.12"})
	for _, test := range []struct{ host, path, pool string }{
		{"shop.test", "/", "a"}, {"www.shop.test", "/", "a"}, {"Blog.test", "/", "b"}, {"other.test", "/", "c"}, {"shop.test", "/admin/x", "b"},
	} {
		d := c.Resolve(topo.Request{Port: 80, Host: test.host, Path: test.path})
		if d.Forward == nil || d.Forward.Pool != test.pool {
			t.Errorf("%s%s: %+v", test.host, test.path, d.Forward)
		}
	}
}

// TestSeveralFiles reads a folder and a file, in which a section does not go on
// from one file to the next.
func TestSeveralFiles(t *testing.T) {
	src := memory{
		"/etc/haproxy/conf/10-a.cfg": "global\n setenv PORT 8081\ndefaults\n mode http\n timeout server 7s\n",
		"/etc/haproxy/conf/20-b.cfg": "frontend web\n bind \"127.0.0.1:${PORT}\"\n default_backend app\n",
		"/etc/haproxy/conf/notes":    "no configuration",
		"/srv/app.cfg":               "global\n setenv H 127.0.0.1\nbackend app\n server s1 \"${H}:${APP_PORT-3000}\"\n.if defined(X)\n nonsense\n.endif\n",
	}
	c := Config(src, dialect.Launch{Config: "/etc/haproxy/conf", More: []string{"/srv/app.cfg"}, Version: "2.6.12"})
	d := c.Resolve(topo.Request{Port: 8081, Path: "/"})
	if len(c.Instance.Files) != 3 || d.Forward == nil || d.Forward.Endpoints[0].String() != "127.0.0.1:3000" || d.Settings[vocab.ReadTimeout].Number != 7 {
		t.Errorf("%q %+v", c.Instance.Files, d)
	}
	if len(c.Instance.Problems) != 2 { // .if, and APP_PORT
		t.Errorf("%+v", c.Instance.Problems)
	}
}

func TestMissingFile(t *testing.T) {
	conf := Config(memory{}, dialect.Launch{})
	if len(conf.Instance.Files) != 0 || len(conf.Instance.Problems) != 1 || conf.Instance.Problems[0].Fatal {
		t.Errorf("%+v", conf.Instance)
	}
	if d := conf.Resolve(topo.Request{Path: "/"}); d.Outcome != topo.Unknown {
		t.Errorf("%+v", d)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(shop)
	f.Add("listen a\n bind :80\n http-request return status 503 if { path \"/x\" } or !{ hdr(host),lower -m beg 'a' }\n server-template s 1-3 x:80\n")
	f.Add("frontend a\n bind \"${X}:80\"\n use_backend %[req.hdr(host),lower,map(/m)] unless\n acl a\n bind\n")
	f.Fuzz(func(t *testing.T, text string) {
		conf := Config(memory{defaultConfig: text}, dialect.Launch{Version: "2.6.12"})
		for _, p := range conf.Instance.Problems {
			if p.Place.End > len(text) || p.Place.Start > p.Place.End {
				t.Fatalf("%q: place %+v of %q", text, p.Place, p.Text)
			}
		}
		for _, l := range conf.Instance.Listeners {
			conf.Resolve(topo.Request{Listener: l.Address, Host: "a.test", Path: "/x/y", Query: "q=1", Method: "GET"})
		}
		conf.Resolve(topo.Request{Port: 80, Host: "a.test", Path: "/"})
	})
}

func FuzzReplies(f *testing.F) {
	f.Add([]byte("# pxname,svname,status,check_status,\na,b,DOWN,L4CON,\n"))
	f.Add([]byte("Maxconn: 1\nCurrConns: 1\n"))
	f.Add([]byte("[x] backend a (#1): invalid response\n server s (#1)\n"))
	f.Fuzz(func(t *testing.T, reply []byte) {
		for _, told := range [][]dialect.Told{readStat(reply), readInfo(reply), readErrors(reply), readState(reply)} {
			for _, x := range told {
				if _, ok := x.Fact.Info(); !ok && x.Address == "" {
					t.Fatalf("fact %q", x.Fact)
				}
			}
		}
	})
}

// TestCertificateBundle: a certificate may be there in a file for each kind of key
// only, "site.pem.rsa" beside "site.pem.ecdsa".
func TestCertificateBundle(t *testing.T) {
	for file, loads := range map[string]bool{"/etc/ssl/site.pem": true, "/etc/ssl/site.pem.ecdsa": true, "/etc/ssl/other.pem": false} {
		const text = "frontend f\n mode http\n timeout client 1s\n bind :8443 ssl crt /etc/ssl/site.pem\n http-request return status 200\n"
		fatal := ""
		for _, p := range Config(suite.Files{"/haproxy.cfg": text, file: ""}, dialect.Launch{Config: "/haproxy.cfg", Version: "3.0.11"}).Instance.Problems {
			if p.Fatal {
				fatal = p.Text
			}
		}
		if (fatal == "") != loads {
			t.Errorf("with %s: %q", file, fatal)
		}
	}
}
