package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var diskFull = Cause{
	ID: vocab.DiskFull,
	Expects: []Expectation{
		{Fact: vocab.GatewayDiskFull, Seen: 34},
	},
	Summary: "There is no space left where the gateway or the application writes[: {value:gateway_disk_full}].",
	Fixes: []Fix{
		{Text: "Free space or move the path.", Command: "df -h; df -i"},
	},
	Next: "df -h and df -i of the path in the message.",
}
