package gateway

import (
	"net"
	"net/netip"
	"strings"
)

// client is the address of who made the request: the peer's, or what the proxies that are
// trusted say of it. Each of them has added at the end whom it saw, so the first from the
// end that is no such proxy is the client; what stands before is its own invention. Where
// a proxy says nothing that is an address, it is itself the best that is known.
func (h *handler) client() string {
	peer := h.peer()
	if !h.trusts(peer) {
		return peer
	}
	name, last := "X-Forwarded-For", lastOfList
	if _, ok := get(h.r.Header, name); !ok {
		name, last = "Forwarded", lastFor
	}
	for i := len(h.r.Header) - 1; i >= 0; i-- { // several fields are one list, in their order
		f := &h.r.Header[i]
		if f.Name != name {
			continue
		}
		for rest, more := f.Value, true; more; {
			var one string
			one, rest, more = last(rest)
			a, err := node(one)
			if err != nil {
				return peer
			}
			if peer = a.String(); !h.t.trusts(a) {
				return peer
			}
		}
	}
	return peer
}

// lastOfList takes the last member from a comma-separated list.
func lastOfList(list string) (last, rest string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[i+1:], list[:i], true
	}
	return list, "", false
}

// lastFor takes the last element from the value of a Forwarded field (RFC 7239 section
// 4), and of that what is behind "for=". It reads from the end: quotes that a client
// leaves open swallow nothing of what a proxy adds.
func lastFor(list string) (last, rest string, more bool) {
	quoted, end, at := false, len(list), len(list)-1
	take := func(from int) {
		name, value, _ := strings.Cut(strings.TrimSpace(list[from:end]), "=")
		if end = from - 1; strings.EqualFold(name, "for") {
			last = strings.Trim(value, `"`)
		}
	}
	for ; at >= 0; at-- {
		switch c := list[at]; {
		case c == '"' && !escaped(list[:at]):
			quoted = !quoted
		case quoted:
		case c == ';':
			take(at + 1)
		case c == ',':
			take(at + 1)
			return last, list[:at], true
		}
	}
	take(0)
	return last, "", false
}

// escaped reports whether what follows before has a backslash of its own.
func escaped(before string) bool {
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// node reads an address as proxies write one: with a port or without, an IPv6 address in
// brackets or without.
func node(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err
}
