package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var resolverUnreachable = Cause{
	ID: vocab.ResolverUnreachable,
	Expects: []Expectation{
		{Fact: vocab.GatewayResolverFailed, Seen: 26},
		{Fact: vocab.GatewayResolverSilent, Seen: 26},
		{Fact: vocab.ResolverSilent, Seen: 30},
		{Fact: vocab.ResolverFailed, Seen: 28},
		{Fact: vocab.ResolverOK, Seen: -22},
		{Fact: vocab.GatewayStartNameMissing, Seen: 6},
		{Fact: vocab.GatewayNameNotFound, Seen: -4},
		{Fact: vocab.NameKnownToSystem, Seen: 3}, // another resolver answers
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream},
	Summary: "The resolver {resolver} does not answer the gateway, or only with an error[: {value:resolver_silent}|: {value:resolver_failed}].",
	Fixes: []Fix{
		{Text: "Bring the resolver back, or name one that answers.", Knob: vocab.ResolverServers, Value: "127.0.0.53 valid=10s"},
	},
	Next: "dig @RESOLVER NAME from the gateway's host and network namespace.",
}
