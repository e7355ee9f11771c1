package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var noSuchName = Cause{
	ID: vocab.NoSuchName,
	Expects: []Expectation{
		{Fact: vocab.GatewayNameNotFound, Seen: 26},
		{Fact: vocab.GatewayStartNameMissing, Seen: 22},
		{Fact: vocab.NameMissing, Seen: 30},
		{Fact: vocab.NameResolves, Seen: -22},
		{Fact: vocab.GatewayResolverFailed, Seen: -6},
		{Fact: vocab.GatewayResolverSilent, Seen: -10},
		{Fact: vocab.NameKnownToSystem, Seen: 4}, // it exists elsewhere: in the hosts file, or with a search list
	},
	Hides:   []vocab.Cause{vocab.InvalidConfig, vocab.NoHealthyUpstream},
	Summary: "The name {name} has no address[: {value:name_missing}][, and the system finds it: {value:name_known_to_system}].",
	Fixes: []Fix{
		{Text: "Correct the name, or publish it where the gateway's resolver looks[: the system finds {value:name_known_to_system}]."},
	},
	Next: "Ask the gateway's own resolver, not the system's.",
}
