package squid

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

type memory = suite.Files

var shop = memory{"/etc/squid/squid.conf": `# an accelerator
http_port 80 accel vhost
https_port 127.0.0.1:443 accel defaultsite=shop.test no-vhost \
    tls-cert=/etc/squid/shop.pem
include /etc/squid/conf.d/*.conf
acl shop dstdomain .shop.test
acl report urlpath_regex -i ^/report
acl closed urlpath_regex ^/closed # for good
http_access deny closed
http_access allow shop
http_access allow old
cache_peer app.internal parent 3000 0 no-query originserver name=app connect-timeout=2
cache_peer 127.0.0.1 parent 3001 0 no-query originserver name=reports tls sslflags=DONT_VERIFY_PEER
cache_peer_access reports allow shop report
cache_peer_access app deny report
cache_peer_access app allow shop
read_timeout 30 seconds
access_log daemon:/var/log/squid/shop.log squid
`, "/etc/squid/conf.d/old.conf": "acl old dstdomain old.test\ncache_peer 10.0.0.7 parent 80 0 originserver name=old\ncache_peer_access old allow old\n"}

func TestResolve(t *testing.T) {
	conf := Config(shop, dialect.Launch{PID: 1})
	for _, p := range conf.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	for _, c := range []struct {
		listener   string
		host, path string
		outcome    topo.Outcome
		status     int
		protocol   vocab.Protocol
		to         string
		connect    float64
		site       string
	}{
		{"[::]:80", "www.shop.test", "/list", topo.Forwards, 0, vocab.HTTP, "app.internal:3000", 2, "*.shop.test"},
		{"[::]:80", "shop.test", "/Report/1", topo.Forwards, 0, vocab.HTTPS, "127.0.0.1:3001", 30, "shop.test"},
		{"[::]:80", "old.test", "/", topo.Forwards, 0, vocab.HTTP, "10.0.0.7:80", 30, "old.test"},
		{"[::]:80", "old.test", "/closed", topo.Answers, 403, "", "", 30, "old.test"},
		{"[::]:80", "other.test", "/", topo.Answers, 403, "", "", 30, ""},
		{"127.0.0.1:443", "other.test", "/", topo.Forwards, 0, vocab.HTTP, "app.internal:3000", 2, ""},
	} {
		d := conf.Resolve(topo.Request{Listener: c.listener, Port: 80, Host: c.host, Method: "GET", Path: c.path})
		to, protocol := "", vocab.Protocol("")
		if d.Forward != nil {
			protocol = d.Forward.Protocol
			for _, e := range d.Forward.Endpoints {
				to += e.String()
			}
		}
		if d.Outcome != c.outcome || d.Status != c.status || protocol != c.protocol || to != c.to || d.Settings[vocab.ConnectTimeout].Number != c.connect || d.Settings[vocab.ReadTimeout].Number != 30 || d.Site.Name != c.site || len(d.Doubts) > 0 {
			t.Errorf("%s%s: %s %d %s to %s, connects in %v, site %v, doubts %v", c.host, c.path, d.Outcome, d.Status, protocol, to, d.Settings[vocab.ConnectTimeout].Number, d.Site, d.Doubts)
		}
	}
	if logs := conf.Instance.Logs; len(logs) != 2 || logs[1].Path != "/var/log/squid/shop.log" || logs[1].Format != "" {
		t.Errorf("logs %+v", logs)
	}
	for _, p := range conf.Instance.Pools {
		for _, e := range p.Endpoints {
			if text := shop[e.Place.File][e.Place.Start:e.Place.End]; text != strconv.Itoa(e.Port) {
				t.Errorf("%s is at %s, which is %q", e.String(), e.Place, text)
			}
		}
	}
}

// programs are pieces that Squid takes, or refuses.
var programs = suite.Pieces{
	"http_port 127.0.0.1:18123 accel vhost\nhttp_access allow all\n":                                                                                    true,
	"http_port 127.0.0.1:18123 accel vhost\nhttp_access allow nobody\n":                                                                                 false,
	"http_port 127.0.0.1:18123 accel vhost\nhttp_access perhaps all\n":                                                                                  true,
	"http_port 127.0.0.1:18123 accel\nacl a dstdomain x.test\nhttp_access allow a !all\n":                                                               true,
	"http_port 127.0.0.1:18123 accel\ncache_peer 127.0.0.1 parent 3000 0 originserver name=a\ncache_peer 127.0.0.1 parent 3001 0 originserver name=a\n": false,
	"http_port 127.0.0.1:18123 accel\ncache_peer 127.0.0.1 parent 3000 0 originserver name=a\ncache_peer_access a allow all\n":                          true,
	"http_port 127.0.0.1:18123 accel\ninclude /nowhere/at/all.conf\n":                                                                                   false,
}

func TestLoads(t *testing.T) { suite.Loads(t, Config, "/x.conf", "", programs) }

// TestAgreesWithSquid compares what is said of each piece with what Squid says.
func TestAgreesWithSquid(t *testing.T) {
	path := suite.Program(t, "squid")
	for text, loads := range programs {
		file := filepath.Join(t.TempDir(), "x.conf")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), path, "-k", "parse", "-f", file).CombinedOutput()
		if taken := err == nil && !strings.Contains(string(out), "FATAL") && !strings.Contains(string(out), "ERROR"); taken != loads {
			t.Errorf("%q: squid says %v: %.900s", text, err, out)
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
		conf := Config(memory{"/x.conf": text, "/etc/squid/conf.d/x.conf": text}, dialect.Launch{PID: 1, Config: "/x.conf"})
		for _, l := range conf.Instance.Listeners {
			conf.Resolve(topo.Request{Listener: l.Address, Port: 80, Host: "www.shop.test", Method: "GET", Path: "/report"})
		}
	})
}

func TestRecognise(t *testing.T) {
	l, ok := recognise(dialect.Process{PID: 7, Exe: "/usr/sbin/squid", Cwd: "/var/spool/squid", Args: []string{"/usr/sbin/squid", "--foreground", "-sYC", "-f/etc/squid/shop.conf"}})
	if !ok || l.Config != "/etc/squid/shop.conf" {
		t.Errorf("%+v %v", l, ok)
	}
	for _, args := range [][]string{{"(squid-1)", "--kid", "squid-1"}, {"squid", "-k", "parse"}, {"squidclient"}, {}} {
		if _, ok := recognise(dialect.Process{Exe: "/usr/sbin/squid", Args: args}); ok {
			t.Errorf("%v is taken for a main process", args)
		}
	}
	if takes, _ := worker(dialect.Process{}, dialect.Process{Args: []string{"(squid-1)", "--kid", "squid-1"}}); !takes {
		t.Error("a kid takes requests")
	}
}
