package host

import "context"

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
	return Route{}, errUnwritten
} // UNWRITTEN

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
func (a Addresses) Has(address string) bool { return false } // UNWRITTEN

// Addresses returns the addresses of the view's network namespace.
func (v *View) Addresses(ctx context.Context) (Addresses, error) { return Addresses{}, errUnwritten } // UNWRITTEN
