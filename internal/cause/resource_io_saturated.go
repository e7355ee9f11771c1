package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var ioSaturated = Cause{
	ID:   vocab.IOSaturated,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 1},
	},
	Summary: "The host waits for its disks.",
	Fixes: []Fix{
		{Text: "Find what writes or reads so much."},
	},
	Next: "cat /proc/pressure/io",
}
