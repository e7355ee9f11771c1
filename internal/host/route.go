package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Route says how packets to an address leave, or why they do not.
type Route struct {
	Address string `json:"address"`
	Kind    string `json:"kind"` // "unicast", "local", "broadcast", "multicast"; "none", "unreachable", "blackhole", "prohibit"
	Device  string `json:"device,omitempty"`
	Down    bool   `json:"down,omitempty"` // the device is not up, or has no carrier
	Gateway string `json:"gateway,omitempty"`
	Source  string `json:"source,omitempty"` // the local address that is used
	// Neighbour is the state of the next hop on the link: "reachable", "stale",
	// "delay", "probe", "incomplete", "failed", "permanent", "noarp"; "" where
	// there is no entry or none is needed.
	Neighbour string `json:"neighbour,omitempty"`
	NextHop   string `json:"next_hop,omitempty"` // the address that Neighbour is about
}

// Usable reports whether packets can leave.
func (r Route) Usable() bool {
	switch r.Kind {
	case "none", "unreachable", "blackhole", "prohibit", "":
		return false
	}
	return !r.Down
}

// Route asks the kernel for its way to an IP address, and sends nothing.
func (v *View) Route(ctx context.Context, address string) (Route, error) {
	r := Route{Address: address}
	to, err := netip.ParseAddr(address)
	if err != nil {
		return r, fmt.Errorf("cannot look for a route: %w", err)
	}
	to = to.Unmap()
	var found routeMessage
	err = v.ask(ctx, unix.NETLINK_ROUTE, unix.RTM_GETROUTE, 0, routeRequest(to), func(m message) error {
		found, _ = parseRoute(m.body)
		return nil
	})
	if kind := refusal(err); kind != "" {
		r.Kind = kind
		return r, nil
	}
	if err != nil {
		return r, denied("routes", fmt.Errorf("cannot ask for the route to %s: %w", address, err))
	}
	if r.Kind = routeKinds[found.kind]; r.Kind == "" {
		r.Kind = "none"
	}
	if !r.Usable() {
		return r, nil
	}
	links, err := v.links(ctx)
	if err != nil {
		return r, denied("routes", err)
	}
	r.Device, r.Down = links[found.device].name, !links[found.device].usable
	if found.source.IsValid() {
		r.Source = found.source.String()
	}
	hop := to
	if found.gateway.IsValid() {
		r.Gateway, hop = found.gateway.String(), found.gateway
	}
	if r.Kind == "unicast" {
		r.NextHop = hop.String()
		r.Neighbour, err = v.neighbour(ctx, hop, found.device)
	}
	return r, denied("neighbours", err)
}

// refusal names the kinds of routes that refuse: the kernel answers them with an
// errno (fib_props in net/ipv4/fib_semantics.c).
func refusal(err error) string {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return ""
	}
	switch errno {
	case unix.ENETUNREACH:
		return "none"
	case unix.EHOSTUNREACH:
		return "unreachable"
	case unix.EINVAL:
		return "blackhole"
	case unix.EACCES:
		return "prohibit"
	case unix.EAFNOSUPPORT, unix.EOPNOTSUPP:
		return "none" // the kernel has no IPv6
	}
	return ""
}

var routeKinds = map[uint8]string{
	unix.RTN_UNICAST: "unicast", unix.RTN_LOCAL: "local", unix.RTN_BROADCAST: "broadcast", unix.RTN_ANYCAST: "unicast",
	unix.RTN_MULTICAST: "multicast", unix.RTN_BLACKHOLE: "blackhole", unix.RTN_UNREACHABLE: "unreachable", unix.RTN_PROHIBIT: "prohibit",
}

func family(a netip.Addr) uint8 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// routeRequest encodes struct rtmsg with the destination.
func routeRequest(to netip.Addr) []byte {
	b := make([]byte, unix.SizeofRtMsg)
	b[0], b[1] = family(to), uint8(to.BitLen())
	return attribute(b, unix.RTA_DST, to.WithZone("").AsSlice())
}

type routeMessage struct {
	kind            uint8
	device          int
	gateway, source netip.Addr
}

func parseRoute(b []byte) (r routeMessage, ok bool) {
	if len(b) < unix.SizeofRtMsg {
		return r, false
	}
	r.kind = b[7]
	attributes(b[unix.SizeofRtMsg:], func(kind uint16, value []byte) {
		switch kind {
		case unix.RTA_OIF:
			r.device = index(value)
		case unix.RTA_GATEWAY:
			r.gateway, _ = netip.AddrFromSlice(value)
		case unix.RTA_PREFSRC:
			r.source, _ = netip.AddrFromSlice(value)
		case unix.RTA_VIA: // struct rtvia: a family of two bytes, an address
			if len(value) > 2 {
				r.gateway, _ = netip.AddrFromSlice(value[2:])
			}
		}
	})
	return r, true
}

func index(value []byte) int {
	if len(value) < 4 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(value))
}

// link is a network interface.
type link struct {
	name   string
	usable bool // up, and with a carrier where it has one
}

func (v *View) links(ctx context.Context) (map[int]link, error) {
	links := map[int]link{}
	err := v.ask(ctx, unix.NETLINK_ROUTE, unix.RTM_GETLINK, unix.NLM_F_DUMP, make([]byte, unix.SizeofIfInfomsg), func(m message) error {
		if i, l, ok := parseLink(m.body); ok {
			links[i] = l
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list interfaces: %w", err)
	}
	return links, nil
}

// parseLink reads struct ifinfomsg and the name.
func parseLink(b []byte) (i int, l link, ok bool) {
	if len(b) < unix.SizeofIfInfomsg {
		return 0, l, false
	}
	flags := binary.NativeEndian.Uint32(b[8:])
	l.usable = flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0
	attributes(b[unix.SizeofIfInfomsg:], func(kind uint16, value []byte) {
		if kind == unix.IFLA_IFNAME {
			l.name = printable(string(value), unix.IFNAMSIZ)
		}
	})
	return index(b[4:]), l, true
}

// neighbourStates are the bits of include/uapi/linux/neighbour.h.
var neighbourStates = []struct {
	bit  uint16
	name string
}{
	{unix.NUD_FAILED, "failed"}, {unix.NUD_INCOMPLETE, "incomplete"}, {unix.NUD_REACHABLE, "reachable"}, {unix.NUD_STALE, "stale"},
	{unix.NUD_DELAY, "delay"}, {unix.NUD_PROBE, "probe"}, {unix.NUD_NOARP, "noarp"}, {unix.NUD_PERMANENT, "permanent"},
}

// neighbour returns the state of an address on a link.
func (v *View) neighbour(ctx context.Context, addr netip.Addr, device int) (state string, err error) {
	b := make([]byte, unix.SizeofNdMsg)
	b[0] = family(addr)
	err = v.ask(ctx, unix.NETLINK_ROUTE, unix.RTM_GETNEIGH, unix.NLM_F_DUMP, b, func(m message) error {
		if a, dev, s, ok := parseNeighbour(m.body); ok && a == addr.WithZone("") && dev == device {
			state = s
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("cannot list neighbours: %w", err)
	}
	return state, nil
}

// parseNeighbour reads struct ndmsg and the address.
func parseNeighbour(b []byte) (addr netip.Addr, device int, state string, ok bool) {
	if len(b) < unix.SizeofNdMsg {
		return addr, 0, "", false
	}
	bits := binary.NativeEndian.Uint16(b[8:])
	for _, s := range neighbourStates {
		if bits&s.bit != 0 {
			state = s.name
			break
		}
	}
	attributes(b[unix.SizeofNdMsg:], func(kind uint16, value []byte) {
		if kind == unix.NDA_DST {
			addr, _ = netip.AddrFromSlice(value)
		}
	})
	return addr, index(b[4:]), state, addr.IsValid()
}
