package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// HTTP2Ask sends one request over HTTP/2 with prior knowledge, as a gateway does
// for gRPC, and reads the answer. Where the peer does not begin HTTP/2, the
// exchange says what it speaks instead, and no request was made. It sends GET and
// HEAD only, and takes two connections.
func HTTP2Ask(ctx context.Context, d Dialer, to Target, spoken topo.Spoken, limits Limits) Exchange {
	limits = limits.filled()
	if spoken.Method != "GET" && spoken.Method != "HEAD" {
		return refused(to, errors.New("cannot send this method: only GET and HEAD are sent"))
	}
	able := HTTP2(ctx, d, to, limits)
	x := Exchange{Network: to.Network, Address: to.Address, Connection: able.Connection, TLS: able.TLS, Request: spoken.Method + " " + spoken.URI + " HTTP/2",
		Length: -1, Phase: PhaseNothing, Bytes: int64(len(able.First)), First: able.First, Speaks: able.Looks, End: able.End, Text: able.Text, Seconds: able.Seconds}
	if !able.Speaks {
		return x
	}
	x.ask2(ctx, d, to, spoken, limits)
	return x
}

// ask2 makes the request with the standard library's client, which does nothing on
// its own account when it is told so: no retry on another connection, no redirect,
// no compression.
func (x *Exchange) ask2(ctx context.Context, d Dialer, to Target, spoken topo.Spoken, limits Limits) {
	ctx, cancel := bounded(ctx, limits.Total)
	defer cancel()
	start := time.Now()
	k := &keeper{d: d, to: to}
	transport := &http.Transport{DialContext: k.plain, DialTLSContext: k.secure, DisableCompression: true, Protocols: new(http.Protocols), ResponseHeaderTimeout: limits.FirstByte}
	transport.Protocols.SetUnencryptedHTTP2(to.TLS == nil)
	transport.Protocols.SetHTTP2(to.TLS != nil)
	defer k.close()
	defer transport.CloseIdleConnections()
	scheme := "http"
	if to.TLS != nil {
		scheme = "https"
	}
	host := field(spoken.Header, "Host")
	if host == "" {
		host = "localhost"
	}
	req, err := http.NewRequestWithContext(ctx, spoken.Method, scheme+"://upstream"+spoken.URI, nil)
	if err != nil {
		x.End, x.Text = EndError, err.Error()
		return
	}
	req.Host = host
	for _, h := range spoken.Header {
		if !perConnection(h.Name) {
			req.Header.Add(h.Name, h.Value)
		}
	}
	resp, err := transport.RoundTrip(req)
	x.Seconds, x.Connection = time.Since(start).Seconds(), k.made()
	if err != nil {
		x.broke(err)
		return
	}
	defer resp.Body.Close()
	x.answered2(resp, start, limits)
}

// keeper dials for the transport and remembers the connection.
type keeper struct {
	d  Dialer
	to Target

	mu    sync.Mutex
	last  Connection
	conns []net.Conn
}

// close hangs up whatever the transport still holds.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.conns {
		c.Close()
	}
}

func (k *keeper) plain(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, c := dial(ctx, k.d, k.to.Network, k.to.Address)
	k.mu.Lock()
	k.last = c
	if conn != nil {
		k.conns = append(k.conns, conn)
	}
	k.mu.Unlock()
	if conn == nil {
		return nil, errors.New(c.Text)
	}
	return conn, nil
}

func (k *keeper) secure(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := k.plain(ctx, network, address)
	if err != nil {
		return nil, err
	}
	o := *k.to.TLS
	if len(o.ALPN) == 0 {
		o.ALPN = []string{"h2"}
	}
	var session *tls.Conn
	session, r := startTLS(ctx, conn, o)
	if session == nil {
		conn.Close()
		return nil, errors.New(r.Fault)
	}
	return session, nil
}

func (k *keeper) made() Connection {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last
}

// perConnection reports whether a field is about one connection of HTTP/1 (RFC 9113
// section 8.2.2), or travels as a pseudo field.
func perConnection(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "content-length", "te":
		return true
	}
	return false
}

// broke says how a request that got no answer ended.
func (x *Exchange) broke(err error) {
	x.Text, x.Speaks = err.Error(), ""
	switch {
	case isTimeout(err), strings.Contains(x.Text, "timeout awaiting response headers"):
		x.End = EndFirstByte
	case ended(err) != EndError:
		x.End = ended(err)
	case strings.Contains(x.Text, "EOF"), strings.Contains(x.Text, "GOAWAY"), strings.Contains(x.Text, "RST_STREAM"), strings.Contains(x.Text, "stream error"):
		x.End = EndReset
	default:
		x.End = EndError
	}
}

// answered2 takes the answer apart.
func (x *Exchange) answered2(resp *http.Response, start time.Time, limits Limits) {
	x.Version, x.Status, x.Reason, x.HeadDone, x.Phase = "2", resp.StatusCode, http.StatusText(resp.StatusCode), true, PhaseBody
	x.FirstByte = time.Since(start).Seconds()
	x.HeadAfter, x.LongestPause = x.FirstByte, x.FirstByte
	x.Bytes = 1 // a frame, whose size the library does not tell
	for name, values := range resp.Header {
		for _, v := range values {
			x.HeaderBytes += len(name) + len(v) + 4
			if len(x.Header) < maxFields {
				x.Header = append(x.Header, topo.Header{Name: name, Value: cut(v, maxValue)})
			}
		}
	}
	x.Length = resp.ContentLength
	body, err := io.ReadAll(io.LimitReader(resp.Body, limits.Body+1))
	x.Bytes += int64(len(body))
	x.BodyBytes = int64(len(body))
	x.Body = body[:min(len(body), limits.Quote)]
	x.Seconds = time.Since(start).Seconds()
	switch {
	case err != nil && isTimeout(err):
		x.End, x.BodyEnd, x.Text = EndTimeout, BodyStalled, err.Error()
	case err != nil:
		x.End, x.BodyEnd, x.Text = EndReset, BodyReset, err.Error()
	case x.BodyBytes > limits.Body:
		x.End, x.BodyEnd = EndBound, BodyBound
	default:
		x.End, x.BodyEnd, x.Phase = EndComplete, BodyLength, PhaseAfter
	}
	x.Hint = hintOf(x.Status, x.Body)
}
