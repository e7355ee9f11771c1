package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var tlsHandshake = Cause{
	ID: vocab.TLSHandshake,
	Expects: []Expectation{
		{Fact: vocab.GatewayTLSAlert, Seen: 24},
		{Fact: vocab.GatewayTLSUnsupported, Seen: 28},
		{Fact: vocab.GatewayTLSClosed, Seen: 14},
		{Fact: vocab.GatewayTLSPlain, Seen: -20},
		{Fact: vocab.ProbeTLSAlert, Seen: 16},
		{Fact: vocab.ProbeTLSFailed, Seen: 12},
		{Fact: vocab.ProbeTLSOK, Seen: -15},
		{Fact: vocab.ProbeNeedsSNI, Seen: 22},
		{Fact: vocab.ProbeNeedsClientCertificate, Seen: 22},
		{Fact: vocab.ProbeSpeaksPlain, Seen: -30},
		{Fact: vocab.NoSNI, Seen: 2},
		{Fact: vocab.GatewayConnectFailed, Seen: 6}, // HAProxy writes SC-- for it too
		{Fact: vocab.CheckRejects, Seen: 3},
		{Fact: vocab.TargetProtocolNamed, Seen: 6}, // TLS towards the upstream is the commonest of them
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage, vocab.EmptyResponse},
	Summary: "Gateway and {endpoint} do not agree on TLS[: {value:probe_needs_sni}|: {value:probe_needs_client_certificate}|: {value:probe_tls_failed}|: {value:probe_tls_alert}].",
	Fixes: []Fix{
		{Text: "Send the server name.", Knob: vocab.TLSServerName, Value: "on"},
		{Text: "Allow a TLS version that both sides know, or give the gateway its client certificate.", Knob: vocab.TLSProtocols, Value: "TLSv1.2 TLSv1.3"},
	},
	Next: "openssl s_client with and without -servername, with -tls1_2 and -tls1_3, separates the reasons.",
}
