package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var conntrackFull = Cause{
	ID:   vocab.ConntrackFull,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayConnectTimeout, Seen: 3},        // many other things drop packets
		{Fact: vocab.ConntrackShort, Seen: 26, Absent: -24}, // a full table drops what is new; one with room drops nothing, whatever the kernel says of another
		{Fact: vocab.KernelConntrackFull, Seen: 24},         // the kernel's own words, which older ones say of any namespace
		{Fact: vocab.ProbeConnectTimeout, Seen: 3},          // ours is dropped as well, or was tracked already
	},
	Hides:   []vocab.Cause{vocab.Filtered, vocab.Lossy},
	Summary: "The connection tracking table is full and packets are dropped[: {value:conntrack_short}].",
	Fixes: []Fix{
		{Text: "Raise net.netfilter.nf_conntrack_max, or do not track this traffic."},
	},
	Next: "Compare net.netfilter.nf_conntrack_count with nf_conntrack_max, and look for \"table full\" in the kernel log.",
}
