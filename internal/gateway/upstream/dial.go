package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// impatience is the least time for which a connect is waited for while another
// server could be asked: nothing was sent, so trying elsewhere costs nothing.
const impatience = 250 * time.Millisecond

// dial opens a new connection to e.
func (e *Endpoint) dial(ctx context.Context, a *event.Attempt) (*conn, *Failure) {
	t := &e.pool.Settings.Timeouts
	begin := time.Now()
	limit := t.Connect
	e.mu.Lock()
	patience := max(impatience, 4*e.slow)
	e.mu.Unlock()
	if patience < limit && e.pool.others(e) {
		limit = patience
	}
	dctx, cancel := context.WithTimeout(ctx, limit)
	base, err := e.pool.Settings.Dial(dctx, e.Network, e.Address)
	cancel()
	a.Connect = time.Since(begin)
	e.counts.Connects.Add(1)
	if err != nil {
		return nil, fail(event.Connect, err)
	}
	base = sock.New(base)
	e.mu.Lock()
	e.slow = max(a.Connect, e.slow*7/8)
	e.mu.Unlock()
	if e.pool.Settings.TLS == nil {
		return newConn(e, base, nil, nil), nil
	}
	return e.handshake(ctx, base, a)
}

func (e *Endpoint) handshake(ctx context.Context, base net.Conn, a *event.Attempt) (*conn, *Failure) {
	begin := time.Now()
	conf := e.pool.Settings.TLS()
	if conf.ServerName == "" {
		conf.ServerName = e.Server
		if host, _, err := net.SplitHostPort(e.Server); err == nil {
			conf.ServerName = strings.Trim(host, "[]")
		}
	}
	count := &counted{Conn: base}
	secure := tls.Client(count, conf)
	hctx, cancel := context.WithTimeout(ctx, e.pool.Settings.Timeouts.TLS)
	err := secure.HandshakeContext(hctx)
	cancel()
	a.TLS = time.Since(begin)
	if err != nil {
		base.Close()
		return nil, fail(event.TLS, err)
	}
	return newConn(e, base, secure, count), nil
}
