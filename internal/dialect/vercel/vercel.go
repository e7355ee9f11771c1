// Package vercel knows Vercel's error codes, which its pages and the header X-Vercel-Error carry.
package vercel

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Vercel. It runs elsewhere: only its words are here.
var Dialect = phrase.Member("vercel", "Vercel: the codes of its edge and functions.", phrase.Options{Name: "vercel", Kind: "error", Words: 29, Source: "Vercel documentation, errors"}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "function-timeout", Codes: []string{"FUNCTION_INVOCATION_TIMEOUT", "EDGE_FUNCTION_INVOCATION_TIMEOUT", "MIDDLEWARE_INVOCATION_TIMEOUT"}, Says: []string{"Vercel Runtime Timeout Error"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung, vocab.DependencyDown}, Means: "The function did not answer within maxDuration."},
	{ID: "function-failed", Codes: []string{"FUNCTION_INVOCATION_FAILED", "EDGE_FUNCTION_INVOCATION_FAILED", "MIDDLEWARE_INVOCATION_FAILED", "NO_RESPONSE_FROM_FUNCTION", "BODY_NOT_A_STRING_FROM_FUNCTION"}, Symptom: vocab.ConnectionTerminated, Status: 500, Phase: header, Fact: vocab.AppErrorLogged, Causes: causes{vocab.AppError, vocab.UpstreamCrashed}, Means: "The function threw, crashed or ended without an answer.", Check: "The function's runtime log."},
	{ID: "payload", Codes: []string{"FUNCTION_PAYLOAD_TOO_LARGE", "FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE"}, Symptom: vocab.HTTPRequestError, Status: 413, Phase: dialect.PhaseSend, Fact: vocab.GatewayBodyTooLarge, Causes: causes{vocab.RequestTooLarge}, Means: "The body is over 4.5 MB."},
	{ID: "throttled", Codes: []string{"FUNCTION_THROTTLED"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: local, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.ConnectionsExhausted, vocab.TrafficSurge}, Means: "More functions at the same time than the plan allows."},
	{ID: "external-connect", Codes: []string{"ROUTER_EXTERNAL_TARGET_CONNECTION_ERROR", "ROUTER_EXTERNAL_TARGET_ERROR"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.TLSUntrusted}, Means: "A rewrite to another server failed to connect."},
	{ID: "external-handshake", Codes: []string{"ROUTER_EXTERNAL_TARGET_HANDSHAKE_ERROR"}, Symptom: vocab.TLSProtocolError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSClosed, Causes: causes{vocab.TLSUntrusted, vocab.TLSHandshake}, Means: "TLS with the rewrite's server failed."},
	{ID: "external-dns", Codes: []string{"DNS_HOSTNAME_NOT_FOUND", "DNS_HOSTNAME_RESOLVE_FAILED", "DNS_HOSTNAME_SERVER_ERROR", "DNS_HOSTNAME_EMPTY", "DNS_HOSTNAME_RESOLVED_PRIVATE"}, Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.WrongAddress}, Means: "The name of a rewrite's server does not resolve to a public address."},
	{ID: "loop", Codes: []string{"INFINITE_LOOP_DETECTED"}, Symptom: vocab.ProxyLoopDetected, Status: 508, Phase: local, Causes: causes{vocab.ProxyLoop}, Means: "A rewrite or function calls itself."},
	{ID: "not-found", Codes: []string{"DEPLOYMENT_NOT_FOUND", "DEPLOYMENT_DELETED", "DEPLOYMENT_BLOCKED", "DEPLOYMENT_DISABLED", "DEPLOYMENT_PAUSED"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: local, Causes: causes{vocab.NoRoute, vocab.Maintenance}, Means: "No such deployment, or it was taken down."},
	{ID: "internal", Codes: []string{"INTERNAL_UNEXPECTED_ERROR", "INTERNAL_FUNCTION_INVOCATION_FAILED", "INTERNAL_EDGE_FUNCTION_INVOCATION_FAILED", "INTERNAL_ROUTER_CANNOT_PARSE_PATH", "INTERNAL_CACHE_ERROR", "INTERNAL_DEPLOYMENT_FETCH_FAILED"}, Symptom: vocab.ProxyInternalError, Status: 500, Phase: local, Causes: causes{vocab.CDNOrigin, vocab.Bug}, Means: "Vercel's own failure.", Check: "www.vercel-status.com"},
}
