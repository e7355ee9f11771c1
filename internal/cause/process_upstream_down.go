package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var upstreamDown = Cause{
	ID: vocab.UpstreamDown,
	Expects: []Expectation{
		{Fact: vocab.ListenerOtherRoot, Seen: -24},   // it lives, and the path leads elsewhere
		{Fact: vocab.GatewayRefused, Seen: 18},       // a refusal is what the kernel answers for a port without a listener
		{Fact: vocab.GatewaySocketMissing, Seen: 15}, // a server removes its socket when it stops in order
		{Fact: vocab.ProbeRefused, Seen: 20},         // the same, seen now
		{Fact: vocab.ProbeSocketMissing, Seen: 18},
		{Fact: vocab.NoListener, Seen: 25},      // the socket table is the kernel's own word
		{Fact: vocab.StoppedGateway, Seen: 1},   // it says who is missing, not that somebody is
		{Fact: vocab.SocketStale, Seen: 25},     // a socket file outlives the process that bound it
		{Fact: vocab.ProbeConnected, Seen: -30}, // a connect succeeds only where something listens
		{Fact: vocab.ListenerPresent, Seen: -25},
		{Fact: vocab.ListenerOtherAddress, Seen: -20}, // the application runs, at another address
		{Fact: vocab.ListenerRelated, Seen: -14},
		{Fact: vocab.ListenerNear, Seen: -4},
		{Fact: vocab.ListenerSameKind, Seen: -3},
		{Fact: vocab.ListenerElsewhere, Seen: -1}, // a stranger's listener says little
		{Fact: vocab.ListenerNowhereElse, Seen: 3},
		{Fact: vocab.ListenerBeside, Seen: 3}, // something else answered at the address
		{Fact: vocab.AppListeningElsewhere, Seen: -10},
		{Fact: vocab.EndpointServed, Seen: 2}, // the address was right once
		{Fact: vocab.AppCrashed, Seen: -14},   // the end is known, and it was a crash
		{Fact: vocab.KernelSegfault, Seen: -14},
		{Fact: vocab.ProcessVanished, Seen: -15},
		{Fact: vocab.DiedInRequest, Seen: -3},
		{Fact: vocab.GatewayResetEarly, Seen: 4}, // a hard stop cuts what was under way
		{Fact: vocab.GatewayClosedEarly, Seen: 4},
		{Fact: vocab.AppOOMKilled, Seen: -15},
		{Fact: vocab.AppBootFailed, Seen: -10},
		{Fact: vocab.ConfigDiffers, Seen: -12},
		{Fact: vocab.ListenerNewer, Seen: -10},
		{Fact: vocab.BriefOutage, Seen: -6},
		{Fact: vocab.NameMoved, Seen: -15},
		{Fact: vocab.NameUnknown, Seen: -10}, // it may have moved
		{Fact: vocab.TargetIsSelf, Seen: -20},
		{Fact: vocab.TargetOwnContainer, Seen: -3},
		{Fact: vocab.TargetLoopback6, Seen: -2},
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 2},
		{Fact: vocab.AppCannotListen, Seen: 8},       // it wanted to listen and could not
		{Fact: vocab.GatewayConnectFailed, Seen: 10}, // the commonest of its reasons
		{Fact: vocab.CheckUnconnected, Seen: 12},     // the check is refused as the requests are
		{Fact: vocab.CheckFails, Seen: 4},
		{Fact: vocab.CheckPasses, Seen: -8},
		{Fact: vocab.PoolNoServer, Seen: 2},
		{Fact: vocab.UnitStopped, Seen: 8},           // ended in order, and nobody started it
		{Fact: vocab.UnitFailed, Seen: -4},           // it ran and failed
		{Fact: vocab.UnitKilled, Seen: -10},          // then it crashed
		{Fact: vocab.UnitOOMKilled, Seen: -15},       // then it was killed
		{Fact: vocab.ContainerExited, Seen: 6},       // however it ended, it does not run
		{Fact: vocab.ContainerOOM, Seen: -15},        // then it was killed
		{Fact: vocab.EndpointGroupKilled, Seen: -12}, // then it was killed
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage, vocab.BackendInPenalty},
	Summary: "Nothing listens at {endpoint}: [{value:stopped_gateway}|the application behind {route} is not running].",
	Fixes: []Fix{
		{Text: "[Start it, and read its own log or unit for why {value:stopped_gateway}.|Start the application that should listen at {endpoint}, and read its own log or unit for why it is not running.]", Command: "ss -ltnp"},
		{Text: "Let a supervisor start it at boot and after it ends."},
	},
	Next: "Was it ever started? Ask its unit, its container and its own log when it ended and how.",
}
