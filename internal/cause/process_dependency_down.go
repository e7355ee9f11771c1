package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var dependencyDown = Cause{
	ID:   vocab.DependencyDown,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.AppDependencyFailed, Seen: 30}, // the application's own words name it
		{Fact: vocab.ProbeErrorStatus, Seen: 8},
		{Fact: vocab.CheckAnswersError, Seen: 6}, // what an application's check asks is what it needs
		{Fact: vocab.AnswerUpstreamError, Seen: 6},
		{Fact: vocab.GatewayStatusPassed, Seen: 6},
		{Fact: vocab.ProbeRetryAfter, Seen: -12},
		{Fact: vocab.GatewayReadTimeout, Seen: 4},
		{Fact: vocab.DependencyAway, Seen: 18, Absent: -4}, // the address in its log, and nobody there
		{Fact: vocab.PathSlow, Seen: -20},                  // it is on the way
		{Fact: vocab.PathBlackHole, Seen: -25},             // it answers, in small packets
		{Fact: vocab.PathDataLost, Seen: -8},               // its kernel acknowledges whatever it does
		{Fact: vocab.GatewayResending, Seen: -14},          // its kernel acknowledges whatever it does
		{Fact: vocab.ProbeIdleLost, Seen: -20},             // it answers, on a new connection
	},
	Hides:   []vocab.Cause{vocab.AppError, vocab.UpstreamSlow, vocab.UpstreamHung},
	Summary: "The application at {endpoint} is fine and fails on something behind it[: {value:app_dependency_failed}][; {value:dependency_away}].",
	Fixes: []Fix{
		{Text: "Bring the dependency back, and give the application a timeout and a fallback for it."},
	},
	Next: "The application's log names the host and port that it cannot reach.",
}
