package host

import (
	"context"
	"net"
)

// Dial connects from inside the view: "tcp", "tcp4", "tcp6" and "udp" leave from
// its network namespace, "unix" takes a path below its root, of any length. An
// address in another namespace must be numeric: names are resolved by who knows
// how the gateway resolves them.
func (v *View) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return nil, errUnwritten
} // UNWRITTEN

// DialFrom is Dial with a local IP address to leave from; "" leaves the choice to
// the kernel.
func (v *View) DialFrom(ctx context.Context, network, local, address string) (net.Conn, error) {
	return nil, errUnwritten
} // UNWRITTEN
