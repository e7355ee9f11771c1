package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var upstreamCrashed = Cause{
	ID: vocab.UpstreamCrashed,
	Expects: []Expectation{
		{Fact: vocab.ListenerOtherRoot, Seen: -24},     // it lives, and the path leads elsewhere
		{Fact: vocab.AppCrashed, Seen: 24, Absent: -3}, // the application server's own record of a signal or exit code
		{Fact: vocab.KernelSegfault, Seen: 26},         // the kernel's record of the fault
		{Fact: vocab.ProcessVanished, Seen: 25},        // it was there before our request and is not there after it
		{Fact: vocab.DiedInRequest, Seen: 7},           // cut in the middle of a request, refused afterwards
		{Fact: vocab.AppBootFailed, Seen: 20},
		{Fact: vocab.GatewayRefused, Seen: 12},
		{Fact: vocab.GatewaySocketMissing, Seen: 8},
		{Fact: vocab.ProbeRefused, Seen: 12},
		{Fact: vocab.NoListener, Seen: 14},
		{Fact: vocab.SocketStale, Seen: 16},        // nobody removed the socket file
		{Fact: vocab.EndUnseen, Seen: 6},           // that nothing was cut says nothing
		{Fact: vocab.GatewayClosedEarly, Seen: 13}, // the kernel closes what a dead process held
		{Fact: vocab.TargetWorkers, Seen: 1},
		{Fact: vocab.GatewayResetEarly, Seen: 13}, // unread data at the end of the process makes it a reset
		{Fact: vocab.GatewayClosedBody, Seen: 9},
		{Fact: vocab.GatewayClosedSending, Seen: 4},
		{Fact: vocab.ListenerReplaced, Seen: 15}, // another process listens a moment later
		{Fact: vocab.ListenerKept, Seen: -9},
		{Fact: vocab.WorkerReplaced, Seen: 11}, // a worker ended; killed by its master fits as well
		{Fact: vocab.ListenerNewer, Seen: 6},
		{Fact: vocab.ListenerOlder, Seen: -2},
		{Fact: vocab.ProbeEmpty, Seen: 4},
		{Fact: vocab.ProbeReset, Seen: 4},
		{Fact: vocab.ProbeOK, Seen: -3},
		{Fact: vocab.AppWorkerKilled, Seen: -18},
		{Fact: vocab.AppOOMKilled, Seen: -18},
		{Fact: vocab.AppSigkilled, Seen: -8},
		{Fact: vocab.AppStopping, Seen: -30},
		{Fact: vocab.ListenerStopped, Seen: -15},
		{Fact: vocab.ProbeSpeaksTLS, Seen: -15},
		{Fact: vocab.ProbeNoProtocol, Seen: 1},
		{Fact: vocab.ProbeSpeaksPlain, Seen: -15},
		{Fact: vocab.ProbeSpeaksHTTP, Seen: -15},
		{Fact: vocab.ProbeSpeaksFastCGI, Seen: -15},
		{Fact: vocab.ProbeSpeaksUWSGI, Seen: -15},
		{Fact: vocab.ProbeWantsProxyHeader, Seen: -15},
		{Fact: vocab.ProbeIdleShorter, Seen: -8},
		{Fact: vocab.FailsAtOnce, Seen: -2},
		{Fact: vocab.CutAfterWait, Seen: -2},
		{Fact: vocab.ListenerOtherAddress, Seen: -12},
		{Fact: vocab.NameMoved, Seen: -12},
		{Fact: vocab.NameUnknown, Seen: -6},
		{Fact: vocab.ConfigDiffers, Seen: -12},
		{Fact: vocab.EndpointNeverServed, Seen: -4},
		{Fact: vocab.AppRequestTooLarge, Seen: -18},
		{Fact: vocab.AppWrongProtocol, Seen: -12},
		{Fact: vocab.GatewayConnectFailed, Seen: 7},
		{Fact: vocab.CheckUnconnected, Seen: 5},
		{Fact: vocab.EndpointGroupKilled, Seen: -16}, // the kernel killed it
		{Fact: vocab.UnitFailed, Seen: 18},           // systemd saw its exit status
		{Fact: vocab.UnitKilled, Seen: 22},           // systemd saw the signal
		{Fact: vocab.UnitOOMKilled, Seen: -20},       // the kernel killed it
		{Fact: vocab.UnitRestarts, Seen: 14},         // systemd starts again what ended by itself
		{Fact: vocab.UnitStopped, Seen: -12},         // somebody stopped it
		{Fact: vocab.ContainerExited, Seen: 10},      // docker stop looks the same
		{Fact: vocab.ContainerOOM, Seen: -20},        // the kernel killed it
		{Fact: vocab.ContainerRestarts, Seen: 12},    // the engine starts again what ended by itself
	},
	Hides:   []vocab.Cause{vocab.UpstreamDown, vocab.EmptyResponse, vocab.TruncatedResponse, vocab.NoHealthyUpstream, vocab.PartialOutage, vocab.UpstreamRestarting},
	Summary: "The application at {endpoint} died by itself[: {value:app_crashed}|: {value:kernel_segfault}].",
	Fixes: []Fix{
		{Text: "Read the application's own last words at that second and fix what made it die.", Command: "journalctl -k --since -15min; journalctl -u UNIT --since -15min"},
		{Text: "Until then let a supervisor restart it, and give the gateway a second server."},
	},
	Next: "Look for the end of the process: kernel log (segfault), unit result, exit code, the application's own log.",
}
