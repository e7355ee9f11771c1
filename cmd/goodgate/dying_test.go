package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// dyingLimit is in what time an examination of a dying host must have ended. It
// takes a second or two; what hangs hangs for ever.
const dyingLimit = 30 * time.Second

// TestDyingHost has a site with a dead upstream examined where the host itself
// fails: file systems that never answer, no descriptors, no memory, no processes,
// no room, no /proc. Each time the examination must end, say what it could not
// look at, and not be sure of something untrue.
func TestDyingHost(t *testing.T) {
	needHost(t, "nginx", "ip", "unshare", "prlimit", "setpriv", "mount")
	dir := openDir(t)
	binary := buildGoodgate(t, dir)
	cmd := exec.Command("unshare", "-p", "-f", "-n", "-m", "--mount-proc", os.Args[0], "-test.run", "^TestDyingHostInside$", "-test.v")
	cmd.Env = append(os.Environ(), "GOODGATE_DYING="+dir, "GOODGATE_BINARY="+binary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// sick is one way in which a host fails.
type sick struct {
	prepare func(t *testing.T, dir string) // nil: nothing
	wrap    []string                       // the command that starts goodgate
	env     []string
	cwd     string
	gap     string // what a gap must speak of; empty: none is needed
}

// TestDyingHostInside is the helper of TestDyingHost, in namespaces of its own.
func TestDyingHostInside(t *testing.T) {
	dir := os.Getenv("GOODGATE_DYING")
	if dir == "" {
		t.Skip("runs in the namespaces of TestDyingHost")
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	nobody := []string{"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"}
	cases := []struct {
		name string
		sick
	}{
		{"healthy otherwise", sick{}},
		{"logs on a file system that does not answer", sick{gap: "/logs/", prepare: func(t *testing.T, dir string) { deadFUSE(t, filepath.Join(dir, "logs")) }}},
		{"the configuration on a file system that does not answer", sick{gap: "/etc/", prepare: func(t *testing.T, dir string) { deadFUSE(t, filepath.Join(dir, "etc")) }}},
		{"temporary folder on a file system that does not answer", sick{prepare: func(t *testing.T, dir string) { deadFUSE(t, filepath.Join(dir, "tmp")) }, env: []string{"TMPDIR=" + dir + "/tmp"}}},
		{"a process in uninterruptible sleep", sick{prepare: sleeper}},
		{"64 descriptors", sick{wrap: []string{"prlimit", "--nofile=64"}}},
		{"20 descriptors", sick{wrap: []string{"prlimit", "--nofile=20"}}},
		{"no room and nowhere to write", sick{prepare: noRoom, env: []string{"TMPDIR=" + dir + "/full", "HOME=" + dir + "/full"}, cwd: "/proc"}},
		{"the processes of others are hidden", sick{gap: "process", prepare: func(t *testing.T, _ string) { proc(t, "hidepid=2") }, wrap: nobody}},
		{"no /proc", sick{gap: "process", prepare: noProc}},
		{"128 MB of memory", sick{wrap: inGroup("memory", "memory.limit_in_bytes", "134217728")}},
		// Go's own runtime cannot do with fewer than seven or so, and ends.
		{"10 threads", sick{wrap: inGroup("pids", "pids.max", "10")}},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, filepath.Join(dir, fmt.Sprint(i))) })
	}
}

func (s sick) run(t *testing.T, dir string) {
	url := dyingSite(t, dir)
	if s.prepare != nil {
		s.prepare(t, dir)
	}
	ctx, cancel := context.WithTimeout(t.Context(), dyingLimit)
	defer cancel()
	args := append(slices.Clone(s.wrap), os.Getenv("GOODGATE_BINARY"), "diagnose", url, "-o", "json")
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = time.Second
	for _, e := range s.env {
		cmd.Env = append(cmd.Environ(), strings.ReplaceAll(e, os.Getenv("GOODGATE_DYING")+"/", dir+"/"))
	}
	cmd.Dir = s.cwd
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("after %.1f s: %v: %.2000s", time.Since(start).Seconds(), err, errs.Bytes())
	}
	var v verdict
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		t.Fatalf("exit code %d, %v: %.300s%.2000s", cmd.ProcessState.ExitCode(), err, out.Bytes(), errs.Bytes())
	}
	var said, gaps []string
	for _, c := range v.Causes {
		said = append(said, fmt.Sprintf("%s (%s)", c.ID, c.Verdict))
		if c.Verdict == vocab.Confirmed && c.ID != vocab.UpstreamDown {
			t.Errorf("it is sure of %s", c.ID)
		}
	}
	found := s.gap == ""
	for _, g := range v.Gaps {
		gaps = append(gaps, g.Source+": "+g.Why)
		found = found || strings.Contains(g.Source+g.Why, s.gap)
	}
	if !found {
		t.Errorf("no gap speaks of %q", s.gap)
	}
	if v.Verdict == vocab.Healthy {
		t.Errorf("it calls the site healthy")
	}
	t.Logf("%.1f s, exit code %d, %s: %v; gaps: %q", time.Since(start).Seconds(), cmd.ProcessState.ExitCode(), v.Verdict, said, gaps)
}

// dyingSite starts an nginx before an address at which nobody listens, and has
// clients meet that.
func dyingSite(t *testing.T, dir string) string {
	t.Helper()
	for _, d := range []string{"logs", "tmp", "full", "etc"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	conf := filepath.Join(dir, "etc", "nginx.conf")
	port := 8100 + len(t.Name())
	text := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/nginx.pid; error_log %[1]s/logs/error.log;
events {}
http { access_log %[1]s/logs/access.log; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
server { listen 127.0.0.1:%[2]d; location / { proxy_pass http://127.0.0.1:3000; } } }
`, dir, port)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nginx", "-c", conf, "-e", dir+"/startup.log")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	waitStatus(t, url, 502)
	return url
}

// deadFUSE mounts a file system whose server never says a word. Whoever touches it
// waits until the test ends.
func deadFUSE(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		if os.Getenv("GOODGATE_TEST_ALL") != "" {
			t.Fatalf("needs FUSE: %v", err)
		}
		t.Skipf("needs FUSE (modprobe fuse): %v", err)
	}
	if err := unix.Mount("dead", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)); err != nil {
		t.Fatalf("cannot mount FUSE at %s: %v", dir, err)
	}
	t.Cleanup(func() {
		unix.Close(fd) // ends every wait
		_ = unix.Unmount(dir, unix.MNT_DETACH)
	})
}

// sleeper starts a process that sleeps uninterruptibly, as one does that reads
// from a dead network file system.
func sleeper(t *testing.T, dir string) {
	t.Helper()
	store := filepath.Join(dir, "tmp")
	deadFUSE(t, store)
	cmd := exec.Command("/bin/sh", "-c", "echo ready; exec ls "+store+"/x")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// noRoom mounts a file system without a free byte or inode.
func noRoom(t *testing.T, dir string) {
	t.Helper()
	full := filepath.Join(dir, "full")
	if err := unix.Mount("full", full, "tmpfs", 0, "size=4096,nr_inodes=2"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(full, unix.MNT_DETACH) })
	if err := os.WriteFile(full+"/x", make([]byte, 4096), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full+"/y", []byte("x"), 0o644); err == nil {
		t.Fatal("there is room left")
	}
}

// proc mounts another /proc over the one there is.
func proc(t *testing.T, options string) {
	t.Helper()
	if err := unix.Mount("proc", "/proc", "proc", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount("/proc", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func noProc(t *testing.T, _ string) {
	t.Helper()
	if err := unix.Mount("none", "/proc", "tmpfs", 0, "size=4096"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount("/proc", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// inGroup starts a command in a control group of its own with one limit.
func inGroup(controller, file, limit string) []string {
	two := map[string]string{"memory.limit_in_bytes": "memory.max"}[file]
	if two == "" {
		two = file
	}
	script := fmt.Sprintf(`for g in /sys/fs/cgroup/%[1]s /sys/fs/cgroup; do
	d=$g/goodgate-test-$$
	mkdir $d 2>/dev/null || continue
	echo %[3]s >$d/%[2]s 2>/dev/null || echo %[3]s >$d/%[4]s 2>/dev/null || { rmdir $d; continue; }
	( echo 0 >$d/cgroup.procs && exec "$@" ); code=$?
	rmdir $d; exit $code
done
echo "no control groups for %[1]s" >&2; exit 2`, controller, file, limit, two)
	return []string{"/bin/sh", "-c", script, "sh"}
}
