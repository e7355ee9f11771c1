package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var ioSaturated = Cause{
	ID:   vocab.IOSaturated,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 1},
		{Fact: vocab.HostIOShort, Seen: 18},            // disks are busy for backups too
		{Fact: vocab.EndpointIOStalled, Seen: 34},      // measured between two looks, and its own process was seen waiting
		{Fact: vocab.EndpointMemoryStalled, Seen: -12}, // it reads again what it had no memory to keep
		{Fact: vocab.ListenerStopped, Seen: -12},       // one sleep that does not end is no busy disk
		{Fact: vocab.ProbeNoAnswer, Seen: 3},           // it waits for a disk
		{Fact: vocab.RouteGotSlower, Seen: 8},          // the same work took less before
		{Fact: vocab.ProbeLate, Seen: 3},               // slow and alive
	},
	Hides:   []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted},
	Summary: "The application or its host waits for disks[: {value:endpoint_io_stalled}|: {value:host_io_short}].",
	Fixes: []Fix{
		{Text: "Find what writes or reads so much."},
	},
	Next: "cat /proc/pressure/io",
}
