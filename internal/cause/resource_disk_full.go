package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var diskFull = Cause{
	ID: vocab.DiskFull,
	Expects: []Expectation{
		{Fact: vocab.GatewayDiskFull, Seen: 34},
		{Fact: vocab.GatewayDiskShort, Seen: 18},   // the file system, asked now
		{Fact: vocab.EndpointDiskShort, Seen: 22},  // an application on a full disk rarely answers well
		{Fact: vocab.AppNoSpace, Seen: 30},         // its own words
		{Fact: vocab.ProbeErrorStatus, Seen: 8},    // what it cannot write it answers with 500
		{Fact: vocab.AnswerUpstreamError, Seen: 6}, // the same, through the gateway
		{Fact: vocab.GatewayStatusPassed, Seen: 6}, // the same, in the access log
	},
	Hides:   []vocab.Cause{vocab.AppError, vocab.TruncatedResponse, vocab.PartialOutage},
	Summary: "There is no space left where the gateway or the application writes[: {value:gateway_disk_full}|: {value:gateway_disk_short}|: {value:app_no_space}|: {value:endpoint_disk_short}].",
	Fixes: []Fix{
		{Text: "Free space or move the path.", Command: "df -h; df -i"},
	},
	Next: "df -h and df -i of the path in the message.",
}
