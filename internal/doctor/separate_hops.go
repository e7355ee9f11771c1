package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// hopsTime bounds the question for the routers on the way.
const hopsTime = 1500 * time.Millisecond

// worthHops reports whether the routers on the way to an upstream are looked for:
// it leads over a network, and nothing comes back from there.
func (x *examination) worthHops(u *upstream) bool {
	if u.unix() || u.Local || !u.Connected || u.Connect.OK {
		return false
	}
	return u.Connect.Errno == "timeout" || u.Connect.Errno == "ETIMEDOUT"
}

func (x *examination) askHops(ctx context.Context, g *gapping, subject string) {
	if _, err := netip.ParseAddrPort(g.u.Addr); err != nil {
		return
	}
	g.u.Hops, _ = askOf(g, "host/hops", subject, seeing(x, x.place, func(v *host.View) ([]host.Hop, error) { return v.Hops(ctx, g.u.Addr) }))
}

// hopFacts names the last router that answered for itself.
func (x *examination) hopFacts(u *upstream) {
	var last *host.Hop
	for i := range u.Hops {
		if u.Hops[i].End {
			return
		}
		if u.Hops[i].Says != "" {
			last = &u.Hops[i]
		}
	}
	if last == nil {
		return // no router says anything: nothing is known of the way
	}
	value := fmt.Sprintf("the last that answers is %s, %d hops away: %s", last.Router, last.TTL, last.Says)
	x.add(u.about(vocab.PathEnds, evidence.Probe, "routers on the way to "+u.Addr, value))
}
