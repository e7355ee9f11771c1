package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var ejectedByAppErrors = Cause{
	ID:   vocab.EjectedByAppErrors,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 4},
		{Fact: vocab.GatewayStatusPassed, Seen: 2},
		{Fact: vocab.ServerEjected, Seen: 12},   // the gateway says so, and not of what errors
		{Fact: vocab.ProbeErrorStatus, Seen: 6}, // of such as are made now
	},
	Summary: "Errors of the application itself were counted as failures of its servers until none was left in {pool}.",
	Fixes: []Fix{
		{Text: "Do not count application errors as server failures."},
	},
	Next: "Did the members answer 5xx before they were taken out?",
}
