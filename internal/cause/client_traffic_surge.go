package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var trafficSurge = Cause{
	ID:   vocab.TrafficSurge,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayLimited, Seen: 1},
		{Fact: vocab.TrafficGrew, Seen: 34},   // three times as many as in any minute of the log, before anything failed
		{Fact: vocab.TrafficUsual, Seen: -25}, // the log shows as many, served
		{Fact: vocab.GatewayReadTimeout, Seen: 4},
		{Fact: vocab.GatewayConnectTimeout, Seen: 4},
		{Fact: vocab.GatewayNoConnections, Seen: 8},
		{Fact: vocab.GatewayQueueFull, Seen: 8},
		{Fact: vocab.AppWorkersExhausted, Seen: 8},
		{Fact: vocab.AppQueueFull, Seen: 8},
		{Fact: vocab.ListenerQueueFull, Seen: 8},
		{Fact: vocab.ProbeNoAnswer, Seen: 4},
		{Fact: vocab.ProbeLate, Seen: 4},
		{Fact: vocab.RouteGotSlower, Seen: 8}, // requests wait for each other
		{Fact: vocab.NoListener, Seen: -25},
		{Fact: vocab.ProbeRefused, Seen: -20},
		{Fact: vocab.ListenerStopped, Seen: -30},
		{Fact: vocab.AppCrashed, Seen: -12},
		{Fact: vocab.FirewallRule, Seen: -12},
		{Fact: vocab.PathSlow, Seen: -15},
		{Fact: vocab.PathBlackHole, Seen: -20},
		{Fact: vocab.AppDependencyFailed, Seen: -8},
	},
	Hides:   []vocab.Cause{vocab.WorkersExhausted, vocab.BacklogFull, vocab.ConnectionsExhausted, vocab.UpstreamSlow, vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "More requests arrive than ever before[: {value:traffic_grew}].",
	Fixes: []Fix{
		{Text: "Add capacity, cache, or limit."},
	},
	Next: "Compare the requests per minute with the same hour of other days.",
}
