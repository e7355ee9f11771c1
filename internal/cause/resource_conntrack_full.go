package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var conntrackFull = Cause{
	ID:   vocab.ConntrackFull,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayConnectTimeout, Seen: 3},
	},
	Summary: "The connection tracking table is full and packets are dropped.",
	Fixes: []Fix{
		{Text: "Raise net.netfilter.nf_conntrack_max, or do not track this traffic."},
	},
	Next: "Compare net.netfilter.nf_conntrack_count with nf_conntrack_max, and look for \"table full\" in the kernel log.",
}
