package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var notApplied = Cause{
	ID: vocab.NotApplied,
	Expects: []Expectation{
		{Fact: vocab.ConfigNewer, Seen: 5}, // an edit alone need not matter to this request
		{Fact: vocab.ConfigApplied, Seen: -25},
		{Fact: vocab.ConfigDiffers, Seen: 20},
		{Fact: vocab.ConfigTargetAnswers, Seen: 10},
		{Fact: vocab.ProbeOK, Seen: 3}, // at the address that the file names now
		{Fact: vocab.ConfigBroken, Seen: -20},
		{Fact: vocab.GatewayConfigRejected, Seen: -20},
		{Fact: vocab.GatewayDraining, Seen: 3},
		{Fact: vocab.GatewayRefused, Seen: 3},
	},
	Hides:   []vocab.Cause{vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamRestarting},
	Summary: "The gateway runs an older configuration than the one on disk[: {value:config_differs}][; {value:config_newer}].",
	Fixes: []Fix{
		{Text: "Test the configuration on disk and load it.", Command: "{test} && {reload}"},
	},
	Next: "Compare the start of the workers with the time of the last edit.",
}
