package upstream

import (
	"time"

	"golang.org/x/sys/unix"
)

// resetWait is how long the reset of a closed connection is waited for, at least.
const resetWait = 20 * time.Millisecond

// neverRead reports whether it is proved that the server's application has read
// nothing of the sent bytes, the last ones that were written to c, whose answer is
// the end of the connection. RFC 9110 section 9.2.2 forbids a proxy to repeat what is
// not idempotent, and lets a client whose means detect that it was never applied. A
// request that never arrived has not been made: to make it elsewhere repeats nothing.
//
// The proof has three parts. The end was a FIN, which the caller saw as io.EOF: each
// segment carries how far its sender's kernel had received (ACK, RFC 9293 section
// 3.10.7.4), and the FIN did not acknowledge one byte of the request, so that the
// server had closed before the request was there. Nor was a byte acknowledged
// later, as a server would that closed only its own direction and reads on. And a
// reset answered the bytes: the socket is nobody's any more (tcp_rcv_state_process
// and tcp_reset of net/ipv4/tcp_input.c).
//
// A reset without a FIN proves nothing: a kernel that ends a process resets what
// the process had not read, an application that lingers for 0 s resets what it has
// read, and in both the acknowledgement may have been on its way.
func (c *conn) neverRead(sent int64) bool {
	if c.raw == nil || c.tls != nil || sent <= 0 {
		return false
	}
	c.base.SetReadDeadline(time.Now().Add(resetWait))
	proved := false
	look := func(fd uintptr) (done bool) {
		out, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil || int64(out) != sent {
			return true // acknowledged, or no TCP
		}
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return true
		}
		proved = info.State == tcpClose
		return proved
	}
	if err := c.raw.Read(look); err != nil && timeout(err) {
		c.raw.Control(func(fd uintptr) { look(fd) })
	}
	return proved
}

// tcpClose is TCP_CLOSE of include/net/tcp_states.h: a socket that was reset.
const tcpClose = 7
