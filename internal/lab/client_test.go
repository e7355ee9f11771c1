package lab

import (
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestThreadsComeHome keeps so many threads in another network that the first one of
// the process is among them, and then asks it where it is.
func TestThreadsComeHome(t *testing.T) {
	cmd := exec.Command("cat")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		skip(t, "needs root, for a network of its own: "+err.Error())
	}
	defer cmd.Wait()
	defer hold.Close()
	away, err := os.Open("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	home := network(t)
	const threads = 64
	var all, in sync.WaitGroup
	in.Add(threads)
	first := false
	for range threads {
		all.Go(func() {
			err := inside(int(away.Fd()), func() error {
				if unix.Gettid() == os.Getpid() {
					first = true
				}
				in.Done()
				in.Wait()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if now := network(t); now != home {
		t.Errorf("the first thread stayed in %s, away from %s", now, home)
	}
	if !first {
		t.Log("the first thread was not among them")
	}
}

// network is that of the first thread.
func network(t *testing.T) string {
	t.Helper()
	name, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return name
}
