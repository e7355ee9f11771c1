package cause

import (
	"slices"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// connected are lines about what came after a connect: who is kept from connecting
// does not get that far.
var connected = []Expectation{
	{Fact: vocab.GatewayCertificateRejected, Seen: -25},
	{Fact: vocab.GatewayTLSAlert, Seen: -25},
	{Fact: vocab.GatewayTLSPlain, Seen: -25},
	{Fact: vocab.GatewayNotHTTP, Seen: -25},
	{Fact: vocab.GatewayInvalidHeader, Seen: -25},
	{Fact: vocab.GatewayHeaderTooBig, Seen: -25},
	{Fact: vocab.GatewayReadTimeout, Seen: -25},
	{Fact: vocab.GatewayResetEarly, Seen: -25},
	{Fact: vocab.GatewayClosedEarly, Seen: -25},
}

var filtered = Cause{
	ID: vocab.Filtered,
	Expects: slices.Concat(connected, []Expectation{
		{Fact: vocab.GatewayConnectTimeout, Seen: 13},
		{Fact: vocab.GatewayPeerVanished, Seen: 3},
		{Fact: vocab.ProbeConnectTimeout, Seen: 15},
		{Fact: vocab.GatewayRefused, Seen: 2},
		{Fact: vocab.ProbeRefused, Seen: 3},
		{Fact: vocab.GatewayDenied, Seen: 4},
		{Fact: vocab.GatewayUnroutable, Seen: 4},
		{Fact: vocab.GatewayHostUnreachable, Seen: 9}, // REJECT with icmp-host-prohibited, firewalld's default
		{Fact: vocab.TargetContainer, Seen: -3},
		{Fact: vocab.ProbeUnroutable, Seen: 8},
		{Fact: vocab.GatewayResetConnect, Seen: 8},
		{Fact: vocab.ListenerGated, Seen: 18}, // it listens, has room, and cannot be reached
		{Fact: vocab.NoListener, Seen: -16},
		{Fact: vocab.ProbeConnected, Seen: -30},
		{Fact: vocab.FirewallRule, Seen: 14},
		{Fact: vocab.ConntrackShort, Seen: -16}, // a full table drops without any rule
		{Fact: vocab.ListenerQueueFull, Seen: -28},
		{Fact: vocab.RouteAbsent, Seen: -18},
		{Fact: vocab.NeighbourSilent, Seen: -14},
		{Fact: vocab.ListenerStopped, Seen: -6},
		{Fact: vocab.NameMoved, Seen: -10},
		{Fact: vocab.GatewayConnectFailed, Seen: 2},
		{Fact: vocab.CheckUnconnected, Seen: 5},
		{Fact: vocab.PathEnds, Seen: 3},   // a router that drops is one that still answers for itself
		{Fact: vocab.PathLoss, Seen: -20}, // a filter is no matter of chance
	}),
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "A firewall or policy keeps the gateway from {endpoint}[: {value:firewall_rule}].",
	Fixes: []Fix{
		{Text: "Allow the connection in the rule that drops or rejects it[: {value:firewall_rule}].", Command: "nft list ruleset"},
	},
	Next: "Does a packet leave and come back? nft list ruleset on both hosts, and the cloud's security groups.",
}
