package proxyproto

import (
	"encoding/binary"
	"net/netip"
)

// signature begins a version 2 header (section 2.2).
const signature = "\r\n\r\n\x00\r\nQUIT\n"

const fixed = 16 // signature, command, family, length

// AppendV2 appends a version 2 header for a TCP connection. Addresses that are not
// valid, or not of one family, become the command LOCAL.
func AppendV2(dst []byte, source, destination netip.AddrPort, tlvs []byte) []byte {
	s, d := source.Addr().Unmap(), destination.Addr().Unmap()
	dst = append(dst, signature...)
	var command, family byte = 0x21, 0x21
	var addresses []byte
	switch {
	case !s.IsValid() || !d.IsValid() || s.Is4() != d.Is4():
		command, family = 0x20, 0
	default:
		if s.Is4() {
			family = 0x11
		}
		addresses = append(append(addresses, s.AsSlice()...), d.AsSlice()...)
		addresses = binary.BigEndian.AppendUint16(addresses, source.Port())
		addresses = binary.BigEndian.AppendUint16(addresses, destination.Port())
	}
	tlvs = tlvs[:min(len(tlvs), MaxV2-fixed-len(addresses))]
	dst = append(dst, command, family)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(addresses)+len(tlvs)))
	return append(append(dst, addresses...), tlvs...)
}

func parseV2(b []byte) (h Header, n int, err error) {
	if len(b) < fixed {
		return h, 0, ErrShort
	}
	command, family := b[12], b[13]
	n = fixed + int(binary.BigEndian.Uint16(b[14:]))
	switch {
	case command != 0x20 && command != 0x21 || n > MaxV2:
		return h, 0, ErrInvalid
	case len(b) < n:
		return h, 0, ErrShort
	}
	h = Header{Version: 2, Local: command == 0x20}
	rest := b[fixed:n:n]
	if h.Local {
		return h, n, nil // the receiver ignores the addresses (section 2.2)
	}
	size := map[byte]int{0x1: 12, 0x2: 36, 0x3: 216}[family>>4]
	if family>>4 > 3 || family&0xf > 2 || len(rest) < size {
		return Header{}, 0, ErrInvalid
	}
	h.Datagram = family&0xf == 2
	switch family >> 4 {
	case 1:
		h.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte(rest[:4])), binary.BigEndian.Uint16(rest[8:]))
		h.Destination = netip.AddrPortFrom(netip.AddrFrom4([4]byte(rest[4:8])), binary.BigEndian.Uint16(rest[10:]))
	case 2:
		h.Source = netip.AddrPortFrom(netip.AddrFrom16([16]byte(rest[:16])), binary.BigEndian.Uint16(rest[32:]))
		h.Destination = netip.AddrPortFrom(netip.AddrFrom16([16]byte(rest[16:32])), binary.BigEndian.Uint16(rest[34:]))
	}
	h.TLVs = rest[size:]
	return h, n, nil
}
