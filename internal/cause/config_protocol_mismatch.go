package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var protocolMismatch = Cause{
	ID: vocab.ProtocolMismatch,
	Expects: []Expectation{
		{Fact: vocab.ProbeSpeaksTLS, Seen: 34}, // it was spoken with
		{Fact: vocab.ProbeSpeaksPlain, Seen: 34},
		{Fact: vocab.ProbeSpeaksHTTP, Seen: 34},
		{Fact: vocab.ProbeSpeaksFastCGI, Seen: 34},
		{Fact: vocab.ProbeSpeaksUWSGI, Seen: 34},
		{Fact: vocab.ProbeSpeaksHTTP2, Seen: 30},
		{Fact: vocab.ProbeWantsProxyHeader, Seen: 30},
		{Fact: vocab.ProbeProtocolAgrees, Seen: -20},
		{Fact: vocab.ProbeNoProtocol, Seen: -10},
		{Fact: vocab.GatewayTLSPlain, Seen: 28}, // "wrong version number" is plain text where TLS was expected
		{Fact: vocab.GatewayNotHTTP, Seen: 14},
		{Fact: vocab.GatewayNotFastCGI, Seen: 28},
		{Fact: vocab.GatewayNotHTTP2, Seen: 26},
		{Fact: vocab.GatewayProxyHeaderBroken, Seen: 16},
		{Fact: vocab.GatewayTLSTimeout, Seen: 8}, // a server that waits for a plain request answers no ClientHello
		{Fact: vocab.GatewayClosedEarly, Seen: 4},
		{Fact: vocab.GatewayResetEarly, Seen: 5},
		{Fact: vocab.GatewayTLSClosed, Seen: 4},
		{Fact: vocab.AppWrongProtocol, Seen: 24},
		{Fact: vocab.AnswerNotHTTP, Seen: 8},
		{Fact: vocab.ProbeTLSOK, Seen: -15},
		{Fact: vocab.GatewayConnectFailed, Seen: 3},
		{Fact: vocab.CheckRejects, Seen: 4},
		{Fact: vocab.TargetProtocolNamed, Seen: 9}, // plain HTTP needs no naming: who names another one can name it wrongly
	},
	Hides:   []vocab.Cause{vocab.InvalidResponse, vocab.EmptyResponse, vocab.UpstreamCrashed, vocab.TLSHandshake, vocab.AppError},
	Summary: "The gateway speaks another protocol to {endpoint} than is spoken there[: {value:probe_speaks_tls}|: {value:probe_speaks_plain}|: {value:probe_speaks_http}|: {value:probe_speaks_fastcgi}|: {value:probe_speaks_uwsgi}|: {value:probe_speaks_http2}|: {value:probe_wants_proxy_header}].",
	Fixes: []Fix{
		{Text: "Make both sides speak the same[: {value:probe_speaks_tls}|: {value:probe_speaks_plain}|: {value:probe_speaks_http}|: {value:probe_speaks_fastcgi}|: {value:probe_speaks_uwsgi}|: {value:probe_speaks_http2}|: {value:probe_wants_proxy_header}].", Knob: vocab.Speaks},
	},
	Next: "Speak to the upstream directly, once in each protocol.",
}
