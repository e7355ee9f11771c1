package goodgate

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const source = "goodgate internal/gateway/event"

type builder struct{ list []dialect.Condition }

var table = &builder{list: make([]dialect.Condition, 2)}

func add(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	table.list = append(table.list, dialect.Condition{ID: id, Symptom: symptom, Status: status, Phase: phase, Fact: fact, Fails: true, Distinguish: distinguish, Causes: causes, Source: source})
	return dialect.Key(len(table.list) - 1)
}

// The keys of the log.
var (
	keyRefused = add("refused", vocab.ConnectionRefused, 503, dialect.PhaseConnect, vocab.GatewayRefused,
		"Is anything listening at that address, and did it until a moment ago?",
		vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamCrashed, vocab.UpstreamRestarting)
	keyNoSocket = add("socket-missing", vocab.ConnectionRefused, 503, dialect.PhaseConnect, vocab.GatewaySocketMissing,
		"The unix socket's file is not there: the server has not started, or makes it elsewhere.",
		vocab.UpstreamDown, vocab.WrongAddress)
	keyBacklog = add("backlog-full", vocab.ConnectionRefused, 503, dialect.PhaseConnect, vocab.GatewayQueueFull,
		"The unix socket's queue is full: the server accepts too slowly.",
		vocab.BacklogFull, vocab.WorkersExhausted, vocab.UpstreamHung)
	keyDenied = add("denied", vocab.ProxyInternalError, 500, dialect.PhaseConnect, vocab.GatewayDenied,
		"Mode and owner of the socket and of each directory above it.",
		vocab.SocketPermission)
	keyNoFiles = add("no-files", vocab.ProxyInternalError, 500, dialect.PhaseConnect, vocab.GatewayNoFiles,
		"The gateway's own limit of open files.",
		vocab.FDExhausted)
	keyNoPort = add("no-port", vocab.ProxyInternalError, 500, dialect.PhaseConnect, vocab.GatewayNoLocalPort,
		"Too many connections to one address in a short time.",
		vocab.PortsExhausted)
	keyInternal = add("internal", vocab.ProxyInternalError, 500, dialect.PhaseLocal, vocab.GatewayStatusMade,
		"The detail says what the gateway could not do.",
		vocab.Bug, vocab.MemoryPressure)
	keyConnectTimeout = add("connect-timeout", vocab.ConnectionTimeout, 504, dialect.PhaseConnect, vocab.GatewayConnectTimeout,
		"Nothing came back to the request for a connection: a filter, a host that is down, or a full queue.",
		vocab.Filtered, vocab.BacklogFull, vocab.WrongNetwork, vocab.Unreachable)
	keyUnroutable = add("unroutable", vocab.DestinationIPUnroutable, 502, dialect.PhaseConnect, vocab.GatewayUnroutable,
		"There is no way to that address.",
		vocab.Unreachable, vocab.WrongNetwork)
	keyName = add("dns-error", vocab.DNSError, 502, dialect.PhaseDNS, vocab.GatewayNameNotFound,
		"Ask the system's resolver for the same name.",
		vocab.NoSuchName, vocab.ResolverUnreachable)
	keyNameFailed = add("dns-failed", vocab.DNSError, 502, dialect.PhaseDNS, vocab.GatewayResolverFailed,
		"The detail has what the name server answered instead of an address.",
		vocab.ResolverUnreachable, vocab.NoSuchName)
	keyNameTimeout = add("dns-timeout", vocab.DNSTimeout, 504, dialect.PhaseDNS, vocab.GatewayResolverSilent,
		"Does the name server answer anybody?",
		vocab.ResolverUnreachable)
	keyCertificate = add("certificate", vocab.TLSCertificateError, 502, dialect.PhaseTLS, vocab.GatewayCertificateRejected,
		"The detail says what is wrong: name, expiry or authority.",
		vocab.TLSUntrusted)
	keyAlert = add("tls-alert", vocab.TLSAlertReceived, 502, dialect.PhaseTLS, vocab.GatewayTLSAlert,
		"The server refused the handshake.",
		vocab.TLSHandshake)
	keyTLS = add("tls", vocab.TLSProtocolError, 502, dialect.PhaseTLS, vocab.GatewayTLSPlain,
		"\"first record does not look like a TLS handshake\": the server speaks plain text.",
		vocab.ProtocolMismatch, vocab.TLSHandshake)
	keyClosed = add("closed-early", vocab.ConnectionTerminated, 502, dialect.PhaseHeader, vocab.GatewayClosedEarly,
		"The server took the request and closed: did its process end at that moment?",
		vocab.EmptyResponse, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WorkerKilled)
	keyReset = add("reset-early", vocab.ConnectionTerminated, 502, dialect.PhaseHeader, vocab.GatewayResetEarly,
		"The server took the request and reset: did its process end at that moment?",
		vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WorkerKilled, vocab.EmptyResponse)
	keySending = add("closed-sending", vocab.ConnectionTerminated, 502, dialect.PhaseSend, vocab.GatewayClosedSending,
		"The server closed while the request was sent.",
		vocab.EarlyClose, vocab.RequestTooLarge, vocab.UpstreamCrashed)
	keyReadTimeout = add("read-timeout", vocab.ConnectionReadTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout,
		"Was this request always so slow, or is nothing answered any more?",
		vocab.UpstreamHung, vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.WorkersExhausted)
	keyBodyTimeout = add("body-timeout", vocab.ConnectionReadTimeout, 0, dialect.PhaseBody, vocab.GatewayBodyTimeout,
		"The answer began and paused.",
		vocab.UpstreamHung, vocab.UpstreamSlow, vocab.TimeoutTooShort)
	keyWriteTimeout = add("write-timeout", vocab.ConnectionWriteTimeout, 504, dialect.PhaseSend, vocab.GatewayWriteTimeout,
		"The server does not read.",
		vocab.UpstreamHung, vocab.WorkersExhausted)
	keySlow = add("response-timeout", vocab.HTTPResponseTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout,
		"The answer was not complete in time.",
		vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung)
	keyIncomplete = add("incomplete", vocab.HTTPResponseIncomplete, 502, dialect.PhaseHeader, vocab.GatewayClosedEarly,
		"The answer began and broke off.",
		vocab.TruncatedResponse, vocab.UpstreamCrashed, vocab.WorkerKilled)
	keyCut = add("body-cut", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayClosedBody,
		"The client got the beginning of an answer and a broken connection.",
		vocab.TruncatedResponse, vocab.UpstreamCrashed, vocab.WorkerKilled)
	keyTooBig = add("header-too-big", vocab.HTTPHeaderSectionSize, 502, dialect.PhaseHeader, vocab.GatewayHeaderTooBig,
		"The answer's head is larger than 64 KiB: cookies, mostly.",
		vocab.BufferTooSmall)
	keyCoding = add("transfer-coding", vocab.HTTPTransferCoding, 502, dialect.PhaseHeader, vocab.GatewayInvalidChunk,
		"The detail quotes the bytes.",
		vocab.InvalidResponse)
	keyNotHTTP = add("not-http", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayNotHTTP,
		"The detail quotes the bytes: TLS, another protocol, or a bug of the server.",
		vocab.ProtocolMismatch, vocab.InvalidResponse)
	keyInvalid = add("invalid-answer", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayInvalidHeader,
		"The detail names the rule of HTTP that the answer breaks, and quotes it.",
		vocab.InvalidResponse)
	keyNoServer = add("no-server", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream,
		"Every server was out: the gateway's own log and its status say why each is.",
		vocab.NoHealthyUpstream)
	keyCheck = add("check-fails", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayCheckRejected,
		"The server's health check fails: what does the server answer to exactly that path and host, and does the application itself answer?",
		vocab.HealthCheckWrong, vocab.AppError, vocab.UpstreamHung, vocab.NoHealthyUpstream)
	keyDrained = add("drained", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.PoolInMaintenance,
		"goodgate gateway status shows who is drained, undrain puts it back.",
		vocab.Maintenance)
	keyFull = add("limit", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoConnections,
		"Every server was at max_requests, or the queue was full.",
		vocab.ConnectionsExhausted, vocab.WorkersExhausted, vocab.UpstreamSlow)
	keyNoRoute = add("no-route", vocab.DestinationNotFound, 404, dialect.PhaseLocal, vocab.GatewayStatusMade,
		"No route of the configuration fits this host and path.",
		vocab.NoRoute)
	keyLoop = add("loop", vocab.ProxyLoopDetected, 502, dialect.PhaseLocal, vocab.GatewayRedirectCycle,
		"The gateway's server leads back to the gateway.",
		vocab.ProxyLoop)
	keyUpgrade = add("upgrade", vocab.HTTPUpgradeFailed, 502, dialect.PhaseHeader, vocab.GatewayStatusMade,
		"The client's connection could not be handed over.",
		vocab.ProtocolMismatch)
	keyOther = add("other", "", 0, dialect.PhaseLocal, vocab.GatewayStatusMade,
		"The symptom and the detail stand in the line.",
		vocab.Bug)
	keyPassed = add("passed", "", 0, dialect.PhaseHeader, vocab.GatewayStatusPassed,
		"The application answered so: its own log says why.",
		vocab.AppError, vocab.DependencyDown)
	keyGone = quiet(add("client-gone", "", 0, dialect.PhaseLocal, vocab.GatewayClientGone,
		"The client, or a balancer in front, gave up first: is the time of the request near a round number, such as that one's limit?",
		vocab.Aborted, vocab.UpstreamSlow))
	keyBadRequest = quiet(add("client-error", vocab.HTTPRequestError, 0, dialect.PhaseLocal, "",
		"The detail names the rule of HTTP that the client's request breaks: a scanner, a health check at the wrong port, or a balancer in front that passes such requests on.",
		vocab.MalformedRequest))
	keyClientStalled = quiet(add("client-stalled", vocab.HTTPRequestError, 408, dialect.PhaseLocal, "",
		"The request's head was not complete within limits.header_time: a probe, a scanner, a browser's spare connection, a slow line.",
		vocab.MalformedRequest, vocab.Lossy))
	keyHeadTooLarge = quiet(add("request-head-too-large", vocab.HTTPRequestError, 431, dialect.PhaseLocal, "",
		"The request's head is over limits.header, or has more than 256 fields: often cookies that grew.",
		vocab.RequestTooLarge))
	keyBodyTooLarge = quiet(add("request-body-too-large", vocab.HTTPRequestError, 413, dialect.PhaseLocal, vocab.GatewayBodyTooLarge,
		"The request's body is over limits.body.",
		vocab.RequestTooLarge))
)

// quiet marks a condition as no failure of the site.
func quiet(k dialect.Key) dialect.Key {
	table.list[k].Fails = false
	return k
}

// conds is the table of the log. It stands behind the keys, because variables of a
// file are made in their order.
var conds = table.list
