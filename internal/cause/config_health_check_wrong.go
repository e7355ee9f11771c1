package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var healthCheckWrong = Cause{
	ID:   vocab.HealthCheckWrong,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 3},
		{Fact: vocab.ProbeOK, Seen: 5},          // the server answers what clients ask
		{Fact: vocab.CheckRejects, Seen: 18},    // the check gets an answer, and wants another
		{Fact: vocab.CheckUnconnected, Seen: 6}, // a check may have a port of its own
		{Fact: vocab.CheckFails, Seen: 6},
		{Fact: vocab.CheckAnswersError, Seen: -9}, // the application says that it is not well, and may be right
		{Fact: vocab.CheckPasses, Seen: -25},
		{Fact: vocab.PoolNoServer, Seen: 6},
		{Fact: vocab.ProbeErrorStatus, Seen: -12}, // the check may be right
		{Fact: vocab.NoListener, Seen: -20},
		{Fact: vocab.GatewayServerDisabled, Seen: 3},
		{Fact: vocab.GatewayCheckRejected, Seen: 12},
		{Fact: vocab.CheckConfigured, Seen: 6}, // without a check there is no wrong one
		{Fact: vocab.PoolOutByChecks, Seen: 8},
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "The servers behind {pool} are fine and their health check fails[: {value:check_rejects}|: {value:check_unconnected}].",
	Fixes: []Fix{
		{Text: "Make the check ask what a healthy server answers: path, host, status, TLS and port."},
	},
	Next: "Ask the server what the check asks.",
}
