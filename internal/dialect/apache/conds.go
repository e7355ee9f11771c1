package apache

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var table = applog.NewTable()

// add adds a condition of the error log that ends a request; the AH number in
// the line leads to its place in httpd's source.
func add(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{
		ID: id, Symptom: symptom, Status: status, Phase: phase, Fact: fact, Fails: true, Distinguish: distinguish, Causes: causes,
		Source: "httpd modules/proxy, modules/ssl, modules/http, server",
	})
}

// tell adds a condition that ends no request by itself, or that another line of
// the same request explains.
func tell(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	key := add(id, symptom, status, phase, fact, distinguish, causes...)
	table.Conds()[key].Fails = false
	return key
}

const (
	connecting = dialect.PhaseConnect
	local      = dialect.PhaseLocal
	header     = dialect.PhaseHeader
)

// Connecting.
var (
	keyRefused = add("connect-refused", vocab.ConnectionRefused, 503, connecting, vocab.GatewayRefused,
		"Nothing listens at that address, or a firewall rejects: look at what listens on the upstream's host.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WrongAddress, vocab.Filtered)
	keyTimeout = add("connect-timeout", vocab.ConnectionTimeout, 503, connecting, vocab.GatewayConnectTimeout,
		"Nothing answers the connect (connectiontimeout=): a firewall that drops, a dead host, a full accept queue.",
		vocab.Filtered, vocab.Unreachable, vocab.BacklogFull, vocab.UpstreamDown)
	keyNoRoute = add("no-route", vocab.DestinationIPUnroutable, 503, connecting, vocab.GatewayHostUnreachable,
		"The host does not answer on its network, or rejects.", vocab.Unreachable, vocab.Filtered, vocab.StaleDNS)
	keyUnreachable = add("network-unreachable", vocab.DestinationIPUnroutable, 503, connecting, vocab.GatewayUnroutable,
		"No route to that network, or no IPv6 here.", vocab.Unreachable, vocab.WrongAddress)
	keyDenied = add("connect-denied", vocab.ProxyInternalError, 503, connecting, vocab.GatewayDenied,
		"SELinux without httpd_can_network_connect, or a filter on the way out.", vocab.SocketPermission, vocab.Filtered)
	keyNoPort = add("no-local-port", vocab.ProxyInternalError, 503, connecting, vocab.GatewayNoLocalPort,
		"No free local port towards that address, or ProxySourceAddress is not on this host.", vocab.PortsExhausted, vocab.InvalidConfig)
	keyReset = add("connect-reset", vocab.ConnectionTerminated, 503, connecting, vocab.GatewayResetConnect,
		"Something answered the handshake with a reset.", vocab.BacklogFull, vocab.Filtered)
	keyConnect       = add("connect-failed", vocab.ProxyInternalError, 503, connecting, "", "The system's words in the line say why.", vocab.WrongAddress)
	keySocketMissing = add("socket-missing", vocab.ConnectionRefused, 503, connecting, vocab.GatewaySocketMissing,
		"No socket at the path: not started, another version's path, PrivateTmp.", vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamRestarting)
	keySocketDenied = add("socket-denied", vocab.ProxyInternalError, 503, connecting, vocab.GatewayDenied,
		"namei -l on the socket's path: Apache's user needs x on every folder and w on the socket.", vocab.SocketPermission)
	keyQueueFull = add("accept-queue-full", vocab.ConnectionRefused, 503, connecting, vocab.GatewayQueueFull,
		"The accept queue of the unix socket is full: are its workers busy, or hung?", vocab.BacklogFull, vocab.WorkersExhausted, vocab.UpstreamHung)
	keySocketRefused = add("connect-refused-unix", vocab.ConnectionRefused, 503, connecting, vocab.GatewayRefused,
		"The socket is still a file and nobody listens on it.", vocab.UpstreamCrashed, vocab.UpstreamDown)
	keyNoFiles = add("no-files", vocab.ProxyInternalError, 503, local, vocab.GatewayNoFiles, "Apache's own limit of open files.", vocab.FDExhausted)
	keySocket  = add("socket-failed", vocab.ProxyInternalError, 503, local, "", "The system's words in the line say why.", vocab.MemoryPressure)
	keySource  = add("bind-source", vocab.ProxyInternalError, 503, local, vocab.GatewayNoLocalPort,
		"ProxySourceAddress is not on this host, or no port is left.", vocab.InvalidConfig, vocab.PortsExhausted)
	keyNoConnection = tell("no-connection", vocab.DestinationUnavailable, 503, connecting, "",
		"The line before it (AH00957, AH02454, AH00940) says why.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.SocketPermission, vocab.BacklogFull, vocab.Filtered)
	keyNewConnection = add("new-connection-failed", vocab.ConnectionTerminated, 500, connecting, vocab.GatewayClosedEarly,
		"The connection was made and broke before it could be used.", vocab.UpstreamCrashed)
)

// Balancing.
var (
	keyDisabled = tell("server-disabled", vocab.DestinationUnavailable, 0, local, vocab.GatewayServerDisabled,
		"After a failed connect the worker is left out for retry= seconds (60), even where it is back at once.", vocab.UpstreamDown, vocab.BackendInPenalty, vocab.PartialOutage)
	keyInPenalty = add("in-penalty", vocab.DestinationUnavailable, 503, local, vocab.GatewayNoLiveUpstream,
		"The worker is still left out after an earlier failure (retry=60): is its backend back already?", vocab.NoHealthyUpstream, vocab.BackendInPenalty, vocab.UpstreamDown)
	keyPool = add("pool-exhausted", vocab.ConnectionLimitReached, 503, local, vocab.GatewayNoConnections,
		"All connections of the worker's pool are in use (max=, acquire=): the backend is slow.", vocab.ConnectionsExhausted, vocab.UpstreamSlow, vocab.UpstreamHung)
	keyBusy = add("all-busy", vocab.ConnectionLimitReached, 503, local, vocab.GatewayNoConnections,
		"Every worker of the balancer is busy or in error state.", vocab.ConnectionsExhausted, vocab.NoHealthyUpstream)
	keyNoWorker = add("no-worker", vocab.DestinationUnavailable, 503, local, vocab.GatewayNoLiveUpstream,
		"Every member is in error state: the lines before say why each is.", vocab.NoHealthyUpstream, vocab.PartialOutage)
	keyEmpty        = add("balancer-empty", vocab.ProxyConfigurationError, 503, local, vocab.GatewayBadTarget, "The balancer has no member.", vocab.InvalidConfig)
	keyForcedStatus = tell("forced-out-status", vocab.DestinationUnavailable, 0, local, vocab.GatewayServerDisabled,
		"failonstatus= took a member out because the application answered so.", vocab.EjectedByAppErrors, vocab.AppError, vocab.PartialOutage)
	keyForcedTimeout = tell("forced-out-timeout", vocab.DestinationUnavailable, 0, local, vocab.GatewayServerDisabled,
		"failontimeout= took a member out.", vocab.UpstreamSlow, vocab.PartialOutage)
	keyCheckDown = tell("check-disabling", vocab.DestinationUnavailable, 0, local, vocab.GatewayServerDisabled,
		"Its health check fails: is it down, or is the check wrong?", vocab.UpstreamDown, vocab.HealthCheckWrong)
	keyCheckUp = tell("check-enabling", "", 0, local, "", "A member is back.", vocab.PartialOutage)
)

// Sending, and waiting for the header.
var (
	keyReadTimeout = add("read-timeout", vocab.ConnectionReadTimeout, 502, header, vocab.GatewayReadTimeout,
		"No answer within ProxyTimeout. Ask the upstream directly and wait.", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort)
	keyReadReset = add("reset-early", vocab.ConnectionTerminated, 502, header, vocab.GatewayResetEarly,
		"The upstream reset: a process that died with unread bytes, or an idle connection that it gave up.", vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.KeepaliveRace, vocab.UpstreamOOMKilled)
	keyReadEOF = add("closed-early", vocab.ConnectionTerminated, 502, header, vocab.GatewayClosedEarly,
		"The upstream closed without an answer. On reused connections only: it closes idle ones sooner.",
		vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.KeepaliveRace, vocab.UpstreamRestarting, vocab.ProtocolMismatch)
	keyReadGeneral = add("read-failed-general", vocab.ConnectionTerminated, 502, header, vocab.GatewayClosedEarly,
		"The end of the connection before an answer, nearly always of one that was kept: the manual of mod_proxy_http names the race (proxy-initial-not-pooled). With TLS, ssl lines at level info say more.", vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.TLSHandshake, vocab.ProtocolMismatch)
	keyRead = add("read-failed", vocab.ConnectionTerminated, 502, header, vocab.GatewayClosedEarly,
		"The status line could not be read: on kept connections the backend closes idle ones sooner (proxy-initial-not-pooled).", vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.InvalidResponse)
	keyReadReturned = tell("read-error-returned", vocab.ConnectionTerminated, 502, header, "",
		"The line before it (AH01102) says how.", vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.WorkerKilled, vocab.KeepaliveRace)
	keyDNS = add("name-not-found", vocab.DNSError, 500, dialect.PhaseDNS, vocab.GatewayNameNotFound,
		"The backend's name does not resolve on this host.", vocab.NoSuchName, vocab.ResolverUnreachable)
	keyDNSFailed = add("name-lookup-failed", vocab.DNSError, 500, dialect.PhaseDNS, vocab.GatewayResolverFailed,
		"The host's name servers do not answer, or fail.", vocab.ResolverUnreachable)
	keyTLS = add("tls-failed", vocab.TLSProtocolError, 500, dialect.PhaseTLS, "",
		"ssl lines at level info say why.", vocab.TLSUntrusted, vocab.TLSHandshake, vocab.ProtocolMismatch)
	keyContinue = add("continue-timeout", vocab.ConnectionReadTimeout, 503, header, vocab.GatewayReadTimeout,
		"The backend did not answer Expect: 100-continue in time (ping=).", vocab.UpstreamSlow, vocab.UpstreamHung)
	keyCorrupt          = add("corrupt-status-line", vocab.HTTPProtocolError, 502, header, vocab.GatewayInvalidHeader, "The quoted text is no HTTP/1 status line.", vocab.InvalidResponse, vocab.ProtocolMismatch)
	keyConnectionHeader = add("connection-header", vocab.HTTPProtocolError, 502, header, vocab.GatewayInvalidHeader, "The Connection header is malformed.", vocab.InvalidResponse)
	keyUpgrade          = add("unexpected-upgrade", vocab.HTTPUpgradeFailed, 502, header, vocab.GatewayInvalidHeader, "The backend upgraded to something that was not asked for.", vocab.InvalidResponse)
	keyInterim          = add("interim-responses", vocab.HTTPProtocolError, 502, header, vocab.GatewayInvalidHeader, "The backend sends interim answers without end.", vocab.InvalidResponse)
	keyBadHeader        = add("bad-header", vocab.HTTPProtocolError, 502, header, vocab.GatewayInvalidHeader, "A header line is malformed or too long.", vocab.InvalidResponse, vocab.BufferTooSmall)
	keyHeaderSize       = add("header-too-big", vocab.HTTPHeaderSize, 502, header, vocab.GatewayHeaderTooBig, "One header is over ResponseFieldSize (8192).", vocab.BufferTooSmall)
	keyHeaderCut        = add("header-cut", vocab.HTTPResponseIncomplete, 502, header, vocab.GatewayClosedEarly, "The answer broke off in its header.", vocab.UpstreamCrashed, vocab.TruncatedResponse)
	keyResponse         = add("body-failed", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayClosedBody, "The answer broke off in its body; the status says 200.", vocab.UpstreamHung, vocab.UpstreamCrashed, vocab.TruncatedResponse)
	keyChunk            = add("invalid-chunk", vocab.HTTPTransferCoding, 0, dialect.PhaseBody, vocab.GatewayInvalidChunk, "The chunks are malformed.", vocab.InvalidResponse)
	keyCoding           = add("unknown-coding", vocab.HTTPTransferCoding, 0, dialect.PhaseBody, vocab.GatewayFramingConflict, "Apache reads chunked only.", vocab.InvalidResponse)
	keyBody             = add("request-body-failed", vocab.ConnectionTerminated, 502, dialect.PhaseSend, vocab.GatewayClosedSending,
		"The backend closed before it had read the body: an early 413, or an idle connection.", vocab.EarlyClose, vocab.RequestTooLarge, vocab.KeepaliveRace, vocab.UpstreamCrashed)
	keyBodyGeneral = tell("request-body-failed-general", vocab.ConnectionTerminated, 502, dialect.PhaseSend, "",
		"The line after it (AH00898) says why; before the body of the request, TLS is set up.", vocab.TLSHandshake, vocab.TLSUntrusted, vocab.ProtocolMismatch)
	keyBodyTimeout = add("write-timeout", vocab.ConnectionWriteTimeout, 504, dialect.PhaseSend, vocab.GatewayWriteTimeout, "The backend does not take the body.", vocab.UpstreamHung, vocab.Lossy)
	keyBodyAborted = add("request-body-aborted", vocab.TLSProtocolError, 500, dialect.PhaseTLS, "", "The TLS connection failed under it: ssl lines say why.", vocab.TLSUntrusted, vocab.TLSHandshake, vocab.ProtocolMismatch)
	keyBodyFrom    = tell("request-body-failed-from", vocab.ConnectionTerminated, 0, dialect.PhaseSend, "",
		"AH01084 before it has the reason.", vocab.EarlyClose, vocab.RequestTooLarge, vocab.UpstreamCrashed, vocab.TLSUntrusted, vocab.TLSHandshake)
	keyNoHandler = add("no-handler", vocab.ProxyConfigurationError, 500, local, vocab.GatewayNoModule, "The module for the scheme is not loaded: a2enmod proxy_http and the like.", vocab.MissingModule, vocab.InvalidConfig)
	keyNoSSL     = add("ssl-not-enabled", vocab.ProxyConfigurationError, 500, dialect.PhaseTLS, vocab.GatewayBadTarget, "https:// behind, and SSLProxyEngine is off or mod_ssl not loaded.", vocab.InvalidConfig)
	keyHeaderBad = add("header-invalid", vocab.HTTPProtocolError, 500, header, vocab.GatewayInvalidHeader, "The application's header has characters that are not allowed.", vocab.InvalidResponse, vocab.AppError)
)

// TLS towards the upstream: at level info.
var (
	keyCertificate = add("certificate", vocab.TLSCertificateError, 500, dialect.PhaseTLS, vocab.GatewayCertificateRejected, "The text says which check failed: authority, name, time.", vocab.TLSUntrusted)
	keyTLSPlain    = add("tls-plain", vocab.TLSProtocolError, 500, dialect.PhaseTLS, vocab.GatewayTLSPlain, "The backend does not speak TLS at that port.", vocab.ProtocolMismatch)
	keyTLSAlert    = add("tls-alert", vocab.TLSAlertReceived, 500, dialect.PhaseTLS, vocab.GatewayTLSAlert, "The backend refused the handshake; the text names the alert.", vocab.TLSHandshake)
	keyTLSConnect  = tell("tls-connect-failed", vocab.TLSProtocolError, 500, dialect.PhaseTLS, "", "The SSL Library Error after it says why.", vocab.ProtocolMismatch, vocab.TLSHandshake, vocab.TLSUntrusted)
)

// FastCGI, AJP, uwsgi, SCGI.
var (
	keyFCGIHeader    = add("fastcgi-header", vocab.ConnectionTerminated, 503, header, vocab.GatewayClosedEarly, "The connection ended before a FastCGI header: did a child die?", vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamOOMKilled)
	keyFCGIVersion   = add("fastcgi-version", vocab.HTTPProtocolError, 503, header, vocab.GatewayNotFastCGI, "The number is the first byte: 72 is the H of HTTP.", vocab.ProtocolMismatch)
	keyFCGIID        = add("fastcgi-id", vocab.HTTPProtocolError, 503, header, vocab.GatewayNotFastCGI, "What answers does not keep to FastCGI.", vocab.InvalidResponse, vocab.ProtocolMismatch)
	keyFCGIParse     = add("fastcgi-headers", vocab.HTTPProtocolError, 503, header, vocab.GatewayInvalidHeader, "The application's headers cannot be read.", vocab.AppError, vocab.InvalidResponse)
	keyFCGITimeout   = add("fastcgi-timeout", vocab.ConnectionReadTimeout, 504, header, vocab.GatewayReadTimeout, "No answer within ProxyTimeout.", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort)
	keyFCGIReset     = add("fastcgi-reset", vocab.ConnectionTerminated, 503, header, vocab.GatewayResetEarly, "A child died under the request.", vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamOOMKilled)
	keyFCGIEOF       = add("fastcgi-closed", vocab.ConnectionTerminated, 503, header, vocab.GatewayClosedEarly, "A child ended under the request.", vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamRestarting)
	keyFCGIInvalid   = add("fastcgi-invalid", vocab.HTTPProtocolError, 503, header, vocab.GatewayNotFastCGI, "The lines before it say what was wrong.", vocab.InvalidResponse, vocab.ProtocolMismatch, vocab.AppError)
	keyFCGIWrite     = add("fastcgi-write", vocab.ConnectionTerminated, 503, dialect.PhaseSend, vocab.GatewayClosedSending, "The connection was closed before the request was sent.", vocab.KeepaliveRace, vocab.UpstreamRestarting, vocab.UpstreamCrashed)
	keyScriptUnknown = tell("script-unknown", "", 404, header, vocab.GatewayScriptUnknown, "The path does not exist for php-fpm: another root, chroot or volume.", vocab.WrongAddress)
	keyScriptFatal   = add("app-fatal", "", 0, header, vocab.GatewayAppOutput, "The application reported this and made the status itself.", vocab.AppError)
	keyScriptOutput  = tell("app-output", "", 0, header, vocab.GatewayAppOutput, "Something the application wrote to its standard error.", vocab.AppError)
	keyScriptEnd     = add("script-end", vocab.ConnectionTerminated, 500, header, vocab.GatewayClosedEarly, "The script or SCGI server ended without a header.", vocab.UpstreamCrashed, vocab.AppError)
	keyAJPHeader     = add("ajp-header", vocab.ConnectionTerminated, 503, header, vocab.GatewayClosedEarly, "No AJP header came.", vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.ProtocolMismatch)
	// AH00878 follows it and says why.
	keyAJPRead    = tell("ajp-read", vocab.ConnectionTerminated, 503, header, vocab.GatewayClosedEarly, "The line after it says why no AJP header came.", vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.ProtocolMismatch)
	keyAJPBad     = add("ajp-bad", vocab.HTTPProtocolError, 503, header, vocab.GatewayNotHTTP, "What answers is no AJP: 4854 is \"HT\" of HTTP.", vocab.ProtocolMismatch, vocab.InvalidResponse)
	keyAJPPing    = add("ajp-ping", vocab.ConnectionReadTimeout, 503, dialect.PhaseSend, vocab.GatewayReadTimeout, "CPing was not answered (ping=): no thread is free, or the connection is dead.", vocab.UpstreamHung, vocab.WorkersExhausted, vocab.KeepaliveRace)
	keyAJPTimeout = add("ajp-timeout", vocab.ConnectionReadTimeout, 503, header, vocab.GatewayReadTimeout, "No answer within ProxyTimeout.", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.UpstreamCrashed)
	keyAJPClosed  = add("ajp-closed", vocab.ConnectionTerminated, 503, header, vocab.GatewayResetEarly, "The AJP connection broke: a crash, an idle connection, or a wrong secret.", vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.SocketPermission, vocab.UpstreamSlow)
	keyAJPWrite   = add("ajp-write", vocab.ConnectionTerminated, 503, dialect.PhaseSend, vocab.GatewayClosedSending, "An idle connection that Tomcat had closed.", vocab.KeepaliveRace, vocab.UpstreamRestarting)
	keyUwsgiWrite = add("uwsgi-write", vocab.ConnectionTerminated, 503, dialect.PhaseSend, vocab.GatewayClosedSending, "The connection broke while the request was sent.", vocab.UpstreamCrashed, vocab.KeepaliveRace)
	keySCGIHeader = add("scgi-header", vocab.HTTPProtocolError, 500, header, vocab.GatewayInvalidHeader, "The answer's headers cannot be read.", vocab.UpstreamCrashed, vocab.InvalidResponse)
)

// Apache itself.
var (
	keyMaxWorkers = tell("max-workers", vocab.ConnectionLimitReached, 0, local, vocab.GatewayNoConnections,
		"All workers are busy, written once: clients wait. What do they wait for?", vocab.ConnectionsExhausted, vocab.UpstreamSlow, vocab.UpstreamHung)
	keyChildDied = add("child-died", vocab.ProxyInternalError, 0, local, vocab.GatewayWorkerDied, "A child of Apache's own crashed: a module.", vocab.Crashed, vocab.Bug)
	keyBind      = tell("cannot-bind", vocab.ProxyConfigurationError, 0, local, vocab.GatewayCannotBind, "Another process holds the port.", vocab.InvalidConfig)
)

// byCode are the numbers that mean one thing.
var byCode = [...]struct {
	code int
	key  dialect.Key
}{
	{956, keySource}, {940, keyInPenalty}, {941, keyPool}, {934, keyBusy}, {1170, keyNoWorker}, {1167, keyNoWorker}, {1171, keyEmpty},
	{3303, keyCheckDown}, {3302, keyCheckUp}, {1106, keyBadHeader}, {10124, keyHeaderSize}, {10404, keyHeaderCut},
	{2475, keyChunk}, {2476, keyCoding}, {1097, keyBodyFrom}, {1144, keyNoHandler}, {1961, keyNoSSL}, {10272, keyNoSSL},
	{2429, keyHeaderBad}, {2430, keyHeaderBad}, {2276, keyCertificate}, {2039, keyCertificate}, {2411, keyCertificate}, {2005, keyCertificate}, {2004, keyCertificate},
	{2003, keyTLSConnect}, {960, keyNewConnection}, {1067, keyFCGIHeader}, {1068, keyFCGIVersion}, {1069, keyFCGIID}, {1070, keyFCGIParse},
	{1074, keyFCGIWrite}, {1073, keyFCGIWrite}, {992, keyAJPRead}, {897, keyAJPPing}, {868, keyAJPWrite}, {10098, keyUwsgiWrite}, {860, keySCGIHeader},
	{161, keyMaxWorkers}, {484, keyMaxWorkers}, {286, keyMaxWorkers}, {3490, keyMaxWorkers}, {288, keyMaxWorkers}, {52, keyChildDied}, {51, keyChildDied}, {72, keyBind},
}
