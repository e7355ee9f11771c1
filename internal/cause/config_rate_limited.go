package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var rateLimited = Cause{
	ID:   vocab.RateLimited,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayLimited, Seen: 36}, // the message has this one meaning
		{Fact: vocab.LimitConfigured, Seen: 4},
	},
	Summary: "A limit in the gateway's configuration refused the request[: {value:gateway_limited}]; the upstream was not asked.",
	Fixes: []Fix{
		{Text: "Raise the rate or the burst if these requests are legitimate[ (the limit stands at {where:limit_configured})]."},
	},
	Next: "Who sends so many requests? The access log by client tells.",
}
