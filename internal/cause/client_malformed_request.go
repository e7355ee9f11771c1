package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var malformedRequest = Cause{
	ID:   vocab.MalformedRequest,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayProxyHeaderBroken, Seen: 14},
	},
	Summary: "The client's own request is broken[: {value:gateway_proxy_header_broken}].",
	Fixes: []Fix{
		{Text: "Nothing, if scanners send it. A health check that speaks to the wrong port must be corrected."},
	},
	Next: "Who is the client? A scanner, a health check, a real user?",
}
