// Package azure knows what Azure's gateways say: Front Door, Application
// Gateway, App Service and API Management.
package azure

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Azure's gateways. They run at Azure: only their words are here.
var Dialect = dialect.Dialect{
	Name:  "azure",
	Doc:   "Azure: the words of Front Door's and Application Gateway's logs and health pages, and of App Service.",
	Logs:  Logs,
	Words: words,
}

// Logs are diagnostic logs, health messages and pages.
var Logs = []dialect.Log{log}

var log, words = phrase.New(phrase.Options{
	Name: "azure gateways", Kind: "error", Words: 27,
	Source: "Azure documentation: Front Door monitoring (ErrorInfo), Application Gateway 502 and backend health troubleshooting, App Service",
}, rows)

type causes = []vocab.Cause

const header = dialect.PhaseHeader

var rows = []phrase.Row{
	// Front Door, errorInfo of the access log.
	{ID: "origin-dns", Codes: []string{"DNSNameNotResolved", "DNSFailure", "DNSTimeout"}, Symptom: vocab.DNSError, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "Front Door could not resolve the origin's name."},
	{ID: "origin-connect", Codes: []string{"OriginConnectionError", "OriginConnectionRefused", "OriginConnectionAborted"}, Symptom: vocab.ConnectionRefused, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress}, Means: "Front Door could not connect to the origin.", Check: "Does the origin's firewall let AzureFrontDoor.Backend in?"},
	{ID: "origin-reset", Codes: []string{"OriginConnectionReset", "OriginError"}, Symptom: vocab.ConnectionTerminated, Phase: header, Fact: vocab.GatewayResetEarly, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace}, Means: "The origin reset the connection.", Check: "Front Door keeps connections for 90 seconds: does the origin keep them longer?"},
	{ID: "origin-timeout", Codes: []string{"OriginTimeout", "ResponseHeaderTimeout"}, Symptom: vocab.HTTPResponseTimeout, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung}, Means: "The origin did not answer within the origin response timeout (60 s by default)."},
	{ID: "origin-invalid", Codes: []string{"OriginInvalidResponse", "OriginInvalidRequest"}, Symptom: vocab.HTTPProtocolError, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse}, Means: "The origin's answer is not valid HTTP."},
	{ID: "origin-cut", Codes: []string{"ResponsePayloadTruncated", "RequestPayloadTruncated", "OriginResponseBodyTruncated"}, Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Causes: causes{vocab.TruncatedResponse}, Means: "A body ended before its announced length."},
	{ID: "tls-name", Codes: []string{"SSLMismatchedSNI", "OriginCertificateExpired", "OriginCertificateSelfSigned", "CertificateNameCheckFailed", "SSLInvalidRootCA", "SSLHandshakeError"}, Symptom: vocab.TLSCertificateError, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Causes: causes{vocab.TLSUntrusted}, Means: "The origin's certificate does not verify.", Check: "Front Door compares its name with the origin host header."},
	{ID: "tls-failed", Codes: []string{"SSLErrorCipherMismatch", "SSLInvalidCipher"}, Symptom: vocab.TLSProtocolError, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSUnsupported, Causes: causes{vocab.TLSHandshake}, Means: "No TLS version or cipher in common."},
	{ID: "no-origin", Codes: []string{"NoHealthyOrigins", "UnspecifiedClientError", "OriginsUnavailable"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong}, Means: "No origin is healthy."},
	{ID: "afd-unavailable", Says: []string{"Our services aren't available right now", "Our services aren’t available right now", "Our services aren&#39;t available right now"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: header, Fact: vocab.GatewayStatusMade,
		Causes: causes{vocab.UpstreamDown, vocab.TLSUntrusted, vocab.Filtered, vocab.UpstreamSlow, vocab.NoRoute}, Means: "Front Door's own page: the origin could not be reached, or did not answer in time.", Check: "errorInfo in the access log; certificate names are the commonest reason."},

	// Application Gateway.
	{ID: "appgw-info-connect", Codes: []string{"ERRORINFO_UPSTREAM_NO_LIVE"}, Symptom: vocab.DestinationUnavailable, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong}, Means: "No server of the backend pool is healthy."},
	{ID: "appgw-info-closed", Codes: []string{"ERRORINFO_UPSTREAM_CLOSED_CONNECTION"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting}, Means: "The backend closed the connection before its answer was complete."},
	{ID: "appgw-info-timeout", Codes: []string{"ERRORINFO_UPSTREAM_TIMED_OUT"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung, vocab.Filtered}, Means: "The backend did not answer within the request timeout of the HTTP setting (20 s by default)."},
	{ID: "appgw-info-refused", Codes: []string{"ERRORINFO_UPSTREAM_CONNECTION_REFUSED", "ERRORINFO_CONNECTION_REFUSED"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress}, Means: "The backend refused the connection."},
	{ID: "appgw-info-tls", Codes: []string{"ERRORINFO_UPSTREAM_SSL_HANDSHAKE_FAILURE", "ERRORINFO_SSL_HANDSHAKE"}, Symptom: vocab.TLSProtocolError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSClosed, Causes: causes{vocab.TLSUntrusted, vocab.TLSHandshake}, Means: "TLS with the backend failed."},
	{ID: "appgw-info-resolve", Codes: []string{"ERRORINFO_UPSTREAM_RESOLVE_ERROR"}, Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "The backend's name does not resolve."},
	{ID: "appgw-status", Says: []string{"Received invalid status code: ", "The backend's response status code isn't in the range", "HTTP status code received…probe"}, Symptom: vocab.DestinationUnavailable, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.GatewayCheckRejected, Causes: causes{vocab.HealthCheckWrong, vocab.AppError, vocab.UpstreamDown}, Means: "The health probe got another status than 200 to 399.", Check: "The probe's path and host: the default probe asks for 127.0.0.1 and /."},
	{ID: "appgw-connect", Says: []string{"Cannot connect to backend server", "Cannot connect to the backend server", "Time taken by the backend to respond to application gateway's health probe"}, Symptom: vocab.ConnectionTimeout, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.UpstreamDown, vocab.WrongAddress}, Means: "The probe could not reach the backend.", Check: "NSG, UDR and firewall on its subnet; the port; 65200 to 65535 open to GatewayManager."},
	{ID: "appgw-cert", Says: []string{"The root certificate of the server certificate used by the backend does not match", "The Common Name (CN) of the backend certificate doesn't match", "The Common Name (CN) of the backend server certificate", "Backend certificate is invalid", "The server certificate used by the backend is not signed by a well-known Certificate Authority", "The Intermediate certificate is missing from the certificate chain"}, Symptom: vocab.TLSCertificateError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Causes: causes{vocab.TLSUntrusted}, Means: "The backend's certificate does not verify for Application Gateway.", Check: "The trusted root of the HTTP setting, the name, the chain."},
	{ID: "appgw-page", Says: []string{"<center>Microsoft-Azure-Application-Gateway/v2</center>", "Server: Microsoft-Azure-Application-Gateway"}, Status: 502, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamSlow, vocab.TLSUntrusted}, Means: "Application Gateway's own page.", Check: "Backend health in the portal names the reason for each server."},

	// App Service.
	{ID: "site-start", Says: []string{"didn't respond to HTTP pings on port", "did not start within expected time limit", "Container didn't respond to HTTP pings"}, Symptom: vocab.ConnectionRefused, Status: 503, Phase: dialect.PhaseConnect, Causes: causes{vocab.WrongAddress, vocab.UpstreamCrashed, vocab.UpstreamSlow},
		Means: "The container did not answer on the port that App Service expects.", Check: "Does it listen on $PORT (WEBSITES_PORT), on 0.0.0.0? Its log before this says whether it crashed."},
	{ID: "site-stopped", Says: []string{"The web app is stopped", "Error 403 - This web app is stopped"}, Symptom: vocab.ProxyInternalResponse, Status: 403, Phase: dialect.PhaseLocal, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.Maintenance, vocab.UpstreamDown}, Means: "The web app is stopped."},
	{ID: "site-idle", Says: []string{"500 - The request timed out", "The web server failed to respond within the specified time"}, Symptom: vocab.HTTPResponseTimeout, Status: 500, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort}, Means: "App Service's balancer waits 230 seconds, which cannot be changed."},
	{ID: "apim", Codes: []string{"BackendConnectionFailure"}, Symptom: vocab.ConnectionRefused, Status: 500, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.TLSUntrusted, vocab.Filtered, vocab.NoSuchName}, Means: "API Management could not use its backend; the text after it says why."},

	// Service Fabric's reverse proxy (FabricReverseProxy).
	{ID: "sf-closed", Says: []string{"Error while forwarding request to service…The connection with the server was terminated abnormally", "Error while forwarding request to service…2147954430", "Error while forwarding request to service…0x80072efe", "Error while forwarding request to service…ERROR_WINHTTP_CONNECTION_ERROR", "Error while forwarding request to service…ERROR_WINHTTP_INVALID_SERVER_RESPONSE"}, Symptom: vocab.ConnectionTerminated, Status: 0, Phase: header, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting}, Means: "Service Fabric's reverse proxy lost the connection to the service before its answer (WinHTTP 12030).", Check: "WinHTTP reuses idle connections: a service whose keep-alive is shorter (Node: 5 s) closes them under it."},
	{ID: "sf-timeout", Says: []string{"Error while forwarding request to service…The operation timed out", "Error while forwarding request to service…2147954402", "Error while forwarding request to service…ERROR_WINHTTP_TIMEOUT"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The service did not answer within DefaultHttpRequestTimeout (120 s)."},
	{ID: "sf-connect", Says: []string{"Error while forwarding request to service…A connection with the server could not be established", "Error while forwarding request to service…ERROR_WINHTTP_CANNOT_CONNECT"}, Symptom: vocab.ConnectionRefused, Status: 503, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Causes: causes{vocab.UpstreamDown, vocab.UpstreamRestarting, vocab.WrongAddress}, Means: "Nothing answered at the service's endpoint."},
	{ID: "sf-resolve", Codes: []string{"FABRIC_E_SERVICE_DOES_NOT_EXIST", "FABRIC_E_ENDPOINT_NOT_FOUND"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: dialect.PhaseLocal, Causes: causes{vocab.NoRoute, vocab.UpstreamDown}, Means: "Service Fabric knows no endpoint of the service."},
	{ID: "sf-failed", Says: []string{"Error while forwarding request to service", "Error while processing request…forward url"}, Symptom: vocab.ConnectionTerminated, Phase: header, Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamDown}, Means: "Service Fabric's reverse proxy could not forward the request; error code and phase in the line say how.", Check: "A failure while receiving the response is a closed connection, while sending the request one that was never open."},
}
