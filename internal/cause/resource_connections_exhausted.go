package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var connectionsExhausted = Cause{
	ID: vocab.ConnectionsExhausted,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoConnections, Seen: 32},
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 2},
		{Fact: vocab.TargetIsSelf, Seen: -25},
		{Fact: vocab.PoolQueued, Seen: 18}, // the running gateway says so
		{Fact: vocab.LimitReached, Seen: 30},
		{Fact: vocab.GatewayConnectionsShort, Seen: 20}, // the sockets of a worker, counted
		{Fact: vocab.GatewayNoFiles, Seen: -12},         // descriptors ran out before connections did
	},
	Summary: "A limit on connections that stands for capacity was reached[: {value:gateway_no_connections}|: {value:pool_queued}|: {value:limit_reached}].",
	Fixes: []Fix{
		{Text: "Raise the number of connections, and look for what holds them: a slow upstream, a loop.", Knob: vocab.WorkerConnections, Value: "8192"},
	},
	Next: "How many connections are held, towards whom? ss -s",
}
