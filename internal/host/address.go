package host

import (
	"context"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Address is an address of an interface.
type Address struct {
	Prefix string `json:"prefix"` // "192.0.2.1/24"
	Device string `json:"device"`
	Down   bool   `json:"down,omitempty"`
}

// Addresses is every address that the view's network namespace has.
type Addresses struct {
	List []Address `json:"list"`
}

// Has reports whether an IP address belongs to the namespace. Loopback addresses
// always do.
func (a Addresses) Has(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	for _, x := range a.List {
		if p, err := netip.ParsePrefix(x.Prefix); err == nil && p.Addr() == ip {
			return true
		}
	}
	return false
}

// Addresses returns the addresses of the view's network namespace.
func (v *View) Addresses(ctx context.Context) (Addresses, error) {
	var answer Addresses
	links, err := v.links(ctx)
	if err != nil {
		return answer, denied("addresses", err)
	}
	err = v.ask(ctx, unix.NETLINK_ROUTE, unix.RTM_GETADDR, unix.NLM_F_DUMP, make([]byte, unix.SizeofIfAddrmsg), func(m message) error {
		if p, device, ok := parseAddress(m.body); ok {
			l := links[device]
			answer.List = append(answer.List, Address{Prefix: p.String(), Device: l.name, Down: !l.usable})
		}
		return nil
	})
	if err != nil {
		return answer, denied("addresses", fmt.Errorf("cannot list addresses: %w", err))
	}
	return answer, nil
}

// parseAddress reads struct ifaddrmsg. On a point-to-point link IFA_ADDRESS is
// the other end and IFA_LOCAL the own one.
func parseAddress(b []byte) (p netip.Prefix, device int, ok bool) {
	if len(b) < unix.SizeofIfAddrmsg {
		return p, 0, false
	}
	var addr, local netip.Addr
	attributes(b[unix.SizeofIfAddrmsg:], func(kind uint16, value []byte) {
		switch kind {
		case unix.IFA_ADDRESS:
			addr, _ = netip.AddrFromSlice(value)
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(value)
		}
	})
	if local.IsValid() {
		addr = local
	}
	if !addr.IsValid() || int(b[1]) > addr.BitLen() {
		return p, 0, false
	}
	return netip.PrefixFrom(addr, int(b[1])), index(b[4:]), true
}
