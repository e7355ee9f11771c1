package host

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// A service with a private /tmp (systemd's PrivateTmp) does not see the socket
// that everybody else sees at the same path, and the other way round.
func TestPrivateFolder(t *testing.T) {
	needRoot(t)
	dir := shortDir(t)
	path := filepath.Join(dir, "app.sock")
	cmd, line := start(t, exec.Command("sh", "-ec", "mount --make-rprivate /; mount -t tmpfs none "+dir+"; echo ready; exec cat"), &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS})
	if line != "ready" {
		t.Fatal(line)
	}
	v := open(t, cmd.Process.Pid)
	if v.Place().OwnMount || !v.Place().OwnNet {
		t.Fatalf("place %+v", v.Place())
	}
	outer := listen(t, "unix", path)
	who := Identity{UID: os.Getuid(), GID: os.Getgid()}
	if got, err := Self().UnixPath(t.Context(), path, who); err != nil || !got.IsSocket || !*got.Listens {
		t.Errorf("outside: %+v, %v", got, err)
	}
	if got, err := v.UnixPath(t.Context(), path, who); err != nil || got.Missing != path || *got.Listens {
		t.Errorf("inside: %+v, %v", got, err)
	}
	if _, err := v.Dial(t.Context(), "unix", path); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("inside: %v", err)
	}
	// Now a socket of the same name is inside, on which nobody listens.
	inner, err := net.Listen("unix", "/proc/self/root"+path)
	if err == nil {
		_ = inner.Close()
		t.Fatal("the path is taken outside")
	}
	in, err := net.Listen("unix", filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "root", path))
	must(t, err)
	in.(*net.UnixListener).SetUnlinkOnClose(false)
	if got, err := v.UnixPath(t.Context(), path, who); err != nil || !got.IsSocket || !*got.Listens || got.Listener.Inode == 0 {
		t.Errorf("inside, listening: %+v, %v", got, err)
	}
	must(t, in.Close())
	if got, err := v.UnixPath(t.Context(), path, who); err != nil || !got.IsSocket || *got.Listens {
		t.Errorf("inside, stale: %+v, %v", got, err)
	}
	if _, err := v.Dial(t.Context(), "unix", path); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("inside, stale: %v", err)
	}
	c, err := Self().Dial(t.Context(), "unix", path)
	must(t, err)
	_ = c.Close()
	_ = outer.Close()
}
