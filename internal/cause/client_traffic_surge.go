package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var trafficSurge = Cause{
	ID:   vocab.TrafficSurge,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayLimited, Seen: 1},
	},
	Summary: "More requests arrive than before.",
	Fixes: []Fix{
		{Text: "Add capacity, cache, or limit."},
	},
	Next: "Compare the requests per minute with the same hour of other days.",
}
