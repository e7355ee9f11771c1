package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var upstreamSlow = Cause{
	ID: vocab.UpstreamSlow,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 13},
		{Fact: vocab.GatewayBodyTimeout, Seen: 8},
		{Fact: vocab.GatewayClientGone, Seen: 4},
		{Fact: vocab.ProbeLate, Seen: 17},
		{Fact: vocab.ProbeNoAnswer, Seen: 8},
		{Fact: vocab.ProbeOK, Seen: -6},
		{Fact: vocab.RouteGotSlower, Seen: 14},
		{Fact: vocab.RouteAlwaysSlow, Seen: -18},
		{Fact: vocab.AppSlowLogged, Seen: 12},
		{Fact: vocab.EndpointServesOthers, Seen: 3},
		{Fact: vocab.EndpointServesNone, Seen: -2},
		{Fact: vocab.AppCannotFork, Seen: -8},
		{Fact: vocab.ListenerStopped, Seen: -30},
		{Fact: vocab.ListenerAllRead, Seen: 1},
		{Fact: vocab.ListenerBusy, Seen: 1},
		{Fact: vocab.AppWorkersExhausted, Seen: -10},
		{Fact: vocab.ProbeStatusPage, Seen: -12},
		{Fact: vocab.AppWorkerKilled, Seen: -10},
		{Fact: vocab.TargetIsSelf, Seen: -15},
		{Fact: vocab.ProbeSpeaksPlain, Seen: -15},
		{Fact: vocab.ProbeSpeaksTLS, Seen: -15},
		{Fact: vocab.ProbeSpeaksHTTP, Seen: -15},
		{Fact: vocab.ProbeSpeaksFastCGI, Seen: -15},
		{Fact: vocab.ProbeSpeaksUWSGI, Seen: -15},
		{Fact: vocab.EndpointFilesShort, Seen: -18},    // it may open nothing more
		{Fact: vocab.EndpointMemoryStalled, Seen: -12}, // it works, as far as memory lets it
		{Fact: vocab.EndpointIOStalled, Seen: -12},     // it works, as far as the disk lets it
		{Fact: vocab.EndpointThrottled, Seen: -14},     // its work did not grow, its time shrank
		{Fact: vocab.EndpointTasksShort, Seen: -8},     // it waits for a process that may not be started
		{Fact: vocab.AppDependencyFailed, Seen: -10},   // it waits for another
		{Fact: vocab.HostMemoryShort, Seen: -4},        // everything is slow
		{Fact: vocab.PathSlow, Seen: -20},              // it is on the way
		{Fact: vocab.PathBlackHole, Seen: -25},         // it answers, in small packets
		{Fact: vocab.GatewayResending, Seen: -14},      // its kernel acknowledges whatever it does
		{Fact: vocab.ProbeIdleLost, Seen: -20},         // it answers, on a new connection
		{Fact: vocab.TrafficGrew, Seen: -8},            // it is as it was
	},
	Hides:   []vocab.Cause{vocab.Aborted, vocab.PartialOutage},
	Summary: "The application at {endpoint} answers {route} later than the gateway waits[: {value:probe_late}][, and it used to be faster: {value:route_got_slower}].",
	Fixes: []Fix{
		{Text: "Find what got slow: the application's slow log, its database, the processor of its host."},
		{Text: "If the time is legitimate, raise the gateway's limit for this location only.", Knob: vocab.ReadTimeout, Value: "120s"},
	},
	Next: "How long did this request take before? An access log with $request_time and $upstream_response_time tells.",
}
