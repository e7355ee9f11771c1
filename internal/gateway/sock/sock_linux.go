//go:build !race

package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const supported = true

const raced = false

// receive reads what is there. The calls below are made raw: MSG_DONTWAIT makes
// them return at once whatever the socket's mode, so no thread can be blocked in
// them for longer than copying the bytes takes. Memory that is passed stays where
// it is: b is reachable by its caller and Go's heap does not move, and a stack does
// not while the pointer is an argument of the call (unsafe.Pointer, rule 4).
func receive(fd uintptr, b []byte, peek bool) (int, syscall.Errno) {
	flags := uintptr(unix.MSG_DONTWAIT)
	if peek {
		flags |= unix.MSG_PEEK
	}
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
		if errno != syscall.EINTR {
			if errno != 0 {
				return 0, errno
			}
			return int(n), 0
		}
	}
}

// most is how much is handed to the kernel at once: a call that copies more is
// nothing that the scheduler should not know of.
const most = 256 << 10

// send writes what fits of a and then b.
func send(fd uintptr, a, b []byte) (int, syscall.Errno) {
	const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	if len(a) == 0 {
		a, b = b, nil
	}
	if len(a) > most {
		a, b = a[:most], nil // b must not overtake the rest of a
	}
	for {
		var n uintptr
		var errno syscall.Errno
		if len(b) == 0 {
			n, _, errno = syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(len(a)), flags, 0, 0)
		} else {
			var parts [2]unix.Iovec
			parts[0].Base, parts[1].Base = unsafe.SliceData(a), unsafe.SliceData(b)
			parts[0].SetLen(len(a))
			parts[1].SetLen(min(len(b), most))
			message := unix.Msghdr{Iov: &parts[0]}
			message.SetIovlen(2)
			n, _, errno = syscall.RawSyscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&message)), flags)
		}
		if errno != syscall.EINTR {
			if errno != 0 {
				return 0, errno
			}
			return int(n), 0
		}
	}
}
