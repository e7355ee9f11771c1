package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var fdExhausted = Cause{
	ID: vocab.FDExhausted,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoFiles, Seen: 32},
		{Fact: vocab.AppNoFiles, Seen: 30},
		{Fact: vocab.GatewayFilesShort, Seen: 18, Absent: -2}, // it may have closed some again since
		{Fact: vocab.GatewayFilesLow, Seen: 8},                // the configuration asks for more than it may have
		{Fact: vocab.EndpointFilesShort, Seen: 26},            // a process at its limit accepts nothing more
		{Fact: vocab.GatewayReadTimeout, Seen: 4},             // connected by the kernel, accepted by nobody
		{Fact: vocab.GatewayConnectTimeout, Seen: 3},          // once the queue of those is full
		{Fact: vocab.ProbeErrorStatus, Seen: 4},               // what it cannot open it answers with 500
		{Fact: vocab.GatewayClosedEarly, Seen: 3},             // Node accepts and closes at once
		{Fact: vocab.GatewayResetEarly, Seen: 3},              // the same, with the request unread
		{Fact: vocab.ListenerUnread, Seen: 2},                 // the kernel took them for it
		{Fact: vocab.ListenerQueueFull, Seen: 2},              // nobody takes them out
		{Fact: vocab.TargetIsSelf, Seen: -25},                 // a loop takes as many as there are
	},
	Hides:   []vocab.Cause{vocab.UpstreamHung, vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.BacklogFull, vocab.WorkersExhausted, vocab.AppError, vocab.EmptyResponse},
	Summary: "A process ran out of file descriptors[: {value:gateway_no_files}|: {value:app_no_files}|: {value:gateway_files_short}|: {value:endpoint_files_short}].",
	Fixes: []Fix{
		{Text: "Raise the limit (worker_rlimit_nofile, LimitNOFILE=) above connections times two.", Knob: vocab.WorkerFiles, Value: "65536"},
	},
	Next: "Compare the open descriptors with the limit: ls /proc/PID/fd | wc -l; grep files /proc/PID/limits",
}
