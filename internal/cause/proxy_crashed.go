package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var crashed = Cause{
	ID:   vocab.Crashed,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayWorkerDied, Seen: 30},
		{Fact: vocab.GatewayNotRunning, Seen: 5},
		{Fact: vocab.ConfigBroken, Seen: -8},
		{Fact: vocab.GatewayConfigRejected, Seen: -8},
	},
	Summary: "The gateway itself died[: {value:gateway_worker_died}].",
	Fixes: []Fix{
		{Text: "Read its error log and the kernel log; look for a third-party module; update it."},
	},
	Next: "Which module is in the stack of the core dump?",
}
