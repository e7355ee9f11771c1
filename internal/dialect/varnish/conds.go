package varnish

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const source = "varnish-cache bin/varnishd/cache"

var table = applog.TableOf(source)

var makers = answer.Add(table, "varnishncsa(1)", "varnishlog -q 'FetchError' has the reason; write %{Varnish:handling}x into varnishncsa's format.")

var add = table.Status

const (
	connecting = dialect.PhaseConnect
	header     = dialect.PhaseHeader
	bodyPhase  = dialect.PhaseBody
)

var (
	keyRefused = add("connect-refused", vocab.ConnectionRefused, 503, connecting, vocab.GatewayRefused, true,
		"Nothing listens at the backend's address, or a firewall rejects.", vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.Filtered)
	keyHeld = add("connect-held", vocab.ConnectionRefused, 503, connecting, vocab.GatewayConnectFailed, true,
		"errno 0: a connect failed a moment ago, and Varnish does not try again within backend_remote_error_holddown or backend_local_error_holddown. An earlier record has the reason.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.SocketPermission, vocab.Filtered)
	keyTimeout = add("connect-timeout", vocab.ConnectionTimeout, 503, connecting, vocab.GatewayConnectTimeout, true,
		"Nothing answered within connect_timeout.", vocab.Filtered, vocab.Unreachable, vocab.BacklogFull)
	keyNoRoute       = add("no-route", vocab.DestinationIPUnroutable, 503, connecting, vocab.GatewayHostUnreachable, true, "The host does not answer on its network, or rejects.", vocab.Unreachable, vocab.Filtered, vocab.StaleDNS)
	keyUnreachable   = add("network-unreachable", vocab.DestinationIPUnroutable, 503, connecting, vocab.GatewayUnroutable, true, "No route to that network.", vocab.Unreachable)
	keyNoPort        = add("no-local-port", vocab.ProxyInternalError, 503, connecting, vocab.GatewayNoLocalPort, true, "No free local port towards the backend.", vocab.PortsExhausted)
	keyFiles         = add("no-files", vocab.ProxyInternalError, 503, connecting, vocab.GatewayNoFiles, true, "Varnish's own limit of open files.", vocab.FDExhausted)
	keySocketMissing = add("socket-missing", vocab.ConnectionRefused, 503, connecting, vocab.GatewaySocketMissing, true, "No unix socket at the path.", vocab.UpstreamDown, vocab.WrongAddress)
	keyDenied        = add("socket-denied", vocab.ProxyInternalError, 503, connecting, vocab.GatewayDenied, true, "The connect is not permitted.", vocab.SocketPermission)
	keyReset         = add("connect-reset", vocab.ConnectionTerminated, 503, connecting, vocab.GatewayResetConnect, true, "Something answered the handshake with a reset.", vocab.BacklogFull, vocab.Filtered)
	keyUnhealthy     = add("unhealthy", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"The probe holds the backend to be sick: Backend_health records say why.", vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown)
	keyNoConnection = add("no-connection", vocab.ConnectionRefused, 503, connecting, vocab.GatewayConnectFailed, true, // until Varnish 6.0
		"No connection to the backend: sick by its probe where no time passed, connect_timeout where that much did.", vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.Filtered, vocab.NoHealthyUpstream, vocab.UpstreamCrashed)
	keyBusy        = add("busy", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoConnections, true, "max_connections of the backend is reached.", vocab.ConnectionsExhausted, vocab.UpstreamSlow)
	keyProxyHeader = add("proxy-write", vocab.ConnectionTerminated, 503, dialect.PhaseSend, vocab.GatewayClosedSending, true, "The backend closed on the PROXY header.", vocab.ProtocolMismatch, vocab.UpstreamCrashed)
	keyDirector    = add("no-backend-director", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true, "No member of the director is healthy.", vocab.NoHealthyUpstream)
	keyNoBackend   = add("no-backend", vocab.ProxyConfigurationError, 503, dialect.PhaseLocal, vocab.GatewayBadTarget, true, "The VCL chose no backend for this request.", vocab.InvalidConfig, vocab.NoRoute)
	keyFirstByte   = add("first-byte-timeout", vocab.ConnectionReadTimeout, 503, header, vocab.GatewayReadTimeout, true,
		"No byte within first_byte_timeout (60 s). Ask the backend directly and wait.", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted)
	keyBetween   = add("between-bytes-timeout", vocab.ConnectionReadTimeout, 503, header, vocab.GatewayBodyTimeout, true, "The backend fell silent in its answer (between_bytes_timeout).", vocab.UpstreamSlow, vocab.Lossy)
	keyClosed    = add("closed-early", vocab.ConnectionTerminated, 503, header, vocab.GatewayClosedEarly, true, "The backend closed without a header. On reused connections only: it closes idle ones sooner.", vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.KeepaliveRace, vocab.UpstreamRestarting, vocab.ProtocolMismatch)
	keyJunk      = add("junk", vocab.HTTPProtocolError, 503, header, vocab.GatewayNotHTTP, true, "What came does not begin as HTTP.", vocab.InvalidResponse, vocab.ProtocolMismatch, vocab.UpstreamCrashed)
	keyReceived  = add("received-junk", vocab.HTTPProtocolError, 503, header, vocab.GatewayNotHTTP, true, "What came is no HTTP: TLS, another protocol.", vocab.ProtocolMismatch, vocab.InvalidResponse)
	keyFormat    = add("format", vocab.HTTPProtocolError, 503, header, vocab.GatewayInvalidHeader, true, "The header cannot be read.", vocab.InvalidResponse)
	keyOverflow  = add("header-too-big", vocab.HTTPHeaderSectionSize, 503, header, vocab.GatewayHeaderTooBig, true, "The header is over http_resp_size (32k) or http_resp_hdr_len (8k).", vocab.BufferTooSmall)
	keyWorkspace = add("workspace", vocab.ProxyInternalError, 503, dialect.PhaseLocal, vocab.GatewayNoMemory, true, "workspace_backend is too small for this answer.", vocab.BufferTooSmall)
	keyStorage   = add("no-storage", vocab.ProxyInternalError, 503, bodyPhase, vocab.GatewayNoMemory, true, "The storage is full of what may not be evicted.", vocab.MemoryPressure, vocab.DiskFull)
	keyWrite     = add("write-failed", vocab.ConnectionTerminated, 503, dialect.PhaseSend, vocab.GatewayClosedSending, true, "The backend closed while the request was sent.", vocab.KeepaliveRace, vocab.EarlyClose, vocab.RequestTooLarge, vocab.UpstreamCrashed)
	keyReqBody   = add("request-body", vocab.HTTPRequestError, 0, dialect.PhaseSend, vocab.GatewayClientGone, false, "The client broke off in its body.", vocab.Lossy, vocab.Aborted)
	keyShort     = add("body-cut", vocab.HTTPResponseIncomplete, 0, bodyPhase, vocab.GatewayClosedBody, true, "Less came than Content-Length announces.", vocab.TruncatedResponse, vocab.UpstreamCrashed, vocab.WorkerKilled)
	keySocket    = add("body-failed", vocab.HTTPResponseIncomplete, 0, bodyPhase, vocab.GatewayClosedBody, true, "The connection failed in the middle of the body.", vocab.UpstreamCrashed, vocab.Lossy)
	keyChunkCut  = add("chunk-cut", vocab.HTTPTransferCoding, 0, bodyPhase, vocab.GatewayInvalidChunk, true, "A chunk could not be read to its end.", vocab.TruncatedResponse, vocab.InvalidResponse)
	keyChunk     = add("chunk-invalid", vocab.HTTPTransferCoding, 0, bodyPhase, vocab.GatewayInvalidChunk, true, "A chunk's size is no number.", vocab.InvalidResponse)
	keyGunzip    = add("gunzip", vocab.HTTPContentCoding, 503, bodyPhase, vocab.GatewayClosedBody, true, "The backend's gzip is broken or cut.", vocab.InvalidResponse, vocab.TruncatedResponse)
	keyOther     = add("fetch-failed", vocab.ConnectionTerminated, 503, header, "", true, "The record's text says how the fetch failed.", vocab.UpstreamCrashed, vocab.InvalidResponse)
	keyRetries   = add("too-many-retries", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, "", true, "max_retries is used up: the FetchErrors before it say why.", vocab.UpstreamCrashed, vocab.AppError, vocab.NoHealthyUpstream)
	keySynth     = add("synth", vocab.ProxyInternalResponse, 0, dialect.PhaseLocal, vocab.GatewayStatusMade, true, "The VCL answered by itself: return (synth(…)).", vocab.Maintenance, vocab.NoRoute, vocab.RateLimited)
	keyVCL       = add("vcl-error", vocab.ProxyConfigurationError, 503, dialect.PhaseLocal, "", true, "The VCL failed for this request.", vocab.InvalidConfig)

	keyProbeOpen     = add("probe-open", vocab.ConnectionRefused, 0, connecting, vocab.GatewayServerDisabled, false, "The probe cannot connect.", vocab.UpstreamDown, vocab.UpstreamCrashed)
	keyProbeRead     = add("probe-read", vocab.ConnectionTerminated, 0, header, vocab.GatewayServerDisabled, false, "The probe's connection broke.", vocab.UpstreamCrashed)
	keyProbeStatus   = add("probe-status", vocab.HTTPProtocolError, 0, header, vocab.GatewayServerDisabled, false, "The probe got another status than .expected_response.", vocab.AppError, vocab.HealthCheckWrong)
	keyProbeRejected = add("probe-rejected", vocab.HTTPProtocolError, 0, header, vocab.GatewayCheckRejected, false, "The backend answers, and not with .expected_response: the probe's .url or .request (Host), a redirect, a login.", vocab.HealthCheckWrong, vocab.AppError)
	keyHealthy       = add("probe-healthy", "", 0, dialect.PhaseLocal, "", false, "The backend is healthy again.", vocab.PartialOutage)

	keyPage        = add("page-fetch-failed", vocab.DestinationUnavailable, 503, header, vocab.GatewayStatusMade, true, "Varnish's own page: varnishlog has the FetchError with the reason.", vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.NoHealthyUpstream)
	keyPageVCL     = add("page-vcl-failed", vocab.ProxyConfigurationError, 503, dialect.PhaseLocal, vocab.GatewayStatusMade, true, "Varnish's own page: the VCL failed.", vocab.InvalidConfig)
	keyChildDied   = add("child-died", vocab.ProxyInternalError, 0, dialect.PhaseLocal, vocab.GatewayWorkerDied, true, "Varnish's worker process crashed: varnishadm panic.show.", vocab.Crashed, vocab.Bug)
	keyChildKilled = add("child-killed", vocab.ProxyInternalError, 0, dialect.PhaseLocal, vocab.GatewayWorkerDied, true, "The worker process did not answer its manager within cli_timeout: the host was short of something.", vocab.CPUSaturated, vocab.DiskFull, vocab.MemoryPressure)
)

// texts are the beginnings of FetchErrors that mean one thing.
var texts = [...]struct {
	text string
	key  dialect.Key
}{
	{"No backend", keyNoBackend}, {"first byte timeout", keyFirstByte}, {"timeout", keyBetween}, {"backend closed", keyClosed}, {"HTC eof", keyClosed},
	{"HTC status -1", keyClosed}, {"http first read error", keyClosed}, {"HTC junk", keyJunk}, {"overflow", keyOverflow}, {"http read error: overflow", keyOverflow}, {"HTC overflow", keyOverflow},
	{"Received junk", keyReceived}, {"http format error", keyFormat}, {"out of workspace", keyWorkspace}, {"Could not get storage", keyStorage},
	{"backend write error", keyWrite}, {"req.body read error", keyReqBody}, {"straight insufficient bytes", keyShort}, {"chunked insufficient bytes", keyShort},
	{"chunked read err", keyChunkCut}, {"chunked ", keyChunk}, {"eof socket fail", keySocket}, {"straight read", keySocket}, {"Gunzip error", keyGunzip}, {"gunzip", keyGunzip},
	{"HTC timeout", keyFirstByte}, {"HTC idle", keyFirstByte},
}
