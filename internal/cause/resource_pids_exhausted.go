package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var piDsExhausted = Cause{
	ID:   vocab.PIDsExhausted,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.AppCannotFork, Seen: 19},
		{Fact: vocab.EndpointTasksShort, Seen: 24}, // the group's own count
		{Fact: vocab.GatewayReadTimeout, Seen: 2},  // requests wait for a child that is never started
		{Fact: vocab.ProbeErrorStatus, Seen: 8},    // what it cannot start it answers with 500
		{Fact: vocab.AnswerUpstreamError, Seen: 6}, // the same, through the gateway
		{Fact: vocab.GatewayStatusPassed, Seen: 6}, // the same, in the access log
	},
	Hides:   []vocab.Cause{vocab.AppError, vocab.UpstreamHung, vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.WorkersExhausted},
	Summary: "No more processes or threads can be started[: {value:app_cannot_fork}|: {value:endpoint_tasks_short}].",
	Fixes: []Fix{
		{Text: "Raise pids.max or TasksMax=, or find what leaves so many behind."},
	},
	Next: "The cgroup's pids.current against pids.max.",
}
