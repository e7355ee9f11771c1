package runtime

import (
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// spelled returns the spellings of a status: in a status line, a title, a
// sentence.
func spelled(code string, texts ...string) []string {
	var list []string
	for _, t := range texts {
		list = append(list, code+" "+t, code+" - "+t, code+": "+t)
	}
	return append(list, "HTTP/1.1 "+code, "HTTP/1.0 "+code, "HTTP/2 "+code, "HTTP/2.0 "+code, "HTTP/3 "+code, "status code "+code, "status code: "+code, "status="+code, "status: "+code, "\"status\":"+code, "statuscode: "+code, "status\":\""+code, "status\": \""+code, "status\": "+code, "response code: "+code, "response code "+code)
}

// statusRows are statuses of which nothing else is known. The orders are those
// of how often each is the cause in reports of people who see no more than this.
var statusRows = []phrase.Row{
	{ID: "502", Says: spelled("502", "Bad Gateway", "Bad gateway", "bad gateway", "Proxy Error"), Status: 502, Phase: local, Fact: vocab.GatewayStatusUnknown,
		Causes: causes{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.WrongAddress, vocab.InvalidResponse, vocab.ProtocolMismatch}, Means: "502 Bad Gateway: a gateway got an invalid answer, or none.", Check: "Whose page is it? The gateway's own error log has one line for this request that says how it failed."},
	{ID: "504", Says: spelled("504", "Gateway Time-out", "Gateway Timeout", "Gateway timeout", "gateway timeout"), Status: 504, Phase: local, Fact: vocab.GatewayStatusUnknown,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WrongNetwork, vocab.TimeoutTooShort, vocab.Filtered}, Means: "504 Gateway Timeout: what is behind did not answer in time.", Check: "At once or after 30 or 60 seconds? Connected and silent, or never connected?"},
	{ID: "503", Says: spelled("503", "Service Unavailable", "Service Temporarily Unavailable", "Service unavailable", "Service Not Available", "Backend fetch failed"), Status: 503, Phase: local, Fact: vocab.GatewayStatusUnknown,
		Causes: causes{vocab.NoHealthyUpstream, vocab.UpstreamDown, vocab.Maintenance, vocab.RateLimited, vocab.ConnectionsExhausted, vocab.HealthCheckWrong}, Means: "503 Service Unavailable: nobody to ask, too much to do, or maintenance.", Check: "Whose page is it?"},
	{ID: "500", Says: spelled("500", "Internal Server Error", "Internal server error"), Status: 500, Phase: local, Fact: vocab.GatewayStatusUnknown,
		Causes: causes{vocab.AppError, vocab.InvalidConfig}, Means: "500 Internal Server Error: nearly always the application's own.", Check: "The application's log at that second."},
	{ID: "499", Codes: []string{"499"}, Says: []string{"HTTP 499", "status 499", "\" 499 "}, Phase: header, Fact: vocab.GatewayClientGone, News: true, Causes: causes{vocab.Aborted, vocab.UpstreamSlow}, Means: "499, nginx's own: the client closed the connection before the answer; nobody received this status.", Check: "After how long do they go away? A constant time is the limit of a client, or of a balancer in front.", Source: "nginx src/http/ngx_http_request.h"},
	{ID: "444", Codes: []string{"444"}, Phase: local, Fact: vocab.GatewayStatusMade, News: true, Causes: causes{vocab.RateLimited, vocab.InvalidConfig}, Means: "444, nginx's own: `return 444` closes the connection without an answer.", Source: "nginx src/http/ngx_http_request.h"},
	{ID: "494", Codes: []string{"494"}, Says: []string{"400 Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"}, Symptom: vocab.HTTPRequestError, Status: 400, Phase: local, Causes: causes{vocab.RequestTooLarge}, Means: "494, nginx's own: the request's header is over large_client_header_buffers.", Source: "nginx src/http/ngx_http_special_response.c"},
	{ID: "495", Codes: []string{"495"}, Says: []string{"The SSL certificate error"}, Symptom: vocab.HTTPRequestError, Status: 400, Phase: handshake, Causes: causes{vocab.TLSUntrusted}, Means: "495, nginx's own: the client's certificate does not verify.", Source: "nginx src/http/ngx_http_special_response.c"},
	{ID: "496", Codes: []string{"496"}, Says: []string{"No required SSL certificate was sent"}, Symptom: vocab.HTTPRequestError, Status: 400, Phase: handshake, Causes: causes{vocab.TLSHandshake}, Means: "496, nginx's own: a client certificate is required and none came.", Source: "nginx src/http/ngx_http_special_response.c"},
	{ID: "497", Codes: []string{"497"}, Says: []string{"The plain HTTP request was sent to HTTPS port"}, Symptom: vocab.HTTPRequestError, Status: 400, Phase: handshake, Fact: vocab.AppWrongProtocol, Causes: causes{vocab.ProtocolMismatch}, Means: "497, nginx's own: plain HTTP came to a TLS port.", Source: "nginx src/http/ngx_http_special_response.c"},
	{ID: "413", Says: spelled("413", "Request Entity Too Large", "Payload Too Large", "Content Too Large"), Symptom: vocab.HTTPRequestError, Status: 413, Phase: local, Fact: vocab.GatewayBodyTooLarge, Causes: causes{vocab.RequestTooLarge}, Means: "413: the body is over a limit (client_max_body_size in nginx, 1 MB)."},
	{ID: "431", Says: spelled("431", "Request Header Fields Too Large"), Symptom: vocab.HTTPRequestError, Status: 431, Phase: local, Causes: causes{vocab.RequestTooLarge}, Means: "431: the request's header is over a limit: often cookies that grew."},
	{ID: "429", Says: spelled("429", "Too Many Requests"), Symptom: vocab.HTTPRequestDenied, Status: 429, Phase: local, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "429: a rate limit refused the request."},
	{ID: "421", Says: spelled("421", "Misdirected Request"), Symptom: vocab.HTTPRequestError, Status: 421, Phase: local, Causes: causes{vocab.TLSHandshake, vocab.NoRoute}, Means: "421: SNI and Host name different sites: Apache refuses that since 2.4.64."},
	{ID: "websocket-400", Says: []string{"WebSocket…Unexpected response code: 400", "WebSocket…Unexpected response code: 404", "WebSocket…Unexpected response code: 426", "WebSocket…Unexpected response code: 200"}, Symptom: vocab.HTTPUpgradeFailed, Phase: header, Causes: causes{vocab.InvalidConfig, vocab.ProtocolMismatch, vocab.NoRoute}, Means: "The upgrade to a WebSocket did not reach the application: a gateway on the way does not pass Upgrade and Connection on.", Check: "proxy_http_version 1.1 with Upgrade and Connection in nginx; mod_proxy_wstunnel or upgrade=websocket in Apache."},
	{ID: "404", Says: []string{"404 page not found", "default backend - 404"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: local, Causes: causes{vocab.NoRoute}, Means: "Traefik's, Go's or the ingress's own 404: no route fits."},
}
