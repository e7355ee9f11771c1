// Package ngrok knows ngrok's error codes, which its pages and the header Ngrok-Error-Code carry.
package ngrok

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is ngrok. It runs elsewhere: only its words are here.
var Dialect = phrase.Member("ngrok", "ngrok: the codes of its edge and agent.", phrase.Options{Name: "ngrok", Kind: "error", Words: 29, Source: "ngrok documentation, error reference"}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "connect", Codes: []string{"ERR_NGROK_8012", "ERR_NGROK_8011"}, Says: []string{"failed to establish a connection to the upstream web service", "failed to complete tunnel connection", "but ngrok was unable to connect to the upstream"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress}, Means: "The agent could not connect to the local service.", Check: "Does it listen at the address that ngrok was started with? `dial tcp [::1]` means that localhost led to IPv6."},
	{ID: "offline", Codes: []string{"ERR_NGROK_3200", "ERR_NGROK_3204"}, Says: []string{"The endpoint…is offline", "Tunnel…not found"}, Symptom: vocab.DestinationUnavailable, Status: 404, Phase: local, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.UpstreamDown, vocab.NoRoute}, Means: "No agent is connected for this name."},
	{ID: "closed", Codes: []string{"ERR_NGROK_3004", "ERR_NGROK_8013"}, Says: []string{"ngrok gateway error…invalid or incomplete HTTP response", "The server returned an invalid or incomplete HTTP response"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayNotHTTP, Causes: causes{vocab.ProtocolMismatch, vocab.InvalidResponse, vocab.UpstreamCrashed}, Means: "The local service answered what is no HTTP, often TLS: use an https address."},
	{ID: "timeout", Codes: []string{"ERR_NGROK_3003", "ERR_NGROK_3005"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung}, Means: "The local service did not answer in time."},
	{ID: "limited", Codes: []string{"ERR_NGROK_727", "ERR_NGROK_702", "ERR_NGROK_734", "ERR_NGROK_725"}, Symptom: vocab.HTTPRequestDenied, Status: 429, Phase: local, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "A limit of the account is reached."},
}
