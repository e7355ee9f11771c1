// Package akamai knows Akamai's error pages.
package akamai

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Akamai. It runs elsewhere: only its words are here.
var Dialect = phrase.Member("akamai", "Akamai: the pages and reference numbers of its edge.", phrase.Options{Name: "akamai", Kind: "error", Words: 29, Source: "Akamai documentation, edge error codes"}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "timeout", Codes: []string{"ERR_FIRST_BYTE_TIMEOUT"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The origin did not answer in time."},
	{ID: "connect", Codes: []string{"ERR_CONNECT_TIMEOUT"}, Symptom: vocab.ConnectionTimeout, Status: 503, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable}, Means: "The origin could not be connected.", Check: "Does its firewall let Akamai's addresses (Site Shield) in?"},
	{ID: "denied", Says: []string{"Access Denied…Reference", "You don't have permission to access…on this server"}, Symptom: vocab.HTTPRequestDenied, Status: 403, Phase: local, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "A rule of the edge refused the request."},
	{ID: "page", Says: []string{"Service Unavailable…Reference", "An error occurred while processing your request…Reference", "Reference&#32;&#35;", "Reference #…", "AkamaiGHost"}, Status: 503, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.CDNOrigin, vocab.UpstreamDown, vocab.Filtered, vocab.UpstreamSlow}, Means: "Akamai's own page.", Check: "Translate the reference number in Akamai's edge diagnostics: it names the failure, most often of the origin."},
}
