package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var circuitOpen = Cause{
	ID:   vocab.CircuitOpen,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 1},
	},
	Summary: "A circuit breaker or concurrency limit refused the request.",
	Fixes: []Fix{
		{Text: "Look for what opened it."},
	},
	Next: "The breaker's state and thresholds.",
}
