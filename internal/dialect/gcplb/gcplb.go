// Package gcplb knows Google Cloud's load balancers: the words that their logs
// give as the reason of an answer (statusDetails, proxyStatus), and their page.
package gcplb

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Google Cloud Load Balancing. It runs at Google: only its log is here.
var Dialect = phrase.Member("gcp-lb", "Google Cloud's application load balancers: statusDetails and proxyStatus of their log, and their page.", phrase.Options{
	Name: "gcp-lb log", Kind: "access", Own: own, Sure: 92,
	Source: "Google Cloud documentation, global external Application Load Balancer logging and monitoring",
}, rows)

// own reads one entry in JSON.
func own(b []byte, r *dialect.Record) bool {
	f, ok := line.Object(b)
	if !ok || !line.Contains(b, `"statusDetails"`) && !line.Contains(b, `"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry"`) {
		return false
	}
	for f.Next() {
		switch string(f.Key) {
		case "timestamp":
			r.Stamp = f.Value
		case "httpRequest":
			if inner, ok := line.Object(f.Value); ok {
				request(inner, r)
			}
		}
	}
	return true
}

func request(f line.Fields, r *dialect.Record) {
	for f.Next() {
		switch string(f.Key) {
		case "requestMethod":
			r.Method = f.Value
		case "requestUrl":
			if _, rest, ok := line.Cut(f.Value, "://"); ok {
				if i := line.Index(rest, "/"); i > 0 {
					r.Host, r.Path = rest[:i], rest[i:]
				}
			}
			r.Path, _, _ = line.Cut(r.Path, "?")
		case "status":
			if n, ok := line.Int(f.Value); ok && n >= 0 && n < 1000 {
				r.Status = int(n)
			}
		case "remoteIp":
			r.Client = f.Value
		case "serverIp":
			r.Endpoint = f.Value
		case "userAgent":
			r.UserAgent = f.Value
		case "latency":
			if n := len(f.Value); n > 1 && f.Value[n-1] == 's' {
				if s, ok := line.Seconds(f.Value[:n-1]); ok {
					r.Seconds = s
				}
			}
		}
	}
}

type causes = []vocab.Cause

const header = dialect.PhaseHeader

var rows = []phrase.Row{
	{ID: "closed-early", Codes: []string{"backend_connection_closed_before_data_sent_to_client"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WorkerKilled},
		Means:  "The backend closed the connection before its answer began.", Check: "The balancer keeps idle connections for 600 s, which cannot be changed: the backend's keep-alive must be longer (620 s). Else a crash or a restart."},
	{ID: "closed-body", Codes: []string{"backend_connection_closed_after_partial_response_sent"}, Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody,
		Causes: causes{vocab.TruncatedResponse, vocab.UpstreamCrashed, vocab.WorkerKilled}, Means: "The backend closed in the middle of its answer: the status stands, and the client has less."},
	{ID: "connect-failed", Codes: []string{"failed_to_connect_to_backend"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed,
		Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress}, Means: "The balancer could not connect to the backend.", Check: "Does it listen on the named port, on 0.0.0.0, and do firewall rules let 130.211.0.0/22 and 35.191.0.0/16 in?"},
	{ID: "no-backend", Codes: []string{"failed_to_pick_backend"}, Symptom: vocab.DestinationUnavailable, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream,
		Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown}, Means: "No backend is healthy.", Check: "What does the health check ask, and what does the backend answer to it? It wants 200, not a redirect; the firewall must let it in."},
	{ID: "timeout", Codes: []string{"backend_timeout"}, Symptom: vocab.HTTPResponseTimeout, Status: 502, Phase: header, Fact: vocab.GatewayReadTimeout,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The backend did not answer within the backend service's timeout (30 s by default).", Check: "How long does the request take? timeoutSec is the limit on the whole answer, and on WebSockets."},
	{ID: "retries", Codes: []string{"backend_early_response_with_non_error_status", "backend_early_response_with_error_status"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending,
		Causes: causes{vocab.EarlyClose, vocab.RequestTooLarge}, Means: "The backend answered before it had the whole request.", Check: "Does it refuse uploads without reading them?"},
	{ID: "invalid", Codes: []string{"backend_invalid_response", "backend_response_corrupted", "corrupted_response", "http_version_not_supported", "backend_interim_response_not_supported", "invalid_http2_server_header_format", "http2_server_push_canceled_invalid_response_code", "malformed_chunked_body"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader,
		Causes: causes{vocab.InvalidResponse, vocab.ProtocolMismatch}, Means: "The backend's answer is not valid HTTP.", Check: "Is the backend's protocol (HTTP, HTTPS, HTTP2) what it speaks?"},
	{ID: "header-size", Codes: []string{"headers_too_long", "response_headers_too_long", "backend_response_headers_too_long"}, Symptom: vocab.HTTPHeaderSectionSize, Status: 502, Phase: header, Fact: vocab.GatewayHeaderTooBig,
		Causes: causes{vocab.BufferTooSmall, vocab.RequestTooLarge}, Means: "A header is over the balancer's limit (64 kB, or 128 kB)."},
	{ID: "tls", Codes: []string{"ssl_certificate_san_verification_failed", "ssl_certificate_chain_verification_failed", "backend_ssl_certificate_error", "server_cert_exceeded_size_limit", "server_cert_chain_invalid_eku", "server_cert_not_provided", "server_cert_trust_config_not_found"}, Symptom: vocab.TLSCertificateError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected,
		Causes: causes{vocab.TLSUntrusted}, Means: "The backend's certificate does not verify."},
	{ID: "tls-failed", Codes: []string{"failed_to_negotiate_alpn", "ssl_handshake_failed", "tls_protocol_error"}, Symptom: vocab.TLSProtocolError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSClosed,
		Causes: causes{vocab.ProtocolMismatch, vocab.TLSHandshake}, Means: "TLS or ALPN with the backend failed.", Check: "Protocol HTTP2 needs TLS with ALPN h2 at the backend."},
	{ID: "backend-error", Codes: []string{"response_sent_by_backend"}, Phase: header, Fact: vocab.GatewayStatusPassed, Causes: causes{vocab.AppError, vocab.DependencyDown},
		Means: "The backend made the status itself, and the balancer passed it on.", Check: "The backend's own log."},
	{ID: "client-gone", Codes: []string{"client_disconnected_before_any_response", "client_disconnected_after_partial_response", "client_cancelled", "client_timed_out"}, Phase: header, Fact: vocab.GatewayClientGone, News: true,
		Causes: causes{vocab.Aborted, vocab.UpstreamSlow}, Means: "The client went away.", Check: "After how long? People give up on slow answers."},
	{ID: "no-route", Codes: []string{"url_map_no_match", "host_not_found", "route_not_found", "backend_not_found"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: dialect.PhaseLocal, Causes: causes{vocab.NoRoute}, Means: "No rule of the URL map fits."},
	{ID: "denied", Codes: []string{"denied_by_security_policy", "request_blocked_by_security_policy", "rate_limited", "throttled_by_security_policy"}, Symptom: vocab.HTTPRequestDenied, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "A Cloud Armor policy refused the request."},
	{ID: "bad-request", Codes: []string{"request_body_exceeds_limit", "body_not_allowed", "invalid_external_origin_endpoint", "request_loop_detected", "error_uncacheable", "handled_by_identity_aware_proxy"}, Symptom: vocab.HTTPRequestError, Phase: dialect.PhaseLocal, Causes: causes{vocab.RequestTooLarge, vocab.MalformedRequest, vocab.InvalidConfig}, Means: "The balancer refused the request itself."},
	{ID: "circuit", Codes: []string{"upstream_overflow", "circuit_breaker_overflow"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.CircuitOpen, vocab.ConnectionsExhausted}, Means: "A circuit breaker of the backend service is open."},
	{ID: "internal", Codes: []string{"internal_error", "config_not_found"}, Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Causes: causes{vocab.InvalidConfig, vocab.CDNOrigin}, Means: "The balancer's own failure, or a configuration that is not there yet."},
	{ID: "page", Says: []string{"The server encountered a temporary error and could not complete your request"}, Status: 502, Phase: header, Fact: vocab.GatewayStatusMade,
		Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown, vocab.KeepaliveRace}, Means: "The page of Google's balancers for their own 502.", Check: "statusDetails in Cloud Logging tells why: turn logging on for the backend service."},
	{ID: "unhealthy", Says: []string{"UNHEALTHY…healthState", "healthState: UNHEALTHY", "backends are in UNHEALTHY state", "Some backend services are in UNHEALTHY state", "Some backend services are in UNKNOWN state"}, Symptom: vocab.DestinationUnavailable, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream,
		Causes: causes{vocab.HealthCheckWrong, vocab.NoHealthyUpstream, vocab.Filtered, vocab.UpstreamDown}, Means: "The health check fails.", Check: "GKE takes its path from the readiness probe, else \"/\": does that answer 200?"},
}
