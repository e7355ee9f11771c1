package upstream

import "golang.org/x/sys/unix"

// readable reports whether a socket has something to read: bytes, the end, or an
// error. On an idle connection each of them means that it must not be used.
func readable(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
	for {
		n, err := unix.Poll(fds[:], 0)
		if err == unix.EINTR {
			continue
		}
		return n != 0 || err != nil
	}
}
