package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var tlsUntrusted = Cause{
	ID: vocab.TLSUntrusted,
	Expects: []Expectation{
		{Fact: vocab.GatewayCertificateRejected, Seen: 35}, // the message has this one meaning
		{Fact: vocab.ProbeCertificateUntrusted, Seen: 35},
		{Fact: vocab.ProbeCertificateTrusted, Seen: -15},
		{Fact: vocab.TLSVerifyOff, Seen: -30},
		{Fact: vocab.GatewayConnectFailed, Seen: 6}, // HAProxy writes SC-- for it too
		{Fact: vocab.CheckRejects, Seen: 3},
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "The certificate of {endpoint} does not verify[: {value:probe_certificate_untrusted}].",
	Fixes: []Fix{
		{Text: "Renew or replace the certificate, or give the gateway the right authority or name; do not turn verification off."},
	},
	Next: "openssl s_client -connect ENDPOINT -servername NAME -CAfile FILE shows the chain and the error.",
}
