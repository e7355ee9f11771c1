package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// TestMain lets the test program be its own helper: a process of the test's own
// that does one thing and then waits for the end of its standard input.
func TestMain(m *testing.M) {
	if role := os.Getenv("GOODGATE_HOST_ROLE"); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

// play is what the helpers do.
func play(role string) int {
	switch role {
	case "wait":
		fmt.Println("ready")
	case "chroot":
		if err := syscall.Chroot(os.Getenv("GOODGATE_ROOT")); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("ready")
	case "listen":
		l, err := net.Listen(os.Getenv("GOODGATE_NETWORK"), os.Getenv("GOODGATE_ADDRESS"))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer l.Close()
		fmt.Println(l.Addr())
	case "dial":
		c, err := net.Dial("unix", os.Getenv("GOODGATE_ADDRESS"))
		if err != nil {
			fmt.Println(err)
			return 0
		}
		defer c.Close()
		fmt.Println("connected")
	case "spin":
		go func() {
			for {
			}
		}()
		fmt.Println("ready")
	case "look":
		return look()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// helper starts the test program in a role and returns it with the first line
// that it prints.
func helper(t *testing.T, role string, attr *syscall.SysProcAttr, env ...string) (*exec.Cmd, string) {
	t.Helper()
	exe := program(t)
	if attr != nil && attr.Credential != nil {
		// The folder of the test program is closed to other users.
		b, err := os.ReadFile(exe)
		must(t, err)
		exe = filepath.Join(shortDir(t), "helper")
		must(t, os.WriteFile(exe, b, 0o755))
	}
	return start(t, exec.Command(exe), attr, append(env, "GOODGATE_HOST_ROLE="+role)...)
}

func program(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// start runs a command that prints a line when it is ready and ends when its
// standard input does.
func start(t *testing.T, cmd *exec.Cmd, attr *syscall.SysProcAttr, env ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = attr
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the helper said nothing: %v", err)
	}
	return cmd, strings.TrimSpace(line)
}

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

func needRoot(t *testing.T) {
	t.Helper()
	need(t, os.Getuid() == 0, "root", "sudo go test ./internal/host")
}

func needTool(t *testing.T, name, pkg string) {
	t.Helper()
	_, err := exec.LookPath(name)
	need(t, err == nil, name, "sudo apt-get install "+pkg)
}

// newNet starts a process in a network namespace of its own that runs script
// first.
func newNet(t *testing.T, script string, flags uintptr) *exec.Cmd {
	t.Helper()
	needRoot(t)
	needTool(t, "ip", "iproute2")
	cmd, line := start(t, exec.Command("sh", "-ec", "ip link set lo up\n"+script+"\necho ready; exec cat"), &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | flags})
	if line != "ready" {
		t.Fatalf("the namespace is not ready: %s", line)
	}
	return cmd
}

func open(t *testing.T, pid int) *View {
	t.Helper()
	p, err := PlaceOf(t.Context(), pid)
	if err != nil && !p.Assumed {
		t.Fatal(err)
	}
	v, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// TestOwnPlaceBesideAnother asks for goodgate's own network while so many threads are
// in another one that the first of the process is among them.
func TestOwnPlaceBesideAnother(t *testing.T) {
	v := open(t, newNet(t, "", 0).Process.Pid)
	home := selfPlace()
	const threads = 64
	var all, in sync.WaitGroup
	in.Add(threads)
	leave := make(chan struct{})
	for range threads {
		all.Go(func() {
			err := v.inside(func() error {
				in.Done()
				<-leave
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	in.Wait()
	if p := selfPlace(); p.Net != home.Net {
		t.Errorf("own network %s, was %s", p.Net, home.Net)
	}
	close(leave)
	all.Wait()
}

// shortDir is a folder whose path leaves room for unix sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "gg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSelf(t *testing.T) {
	v := Self()
	if v.ID() != OwnID || v.Place().Subject("x") != "x" || !v.Place().Own() {
		t.Errorf("own place is %+v", v.Place())
	}
	child, _ := helper(t, "wait", nil)
	p, err := PlaceOf(t.Context(), child.Process.Pid)
	if err != nil || p.ID() != OwnID || p.PID != child.Process.Pid || p.Assumed {
		t.Errorf("place of a child: %+v, %v", p, err)
	}
	if _, err := PlaceOf(t.Context(), 1<<30); !gone(err) {
		t.Errorf("a process that does not exist gives %v", err)
	}
}

// A link inside a container leads to the container's file, a link of /proc
// nowhere.
func TestFilesOfAnotherRoot(t *testing.T) {
	needRoot(t)
	root := shortDir(t)
	must(t, os.MkdirAll(filepath.Join(root, "etc/app"), 0o755))
	must(t, os.WriteFile(filepath.Join(root, "etc/app/a.conf"), []byte("inside"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "etc/app/.hidden.conf"), nil, 0o644))
	must(t, os.Symlink("/etc/app/a.conf", filepath.Join(root, "link")))
	must(t, os.Symlink("/etc/passwd", filepath.Join(root, "outside")))
	must(t, os.Symlink("../../../../etc/passwd", filepath.Join(root, "climb")))
	must(t, os.Symlink("loop", filepath.Join(root, "loop")))
	must(t, unix.Mkfifo(filepath.Join(root, "fifo"), 0o600))
	started, _ := helper(t, "chroot", nil, "GOODGATE_ROOT="+root)
	v := open(t, started.Process.Pid)
	if v.ID() == OwnID {
		t.Fatal("the chroot is taken for goodgate's own root")
	}
	if p := v.Place(); !p.ShutIn || !p.Start().Own() {
		t.Errorf("%+v changed its root itself: its program lies outside", p)
	}
	for _, path := range []string{"/etc/app/a.conf", "/link", "//etc/./app/../app/a.conf"} {
		if d, err := v.ReadFile(t.Context(), path, 100); err != nil || string(d.Body) != "inside" {
			t.Errorf("%s: %q, %v", path, d.Body, err)
		}
		fd, err := v.openByHand(path, unix.O_RDONLY)
		if err != nil {
			t.Errorf("by hand, %s: %v", path, err)
			continue
		}
		b := make([]byte, 10)
		n, _ := unix.Read(fd, b)
		_ = unix.Close(fd)
		if string(b[:n]) != "inside" {
			t.Errorf("by hand, %s: %q", path, b[:n])
		}
	}
	for _, path := range []string{"/outside", "/climb", "/none", "/etc/app/a.conf/x"} {
		if d, err := v.ReadFile(t.Context(), path, 100); err != nil || !d.Info.Missing {
			t.Errorf("%s: %+v, %v; want it missing", path, d, err)
		}
		if fd, err := v.openByHand(path, unix.O_PATH); err == nil {
			_ = unix.Close(fd)
			t.Errorf("by hand, %s was found", path)
		}
	}
	for _, path := range []string{"/loop", "/fifo", "/etc", "relative", "/a\x00b"} {
		if d, err := v.ReadFile(t.Context(), path, 100); err == nil {
			t.Errorf("%s: %+v; want an error", path, d)
		}
	}
	if got, err := v.Glob(t.Context(), "/etc/a*/*.conf"); err != nil || len(got) != 1 || got[0] != "/etc/app/a.conf" {
		t.Errorf("glob: %q, %v", got, err)
	}
	if _, err := v.ReadFile(t.Context(), "/link", 3); err == nil {
		t.Error("a file over the limit was read")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOwnFiles(t *testing.T) {
	v, dir := Self(), t.TempDir()
	path := filepath.Join(dir, "x")
	must(t, os.WriteFile(path, []byte("hello"), 0o640))
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	must(t, os.Chtimes(path, at, at))
	info, err := v.Stat(t.Context(), path)
	if err != nil || info.Kind != "file" || info.Mode != 0o640 || info.Size != 5 || !info.Modified.Equal(at) || info.UID != os.Getuid() {
		t.Errorf("stat: %+v, %v", info, err)
	}
	f, _, err := v.OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 3)
	if _, err := f.ReadAt(b, 2); err != nil || string(b) != "llo" {
		t.Errorf("read %q, %v", b, err)
	}
	if _, _, err := v.OpenFile(t.Context(), path+"none"); !gone(err) {
		t.Errorf("a missing file gives %v", err)
	}
	if d, err := v.ReadFile(t.Context(), "/proc/self/fd/0", 10); err == nil && !d.Info.Missing {
		t.Errorf("a link of /proc was followed: %+v", d)
	}
}

// A read that hangs becomes a gap, and the number of hanging reads is bounded.
func TestHangingRead(t *testing.T) {
	v := Self()
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // patience is not waited for
	for i := range maxHung + 3 {
		_, err := within(ctx, &v.hung, "x", func() (int, error) { <-release; return 0, nil })
		if err == nil {
			t.Fatal("a read that hangs gave an answer")
		}
		if i < maxHung && int(v.hung.Load()) != i+1 || i >= maxHung && v.hung.Load() != maxHung {
			t.Fatalf("after %d reads %d hang", i+1, v.hung.Load())
		}
	}
	close(release)
}

// A process whose arguments cannot be read does not keep the others from being
// listed.
func TestSweepPassesAHang(t *testing.T) {
	release := make(chan struct{})
	var got []int
	read := func(pid int) (int, error) {
		if pid == 2 || pid == 4 {
			<-release
		}
		return pid, nil
	}
	left := sweep(t.Context(), []int{1, 2, 3, 4}, func() func(int) (int, error) { return read }, func(_ int, x int, _ error) { got = append(got, x) })
	close(release)
	if fmt.Sprint(got) != "[1 3]" {
		t.Errorf("read %v", got)
	}
	if left != 2 {
		t.Errorf("%d were left behind", left)
	}
}
