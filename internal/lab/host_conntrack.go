package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// tracked returns how many connections a network namespace may track; 0 where
// none is. The number is the host's, and only the count is a namespace's own
// (nf_conntrack_standalone.c): what fills a table must be that many entries.
func tracked() int {
	b, err := os.ReadFile("/proc/sys/net/netfilter/nf_conntrack_max")
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// trackedMost is up to which size a table is filled: an entry takes 320 bytes of
// the kernel's memory.
const trackedMost = 300_000

// Track makes the machine's kernel track connections, all but those to a port.
func (b *Bench) Track(n *namespace, except int) {
	enter := b.enter
	if n != nil {
		enter = n.enter
	}
	was := b.enter
	b.enter = enter
	defer func() { b.enter = was }()
	b.run("nft", "add table inet lab")
	for _, hook := range []string{"prerouting", "output"} {
		b.run("nft", fmt.Sprintf("add chain inet lab raw_%s { type filter hook %s priority raw; policy accept; }", hook, hook))
		for _, side := range []string{"sport", "dport"} {
			b.run("nft", fmt.Sprintf("add rule inet lab raw_%s tcp %s %d notrack", hook, side, except))
		}
	}
	b.run("nft", "add chain inet lab in { type filter hook input priority filter; policy accept; }")
	b.run("nft", "add rule inet lab in ct state new counter accept")
}

// FillTable fills the connection tracking table of a machine with established
// connections between addresses of documentation (RFC 5737), as ctnetlink lets
// root do, until the kernel refuses one more.
func (b *Bench) FillTable(netns int) {
	if b.err != nil {
		return
	}
	if err := inside(netns, func() error { return fillTable(tracked()) }); err != nil {
		b.fail("cannot fill the connection tracking table: %w", err)
	}
}

func fillTable(size int) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
		return err
	}
	answer := make([]byte, 64<<10)
	const batch = 100
	for at := 0; at < size+2*batch; at += batch {
		var messages []byte
		for i := range batch {
			// The kernel answers the last one, and any that it refuses.
			messages = append(messages, newEntry(uint32(at+i), i == batch-1)...)
		}
		if err := unix.Sendto(fd, messages, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		full, err := refused(fd, answer, uint32(at+batch-1))
		if full {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return errors.New("it takes more than it should")
}

// refused reads answers up to the one with the number last, and reports whether
// the kernel said that it has no room.
func refused(fd int, buf []byte, last uint32) (full bool, err error) {
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			return full, err
		}
		for b := buf[:n]; len(b) >= 20; {
			size := int(binary.NativeEndian.Uint32(b))
			if size < 20 || size > len(b) {
				return full, errors.New("the kernel's answer is cut")
			}
			if binary.NativeEndian.Uint16(b[4:]) == unix.NLMSG_ERROR {
				switch errno := unix.Errno(-int32(binary.NativeEndian.Uint32(b[16:]))); errno {
				case 0:
				case unix.ENOMEM, unix.ENFILE, unix.ENOSPC:
					full = true
				default:
					return full, errno
				}
			}
			if binary.NativeEndian.Uint32(b[8:]) == last {
				return full, nil
			}
			b = b[min(len(b), (size+3)&^3):]
		}
	}
}

// Messages of ctnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h).
const (
	ctNew             = unix.NFNL_SUBSYS_CTNETLINK<<8 | 0 // IPCTNL_MSG_CT_NEW
	ctTupleOrig       = 1
	ctTupleReply      = 2
	ctStatus          = 3
	ctProtoinfo       = 4
	ctTimeout         = 7
	ctNested          = 0x8000
	ctSeenConfirmed   = 1<<1 | 1<<2 | 1<<3 // seen reply, assured, confirmed
	ctTCPEstablished  = 3
	ctEntrySeconds    = 3600
	entriesPerAddress = 50_000
)

// newEntry is the request for one entry, the n-th.
func newEntry(n uint32, confirm bool) []byte {
	from, to := [4]byte{198, 51, 100, byte(1 + n/entriesPerAddress)}, [4]byte{203, 0, 113, 9}
	port := uint16(10_000 + n%entriesPerAddress)
	tuple := func(kind uint16, src, dst [4]byte, sport, dport uint16) []byte {
		ip := append(attribute(1, src[:]), attribute(2, dst[:])...)
		proto := append(attribute(1, []byte{unix.IPPROTO_TCP}), attribute(2, binary.BigEndian.AppendUint16(nil, sport))...)
		proto = append(proto, attribute(3, binary.BigEndian.AppendUint16(nil, dport))...)
		return attribute(kind|ctNested, append(attribute(1|ctNested, ip), attribute(2|ctNested, proto)...))
	}
	body := []byte{unix.AF_INET, 0, 0, 0} // nfgenmsg
	body = append(body, tuple(ctTupleOrig, from, to, port, 5432)...)
	body = append(body, tuple(ctTupleReply, to, from, 5432, port)...)
	body = append(body, attribute(ctStatus, binary.BigEndian.AppendUint32(nil, ctSeenConfirmed))...)
	body = append(body, attribute(ctTimeout, binary.BigEndian.AppendUint32(nil, ctEntrySeconds))...)
	body = append(body, attribute(ctProtoinfo|ctNested, attribute(1|ctNested, attribute(1, []byte{ctTCPEstablished})))...)
	flags := unix.NLM_F_REQUEST | unix.NLM_F_CREATE | unix.NLM_F_EXCL
	if confirm {
		flags |= unix.NLM_F_ACK
	}
	head := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	head = binary.NativeEndian.AppendUint16(head, ctNew)
	head = binary.NativeEndian.AppendUint16(head, uint16(flags))
	head = binary.NativeEndian.AppendUint32(head, n)
	head = binary.NativeEndian.AppendUint32(head, 0)
	return append(head, body...)
}

// attribute writes a netlink attribute, padded to four bytes.
func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
