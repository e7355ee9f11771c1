package sock

import (
	"context"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// congestion returns the congestion control of a socket.
func congestion(t *testing.T, c syscall.Conn) (name string) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { name, err = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION) })
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestUnpaced: both ends within the host have no pacing, and what is not of this
// host alone keeps the system's choice.
func TestUnpaced(t *testing.T) {
	listen := net.ListenConfig{Control: Unpaced}
	here, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	dialer := net.Dialer{Control: Unpaced}
	a, err := dialer.Dial("tcp", here.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := here.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, c := range []net.Conn{a, b} {
		if got := congestion(t, c.(syscall.Conn)); got != "reno" {
			t.Errorf("%s", got)
		}
	}
	all, err := listen.Listen(context.Background(), "tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	plain, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if got, want := congestion(t, all.(syscall.Conn)), congestion(t, plain.(syscall.Conn)); got != want {
		t.Errorf("%s, the system's is %s", got, want)
	}
}
