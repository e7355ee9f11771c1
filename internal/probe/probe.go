// Package probe asks the network: does it connect, what does it speak, what does
// it answer, when does it let go. It opens connections only through the Dialer it
// is given, reads nothing of the host, and bounds every question in time and
// bytes. Each answer is a plain value that a case can hold and repeat.
package probe

import (
	"context"
	"net"
	"time"
)

// Dialer opens a connection. Networks are "tcp", "udp" and "unix"; addresses are
// literal ("127.0.0.1:3000", "[::1]:443") or a path. The caller's dialer may dial
// inside another network namespace.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Limits bound one exchange. A zero field means its default.
type Limits struct {
	FirstByte time.Duration // from the request sent to the first byte; default 10 s
	Total     time.Duration // from the start of the dial to the end; default 15 s
	Body      int64         // bytes of body that are read, chunk framing included; default 1 MiB
	Quote     int           // bytes of body that are kept; default 2 KiB, Ask 16 KiB
}

// What a question costs at most, whatever the limits say.
const (
	maxHead    = 256 << 10 // bytes of a head, 1xx answers included
	maxFields  = 256       // fields of a head that are recorded
	maxValue   = 4 << 10   // bytes of a field value that are recorded
	maxInterim = 32        // 1xx answers
	maxFaults  = 16        // faults that are recorded
	maxFirst   = 256       // first bytes that are recorded
	maxStderr  = 4 << 10   // bytes of FastCGI's error stream that are recorded
)

const (
	defaultFirstByte = 10 * time.Second
	defaultTotal     = 15 * time.Second
	defaultBody      = 1 << 20
	defaultQuote     = 2 << 10
)

// filled returns l with its defaults.
func (l Limits) filled() Limits {
	if l.FirstByte <= 0 {
		l.FirstByte = defaultFirstByte
	}
	if l.Total <= 0 {
		l.Total = defaultTotal
	}
	if l.Body <= 0 {
		l.Body = defaultBody
	}
	if l.Quote <= 0 {
		l.Quote = defaultQuote
	}
	return l
}

// Target is where an exchange goes.
type Target struct {
	Network     string      // "tcp" or "unix"
	Address     string      // literal address with port, or a path
	TLS         *TLSOptions // nil: plain
	ProxyHeader bool        // begin with a PROXY protocol header, version 1, as nginx sends it
}
