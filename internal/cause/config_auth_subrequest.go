package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var authSubrequest = Cause{
	ID: vocab.AuthSubrequest,
	Expects: []Expectation{
		{Fact: vocab.GatewayAuthStatus, Seen: 34},
	},
	Hides:   []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WrongAddress, vocab.AppError, vocab.DependencyDown},
	Summary: "An authentication sub-request failed and became the answer[: {value:gateway_auth_status}].",
	Fixes: []Fix{
		{Text: "Mend the authentication service, or its location in the gateway."},
	},
	Next: "What does the authentication service answer when it is asked directly?",
}
