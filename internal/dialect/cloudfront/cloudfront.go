// Package cloudfront knows Amazon CloudFront: the standard access log, its
// detailed result types, and its error pages.
package cloudfront

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is CloudFront. It runs at AWS: only its log and pages are here.
var Dialect = phrase.Member("cloudfront", "Amazon CloudFront: its access log with the detailed result types, and its error pages.", phrase.Options{
	Name: "cloudfront access", Kind: "access", Own: own, Sure: 90,
	Source: "Amazon CloudFront Developer Guide, standard logs and HTTP 5xx status codes",
}, rows)

// own reads a line of the standard log, fields between tabs:
//
//	date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) …
func own(b []byte, r *dialect.Record) bool {
	if len(b) < 40 || b[4] != '-' || b[7] != '-' || b[10] != '\t' {
		return false
	}
	r.Stamp = b[:10]
	var f [11][]byte
	for i := range f {
		var ok bool
		if f[i], b, ok = line.Cut(b, "\t"); !ok {
			return false
		}
	}
	status, ok := line.Int(f[8])
	if !ok || status < 0 || status > 999 {
		return false
	}
	r.Bytes, _ = line.Int(f[3])
	r.Client, r.Method, r.Host, r.Path, r.Status = f[4], f[5], f[6], f[7], int(status)
	r.Referrer, r.UserAgent = f[9], f[10]
	return true
}

type causes = []vocab.Cause

const header = dialect.PhaseHeader

var rows = []phrase.Row{
	{ID: "origin-connect", Codes: []string{"OriginConnectError"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed,
		Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress, vocab.TLSHandshake},
		Means:  "CloudFront could not connect to the origin.", Check: "Does the origin listen on that port for everybody, or only for a balancer's security group?"},
	{ID: "origin-dns", Codes: []string{"OriginDnsError", "NonS3OriginDnsError"}, Says: []string{"wasn't able to resolve the origin domain name"}, Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound,
		Causes: causes{vocab.NoSuchName}, Means: "CloudFront could not resolve the origin's name.", Check: "Resolve the origin's name from outside."},
	{ID: "origin-timeout", Codes: []string{"OriginCommError"}, Says: []string{"CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection", "a timeout…CloudFront"}, Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout,
		Causes: causes{vocab.UpstreamSlow, vocab.Filtered, vocab.UpstreamHung, vocab.TimeoutTooShort},
		Means:  "The origin did not answer within the response timeout (30 s), or the connect timed out.", Check: "Is the origin slow, or does its firewall drop CloudFront's addresses?"},
	{ID: "origin-header", Codes: []string{"OriginHeaderTooBigError"}, Symptom: vocab.HTTPHeaderSectionSize, Status: 502, Phase: header, Fact: vocab.GatewayHeaderTooBig, Causes: causes{vocab.BufferTooSmall},
		Means: "The origin's header is over CloudFront's limit.", Check: "Old cookies and policies in the origin's answer."},
	{ID: "origin-invalid", Codes: []string{"OriginInvalidResponseError", "OriginContentRangeLengthError", "LambdaValidationError"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse},
		Means: "CloudFront could not use what came back."},
	{ID: "origin-read", Codes: []string{"OriginReadError", "OriginWriteError"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.Lossy},
		Means: "The connection to the origin failed in the middle.", Check: "Does the origin close idle connections sooner than CloudFront does (5 s by default)?"},
	{ID: "origin-tls", Says: []string{"CloudFront wasn't able to connect to the origin", "CloudFront could not connect to the origin…SSL"}, Symptom: vocab.TLSCertificateError, Status: 502, Phase: dialect.PhaseTLS,
		Causes: causes{vocab.TLSUntrusted, vocab.TLSHandshake, vocab.UpstreamDown, vocab.WrongAddress},
		Means:  "The page of a failed connection, nearly always a failed TLS handshake: CloudFront checks the origin's certificate for the origin's name or the forwarded Host.",
		Check:  "openssl s_client -connect ORIGIN:443 -servername HOST: name, expiry, a full chain, TLS 1.2? Is the origin's name in the certificate, or the Host that is forwarded?"},
	{ID: "aborted-origin", Codes: []string{"AbortedOrigin"}, Symptom: vocab.ConnectionTerminated, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Causes: causes{vocab.Lossy, vocab.UpstreamCrashed, vocab.TruncatedResponse}, Means: "The origin broke off in the middle of the body."},
	{ID: "origin-error", Codes: []string{"OriginError"}, Phase: header, Fact: vocab.GatewayStatusPassed, Causes: causes{vocab.AppError, vocab.CDNOrigin}, Means: "The origin answered with an error itself, and CloudFront passed it on.", Check: "The origin's own log."},
	{ID: "client-gone", Codes: []string{"ClientCommError"}, Phase: dialect.PhaseBody, Fact: vocab.GatewayClientGone, News: true, Causes: causes{vocab.Aborted}, Means: "The client closed the connection."},
	{ID: "capacity", Codes: []string{"CapacityExceeded"}, Says: []string{"CloudFront…capacity", "The request could not be satisfied…limit exceeded"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited, vocab.TrafficSurge}, Means: "The edge or a function of it was over its limits."},
	{ID: "function", Codes: []string{"FunctionExecutionError", "FunctionThrottledError", "FunctionGeneratedResponse", "LambdaExecutionError", "LambdaLimitExceeded"}, Says: []string{"The Lambda function associated with the CloudFront distribution"}, Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Causes: causes{vocab.AppError, vocab.InvalidConfig},
		Means: "A function at the edge failed, or answered by itself.", Check: "The function's own log in CloudWatch, of the region near the client."},
	{ID: "bad-request", Says: []string{"Bad request. We can't connect to the server for this app or website at this time"}, Status: 0, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.TLSUntrusted, vocab.UpstreamDown, vocab.UpstreamSlow, vocab.NoRoute},
		Means: "CloudFront's own page for any failure of the origin.", Check: "x-edge-detailed-result-type in the access log tells which."},
	{ID: "page", Says: []string{"Generated by cloudfront (CloudFront)", "X-Cache: Error from cloudfront", "x-cache: Error from cloudfront"}, Phase: header, Fact: vocab.GatewayStatusMade, News: true, Causes: causes{vocab.CDNOrigin},
		Means: "CloudFront's own page.", Check: "x-edge-detailed-result-type in the access log tells which."},
}
