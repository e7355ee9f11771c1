package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var timeoutTooShort = Cause{
	ID: vocab.TimeoutTooShort,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 13},
		{Fact: vocab.GatewayUpgradeTimeout, Seen: 22}, // a quiet WebSocket is normal
		{Fact: vocab.GatewayBodyTimeout, Seen: 4},
		{Fact: vocab.ProbeLate, Seen: 17},
		{Fact: vocab.ProbeNoAnswer, Seen: 8},
		{Fact: vocab.ProbeOK, Seen: -8},
		{Fact: vocab.RouteAlwaysSlow, Seen: 16},
		{Fact: vocab.RouteGotSlower, Seen: -20},
		{Fact: vocab.EndpointServesOthers, Seen: 3},
		{Fact: vocab.EndpointServesNone, Seen: -4},
		{Fact: vocab.ListenerStopped, Seen: -30},
		{Fact: vocab.ListenerAllRead, Seen: 1},
		{Fact: vocab.AppWorkersExhausted, Seen: -12},
		{Fact: vocab.ProbeStatusPage, Seen: -14},
		{Fact: vocab.AppWorkerKilled, Seen: -10},
		{Fact: vocab.TargetIsSelf, Seen: -15},
		{Fact: vocab.EndpointFilesShort, Seen: -18}, // no limit would be long enough
		{Fact: vocab.EndpointThrottled, Seen: -14},  // it was fast before it was held back
		{Fact: vocab.EndpointTasksShort, Seen: -8},  // no limit would be long enough
		{Fact: vocab.AppDependencyFailed, Seen: -8}, // it waits for another
		{Fact: vocab.TimeoutConfigured, Seen: 4},    // the limit is a person's choice
		{Fact: vocab.PathSlow, Seen: -20},           // it is on the way
		{Fact: vocab.PathBlackHole, Seen: -25},      // it answers, in small packets
		{Fact: vocab.GatewayResending, Seen: -14},   // its kernel acknowledges whatever it does
		{Fact: vocab.ProbeIdleLost, Seen: -20},      // it answers, on a new connection
		{Fact: vocab.TrafficGrew, Seen: -8},         // it is as it was
	},
	Hides:   []vocab.Cause{vocab.Aborted, vocab.PartialOutage},
	Summary: "The gateway stops waiting for {endpoint} too soon: {route} takes longer than that by nature[ ({value:route_always_slow})| ({value:probe_late})].",
	Fixes: []Fix{
		{Text: "Raise the limit for this location above the slowest legitimate answer.", Knob: vocab.ReadTimeout, Value: "120s"},
		{Text: "Or move the long work to a queue and answer at once."},
	},
	Next: "How long did this request take before? An access log with $request_time and $upstream_response_time tells.",
}
