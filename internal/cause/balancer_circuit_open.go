package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var circuitOpen = Cause{
	ID:   vocab.CircuitOpen,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 1},
		{Fact: vocab.GatewayCircuitOpen, Seen: 20},
		{Fact: vocab.CircuitConfigured, Seen: 18},
		{Fact: vocab.CircuitOpenNow, Seen: 34},    // the gateway says so
		{Fact: vocab.AnswerGatewayError, Seen: 4}, // the upstream was not asked
		{Fact: vocab.ProbeOK, Seen: 6},            // what opened it is over
		{Fact: vocab.PoolNoServer, Seen: -12},     // there was nobody to ask, with or without a breaker
		{Fact: vocab.GatewayRefused, Seen: -15},   // it did dial
		{Fact: vocab.GatewayReadTimeout, Seen: -15},
		{Fact: vocab.GatewayClosedEarly, Seen: -15},
		{Fact: vocab.GatewayConnectFailed, Seen: -15},
		{Fact: vocab.AnswerUpstreamError, Seen: -25},
	},
	OneOf:   []vocab.Fact{vocab.GatewayCircuitOpen, vocab.CircuitOpenNow}, // that one is configured opens none
	Summary: "A circuit breaker or concurrency limit refused the request[: {value:circuit_open_now}|: {value:circuit_configured}].",
	Fixes: []Fix{
		{Text: "Mend what opened it: the failures of the upstream just before, which the gateway's log and the application's tell. It closes by itself once enough requests are answered well."},
		{Text: "[If it opens for trifles, let it bear more: {value:circuit_configured} at {where:circuit_configured}.]"},
	},
	Next: "The breaker's state and thresholds.",
}
