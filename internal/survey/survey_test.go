package survey

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

var dialects = []dialect.Dialect{nginx.Dialect}

// need skips a test that the machine does not allow, and says what would allow it.
func need(t *testing.T, ok bool, what, allow string) {
	t.Helper()
	if ok {
		return
	}
	if os.Getenv("GOODGATE_TEST_ALL") == "1" {
		t.Fatalf("needs %s: %s", what, allow)
	}
	t.Skipf("needs %s: %s", what, allow)
}

// gate is an nginx of the test's own.
type gate struct {
	dir   string
	port  int
	third int
	pid   int
	cmd   *exec.Cmd
}

// wrap makes another command line of nginx's: to start it in a namespace.
type wrap func(args []string) (string, []string, *syscall.SysProcAttr)

func plain(args []string) (string, []string, *syscall.SysProcAttr) { return args[0], args[1:], nil }

// serve starts nginx with the http (and other) blocks of body, in which PORT,
// PORT2 and DIR are replaced, and waits until it answers on its ready socket.
func serve(t *testing.T, body string, args []string, w wrap) *gate {
	t.Helper()
	bin, err := exec.LookPath("nginx")
	need(t, err == nil, "nginx", "sudo apt-get install nginx-core")
	dir, err := os.MkdirTemp("/tmp", "ggs-5f4dcc3b5aa765d61d8327deb882cf99-") // looks like a secret, and is a path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	must(t, os.MkdirAll(dir+"/conf.d", 0o755))
	must(t, os.MkdirAll(dir+"/logs", 0o755))
	g := &gate{dir: dir, port: freePort(t), third: freePort(t)}
	conf := `daemon off; worker_processes 2; pid DIR/nginx.pid; error_log DIR/logs/error.log notice;
events { worker_connections 64; }
` + body
	conf = g.fill(conf, freePort(t))
	must(t, os.WriteFile(dir+"/nginx.conf", []byte(conf), 0o644))
	if args == nil {
		args = []string{"-p", dir, "-c", dir + "/nginx.conf"}
	}
	for i := range args {
		args[i] = g.fill(args[i], 0)
	}
	name, rest, attr := w(append([]string{bin}, args...))
	g.cmd = exec.Command(name, rest...)
	g.cmd.SysProcAttr = attr
	g.cmd.Dir = dir
	out, err := g.cmd.StderrPipe()
	must(t, err)
	must(t, g.cmd.Start())
	t.Cleanup(func() {
		_ = g.cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, out)
		_ = g.cmd.Wait()
	})
	g.pid = g.ready(t)
	return g
}

func (g *gate) fill(s string, port2 int) string {
	return strings.NewReplacer("PORT3", strconv.Itoa(g.third), "PORT2", strconv.Itoa(port2), "PORT", strconv.Itoa(g.port), "DIR", g.dir).Replace(s)
}

// ready waits for nginx's own words that its workers are started, and returns the
// main process.
func (g *gate) ready(t *testing.T) int {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		f, err := os.Open(g.dir + "/logs/error.log")
		if err != nil {
			continue
		}
		lines, pid := bufio.NewScanner(f), 0
		started := 0
		for lines.Scan() {
			if strings.Contains(lines.Text(), "start worker process ") {
				started++
				_, after, _ := strings.Cut(lines.Text(), "[notice] ")
				pid, _ = strconv.Atoi(after[:strings.IndexByte(after, '#')])
			}
		}
		_ = f.Close()
		if started >= 2 {
			return pid
		}
	}
	b, _ := os.ReadFile(g.dir + "/logs/error.log")
	t.Fatalf("nginx did not start: %s", b)
	return 0
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// find surveys live, then from the captured case without any view, and fails
// where the two differ.
func find(t *testing.T, url string, opt Options) (*Survey, []evidence.Gap) {
	t.Helper()
	views := host.NewViews()
	t.Cleanup(func() { _ = views.Close() })
	if opt.Lookup == nil {
		opt.Offline = true
	}
	c := &evidence.Case{Target: url, Started: time.Now()}
	live, gaps := Find(t.Context(), evidence.NewRecorder(c, evidence.NewRedactor(nil)), views, dialects, url, opt)
	again, gaps2 := Find(t.Context(), evidence.Replay(c), nil, dialects, url, opt)
	if a, b := tell(live), tell(again); a != b {
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		t.Errorf("the replay differs: %.300s instead of %.300s", b[at:], a[at:])
	}
	if fmt.Sprint(gaps) != fmt.Sprint(gaps2) {
		t.Errorf("the replay has other gaps:\n%v\n%v", gaps, gaps2)
	}
	return live, gaps
}

// tell writes what matters of a survey.
func tell(s *Survey) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v %q\n", s.Target, s.Notes)
	for _, g := range s.Gateways {
		listeners, _ := json.Marshal(g.Listeners)
		fmt.Fprintf(&b, "%+v %+v %d workers %v %s pid file %d\n", g.Launch, g.Place, len(g.Workers), g.Files, listeners, g.PIDFile)
	}
	for _, m := range s.Matches {
		fmt.Fprintf(&b, "%d %s %+v %+v %s %s %+v\n", m.Gateway.Master.PID, m.Kind, m.Site, m.Dial, m.Why, m.Decision.Outcome, m.Request)
	}
	return b.String()
}

// first returns the best match, which must be of the gateway.
func first(t *testing.T, s *Survey, g *gate) Match {
	t.Helper()
	if len(s.Matches) == 0 {
		t.Fatalf("no match; notes %q", s.Notes)
	}
	m := s.Matches[0]
	if m.Gateway.Master.PID != g.pid {
		t.Fatalf("matched process %d instead of %d: %s", m.Gateway.Master.PID, g.pid, m.Why)
	}
	return m
}

// answer dials a match as it says and returns the body of the answer.
func answer(t *testing.T, m Match) string {
	t.Helper()
	v, err := m.Dial.Place.Open()
	must(t, err)
	defer v.Close()
	c, err := v.Dial(t.Context(), m.Dial.Network, m.Dial.Address)
	must(t, err)
	defer c.Close()
	if m.Dial.ProxyHeader {
		_, _ = io.WriteString(c, "PROXY UNKNOWN\r\n")
	}
	_, err = fmt.Fprintf(c, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", m.Dial.Host)
	must(t, err)
	b, err := io.ReadAll(c)
	must(t, err)
	_, body, _ := strings.Cut(string(b), "\r\n\r\n")
	return strings.TrimSpace(body)
}

func TestNamesAndPorts(t *testing.T) {
	g := serve(t, `http {
	access_log DIR/logs/access.log;
	server { listen 127.0.0.1:PORT default_server; return 200 "none\n"; }
	server { listen 127.0.0.1:PORT; server_name gg-exact.test; return 200 "exact\n"; }
	server { listen 127.0.0.1:PORT; server_name *.gg-wild.test; return 200 "wildcard\n"; }
	server { listen 127.0.0.1:PORT; server_name ~^r\d+\.gg-regex\.test$; return 200 "regex\n"; }
	server { listen unix:DIR/front.sock; server_name gg-unix.test; return 200 "unix\n"; }
	server { listen 127.0.0.1:PORT2 proxy_protocol; server_name gg-proxy.test; return 200 "proxy\n"; }
	server { listen localhost:PORT3; server_name gg-local.test; return 200 "local\n"; }
	server { listen [::1]:PORT; server_name gg-six.test; return 200 "six\n"; }
}`, nil, plain)
	for _, c := range []struct{ url, kind, body string }{
		{"http://gg-exact.test:PORT/", "exact", "exact"},
		{"http://GG-EXACT.test.:PORT/x?y=1", "exact", "exact"},
		{"http://a.b.gg-wild.test:PORT/", "wildcard", "wildcard"},
		{"http://r12.gg-regex.test:PORT/", "regex", "regex"},
		{"http://gg-unix.test/", "exact", "unix"},
		{"http://gg-proxy.test/", "exact", "proxy"},
		{"http://gg-local.test/", "exact", "local"},
		{"http://gg-six.test:PORT/", "exact", "six"},
		{"http://127.0.0.1:PORT/", "default", "none"},
		{"http://localhost:PORT/", "default", "none"},
		{"http://gg-exact.test/", "exact", "exact"}, // another port: something before it leads there
	} {
		s, _ := find(t, g.fill(c.url, 0), Options{})
		m := first(t, s, g)
		if m.Kind != c.kind || answer(t, m) != c.body {
			t.Errorf("%s: %s, %q: %s", c.url, m.Kind, answer(t, m), m.Why)
		}
	}
	s, gaps := find(t, g.fill("http://gg-unknown.test:PORT/", 0), Options{})
	if len(s.Matches) > 0 {
		t.Errorf("a name that no site has and that leads nowhere matches: %s; %v", s.Matches[0].Why, gaps)
	}
	lookup := func(addr string) Options {
		return Options{Lookup: lookupTo(addr)}
	}
	s, _ = find(t, g.fill("http://gg-unknown.test:PORT/", 0), lookup("127.0.0.1"))
	if m := first(t, s, g); m.Kind != "default" {
		t.Errorf("a name that leads to this host matches as %s", m.Kind)
	}
	s, _ = find(t, g.fill("http://gg-unknown.test:PORT/", 0), lookup("203.0.113.9"))
	if len(s.Matches) > 0 {
		t.Errorf("a name that leads elsewhere matches: %s", s.Matches[0].Why)
	}
	s, _ = find(t, "http://gg-unknown.test/", Options{Gateway: strconv.Itoa(g.pid)})
	if m := first(t, s, g); m.Kind != "default" {
		t.Errorf("the chosen gateway matches as %s", m.Kind)
	}
}

// What is known about the gateway beside its sites.
func TestGateway(t *testing.T) {
	g := serve(t, `http {
	access_log logs/access.log;
	include conf.d/*.conf;
	server { listen 127.0.0.1:PORT; server_name gg-known.test; location / { proxy_pass http://127.0.0.1:1; } }
}`, []string{"-p", ".", "-c", "nginx.conf"}, plain)
	s, _ := find(t, g.fill("http://gg-known.test:PORT/", 0), Options{})
	m := first(t, s, g)
	for end := time.Now().Add(10 * time.Second); len(m.Gateway.Workers) < 2 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		s, _ = find(t, g.fill("http://gg-known.test:PORT/", 0), Options{}) // it listens before its workers run
		m = first(t, s, g)
	}
	w := m.Gateway
	if len(w.Workers) != 2 || w.Workers[0].Draining || w.PIDFile != g.pid || !w.Running {
		t.Errorf("workers %+v, pid file %d", w.Workers, w.PIDFile)
	}
	if w.Launch.Config != g.dir+"/nginx.conf" || w.Conf.Instance.Version == "" || strings.Count(w.Conf.Instance.Version, ".") != 2 {
		t.Errorf("launch %+v, version %q", w.Launch, w.Conf.Instance.Version)
	}
	out, _ := exec.Command("nginx", "-v").CombinedOutput()
	if !strings.Contains(string(out), "nginx/"+w.Conf.Instance.Version+"\n") {
		t.Errorf("version %s; nginx says %s", w.Conf.Instance.Version, out)
	}
	if len(w.Files) == 0 || w.Files[0].Modified.IsZero() || w.Oldest().Before(w.Files[0].Modified.Add(-time.Second)) {
		t.Errorf("files %+v, oldest worker %v", w.Files, w.Oldest())
	}
	if len(w.Listeners) != 1 || !w.Listeners[0].Found || !slices.Contains(w.Listeners[0].Socket.PIDs, w.Workers[0].Process.PID) {
		t.Errorf("listeners %+v", w.Listeners)
	}
	if len(m.Decision.Logs) == 0 || m.Decision.Outcome != "forward" {
		t.Errorf("decision %+v", m.Decision)
	}
}

func lookupTo(addr string) func(ctx context.Context, name string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr(addr)}, nil
	}
}

// certificate writes a self-signed certificate for TLS listeners.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gg"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	must(t, err)
	pk, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "c.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "k.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pk}), 0o600))
}
