package lighttpd

import (
	"fmt"
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

var shop = memory{"/etc/lighttpd/lighttpd.conf": `# the shop
server.modules = ( "mod_access", "mod_proxy" )
var.logs = "/var/log/lighttpd"
server.errorlog = var.logs + "/error.log"
accesslog.filename = var.logs + "/access.log"
server.port = 8080
include "conf-enabled/*.conf"
proxy.server = ( "/api/" => ( "app" => ( "host" => "127.0.0.1", "port" => 3000, "read-timeout" => 5 ) ),
                 ".jsp" => ( ( "host" => "tomcat.internal", "port" => 8009 ) ) )
$HTTP["host"] == "old.test" {
    proxy.server = ( "" => ( ( "socket" => "/run/old.sock" ) ) )
} else $HTTP["host"] =~ "^(www\.)?new\.test$" {
    proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 3001 ), ( "host" => "127.0.0.1", "port" => 3002 ) ) )
    $HTTP["url"] =~ "^/static/" { proxy.server = ( ) }
} else { accesslog.filename = "/var/log/lighttpd/rest.log" }
$SERVER["socket"] == "[::]:8443" { ssl.engine = "enable" }
`, "/etc/lighttpd/conf-enabled/10-fastcgi.conf": `server.modules += ( "mod_fastcgi" )
fastcgi.server = ( ".php" => (( "socket" => "/run/php.sock", "bin-path" => "/usr/bin/php-cgi" )) )
`}

func TestResolve(t *testing.T) {
	conf := Config(shop, dialect.Launch{PID: 1})
	for _, p := range conf.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	for _, c := range []struct {
		host, path string
		outcome    topo.Outcome
		protocol   vocab.Protocol
		to         string
		wait       float64
		access     string
	}{
		{"x.test", "/api/list", topo.Forwards, vocab.HTTP, "127.0.0.1:3000", 5, "/var/log/lighttpd/rest.log"},
		{"x.test", "/a/b.jsp", topo.Forwards, vocab.HTTP, "tomcat.internal:8009", 0, "/var/log/lighttpd/rest.log"},
		{"x.test", "/index.php", topo.Forwards, vocab.FastCGI, "unix:/run/php.sock", 0, "/var/log/lighttpd/rest.log"},
		{"x.test", "/index.html", topo.Serves, "", "", 0, "/var/log/lighttpd/rest.log"},
		{"old.test", "/list", topo.Forwards, vocab.HTTP, "unix:/run/old.sock", 0, "/var/log/lighttpd/access.log"},
		{"www.new.test", "/list", topo.Forwards, vocab.HTTP, "127.0.0.1:3001 127.0.0.1:3002", 0, "/var/log/lighttpd/access.log"},
		{"www.new.test", "/static/x.css", topo.Serves, "", "", 0, "/var/log/lighttpd/access.log"},
	} {
		d := conf.Resolve(topo.Request{Listener: "0.0.0.0:8080", Port: 80, Host: c.host, Method: "GET", Path: c.path})
		var to []string
		var protocol vocab.Protocol
		if d.Forward != nil {
			protocol = d.Forward.Protocol
			for _, e := range d.Forward.Endpoints {
				to = append(to, e.String())
			}
		}
		access := d.Logs[len(d.Logs)-1].Path
		if d.Outcome != c.outcome || protocol != c.protocol || strings.Join(to, " ") != c.to || d.Settings[vocab.ReadTimeout].Number != c.wait || len(d.Doubts) > 0 || d.Logs[0].Path != "/var/log/lighttpd/error.log" || access != c.access {
			t.Errorf("%s%s: %s %s to %v, waits %v, logs %v, doubts %v", c.host, c.path, d.Outcome, protocol, to, d.Settings[vocab.ReadTimeout].Number, d.Logs, d.Doubts)
		}
	}
	if len(conf.Instance.Listeners) != 2 || !conf.Instance.Listeners[1].TLS || conf.Instance.Listeners[1].Address != "[::]:8443" {
		t.Errorf("listeners %v", conf.Instance.Listeners)
	}
	for _, p := range conf.Instance.Pools {
		for _, e := range p.Endpoints {
			text := shop[e.Place.File][e.Place.Start:e.Place.End]
			if text != fmt.Sprint(e.Port) && text != `"`+e.Path+`"` {
				t.Errorf("%s is at %s, which is %q", e.String(), e.Place, text)
			}
		}
	}
}

// programs are pieces that lighttpd takes, or refuses.
var programs = suite.Pieces{
	"server.port = 18999\n":                    true,
	"server.port = 18999 server.tag = \"x\"\n": true,
	"server.tag = \"no end\n":                  false,
	"server.modules = ( \"mod_proxy\", )\nproxy.server = ( \"\" => (( \"host\" => \"127.0.0.1\", \"port\" => 1 )) )\n": true,
	"server.modules = ( \"mod_proxy\" \n":                                            false,
	"$HTTP[\"host\"] == \"x\" { server.tag = \"y\" }\nelse { server.tag = \"z\" }\n": true,
	"$HTTP[\"host\"] == \"x\" { server.tag = \"y\"\n":                                false,
	"$HTTP[\"host\"] \"x\" { server.tag = \"y\" }\n":                                 false,
	"include \"/nowhere/at/all.conf\"\n":                                             false,
	"server.modules = ( \"mod_proxy\" )\nproxy.server = \"x\"\n":                     false,
	"var.a = \"x\" + \"y\"\nserver.tag = var.a + \"z\" # said\n":                     true,
}

const head = "server.document-root = \"/tmp\"\n"

func TestLoads(t *testing.T) { suite.Loads(t, Config, "/x.conf", head, programs) }

// TestAgreesWithLighttpd compares what is said of each piece with what lighttpd
// says.
func TestAgreesWithLighttpd(t *testing.T) {
	path := suite.Program(t, "lighttpd")
	for text, loads := range programs {
		file := filepath.Join(t.TempDir(), "x.conf")
		if err := os.WriteFile(file, []byte(head+text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), path, "-tt", "-f", file).CombinedOutput()
		if (err == nil) != loads {
			t.Errorf("%q: lighttpd says %v: %.600s", text, err, out)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, text := range shop {
		f.Add(text)
	}
	for text := range programs {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		conf := Config(memory{"/x.conf": text, "/conf-enabled/a.conf": text}, dialect.Launch{PID: 1, Config: "/x.conf"})
		for _, l := range conf.Instance.Listeners {
			conf.Resolve(topo.Request{Listener: l.Address, Port: 80, Host: "old.test", Method: "GET", Path: "/list"})
		}
	})
}

func TestAccess(t *testing.T) {
	var r dialect.Record
	key := access.Line([]byte(`127.0.0.1 x.test - [20/Nov/2026:11:33:43 +0000] "GET /q?a HTTP/1.1" 503 361 "-" "curl/7.88.1"`), &r)
	if access.Conds[key].Fact != vocab.GatewayStatusUnknown || string(r.Host) != "x.test" || r.Status != 503 || string(r.Path) != "/q" {
		t.Errorf("%d %+v", key, r)
	}
}
