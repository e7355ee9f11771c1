package probe

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Kernel is what the kernel counts about one TCP connection of ours (TCP_INFO of
// tcp(7); include/uapi/linux/tcp.h says what each field is).
type Kernel struct {
	Resent  int     `json:"resent,omitempty"`  // segments that were sent again, SYN and FIN included
	Holes   int     `json:"holes,omitempty"`   // segments that came while one before them was missing
	Unacked int     `json:"unacked,omitempty"` // segments that the peer has not acknowledged
	RTT     float64 `json:"rtt,omitempty"`     // smoothed time to the peer and back, in seconds
	Segment int     `json:"segment,omitempty"` // bytes of the largest segment that it sends
}

// kernelOf asks about a connection; nil where it is no TCP, or closed.
func kernelOf(conn net.Conn) *Kernel {
	info := tcpInfo(conn)
	if info == nil {
		return nil
	}
	return &Kernel{
		Resent: int(info.Total_retrans), Holes: int(info.Rcv_ooopack), Unacked: int(info.Unacked),
		RTT: float64(info.Rtt) / 1e6, Segment: int(info.Snd_mss),
	}
}

func tcpInfo(conn net.Conn) (info *unix.TCPInfo) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	if _, ok := conn.(interface{ CloseWrite() error }); !ok || conn.LocalAddr() == nil || conn.LocalAddr().Network() != "tcp" {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	_ = raw.Control(func(fd uintptr) {
		if i, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			info = i
		}
	})
	return info
}

// Lost reports whether packets of the connection vanished after it was open: some
// were sent again, or came behind a hole. SYNs that were sent again are the
// caller's to take off.
func (k *Kernel) Lost(syns int) bool { return k != nil && (k.Resent > syns || k.Holes > 0) }
