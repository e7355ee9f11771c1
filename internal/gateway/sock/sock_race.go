//go:build race && linux

package sock

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

const supported = true

const raced = true

// The race detector must see the bytes that the kernel reads and writes, and so
// package unix makes the calls.

func receive(fd uintptr, b []byte, peek bool) (int, syscall.Errno) {
	flags := unix.MSG_DONTWAIT
	if peek {
		flags |= unix.MSG_PEEK
	}
	for {
		n, _, err := unix.Recvfrom(int(fd), b, flags)
		if errno := number(err); errno != syscall.EINTR {
			return max(n, 0), errno
		}
	}
}

func send(fd uintptr, a, b []byte) (int, syscall.Errno) {
	both := append(append([]byte(nil), a...), b...)
	for {
		n, err := unix.SendmsgN(int(fd), both, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errno := number(err); errno != syscall.EINTR {
			return max(n, 0), errno
		}
	}
}

func number(err error) syscall.Errno {
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		return syscall.EIO
	}
	return errno
}
