package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var wrongNetwork = Cause{
	ID:   vocab.WrongNetwork,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayUnroutable, Seen: 6},
		{Fact: vocab.GatewayHostUnreachable, Seen: 5},
		{Fact: vocab.GatewayConnectTimeout, Seen: 10},
		{Fact: vocab.RouteAbsent, Seen: 4},
		{Fact: vocab.ContainerApart, Seen: 30},  // the engine's own list of networks
		{Fact: vocab.TargetContainer, Seen: 12}, // the engines' bridges drop what comes from another network
		{Fact: vocab.NetworksNamed, Seen: 12},   // of several networks the gateway takes one
	},
	Hides:   []vocab.Cause{vocab.Filtered, vocab.Unreachable},
	Summary: "The gateway and {endpoint} share no network[: {value:container_apart}].",
	Fixes: []Fix{
		{Text: "Put both containers on one network, and name the upstream by its service name."},
	},
	Next: "docker network inspect shows which networks each one is on.",
}
