package probe

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nginx runs a real nginx with these words inside its http block.
func nginx(t testing.TB, dir, http string, listens ...string) {
	t.Helper()
	program := need(t, "nginx", "apt-get install nginx")
	conf := fmt.Sprintf("daemon off; master_process off; worker_processes 1; pid %[1]s/nginx.pid; error_log %[1]s/error.log info;\nevents { }\nhttp {\n"+
		"access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%[2]s\n}\n", dir, http)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir, program, "-p", dir, "-c", path, "-e", filepath.Join(dir, "error.log"))
	t.Cleanup(func() {
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx logged:\n%s", b)
		}
	})
	for _, l := range listens {
		ready(t, "tcp", l)
	}
}

// write puts a file into dir and returns its path.
func write(t testing.TB, dir, name string, parts ...[]byte) string {
	t.Helper()
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRealNginxAsUpstream(t *testing.T) {
	need(t, "nginx", "apt-get install nginx")
	dir := t.TempDir()
	ca := (*authority)(nil).issue(t, root("test authority"))
	site := ca.issue(t, leaf("app.internal"))
	cert, key := write(t, dir, "cert.pem", site.pem), write(t, dir, "key.pem", site.keyPEM(t))
	caFile := write(t, dir, "ca.pem", ca.pem)
	plain, secure, sni, proxied, mutual := port(t), port(t), port(t), port(t), port(t)
	pair := fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s;", cert, key)
	nginx(t, dir, fmt.Sprintf(`keepalive_timeout 1s;
		server { listen %[1]s; location / { return 200 "hello"; } location /teapot { return 418; } location /503 { return 503; } }
		server { listen %[2]s ssl; %[6]s ssl_protocols TLSv1.2; location / { return 200 "secure"; } }
		server { listen %[3]s ssl default_server; ssl_reject_handshake on; }
		server { listen %[3]s ssl; server_name app.internal; %[6]s location / { return 200 "named"; } }
		server { listen %[4]s proxy_protocol; location / { return 200 "from $proxy_protocol_addr"; } }
		server { listen %[5]s ssl; %[6]s ssl_verify_client on; ssl_client_certificate %[7]s; location / { return 200 "known"; } }`,
		plain, secure, sni, proxied, mutual, pair, caFile), plain, secure, sni, proxied, mutual)
	ask := func(to Target) Exchange { return HTTP(t.Context(), direct, to, get, short) }

	t.Run("plain", func(t *testing.T) {
		x := ask(tcp(plain))
		if x.Status != 200 || string(x.Body) != "hello" || x.BodyEnd != BodyLength || len(x.Faults) > 0 || x.Made().Product != "nginx" {
			t.Errorf("%+v", x)
		}
		spoken := get
		spoken.URI = "/503"
		if x := HTTP(t.Context(), direct, tcp(plain), spoken, short); x.Status != 503 || x.Made().Grade != GradeBody || x.Made().Version != "1.22.1" && strings.Contains(x.Get("Server"), "1.22.1") {
			t.Errorf("%+v: %+v", x, x.Made())
		}
	})
	t.Run("plain HTTP to TLS", func(t *testing.T) {
		if x := ask(tcp(secure)); x.Status != 400 || x.Hint != HintWantsTLS {
			t.Errorf("%+v", x)
		}
	})
	t.Run("TLS to plain HTTP", func(t *testing.T) {
		to := tcp(plain)
		to.TLS = &TLSOptions{}
		if x := ask(to); x.End != EndTLS || x.Speaks != SpeaksHTTP || !strings.Contains(x.TLS.PlainAnswer, "400 Bad Request") {
			t.Errorf("%+v, %+v", x, x.TLS)
		}
	})
	t.Run("TLS", func(t *testing.T) {
		to := tcp(secure)
		to.TLS = &TLSOptions{Verify: true, Roots: ca.pem, VerifyName: "app.internal", Depth: 1}
		if x := ask(to); x.Status != 200 || !x.TLS.Verified || x.TLS.Version != "TLS 1.2" {
			t.Errorf("%+v, %+v", x, x.TLS)
		}
		s := Separate(t.Context(), direct, "tcp", secure, TLSOptions{MinVersion: 0x0304})
		if s.First.OK || s.First.Alert != "protocol_version" || !s.NoCommonVersion || s.NeedsName {
			t.Errorf("%+v", s)
		}
	})
	t.Run("needs a server name", func(t *testing.T) {
		s := Separate(t.Context(), direct, "tcp", sni, TLSOptions{ServerName: "app.internal"})
		if s.First.OK || s.First.Alert != "unrecognized_name" || !s.NeedsName || s.OtherVersions != nil {
			t.Errorf("%+v", s)
		}
	})
	t.Run("PROXY protocol", func(t *testing.T) {
		if x := ask(tcp(proxied)); x.Bytes != 0 || x.End != EndEOF && x.End != EndReset {
			t.Errorf("without: %+v", x)
		}
		to := tcp(proxied)
		to.ProxyHeader = true
		if x := ask(to); x.Status != 200 || string(x.Body) != "from 127.0.0.1" {
			t.Errorf("with: %+v", x)
		}
		to = tcp(plain)
		to.ProxyHeader = true
		if x := ask(to); x.Status != 400 {
			t.Errorf("unwanted: %+v", x)
		}
	})
	t.Run("client certificate", func(t *testing.T) {
		to := tcp(mutual)
		to.TLS = &TLSOptions{}
		if x := ask(to); x.Status != 400 || !x.TLS.WantsCert || !strings.Contains(string(x.Body), "No required SSL certificate") {
			t.Errorf("without: %+v, %+v", x, x.TLS)
		}
		mine := ca.issue(t, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		to.TLS = &TLSOptions{Cert: mine.pem, Key: mine.keyPEM(t)}
		if x := ask(to); x.Status != 200 || string(x.Body) != "known" {
			t.Errorf("with: %+v, %+v", x, x.TLS)
		}
	})
	t.Run("idle", func(t *testing.T) {
		spoken := get
		spoken.Version = "1.1"
		r := Idle(t.Context(), direct, tcp(plain), spoken, short, 10*time.Second, false)
		if !r.Held || r.Closed != "fin" || r.Seconds < 0.5 || r.Seconds > 8 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("ask", func(t *testing.T) {
		r := Ask(t.Context(), direct, AskRequest{Network: "tcp", Address: sni, TLS: true, Host: "app.internal", SNI: "app.internal", Method: "GET", URI: "/", Token: "gg-1", Roots: ca.pem})
		if r.Status != 200 || string(r.Body) != "named" || !r.TLS.Verified {
			t.Errorf("%+v, %+v", r, r.TLS)
		}
	})
	t.Run("FastCGI to HTTP", func(t *testing.T) {
		x := FastCGI(t.Context(), direct, "tcp", plain, params, short)
		if x.Speaks != SpeaksHTTP || !x.FastCGI.NotFastCGI {
			t.Errorf("%+v, %+v", x, x.FastCGI)
		}
		if a := FastCGIValues(t.Context(), direct, "tcp", plain, short); a.Speaks || a.Looks != SpeaksHTTP {
			t.Errorf("%+v", a)
		}
	})
}

// TestJudgesAsNginx holds judge against the OpenSSL inside a real nginx that
// proxies to the same upstreams.
func TestJudgesAsNginx(t *testing.T) {
	need(t, "nginx", "apt-get install nginx")
	dir := t.TempDir()
	ca := (*authority)(nil).issue(t, root("test authority"))
	other := (*authority)(nil).issue(t, root("another authority"))
	inter := ca.issue(t, root("intermediate one"))
	inter2 := inter.issue(t, root("intermediate two"))
	expired, client, onlyCN, address := leaf("app.internal"), leaf("app.internal"), leaf("app.internal"), leaf("app.internal")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	onlyCN.DNSNames = nil
	address.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	addressOnly := leaf("127.0.0.1")
	addressOnly.DNSNames, addressOnly.IPAddresses = nil, address.IPAddresses
	self := (*authority)(nil).issue(t, leaf("app.internal"))
	below := inter.issue(t, leaf("app.internal"))
	deep := inter2.issue(t, leaf("app.internal"))
	plain := ca.issue(t, leaf("app.internal"))
	cases := []struct {
		name  string
		chain []*authority
		roots *authority
		host  string
		depth int
	}{
		{"good", []*authority{plain}, ca, "app.internal", 1},
		{"upper case", []*authority{plain}, ca, "APP.internal", 1},
		{"wildcard", []*authority{ca.issue(t, leaf("*.internal"))}, ca, "app.internal", 1},
		{"wildcard deeper", []*authority{ca.issue(t, leaf("*.app.internal"))}, ca, "a.app.internal", 1},
		{"wildcard and no label", []*authority{ca.issue(t, leaf("*.app.internal"))}, ca, "app.internal", 1},
		{"wildcard for two labels", []*authority{ca.issue(t, leaf("*.app.internal"))}, ca, "a.b.app.internal", 1},
		{"part of a label", []*authority{ca.issue(t, leaf("a*.app.internal"))}, ca, "abc.app.internal", 1},
		{"the other part", []*authority{ca.issue(t, leaf("*c.app.internal"))}, ca, "abc.app.internal", 1},
		{"the middle", []*authority{ca.issue(t, leaf("a*c.app.internal"))}, ca, "abc.app.internal", 1},
		{"second label", []*authority{ca.issue(t, leaf("a.*.internal.test"))}, ca, "a.b.internal.test", 1},
		{"underscore", []*authority{ca.issue(t, leaf("my_app.internal"))}, ca, "my_app.internal", 1},
		{"second name", []*authority{ca.issue(t, leaf("x.internal", "app.internal"))}, ca, "app.internal", 1},
		{"wildcard over two labels", []*authority{ca.issue(t, leaf("*.internal"))}, ca, "a.app.internal", 1},
		{"another name", []*authority{plain}, ca, "other.internal", 1},
		{"common name only", []*authority{ca.issue(t, onlyCN)}, ca, "app.internal", 1},
		{"an address", []*authority{ca.issue(t, address)}, ca, "127.0.0.1", 1},
		{"nothing but an address", []*authority{ca.issue(t, addressOnly)}, ca, "127.0.0.1", 1},
		{"expired", []*authority{ca.issue(t, expired)}, ca, "app.internal", 1},
		{"another authority", []*authority{plain}, other, "app.internal", 1},
		{"self-signed", []*authority{self}, ca, "app.internal", 1},
		{"self-signed and trusted", []*authority{self}, self, "app.internal", 1},
		{"leaf trusted alone", []*authority{plain}, plain, "app.internal", 1},
		{"for clients", []*authority{ca.issue(t, client)}, ca, "app.internal", 1},
		{"intermediate sent", []*authority{below, inter}, ca, "app.internal", 1},
		{"intermediate missing", []*authority{below}, ca, "app.internal", 1},
		{"intermediate trusted alone", []*authority{below}, inter, "app.internal", 1},
		{"two intermediates", []*authority{deep, inter2, inter}, ca, "app.internal", 1},
		{"two intermediates, deeper", []*authority{deep, inter2, inter}, ca, "app.internal", 2},
	}
	front := port(t)
	var conf strings.Builder
	fmt.Fprintf(&conf, "server { listen %s;\n", front)
	backs := []string{front}
	var servers strings.Builder
	for i, c := range cases {
		back := port(t)
		backs = append(backs, back)
		var chain [][]byte
		for _, a := range c.chain {
			chain = append(chain, a.pem)
		}
		fmt.Fprintf(&servers, "server { listen %s ssl; ssl_certificate %s; ssl_certificate_key %s; location / { return 200 ok; } }\n", back,
			write(t, dir, fmt.Sprintf("cert%d.pem", i), chain...), write(t, dir, fmt.Sprintf("key%d.pem", i), c.chain[0].keyPEM(t)))
		fmt.Fprintf(&conf, "location /%d { proxy_pass https://%s; proxy_ssl_verify on; proxy_ssl_session_reuse off; proxy_ssl_name %s; proxy_ssl_verify_depth %d; proxy_ssl_trusted_certificate %s; }\n",
			i, back, c.host, c.depth, write(t, dir, fmt.Sprintf("roots%d.pem", i), c.roots.pem))
	}
	nginx(t, dir, conf.String()+"}\n"+servers.String(), backs...)
	for i, c := range cases {
		spoken := get
		spoken.URI = fmt.Sprintf("/%d", i)
		theirs := HTTP(t.Context(), direct, tcp(front), spoken, short)
		ours := Handshake(t.Context(), direct, "tcp", backs[i+1], TLSOptions{Verify: true, VerifyName: c.host, Roots: c.roots.pem, Depth: c.depth})
		if (theirs.Status == 200) != ours.OK || theirs.Status != 200 && theirs.Status != 502 {
			t.Errorf("%s: nginx answers %d, we say %v: %s %s", c.name, theirs.Status, ours.OK, ours.VerifyError, ours.Fault)
		}
	}
}
