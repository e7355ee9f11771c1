package nginx

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
)

type disk = suite.Disk

// program returns the real nginx, or skips the test.
func program(t testing.TB) string { return suite.Program(t, "nginx") }

// release is one nginx that is here.
type release struct{ version, program string }

// releases runs a test with every nginx that is here.
func releases(t *testing.T, run func(t *testing.T, nginx release)) {
	for version, program := range suite.Releases(t, "nginx") {
		t.Run(version, func(t *testing.T) { run(t, release{version, program}) })
	}
}

// here is the nginx that is installed.
func here(t testing.TB) release {
	program := program(t)
	for version, other := range suite.Releases(t, "nginx") {
		if other == program {
			return release{version, program}
		}
	}
	t.Fatalf("%s does not tell its version", program)
	return release{}
}

// launch is how it runs with a configuration.
func (r release) launch(config, prefix string) dialect.Launch {
	return dialect.Launch{Product: "nginx", Version: r.version, Exe: r.program, Config: config, Prefix: prefix}
}

// module is the path of one of its modules: beside it, or where Debian has them.
func (r release) module(name string) string {
	if path := filepath.Join(filepath.Dir(r.program), "modules", name); fileExists(path) {
		return path
	}
	return "/usr/lib/nginx/modules/" + name
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// freeAddresses returns different addresses on which nobody listens.
func freeAddresses(t testing.TB, n int) []string {
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // after all are chosen
		all = append(all, l.Addr().String())
	}
	return all
}

// serve starts nginx with a configuration and waits until it listens.
func serve(t *testing.T, nginx release, dir, address string) {
	t.Helper()
	args := []string{"-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-g", "daemon off;"}
	if atVersion(nginx.version, "1.19.5") {
		args = append(args, "-e", "stderr")
	}
	cmd := exec.Command(nginx.program, args...)
	log := &strings.Builder{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // the master ends its workers
		<-gone
	})
	for end := time.Now().Add(10 * time.Second); ; {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		select {
		case err := <-gone:
			gone <- err
			conf, _ := os.ReadFile(filepath.Join(dir, "nginx.conf"))
			t.Fatalf("nginx ended: %v\n%s\n%s", err, log, conf)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatal("nginx does not listen")
		}
	}
}

// ask sends one request as written and returns status and body; status 444
// stands for a connection closed without an answer.
func ask(t *testing.T, address, method, target, host string) (int, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, target, host)
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return 444, ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// documents writes the files that generated configurations serve.
func documents(t *testing.T, dir string) {
	t.Helper()
	for _, f := range []string{"a/f.txt", "a/b/f.txt", "b/index.html", "f.txt", "d/x.php", "c/ab/index.html"} {
		path := filepath.Join(dir, "html", f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("file "+f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestResolveAgreesWithNginx(t *testing.T) {
	rounds, requests := envInt("GOODGATE_ROUNDS", 8), 120
	if testing.Short() {
		rounds = 1
	}
	releases(t, func(t *testing.T, nginx release) {
		for seed := range rounds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				compareRound(t, nginx, uint64(seed), requests)
			})
		}
	})
}

func compareRound(t *testing.T, nginx release, seed uint64, requests int) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	documents(t, dir)
	free := freeAddresses(t, 2)
	listen := free[0]
	g := &generator{r: rand.New(rand.NewPCG(seed, 7)), backend: free[1]}
	text := g.config(listen, 2)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	serve(t, nginx, dir, listen)
	conf := Config(disk{}, nginx.launch(path, dir))
	for _, p := range conf.Instance.Problems {
		if p.Fatal {
			t.Errorf("nginx loads it, and still: %s: %s", p.Place, p.Text)
		}
	}
	_, port, _ := net.SplitHostPort(listen)
	for range requests {
		req := topo.Request{Listener: listen, Port: atoiPort(port), Host: g.pick(hosts...), Method: g.pick("GET", "GET", "GET", "POST", "HEAD"), Path: g.path()}
		if g.chance(40) {
			req.Query = g.pick("k=v", "k=0", "k=w1&l=2", "z")
		}
		target := req.Path
		if req.Query != "" {
			target += "?" + req.Query
		}
		host := req.Host + ":" + port
		status, body := ask(t, listen, req.Method, target, host)
		if got, want := told(conf.Resolve(req), req.Method), seenBy(status, body, req.Method); got != want {
			t.Errorf("%s %s %s\n goodgate: %s\n nginx:    %s\n steps: %s", req.Method, req.Host, target, got, want, trail(conf.Resolve(req)))
		}
		if t.Failed() && testing.Verbose() {
			t.Log(text)
			return
		}
	}
}

// seenBy describes what nginx did.
func seenBy(status int, body, method string) string {
	switch {
	case method == "HEAD":
		return fmt.Sprint(status)
	case strings.HasPrefix(body, "B "):
		return fmt.Sprint(status) + " " + body
	case strings.HasPrefix(body, "file "):
		return fmt.Sprint(status) + " file"
	case strings.HasPrefix(body, "id"), strings.HasPrefix(body, "error "), strings.HasPrefix(body, "named"):
		return fmt.Sprint(status) + " " + body[:strings.IndexByte(body+" ", ' ')]
	}
	return fmt.Sprint(status)
}

// told describes what the decision says in the same words.
func told(d topo.Decision, method string) string {
	status := d.Status
	text := ""
	switch d.Outcome {
	case topo.Forwards:
		if status == 0 {
			status = 200
		}
		text = " B " + d.Upstream.Method + " " + d.Upstream.URI + " HTTP/" + d.Upstream.Version + " " + header(d.Upstream, "Host") + " " + header(d.Upstream, "Connection") + " " + header(d.Upstream, "X-Uri")
	case topo.Serves:
		if status == 0 {
			status = 200
		}
		text = " file"
	case topo.Answers:
		last := d.Steps[len(d.Steps)-1].Text
		if _, body, ok := strings.Cut(last, `"`); ok && strings.HasPrefix(last, "return ") && !strings.HasPrefix(last, "return 3") {
			text = " " + body[:strings.IndexAny(body+" ", ` "`)]
		}
	}
	if method == "HEAD" {
		return fmt.Sprint(status)
	}
	return fmt.Sprint(status) + text
}

func header(s topo.Spoken, name string) string {
	for _, h := range s.Header {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

func trail(d topo.Decision) string {
	var b strings.Builder
	for _, s := range d.Steps {
		fmt.Fprintf(&b, "\n   %d: %s", s.Place.Line, s.Text)
	}
	for _, p := range d.Doubts {
		fmt.Fprintf(&b, "\n   ? %d: %s", p.Place.Line, p.Text)
	}
	return b.String()
}

// envInt returns a number from the environment, for longer runs by hand.
func envInt(k string, d int) int {
	var n int
	if _, err := fmt.Sscan(os.Getenv(k), &n); err == nil {
		return n
	}
	return d
}
