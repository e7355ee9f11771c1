package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var idleDropped = Cause{
	ID:   vocab.IdleDropped,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.KeepaliveUsed, Seen: 2},
		{Fact: vocab.KeepaliveUnused, Seen: -40}, // without reuse nothing is idle
		{Fact: vocab.GatewayReadTimeout, Seen: 3},
		{Fact: vocab.GatewayWriteTimeout, Seen: 2},
		{Fact: vocab.GatewayPeerVanished, Seen: 6}, // the kernel gave up on a connection of long ago
		{Fact: vocab.GatewayResending, Seen: 15},   // nothing acknowledges what was sent on an old connection
		{Fact: vocab.ProbeIdleLost, Seen: 34},      // measured: the idle connection is dead and a new one lives
		{Fact: vocab.ProbeIdleShorter, Seen: -12},  // the upstream itself closes, and says so
		{Fact: vocab.ProbeIdleLonger, Seen: 2},
		{Fact: vocab.ProbeOK, Seen: 4}, // a new connection is answered
		{Fact: vocab.ProbeNoAnswer, Seen: -20},
		{Fact: vocab.ProbeLate, Seen: -15},
		{Fact: vocab.ProbeConnectTimeout, Seen: -20},
		{Fact: vocab.PathWhole, Seen: 3},
		{Fact: vocab.PathLoss, Seen: -14},
		{Fact: vocab.PathSlow, Seen: -20},
		{Fact: vocab.PathBlackHole, Seen: -20},
		{Fact: vocab.FailsAlways, Seen: -12}, // the next request has a new connection
		{Fact: vocab.FailsAtOnce, Seen: -15}, // nothing comes back, so it takes the whole limit
		{Fact: vocab.EndpointServesOthers, Seen: 3},
		{Fact: vocab.OnlyUnsafeFail, Seen: 4},
		{Fact: vocab.RouteGotSlower, Seen: -4},
	},
	// Without a look at an idle connection a short outage of the way looks the same.
	Proof:   []vocab.Fact{vocab.ProbeIdleLost},
	Summary: "Something between the gateway and {endpoint} forgets idle connections: the first request on one is lost[ ({value:probe_idle_lost})].",
	Fixes: []Fix{
		{Text: "Make the gateway forget idle connections sooner, or turn on TCP keep-alive towards the upstream.", Knob: vocab.KeepaliveTimeout, Value: "30s"},
	},
	Next: "goodgate diagnose --deep leaves a connection idle for as long as the gateway would and asks on it again. Do only requests after a pause fail, with a timeout and no reset?",
}
