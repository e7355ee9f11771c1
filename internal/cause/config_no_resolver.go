package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var noResolver = Cause{
	ID: vocab.NoResolver,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoResolver, Seen: 35}, // the message has this one meaning
		{Fact: vocab.ResolverAbsent, Seen: 24},
	},
	Hides:   []vocab.Cause{vocab.InvalidConfig},
	Summary: "The target of {route} is computed for each request, its name {name} must be resolved then, and no resolver is configured.",
	Fixes: []Fix{
		{Text: "Set a resolver where the target is computed.", Knob: vocab.ResolverServers, Value: "127.0.0.53 valid=10s"},
		{Text: "Or name an upstream block in the variable: it is resolved at start."},
	},
	Next: "The directive `resolver` must stand in http, server or location.",
}
