package traefik

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// real is a source of this host's own files, which asks the running Traefik.
type real struct {
	suite.Disk
	quiet bool
}

func (r real) Ask(q dialect.Question) ([]byte, error) {
	if r.quiet {
		return nil, errors.New("not asked")
	}
	c, err := net.Dial(q.Network, q.Address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, q.Send); err != nil {
		return nil, err
	}
	return io.ReadAll(c)
}

// installed returns the real Traefik that scripts/build-traefik builds.
func installed(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("traefik"); err == nil {
		return path
	}
	dirs := []string{"/usr/local/lib"}
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, cache)
	}
	for _, d := range dirs {
		path := filepath.Join(d, "goodgate", "traefik")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatal("there is no Traefik: scripts/build-traefik builds one")
	}
	t.Skip("there is no Traefik: scripts/build-traefik builds one")
	return ""
}

const realDynamic = `http:
  routers:
    api:
      rule: "Host(` + "`shop.test`" + `) && PathPrefix(` + "`/api`" + `)"
      service: echo
      middlewares: [strip, prefix]
    shop:
      rule: "Host(` + "`shop.test`" + `)"
      service: echo
    post:
      rule: "Host(` + "`shop.test`" + `) && Method(` + "`POST`" + `) && !Path(` + "`/api/x`" + `)"
      service: weighted
    wild:
      rule: "Host(` + "`*.wild.test`" + `) || HostRegexp(` + "`^[a-z]+[.]re[.]test$`" + `)"
      service: mirror
      priority: 3
    query:
      rule: "Query(` + "`v`, `2`" + `) && (Path(` + "`/q`" + `) || Path(` + "`/r`" + `))"
      entryPoints: [web]
      service: hostless
    header:
      rule: "Header(` + "`X-Beta`, `1`" + `)"
      priority: 1000
      service: nowhere
    broken:
      rule: "Host(` + "`broken.test`" + `"
      service: echo
    lost:
      rule: "Host(` + "`lost.test`" + `)"
      service: nowhere
    empty:
      rule: "Host(` + "`empty.test`" + `)"
      service: empty
    nulls:
      rule: "Host(` + "`nulls.test`" + `)"
      tls:
      service: echo
    chained:
      rule: "Host(` + "`chain.test`" + `)"
      middlewares: [all@file]
      service: echo
  middlewares:
    strip: {stripPrefix: {prefixes: ["/api"]}}
    prefix: {addPrefix: {prefix: "/v1"}}
    all: {chain: {middlewares: [strip, replaced]}}
    replaced: {replacePath: {path: "/replaced"}}
  services:
    echo: {loadBalancer: {servers: [{url: "http://BACKEND"}], healthCheck: {path: /up, interval: 30, timeout: 1s}}}
    hostless: {loadBalancer: {servers: [{url: "http://BACKEND"}], passHostHeader: false}}
    weighted: {weighted: {services: [{name: echo, weight: 2}, {name: away, weight: 0}]}}
    mirror: {mirroring: {service: echo, mirrors: [{name: hostless, percent: 1}]}}
    away: {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}
    empty: {loadBalancer: {servers: []}}
`

// TestDifferential compares what this package makes of a configuration with what
// a real Traefik does, and with what it tells of itself.
func TestDifferential(t *testing.T) {
	program := installed(t)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Host, r.URL.RequestURI())
	}))
	defer echo.Close()
	dir := t.TempDir()
	web, over, api := free(t), free(t), free(t)
	write(t, dir+"/dyn.yml", strings.ReplaceAll(realDynamic, "BACKEND", strings.TrimPrefix(echo.URL, "http://")))
	write(t, dir+"/traefik.toml", fmt.Sprintf("[global]\ncheckNewVersion = false\n[entryPoints.web]\naddress = %q\n[entryPoints.over]\naddress = %q\n[entryPoints.over.http.tls]\n[entryPoints.traefik]\naddress = %q\n[api]\ninsecure = true\n[providers.file]\nfilename = %q\n", web, over, api, dir+"/dyn.yml"))
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--configFile="+dir+"/traefik.toml")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cancel()
	launch := dialect.Launch{Product: "traefik", Config: dir + "/traefik.toml", PID: cmd.Process.Pid}
	var told *dialect.Conf
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		told = Config(real{}, launch)
		if told.Told && len(told.Instance.Pools) > 3 {
			break
		}
	}
	if !told.Told || len(told.Differs) != 0 || told.Instance.Version == "" {
		t.Fatalf("told %v, version %q, differs %q", told.Told, told.Instance.Version, told.Differs)
	}
	read := Config(real{quiet: true}, launch)
	if len(told.Instance.Listeners) != len(read.Instance.Listeners) {
		t.Errorf("listeners %+v, told %+v", read.Instance.Listeners, told.Instance.Listeners)
	}
	for _, x := range []string{
		"GET shop.test /api/list?a=1", "GET shop.test /apis", "GET SHOP.test /", "POST shop.test /", "POST shop.test /api/x", "GET a.wild.test /", "GET a.b.wild.test /",
		"GET abc.re.test /x", "GET other.test /q?v=2", "GET other.test /q?v=3", "GET other.test /r?v=2", "GET broken.test /", "GET lost.test /", "GET empty.test /", "GET nulls.test /", "GET chain.test /api",
	} {
		f := strings.Fields(x)
		path, query, _ := strings.Cut(f[2], "?")
		req, err := http.NewRequest(f[0], "http://"+web+f[2], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = f[1]
		a, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(a.Body)
		a.Body.Close()
		for name, c := range map[string]*dialect.Conf{"files": read, "API": told} {
			_, port, _ := net.SplitHostPort(web)
			d := c.Resolve(topo.Request{Listener: web, Port: atoi(port), Host: strings.ToLower(f[1]), Method: f[0], Path: path, Query: query})
			switch {
			case d.Outcome == topo.Forwards && a.StatusCode == 200:
				if got := d.Upstream.URI; !strings.HasSuffix(string(body), " "+got) {
					t.Errorf("%s by the %s: %s, Traefik asked for %s", x, name, got, body)
				}
			case d.Status != a.StatusCode:
				t.Errorf("%s by the %s: %s %d, Traefik answers %d %s", x, name, d.Outcome, d.Status, a.StatusCode, body)
			}
		}
	}
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func atoi(s string) (n int) {
	fmt.Sscan(s, &n)
	return n
}
