package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The host of the test, and what an examination of it may take.
const (
	crowdProcesses = 2000
	crowdSockets   = 10000
	costMemory     = 64 << 20
	costPeers      = 3 // times the processor time of ss and ps
)

// cost is what one program took.
type cost struct {
	CPU    float64 `json:"cpu"`    // seconds, system and user
	Wall   float64 `json:"wall"`   // seconds
	Memory int64   `json:"memory"` // bytes, resident at the peak
	Exit   int     `json:"exit"`
	Said   string  `json:"said"`
}

// costs is what the helper in the crowded namespaces measured.
type costs struct {
	Goodgate []cost `json:"goodgate"`
	Peers    []cost `json:"peers"` // ss -tanp and ps -ef together
}

// TestCostOnACrowdedHost has a healthy site examined on a host with 2,000
// processes and 10,000 sockets. Processor time is held against ss and ps, which a
// person would run there, in the same minute: an absolute bound would be one on
// the machine. docs/benchmarks.md has the figures.
//
//	go test ./cmd/goodgate -run TestCostOnACrowdedHost -v
func TestCostOnACrowdedHost(t *testing.T) {
	needHost(t, "nginx", "ss", "ps", "ip", "unshare")
	dir := openDir(t)
	binary := buildGoodgate(t, dir)
	cmd := exec.Command("unshare", "-p", "-f", "-n", "-m", "--mount-proc", os.Args[0], "-test.run", "^TestCrowdedHost$")
	cmd.Env = append(os.Environ(), "GOODGATE_CROWD="+dir, "GOODGATE_BINARY="+binary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "costs.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var c costs
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	for _, one := range c.Goodgate {
		if one.Exit != 0 {
			t.Fatalf("the site is healthy, and goodgate exits with %d: %s", one.Exit, one.Said)
		}
		if one.Memory > costMemory {
			t.Errorf("it took %d MB, more than %d", one.Memory>>20, costMemory>>20)
		}
	}
	own, peers := medianCost(c.Goodgate), medianCost(c.Peers)
	t.Logf("goodgate diagnose --quick: %.2f s of CPU, %.2f s, %d MB; ss -tanp and ps -ef: %.2f s of CPU", own.CPU, own.Wall, own.Memory>>20, peers.CPU)
	if own.CPU > costPeers*peers.CPU {
		t.Errorf("goodgate took %.2f s of CPU, more than %d times the %.2f s of ss and ps", own.CPU, costPeers, peers.CPU)
	}
}

func medianCost(list []cost) cost {
	slices.SortFunc(list, func(a, b cost) int { return int((a.CPU - b.CPU) * 1e6) })
	return list[len(list)/2]
}

// TestCrowdedHost is the helper of TestCostOnACrowdedHost, in namespaces of its
// own: what it starts ends with it.
func TestCrowdedHost(t *testing.T) {
	dir := os.Getenv("GOODGATE_CROWD")
	if dir == "" {
		t.Skip("runs in the namespaces of TestCostOnACrowdedHost")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(exec.Command("ip", "link", "set", "lo", "up").Run())
	for range crowdProcesses {
		must(exec.Command("sleep", "600").Start())
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(err)
	var keep []net.Conn
	for range crowdSockets / 2 {
		c, err := net.Dial("tcp4", l.Addr().String())
		must(err)
		s, err := l.Accept()
		must(err)
		keep = append(keep, c, s)
	}
	app := &http.Server{Addr: "127.0.0.1:3000", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })}
	al, err := net.Listen("tcp4", app.Addr)
	must(err)
	go func() { _ = app.Serve(al) }()
	url := startCrowdNginx(t, dir)
	var c costs
	for range 5 {
		c.Goodgate = append(c.Goodgate, measure(os.Getenv("GOODGATE_BINARY"), "diagnose", "--quick", url))
		ss, ps := measure("ss", "-tanp"), measure("ps", "-ef")
		c.Peers = append(c.Peers, cost{CPU: ss.CPU + ps.CPU, Wall: ss.Wall + ps.Wall, Memory: max(ss.Memory, ps.Memory)})
	}
	for _, k := range keep {
		k.Close()
	}
	b, err := json.Marshal(c)
	must(err)
	must(os.WriteFile(filepath.Join(dir, "costs.json"), b, 0o644))
}

// startCrowdNginx starts a site before 127.0.0.1:3000 and returns its URL when it
// answers.
func startCrowdNginx(t *testing.T, dir string) string {
	t.Helper()
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; worker_processes 2; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events {}
http { access_log %[1]s/access.log; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:3000; } } }
`, dir)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("nginx", "-c", conf, "-e", dir+"/error.log").Start(); err != nil {
		t.Fatal(err)
	}
	const url = "http://127.0.0.1:8080/"
	waitStatus(t, url, http.StatusOK)
	return url
}

// waitStatus waits until a site answers with a status.
func waitStatus(t *testing.T, url string, status int) {
	t.Helper()
	for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
		r, err := http.Get(url)
		if err == nil {
			r.Body.Close()
			if r.StatusCode == status {
				return
			}
		}
		if t.Context().Err() != nil {
			t.Fatalf("%s does not answer", url)
		}
	}
}

// measure runs a program and returns what it took.
func measure(name string, args ...string) cost {
	var out bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	c := cost{Wall: time.Since(start).Seconds(), Said: fmt.Sprintf("%.400s", out.String())}
	if cmd.ProcessState == nil {
		return cost{Exit: -1, Said: fmt.Sprint(err)}
	}
	c.Exit = cmd.ProcessState.ExitCode()
	c.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.Memory = u.Maxrss << 10
	}
	return c
}

// needHost skips a test that needs root and programs of the host.
func needHost(t *testing.T, programs ...string) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	var missing []string
	if os.Geteuid() != 0 {
		missing = append(missing, "root")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return
	}
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatalf("needs %s: scripts/install-peers, as root", strings.Join(missing, ", "))
	}
	t.Skipf("needs %s: scripts/install-peers, then run it as root", strings.Join(missing, ", "))
}

// openDir is a folder that everybody may enter, unlike t.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "goodgate-host-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// buildGoodgate puts the program into a folder.
func buildGoodgate(t *testing.T, dir string) string {
	t.Helper()
	binary := filepath.Join(dir, "goodgate")
	if err := os.Link(builtProgram(t), binary); err != nil {
		t.Fatal(err)
	}
	return binary
}
