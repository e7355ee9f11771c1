package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var missingModule = Cause{
	ID: vocab.MissingModule,
	Expects: []Expectation{
		{Fact: vocab.GatewayConfigRejected, Seen: 3},
	},
	Summary: "The gateway lacks the module that speaks the upstream's protocol.",
	Fixes: []Fix{
		{Text: "Install and load the module."},
	},
	Next: "The gateway's list of modules.",
}
