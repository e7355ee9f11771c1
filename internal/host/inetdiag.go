package host

import (
	"context"
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// The kernel's include/uapi/linux/inet_diag.h and tcp_states.h.
const (
	inetDiagSKV6Only = 11 // INET_DIAG_SKV6ONLY

	bytecodeAttribute = 1  // INET_DIAG_REQ_BYTECODE
	opJump            = 1  // INET_DIAG_BC_JMP
	opSource          = 7  // INET_DIAG_BC_S_COND
	opDestination     = 8  // INET_DIAG_BC_D_COND
	stateListen       = 10 // TCP_LISTEN
	sizeofDiagMessage = 72 // struct inet_diag_msg
)

// tcpStates names the states of tcp_states.h as ss does.
var tcpStates = [...]string{
	1: "established", 2: "syn-sent", 3: "syn-recv", 4: "fin-wait-1", 5: "fin-wait-2", 6: "time-wait", 7: "close",
	8: "close-wait", 9: "last-ack", stateListen: "listen", 11: "closing", 12: "syn-recv",
}

func tcpState(n uint8) string {
	if int(n) < len(tcpStates) {
		return tcpStates[n]
	}
	return ""
}

// diagSocket is one row of the kernel's TCP table.
type diagSocket struct {
	state    uint8
	retries  uint8
	local    netip.AddrPort
	remote   netip.AddrPort
	device   int
	receive  uint32 // a listener: connections that wait
	send     uint32 // a listener: how many may wait
	uid      uint32
	inode    uint64
	v6only   bool
	v6known  bool
	protocol uint8 // address family
}

// dumpTCP hands every TCP socket in one of the states to visit. The states are a
// set of bits. port, where it is not 0, is the local or remote port that the
// kernel is to filter by.
func (v *View) dumpTCP(ctx context.Context, states uint32, port uint16, visit func(diagSocket)) error {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		err := v.ask(ctx, unix.NETLINK_SOCK_DIAG, unix.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP, diagRequest(family, states, port), func(m message) error {
			if s, ok := parseDiag(m.body); ok {
				visit(s)
			}
			return nil
		})
		// A kernel without IPv6 has no handler for the family.
		if err != nil && (family == unix.AF_INET || !isErrno(err, unix.ENOENT)) {
			return err
		}
	}
	return nil
}

// diagRequest encodes struct inet_diag_req_v2 and the filter.
func diagRequest(family uint8, states uint32, port uint16) []byte {
	b := make([]byte, 56)
	b[0], b[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], states)
	if port == 0 {
		return b
	}
	return attribute(b, bytecodeAttribute, portFilter(port))
}

// portFilter is the program "source port is port, or destination port is port"
// of struct inet_diag_bc_op and inet_diag_hostcond. The kernel checks a program
// by walking along its yes jumps, so each of them leads to the next operation,
// and a jump stands between the two conditions, as in iproute2.
func portFilter(port uint16) []byte {
	const op, cond = 4, 8
	b := make([]byte, 0, 2*(op+cond)+op)
	condition := func(code uint8) {
		b = append(b, code, op+cond)
		b = binary.NativeEndian.AppendUint16(b, op+cond+op)
		b = append(b, 0 /* any family */, 0 /* any address */, 0, 0)
		b = binary.NativeEndian.AppendUint32(b, uint32(port))
	}
	condition(opSource)
	b = append(b, opJump, op)
	b = binary.NativeEndian.AppendUint16(b, op+op+cond)
	condition(opDestination)
	return b
}

// parseDiag reads struct inet_diag_msg and the attributes behind it.
func parseDiag(b []byte) (s diagSocket, ok bool) {
	if len(b) < sizeofDiagMessage {
		return s, false
	}
	s = diagSocket{
		protocol: b[0], state: b[1], retries: b[3],
		local:   diagAddress(b[0], b[8:24], b[4:6]),
		remote:  diagAddress(b[0], b[24:40], b[6:8]),
		device:  int(binary.NativeEndian.Uint32(b[40:])),
		receive: binary.NativeEndian.Uint32(b[56:]),
		send:    binary.NativeEndian.Uint32(b[60:]),
		uid:     binary.NativeEndian.Uint32(b[64:]),
		inode:   uint64(binary.NativeEndian.Uint32(b[68:])),
	}
	attributes(b[sizeofDiagMessage:], func(kind uint16, value []byte) {
		if kind == inetDiagSKV6Only && len(value) > 0 {
			s.v6only, s.v6known = value[0] != 0, true
		}
	})
	return s, true
}

// diagAddress reads an address and a port in network byte order. IPv4 addresses
// mapped into IPv6 are returned as IPv4.
func diagAddress(family uint8, addr, port []byte) netip.AddrPort {
	var ip netip.Addr
	if family == unix.AF_INET {
		ip = netip.AddrFrom4([4]byte(addr))
	} else {
		ip = netip.AddrFrom16([16]byte(addr)).Unmap()
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(port))
}
