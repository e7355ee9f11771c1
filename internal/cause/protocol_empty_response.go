package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var emptyResponse = Cause{
	ID: vocab.EmptyResponse,
	Expects: []Expectation{
		{Fact: vocab.GatewayClosedEarly, Seen: 12},
		{Fact: vocab.TargetWorkers, Seen: -4}, // they answer even for an application that gives up
		{Fact: vocab.GatewayResetEarly, Seen: 9},
		{Fact: vocab.ProbeEmpty, Seen: 14},
		{Fact: vocab.ProbeReset, Seen: 10},
		{Fact: vocab.ProbeNoProtocol, Seen: 4}, // it is not the protocol
		{Fact: vocab.ProbeOK, Seen: -10},
		{Fact: vocab.ListenerOlder, Seen: 5},
		{Fact: vocab.CutAfterWait, Seen: -6}, // who gives up without a word does so at once
		{Fact: vocab.ListenerNewer, Seen: -10},
		{Fact: vocab.ListenerReplaced, Seen: -18},
		{Fact: vocab.ListenerKept, Seen: 9}, // it lives on
		{Fact: vocab.WorkerReplaced, Seen: -14},
		{Fact: vocab.AppCrashed, Seen: -16},
		{Fact: vocab.AppWorkerKilled, Seen: -22},
		{Fact: vocab.KernelSegfault, Seen: -20},
		{Fact: vocab.ProcessVanished, Seen: -20},
		{Fact: vocab.AppBootFailed, Seen: -15},
		{Fact: vocab.AppOOMKilled, Seen: -20},
		{Fact: vocab.DiedInRequest, Seen: -15},
		{Fact: vocab.NoListener, Seen: -20},
		{Fact: vocab.ProbeRefused, Seen: -20},
		{Fact: vocab.ProbeIdleShorter, Seen: -10},
		{Fact: vocab.ProbeSpeaksTLS, Seen: -25},
		{Fact: vocab.ProbeSpeaksFastCGI, Seen: -25},
		{Fact: vocab.ProbeSpeaksUWSGI, Seen: -25},
		{Fact: vocab.ProbeSpeaksHTTP, Seen: -25},
		{Fact: vocab.ProbeSpeaksHTTP2, Seen: -25},
		{Fact: vocab.ProbeWantsProxyHeader, Seen: -25},
		{Fact: vocab.AppRequestTooLarge, Seen: -20},
		{Fact: vocab.AppWrongProtocol, Seen: -15},
		{Fact: vocab.EndpointFilesShort, Seen: -14},  // it closes because it may not open
		{Fact: vocab.EndpointGroupKilled, Seen: -14}, // it was killed
	},
	Proof:   []vocab.Fact{vocab.ProbeNoProtocol},
	Hides:   []vocab.Cause{vocab.PartialOutage},
	Summary: "{endpoint} takes the request and closes the connection without one byte of an answer, and lives on.",
	Fixes: []Fix{
		{Text: "Find where the application gives up without answering: an exception outside its error handler, a protocol it does not speak, a limit it enforces by closing."},
	},
	Next: "Ask it directly with the same request, and read its log at that second.",
}
