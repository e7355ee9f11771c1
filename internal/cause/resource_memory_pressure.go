package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var memoryPressure = Cause{
	ID:   vocab.MemoryPressure,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoMemory, Seen: 34},
		{Fact: vocab.AppCannotFork, Seen: 19},
		{Fact: vocab.HostMemoryShort, Seen: 18},       // everything waits for memory most of the time
		{Fact: vocab.EndpointMemoryStalled, Seen: 34}, // measured between two looks: everything in the group waited
		{Fact: vocab.EndpointMemoryShort, Seen: 6},    // heaps of a fixed size and full caches look the same
		{Fact: vocab.GatewayReadTimeout, Seen: 2},     // reclaim makes everything slow
		{Fact: vocab.ListenerStopped, Seen: -12},      // it waits for something else
		{Fact: vocab.ProbeNoAnswer, Seen: 3},          // so is the probe
		{Fact: vocab.ProbeLate, Seen: 3},              // slow and alive
		{Fact: vocab.RouteGotSlower, Seen: 8},         // the same work took less before
		{Fact: vocab.EndpointTasksShort, Seen: -12},   // a fork fails with the same error
		{Fact: vocab.EndpointGroupKilled, Seen: -8},   // then it was killed
		{Fact: vocab.AppOOMKilled, Seen: -10},         // then it was killed, which is another cause
	},
	Hides:   []vocab.Cause{vocab.IOSaturated, vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted},
	Summary: "The host or a limit is short of memory[: {value:gateway_no_memory}|: {value:app_cannot_fork}|: {value:endpoint_memory_stalled}|: {value:endpoint_memory_short}|: {value:host_memory_short}].",
	Fixes: []Fix{
		{Text: "Free memory, lower the number of workers, or add memory."},
	},
	Next: "free -m; cat /proc/pressure/memory; the cgroup's memory.events.",
}
