package sock

import "golang.org/x/sys/unix"

// over reports whether the peer has closed its side, or the connection is reset.
func over(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	for {
		n, err := unix.Poll(fds[:], 0)
		if err != unix.EINTR {
			return n > 0 || err != nil
		}
	}
}
