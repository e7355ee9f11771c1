package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var backendInPenalty = Cause{
	ID:   vocab.BackendInPenalty,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayServerDisabled, Seen: 5},
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 5},
		{Fact: vocab.ProbeOK, Seen: 4},
	},
	Summary: "The server {endpoint} is back and the gateway still keeps it out.",
	Fixes: []Fix{
		{Text: "Wait for the penalty to end, or shorten it."},
	},
	Next: "How long is the penalty, and when did it begin?",
}
