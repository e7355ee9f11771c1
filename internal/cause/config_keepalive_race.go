package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var keepaliveRace = Cause{
	ID: vocab.KeepaliveRace,
	Expects: []Expectation{
		{Fact: vocab.KeepaliveNamed, Seen: 5}, // only explain says it: people show what they suspect
		{Fact: vocab.KeepaliveUsed, Seen: 2},
		{Fact: vocab.KeepaliveUnused, Seen: -40}, // without reuse there is no race
		{Fact: vocab.TargetWorkers, Seen: -10},   // a connection for each request, by default
		{Fact: vocab.ProbeIdleShorter, Seen: 26}, // measured, or announced by the upstream itself
		{Fact: vocab.ProbeIdleLonger, Seen: -15},
		{Fact: vocab.GatewayClosedEarly, Seen: 9},
		{Fact: vocab.GatewayResetEarly, Seen: 10},
		{Fact: vocab.GatewayClosedSending, Seen: 8},
		{Fact: vocab.GatewayStreamRefused, Seen: 4},
		{Fact: vocab.FailsAtOnce, Seen: 8},     // the broken connection is found before any work is done
		{Fact: vocab.OnlyUnsafeFail, Seen: 10}, // the gateway repeats safe requests by itself
		{Fact: vocab.ProbeOK, Seen: 3},
		{Fact: vocab.ProbeEmpty, Seen: -12},
		{Fact: vocab.ProbeReset, Seen: -12},
		{Fact: vocab.FailsAlways, Seen: -15},
		{Fact: vocab.GatewayNoLiveUpstream, Seen: -20}, // no connection was asked for
		{Fact: vocab.EndpointServesOthers, Seen: 4},
		{Fact: vocab.AppWorkerKilled, Seen: -20},
		{Fact: vocab.AppCrashed, Seen: -18},
		{Fact: vocab.KernelSegfault, Seen: -20},
		{Fact: vocab.ProcessVanished, Seen: -20},
		{Fact: vocab.DiedInRequest, Seen: -15},
		{Fact: vocab.NoListener, Seen: -20},
		{Fact: vocab.ListenerNewer, Seen: -6},
		{Fact: vocab.AppOOMKilled, Seen: -20},
	},
	Hides:   []vocab.Cause{vocab.EmptyResponse, vocab.EarlyClose},
	Summary: "The upstream {endpoint} closes idle connections sooner than the gateway stops reusing them[: {value:probe_idle_shorter}].",
	Fixes: []Fix{
		{Text: "Make the gateway forget idle connections before the upstream closes them.", Knob: vocab.KeepaliveTimeout, Value: "1s"}, // under gunicorn's 2 s, the shortest default of the common servers
		{Text: "Or let the upstream keep them longer than the gateway does (Node server.keepAliveTimeout, gunicorn --keep-alive, uvicorn --timeout-keep-alive)."},
	},
	Next: "goodgate diagnose --deep measures how long the upstream keeps an idle connection.",
}
