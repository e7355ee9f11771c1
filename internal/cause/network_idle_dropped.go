package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var idleDropped = Cause{
	ID:   vocab.IdleDropped,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.KeepaliveUsed, Seen: 2},
		{Fact: vocab.KeepaliveUnused, Seen: -40},
		{Fact: vocab.GatewayReadTimeout, Seen: 2},
		{Fact: vocab.GatewayPeerVanished, Seen: 14}, // who forgot the connection drops what is sent on it
		{Fact: vocab.ProbeIdleLonger, Seen: 2},
		{Fact: vocab.OnlyUnsafeFail, Seen: 4},
	},
	Summary: "Something between the gateway and {endpoint} forgets idle connections: the first request on one is lost.",
	Fixes: []Fix{
		{Text: "Make the gateway forget idle connections sooner, or turn on TCP keep-alive towards the upstream.", Knob: vocab.KeepaliveTimeout, Value: "30s"},
	},
	Next: "Do only requests after a pause fail, with a timeout and no reset?",
}
