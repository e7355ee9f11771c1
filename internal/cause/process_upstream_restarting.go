package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var upstreamRestarting = Cause{
	ID: vocab.UpstreamRestarting,
	Expects: []Expectation{
		{Fact: vocab.GatewayRefused, Seen: 12},
		{Fact: vocab.GatewaySocketMissing, Seen: 11},
		{Fact: vocab.GatewayClosedEarly, Seen: 6},
		{Fact: vocab.GatewayResetEarly, Seen: 6},
		{Fact: vocab.GatewayStreamRefused, Seen: 10},
		{Fact: vocab.AppStopping, Seen: 20}, // the server's own word that it was told to stop
		{Fact: vocab.AppStarting, Seen: 8},
		{Fact: vocab.ListenerNewer, Seen: 14}, // it started at the end of the failures
		{Fact: vocab.ListenerOlder, Seen: -20},
		{Fact: vocab.BriefOutage, Seen: 10},
		{Fact: vocab.ListenerReplaced, Seen: 4},
		{Fact: vocab.NoListener, Seen: -14}, // a restart has an end
		{Fact: vocab.ProbeRefused, Seen: -14},
		{Fact: vocab.SocketStale, Seen: -14},
		{Fact: vocab.ListenerStopped, Seen: -20},
		{Fact: vocab.AppCrashed, Seen: -10},
		{Fact: vocab.KernelSegfault, Seen: -15},
		{Fact: vocab.AppOOMKilled, Seen: -15},
		{Fact: vocab.AppWorkerKilled, Seen: -12},
		{Fact: vocab.GatewayClosedBody, Seen: 6},
		{Fact: vocab.FailsAlways, Seen: -8},
		{Fact: vocab.DiedInRequest, Seen: -3},
		{Fact: vocab.KeepaliveUsed, Seen: 1},
		{Fact: vocab.EndpointGroupKilled, Seen: -15}, // it was killed, not restarted
		{Fact: vocab.UnitRestarts, Seen: -4},         // systemd does so after failures
		{Fact: vocab.ContainerRestarts, Seen: -4},    // the engine does so after failures
	},
	Hides:   []vocab.Cause{vocab.UpstreamDown, vocab.PartialOutage, vocab.NoHealthyUpstream},
	Summary: "Requests met a restart of the application at {endpoint}[, which runs since {value:listener_newer}].",
	Fixes: []Fix{
		{Text: "Let the new process listen before the old one stops: socket activation, a readiness gate, a rolling restart over two servers."},
		{Text: "Let the application finish its requests after SIGTERM before it exits."},
	},
	Next: "Who restarted it? Compare the time with deploys and with the unit's log.",
}
