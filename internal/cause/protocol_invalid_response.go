package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var invalidResponse = Cause{
	ID: vocab.InvalidResponse,
	Expects: []Expectation{
		{Fact: vocab.GatewayInvalidHeader, Seen: 28},
		{Fact: vocab.GatewayFramingConflict, Seen: 32},
		{Fact: vocab.GatewayInvalidChunk, Seen: 28},
		{Fact: vocab.GatewayNotHTTP, Seen: 10},
		{Fact: vocab.GatewayNotHTTP2, Seen: 4},
		{Fact: vocab.ProbeInvalid, Seen: 24},
		{Fact: vocab.ProbeProtocolAgrees, Seen: 3},
		{Fact: vocab.ProbeSpeaksTLS, Seen: -30},
		{Fact: vocab.ProbeSpeaksHTTP2, Seen: -30},
		{Fact: vocab.ProbeSpeaksFastCGI, Seen: -30},
		{Fact: vocab.ProbeSpeaksUWSGI, Seen: -30},
		{Fact: vocab.AnswerNotHTTP, Seen: 6},
		{Fact: vocab.AppCrashed, Seen: -10},
		{Fact: vocab.AnswerCaptured, Seen: 14},
		{Fact: vocab.ProbeTruncated, Seen: -18},    // a header line that is only cut
		{Fact: vocab.ProbeHeaderTooBig, Seen: -15}, // a header that is only too large
	},
	Hides:   []vocab.Cause{vocab.PartialOutage, vocab.AppError},
	Summary: "What {endpoint} sends is not valid HTTP[: {value:probe_invalid}].",
	Fixes: []Fix{
		{Text: "Correct the application: the quoted line breaks RFC 9112."},
	},
	Next: "Read the raw answer: curl --http1.1 -i --raw, or printf … | nc.",
}
