package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var proxyLoop = Cause{
	ID: vocab.ProxyLoop,
	Expects: []Expectation{
		{Fact: vocab.TargetIsSelf, Seen: 38}, // read from the configuration, hop by hop
	},
	Hides:   []vocab.Cause{vocab.ConnectionsExhausted, vocab.FDExhausted, vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.BufferTooSmall, vocab.AppError, vocab.RequestTooLarge},
	Summary: "The gateway forwards {route} to itself[: {value:target_is_self}].",
	Fixes: []Fix{
		{Text: "Point the target at the application, not at an address where the gateway itself listens with the same site."},
	},
	Next: "Follow the request: which server block answers at {endpoint}?",
}
