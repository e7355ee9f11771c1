package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var wrongAddress = Cause{
	ID: vocab.WrongAddress,
	Expects: []Expectation{
		{Fact: vocab.ListenerOtherRoot, Seen: -20}, // it lives, and the path leads elsewhere
		{Fact: vocab.GatewayRefused, Seen: 15},
		{Fact: vocab.GatewaySocketMissing, Seen: 15},
		{Fact: vocab.ProbeRefused, Seen: 16},
		{Fact: vocab.ProbeSocketMissing, Seen: 16},
		{Fact: vocab.NoListener, Seen: 22},
		{Fact: vocab.SocketStale, Seen: 12},
		{Fact: vocab.ListenerPresent, Seen: -20},
		{Fact: vocab.ProbeConnected, Seen: -25},
		{Fact: vocab.ListenerOtherAddress, Seen: 22}, // the same port, another address: hardly ever a coincidence
		{Fact: vocab.ListenerRelated, Seen: 14},      // the same folder or name, another port
		{Fact: vocab.ListenerNear, Seen: 6},          // 3001 for 3000: a slip, or a neighbour
		{Fact: vocab.ListenerSameKind, Seen: 5},      // hosts rarely have two php-fpm
		{Fact: vocab.ListenerElsewhere, Seen: -2},    // a stranger's listener says little
		{Fact: vocab.ListenerNowhereElse, Seen: -14},
		{Fact: vocab.ListenerBeside, Seen: -14},       // it is another one, that did not move
		{Fact: vocab.AppListeningElsewhere, Seen: 16}, // its own words
		{Fact: vocab.TargetOwnContainer, Seen: 18},    // one process per container: the application is in another one
		{Fact: vocab.TargetLoopback6, Seen: 8},        // localhost is ::1 first, and many applications listen on 127.0.0.1 only
		{Fact: vocab.EndpointServed, Seen: -10},       // it was the right address once
		{Fact: vocab.EndpointNeverServed, Seen: 3},
		{Fact: vocab.GatewayScriptUnknown, Seen: 24}, // SCRIPT_FILENAME names a file that is not there
		{Fact: vocab.GatewayUnroutable, Seen: 2},
		{Fact: vocab.GatewayHostUnreachable, Seen: 2},
		{Fact: vocab.GatewayDenied, Seen: -15},
		{Fact: vocab.ConfigDiffers, Seen: -14},
		{Fact: vocab.ConfigNewer, Seen: -3},
		{Fact: vocab.ConfigBroken, Seen: -2},
		{Fact: vocab.NameMoved, Seen: -15},
		{Fact: vocab.NameUnknown, Seen: -16}, // it may have moved
		{Fact: vocab.AppCrashed, Seen: -14},
		{Fact: vocab.KernelSegfault, Seen: -14},
		{Fact: vocab.ProcessVanished, Seen: -14},
		{Fact: vocab.DiedInRequest, Seen: -15},
		{Fact: vocab.TargetIsSelf, Seen: -20},
		{Fact: vocab.BriefOutage, Seen: -12},
		{Fact: vocab.GatewayConnectFailed, Seen: 8},
		{Fact: vocab.CheckUnconnected, Seen: 10},
		{Fact: vocab.ContainerMoved, Seen: 16}, // the engine says where it is now
		{Fact: vocab.BindsLoopback, Seen: 12},  // its own words
	},
	// An application of a like name elsewhere may be another one, and what was
	// here may have stopped: that it never was here, or its own words, must say.
	OneOf: []vocab.Fact{vocab.EndpointNeverServed, vocab.ListenerOtherAddress, vocab.AppListeningElsewhere, vocab.GatewayScriptUnknown, vocab.TargetLoopback6,
		vocab.ContainerMoved, vocab.BindsLoopback},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "The gateway forwards {route} to {endpoint}, where nothing listens, while the application listens elsewhere[: {value:listener_other_address}|: {value:listener_related}|: {value:listener_near}|: {value:listener_same_kind}|: {value:app_listening_elsewhere}].",
	Fixes: []Fix{
		{Text: "Point the gateway at the address where the application listens[: {value:listener_other_address}|: {value:listener_related}].", Knob: vocab.Target, Value: "[{value:listener_other_address}|{value:listener_related}]"},
		{Text: "Or let the application listen at {endpoint}."},
	},
	Next: "Which address does the application itself say it listens at? ss -ltnp, and its first log lines.",
}
