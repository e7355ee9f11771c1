package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var maintenance = Cause{
	ID: vocab.Maintenance,
	Expects: []Expectation{
		{Fact: vocab.StaticAnswer, Seen: 34}, // the configuration says so by itself
		{Fact: vocab.ServersDown, Seen: 34},
		{Fact: vocab.ProbeRetryAfter, Seen: 24}, // the application's own page speaks of maintenance
		{Fact: vocab.AnswerGatewayError, Seen: 3},
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 4},
		{Fact: vocab.GatewayRefused, Seen: -25}, // it did dial
		{Fact: vocab.GatewayReadTimeout, Seen: -25},
		{Fact: vocab.GatewayClosedEarly, Seen: -25},
		{Fact: vocab.GatewayConnectTimeout, Seen: -25},
		{Fact: vocab.TargetDenied, Seen: 10},
		{Fact: vocab.GatewayConnectFailed, Seen: -25},
		{Fact: vocab.PoolInMaintenance, Seen: 34}, // the running gateway says so
		{Fact: vocab.ServerInMaintenance, Seen: 4},
		{Fact: vocab.PoolNoServer, Seen: 4},
		{Fact: vocab.PoolOutByHand, Seen: 18},  // nothing but a person takes a server out
		{Fact: vocab.ConfigDiffers, Seen: -28}, // the files have it no longer
	},
	Hides:   []vocab.Cause{vocab.AppError, vocab.RateLimited, vocab.NoHealthyUpstream},
	Summary: "{route} is answered with an error on purpose[: {value:static_answer}|: {value:servers_down}|: {value:pool_in_maintenance}|: {value:probe_retry_after}].",
	Fixes: []Fix{
		{Text: "End the maintenance: [set the servers ready again, as they were taken out while the gateway runs ({where:pool_in_maintenance}).|remove the rule at {where:static_answer} that answers the error and reload, or take away what turns it on, where it has a condition.|put the servers at {where:servers_down} back, then reload.|it is the application's own ({value:probe_retry_after}).|remove the rule that answers the error, or set the servers ready again.]"},
	},
	Next: "Who put the rule there, and for how long?",
}
