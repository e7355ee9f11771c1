package varnish

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

type memory = suite.Files

const shop = `# the shop
vcl 4.1;

import directors;
import std;
include "./backends.vcl";

backend legacy {
    .path = "/run/legacy.sock"; // a unix socket
    .max_connections = 3;
}

sub vcl_init {
    new pool = directors.round_robin();
    pool.add_backend(one);
    pool.add_backend(two);
}

sub maintenance {
    if (req.url ~ "^/closed") { return (synth(503, "Back soon")); }
}

sub vcl_recv {
    set req.http.Host = regsub(req.http.Host, ":[0-9]+$", "");
    call maintenance;
    if (req.method == "PURGE") { return (purge); }
    if (req.http.host == "shop.test" && req.url !~ "^/static/") {
        set req.backend_hint = pool.backend();
    } elseif (req.http.host ~ "^(www\.)?old\.test$") {
        set req.backend_hint = legacy;
        set req.url = "/v0" + req.url;
    } else if (client.ip ~ trusted) {
        set req.backend_hint = two;
    }
    /* the rest goes to the default */
}

acl trusted { "10.0.0.0"/8; }

sub vcl_backend_fetch {
    if (bereq.url ~ "^/report") { set bereq.first_byte_timeout = 5m; }
}
`

const shopBackends = `
probe alive { .url = "/up"; .interval = 2s; .expected_response = 204; }
backend default { .host = "127.0.0.1"; .port = "8080"; }
backend one { .host = "app.internal"; .port = "3000"; .first_byte_timeout = 2.5s; .probe = alive; }
backend two { .host = "127.0.0.1"; .port = "3001"; .probe = { .url = "/"; } }
`

var shopFiles = memory{"/etc/varnish/shop.vcl": shop, "/etc/varnish/backends.vcl": shopBackends}

func shopConf() *dialect.Conf {
	return Config(shopFiles, dialect.Launch{Product: "varnish", PID: 1, Config: "/etc/varnish/shop.vcl", Globals: "-a :80\n-p connect_timeout=2\n-n /var/lib/varnish/x"})
}

func TestResolve(t *testing.T) {
	conf := shopConf()
	for _, p := range conf.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	for _, c := range []struct {
		host, path string
		outcome    topo.Outcome
		status     int
		pool       string
		to         string
		wait       float64
		uri        string
		doubts     int
	}{
		{"shop.test", "/list", topo.Forwards, 0, "pool", "app.internal:3000 127.0.0.1:3001", 2.5, "/list", 0},
		{"shop.test", "/report/1", topo.Forwards, 0, "pool", "app.internal:3000 127.0.0.1:3001", 300, "/report/1", 0},
		{"shop.test", "/static/x.css", topo.Forwards, 0, "default", "127.0.0.1:8080", 60, "/static/x.css", 1},
		{"shop.test", "/closed/now", topo.Answers, 503, "", "", 60, "/closed/now", 0},
		{"www.old.test", "/x", topo.Forwards, 0, "legacy", "unix:/run/legacy.sock", 60, "/v0/x", 0},
		{"other.test", "/x", topo.Forwards, 0, "default", "127.0.0.1:8080", 60, "/x", 1},
	} {
		d := conf.Resolve(topo.Request{Listener: "0.0.0.0:80", Port: 80, Host: c.host, Method: "GET", Path: c.path})
		var to []string
		pool := ""
		if d.Forward != nil {
			pool = d.Forward.Pool
			for _, e := range d.Forward.Endpoints {
				to = append(to, e.String())
			}
		}
		if d.Outcome != c.outcome || d.Status != c.status || pool != c.pool || strings.Join(to, " ") != c.to || d.Settings[vocab.ReadTimeout].Number != c.wait || d.Upstream.URI != c.uri || len(d.Doubts) != c.doubts {
			t.Errorf("%s%s: %s %d to %s %v, waits %v, asks %s, doubts %v", c.host, c.path, d.Outcome, d.Status, pool, to, d.Settings[vocab.ReadTimeout].Number, d.Upstream.URI, d.Doubts)
		}
		if d.Settings[vocab.ConnectTimeout].Number != 2 {
			t.Errorf("connect_timeout is %v", d.Settings[vocab.ConnectTimeout])
		}
	}
	if n := conf.Resolve(topo.Request{Port: 80, Host: "shop.test", Path: "/"}).Site; n.Name != "shop.test" || n.Kind != "exact" {
		t.Errorf("site %v", n)
	}
	if n := conf.Resolve(topo.Request{Port: 80, Host: "old.test", Path: "/"}).Site; n.Name != "old.test" {
		t.Errorf("site %v", n)
	}
}

func TestPlaces(t *testing.T) {
	for _, p := range shopConf().Instance.Pools {
		for _, e := range p.Endpoints {
			text := shopFiles[e.Place.File][e.Place.Start:e.Place.End]
			if text != fmt.Sprintf("%q", fmt.Sprint(e.Port)) && text != `"`+e.Path+`"` && text != `"`+e.Host+`"` {
				t.Errorf("%s of %s is at %s, which is %q", e.String(), p.Name, e.Place, text)
			}
		}
	}
}

// programs are pieces that varnishd takes, or refuses.
var programs = suite.Pieces{
	"vcl 4.1;\nbackend default { .host = \"127.0.0.1\"; }\n":                                 true,
	"vcl 4.1;\nbackend default none;\n":                                                      true,
	"backend default { .host = \"127.0.0.1\"; }\n":                                           false,
	"vcl 4.1;\nsub vcl_recv { return (pass); }\n":                                            false,
	"vcl 4.1;\nbackend default { .port = \"80\"; }\n":                                        false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nbackend b { .host = \"127.0.0.1\"; }\n": false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nbackend b { .host = \"127.0.0.1\"; }\nsub vcl_recv { if (req.url ~ \"x\") { set req.backend_hint = b; } else { return (pass); } }\n": true,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nsub vcl_recv { set req.backend_hint = c; }\n":                                                                                        false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nsub vcl_recv { call helper; }\n":                                                                                                     false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nsub helper { set req.http.X = {\"a \" b\"}; }\nsub vcl_recv { call helper; }\n":                                                      true,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; .probe = p; }\n":                                                                                                                        false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; .probe = p; }\nprobe p { .url = \"/\"; }\n":                                                                                             false,
	"vcl 4.1;\nprobe p { .url = \"/\"; }\nbackend a { .host = \"127.0.0.1\"; .probe = p; }\n":                                                                                             true,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\" }\n":                                                                                                                                     false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nsub vcl_recv { set req.http.X = \"y\" }\n":                                                                                           false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nsub vcl_recv { if (req.url ~ \"a\" { return (pass); } }\n":                                                                           false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\n/* no end\n":                                                                                                                         false,
	"vcl 4.0;\nbackend a { .path = \"/tmp/x.sock\"; }\n":                                                                                                                                  false,
	"vcl 9.9;\nbackend a { .host = \"127.0.0.1\"; }\n":                                                                                                                                    false,
	"vcl 4.1;\nimport directors;\nbackend a { .host = \"127.0.0.1\"; }\nbackend b { .host = \"127.0.0.1\"; }\nsub vcl_init { new d = directors.fallback(); d.add_backend(a); d.add_backend(b); }\nsub vcl_recv { set req.backend_hint = d.backend(); }\n": true,
	"vcl 4.1;\ninclude \"/nowhere/at/all.vcl\";\nbackend a { .host = \"127.0.0.1\"; }\n":           false,
	"vcl 4.1;\nbackend a { .host = \"127.0.0.1\"; }\nsub vcl_deliver { set resp.http.X = \"y\";\n": false,
}

func TestLoads(t *testing.T) { suite.Loads(t, Config, "/x.vcl", "", programs) }

// TestAgreesWithVarnishd compares what is said of each program with what varnishd
// says.
func TestAgreesWithVarnishd(t *testing.T) {
	path := suite.Program(t, "varnishd")
	dir, err := os.MkdirTemp("", "goodgate-vcl-") // readable for the compiler's user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	pieces := maps.Clone(programs)
	pieces[strings.Replace(shop, "include \"./backends.vcl\";", strings.ReplaceAll(shopBackends, "app.internal", "127.0.0.1"), 1)] = true
	i := 0
	for text, loads := range pieces {
		i++
		text = strings.Replace(text, "/run/legacy.sock", "/dev/null", 1)
		if strings.Contains(text, "/dev/null") {
			continue // it looks whether the socket is one
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.vcl", i))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		work := filepath.Join(dir, fmt.Sprintf("work%d", i))
		out, err := exec.CommandContext(t.Context(), path, "-C", "-n", work, "-f", file).CombinedOutput()
		if (err == nil) != loads {
			t.Errorf("%q: varnishd says %v: %.600s", text, err, out)
		}
	}
}

func TestRecognise(t *testing.T) {
	l, ok := recognise(dialect.Process{PID: 7, Exe: "/usr/sbin/varnishd", Cwd: "/var/lib/varnish/gw", Args: []string{"/usr/sbin/varnishd", "-j", "unix,user=vcache", "-F", "-a", ":6081", "-T", "localhost:6082", "-f/etc/varnish/default.vcl", "-S", "/etc/varnish/secret", "-s", "malloc,256m", "-pfirst_byte_timeout=5"}})
	if !ok || l.Config != "/etc/varnish/default.vcl" || strings.Join(given(l, "a"), " ") != ":6081" || strings.Join(given(l, "S"), " ") != "/etc/varnish/secret" || strings.Join(given(l, "p"), " ") != "first_byte_timeout=5" {
		t.Errorf("%+v %v", l, ok)
	}
	for _, args := range [][]string{{"varnishd", "-C", "-f", "x"}, {"varnishlog"}, {"varnishd", "-V"}, {}} {
		if _, ok := recognise(dialect.Process{Args: args}); ok {
			t.Errorf("%v is taken for a gateway", args)
		}
	}
	if takes, _ := worker(dialect.Process{}, dialect.Process{Comm: "cache-main", Args: []string{"varnishd"}}); !takes {
		t.Error("the child takes requests")
	}
}

func message(status int, body string) string {
	return fmt.Sprintf("%d %-8d\n%s\n", status, len(body), body)
}

// TestSay goes through the dialogue of varnish-cli(7), with the example of its
// documentation for the challenge.
func TestSay(t *testing.T) {
	challenge := "ixslvvxrgkjptxmcgnnsdxsvdmvfympg\n\nAuthentication required.\n"
	got := []byte(message(107, challenge))
	if said := say("vcl.list", []byte("foo\n"), got); said != "auth 455ce847f0073c7ab3b1465f74507b75d3dc064c1e7de3b71e00de9092fdc89a\n" {
		t.Errorf("said %q", said)
	}
	if said := say("vcl.list", []byte("foo\n"), got[:20]); said != "" {
		t.Errorf("to half a message: %q", said)
	}
	if said := say("vcl.list", nil, got); said != "quit\n" {
		t.Errorf("without a secret: %q", said)
	}
	got = append(got, message(200, "-----\nVarnish Cache CLI 1.0\n-----\n")...)
	if said := say("vcl.list", []byte("foo\n"), got); said != "vcl.list\nquit\n" {
		t.Errorf("said %q", said)
	}
	got = append(got, message(200, "active   auto    warm         2    boot\n")...)
	if said := say("vcl.list", []byte("foo\n"), got); said != "" {
		t.Errorf("said %q", said)
	}
	got = append(got, message(500, "Closing CLI connection")...)
	status, body, ok := replied(got)
	if !ok || status != 200 || active(body) != "boot" {
		t.Errorf("%d %q %v", status, body, ok)
	}
	sum := sha256.Sum256([]byte("foo\n"))
	if strings.Contains(say("x", []byte("foo\n"), got), hex.EncodeToString(sum[:])) {
		t.Error("it tells the secret's own sum")
	}
}

func TestReadBackends(t *testing.T) {
	all := message(200, "banner\n") + message(200, `[ 3, ["backend.list", "-j", "-p"], 1795172740.136,
  {
    "boot.plain": {"type": "backend", "admin_health": "healthy", "probe_message": [0, 0, "healthy"], "probe_details": {}},
    "boot.out": {"type": "backend", "admin_health": "sick", "probe_message": [0, 0, "healthy"]},
    "boot.dead": {"type": "backend", "admin_health": "probe", "probe_message": [0, 3, "sick"], "probe_details": {"bits_4": 0, "bits_6": 0, "bits_U": 0, "bits_X": 0, "bits_R": 0, "bits_H": 0, "window": 3}},
    "boot.wrong": {"type": "backend", "admin_health": "probe", "probe_message": [0, 3, "sick"], "probe_details": {"bits_4": 7, "bits_6": 0, "bits_U": 0, "bits_X": 7, "bits_R": 7, "bits_H": 0, "window": 3}},
    "old.wrong": {"type": "backend", "admin_health": "probe", "probe_message": [0, 3, "sick"], "probe_details": {"bits_4": 7, "bits_R": 7, "window": 3}}
  }
]`) + message(500, "Closing CLI connection")
	said := map[string]vocab.Fact{}
	for _, told := range readBackends([]byte(all), "boot") {
		if told.Server != "" {
			said[told.Server] = told.Fact
		}
	}
	for server, fact := range map[string]vocab.Fact{"out": vocab.ServerInMaintenance, "dead": vocab.CheckUnconnected, "wrong": vocab.CheckRejects, "plain": ""} {
		if said[server] != fact {
			t.Errorf("%s: %q, want %q", server, said[server], fact)
		}
	}
	for _, who := range []string{"", "Child (17120) "} { // Varnish 7.7 names the child
		told := readPanic([]byte(message(200, "b\n") + message(200, who+"Panic at: Fri, 20 Nov 2026 10:55:34 GMT\nAssert error in f(), x.c line 3:\n")))
		if len(told) != 1 || told[0].Fact != vocab.GatewayWorkerDied || told[0].When.Hour() != 10 {
			t.Errorf("panic: %+v", told)
		}
	}
	if told := readPanic([]byte(message(200, "b\n") + message(300, "Child has not panicked or panic has been cleared"))); len(told) != 0 {
		t.Errorf("no panic: %+v", told)
	}
}
