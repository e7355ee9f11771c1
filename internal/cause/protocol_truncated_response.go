package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var truncatedResponse = Cause{
	ID: vocab.TruncatedResponse,
	Expects: []Expectation{
		{Fact: vocab.GatewayClosedBody, Seen: 24},
		{Fact: vocab.GatewayBodyTimeout, Seen: 6},
		{Fact: vocab.ProbeTruncated, Seen: 26},
		{Fact: vocab.AnswerTruncated, Seen: 8},
		{Fact: vocab.AppCrashed, Seen: -10},
		{Fact: vocab.AppWorkerKilled, Seen: -16},
		{Fact: vocab.KernelSegfault, Seen: -12},
		{Fact: vocab.ProcessVanished, Seen: -12},
		{Fact: vocab.ListenerReplaced, Seen: -10},
		{Fact: vocab.AppOOMKilled, Seen: -16},
		{Fact: vocab.GatewayClosedEarly, Seen: 1},
		{Fact: vocab.GatewayInvalidHeader, Seen: 8}, // Go says so of a line that the end cuts
	},
	Hides:   []vocab.Cause{vocab.PartialOutage},
	Summary: "{endpoint} ends its answer before the announced end[: {value:probe_truncated}].",
	Fixes: []Fix{
		{Text: "Find why the application stops: an exception while it streams, a killed worker, a wrong Content-Length."},
	},
	Next: "Does it stop at the same byte each time? Compare with the application's log at that second.",
}
