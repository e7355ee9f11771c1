package gateway

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// tunnel carries bytes both ways after a 101, until one side ends. It outlives
// reloads.
func (h *handler) tunnel(x *upstream.Exchange) {
	x.Attempt.Won = true
	h.status(101, event.Upstream)
	header := h.responseHeader(x)
	for _, f := range x.Response.Fields {
		if http1.EqualFold(f.Name, "upgrade") {
			header = append(header, Field{"Upgrade", string(f.Value)})
		}
	}
	header = append(header, Field{"Connection", "Upgrade"})
	server, early := x.Detach()
	client, sent, err := h.w.Switch(header)
	if err != nil {
		x.Abandon()
		h.note(x)
		h.refuse(&refusal{status: 502, symptom: vocab.HTTPUpgradeFailed, detail: "the client's connection cannot be handed over"})
		return
	}
	h.g.meter.tunnels.Add(1)
	h.carry(client, sent, server, early)
	h.g.meter.tunnels.Add(-1)
	x.Abandon()
	h.note(x)
}

// lingering is how long the other direction may go on when one has ended.
const lingering = 5 * time.Second

func (h *handler) carry(client net.Conn, sent []byte, server net.Conn, early []byte) {
	defer client.Close()
	// The gateway's end ends tunnels.
	stop := context.AfterFunc(h.g.bound, func() {
		client.Close()
		server.Close()
	})
	defer stop()
	up := make(chan int64, 1)
	go func() {
		n, err := pump(server, client, sent)
		half(server, err)
		client.SetReadDeadline(time.Now())
		server.SetReadDeadline(time.Now().Add(lingering))
		up <- n
	}()
	down, err := pump(client, server, early)
	half(client, err)
	client.SetReadDeadline(time.Now().Add(lingering))
	h.x.Received += <-up
	h.x.Sent += down
}

// pump copies what came early and then the rest.
func pump(dst, src net.Conn, early []byte) (int64, error) {
	n := int64(0)
	if len(early) > 0 {
		m, err := dst.Write(early)
		n = int64(m)
		if err != nil {
			return n, err
		}
	}
	m, err := io.Copy(dst, src)
	return n + m, err
}

// half tells a side that nothing more comes, where its protocol can.
func half(c net.Conn, err error) {
	if w, ok := c.(interface{ CloseWrite() error }); ok && err == nil {
		w.CloseWrite()
		return
	}
	c.Close()
}
