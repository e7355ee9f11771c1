package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// A connection that something on the way has forgotten looks open at both ends.
// What the gateway sends on it is never acknowledged, so that its kernel sends it
// again; an application that does not answer leaves no such trace, because its
// kernel acknowledges all the same.

// lookLate is when, after our own request was sent, the gateway's connections are
// looked at: no kernel waits less than 200 ms before it sends again, and twice as
// long the next time (TCP_RTO_MIN in include/net/tcp.h).
const lookLate = 700 * time.Millisecond

// watchSockets looks at the gateway's connections to the upstreams that lie
// across a network, once, if our own request is still not answered. The function
// that it returns ends the watch and hands over what was seen.
func (x *examination) watchSockets(ctx context.Context) func() map[string]host.Connections {
	endpoints := x.distant()
	if len(endpoints) == 0 || x.rec.Replaying() {
		return func() map[string]host.Connections { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	seen := make(chan map[string]host.Connections, 1)
	go func() {
		found := map[string]host.Connections{}
		defer func() { seen <- found }()
		late := time.NewTimer(lookLate)
		defer late.Stop()
		select {
		case <-late.C:
		case <-ctx.Done():
			return
		}
		v, err := x.views.View(x.place)
		if err != nil {
			return
		}
		for _, e := range endpoints {
			if c, err := v.Connections(ctx, e); err == nil {
				found[e] = c
			}
		}
	}()
	return func() map[string]host.Connections {
		cancel()
		return <-seen
	}
}

// distant lists the configured endpoints that are addresses of no loopback.
func (x *examination) distant() []string {
	var all []string
	for _, e := range x.configuredEndpoints() {
		if a, err := netip.ParseAddrPort(e); err == nil && !a.Addr().IsLoopback() && len(all) < upstreamsMost {
			all = append(all, e)
		}
	}
	return all
}

// noteSockets keeps what the watch saw during our own request, which took so long.
func (x *examination) noteSockets(seen map[string]host.Connections, took float64) {
	if took < lookLate.Seconds() {
		return
	}
	for _, e := range x.distant() {
		c, when, err := evidence.Ask(x.rec, "host/connections own "+strconv.Itoa(len(x.own)+1), x.place.Subject(e), func() (host.Connections, error) {
			c, ok := seen[e]
			if !ok {
				return c, &evidence.Gap{Source: "sockets to " + e, Why: "they could not be looked at while our own request waited"}
			}
			return c, nil
		})
		if err == nil {
			x.resendingFacts(e, c, when)
		}
	}
}

// resendingFacts says where a connection that the gateway holds sends again and
// again.
func (x *examination) resendingFacts(endpoint string, c host.Connections, when time.Time) {
	most := 0
	for _, one := range c.Toward {
		if one.State == "established" && one.Unsent > 0 {
			most = max(most, one.Retries)
		}
	}
	if most == 0 {
		return
	}
	x.add(observation{fact: vocab.GatewayResending, subject: endpoint, when: when, kind: evidence.Socket, where: "sockets to " + endpoint,
		value: fmt.Sprintf("sent again %d times while our own request waited", most)})
}
