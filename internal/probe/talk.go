package probe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/goodgatehq/goodgate/internal/wire/proxyproto"
)

// talk is one connection on which an exchange takes place: it keeps the time, the
// bounds and the first bytes, and writes them into the exchange.
type talk struct {
	ctx    context.Context
	conn   net.Conn
	raw    net.Conn // conn without TLS
	x      *Exchange
	limits Limits
	start  time.Time
	sent   time.Time // end of the sending
	last   time.Time // of the last read
	buf    []byte
	first  []byte
	until  time.Time // a nearer end than the context's; zero: none
	again  []byte    // bytes that the next read returns once more
	done   []func()
}

// converse dials, says what comes before the request (PROXY header, TLS), and
// returns the open connection, or nil with the reason in x.
func converse(ctx context.Context, d Dialer, to Target, limits Limits, x *Exchange) *talk {
	t := &talk{x: x, limits: limits.filled(), start: time.Now()}
	x.Network, x.Address, x.Length = to.Network, to.Address, -1
	x.Phase = PhaseNothing
	ctx, cancel := bounded(ctx, t.limits.Total)
	t.ctx, t.done = ctx, append(t.done, cancel)
	conn, c := dial(ctx, d, to.Network, to.Address)
	if x.Connection = c; conn == nil {
		x.End, x.Text = EndConnect, c.Text
		t.close()
		return nil
	}
	t.conn, t.raw = conn, conn
	// The end of the context ends a read or write that waits.
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(past) })
	t.done = append(t.done, func() { stop(); conn.Close() })
	t.deadline(time.Time{})
	if to.ProxyHeader {
		t.send(proxyHeader(conn))
	}
	if to.TLS != nil {
		session, result := startTLS(ctx, conn, *to.TLS)
		result.Connection = c
		result.Seconds = time.Since(t.start).Seconds()
		if x.TLS = &result; session == nil {
			x.End, x.Text, x.Speaks = EndTLS, result.Fault, result.Speaks
			t.close()
			return nil
		}
		t.conn = session
	}
	return t
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// proxyHeader returns what a gateway with our address would say.
func proxyHeader(conn net.Conn) []byte {
	return proxyproto.AppendV1(nil, addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr()))
}

func addrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{} // unix: PROXY UNKNOWN
}

// deadline lets reads and writes wait until the given time, but never beyond the
// exchange's own end. The zero time means no nearer end.
func (t *talk) deadline(until time.Time) {
	if end, ok := t.ctx.Deadline(); ok && (until.IsZero() || end.Before(until)) {
		until = end
	}
	if !t.until.IsZero() && (until.IsZero() || t.until.Before(until)) {
		until = t.until
	}
	t.raw.SetDeadline(until)
	if t.ctx.Err() != nil {
		t.raw.SetDeadline(past) // the context may have ended before this call moved the deadline
	}
}

// send writes b. A failure is no end: what the peer said before it closed may
// still be read.
func (t *talk) send(b []byte) {
	n, err := t.conn.Write(b)
	t.x.Sent += n
	t.sent = time.Now()
	t.last = t.sent
	if err != nil {
		if t.x.SendError = errno(err); t.x.SendError == "" {
			t.x.SendError = err.Error()
		}
	}
}

// read returns the bytes of one read, valid until the next, or false after having
// put the end into the exchange. It never waits beyond the limits.
func (t *talk) read() ([]byte, bool) {
	if b := t.again; b != nil {
		t.again = nil
		return b, true
	}
	if t.x.Bytes == 0 {
		t.deadline(t.sent.Add(t.limits.FirstByte))
	}
	n, err := t.readBefore()
	if n > 0 {
		return t.buf[:n], true
	}
	t.x.Text = err.Error()
	switch t.x.End = ended(err); {
	case t.x.End == EndTimeout && t.x.Bytes == 0 && t.ctx.Err() == nil && time.Since(t.sent) >= t.limits.FirstByte:
		t.x.End = EndFirstByte
	case t.x.TLS != nil:
		noteAlert(t.x.TLS, err)
	}
	return nil, false
}

// each reads an answer that comes in packets: it puts the bytes behind those that are
// pending and calls take, which takes the complete packets away, until that says
// that there is nothing more to read, something is wrong, or a bound is reached.
func (t *talk) each(pending *[]byte, take func() (end bool)) {
	for {
		b, ok := t.read()
		if !ok {
			return
		}
		if t.x.Phase == PhaseNothing {
			t.x.Phase = PhaseHead
		}
		*pending = append(*pending, b...)
		if take() {
			return
		}
		if t.x.Bytes > t.limits.Body+maxHead {
			t.x.End = EndBound
			return
		}
	}
}

// readBefore reads once under the deadline in force and keeps the time. It returns
// an error only where it returns no bytes.
func (t *talk) readBefore() (int, error) {
	if t.buf == nil {
		t.buf = make([]byte, 16<<10)
	}
	n, err := 0, error(nil)
	for range 100 { // a read may return nothing and no error (io.Reader)
		if n, err = t.conn.Read(t.buf); n > 0 || err != nil {
			break
		}
	}
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	now := time.Now()
	if pause := now.Sub(t.last).Seconds(); pause > t.x.LongestPause {
		t.x.LongestPause = pause
	}
	t.last = now
	if n <= 0 {
		return 0, err
	}
	if t.x.Bytes == 0 {
		t.x.FirstByte = now.Sub(t.sent).Seconds()
		t.deadline(time.Time{})
	}
	t.x.Bytes += int64(n)
	if room := maxFirst - len(t.first); room > 0 {
		t.first = append(t.first, t.buf[:min(n, room)]...)
	}
	return n, nil
}

// close hangs up and notes the time.
func (t *talk) close() {
	if t.raw != nil {
		t.x.Kernel = kernelOf(t.raw)
	}
	for i := len(t.done) - 1; i >= 0; i-- {
		t.done[i]()
	}
	t.x.Seconds = time.Since(t.start).Seconds()
}
