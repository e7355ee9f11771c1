package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var ioSaturated = Cause{
	ID:   vocab.IOSaturated,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 1},
		{Fact: vocab.HostIOShort, Seen: 18}, // disks are busy for backups too
		{Fact: vocab.ProbeLate, Seen: 2},    // slow and alive
	},
	Hides:   []vocab.Cause{vocab.UpstreamSlow, vocab.TimeoutTooShort},
	Summary: "The host waits for its disks[: {value:host_io_short}].",
	Fixes: []Fix{
		{Text: "Find what writes or reads so much."},
	},
	Next: "cat /proc/pressure/io",
}
