package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var memoryPressure = Cause{
	ID:   vocab.MemoryPressure,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoMemory, Seen: 34},
		{Fact: vocab.AppCannotFork, Seen: 19},
	},
	Summary: "The host or a limit is short of memory[: {value:gateway_no_memory}][: {value:app_cannot_fork}].",
	Fixes: []Fix{
		{Text: "Free memory, lower the number of workers, or add memory."},
	},
	Next: "free -m; cat /proc/pressure/memory; the cgroup's memory.events.",
}
