package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var missingModule = Cause{
	ID: vocab.MissingModule,
	Expects: []Expectation{
		{Fact: vocab.GatewayConfigRejected, Seen: 3},
		{Fact: vocab.GatewayNoModule, Seen: 30}, // the message has this one meaning
		{Fact: vocab.ModuleAbsent, Seen: 30},
	},
	Summary: "The gateway lacks the module that speaks the upstream's protocol[: {value:module_absent}].",
	Fixes: []Fix{
		{Text: "Install and load the module."},
	},
	Next: "The gateway's list of modules.",
}
