package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var invalidConfig = Cause{
	ID: vocab.InvalidConfig,
	Expects: []Expectation{
		{Fact: vocab.ConfigBroken, Seen: 14}, // a broken file on disk need not be why this request fails
		{Fact: vocab.GatewayConfigRejected, Seen: 14},
		{Fact: vocab.GatewayStartNameMissing, Seen: 10},
		{Fact: vocab.ConfigLoads, Seen: -15},
		{Fact: vocab.ConfigDiffers, Seen: 18}, // the edit that would have mended it was refused
		{Fact: vocab.ConfigTargetAnswers, Seen: 10},
		{Fact: vocab.ConfigNewer, Seen: 4},
		{Fact: vocab.GatewayNotRunning, Seen: 18},
		{Fact: vocab.GatewayUnreachable, Seen: 10},
		{Fact: vocab.GatewayBadTarget, Seen: 32},
		{Fact: vocab.GatewayRedirectCycle, Seen: 28},
		{Fact: vocab.GatewayCannotBind, Seen: 16},
		{Fact: vocab.GatewayRefused, Seen: 2},
	},
	Hides:   []vocab.Cause{vocab.NotApplied},
	Summary: "The configuration on disk does not load[: {value:config_broken}|: {value:gateway_config_rejected}].",
	Fixes: []Fix{
		{Text: "Correct the file[ at {where:config_broken}], test it, then reload.", Command: "{test} && {reload}"},
	},
	Next: "nginx -t names the file and line.",
}
