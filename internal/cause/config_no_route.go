package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var noRoute = Cause{
	ID:   vocab.NoRoute,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.TargetDenied, Seen: 6},
		{Fact: vocab.RouteMissing, Seen: 34},
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.Maintenance},
	Summary: "No route of the gateway fits {route}.",
	Fixes: []Fix{
		{Text: "Add the site or the route, or correct the name."},
	},
	Next: "Which names and paths does the configuration know?",
}
