package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// message is one netlink message without its header.
type message struct {
	kind uint16
	body []byte // valid until the visit returns
}

// netlinkBuffer is how much of a dump is taken at once: the kernel fills up to
// 32 KiB per message block where the reader offers it.
const netlinkBuffer = 64 << 10

// ask sends one request in the view's network namespace and hands every message
// of the answer to visit. The socket is made inside the namespace and belongs to
// it for good. The kernel's refusal is returned as its errno.
func (v *View) ask(ctx context.Context, protocol int, kind, flags uint16, body []byte, visit func(message) error) error {
	fd := -1
	err := v.inside(func() (err error) {
		fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot open a netlink socket: %w", err)
	}
	defer unix.Close(fd)
	tv := unix.NsecToTimeval(int64(patience))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return fmt.Errorf("cannot bound a netlink read: %w", err)
	}
	const sequence = 1
	if err := unix.Sendto(fd, request(kind, flags|unix.NLM_F_REQUEST, sequence, body), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("cannot ask netlink: %w", err)
	}
	dump := flags&unix.NLM_F_DUMP == unix.NLM_F_DUMP
	return receive(ctx, fd, sequence, dump, visit)
}

func receive(ctx context.Context, fd int, sequence uint32, dump bool, visit func(message) error) error {
	buf := make([]byte, netlinkBuffer)
	end := time.Now().Add(10 * patience)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot read from netlink: %w", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(end) {
			return fmt.Errorf("cannot read from netlink: the answer does not end: %w", unix.ETIMEDOUT)
		}
		done, err := messages(buf[:n], sequence, visit)
		if done || err != nil || !dump {
			return err
		}
	}
}

// request encodes a netlink message.
func request(kind, flags uint16, sequence uint32, body []byte) []byte {
	b := make([]byte, 0, unix.SizeofNlMsghdr+len(body))
	b = binary.NativeEndian.AppendUint32(b, uint32(unix.SizeofNlMsghdr+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, sequence)
	b = binary.NativeEndian.AppendUint32(b, 0)
	return append(b, body...)
}

var errShort = errors.New("the kernel's message is cut short")

// messages takes a block apart. done says that the answer ends with it.
func messages(b []byte, sequence uint32, visit func(message) error) (done bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return true, errShort
		}
		m := message{kind: binary.NativeEndian.Uint16(b[4:]), body: b[unix.SizeofNlMsghdr:size]}
		mine := binary.NativeEndian.Uint32(b[8:]) == sequence
		b = b[min(align4(size), len(b)):]
		if !mine {
			continue
		}
		switch m.kind {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			return true, errnoOf(m.body)
		case unix.NLMSG_NOOP, unix.NLMSG_OVERRUN:
		default:
			if err := visit(m); err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

// errnoOf returns what NLMSG_ERROR or NLMSG_DONE carries: a negative errno, or 0.
func errnoOf(b []byte) error {
	if len(b) < 4 {
		return nil
	}
	if n := int32(binary.NativeEndian.Uint32(b)); n < 0 && n > -4096 {
		return unix.Errno(-n)
	}
	return nil
}

func align4(n int) int { return (n + 3) &^ 3 }

// attributes hands every attribute of a message to visit, without the flags that
// stand in its type (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
func attributes(b []byte, visit func(kind uint16, value []byte)) {
	for len(b) >= unix.SizeofRtAttr {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			return
		}
		visit(binary.NativeEndian.Uint16(b[2:])&0x3fff, b[unix.SizeofRtAttr:size])
		b = b[min(align4(size), len(b)):]
	}
}

// attribute encodes one attribute.
func attribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
