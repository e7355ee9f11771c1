package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Connection is the outcome of one connect.
type Connection struct {
	OK      bool    `json:"ok"`
	Errno   string  `json:"errno,omitempty"` // "ECONNREFUSED", "ENOENT", …; "timeout": our own deadline; "cancelled"; "" with OK false: see Text
	Text    string  `json:"text,omitempty"`  // the error's words
	Seconds float64 `json:"seconds"`
	Local   string  `json:"local,omitempty"`  // "127.0.0.1:51234"
	Remote  string  `json:"remote,omitempty"` // "127.0.0.1:3000", or the path
	Resent  int     `json:"resent,omitempty"` // SYNs that were sent again before the connect was answered
}

// defaultConnect bounds Connect where the caller's context has no deadline.
const defaultConnect = 10 * time.Second

// Connect dials address and hangs up at once, without sending a byte.
func Connect(ctx context.Context, d Dialer, network, address string) Connection {
	ctx, cancel := bounded(ctx, defaultConnect)
	defer cancel()
	conn, c := dial(ctx, d, network, address)
	if conn != nil {
		conn.Close()
	}
	return c
}

// bounded gives ctx a deadline of at most most from now.
func bounded(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, most)
}

// dial connects; the connection is nil where it could not.
func dial(ctx context.Context, d Dialer, network, address string) (net.Conn, Connection) {
	start := time.Now()
	conn, err := d(ctx, network, address)
	c := Connection{OK: err == nil, Seconds: time.Since(start).Seconds(), Remote: address}
	if err != nil {
		c.Errno, c.Text = errno(err), err.Error()
		return nil, c
	}
	if a := conn.LocalAddr(); a != nil && network != "unix" {
		c.Local = a.String()
	}
	if info := tcpInfo(conn); info != nil {
		c.Resent = int(info.Total_retrans)
	}
	return conn, c
}

// errno names the system's error inside err: "ECONNREFUSED". Our own deadline is
// "timeout", which is no ETIMEDOUT: the kernel gives up by itself only much later.
func errno(err error) string {
	var number syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &number):
		if name := unix.ErrnoName(number); name != "" {
			return name
		}
		return number.Error()
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case isTimeout(err):
		return "timeout"
	}
	return ""
}

// isTimeout reports whether one of our own deadlines caused err.
func isTimeout(err error) bool {
	var number syscall.Errno
	if errors.As(err, &number) {
		return false
	}
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// ended says how a read that failed with err ended the exchange.
func ended(err error) End {
	switch name := errno(err); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return EndEOF
	case name == "ECONNRESET" || name == "EPIPE" || name == "ECONNABORTED":
		return EndReset
	case name == "timeout" || name == "cancelled":
		return EndTimeout
	}
	return EndError
}
