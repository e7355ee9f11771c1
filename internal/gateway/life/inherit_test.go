package life

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestInherit takes a socket as systemd hands it over: descriptor 3, and a process
// id that the shell knows only when it becomes the program.
func TestInherit(t *testing.T) {
	if os.Getenv("GOODGATE_INHERIT") != "" {
		list, err := inherit(os.LookupEnv)
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %v", list, err)
		}
		l, err := list.open(os.Getenv("GOODGATE_INHERIT"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("taken"))
		c.Close()
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -test.run '^TestInherit$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "GOODGATE_INHERIT="+l.Addr().String())
	cmd.ExtraFiles = []*os.File{f}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 5)
	if n, err := c.Read(b); err != nil || string(b[:n]) != "taken" {
		t.Errorf("%q %v", b[:n], err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, out.String())
	}
}
