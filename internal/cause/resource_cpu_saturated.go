package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var cpuSaturated = Cause{
	ID:   vocab.CPUSaturated,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 2},
		{Fact: vocab.ListenerBusy, Seen: 4},
	},
	Summary: "The host or a limit is short of processor time.",
	Fixes: []Fix{
		{Text: "Find what uses it, or add processors."},
	},
	Next: "cat /proc/pressure/cpu; the cgroup's cpu.stat.",
}
