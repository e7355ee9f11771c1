package survey

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
)

func needRoot(t *testing.T) {
	t.Helper()
	need(t, os.Getuid() == 0, "root", "sudo go test ./internal/survey")
	_, err := exec.LookPath("ip")
	need(t, err == nil, "ip", "sudo apt-get install iproute2")
}

// apart starts nginx below sh in namespaces of its own, after script.
func apart(script string, flags uintptr) wrap {
	return func(args []string) (string, []string, *syscall.SysProcAttr) {
		sh := []string{"-ec", script + "\nexec \"$@\"", "sh"}
		return "sh", append(sh, args...), &syscall.SysProcAttr{Cloneflags: flags}
	}
}

const oneSite = `http {
	access_log DIR/logs/access.log;
	server { listen PORT; listen [::]:PORT; server_name gg-apart.test; return 200 "apart\n"; }
}`

// A gateway in another network namespace is found by its name and asked there.
func TestOtherNetwork(t *testing.T) {
	needRoot(t)
	g := serve(t, oneSite, nil, apart("ip link set lo up", syscall.CLONE_NEWNET))
	s, _ := find(t, g.fill("http://gg-apart.test:PORT/", 0), Options{})
	m := first(t, s, g)
	if m.Dial.Place.OwnNet || !m.Dial.Place.OwnMount || answer(t, m) != "apart" {
		t.Errorf("dialled from %+v", m.Dial)
	}
	if !strings.Contains(m.Why, "network namespace") {
		t.Errorf("nothing is said about the namespace: %s", m.Why)
	}
	if len(m.Gateway.Listeners) != 2 || !m.Gateway.Listeners[0].Found || !m.Gateway.Listeners[1].Found {
		t.Errorf("listeners %+v", m.Gateway.Listeners)
	}
	// The same port of this host is not that of the namespace.
	s, gaps := find(t, g.fill("http://127.0.0.1:PORT/", 0), Options{})
	if len(s.Matches) > 0 {
		t.Errorf("this host's port matches the namespace's: %s", s.Matches[0].Why)
	}
	if len(gaps) == 0 || !strings.Contains(gaps[len(gaps)-1].Why, "nothing listens") {
		t.Errorf("gaps %v", gaps)
	}
}

// In another mount namespace the configuration at the same path is another one.
func TestOtherMount(t *testing.T) {
	needRoot(t)
	g := serve(t, oneSite, nil, apart("mkdir inner; sed s/gg-apart/gg-inside/ nginx.conf > inner/nginx.conf; mount --make-rprivate /; mount --bind inner/nginx.conf nginx.conf", syscall.CLONE_NEWNS))
	s, _ := find(t, g.fill("http://gg-inside.test:PORT/", 0), Options{})
	m := first(t, s, g)
	if m.Gateway.Place.OwnMount || !m.Gateway.Place.OwnNet || m.Gateway.Place.ID() == host.OwnID || answer(t, m) != "apart" {
		t.Errorf("place %+v", m.Gateway.Place)
	}
	for _, m := range s.Matches {
		if m.Gateway.Master.PID == g.pid && m.Kind == "default" {
			t.Errorf("the outer configuration was read: %s", m.Why)
		}
	}
	if s, _ := find(t, g.fill("http://gg-apart.test:PORT/", 0), Options{}); len(s.Matches) > 0 {
		t.Errorf("the outer configuration was read: %s", s.Matches[0].Why)
	}
}

// A listener that speaks TLS gets the name, and a stream that passes TLS on too.
func TestTLSAndStream(t *testing.T) {
	const module = "/usr/lib/nginx/modules/ngx_stream_module.so"
	_, err := os.Stat(module)
	need(t, err == nil, "the stream module of nginx", "sudo apt-get install libnginx-mod-stream")
	dir := t.TempDir()
	certificate(t, dir)
	g := serve(t, `http {
	access_log off;
	server { listen 127.0.0.1:PORT ssl; server_name gg-tls.test; ssl_certificate `+dir+`/c.pem; ssl_certificate_key `+dir+`/k.pem; return 200 "tls\n"; }
}
stream { server { listen 127.0.0.1:PORT2; proxy_pass 127.0.0.1:PORT; } }`, []string{"-p", "DIR", "-c", "DIR/nginx.conf", "-g", "load_module " + module + ";"}, plain)
	s, _ := find(t, g.fill("https://gg-tls.test:PORT/", 0), Options{})
	m := first(t, s, g)
	if !m.Dial.TLS || m.Dial.SNI != "gg-tls.test" || !m.Request.TLS || m.Kind != "exact" {
		t.Errorf("dial %+v", m.Dial)
	}
	c, err := tls.Dial("tcp", m.Dial.Address, &tls.Config{ServerName: m.Dial.SNI, InsecureSkipVerify: true})
	must(t, err)
	must(t, c.Close())
	var pipe topo.Listener
	for _, l := range m.Gateway.Listeners {
		if l.Stream {
			pipe = l.Listener
		}
	}
	port := pipe.Address[strings.LastIndexByte(pipe.Address, ':')+1:]
	s, _ = find(t, "https://gg-other.test:"+port+"/", Options{Lookup: lookupTo("127.0.0.1")})
	m = first(t, s, g)
	if m.Kind != "stream" || !m.Dial.TLS || m.Dial.SNI != "gg-other.test" || m.Decision.Outcome != topo.Forwards {
		t.Errorf("%s: %+v %+v", m.Why, m.Dial, m.Decision)
	}
}

// Of two gateways the one that the address leads to answers; where no address is
// known, the one whose site has the name and the port.
func TestTwoGateways(t *testing.T) {
	named := serve(t, `http { access_log off; server { listen 127.0.0.1:PORT; server_name gg-two.test; return 200 "named\n"; } }`, nil, plain)
	other := serve(t, `http { access_log off; server { listen 127.0.0.1:PORT; return 200 "other\n"; } }`, nil, plain)
	s, _ := find(t, "http://gg-two.test:"+strconv.Itoa(other.port)+"/", Options{Lookup: lookupTo("127.0.0.1")})
	if m := first(t, s, other); m.Kind != "default" || answer(t, m) != "other" {
		t.Errorf("%s", m.Why)
	}
	if len(s.Notes) < 2 || !strings.Contains(strings.Join(s.Notes, " "), "has this name too") {
		t.Errorf("nothing is said about the other gateway: %q", s.Notes)
	}
	s, _ = find(t, "http://gg-two.test:"+strconv.Itoa(named.port)+"/", Options{})
	if m := first(t, s, named); m.Kind != "exact" || answer(t, m) != "named" {
		t.Errorf("%s", m.Why)
	}
	s, _ = find(t, "http://gg-two.test/", Options{Config: other.dir + "/nginx.conf"})
	if m := first(t, s, other); m.Kind != "default" {
		t.Errorf("%s", m.Why)
	}
}

// After a reload the old worker lives on as long as it has a connection.
func TestDraining(t *testing.T) {
	g := serve(t, `http { access_log off; keepalive_timeout 60s; server { listen 127.0.0.1:PORT; server_name gg-drain.test; return 200 "x\n"; } }`, nil, plain)
	// A request that has begun keeps its worker.
	v := host.Self()
	c, err := v.Dial(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(g.port))
	must(t, err)
	defer c.Close()
	_, err = c.Write([]byte("GET / HTTP/1.1\r\nHost: gg-drain.test\r\n\r\nGET / HTTP/1.1\r\n"))
	must(t, err)
	_, err = bufio.NewReader(c).ReadString('\n')
	must(t, err)
	before := time.Now()
	must(t, syscall.Kill(g.pid, syscall.SIGHUP))
	waitFor(t, g.dir+"/logs/error.log", "gracefully shutting down", 1)
	waitFor(t, g.dir+"/logs/error.log", "start worker process ", 4)
	s, _ := find(t, g.fill("http://gg-drain.test:PORT/", 0), Options{})
	w := first(t, s, g).Gateway
	draining := 0
	for _, x := range w.Workers {
		if x.Draining {
			draining++
			if !x.Process.Started.Before(before) {
				t.Errorf("the draining worker started at %v, the reload was at %v", x.Process.Started, before)
			}
		}
	}
	if draining != 1 || w.Oldest().Before(before.Add(-50*time.Millisecond)) {
		t.Errorf("%d workers drain; the oldest that serves is of %v, the reload of %v", draining, w.Oldest(), before)
	}
}

// waitFor waits until a file has a text n times.
func waitFor(t *testing.T, path, text string, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if b, _ := os.ReadFile(path); strings.Count(string(b), text) >= n {
			return
		}
	}
	t.Fatalf("%s never said %q %d times", path, text, n)
}

// A configuration without a process is found where the operator names it, or at
// its default place.
func TestNotRunning(t *testing.T) {
	dir := t.TempDir()
	conf := dir + "/nginx.conf"
	port := strconv.Itoa(freePort(t))
	must(t, os.WriteFile(conf, []byte("events {}\nhttp { server { listen 127.0.0.1:"+port+"; server_name gg-down.test; location / { proxy_pass http://127.0.0.1:1; } } }\n"), 0o644))
	s, _ := find(t, "http://gg-down.test:"+port+"/", Options{Config: conf})
	if len(s.Matches) == 0 {
		t.Fatalf("no match: %q", s.Notes)
	}
	m := s.Matches[0]
	if m.Gateway.Running || m.Gateway.Listeners[0].Found || m.Kind != "exact" || !strings.Contains(m.Why, "does not run") || !m.Gateway.Oldest().IsZero() {
		t.Errorf("%+v %s", m.Gateway.Launch, m.Why)
	}
	_, gaps := find(t, "http://gg-down.test:"+port+"/", Options{Config: dir + "/none.conf"})
	if len(gaps) == 0 || !strings.Contains(gaps[len(gaps)-1].Source, "none.conf") {
		t.Errorf("a configuration that does not exist: %v", gaps)
	}
}

// What listens there and is no gateway is named.
func TestForeignListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	s, _ := find(t, "http://localhost:"+port+"/", Options{})
	if len(s.Matches) > 0 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "pid "+strconv.Itoa(os.Getpid())) {
		t.Errorf("matches %v, notes %q", s.Matches, s.Notes)
	}
}

// A target that is no URL is a gap, not a crash.
func TestBadTarget(t *testing.T) {
	for _, bad := range []string{"", "http://", "ftp://x/", "http://x:99999/", "http://[::1", "http://x:0/", "\x00", "http://a b/"} {
		if got, err := ParseTarget(bad); err == nil {
			t.Errorf("%q was taken for %+v", bad, got)
		}
	}
	for in, want := range map[string]Target{
		"example.com":                  {URL: "http://example.com/", Scheme: "http", Host: "example.com", Port: 80, Path: "/"},
		"example.com:443/a%20b":        {URL: "https://example.com/a%20b", Scheme: "https", Host: "example.com", Port: 443, Path: "/a b"},
		"HTTPS://Example.COM.:444?q#f": {URL: "https://example.com:444/?q", Scheme: "https", Host: "example.com", Port: 444, Path: "/", Query: "q"},
		"http://[::1]:80/":             {URL: "http://[::1]/", Scheme: "http", Host: "::1", Port: 80, Path: "/"},
	} {
		got, err := ParseTarget(in)
		if err != nil || tell(&Survey{Target: got}) != tell(&Survey{Target: want}) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{"example.com", "https://[::1%25eth0]:8443/x?y#z", "http://u:p@h:1/", "//x", "http://\xff/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTarget(s)
		if err == nil && (got.Host == "" || got.Port < 1 || got.Port > 65535 || got.Path == "") {
			t.Errorf("%q: %+v", s, got)
		}
	})
}

// A published port leads to the listener in the container's namespace.
func TestPublications(t *testing.T) {
	list := host.Processes{List: []host.Process{
		{PID: 2, Args: []string{"/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080", "-container-ip", "172.17.0.2", "-container-port", "80"}},
		{PID: 3, Args: []string{"docker-proxy", "-proto", "udp", "-host-ip", "0.0.0.0", "-host-port", "53", "-container-ip", "172.17.0.3", "-container-port", "53"}},
		{PID: 4, Args: []string{"docker-proxy", "-host-port"}},
	}}
	got := publications(list)
	if len(got) != 1 || got[0].from != netip.MustParseAddrPort("0.0.0.0:8080") || got[0].to != netip.MustParseAddrPort("172.17.0.2:80") {
		t.Errorf("%v", got)
	}
}

// The port that docker publishes leads to the gateway in the container.
func TestPublishedPort(t *testing.T) {
	needRoot(t)
	g := serve(t, `http { access_log off; server { listen PORT; return 200 "published\n"; } }`, nil, apart("ip link set lo up; ip addr add 172.31.99.2/32 dev lo", syscall.CLONE_NEWNET))
	outside := strconv.Itoa(freePort(t))
	proxy := exec.Command("sh")
	proxy.Args = []string{"docker-proxy", "-c", "echo; read x", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", outside, "-container-ip", "172.31.99.2", "-container-port", strconv.Itoa(g.port)}
	in, err := proxy.StdinPipe()
	must(t, err)
	out, err := proxy.StdoutPipe()
	must(t, err)
	must(t, proxy.Start())
	defer func() { _ = in.Close(); _ = proxy.Wait() }()
	_, err = out.Read(make([]byte, 1))
	must(t, err)
	s, _ := find(t, "http://localhost:"+outside+"/", Options{})
	m := first(t, s, g)
	if m.Dial.Address != "172.31.99.2:"+strconv.Itoa(g.port) || answer(t, m) != "published" || !strings.Contains(m.Why, "is published there") {
		t.Errorf("%+v: %s", m.Dial, m.Why)
	}
}

// The survey of a host without the target in mind lists what runs.
func TestOverview(t *testing.T) {
	g := serve(t, oneSite, nil, plain)
	views := host.NewViews()
	defer views.Close()
	c := &evidence.Case{Started: time.Now()}
	s, _ := Overview(context.Background(), evidence.NewRecorder(c, evidence.NewRedactor(nil)), views, dialects, Options{})
	found := false
	for _, x := range s.Gateways {
		found = found || x.Running && x.Master.PID == g.pid
	}
	if !found || len(s.Matches) > 0 {
		t.Errorf("%d gateways, %d matches", len(s.Gateways), len(s.Matches))
	}
}

// A gateway that is configured and does not run is found by the address where it
// would listen.
func TestStoppedGateway(t *testing.T) {
	config := filepath.Join(t.TempDir(), "proxy.conf")
	must(t, os.WriteFile(config, []byte("bind 127.0.0.1:8404\n"), 0o644))
	reads := dialect.Dialect{Name: "proxy", Config: func(src dialect.Source, l dialect.Launch) *dialect.Conf {
		if _, err := src.ReadFile(config); err != nil {
			return nil
		}
		return &dialect.Conf{Instance: topo.Instance{Product: "proxy", Config: config, Listeners: []topo.Listener{
			{Network: "tcp", Address: "127.0.0.1:8404"}, {Network: "unix", Address: "unix:/run/proxy.sock"},
		}}}
	}}
	views := host.NewViews()
	defer views.Close()
	rec := evidence.NewRecorder(&evidence.Case{Started: time.Now()}, evidence.NewRedactor(nil))
	for address, want := range map[string]bool{"127.0.0.1:8404": true, "unix:/run/proxy.sock": true, "127.0.0.1:8405": false, "10.0.0.1:8404": false} {
		s := &Survey{}
		g := s.Stopped(t.Context(), rec, views, []dialect.Dialect{reads}, address)
		if (g != nil) != want || want && (g.Launch.Config != config || g.Running) {
			t.Errorf("at %s: %+v", address, g)
		}
		if len(s.Gateways) > 0 {
			t.Error("the survey was changed")
		}
	}
	two := (&Survey{}).Stopped(t.Context(), rec, views, []dialect.Dialect{reads, {Name: "other", Config: func(src dialect.Source, l dialect.Launch) *dialect.Conf {
		c := reads.Config(src, l)
		c.Instance.Config = config + ".other"
		return c
	}}}, "127.0.0.1:8404")
	if two != nil {
		t.Errorf("one of two was chosen: %+v", two)
	}
	running := &Survey{Gateways: []*Gateway{{Dialect: &reads, Running: true, Place: ownPlace(), Launch: dialect.Launch{Config: config}, Conf: &dialect.Conf{}}}}
	if g := running.Stopped(t.Context(), rec, views, []dialect.Dialect{reads}, "127.0.0.1:8404"); g != nil {
		t.Errorf("it runs, and was found: %+v", g)
	}
}
