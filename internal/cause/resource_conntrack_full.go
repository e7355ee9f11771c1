package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var conntrackFull = Cause{
	ID:   vocab.ConntrackFull,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayConnectTimeout, Seen: 10}, // as with a firewall that drops
		{Fact: vocab.ProbeConnectTimeout, Seen: 12},   // ours is dropped as well, or was tracked already
		{Fact: vocab.ListenerGated, Seen: 18},         // it listens, has room, and cannot be reached
		{Fact: vocab.NoListener, Seen: -16},
		{Fact: vocab.ProbeConnected, Seen: -20},
		{Fact: vocab.FirewallRule, Seen: -4},                // that would be enough
		{Fact: vocab.ConntrackShort, Seen: 26, Absent: -32}, // a full table drops what is new; one with room drops nothing, whatever the kernel says of another
		{Fact: vocab.KernelConntrackFull, Seen: 24},         // the kernel's own words, which older ones say of any namespace
	},
	Proof:   []vocab.Fact{vocab.ConntrackShort},
	Hides:   []vocab.Cause{vocab.Filtered, vocab.Lossy},
	Summary: "The connection tracking table is full and packets are dropped[: {value:conntrack_short}].",
	Fixes: []Fix{
		{Text: "Raise net.netfilter.nf_conntrack_max, or do not track this traffic.", Command: "sysctl -w net.netfilter.nf_conntrack_max=$((2 * $(sysctl -n net.netfilter.nf_conntrack_max)))"},
	},
	Next: "Compare net.netfilter.nf_conntrack_count with nf_conntrack_max, and look for \"table full\" in the kernel log.",
}
