// Package iis knows what IIS says when it is the gateway: statuses with their
// substatus, the ASP.NET Core Module, Application Request Routing, and the
// error numbers of Windows that stand beside them.
package iis

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is IIS as a gateway.
var Dialect = phrase.Member("iis", "IIS: pages and substatuses, its access log, the ASP.NET Core Module, Application Request Routing, WinHTTP's numbers.", phrase.Options{
	Name: "iis", Kind: "error", Own: own, Sure: 80,
	Source: "Microsoft Learn: HTTP status codes in IIS, ASP.NET Core Module error reference, WinHTTP error messages",
}, rows)

// own reads a line of the W3C extended log in its default fields; the substatus
// and the Windows error stand behind the status:
//
//	date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
func own(b []byte, r *dialect.Record) bool {
	if len(b) < 40 || b[4] != '-' || b[7] != '-' || b[10] != ' ' || b[13] != ':' {
		return false
	}
	var f [15][]byte
	for i := range f {
		f[i], b = line.Word(b)
	}
	status, ok := line.Int(f[11])
	sub, ok2 := line.Int(f[12])
	if !ok || !ok2 || len(b) > 0 || status < 100 || status > 599 || sub < 0 {
		return false
	}
	r.Method, r.Path, r.Client, r.UserAgent, r.Referrer, r.Status = f[3], f[4], f[8], f[9], f[10], int(status)
	if ms, ok := line.Int(f[14]); ok {
		r.Seconds = float64(ms) / 1e3
	}
	return true
}

type causes = []vocab.Cause

const header = dialect.PhaseHeader

var rows = []phrase.Row{
	// WinHTTP's numbers, as HRESULT in decimal and hexadecimal, beside a 502.3.
	{ID: "timeout", Codes: []string{"2147954402", "0x80072ee2", "0x80072EE2", "12002", "ERROR_WINHTTP_TIMEOUT"}, Says: []string{" 502 3 12002 ", "The operation timed out"}, Symptom: vocab.HTTPResponseTimeout, Status: 502, Phase: header, Fact: vocab.GatewayReadTimeout,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The application did not answer within the limit (requestTimeout of the ASP.NET Core Module, 2 minutes; the proxy timeout of ARR).", Check: "How long does the request take in the application itself?"},
	{ID: "connect", Codes: []string{"2147954429", "0x80072efd", "0x80072EFD", "12029", "ERROR_WINHTTP_CANNOT_CONNECT"}, Says: []string{" 502 3 12029 ", "A connection with the server could not be established"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused,
		Causes: causes{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.Filtered}, Means: "Nothing answered at the application's address.", Check: "Does the process run, and on which port?"},
	{ID: "closed", Codes: []string{"2147954430", "0x80072efe", "0x80072EFE", "12030", "12152", "2147954552", "0x80072f78", "ERROR_WINHTTP_CONNECTION_ERROR", "ERROR_WINHTTP_INVALID_SERVER_RESPONSE"}, Says: []string{" 502 3 12030 ", " 502 3 12152 ", "The connection with the server was terminated abnormally", "The server returned an invalid or unrecognized response"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.UpstreamRestarting, vocab.InvalidResponse}, Means: "The application closed the connection before its answer, or answered what is no HTTP.", Check: "Its own log at that second; does it close idle connections sooner than the gateway?"},
	{ID: "name", Codes: []string{"2147954407", "0x80072ee7", "0x80072EE7", "12007", "ERROR_WINHTTP_NAME_NOT_RESOLVED"}, Says: []string{" 502 3 12007 ", "The server name or address could not be resolved"}, Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "The server's name does not resolve."},
	{ID: "certificate", Codes: []string{"2147954575", "0x80072f8f", "0x80072F8F", "12175", "ERROR_WINHTTP_SECURE_FAILURE"}, Says: []string{" 502 3 12175 ", "A security error occurred"}, Symptom: vocab.TLSCertificateError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Causes: causes{vocab.TLSUntrusted, vocab.TLSHandshake}, Means: "The server's certificate does not verify, or TLS failed."},
	{ID: "canceled", Codes: []string{"12017", "2147954417"}, Says: []string{" 502 3 12017 "}, Phase: header, Fact: vocab.GatewayClientGone, News: true, Causes: causes{vocab.Aborted}, Means: "The operation was cancelled: the client went away."},

	// The ASP.NET Core Module.
	{ID: "start-failed", Codes: []string{"502.5", "500.30", "500.31", "500.32", "500.33", "500.34", "500.35", "500.37", "500.38"}, Says: []string{"HTTP Error 502.5", "HTTP Error 500.30", "HTTP Error 500.31", "HTTP Error 500.3", "ANCM In-Process Start Failure", "ANCM Out-Of-Process Startup Failure", "The application process failed to start", "Process Failure", "failed to start process with commandline", "Failed to start application '/LM/", "ANCM Failed to Find", "ANCM Failed to Load", "The application process started but then stopped", "The application process started but failed to listen on the configured port"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.AppBootFailed,
		Causes: causes{vocab.UpstreamCrashed, vocab.InvalidConfig, vocab.UpstreamDown}, Means: "The ASP.NET Core Module started the application and it did not come up.", Check: "The event log, stdoutLogEnabled, or `dotnet app.dll` by hand: a runtime that is missing, a setting, an exception at start."},
	{ID: "in-process", Codes: []string{"500.0", "500.19", "500.21", "500.36"}, Says: []string{"HTTP Error 500.19", "HTTP Error 500.21", "HTTP Error 500.0", "ANCM In-Process Handler Load Failure", "Handler \"aspNetCore\" has a bad module"}, Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayConfigRejected, Causes: causes{vocab.MissingModule, vocab.InvalidConfig}, Means: "web.config cannot be used: the hosting bundle is missing, or a section is wrong."},
	{ID: "ancm-503", Says: []string{"HTTP Error 503. The service is unavailable", "503. The service is unavailable", "AppOffline", "app_offline.htm"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.Maintenance}, Means: "HTTP.sys answers for an application pool that is stopped: too many crashes in a row (Rapid-Fail Protection), or by hand.", Check: "Event log WAS 5002, 5059: why did the pool stop?"},
	{ID: "queue", Codes: []string{"503.2", "503.3"}, Says: []string{"QueueFull", "Connection_Dropped_List_Full"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.AppQueueFull, Causes: causes{vocab.ConnectionsExhausted, vocab.WorkersExhausted, vocab.UpstreamSlow}, Means: "The request queue of the application pool is full."},
	{ID: "pool-stopped", Says: []string{"AppOffline…Connection_", "N/A…ConnLimit", "Rapid-fail protection", "is being automatically disabled due to a series of failures in the process", "terminated unexpectedly"}, Symptom: vocab.ConnectionTerminated, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed}, Means: "The worker process died."},

	// Application Request Routing.
	{ID: "502.3", Codes: []string{"502.3"}, Says: []string{"HTTP Error 502.3", "HttpStatus=\"502\"…HttpSubStatus=\"3\"", " 502 3 "}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayStatusMade,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamCrashed, vocab.UpstreamDown, vocab.KeepaliveRace}, Means: "502.3: IIS could not forward the request; the Windows error beside it says why.", Check: "sc-win32-status: 12002 time out, 12029 cannot connect, 12030 closed, 12175 TLS."},
	{ID: "502.4", Codes: []string{"502.4"}, Says: []string{"HTTP Error 502.4", " 502 4 "}, Symptom: vocab.DestinationUnavailable, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.NoHealthyUpstream, vocab.HealthCheckWrong}, Means: "502.4: no server of the farm was available."},
	{ID: "502.1", Codes: []string{"502.1"}, Says: []string{"HTTP Error 502.1"}, Symptom: vocab.HTTPResponseTimeout, Status: 502, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort}, Means: "502.1: the CGI application timed out."},
	{ID: "502.2", Codes: []string{"502.2"}, Says: []string{"HTTP Error 502.2", "The specified CGI application misbehaved by not returning a complete set of HTTP headers"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse, vocab.UpstreamCrashed}, Means: "502.2: the CGI application returned no complete header."},
	{ID: "arr-page", Says: []string{"502 - Web server received an invalid response while acting as a gateway or proxy server", "The specified CGI Application encountered an error and the server terminated the process", "There was a connection error while trying to route the request"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.UpstreamDown, vocab.UpstreamSlow, vocab.UpstreamCrashed, vocab.TLSUntrusted}, Means: "IIS's own page for every failure of what it forwards to.", Check: "Substatus and win32 status in the access log, or a failed request trace."},
	{ID: "fastcgi", Says: []string{"The FastCGI process exited unexpectedly", "FastCGI process exceeded configured request timeout", "FastCGI process exceeded configured activity timeout"}, Symptom: vocab.ConnectionTerminated, Status: 500, Phase: header, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed, vocab.WorkerKilled}, Means: "The FastCGI process died, or was ended by IIS's own limit."},
}
