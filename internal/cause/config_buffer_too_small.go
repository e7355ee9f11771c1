package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var bufferTooSmall = Cause{
	ID: vocab.BufferTooSmall,
	Expects: []Expectation{
		{Fact: vocab.GatewayHeaderTooBig, Seen: 35}, // the message has this one meaning
		{Fact: vocab.ProbeHeaderTooBig, Seen: 35},
		{Fact: vocab.ProbeHeaderFits, Seen: -5}, // the size may depend on cookies
		{Fact: vocab.AnswerCaptured, Seen: 4},
	},
	Hides:   []vocab.Cause{vocab.InvalidResponse, vocab.PartialOutage},
	Summary: "The response header of {endpoint} is larger than the gateway's buffer[: {value:probe_header_too_big}].",
	Fixes: []Fix{
		{Text: "Raise the buffer for this location above the largest header.", Knob: vocab.HeaderBuffer, Value: "16k"},
		{Text: "Raise the buffers of the body with it: nginx refuses a header buffer that is larger than they are together, less one.", Knob: vocab.Buffers, Value: "8 16k"},
		{Text: "Or make the header smaller: old cookies and long redirects are the usual reason."},
	},
	Next: "curl -sD- -o/dev/null to the upstream shows the header and its size.",
}
