// Package fastly knows Fastly's error pages: Varnish's, in Fastly's words.
package fastly

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Fastly. It runs elsewhere: only its words are here.
var Dialect = phrase.Member("fastly", "Fastly: the texts of its 503 pages.", phrase.Options{Name: "fastly", Kind: "error", Words: 29, Source: "Fastly documentation, common 503 errors"}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "connect-refused", Says: []string{"503 Connection refused", "Connection refused…Varnish cache server"}, Symptom: vocab.ConnectionRefused, Status: 503, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress}, Means: "The origin refused the connection."},
	{ID: "first-byte", Says: []string{"first byte timeout"}, Symptom: vocab.ConnectionReadTimeout, Status: 503, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The origin sent nothing within first_byte_timeout (15 s)."},
	{ID: "between-bytes", Says: []string{"between bytes timeout"}, Symptom: vocab.ConnectionReadTimeout, Status: 503, Phase: dialect.PhaseBody, Fact: vocab.GatewayBodyTimeout, Causes: causes{vocab.UpstreamSlow, vocab.Lossy}, Means: "The origin fell silent in its answer (between_bytes_timeout, 10 s)."},
	{ID: "connect-timeout", Says: []string{"503 Connection timed out", "Connection timed out…Varnish cache server"}, Symptom: vocab.ConnectionTimeout, Status: 503, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable, vocab.BacklogFull}, Means: "Nothing answered the connect (connect_timeout, 1 s)."},
	{ID: "backend-read", Says: []string{"backend read error"}, Symptom: vocab.ConnectionTerminated, Status: 503, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting}, Means: "Reading the origin's answer failed.", Check: "Does the origin keep idle connections longer than Fastly does?"},
	{ID: "backend-write", Says: []string{"backend write error"}, Symptom: vocab.ConnectionTerminated, Status: 503, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending, Causes: causes{vocab.KeepaliveRace, vocab.EarlyClose, vocab.RequestTooLarge}, Means: "Sending the request to the origin failed."},
	{ID: "max-conn", Says: []string{"backend.max_conn reached", "Backend.max_conn reached"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: local, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.ConnectionsExhausted, vocab.UpstreamSlow}, Means: "The limit of connections to the origin (200) is reached."},
	{ID: "unhealthy", Says: []string{"503 Backend is unhealthy", "backend is unhealthy", "All backends failed or unhealthy", "No healthy IPs", "no healthy backends"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: local, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown}, Means: "The health check holds the origin to be down."},
	{ID: "tls-name", Says: []string{"hostname doesn't match against certificate", "certificate has expired…Varnish cache server", "unable to get local issuer certificate…Varnish cache server"}, Symptom: vocab.TLSCertificateError, Status: 503, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Causes: causes{vocab.TLSUntrusted}, Means: "The origin's certificate does not verify.", Check: "ssl_cert_hostname and ssl_sni_hostname of the backend."},
	{ID: "tls-failed", Says: []string{"SSL handshake error…Varnish cache server", "unknown protocol…Varnish cache server"}, Symptom: vocab.TLSProtocolError, Status: 503, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSClosed, Causes: causes{vocab.TLSHandshake, vocab.ProtocolMismatch}, Means: "TLS with the origin failed."},
	{ID: "header-overflow", Says: []string{"Header overflow"}, Symptom: vocab.HTTPHeaderSectionSize, Status: 503, Phase: header, Fact: vocab.GatewayHeaderTooBig, Causes: causes{vocab.BufferTooSmall}, Means: "The header is over Fastly's limits (69 kB, 96 lines)."},
	{ID: "no-stale", Says: []string{"No stale object available"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: local, Causes: causes{vocab.UpstreamDown, vocab.NoHealthyUpstream}, Means: "The origin failed, and no old copy is left."},
	{ID: "unknown-domain", Says: []string{"Fastly error: unknown domain"}, Symptom: vocab.DestinationNotFound, Status: 500, Phase: local, Causes: causes{vocab.NoRoute}, Means: "No service of Fastly has this name."},
	{ID: "loop", Says: []string{"Loop detected…Varnish cache server", "503 Loop detected"}, Symptom: vocab.ProxyLoopDetected, Status: 503, Phase: local, Causes: causes{vocab.ProxyLoop}, Means: "The request came back to Fastly."},
	{ID: "page", Says: []string{"Varnish cache server", "Guru Mediation:"}, Status: 503, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.CDNOrigin, vocab.UpstreamDown}, Means: "Fastly's own page; its heading has the reason."},
}
