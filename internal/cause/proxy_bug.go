package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var bug = Cause{
	ID:   vocab.Bug,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayWorkerDied, Seen: 6},
	},
	Summary: "The gateway's own code fails.",
	Fixes: []Fix{
		{Text: "Compare the version with its changelog, and update."},
	},
	Next: "Which version runs, and is the fault known?",
}
