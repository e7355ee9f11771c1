package sock

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Unpaced takes congestion control from a socket that is about to connect to this
// host, or to listen for it alone; it is a Control of net.Dialer and net.ListenConfig.
// A loopback interface has no congestion, but where BBR is the system's choice the
// packets of a large body wait for a timer each. Reno, which every kernel has and every
// user may choose, paces nothing. It must be chosen before the connection exists: a
// socket that BBR has once taken is paced to its end (net/ipv4/tcp_bbr.c, bbr_init).
func Unpaced(network, address string, c syscall.RawConn) error {
	if a, err := netip.ParseAddrPort(address); err != nil || !a.Addr().Unmap().IsLoopback() {
		return nil
	}
	return c.Control(func(fd uintptr) {
		// Where it may not be chosen the system's choice works as well.
		unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
	})
}
