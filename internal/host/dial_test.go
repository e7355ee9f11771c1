package host

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDialSmallBoundsThePeer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v, err := selfPlace().Open()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	c, err := v.DialSmall(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	raw, err := peer.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if err := raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG) }); err != nil {
		t.Fatal(err)
	}
	if err != nil || size == 0 || size > SmallSegment {
		t.Errorf("the peer sends segments of %d bytes, %v", size, err)
	}
}
