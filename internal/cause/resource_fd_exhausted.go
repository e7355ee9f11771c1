package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var fdExhausted = Cause{
	ID: vocab.FDExhausted,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoFiles, Seen: 32},
		{Fact: vocab.AppNoFiles, Seen: 30},
	},
	Summary: "A process ran out of file descriptors[: {value:gateway_no_files}][: {value:app_no_files}].",
	Fixes: []Fix{
		{Text: "Raise the limit (worker_rlimit_nofile, LimitNOFILE=) above connections times two.", Knob: vocab.WorkerFiles, Value: "65536"},
	},
	Next: "Compare the open descriptors with the limit: ls /proc/PID/fd | wc -l; grep files /proc/PID/limits",
}
