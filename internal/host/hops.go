package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Hop is what came back to a connect whose packets may pass only so many routers.
type Hop struct {
	TTL    int    `json:"ttl"`
	Router string `json:"router,omitempty"` // who sent an ICMP message back; empty: nobody
	Says   string `json:"says,omitempty"`   // "time exceeded", "unreachable, code 1"; empty: nothing came back
	End    bool   `json:"end,omitempty"`    // the address itself answered
}

// HopsMost is how many routers are looked for, and so how many SYNs are sent.
const HopsMost = 16

// hopsWait is how long answers are waited for: a router answers as soon as it
// throws a packet away.
const hopsWait = time.Second

// Hops sends one SYN each for 1 to HopsMost routers to a TCP address, all at once,
// and reads which router threw it away (ICMP "time exceeded", RFC 792), from the
// error queue of the socket (IP_RECVERR of ip(7)): that needs no privilege. A
// connection that is made is closed at once, without a byte.
func (v *View) Hops(ctx context.Context, address string) ([]Hop, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("cannot follow the way to %q: %w", address, err)
	}
	var hops []Hop
	err = v.inside(func() error {
		hops, err = followHops(ctx, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()))
		return err
	})
	return hops, err
}

func followHops(ctx context.Context, to netip.AddrPort) ([]Hop, error) {
	hops := make([]Hop, HopsMost)
	polls := make([]unix.PollFd, 0, HopsMost)
	defer func() {
		for _, p := range polls {
			if p.Fd >= 0 {
				unix.Close(int(p.Fd))
			}
		}
	}()
	for i := range hops {
		hops[i].TTL = i + 1
		fd, err := beginHop(to, i+1)
		if err != nil {
			return nil, fmt.Errorf("cannot follow the way to %s: %w", to, err)
		}
		polls = append(polls, unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT | unix.POLLERR})
	}
	end := time.Now().Add(hopsWait)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	for left := HopsMost; left > 0; {
		wait := time.Until(end)
		if wait <= 0 || ctx.Err() != nil {
			return hops, nil
		}
		n, err := unix.Poll(polls, int(min(wait, 100*time.Millisecond)/time.Millisecond)+1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return nil, fmt.Errorf("cannot wait for routers: %w", err)
		}
		for i := range polls {
			if n <= 0 || polls[i].Revents == 0 || polls[i].Fd < 0 {
				continue
			}
			hops[i].read(int(polls[i].Fd))
			unix.Close(int(polls[i].Fd))
			polls[i].Fd = -1 // poll(2) passes over it
			left--
		}
	}
	return hops, nil
}

// beginHop sends a SYN that passes ttl routers at most.
func beginHop(to netip.AddrPort, ttl int) (int, error) {
	family, level, hopLimit, queue := unix.AF_INET, unix.IPPROTO_IP, unix.IP_TTL, unix.IP_RECVERR
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: int(to.Port()), Addr: [4]byte{}}
	if to.Addr().Is4() {
		sa = &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	} else {
		family, level, hopLimit, queue = unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, unix.IPV6_RECVERR
		sa = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	for _, o := range []struct{ name, value int }{{hopLimit, ttl}, {queue, 1}} {
		if err := unix.SetsockoptInt(fd, level, o.name, o.value); err != nil {
			unix.Close(fd)
			return -1, err
		}
	}
	if err := unix.Connect(fd, sa); err != nil && !errors.Is(err, unix.EINPROGRESS) && !errors.Is(err, unix.ECONNREFUSED) {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// read takes what became of a SYN: the router's message, or the address's answer.
func (h *Hop) read(fd int) {
	oob := make([]byte, 512)
	_, n, _, _, err := unix.Recvmsg(fd, make([]byte, 64), oob, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err == nil {
		h.readQueue(oob[:n])
	}
	if h.Says != "" {
		return
	}
	if errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil {
		// A connection, or a reset: the address itself is there.
		h.End = errno == 0 || unix.Errno(errno) == unix.ECONNREFUSED
	}
}

// icmpOrigin says that the message came as ICMP or ICMPv6 (linux/errqueue.h).
const (
	originICMP  = 2
	originICMP6 = 3
)

// readQueue reads struct sock_extended_err and the address of who sent it, which
// stands right behind (SO_EE_OFFENDER).
func (h *Hop) readQueue(oob []byte) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	const size = int(unsafe.Sizeof(unix.SockExtendedErr{}))
	for _, m := range messages {
		if len(m.Data) < size+8 {
			continue
		}
		origin, kind, code := m.Data[4], m.Data[5], m.Data[6]
		from := m.Data[size:]
		var router netip.Addr
		switch {
		case origin == originICMP && binary.NativeEndian.Uint16(from) == unix.AF_INET:
			router = netip.AddrFrom4([4]byte(from[4:8]))
		case origin == originICMP6 && binary.NativeEndian.Uint16(from) == unix.AF_INET6 && len(from) >= 24:
			router = netip.AddrFrom16([16]byte(from[8:24]))
		default:
			continue
		}
		h.Router = router.String()
		// RFC 792 type 11, RFC 4443 type 3.
		if origin == originICMP && kind == 11 || origin == originICMP6 && kind == 3 {
			h.Says = "time exceeded"
		} else {
			h.Says = fmt.Sprintf("unreachable, code %d", code)
		}
		return
	}
}
