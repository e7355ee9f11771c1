package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var healthCheckWrong = Cause{
	ID:   vocab.HealthCheckWrong,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 3},
		{Fact: vocab.ProbeOK, Seen: 3},
	},
	Summary: "The servers behind {pool} are fine and their health check fails.",
	Fixes: []Fix{
		{Text: "Make the check ask what a healthy server answers: path, host, status, TLS and port."},
	},
	Next: "Ask the server what the check asks.",
}
