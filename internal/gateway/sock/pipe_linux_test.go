package sock

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestPipeWithLeftovers: a transfer that broke off in the middle keeps no descriptors until
// the next collection.
func TestPipeWithLeftovers(t *testing.T) {
	p, err := NewPipe()
	if err != nil {
		t.Fatal(err)
	}
	a, b := both(t, "tcp")
	a.Write([]byte("left"))
	if n, err := New(b).ReadTo(p, 4); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	p.Close()
	for _, fd := range []int{p.r, p.w} {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
			t.Errorf("descriptor %d: %v", fd, err)
		}
	}
}
