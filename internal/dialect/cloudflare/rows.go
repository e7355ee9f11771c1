package cloudflare

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

type causes = []vocab.Cause

// says returns the ways in which a code stands in pages and messages.
func says(code string, more ...string) []string {
	return append([]string{"error code: " + code, "Error code " + code, "Error code: " + code, "error code " + code, "Error " + code, "error " + code, "HTTP " + code, "HTTP/1.1 " + code, "HTTP/2 " + code, "HTTP/3 " + code, "<span class=\"cf-error-code\">" + code, "error=" + code}, more...)
}

var rows = []phrase.Row{
	{ID: "520", Codes: []string{"520"}, Says: says("520", "Web server is returning an unknown error"), Symptom: vocab.HTTPProtocolError, Phase: dialect.PhaseHeader, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.UpstreamCrashed, vocab.InvalidResponse, vocab.BufferTooSmall, vocab.CDNOrigin},
		Means:  "520: the origin's answer was empty, reset, malformed, or its header over the edge's limit.",
		Check:  "The origin's own log at that second: a crash, a reset, cookies that grew? Ask the origin directly, past Cloudflare."},
	{ID: "521", Codes: []string{"521"}, Says: says("521", "Web server is down"), Symptom: vocab.ConnectionRefused, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused,
		Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress},
		Means:  "521: the origin refused the connection.", Check: "Does the origin listen on the port that the SSL mode uses (443 in Full), and does its firewall let Cloudflare's addresses in?"},
	{ID: "522", Codes: []string{"522"}, Says: says("522", "Connection timed out…Cloudflare"), Symptom: vocab.ConnectionTimeout, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout,
		Causes: causes{vocab.Filtered, vocab.BacklogFull, vocab.Unreachable},
		Means:  "522: connecting to the origin timed out.", Check: "A firewall or fail2ban that drops Cloudflare's addresses, a full accept queue, a host that is gone, an old address in DNS."},
	{ID: "523", Codes: []string{"523"}, Says: says("523", "Origin is unreachable"), Symptom: vocab.DestinationIPUnroutable, Phase: dialect.PhaseConnect, Fact: vocab.GatewayUnroutable,
		Causes: causes{vocab.Unreachable, vocab.NoSuchName, vocab.StaleDNS, vocab.WrongAddress},
		Means:  "523: the origin is unreachable.", Check: "Is the A record in the DNS tab the origin's address of today?"},
	{ID: "524", Codes: []string{"524"}, Says: says("524", "A timeout occurred"), Symptom: vocab.HTTPResponseTimeout, Phase: dialect.PhaseHeader, Fact: vocab.GatewayReadTimeout,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort},
		Means:  "524: the origin was connected and did not answer within 100 (now 120) seconds.", Check: "How long does this request take at the origin? Long work belongs into a queue, or behind a name that is not proxied."},
	{ID: "525", Codes: []string{"525"}, Says: says("525", "SSL handshake failed"), Symptom: vocab.TLSProtocolError, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSClosed,
		Causes: causes{vocab.TLSHandshake, vocab.ProtocolMismatch},
		Means:  "525: the TLS handshake with the origin failed.", Check: "Does the origin speak TLS on 443, with SNI, and a cipher in common?"},
	{ID: "526", Codes: []string{"526"}, Says: says("526", "Invalid SSL certificate"), Symptom: vocab.TLSCertificateError, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected,
		Causes: causes{vocab.TLSUntrusted},
		Means:  "526: the origin's certificate does not verify (mode Full (strict)).", Check: "Expired, self-signed, or for another name? A Cloudflare Origin CA certificate is enough."},
	{ID: "527", Codes: []string{"527"}, Says: says("527"), Symptom: vocab.ConnectionTerminated, Phase: dialect.PhaseConnect,
		Causes: causes{vocab.CDNOrigin, vocab.Lossy}, Means: "527: the connection to Railgun, a retired product, failed.", Check: "Turn Railgun off."},
	{ID: "1016", Codes: []string{"1016"}, Says: says("1016", "Origin DNS error"), Symptom: vocab.DNSError, Status: 530, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound,
		Causes: causes{vocab.NoSuchName, vocab.WrongAddress}, Means: "1016: the origin's name has no address.", Check: "The CNAME's target, or the A record, in the DNS tab."},
	{ID: "1033", Codes: []string{"1033"}, Says: says("1033", "Argo Tunnel error", "Cloudflare Tunnel error"), Symptom: vocab.DestinationUnavailable, Status: 530, Phase: dialect.PhaseConnect,
		Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.InvalidConfig}, Means: "1033: no cloudflared is connected for this tunnel.",
		Check: "Does cloudflared run at the origin, and can it reach the edge on port 7844?"},
	{ID: "530", Codes: []string{"530"}, Says: says("530"), Symptom: vocab.DNSError, Status: 0, Phase: dialect.PhaseDNS,
		Causes: causes{vocab.NoSuchName, vocab.UpstreamDown, vocab.WrongAddress}, Means: "530: an error 1xxx stands on the page.", Check: "1016: the origin's name; 1033: the tunnel's cloudflared is not connected."},
	{ID: "1000", Codes: []string{"1000"}, Says: says("1000", "DNS points to prohibited IP"), Symptom: vocab.DestinationIPProhibited, Phase: dialect.PhaseLocal, Causes: causes{vocab.ProxyLoop, vocab.WrongAddress},
		Means: "1000: the record points at Cloudflare itself, or the request came through another proxy that sends it back."},
	{ID: "1001", Says: says("1001", "DNS resolution error…Cloudflare"), Symptom: vocab.DNSError, Phase: dialect.PhaseDNS, Causes: causes{vocab.NoSuchName, vocab.NoRoute}, Means: "1001: Cloudflare does not find the name."},
	{ID: "1003", Says: says("1003", "Direct IP access not allowed"), Symptom: vocab.DestinationNotFound, Phase: dialect.PhaseLocal, Causes: causes{vocab.NoRoute, vocab.MalformedRequest}, Means: "1003: a request to a Cloudflare address without a site's name."},
	{ID: "1010", Says: says("1010"), Symptom: vocab.HTTPRequestDenied, Status: 403, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited, vocab.MalformedRequest}, Means: "1010: the site's owner blocks this kind of browser."},
	{ID: "1015", Codes: []string{"1015"}, Says: says("1015", "You are being rate limited"), Symptom: vocab.HTTPRequestDenied, Status: 429, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "1015: a rate limit of the site refused the request."},
	{ID: "1020", Codes: []string{"1020"}, Says: says("1020", "Access denied…Cloudflare"), Symptom: vocab.HTTPRequestDenied, Status: 403, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited}, Means: "1020: a firewall rule of the site refused the request."},
	{ID: "1101", Says: says("1101", "Worker threw exception", "Worker threw a JavaScript exception"), Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Fact: vocab.AppErrorLogged, Causes: causes{vocab.AppError}, Means: "1101: the site's Worker threw an exception.", Check: "wrangler tail shows it."},
	{ID: "1102", Says: says("1102", "Worker exceeded resource limits", "Worker exceeded CPU time limit"), Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Causes: causes{vocab.WorkerKilled, vocab.CPUSaturated}, Means: "1102: the site's Worker used more processor time than it may."},
	{ID: "502-made", Says: []string{"^error code: 502$"}, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.CDNOrigin, vocab.UpstreamDown, vocab.UpstreamCrashed},
		Means: "A plain \"error code: 502\" is Cloudflare's own: a tunnel's origin that cannot be reached, or the edge itself.", Check: "With a tunnel: cloudflared's log. Else a page with another product's mark is the origin's: ask the origin directly."},
	{ID: "504-made", Says: []string{"^error code: 504$"}, Status: 504, Phase: dialect.PhaseHeader, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.CDNOrigin, vocab.UpstreamDown, vocab.UpstreamSlow},
		Means: "A plain \"error code: 504\" is Cloudflare's own.", Check: "Ask the origin directly, past Cloudflare."},
	{ID: "tunnel-origin", Says: []string{"Unable to reach the origin service"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.ProtocolMismatch, vocab.TLSUntrusted},
		Means: "cloudflared could not use the service of its ingress rule.", Check: "cloudflared's log has the reason behind these words; in a container, localhost is the container itself."},
	{ID: "host-error", Says: []string{"cf-host-status cf-error-source", "Cloudflare…Working…Host…Error"}, Phase: dialect.PhaseHeader, Fact: vocab.GatewayStatusMade, News: true, Causes: causes{vocab.CDNOrigin, vocab.UpstreamDown},
		Means: "Cloudflare's page says that the origin's host failed, not the edge.", Check: "The code on the page (520 to 526) says how."},
}
