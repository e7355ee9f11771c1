package host

import (
	"net"
	"net/netip"
	"time"
)

var fuzzAddress = netip.MustParseAddr("192.0.2.1")

func listenOn(address string) (net.Listener, error) { return net.Listen("tcp", address) }

func dialer(timeout time.Duration) *net.Dialer { return &net.Dialer{Timeout: timeout} }
