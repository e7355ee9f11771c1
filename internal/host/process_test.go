package host

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

func TestProcesses(t *testing.T) {
	before := time.Now()
	cmd, _ := helper(t, "wait", nil, "X=1")
	list, err := ListProcesses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, ok := list.Find(cmd.Process.Pid)
	if !ok {
		t.Fatal("the helper is not in the list")
	}
	exe, _ := filepath.EvalSymlinks(program(t))
	cwd, _ := os.Getwd()
	if p.PPID != os.Getpid() || p.Exe != exe || p.Cwd != cwd || p.UID != os.Getuid() || len(p.Args) != 1 || p.Args[0] != program(t) || p.Threads < 1 {
		t.Errorf("%+v", p)
	}
	if p.Started.Before(before.Add(-50*time.Millisecond)) || p.Started.After(time.Now()) {
		t.Errorf("started at %v, we at %v", p.Started, before)
	}
	if !slices.ContainsFunc(list.Children(os.Getpid()), func(c Process) bool { return c.PID == p.PID }) {
		t.Error("it is no child")
	}
	if _, ok := list.Find(1 << 30); ok {
		t.Error("a process that does not exist was found")
	}
	for _, q := range list.List {
		if q.Comm == "kthreadd" {
			t.Error("kernel threads are in the list")
		}
	}
	one, err := readProcess(p.PID)
	if err != nil || one.Started.Sub(p.Started).Abs() > 20*time.Millisecond || one.Comm != p.Comm {
		t.Errorf("alone: %+v, %v", one, err)
	}
	if _, err := readProcess(1 << 30); !gone(err) {
		t.Errorf("a process that does not exist: %v", err)
	}
	must(t, syscall.Kill(p.PID, syscall.SIGSTOP))
	for end := time.Now().Add(5 * time.Second); one.State != "T" && time.Now().Before(end); {
		one, _ = readProcess(p.PID)
	}
	if one.State != "T" {
		t.Errorf("a stopped process has state %s", one.State)
	}
	must(t, syscall.Kill(p.PID, syscall.SIGCONT))
}

// A process may call itself anything and have arguments without end.
func TestHostileProcess(t *testing.T) {
	dir := shortDir(t)
	b, err := os.ReadFile(program(t))
	must(t, err)
	name := ") R 1 (\n\x1b[31m" // comm holds 15 bytes
	must(t, os.WriteFile(filepath.Join(dir, name), b, 0o755))
	args := []string{"\x1b]0;x\a\xff", "--password", "secret"}
	for range 12 {
		args = append(args, strings.Repeat("a", 100_000))
	}
	cmd := exec.Command(filepath.Join(dir, name), args...)
	started, _ := start(t, cmd, nil, "GOODGATE_HOST_ROLE=wait")
	list, err := ListProcesses(t.Context())
	must(t, err)
	p, ok := list.Find(started.Process.Pid)
	if !ok {
		t.Fatal("it is not in the list")
	}
	if p.Comm != name || p.PPID != os.Getpid() || !p.Cut {
		t.Errorf("comm %q, parent %d, cut %v", p.Comm, p.PPID, p.Cut)
	}
	if n := len(strings.Join(p.Args, "")); n > maxArgs {
		t.Errorf("%d bytes of arguments", n)
	}
	rec := evidence.NewRecorder(&evidence.Case{}, evidence.NewRedactor(nil))
	again, _, err := evidence.Ask(rec, "x", "", func() (Processes, error) { return Processes{List: []Process{p}}, nil })
	if err != nil || again.List[0].Comm != p.Comm || strings.Contains(strings.Join(again.List[0].Args, " "), "secret") {
		t.Errorf("recorded: %q, %v", again.List[0].Args[:4], err)
	}
}

func TestParseStat(t *testing.T) {
	line := "12 (a) b) S 7 12 12 0 -1 4194304 1 2 3 4 50 60 0 0 20 0 3 0 777 1000 9 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
	s, ok := parseStat([]byte(line))
	if !ok || s.comm != "a) b" || s.state != "S" || s.ppid != 7 || s.used != 110 || s.threads != 3 || s.start != 777 || s.pages != 9 {
		t.Errorf("%+v", s)
	}
}

func FuzzParseStat(f *testing.F) {
	for _, name := range []string{"/proc/self/stat", "/proc/1/stat"} {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte("1 () S"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := parseStat(b)
		if ok && (len(s.state) != 1 || s.ppid < 0 || s.threads < 0 || s.pages < 0) {
			t.Errorf("%+v", s)
		}
		var p Process
		p.identify(b)
		parseLimit(b, "Max open files")
		_ = ContainerID(string(b)) + cgroupPath(string(b))
	})
}

func TestDetail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	_, err = f.WriteString("hello")
	must(t, err)
	cmd := exec.Command(program(t))
	cmd.ExtraFiles = []*os.File{f}
	started, _ := start(t, cmd, nil, "GOODGATE_HOST_ROLE=wait")
	d, err := ReadDetail(t.Context(), started.Process.Pid)
	if err != nil || len(d.Logs) != 1 || d.Logs[0].Path != path || d.Logs[0].FD != 3 || d.Logs[0].Size != 5 || d.Logs[0].Deleted {
		t.Errorf("%+v, %v", d, err)
	}
	if !strings.HasPrefix(d.Stdout, "pipe:[") || d.Open < 4 || d.OpenFiles.Soft < 4 || len(d.Gaps) > 0 {
		t.Errorf("%+v", d)
	}
	must(t, os.Remove(path))
	if d, _ := ReadDetail(t.Context(), started.Process.Pid); len(d.Logs) != 1 || !d.Logs[0].Deleted || d.Logs[0].Path != path {
		t.Errorf("deleted: %+v", d.Logs)
	}
	if _, err := ReadDetail(t.Context(), 1<<30); !gone(err) {
		t.Errorf("a process that does not exist: %v", err)
	}
}

func TestLoad(t *testing.T) {
	idle, _ := helper(t, "wait", nil)
	busy, _ := helper(t, "spin", nil)
	got, err := MeasureLoad(t.Context(), []int{idle.Process.Pid, busy.Process.Pid, 1 << 30}, 300*time.Millisecond)
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got[0].Cores >= got[1].Cores || got[1].Cores == 0 {
		t.Errorf("idle %v, busy %v", got[0], got[1])
	}
}

func TestContainerID(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for _, text := range []string{
		"0::/system.slice/docker-" + id + ".scope\n",
		"12:cpu:/docker/" + id + "\n11:pids:/docker/" + id + "\n",
		"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_34.slice/cri-containerd-" + id + ".scope\n",
		"1:name=systemd:/kubepods/besteffort/pod1/" + id + "\n",
		"0::/machine.slice/libpod-" + id + ".scope/container\n",
	} {
		if got := ContainerID(text); got != id {
			t.Errorf("%q: %q", text, got)
		}
	}
	for _, text := range []string{"0::/user.slice/session-1.scope", "", "0::/" + id[1:], "0::/" + strings.ToUpper(id)} {
		if got := ContainerID(text); got != "" {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Nobody sees less, says so, and is never wrong.
func TestWithoutRoot(t *testing.T) {
	needRoot(t)
	owned := listen(t, "tcp4", "127.0.0.1:0")
	dir := shortDir(t)
	must(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600))
	ns := newNet(t, "", syscall.CLONE_NEWNS)
	_, line := helper(t, "look", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}},
		"GOODGATE_PID="+strconv.Itoa(os.Getpid()), "GOODGATE_NS="+strconv.Itoa(ns.Process.Pid), "GOODGATE_FILE="+filepath.Join(dir, "secret"))
	var s sight
	must(t, json.NewDecoder(bytes.NewReader([]byte(line))).Decode(&s))
	i := slices.IndexFunc(s.Listeners.List, func(l Listener) bool { return l.Address == owned.Addr().String() })
	if i < 0 || len(s.Listeners.List[i].PIDs) != 0 || s.Listeners.List[i].UID != 0 {
		t.Errorf("listeners %+v", s.Listeners)
	}
	if !slices.ContainsFunc(s.Listeners.Gaps, func(g evidence.Gap) bool {
		return strings.Contains(g.Why, "may not be looked into") && g.Allow != ""
	}) {
		t.Errorf("gaps of the listeners %+v", s.Listeners.Gaps)
	}
	if s.Process.UID != 0 || s.Process.Exe != "" || s.Process.Cwd != "" || len(s.Process.Args) == 0 || s.Process.Started.IsZero() {
		t.Errorf("a process of root: %+v", s.Process)
	}
	if !s.Place.Assumed || !s.Place.Own() {
		t.Errorf("place of a process of root: %+v", s.Place)
	}
	for what, gap := range map[string]evidence.Gap{"place": s.PlaceGap, "namespace": s.NSGap, "file": s.FileGap, "firewall": s.FirewallGap, "kernel": s.KernelGap} {
		if gap.Why == "" || gap.Allow == "" && what != "namespace" {
			t.Errorf("%s: no gap that helps: %+v", what, gap)
		}
	}
	if len(s.Detail.Gaps) == 0 || s.Detail.Open != -1 {
		t.Errorf("detail %+v", s.Detail)
	}
	if s.Route.Kind != "local" {
		t.Errorf("route %+v", s.Route)
	}
}

// sight is what an unprivileged process can find out.
type sight struct {
	Listeners                                        Listeners
	Process                                          Process
	Detail                                           Detail
	Place                                            Place
	Route                                            Route
	PlaceGap, NSGap, FileGap, FirewallGap, KernelGap evidence.Gap
}

func readProcess(pid int) (Process, error) { return new(fileReader).process("/proc", pid, bootTime()) }
