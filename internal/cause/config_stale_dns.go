package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var staleDNS = Cause{
	ID: vocab.StaleDNS,
	Expects: []Expectation{
		{Fact: vocab.NameMoved, Seen: 34}, // the name server's own word
		{Fact: vocab.ProbeOK, Seen: -15},  // the old address still serves
		{Fact: vocab.ProbeLate, Seen: -10},
		{Fact: vocab.GatewayReadTimeout, Seen: -8},
		{Fact: vocab.NameSame, Seen: -25},
		{Fact: vocab.NameUnknown, Seen: 2},
		{Fact: vocab.NameMovedAnswers, Seen: 8},
		{Fact: vocab.ResolvedAtStart, Seen: 5},
		{Fact: vocab.TargetContainer, Seen: 9}, // containers change their addresses, hosts do not
		{Fact: vocab.ResolvedAtRunTime, Seen: -3},
		{Fact: vocab.GatewayRefused, Seen: 4},
		{Fact: vocab.GatewayConnectTimeout, Seen: 5},
		{Fact: vocab.GatewayUnroutable, Seen: 4},
		{Fact: vocab.GatewayHostUnreachable, Seen: 9}, // the address of a container that is gone
		{Fact: vocab.GatewayNameNotFound, Seen: 2},
		{Fact: vocab.ProbeRefused, Seen: 4},
		{Fact: vocab.ProbeUnroutable, Seen: 6},
		{Fact: vocab.ContainerMoved, Seen: 6}, // a name that is resolved once keeps the old one
	},
	Hides:   []vocab.Cause{vocab.UpstreamDown, vocab.Unreachable, vocab.Filtered, vocab.NoHealthyUpstream, vocab.WrongAddress, vocab.UpstreamRestarting},
	Summary: "The gateway still uses {endpoint}, an address that the name no longer has[: {value:name_moved}].",
	Fixes: []Fix{
		{Text: "[The gateway resolves the name again and again ({where:resolved_at_run_time}), and uses each answer too long: shorten how long.|Let the gateway resolve the name again and again: a resolver and a variable in the target, or `resolve` in the upstream block.]", Knob: vocab.ResolverServers, Value: "127.0.0.53 valid=10s"},
		{Text: "For now reload the gateway: it resolves the names anew.", Command: "{reload}"},
	},
	Next: "Compare the name's present addresses with the one in the gateway's log.",
}
