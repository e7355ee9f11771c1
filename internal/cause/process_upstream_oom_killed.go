package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var upstreamOOMKilled = Cause{
	ID:   vocab.UpstreamOOMKilled,
	Tier: -5,
	Expects: []Expectation{
		{Fact: vocab.AppOOMKilled, Seen: 32, Absent: -18}, // the kernel's own record
		{Fact: vocab.AppSigkilled, Seen: 14},              // SIGKILL without a sender: often the kernel, as gunicorn itself guesses
		{Fact: vocab.ListenerKept, Seen: -8},
		{Fact: vocab.GatewayRefused, Seen: 8},
		{Fact: vocab.GatewayClosedEarly, Seen: 8},
		{Fact: vocab.GatewayResetEarly, Seen: 8},
		{Fact: vocab.NoListener, Seen: 8},
		{Fact: vocab.AppWorkerKilled, Seen: -6},
		{Fact: vocab.EndpointGroupKilled, Seen: 24}, // counted by the kernel in its control group
		{Fact: vocab.UnitOOMKilled, Seen: 32},       // systemd's Result=oom-kill
		{Fact: vocab.ContainerOOM, Seen: 32},        // the engine's OOMKilled
		{Fact: vocab.WorkerReplaced, Seen: 9},       // a killed worker has a successor
		{Fact: vocab.ListenerReplaced, Seen: 13},    // so has a killed process
		{Fact: vocab.KernelSegfault, Seen: -12},     // it died of something else
		{Fact: vocab.ProcessVanished, Seen: 28},     // it says that it died, and not of what: no less likely than with a crash
		{Fact: vocab.ProbeRefused, Seen: 8},
		{Fact: vocab.AppStopping, Seen: -30},
		{Fact: vocab.AppCrashed, Seen: -6}, // its own record is of another end
	},
	Hides:   []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.EmptyResponse, vocab.UpstreamRestarting},
	Summary: "The kernel or a memory limit killed a process of the application at {endpoint}[: {value:app_oom_killed}|: {value:endpoint_group_killed}|: {value:unit_oom_killed}|: {value:container_oom}].",
	Fixes: []Fix{
		{Text: "Give the application more memory, or find what makes it grow, and lower the number of its workers."},
	},
	Next: "dmesg and the unit's result tell whether the kernel or a limit killed it.",
}
