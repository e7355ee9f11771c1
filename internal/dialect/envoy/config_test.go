package envoy

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// disk is a source of files, and of the admin interface's answers by path.
type disk struct {
	suite.Files
	admin map[string]string
}

func (d disk) Ask(q dialect.Question) ([]byte, error) {
	if text, ok := d.admin[strings.Fields(q.Send)[1]]; ok {
		return answer200(text), nil
	}
	return nil, errors.New("refused")
}

// answer200 is an answer in chunks, as Envoy's admin interface sends it.
func answer200(text string) []byte {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nserver: envoy\r\ntransfer-encoding: chunked\r\n\r\n")
	for part := range slices.Chunk([]byte(text), 1000) {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
	}
	return []byte(b.String() + "0\r\n\r\n")
}

func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func load(d disk) *dialect.Conf {
	return Config(d, dialect.Launch{Product: "envoy", Config: "/etc/envoy/envoy.yaml", PID: 7})
}

func TestBootstrap(t *testing.T) {
	text := recorded(t, "bootstrap.yaml")
	c := load(disk{Files: suite.Files{"/etc/envoy/envoy.yaml": text}})
	if len(c.Instance.Problems) != 0 || c.Told {
		t.Fatalf("%+v", c.Instance.Problems)
	}
	if l := c.Instance.Listeners; len(l) != 2 || l[0].Address != "0.0.0.0:10000" || l[0].TLS || !l[1].TLS || l[1].Address != "0.0.0.0:10443" {
		t.Errorf("listeners %+v", l)
	}
	d := c.Resolve(topo.Request{Port: 10000, Host: "shop.example.com", Method: "GET", Path: "/api/orders", Query: "a=1"})
	if d.Outcome != topo.Forwards || d.Forward.Pool != "orders" || d.Upstream.URI != "/orders?a=1" || d.Site.Name != "shop.example.com" {
		t.Fatalf("%+v", d)
	}
	if s := d.Settings[vocab.ReadTimeout]; s.Number != 2 || text[s.Place.Start:s.Place.End] != "timeout: 2s" {
		t.Errorf("timeout %+v", s)
	}
	if n, _ := d.Settings.Number(vocab.ConnectTimeout); n != 0.25 {
		t.Errorf("connect timeout %v", n)
	}
	if s := d.Settings[vocab.CircuitBreaker]; !strings.Contains(s.Value, "max_pending_requests 10") {
		t.Errorf("breaker %+v", s)
	}
	if e := d.Forward.Endpoints; len(e) != 2 || e[0].String() != "127.0.0.1:3001" || e[0].Place.Line == 0 || d.Forward.Resolver == nil {
		t.Errorf("endpoints %+v", e)
	}
	if l := d.Logs; len(l) != 1 || l[0].Path != "/var/log/envoy/access.log" || l[0].Filtered {
		t.Errorf("logs %+v", l)
	}
	for _, x := range []struct {
		host, path string
		outcome    topo.Outcome
		status     int
		pool       string
	}{
		{"shop.example.com", "/down", topo.Answers, 503, ""}, {"shop.example.com", "/old/x", topo.Answers, 301, ""}, {"shop.example.com", "/gone", topo.NoRoute, 503, ""},
		{"shop.example.com", "/v2/items/12", topo.Forwards, 0, "secure"}, {"shop.example.com", "/v2/items/x", topo.NoRoute, 404, ""}, {"a.wild.example.com", "/", topo.Forwards, 0, "secure"},
		{"other.example.com", "/", topo.NoRoute, 404, ""}, {"shop.example.com", "/beta", topo.NoRoute, 404, ""},
	} {
		got := c.Resolve(topo.Request{Port: 10000, Host: x.host, Method: "GET", Path: x.path})
		if got.Outcome != x.outcome || got.Status != x.status || x.pool != "" && got.Forward.Pool != x.pool {
			t.Errorf("%s%s: %s %d %+v", x.host, x.path, got.Outcome, got.Status, got.Forward)
		}
	}
	d = c.Resolve(topo.Request{Port: 10443, TLS: true, Host: "x.test", Method: "GET", Path: "/"})
	if d.Outcome != topo.Forwards || d.Forward.Protocol != vocab.HTTPS || d.Settings[vocab.TLSVerify].Number != 1 || d.Settings[vocab.TLSTrusted].Value != "/etc/ssl/ca.pem" ||
		d.Settings[vocab.TLSServerName].Value != "app.internal" || d.Settings[vocab.TLSCheckName].Number != 1 || d.Settings[vocab.TLSProtocols].Value != "TLSv1.2 TLSv1.3" {
		t.Errorf("tls: %+v", d.Settings)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"static_resources: [", "staticresource: {}", "services: {web: {image: x}}", "- a"} {
		c := load(disk{Files: suite.Files{"/etc/envoy/envoy.yaml": text}})
		if len(c.Instance.Problems) == 0 || len(c.Instance.Listeners) != 0 {
			t.Errorf("%q: %+v", text, c.Instance)
		}
	}
}

const dynamic = `admin: {address: {socket_address: {address: 0.0.0.0, port_value: 9901}}}
dynamic_resources: {ads_config: {api_type: GRPC}, lds_config: {ads: {}}, cds_config: {ads: {}}}
`

// TestTold reads what a management server gave, of which the file says nothing.
func TestTold(t *testing.T) {
	d := disk{Files: suite.Files{"/etc/envoy/envoy.yaml": dynamic}, admin: map[string]string{
		"/config_dump": recorded(t, "config_dump.json"), "/clusters?format=json": recorded(t, "clusters.json"), "/server_info": `{"version":"816188b86a0a52095b116b107f576324082c7c02/1.30.1/Clean/RELEASE/BoringSSL","state":"LIVE"}`}}
	c := load(d)
	if !c.Told || len(c.Differs) != 0 || c.Instance.Version != "1.30.1" {
		t.Fatalf("told %v, differs %v, version %s", c.Told, c.Differs, c.Instance.Version)
	}
	got := c.Resolve(topo.Request{Port: 10080, Host: "www.example.com", Method: "GET", Path: "/x"})
	if got.Outcome != topo.Forwards || got.Forward.Pool != "reviews" || len(got.Forward.Endpoints) != 3 || got.Forward.Endpoints[2].String() != "172.17.0.27:9080" {
		t.Fatalf("%+v", got)
	}
	if len(c.Questions) != 2 {
		t.Fatalf("questions %+v", c.Questions)
	}
	facts := map[string]vocab.Fact{}
	for _, x := range c.Questions[0].Read(answer200(recorded(t, "clusters.json"))) {
		facts[x.Pool+" "+x.Server] = x.Fact
	}
	if facts["reviews 172.17.0.24:9080"] != "" || facts["reviews 172.17.0.27:9080"] != vocab.ServerEjected || facts["reviews 172.17.0.26:9080"] != vocab.CheckFails || facts["policy 172.17.0.14:15014"] != vocab.ServerInMaintenance {
		t.Errorf("hosts %v", facts)
	}
	delete(d.admin, "/config_dump")
	if c := load(d); c.Told || c.Resolve(topo.Request{Port: 10080, Host: "www.example.com", Path: "/"}).Outcome != topo.Unknown {
		t.Error("told without an answer")
	}
}

// TestDiffers finds that the file was edited since Envoy started.
func TestDiffers(t *testing.T) {
	text := recorded(t, "bootstrap.yaml")
	runs := `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","static_clusters":[
{"cluster":{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":"legacy","type":"STATIC","connect_timeout":"1s","load_assignment":{"cluster_name":"legacy","endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"127.0.0.1","port_value":4009}}}}]}]}}}]},
{"@type":"type.googleapis.com/envoy.admin.v3.ListenersConfigDump","static_listeners":[{"listener":{"@type":"type.googleapis.com/envoy.config.listener.v3.Listener","name":"x","address":{"socket_address":{"address":"127.0.0.1","port_value":10999}}}}]}]}`
	c := load(disk{Files: suite.Files{"/etc/envoy/envoy.yaml": text}, admin: map[string]string{"/config_dump": runs}})
	if !c.Told || len(c.Differs) != 1 || !strings.Contains(c.Differs[0], "legacy") {
		t.Errorf("told %v, differs %q", c.Told, c.Differs)
	}
	for _, p := range c.Instance.Pools {
		if p.Name == "legacy" && p.Endpoints[0].Port != 4009 {
			t.Errorf("not what runs: %+v", p)
		}
	}
}

func TestStats(t *testing.T) {
	text := "cluster.app.circuit_breakers.default.cx_open: 0\ncluster.app.circuit_breakers.default.rq_pending_open: 1\ncluster.app.membership_healthy: 0\ncluster.app.membership_total: 2\n" +
		"cluster.out.80.circuit_breakers.high.rq_open: 0\ncluster.out.80.membership_healthy: 0\ncluster.out.80.membership_total: 0\n"
	told := readStats([]byte(text), map[string]bool{"app": true})
	if len(told) != 2 || told[0].Fact != vocab.CircuitOpenNow || told[0].Pool != "app" || told[1].Fact != vocab.PoolNoServer || told[1].Pool != "out.80" {
		t.Errorf("%+v", told)
	}
	if told := readStats([]byte(text), map[string]bool{}); len(told) != 3 {
		t.Errorf("without panic routing: %+v", told)
	}
}

func TestRecognise(t *testing.T) {
	l, ok := recognise(dialect.Process{PID: 4, Args: []string{"/usr/local/bin/envoy", "-c", "envoy.yaml", "--log-level", "info"}, Cwd: "/etc/envoy"})
	if !ok || l.Config != "/etc/envoy/envoy.yaml" {
		t.Errorf("%v %+v", ok, l)
	}
	if l, ok = recognise(dialect.Process{PID: 4, Args: []string{"envoy", "--config-yaml", "admin: {}"}}); !ok || l.Globals != "admin: {}" {
		t.Errorf("%v %+v", ok, l)
	}
	for _, args := range [][]string{{"envoy", "--mode", "validate", "-c", "x"}, {"envoy", "--version"}, {"envoyproxy"}} {
		if _, ok := recognise(dialect.Process{PID: 4, Args: args}); ok {
			t.Errorf("recognised: %q", args)
		}
	}
}

func TestFormats(t *testing.T) {
	text := "json\ntime\t%START_TIME%\nwhat\t%REQ(:METHOD)%\nwhere\t%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%\ncode\t%RESPONSE_CODE%\nflags\t%RESPONSE_FLAGS%\nwhy\t%UPSTREAM_TRANSPORT_FAILURE_REASON%\nhost\t%UPSTREAM_HOST%\nms\t%DURATION%"
	l, err := format(text)
	if err != nil {
		t.Fatal(err)
	}
	var r dialect.Record
	key := l.Line([]byte(`{"time":"2026-08-21T10:15:30.310Z","what":"GET","where":"/api?x=1","code":503,"flags":"UF","why":"delayed connect error: Connection refused","host":"10.0.2.1:8080","ms":12}`), &r)
	if c := l.Conds[key]; c.ID != "refused" || string(r.Path) != "/api" || string(r.Endpoint) != "10.0.2.1:8080" || r.Status != 503 || r.Seconds != 0.012 {
		t.Errorf("%q %+v", c.ID, r)
	}
	// Istio's own members, as its documentation shows a line.
	key = Logs[2].Line([]byte(`{"response_flags":"UC","start_time":"2026-02-25T22:11:12.278Z","upstream_host":"127.0.0.1:80","method":"GET","path":"/status/418","response_code":503,"response_code_details":"upstream_reset_before_response_started{connection_termination}","duration":4,"upstream_service_time":null,"authority":"httpbin:8000"}`), &r)
	if c := table.Conds()[key]; c.ID != "terminated" || string(r.Host) != "httpbin:8000" {
		t.Errorf("%q %+v", c.ID, r)
	}
	if _, err := format("%START_TIME% own"); err == nil {
		t.Error("an unknown format is read")
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(recorded(f, "bootstrap.yaml"), recorded(f, "config_dump.json"), recorded(f, "clusters.json"))
	f.Add(dynamic, `{"configs":[{"@type":"x.Listener","address":{"socket_address":{"address":"a","port_value":80}},"filter_chains":[{"filters":[{"typed_config":{"@type":"x.HttpConnectionManager","rds":{"route_config_name":"r"}}}]}]},{"@type":"x.RouteConfiguration","name":"r","virtual_hosts":[{"domains":["*"],"routes":[{"match":{"prefix":"/"},"route":{"cluster":"c"}}]}]}]}`, "cluster.a.membership_total: 0")
	f.Fuzz(func(t *testing.T, file, dump, clusters string) {
		c := load(disk{Files: suite.Files{"/etc/envoy/envoy.yaml": file}, admin: map[string]string{"/config_dump": dump, "/clusters?format=json": clusters}})
		if c.Resolve != nil {
			c.Resolve(topo.Request{Port: 80, Host: "a", Path: "/", Method: "GET"})
		}
		for _, q := range c.Questions {
			q.Read([]byte("HTTP/1.1 200 OK\r\n\r\n" + clusters))
			q.Read([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + clusters))
		}
		if l, err := format("json\n" + file); err == nil {
			var r dialect.Record
			l.Line([]byte(clusters), &r)
		}
	})
}
