package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var memoryPressure = Cause{
	ID:   vocab.MemoryPressure,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoMemory, Seen: 34},
		{Fact: vocab.AppCannotFork, Seen: 19},
		{Fact: vocab.HostMemoryShort, Seen: 18},     // everything waits for memory most of the time
		{Fact: vocab.EndpointMemoryShort, Seen: 16}, // at its limit, without the page cache that could be dropped
		{Fact: vocab.GatewayReadTimeout, Seen: 2},   // reclaim makes everything slow
		{Fact: vocab.EndpointTasksShort, Seen: -12}, // a fork fails with the same error
		{Fact: vocab.EndpointGroupKilled, Seen: -8}, // then it was killed
		{Fact: vocab.AppOOMKilled, Seen: -10},       // then it was killed, which is another cause
	},
	Hides:   []vocab.Cause{vocab.UpstreamSlow, vocab.TimeoutTooShort},
	Summary: "The host or a limit is short of memory[: {value:gateway_no_memory}][: {value:app_cannot_fork}][: {value:endpoint_memory_short}][: {value:host_memory_short}].",
	Fixes: []Fix{
		{Text: "Free memory, lower the number of workers, or add memory."},
	},
	Next: "free -m; cat /proc/pressure/memory; the cgroup's memory.events.",
}
