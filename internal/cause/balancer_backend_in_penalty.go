package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var backendInPenalty = Cause{
	ID:   vocab.BackendInPenalty,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayServerDisabled, Seen: 6},
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 15}, // it asks none of them
		{Fact: vocab.ProbeOK, Seen: 14},               // and they answer
		{Fact: vocab.ListenerNewer, Seen: 5},          // since a start that came after the first failure
		{Fact: vocab.ServerEjected, Seen: 8},          // the gateway says so
		{Fact: vocab.ProbeRefused, Seen: -25},
		{Fact: vocab.NoListener, Seen: -25},
		{Fact: vocab.ProbeConnectTimeout, Seen: -20},
		{Fact: vocab.ProbeNoAnswer, Seen: -15},
		{Fact: vocab.ProbeErrorStatus, Seen: -10},
		{Fact: vocab.CheckRejects, Seen: -15}, // then a health check keeps it out, not a penalty
		{Fact: vocab.CheckUnconnected, Seen: -15},
		{Fact: vocab.GatewayCheckRejected, Seen: -15},
		{Fact: vocab.ServersDown, Seen: -20},
		{Fact: vocab.PoolInMaintenance, Seen: -20},
		{Fact: vocab.ServerInMaintenance, Seen: -15},
		{Fact: vocab.PoolOutByChecks, Seen: -25}, // there is no penalty but the checks
		{Fact: vocab.PoolOutByHand, Seen: -25},
		{Fact: vocab.GatewayReadTimeout, Seen: -8}, // it was asked
		{Fact: vocab.GatewayResending, Seen: -20},  // it is asked
		{Fact: vocab.ProbeIdleLost, Seen: -15},
		{Fact: vocab.PoolAnsweredErrors, Seen: -10}, // it was never away
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "The server {endpoint} is back and the gateway still keeps it out.",
	Fixes: []Fix{
		{Text: "Wait for the penalty to end, or shorten it."},
	},
	Next: "How long is the penalty, and when did it begin?",
}
