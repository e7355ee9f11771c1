package host

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// register returns where a register lies in the 64 bytes: 1 to 4 have 16 bytes,
// 8 to 23 have 4 (enum nft_registers). Register 0 holds the verdict.
func register(n uint32) (at int, ok bool) {
	switch {
	case n >= 1 && n <= 4:
		return int(n-1) * 16, true
	case n >= 8 && n <= 23:
		return int(n-8) * 4, true
	}
	return 0, false
}

func (m *machine) knows(at, n int) bool {
	for i := at; i < at+n && i < len(m.known); i++ {
		if !m.known[i] {
			return false
		}
	}
	return at+n <= len(m.known)
}

// put stores what was loaded; a nil value is an unknown one of n bytes. As in the
// kernel, what is left of the last word is zero.
func (m *machine) put(at, n int, value []byte, means string) {
	n = min((n+3)&^3, len(m.data)-at)
	for i := range n {
		m.data[at+i], m.known[at+i] = 0, value != nil
		if i < len(value) {
			m.data[at+i] = value[i]
		}
	}
	m.means[at] = means
}

// load runs an instruction that fills a register. Where that is the register of
// the verdict, it returns the verdict.
func (m *machine) load(e expr) (verdict uint32, target string, ok bool) {
	switch e.name {
	case "immediate":
		data := dataOf(e.data, unix.NFTA_IMMEDIATE_DATA)
		if v := dataOf(data, dataVerdict); v != nil {
			verdict, target = verdictOf(v)
			return verdict, target, true
		}
		if at, ok := register(big32(dataOf(e.data, unix.NFTA_IMMEDIATE_DREG))); ok {
			value := dataOf(data, dataValue)
			m.put(at, len(value), value, "")
		}
	case "payload":
		m.payload(e)
	case "meta":
		m.meta(e)
	case "ct":
		m.track(e)
	case "bitwise":
		m.bitwise(e)
	case "byteorder":
		const destination, length = 2, 4 // NFTA_BYTEORDER_DREG, NFTA_BYTEORDER_LEN
		if at, ok := register(big32(dataOf(e.data, destination))); ok {
			m.put(at, int(big32(dataOf(e.data, length))&63), nil, m.means[at])
		}
	}
	return verdictContinue, "", false
}

// verdictOf reads a verdict and the chain that it names.
func verdictOf(b []byte) (uint32, string) {
	code := big32(dataOf(b, unix.NFTA_VERDICT_CODE))
	if code < 1<<31 {
		code &= 0xff // NF_VERDICT_MASK
	}
	return code, cString(dataOf(b, unix.NFTA_VERDICT_CHAIN))
}

// payload loads bytes of the packet's headers.
func (m *machine) payload(e expr) {
	at, ok := register(big32(dataOf(e.data, unix.NFTA_PAYLOAD_DREG)))
	base, offset, n := big32(dataOf(e.data, unix.NFTA_PAYLOAD_BASE)), int(big32(dataOf(e.data, unix.NFTA_PAYLOAD_OFFSET))), int(big32(dataOf(e.data, unix.NFTA_PAYLOAD_LEN)))
	if !ok || n < 1 || n > len(m.data)-at {
		return
	}
	value, means := m.header(base, offset, n)
	m.put(at, n, value, means)
}

// header returns what is known of the packet at an offset of one of its headers,
// and its name.
func (m *machine) header(base uint32, offset, n int) ([]byte, string) {
	if base == unix.NFT_PAYLOAD_TRANSPORT_HEADER {
		switch {
		case offset == 2 && n == 2:
			return binary.BigEndian.AppendUint16(nil, m.p.port), "tcp dport"
		case offset == 0 && n == 2:
			return nil, "tcp sport"
		}
		return nil, "tcp"
	}
	if base != unix.NFT_PAYLOAD_NETWORK_HEADER {
		return nil, "packet"
	}
	prefix, source, size, protocol := "ip", 12, 4, 9
	if m.p.to.Is6() {
		prefix, source, size, protocol = "ip6", 8, 16, 6
	}
	// A prefix that ends at a byte is compared without a mask.
	switch {
	case offset == source && n <= size:
		if !m.p.from.IsValid() {
			return nil, prefix + " saddr"
		}
		return m.p.from.AsSlice()[:n], prefix + " saddr"
	case offset == source+size && n <= size:
		return m.p.to.AsSlice()[:n], prefix + " daddr"
	case offset == protocol && n == 1:
		return []byte{unix.IPPROTO_TCP}, prefix + " protocol"
	}
	return nil, prefix
}

// meta loads what the kernel knows about the packet.
func (m *machine) meta(e expr) {
	at, ok := register(big32(dataOf(e.data, unix.NFTA_META_DREG)))
	if !ok {
		return
	}
	name := func(device string) []byte {
		if device == "" {
			return nil
		}
		b := make([]byte, unix.IFNAMSIZ)
		copy(b, device)
		return b
	}
	in, out := "", m.p.device
	if m.hook == hookInput {
		in, out = "lo", ""
	}
	proto, ether := byte(unix.NFPROTO_IPV4), uint16(unix.ETH_P_IP)
	if m.p.to.Is6() {
		proto, ether = unix.NFPROTO_IPV6, unix.ETH_P_IPV6
	}
	switch key := big32(dataOf(e.data, unix.NFTA_META_KEY)); key {
	case unix.NFT_META_L4PROTO:
		m.put(at, 1, []byte{unix.IPPROTO_TCP}, "meta l4proto")
	case unix.NFT_META_NFPROTO:
		m.put(at, 1, []byte{proto}, "meta nfproto")
	case unix.NFT_META_PROTOCOL:
		m.put(at, 2, binary.BigEndian.AppendUint16(nil, ether), "meta protocol")
	case unix.NFT_META_OIFNAME:
		m.put(at, unix.IFNAMSIZ, name(out), "oifname")
	case unix.NFT_META_IIFNAME:
		m.put(at, unix.IFNAMSIZ, name(in), "iifname")
	case unix.NFT_META_IIF, unix.NFT_META_OIF:
		m.device(at, key)
	default:
		m.put(at, 16, nil, "meta "+strconv.Itoa(int(key)))
	}
}

// device loads the index of an interface. That of lo is 1 in every namespace
// (LOOPBACK_IFINDEX); others are not known here.
func (m *machine) device(at int, key uint32) {
	word, name := "oif", m.p.device
	if key == unix.NFT_META_IIF {
		word, name = "iif", ""
	}
	if m.hook == hookInput {
		name = ""
		if key == unix.NFT_META_IIF {
			name = "lo"
		}
	}
	if name != "lo" {
		m.put(at, 4, nil, word)
		return
	}
	m.put(at, 4, binary.NativeEndian.AppendUint32(nil, 1), word)
}

// track loads what connection tracking knows: the packet is the first of its
// connection.
func (m *machine) track(e expr) {
	const destination, key, state = 1, 2, 0 // NFTA_CT_DREG, NFTA_CT_KEY, NFT_CT_STATE
	at, ok := register(big32(dataOf(e.data, destination)))
	if !ok {
		return
	}
	if big32(dataOf(e.data, key)) != state {
		m.put(at, 16, nil, "ct")
		return
	}
	const isNew = 1 << 3 // NF_CT_STATE_BIT(IP_CT_NEW): IP_CT_NEW is 2
	m.put(at, 4, binary.NativeEndian.AppendUint32(nil, isNew), "ct state")
}

// bitwise computes (register & mask) ^ xor.
func (m *machine) bitwise(e expr) {
	from, ok1 := register(big32(dataOf(e.data, unix.NFTA_BITWISE_SREG)))
	to, ok2 := register(big32(dataOf(e.data, unix.NFTA_BITWISE_DREG)))
	n := int(big32(dataOf(e.data, unix.NFTA_BITWISE_LEN)))
	mask := dataOf(dataOf(e.data, unix.NFTA_BITWISE_MASK), dataValue)
	xor := dataOf(dataOf(e.data, unix.NFTA_BITWISE_XOR), dataValue)
	const operation = 6 // NFTA_BITWISE_OP; 0 is and-xor, others shift
	if !ok1 || !ok2 || n < 1 || from+n > len(m.data) || to+n > len(m.data) {
		return
	}
	means := m.means[from]
	if big32(dataOf(e.data, operation)) != 0 || len(mask) < n || len(xor) < n || !m.knows(from, n) {
		m.put(to, n, nil, means)
		return
	}
	value := make([]byte, n)
	for i := range value {
		value[i] = m.data[from+i]&mask[i] ^ xor[i]
	}
	m.put(to, n, value, means)
}

// spell writes a value as nft does, where its kind is known.
func spell(means string, b []byte) string {
	switch {
	case strings.HasSuffix(means, "port") && len(b) == 2:
		return strconv.Itoa(int(binary.BigEndian.Uint16(b)))
	case strings.HasSuffix(means, "addr"):
		if a, ok := netip.AddrFromSlice(b); ok {
			return a.String()
		}
	case strings.HasSuffix(means, "ifname"):
		return strconv.Quote(strings.TrimRight(cString(b), "\x00"))
	case strings.HasSuffix(means, "proto") && len(b) > 0 || strings.HasSuffix(means, "protocol") && len(b) == 1:
		if b[0] == unix.IPPROTO_TCP {
			return "tcp"
		}
		return strconv.Itoa(int(b[0]))
	}
	return "0x" + hex.EncodeToString(b)
}
