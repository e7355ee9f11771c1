package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var piDsExhausted = Cause{
	ID:   vocab.PIDsExhausted,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.AppCannotFork, Seen: 19},
	},
	Summary: "No more processes or threads can be started[: {value:app_cannot_fork}].",
	Fixes: []Fix{
		{Text: "Raise pids.max or TasksMax=, or find what leaves so many behind."},
	},
	Next: "The cgroup's pids.current against pids.max.",
}
