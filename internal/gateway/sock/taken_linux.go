package sock

import "golang.org/x/sys/unix"

// Taken returns how many bytes the peer's host has acknowledged (tcp_info's
// tcpi_bytes_acked, RFC 4898 tcpEStatsAppHCThruOctetsAcked). What was written and still
// stands in the kernel's buffer is not among them. ok is false for what is no TCP socket.
func (s *Conn) Taken() (n int64, ok bool) {
	if s.raw == nil {
		return 0, false
	}
	err := s.raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n, ok = int64(info.Bytes_acked), true
		}
	})
	return n, ok && err == nil
}
