package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var cpuSaturated = Cause{
	ID:   vocab.CPUSaturated,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 2},
		{Fact: vocab.ListenerBusy, Seen: 4},
		{Fact: vocab.EndpointThrottled, Seen: 36}, // measured: held back in most of the periods in which it wanted to run
		{Fact: vocab.GatewayThrottled, Seen: 8},   // the same, of the gateway: it is late, and fails little
		{Fact: vocab.HostCPUShort, Seen: 9},       // busy hosts serve as well
		{Fact: vocab.HostStolen, Seen: 14},        // measured between two looks
		{Fact: vocab.ProbeLate, Seen: 3},          // slow and alive
		{Fact: vocab.ListenerStopped, Seen: -20},  // it does not want to run
	},
	Hides:   []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted},
	Summary: "There is too little processor time[: the application's quota runs out, {value:endpoint_throttled}|: the gateway's quota runs out, {value:gateway_throttled}|: {value:host_cpu_short}|: {value:host_stolen}].",
	Fixes: []Fix{
		{Text: "Find what uses it, or add processors."},
	},
	Next: "cat /proc/pressure/cpu; the cgroup's cpu.stat.",
}
