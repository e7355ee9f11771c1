package envoy

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	flagsDoc   = "envoy source/common/stream_info/utility.h and the access log documentation"
	detailsDoc = "envoy docs/root/configuration/http/http_conn_man/response_code_details"
	unknown    = answer.Unknown
	passed     = answer.Passed
)

var table = applog.NewTable()

func add(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{
		ID: id, Symptom: symptom, Status: status, Phase: phase, Fact: fact, Fails: true, Source: flagsDoc, Distinguish: distinguish, Causes: causes,
	})
}

// told adds a condition of a request that did not end in a 5xx.
func told(id string, symptom vocab.Symptom, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{
		ID: id, Symptom: symptom, Phase: phase, Fact: fact, Source: flagsDoc, Distinguish: distinguish, Causes: causes,
	})
}

var makers = answer.Add(table, flagsDoc, "Response flags and %RESPONSE_CODE_DETAILS% in the access log's format say it.")

// What flags, details and bodies mean.
var (
	keyUH = add("UH", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream,
		"No host of the cluster is healthy: /clusters on the admin port says why each is not.",
		vocab.NoHealthyUpstream, vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.PartialOutage)
	keyUF = add("UF", vocab.ConnectionRefused, 503, dialect.PhaseConnect, "",
		"Refused, timed out or failed TLS: the details, the transport failure reason or the answer's body tell them apart.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.Filtered, vocab.ProtocolMismatch, vocab.TLSUntrusted)
	keyUO = add("UO", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoConnections,
		"A circuit breaker of the cluster is open: its limits, or an upstream that is slow.",
		vocab.ConnectionsExhausted, vocab.CircuitOpen, vocab.UpstreamSlow, vocab.WorkersExhausted)
	keyNR  = told("NR", vocab.DestinationNotFound, dialect.PhaseLocal, "", "No route matches host and path: /config_dump has the routes.", vocab.NoRoute)
	keyNC  = add("NC", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, "", "The route names a cluster that does not exist, or not any more.", vocab.InvalidConfig, vocab.NoRoute)
	keyURX = add("URX", vocab.DestinationUnavailable, 0, dialect.PhaseConnect, "",
		"All retries failed; the status is that of the last attempt.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.AppError, vocab.NoHealthyUpstream)
	keyUT = add("UT", vocab.HTTPResponseTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout,
		"The whole answer took longer than the route's timeout (15 s by default). Ask the upstream directly and wait.",
		vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted)
	keyUC = add("UC", vocab.ConnectionTerminated, 503, dialect.PhaseHeader, vocab.GatewayClosedEarly,
		"The upstream closed the connection. On reused ones only: it closes idle ones sooner. Else a crash, a restart, another protocol.",
		vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WorkerKilled, vocab.ProtocolMismatch)
	keyUR = add("UR", vocab.ConnectionTerminated, 503, dialect.PhaseHeader, vocab.GatewayStreamRefused,
		"The upstream reset the stream (HTTP/2) or the connection.",
		vocab.AppError, vocab.UpstreamRestarting, vocab.ConnectionsExhausted, vocab.ProtocolMismatch)
	keyLR = add("LR", vocab.ConnectionTimeout, 503, dialect.PhaseHeader, "",
		"Envoy itself reset the stream.",
		vocab.TimeoutTooShort, vocab.UpstreamHung)
	keyUPE = add("UPE", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayInvalidHeader,
		"The upstream's answer breaks its protocol, or its header is over the limit.",
		vocab.InvalidResponse, vocab.ProtocolMismatch, vocab.BufferTooSmall)
	keyUMSDR = add("UMSDR", vocab.HTTPResponseTimeout, 504, dialect.PhaseBody, vocab.GatewayBodyTimeout,
		"max_stream_duration ended it.", vocab.TimeoutTooShort, vocab.UpstreamSlow)
	keyLH = add("LH", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, "",
		"The local service failed its health check, so Envoy fails its own.", vocab.UpstreamDown, vocab.HealthCheckWrong)
	keyDC = told("DC", "", dialect.PhaseHeader, vocab.GatewayClientGone,
		"The client, or a balancer in front, did not wait.", vocab.Aborted, vocab.UpstreamSlow)
	keySI  = told("SI", vocab.HTTPResponseTimeout, dialect.PhaseHeader, vocab.GatewayReadTimeout, "The stream was idle for stream_idle_timeout.", vocab.UpstreamSlow, vocab.TimeoutTooShort)
	keyDT  = told("DT", "", dialect.PhaseLocal, "", "max_connection_duration of the listener ended it.", vocab.TimeoutTooShort)
	keyDPE = told("DPE", vocab.HTTPRequestError, dialect.PhaseLocal, "", "The client's request breaks HTTP or is over a limit.", vocab.RequestTooLarge, vocab.MalformedRequest)
	keyDF  = add("DF", vocab.DNSError, 503, dialect.PhaseDNS, vocab.GatewayNameNotFound, "The upstream's name does not resolve.", vocab.NoSuchName, vocab.ResolverUnreachable)
	keyOM  = add("OM", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoMemory, "The overload manager refused it: memory, or active connections.", vocab.MemoryPressure, vocab.ConnectionsExhausted)
	keyDO  = add("DO", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayLimited, "drop_overload of the endpoints' configuration refused it.", vocab.ConnectionsExhausted)
	keyFI  = add("FI", vocab.ProxyInternalResponse, 0, dialect.PhaseLocal, vocab.GatewayStatusMade, "A fault filter answers so on purpose.", vocab.InvalidConfig)
	keyRL  = told("RL", vocab.HTTPRequestDenied, dialect.PhaseLocal, vocab.GatewayLimited, "A rate limit refused it.", vocab.RateLimited)
	keyRLS = add("RLSE", vocab.ProxyInternalError, 500, dialect.PhaseLocal, "", "The rate limit service did not answer.", vocab.UpstreamDown)
	keyUA  = told("UAEX", vocab.HTTPRequestDenied, dialect.PhaseLocal, "", "The authorization service refused it, or did not answer.", vocab.AuthSubrequest, vocab.InvalidConfig)
	keyIH  = told("IH", vocab.HTTPRequestError, dialect.PhaseLocal, "", "A header that Envoy checks strictly has a wrong value.", vocab.InvalidConfig)
	keyNF  = add("NFCF", vocab.ProxyConfigurationError, 500, dialect.PhaseLocal, "", "A filter's configuration did not come (ECDS).", vocab.InvalidConfig)

	keyRefused = add("refused", vocab.ConnectionRefused, 503, dialect.PhaseConnect, vocab.GatewayRefused,
		"Nothing listens at the host's address, or a firewall rejects.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.UpstreamRestarting)
	keyFailed = add("connect-failed", vocab.ConnectionRefused, 503, dialect.PhaseConnect, "",
		"The connect failed; the transport failure reason would say how.",
		vocab.UpstreamDown, vocab.WrongAddress, vocab.Filtered)
	keySocketMissing = add("socket-missing", vocab.ConnectionRefused, 503, dialect.PhaseConnect, vocab.GatewaySocketMissing,
		"There is no unix socket at the path.", vocab.UpstreamDown, vocab.WrongAddress)
	keyDenied     = add("denied", vocab.ProxyInternalError, 503, dialect.PhaseConnect, vocab.GatewayDenied, "The connect is not permitted.", vocab.SocketPermission, vocab.Filtered)
	keyUnroutable = add("unroutable", vocab.DestinationIPUnroutable, 503, dialect.PhaseConnect, vocab.GatewayUnroutable,
		"No route to that network, or no IPv6 here.", vocab.Unreachable, vocab.WrongAddress)
	keyKernelTimeout = add("connect-timeout-kernel", vocab.ConnectionTimeout, 503, dialect.PhaseConnect, vocab.GatewayConnectTimeout, "Nothing answers the connect.", vocab.Filtered, vocab.Unreachable)
	keyTimeout       = add("connect-timeout", vocab.ConnectionTimeout, 503, dialect.PhaseConnect, vocab.GatewayConnectTimeout,
		"Nothing answered within connect_timeout.", vocab.Filtered, vocab.Unreachable, vocab.BacklogFull)
	keyNoPort      = add("no-local-port", vocab.ProxyInternalError, 503, dialect.PhaseConnect, vocab.GatewayNoLocalPort, "No free local port towards the host.", vocab.PortsExhausted)
	keyCertificate = add("certificate", vocab.TLSCertificateError, 503, dialect.PhaseTLS, vocab.GatewayCertificateRejected, "The upstream's certificate does not verify: the text says which check failed.", vocab.TLSUntrusted)
	keyTLSPlain    = add("tls-plain", vocab.TLSProtocolError, 503, dialect.PhaseTLS, vocab.GatewayTLSPlain, "The upstream does not speak TLS at that port.", vocab.ProtocolMismatch)
	keyTLSAlert    = add("tls-alert", vocab.TLSAlertReceived, 503, dialect.PhaseTLS, vocab.GatewayTLSAlert, "The upstream refused the handshake; the text names the alert.", vocab.TLSHandshake, vocab.TLSUntrusted)
	keyTLS         = add("tls", vocab.TLSProtocolError, 503, dialect.PhaseTLS, "", "The handshake failed; the text has BoringSSL's words.", vocab.TLSHandshake, vocab.ProtocolMismatch)
	keyTerminated  = add("terminated", vocab.ConnectionTerminated, 503, dialect.PhaseHeader, vocab.GatewayClosedEarly,
		"The upstream closed before the header. On reused connections only: it closes idle ones sooner.",
		vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WorkerKilled, vocab.ProtocolMismatch)
	keyOverflow = add("overflow", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoConnections, "A circuit breaker of the cluster is open: its limits, or an upstream that is slow.", vocab.ConnectionsExhausted, vocab.CircuitOpen, vocab.UpstreamSlow)
	keyBefore   = add("reset-before-headers", vocab.ConnectionTerminated, 503, dialect.PhaseHeader, "",
		"The reason is missing: connection failure is a connect that failed, connection termination an upstream that closed.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.KeepaliveRace, vocab.ProtocolMismatch)
	keyProtocolText = add("protocol-text", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayNotHTTP,
		"The bytes of the upstream are no HTTP/1: HTTP/2, TLS, or something else.", vocab.ProtocolMismatch, vocab.InvalidResponse)
	keyProtocol = add("protocol", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayInvalidHeader, "The upstream's answer breaks its protocol.", vocab.InvalidResponse, vocab.ProtocolMismatch)
	keyReset    = add("remote-reset", vocab.ConnectionTerminated, 503, dialect.PhaseHeader, vocab.GatewayStreamRefused, "The upstream reset the stream.", vocab.AppError, vocab.UpstreamRestarting)
	keyStream   = add("refused-stream", vocab.ConnectionLimitReached, 503, dialect.PhaseHeader, vocab.GatewayStreamRefused, "The upstream refused the stream: busy, or going away.", vocab.ConnectionsExhausted, vocab.UpstreamRestarting)
	keyLocal    = add("local-reset", vocab.ConnectionTimeout, 503, dialect.PhaseHeader, "", "Envoy itself reset the stream.", vocab.TimeoutTooShort)
	keyOverload = add("overload", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoMemory, "The overload manager refused it.", vocab.MemoryPressure)
	keyBody     = add("body-reset", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayClosedBody, "The upstream closed in the middle of the body.", vocab.UpstreamCrashed, vocab.TruncatedResponse)

	keyMaintenance = add("maintenance-mode", vocab.ProxyInternalResponse, 503, dialect.PhaseLocal, vocab.GatewayStatusMade, "The runtime switch upstream.maintenance_mode is on.", vocab.Maintenance, vocab.InvalidConfig)
	keyBuffer      = told("request-buffer", vocab.HTTPRequestError, dialect.PhaseSend, vocab.GatewayBodyTooLarge, "The body is larger than what Envoy keeps for a retry.", vocab.RequestTooLarge)
	keyNoCluster   = add("cluster-not-found", vocab.ProxyConfigurationError, 503, dialect.PhaseLocal, "", "The route names a cluster that does not exist.", vocab.InvalidConfig, vocab.NoRoute)
	keyPerTry      = add("per-try-timeout", vocab.HTTPResponseTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout, "One attempt took longer than per_try_timeout.", vocab.UpstreamSlow, vocab.TimeoutTooShort)
	keyPerTryIdle  = add("per-try-idle", vocab.HTTPResponseTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout, "One attempt was silent for per_try_idle_timeout.", vocab.UpstreamSlow)
	keyRequestTime = told("request-timeout", vocab.HTTPRequestError, dialect.PhaseSend, "", "The client did not send its request in time.", vocab.Lossy)
	keyTooLarge    = add("response-too-large", vocab.HTTPBodySize, 500, dialect.PhaseBody, "", "A filter buffers the body and it is over the limit.", vocab.BufferTooSmall)
	keyUpgrade     = told("upgrade-failed", vocab.HTTPUpgradeFailed, dialect.PhaseHeader, "", "The upstream did not take the WebSocket.", vocab.InvalidResponse, vocab.AppError)
	keyHeader      = told("proxy-status", "", dialect.PhaseHeader, "", "RFC 9209: error is the symptom, details are Envoy's own.", vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamSlow)

	keyHostUnreachable = add("host-unreachable", vocab.DestinationIPUnroutable, 503, dialect.PhaseConnect, vocab.GatewayHostUnreachable,
		"The host does not answer on its network, or something rejects: is the address one that is gone?", vocab.Unreachable, vocab.StaleDNS, vocab.Filtered)
)

// byFlag is what a response flag means, long and short ones the same.
var byFlag = [...]struct {
	flag string
	key  dialect.Key
}{
	{"UH", keyUH}, {"UF", keyUF}, {"UO", keyUO}, {"NR", keyNR}, {"NC", keyNC}, {"URX", keyURX}, {"UT", keyUT}, {"UC", keyUC}, {"UR", keyUR}, {"LR", keyLR},
	{"UPE", keyUPE}, {"UMSDR", keyUMSDR}, {"LH", keyLH}, {"DC", keyDC}, {"SI", keySI}, {"DT", keyDT}, {"DPE", keyDPE}, {"DF", keyDF}, {"OM", keyOM},
	{"DO", keyDO}, {"FI", keyFI}, {"RL", keyRL}, {"RLSE", keyRLS}, {"UAEX", keyUA}, {"IH", keyIH}, {"NFCF", keyNF},
}

// byDetail is what %RESPONSE_CODE_DETAILS% begin with.
var byDetail = [...]struct {
	text string
	key  dialect.Key
}{
	{"no_healthy_upstream", keyUH}, {"cluster_not_found", keyNoCluster}, {"route_not_found", keyNR}, {"response_timeout", keyUT},
	{"upstream_per_try_timeout", keyPerTry}, {"upstream_per_try_idle_timeout", keyPerTryIdle}, {"upstream_max_stream_duration_reached", keyUMSDR},
	{"stream_idle_timeout", keySI}, {"maintenance_mode", keyMaintenance}, {"drop_overload", keyDO}, {"overload", keyOverload},
	{"request_overall_timeout", keyRequestTime}, {"response_payload_too_large", keyTooLarge}, {"websocket_handshake_unsuccessful", keyUpgrade},
	{"dns_resolution_failure", keyDF}, {"downstream_remote_disconnect", keyDC},
}

// byReason is what the reason of a reset begins with.
var byReason = [...]struct {
	text string
	key  dialect.Key
}{
	{"connection termination", keyTerminated}, {"connection timeout", keyTimeout}, {"overflow", keyOverflow}, {"protocol error", keyProtocol},
	{"remote refused stream reset", keyStream}, {"remote reset", keyReset}, {"local reset", keyLocal}, {"local refused stream reset", keyOverflow},
	{"overload manager reset", keyOverload}, {"remote connection failure", keyFailed}, {"local connection failure", keyFailed}, {"connection failure", keyFailed},
}

// byBody is the whole text of an answer.
var byBody = [...]struct {
	text string
	key  dialect.Key
}{
	{"no healthy upstream", keyUH}, {"upstream request timeout", keyUT}, {"upstream max stream duration reached", keyUMSDR},
	{"maintenance mode", keyMaintenance}, {"exceeded request buffer limit while retrying upstream", keyBuffer},
}

// words explains the flags that people quote.
func words() []dialect.Word {
	var list []dialect.Word
	for _, f := range &byFlag {
		list = append(list, table.Word(f.flag, f.key, ""))
	}
	return list
}
