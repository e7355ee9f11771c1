package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var aborted = Cause{
	ID:   vocab.Aborted,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayClientGone, Seen: 28}, // status 499, or the message of a closed client connection
		{Fact: vocab.AnswerOK, Seen: 2},
		{Fact: vocab.GatewayReadTimeout, Seen: -8},
		{Fact: vocab.GatewayRefused, Seen: -8},
	},
	Summary: "Clients closed the connection before the answer was complete; the gateway is not at fault.",
	Fixes: []Fix{
		{Text: "Nothing, if the answers are fast. If they are slow, make them faster: people gave up waiting."},
	},
	Next: "After how long do they go away? A constant time is a client's or balancer's timeout.",
}
