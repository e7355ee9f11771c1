package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var earlyClose = Cause{
	ID: vocab.EarlyClose,
	Expects: []Expectation{
		{Fact: vocab.GatewayClosedSending, Seen: 26},
		{Fact: vocab.OnlyUnsafeFail, Seen: 4},
		{Fact: vocab.ProbeOK, Seen: 2},
		{Fact: vocab.AppRequestTooLarge, Seen: -16},
		{Fact: vocab.KeepaliveUsed, Seen: -3},
		{Fact: vocab.AppCrashed, Seen: -10},
		{Fact: vocab.KernelSegfault, Seen: -12},
		{Fact: vocab.ProcessVanished, Seen: -12},
		{Fact: vocab.NoListener, Seen: -8},
		{Fact: vocab.DiedInRequest, Seen: -8},
	},
	Hides:   []vocab.Cause{vocab.EmptyResponse},
	Summary: "{endpoint} answers or closes before it has read the request body.",
	Fixes: []Fix{
		{Text: "Let the application read the whole body before it answers or closes, or raise the limit on which it gives up."},
	},
	Next: "Is the body over a limit of the application? Does it answer before reading?",
}
