package proxyproto

import (
	"bytes"
	"net/netip"
	"strconv"
)

// AppendV1 appends a version 1 header. Addresses that are not valid, or not of one
// family, become "PROXY UNKNOWN".
func AppendV1(dst []byte, source, destination netip.AddrPort) []byte {
	s, d := source.Addr().Unmap(), destination.Addr().Unmap()
	if !s.IsValid() || !d.IsValid() || s.Is4() != d.Is4() {
		return append(dst, "PROXY UNKNOWN\r\n"...)
	}
	family := "TCP6 "
	if s.Is4() {
		family = "TCP4 "
	}
	dst = append(append(dst, "PROXY "...), family...)
	dst = append(s.WithZone("").AppendTo(dst), ' ')
	dst = append(d.WithZone("").AppendTo(dst), ' ')
	dst = append(strconv.AppendUint(dst, uint64(source.Port()), 10), ' ')
	return append(strconv.AppendUint(dst, uint64(destination.Port()), 10), "\r\n"...)
}

func parseV1(b []byte) (h Header, n int, err error) {
	lf := bytes.IndexByte(b[:min(len(b), MaxV1)], '\n')
	switch {
	case lf < 0 && len(b) < MaxV1:
		return h, 0, ErrShort
	case lf < 1 || b[lf-1] != '\r':
		return h, 0, ErrInvalid
	}
	h.Version, n = 1, lf+1
	words := bytes.Split(b[:lf-1], []byte(" "))
	if len(words) > 1 && string(words[1]) == "UNKNOWN" {
		return h, n, nil // whatever follows is ignored (section 2.1)
	}
	if len(words) != 6 || string(words[1]) != "TCP4" && string(words[1]) != "TCP6" {
		return h, 0, ErrInvalid
	}
	four := string(words[1]) == "TCP4"
	var ok, ok2 bool
	h.Source, ok = endpoint(words[2], words[4], four)
	h.Destination, ok2 = endpoint(words[3], words[5], four)
	if !ok || !ok2 {
		return Header{}, 0, ErrInvalid
	}
	return h, n, nil
}

func endpoint(address, port []byte, four bool) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(string(address))
	if err != nil || a.Is4() != four || a.Zone() != "" {
		return netip.AddrPort{}, false
	}
	if len(port) > 1 && port[0] == '0' || len(port) > 0 && port[0] == '+' {
		return netip.AddrPort{}, false
	}
	p, err := strconv.ParseUint(string(port), 10, 16)
	return netip.AddrPortFrom(a, uint16(p)), err == nil
}
