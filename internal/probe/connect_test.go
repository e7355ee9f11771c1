package probe

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestConnect(t *testing.T) {
	open := raw(t, func(c *net.TCPConn) {})
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	for _, c := range []struct {
		name, network, address, errno string
	}{
		{"something listens", "tcp", open, ""},
		{"nothing listens", "tcp", port(t), "ECONNREFUSED"},
		{"no socket", "unix", filepath.Join(dir, "none.sock"), "ENOENT"},
		{"a socket without listener", "unix", stale, "ECONNREFUSED"},
	} {
		got := Connect(t.Context(), direct, c.network, c.address)
		if got.Errno != c.errno || got.OK != (c.errno == "") || !got.OK && got.Text == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.OK && (got.Local == "" || got.Remote != c.address) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestConnectToAFullQueue(t *testing.T) {
	// A unix listener whose queue is full answers EAGAIN to a socket that does not
	// block, as Go's and nginx's do.
	path := filepath.Join(t.TempDir(), "full.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if got := Connect(t.Context(), hold(t), "unix", path); got.Errno == "EAGAIN" {
			return
		}
	}
	t.Error("the queue took ten connections")
}

// hold dials and keeps the connection until the end of the test.
func hold(t *testing.T) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := direct(ctx, network, address)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { c.Close() })
		return open{c}, nil
	}
}

// open is a connection that Close leaves open.
type open struct{ net.Conn }

func (open) Close() error { return nil }

func TestErrno(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	wrap := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{wrap(os.NewSyscallError("connect", syscall.ETIMEDOUT)), "ETIMEDOUT"},
		{wrap(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "EHOSTUNREACH"},
		{wrap(os.NewSyscallError("socket", syscall.EMFILE)), "EMFILE"},
		{wrap(ctx.Err()), "timeout"},
		{os.ErrDeadlineExceeded, "timeout"},
		{context.Canceled, "cancelled"},
		{errRefusedToDial, ""},
		{nil, ""},
	} {
		if got := errno(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestConnectKeepsTheDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got := Connect(ctx, func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}, "tcp", "192.0.2.1:80")
	if got.OK || got.Errno != "timeout" {
		t.Errorf("%+v", got)
	}
}
