package host

import (
	"context"
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// The kernel's include/uapi/linux/unix_diag.h.
const (
	showName        = 0x01
	showInode       = 0x02
	showPeer        = 0x04
	showWaiting     = 0x08 // UDIAG_SHOW_ICONS
	showQueues      = 0x10
	showUID         = 0x40
	unixName        = 0
	unixInode       = 1 // UNIX_DIAG_VFS: struct unix_diag_vfs {ino, dev}
	unixPeer        = 2
	unixWaiting     = 3
	unixQueues      = 4
	unixUID         = 7
	sizeofUnixDiag  = 16
	unixEstablished = 1
)

// unixSocket is one row of the kernel's table of unix sockets.
type unixSocket struct {
	kind    uint8 // SOCK_STREAM, …
	state   uint8
	inode   uint64
	name    string   // path as its maker spelled it, "@name" for an abstract one
	peer    uint64   // inode of the other end
	waiting []uint64 // a listener: inodes of the ends that wait to be accepted
	receive uint32   // a listener: connections that wait; else bytes unread
	send    uint32   // a listener: how many may wait
	uid     int
	file    uint32 // inode of the file at the path
	device  uint32 // of the file at the path, as the kernel writes it (MKDEV)
}

// dumpUnix hands every unix socket in one of the states to visit.
func (v *View) dumpUnix(ctx context.Context, states uint32, visit func(unixSocket)) error {
	b := make([]byte, 24) // struct unix_diag_req
	b[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(b[4:], states)
	binary.NativeEndian.PutUint32(b[12:], showName|showInode|showPeer|showWaiting|showQueues|showUID)
	return v.ask(ctx, unix.NETLINK_SOCK_DIAG, unix.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP, b, func(m message) error {
		if s, ok := parseUnixDiag(m.body); ok {
			visit(s)
		}
		return nil
	})
}

// parseUnixDiag reads struct unix_diag_msg and the attributes behind it.
func parseUnixDiag(b []byte) (s unixSocket, ok bool) {
	if len(b) < sizeofUnixDiag {
		return s, false
	}
	s = unixSocket{kind: b[1], state: b[2], inode: uint64(binary.NativeEndian.Uint32(b[4:])), uid: -1}
	attributes(b[sizeofUnixDiag:], func(kind uint16, value []byte) {
		switch {
		case kind == unixName && len(value) > 0:
			s.name = unixNameOf(value)
		case kind == unixInode && len(value) >= 8:
			s.file, s.device = binary.NativeEndian.Uint32(value), binary.NativeEndian.Uint32(value[4:])
		case kind == unixPeer && len(value) >= 4:
			s.peer = uint64(binary.NativeEndian.Uint32(value))
		case kind == unixWaiting:
			for ; len(value) >= 4; value = value[4:] {
				s.waiting = append(s.waiting, uint64(binary.NativeEndian.Uint32(value)))
			}
		case kind == unixQueues && len(value) >= 8:
			s.receive, s.send = binary.NativeEndian.Uint32(value), binary.NativeEndian.Uint32(value[4:])
		case kind == unixUID && len(value) >= 4:
			s.uid = int(binary.NativeEndian.Uint32(value))
		}
	})
	return s, true
}

// unixNameOf spells sun_path: an abstract name begins with NUL and may hold
// anything; a path ends at its first NUL.
func unixNameOf(b []byte) string {
	if b[0] == 0 {
		return "@" + printable(string(b[1:]), 4096)
	}
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return printable(string(b), 4096)
}

func isErrno(err error, want unix.Errno) bool { return errors.Is(err, want) }
