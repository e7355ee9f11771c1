package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dial connects from inside the view: "tcp", "tcp4", "tcp6" and "udp" leave from
// its network namespace, "unix" takes a path below its root, of any length, or
// "@" and an abstract name of its network namespace. An address in another
// namespace must be numeric: names are resolved by who knows how the gateway
// resolves them.
func (v *View) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return v.DialFrom(ctx, network, "", address)
}

// DialFrom is Dial with a local IP address to leave from; "" leaves the choice to
// the kernel.
func (v *View) DialFrom(ctx context.Context, network, local, address string) (net.Conn, error) {
	return v.dial(ctx, net.Dialer{KeepAlive: -1}, network, local, address)
}

// DialSmall is Dial with a bound on the segments of a TCP connection, both ways:
// the peer is told of it in our SYN (TCP_MAXSEG of tcp(7)). So a hop that loses
// large packets and says nothing can be told from a peer that does not answer.
func (v *View) DialSmall(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) (err error) {
		if e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, SmallSegment) }); e != nil {
			return e
		}
		return err
	}}
	return v.dial(ctx, d, network, "", address)
}

// SmallSegment is the bound of DialSmall in bytes: what every host takes whole
// (RFC 9293 section 3.7.1).
const SmallSegment = 536

func (v *View) dial(ctx context.Context, d net.Dialer, network, local, address string) (net.Conn, error) {
	if network == "unix" && !strings.HasPrefix(address, "@") {
		return v.dialPath(ctx, address)
	}
	if local != "" {
		ip, err := netip.ParseAddr(local)
		if err != nil {
			return nil, fmt.Errorf("cannot dial from %q: %w", local, err)
		}
		if strings.HasPrefix(network, "udp") {
			d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
		} else {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
		}
	}
	if v.shut != nil {
		return nil, v.shut
	}
	if v.net < 0 {
		return d.DialContext(ctx, network, address)
	}
	if network != "unix" {
		if _, err := netip.ParseAddrPort(address); err != nil {
			return nil, fmt.Errorf("cannot dial %q in another network namespace: %w", address, err)
		}
	}
	var conn net.Conn
	err := v.inside(func() (err error) {
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// dialPath connects to a unix socket below the view's root. The socket's inode
// is opened first and connected to through /proc/self/fd, so that neither a link
// leaves the root nor the 108 bytes of sun_path bound the path. Errors are those
// of a connect to the path itself.
func (v *View) dialPath(ctx context.Context, path string) (net.Conn, error) {
	fail := func(err error) error {
		var errno unix.Errno
		if errors.As(err, &errno) {
			err = os.NewSyscallError("connect", errno)
		}
		return &net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: path, Net: "unix"}, Err: err}
	}
	fd, err := within(ctx, &v.hung, "socket "+path, func() (int, error) { return v.open(path, unix.O_PATH) })
	if err != nil {
		return nil, fail(err)
	}
	defer unix.Close(fd)
	d := net.Dialer{}
	conn, err := d.DialContext(ctx, "unix", "/proc/self/fd/"+strconv.Itoa(fd))
	if err != nil {
		return nil, fail(err)
	}
	return conn, nil
}

// inside runs f in the view's network namespace, on a thread of its own. The
// thread goes back to where it was; if it cannot, it ends with the goroutine
// that holds it.
func (v *View) inside(f func() error) error {
	if v.shut != nil {
		return v.shut
	}
	if v.net < 0 {
		return f()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("cannot open the network namespace of a thread: %w", err)
			return
		}
		defer unix.Close(home)
		if err := unix.Setns(v.net, unix.CLONE_NEWNET); err != nil {
			runtime.UnlockOSThread()
			done <- denied("network of "+v.ID(), fmt.Errorf("cannot enter the network namespace: %w", err))
			return
		}
		err = f()
		// A goroutine that ends while it holds its thread takes the thread with it.
		if unix.Setns(home, unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}
