package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var cdnOrigin = Cause{
	ID: vocab.CDNOrigin,
	Expects: []Expectation{
		{Fact: vocab.EdgeAnswered, Seen: 24},
		{Fact: vocab.EdgePassed, Seen: 4}, // the origin makes most of what an edge passes on
	},
	Summary: "A CDN or cloud balancer made this answer[: {value:edge_answered}]; the next hop is the origin behind it.",
	Fixes: []Fix{
		{Text: "Ask the origin directly, on its own host."},
	},
	Next: "Run goodgate on the origin's host.",
}
