package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var filePermission = Cause{
	ID: vocab.FilePermission,
	Expects: []Expectation{
		{Fact: vocab.GatewayFileDenied, Seen: 32},
		{Fact: vocab.SecurityDeniedFile, Seen: 24}, // the policy's own record
	},
	Summary: "The gateway may not use one of its own files[: {value:gateway_file_denied}].",
	Fixes: []Fix{
		{Text: "Give the worker's user access to the file and every folder above it.", Command: "namei -l PATH"},
	},
	Next: "namei -l on the path in the message.",
}
