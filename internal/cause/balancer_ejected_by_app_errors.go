package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var ejectedByAppErrors = Cause{
	ID:   vocab.EjectedByAppErrors,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 4},
		{Fact: vocab.GatewayStatusPassed, Seen: 2},
		{Fact: vocab.PoolCountsErrors, Seen: 8},    // not so by default in nginx
		{Fact: vocab.PoolAnsweredErrors, Seen: 18}, // what it counted
		{Fact: vocab.ProbeOK, Seen: 6},             // to this request it gives none
		{Fact: vocab.ProbeRefused, Seen: -25},
		{Fact: vocab.NoListener, Seen: -25},
		{Fact: vocab.ProbeConnectTimeout, Seen: -20},
		{Fact: vocab.ProbeNoAnswer, Seen: -15},
		{Fact: vocab.GatewayRefused, Seen: -12},
		{Fact: vocab.GatewayReadTimeout, Seen: -12},
		{Fact: vocab.GatewayClosedEarly, Seen: -12},
		{Fact: vocab.ServerEjected, Seen: 12},   // the gateway says so, and not of what errors
		{Fact: vocab.ProbeErrorStatus, Seen: 6}, // of such as are made now
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "Errors of the application itself were counted as failures of its servers until none was left in {pool}.",
	Fixes: []Fix{
		{Text: "Do not count application errors as server failures."},
	},
	Next: "Did the members answer 5xx before they were taken out?",
}
