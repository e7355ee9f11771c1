package cause

import (
	"slices"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

var unreachable = Cause{
	ID: vocab.Unreachable,
	Expects: slices.Concat(connected, []Expectation{
		{Fact: vocab.GatewayUnroutable, Seen: 22},
		{Fact: vocab.GatewayHostUnreachable, Seen: 10}, // a firewall that rejects and an address that is gone give the same errno
		{Fact: vocab.ProbeUnroutable, Seen: 24},
		{Fact: vocab.RouteAbsent, Seen: 16},
		{Fact: vocab.NeighbourSilent, Seen: 18},
		{Fact: vocab.RoutePresent, Seen: -3},
		{Fact: vocab.TargetContainer, Seen: -6}, // on one bridge there is always a route
		{Fact: vocab.GatewayConnectTimeout, Seen: 6},
		{Fact: vocab.GatewayPeerVanished, Seen: 5},
		{Fact: vocab.ProbeConnectTimeout, Seen: 7},
		{Fact: vocab.ProbeConnected, Seen: -30},
		{Fact: vocab.ListenerPresent, Seen: -8},
		{Fact: vocab.FirewallRule, Seen: -8},
		{Fact: vocab.NameMoved, Seen: -10},
		{Fact: vocab.GatewayConnectFailed, Seen: 4},
		{Fact: vocab.CheckUnconnected, Seen: 4},
	}),
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "There is no way from the gateway to {endpoint}[: {value:route_absent}|: {value:neighbour_silent}|: {value:probe_unroutable}].",
	Fixes: []Fix{
		{Text: "Mend the route, or bring the host back.", Command: "ip route get ADDRESS; ip neigh show ADDRESS"},
	},
	Next: "ip route get ADDRESS in the gateway's network namespace.",
}
