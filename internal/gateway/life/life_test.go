package life

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/pair/pairtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a gateway that a test runs.
type running struct {
	t       *testing.T
	address string
	client  *http.Client
	stop    func()
	ended   chan error
}

// run starts a gateway and waits until it takes requests.
func run(t *testing.T, o Options) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stop: cancel, ended: make(chan error, 1)}
	ready := make(chan []net.Addr, 1)
	o.Log, o.Ready = slog.New(slog.DiscardHandler), func(a []net.Addr) { ready <- a }
	go func() { r.ended <- Run(ctx, o) }()
	select {
	case a := <-ready:
		r.address = a[0].String()
	case err := <-r.ended:
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	r.client = &http.Client{Transport: tr, Timeout: 20 * time.Second}
	t.Cleanup(func() { cancel(); tr.CloseIdleConnections() })
	return r
}

func (r *running) end() {
	r.t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		r.t.Error(err)
	}
}

func (r *running) get(url string) (int, string) {
	r.t.Helper()
	resp, err := r.client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// app is a server that says its name.
func app(t *testing.T, name string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) }))
	t.Cleanup(s.Close)
	return s
}

func simple(t *testing.T, to ...string) *config.Config {
	t.Helper()
	c, err := config.Simple([]string{"127.0.0.1:0"}, to, "")
	if err != nil {
		t.Fatal(err)
	}
	c.Defaults()
	return c
}

// TestStopLosesNoRequest: while a request is under way the gateway ends; the
// request gets its answer.
func TestStopLosesNoRequest(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		io.WriteString(w, "whole")
	}))
	defer s.Close()
	r := run(t, Options{Config: simple(t, s.URL)})
	answer := make(chan string, 1)
	go func() { _, body := r.get("http://" + r.address); answer <- body }()
	<-entered
	r.stop()
	for { // the listener is closed when the end has begun
		c, err := net.Dial("tcp", r.address)
		if err != nil {
			break
		}
		c.Close()
	}
	close(leave)
	if got := <-answer; got != "whole" {
		t.Errorf("the request got %q", got)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

func TestAdmin(t *testing.T) {
	a, b := app(t, "a"), app(t, "b")
	c := simple(t, a.URL, b.URL)
	c.Admin = "unix:" + filepath.Join(t.TempDir(), "admin.sock")
	loads := 0
	r := run(t, Options{Config: c, Load: func() (*config.Config, error) {
		if loads++; loads == 1 {
			return nil, errors.New("the file is broken")
		}
		n := simple(t, b.URL)
		n.Admin, n.Health = c.Admin, "127.0.0.1:0"
		return n, nil
	}})
	defer r.end()
	admin := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(c.Admin, "unix:"))
	}}}
	host := "x"
	ask := func(method, path string, form url.Values, origin string) (int, string) {
		q, _ := http.NewRequest(method, "http://"+host+path, strings.NewReader(form.Encode()))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if origin != "" {
			q.Header.Set("Origin", origin)
		}
		resp, err := admin.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	r.get("http://" + r.address)
	for path, want := range map[string]string{"/healthz": `"status": "ok"`, "/readyz": `"configuration"`, "/status": `"condition": "up"`, "/metrics": `goodgate_gateway_requests_total{class="2xx",upstream="default"} 1`, "/config": "upstreams:\n  default:", "/failures": `"failures": []`} {
		if code, body := ask("GET", path, nil, ""); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	for at, want := range map[string]int{"127.0.0.1:9180": 200, "localhost:9180": 200, "[::1]:9180": 200, "evil.example:9180": http.StatusForbidden} {
		host = at
		if code, _ := ask("GET", "/failures", nil, ""); code != want {
			t.Errorf("asked as %s: %d, want %d", at, code, want)
		}
	}
	host = "x"
	if fi, err := os.Stat(strings.TrimPrefix(c.Admin, "unix:")); err != nil || fi.Mode().Perm() != 0o660 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
	server := url.Values{"server": {a.Listener.Addr().String()}}
	if code, _ := ask("POST", "/drain", server, "http://evil"); code != http.StatusForbidden {
		t.Errorf("an order of a web page: %d", code)
	}
	if code, _ := ask("POST", "/drain", server, ""); code != 200 {
		t.Errorf("drain: %d", code)
	}
	if code, body := ask("POST", "/undrain", url.Values{"server": {a.URL}}, ""); code != 200 { // as the configuration has it
		t.Errorf("undrain %s: %d %s", a.URL, code, body)
	}
	if code, body := ask("POST", "/drain", url.Values{"server": {"http://nobody:1"}}, ""); code != http.StatusConflict || !strings.Contains(body, "http://nobody:1") {
		t.Errorf("drain of nobody: %d %s", code, body)
	}
	ask("POST", "/drain", server, "")
	for range 10 {
		if _, body := r.get("http://" + r.address); body != "b" {
			t.Fatalf("a drained server answered")
		}
	}
	if code, body := ask("POST", "/reload", nil, ""); code != http.StatusConflict || !strings.Contains(body, "broken") {
		t.Errorf("a bad reload: %d %s", code, body)
	}
	if _, body := ask("GET", "/status", nil, ""); strings.Count(body, `"address"`) != 2 {
		t.Errorf("a bad reload changed something: %s", body)
	}
	code, body := ask("POST", "/reload", nil, "")
	var done Done
	if json.Unmarshal([]byte(body), &done); code != 200 || !slices.Equal(done.Restart, []string{"health"}) {
		t.Errorf("reload: %d %s", code, body)
	}
	_, body = ask("GET", "/status", nil, "")
	var s gateway.Status
	if err := json.Unmarshal([]byte(body), &s); err != nil || len(s.Upstreams[0].Endpoints) != 1 {
		t.Errorf("%v %s", err, body)
	}
}

// TestTLS: HTTP/2 with TLS works, and a certificate that is replaced is used.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	c := simple(t, app(t, "secure").URL)
	c.Listen[0].Cert, c.Listen[0].Key, _ = pairtest.Write(t, dir, 1)
	r := run(t, Options{Config: c})
	defer r.end()
	for serial := range int64(2) {
		pairtest.Write(t, dir, serial+1)
		resp, err := r.client.Get("https://" + r.address)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.TLS.PeerCertificates[0].SerialNumber.Int64(); string(b) != "secure" || resp.ProtoMajor != 2 || got != serial+1 {
			t.Errorf("%q over %s, serial %d", b, resp.Proto, got)
		}
		r.client.CloseIdleConnections()
	}
}

// TestNotify: systemd is told when the gateway is ready and when it ends.
func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify.sock")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	env := func(k string) (string, bool) {
		if k == "NOTIFY_SOCKET" {
			return path, true
		}
		return "", false
	}
	r := run(t, Options{Config: simple(t, app(t, "x").URL), Env: env})
	r.end()
	for _, want := range []string{"READY=1", "STOPPING=1"} {
		buf := make([]byte, 100)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
			t.Errorf("%q %v, want %s", buf[:n], err, want)
		}
	}
}

// TestHealthAddress: balancers see readiness fail while the gateway notices them.
func TestHealthAddress(t *testing.T) {
	c := simple(t, "http://127.0.0.1:1") // no server is there: no reason not to be ready
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Health = l.Addr().String()
	l.Close()
	c.Stop.Notice = 200 * time.Millisecond
	r := run(t, Options{Config: c})
	if code, body := r.get("http://" + c.Health + "/readyz"); code != 200 {
		t.Errorf("%d %s", code, body)
	}
	r.stop()
	for code := 200; code != 503; {
		if code, _ = r.get("http://" + c.Health + "/readyz"); code == 0 {
			t.Error("the end came before readiness failed")
			break
		}
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestStopUnderLoadLosesNothing: clients keep their connections and send POST after POST
// without a pause. Once the end has begun they open no new ones, as a balancer does that
// asks for readiness; every request that they have sent gets its answer.
func TestStopUnderLoadLosesNothing(t *testing.T) {
	for _, notice := range []time.Duration{0, time.Second} {
		t.Run(fmt.Sprint(notice), func(t *testing.T) { stopUnderLoad(t, notice) })
	}
}

func stopUnderLoad(t *testing.T, notice time.Duration) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	defer echo.Close()
	c := simple(t, echo.URL)
	c.Stop.Notice = notice
	r := run(t, Options{Config: c})
	var ending atomic.Bool
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for !ending.Load() {
				if err := keepAsking(r.address, &served); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for served.Load() < 500 {
		time.Sleep(time.Millisecond)
	}
	ending.Store(true)
	r.stop()
	clients.Wait()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// keepAsking sends on one connection until an answer says that it is the last.
func keepAsking(address string, served *atomic.Int64) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || string(b) != "abc" {
			return fmt.Errorf("%d %q: %w", resp.StatusCode, b, err)
		}
		if served.Add(1); resp.Close {
			return nil
		}
	}
}

// TestUnixClient: who comes by a unix socket has no address, and is believed where the
// configuration says so.
func TestUnixClient(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("X-Forwarded-For")+" "+r.Header.Get("X-Forwarded-Proto"))
	}))
	defer echo.Close()
	for trusted, want := range map[string]string{"unix": "6.6.6.6, unknown https", "10.0.0.0/8": "unknown http"} {
		c := simple(t, echo.URL)
		path := filepath.Join(t.TempDir(), "g.sock")
		c.Listen[0].Address, c.Trusted = "unix:"+path, []string{trusted}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		r := run(t, Options{Config: c})
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(resp.Body); string(b) != want {
			t.Errorf("trusting %s: %q, want %q", trusted, b, want)
		}
		conn.Close()
		r.end()
	}
}

// TestFix: what a reload does not change is named, stays in the configuration that is
// in force, and nothing else does.
func TestFix(t *testing.T) {
	a, b := simple(t, "http://a"), simple(t, "http://b")
	b.Stop.Notice, b.Expose, b.Limits.Body = time.Second, true, 7
	if keys := fix(a, b); len(keys) != 0 || !b.Expose || b.Limits.Body != 7 {
		t.Errorf("%v %+v", keys, b)
	}
	b.Listen, b.AccessLog.File, b.Limits.Header = []config.Listener{{Address: ":1"}}, "log", 9
	if keys := fix(a, b); !slices.Equal(keys, []string{"listen", "limits", "access_log"}) || b.Listen[0] != a.Listen[0] || b.AccessLog.File != "" || b.Limits.Header != a.Limits.Header {
		t.Errorf("%v %+v", keys, b)
	}
}

func TestAddressThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_, err = (inheritance{}).open(l.Addr().String())
	if want := "cannot listen on " + l.Addr().String() + ": address already in use; who has it says: ss -ltnp 'sport = :" + port + "'"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestUnusedInheritance: a socket that systemd opened and no address of the
// configuration is said to be unused, and closed, so that clients are refused rather
// than left waiting.
func TestUnusedInheritance(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	inheritance{l: false}.warn(slog.New(slog.NewTextHandler(&said, nil)))
	if !strings.Contains(said.String(), l.Addr().String()) {
		t.Errorf("%q", said.String())
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestUnixListenerTakesOverAStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (inheritance{}).open("unix:" + path); err == nil || !strings.Contains(err.Error(), "ss -lxp") {
		t.Errorf("the socket of a process that lives was taken, or nothing said how to find it: %v", err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	c := simple(t, app(t, "by socket").URL)
	c.Listen[0].Address = "unix:" + path
	r := run(t, Options{Config: c})
	defer r.end()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "by socket" {
		t.Errorf("%q", b)
	}
}
