// Package kong knows the words that gateways built on nginx and Lua add to
// nginx's own: Kong, APISIX and OpenResty's balancer. Their error log is nginx's.
package kong

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Kong and its kin.
var Dialect = phrase.Member("kong", "Kong, APISIX and OpenResty's balancer: answers and log texts that nginx itself does not have.", phrase.Options{
	Name: "kong", Kind: "error", Words: 29,
	Source: "Kong kong/error_handlers.lua, kong/runloop/balancer; apisix/balancer.lua, apisix/upstream.lua; lua-resty-core ngx.balancer",
}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "invalid", Says: []string{"An invalid response was received from the upstream server"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayStatusMade,
		Causes: causes{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.ProtocolMismatch, vocab.TLSUntrusted, vocab.KeepaliveRace}, Means: "Kong's own 502.", Check: "error.log has nginx's line for the same request."},
	{ID: "no-peer", Says: []string{"failure to get a peer from the ring-balancer", "failed to pick server: ", "no valid upstream node", "all upstream servers tried", "no servers available"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: local, Fact: vocab.GatewayNoLiveUpstream,
		Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown}, Means: "No target of the upstream is healthy, or it has none."},
	{ID: "timeout", Says: []string{"The upstream server is timing out"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.Filtered}, Means: "Kong's own 504: the service's connect_timeout or read_timeout (60 s)."},
	{ID: "name", Says: []string{"\"name resolution failed\"", "name resolution failed", "dns server error: 3 name error", "failed to parse domain: "}, Symptom: vocab.DNSError, Status: 503, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "The service's host does not resolve."},
	{ID: "resolver", Says: []string{"dns server error: 2 server failure", "dns client error: 101 empty record received", "failed to query the DNS server"}, Symptom: vocab.DNSError, Status: 503, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverFailed, Causes: causes{vocab.ResolverUnreachable, vocab.NoSuchName}, Means: "The name server failed."},
	{ID: "no-route", Says: []string{"no Route matched with those values", "404 Route Not Found"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: local, Causes: causes{vocab.NoRoute}, Means: "No route fits host, path and method."},
	{ID: "limited", Says: []string{"API rate limit exceeded"}, Symptom: vocab.HTTPRequestDenied, Status: 429, Phase: local, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "The rate-limiting plugin refused it."},
	{ID: "no-upstream", Says: []string{"missing upstream configuration in Route or Service", "failed to set upstream"}, Symptom: vocab.ProxyConfigurationError, Status: 503, Phase: local, Fact: vocab.GatewayBadTarget, Causes: causes{vocab.InvalidConfig, vocab.NoRoute}, Means: "The route has no upstream."},
	{ID: "page", Says: []string{"<center>openresty", "<hr><center>openresty", "Powered by <a href=\"https://apisix.apache.org/\">APISIX"}, Phase: header, Fact: vocab.GatewayStatusMade, News: true, Causes: causes{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamSlow}, Means: "A page of OpenResty's nginx.", Check: "Its error.log has the reason."},
}
