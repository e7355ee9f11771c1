package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var fcgiConds = map[dialect.Key]dialect.Condition{
	keyFCGIClosedHeader: {
		ID: "fastcgi-closed-header", Symptom: vocab.HTTPResponseIncomplete, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayClosedEarly, Fails: true,
		Causes:      causes(vocab.AppError, vocab.UpstreamCrashed),
		Distinguish: "The application ended without a header (it exited before any output); its own error log says why.",
		Source:      fastcgiC,
	},
	keyFCGIClosedBody: {
		ID: "fastcgi-closed-body", Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Fails: true,
		Causes:      causes(vocab.TruncatedResponse, vocab.AppError),
		Distinguish: "Content-Length announces more than was sent: the client gets a 200 that is cut short.",
		Source:      fastcgiC,
	},
	keyFCGIRequestClosed: {
		ID: "fastcgi-request-closed", Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Fails: true,
		Causes:      causes(vocab.TruncatedResponse, vocab.AppError, vocab.UpstreamCrashed),
		Distinguish: "The end of the request came before the announced length: a 200 that is cut short.",
		Source:      fastcgiC,
	},
	keyFCGIUnexpected: {
		ID: "fastcgi-unexpected-record", Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotFastCGI, Fails: true,
		Causes:      causes(vocab.AppError, vocab.UpstreamCrashed, vocab.ProtocolMismatch),
		Distinguish: "Record 3 is the end of the request before any header: PHP died while it started, or refused the role.",
		Source:      fastcgiC,
	},
	keyFCGIVersion: {
		ID: "fastcgi-version", Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotFastCGI, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch),
		Distinguish: "The number is the first byte of the answer: 72 is the H of HTTP, so use proxy_pass; 83 is the S of SSH.",
		Source:      fastcgiC,
	},
	keyFCGIType: {
		ID: "fastcgi-record-type", Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotFastCGI, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch, vocab.InvalidResponse),
		Distinguish: "What answers at that address is no FastCGI server.",
		Source:      fastcgiC,
	},
	keyScriptUnknown: {
		ID: "script-unknown", Status: 404, Phase: dialect.PhaseHeader, Fact: vocab.GatewayScriptUnknown,
		Causes:      causes(vocab.WrongAddress),
		Distinguish: "The path in SCRIPT_FILENAME does not exist for php-fpm: another root, chroot or volume than nginx has, or no permission. The client gets php-fpm's own 404, File not found.",
		Source:      fastcgiC,
	},
	keyAppFatal: {
		ID: "app-fatal", Phase: dialect.PhaseHeader, Fact: vocab.GatewayAppOutput, Fails: true,
		Causes:      causes(vocab.AppError),
		Distinguish: "The application reported this through FastCGI and made the status itself; file and line stand in the text.",
		Source:      fastcgiC,
	},
	keyAppOutput: {
		ID: "app-output", Phase: dialect.PhaseHeader, Fact: vocab.GatewayAppOutput,
		Causes:      causes(vocab.AppError),
		Distinguish: "Something the application wrote to its standard error; it need not have failed.",
		Source:      fastcgiC,
	},
}

func h2Cond(id, distinguish string) dialect.Condition {
	return dialect.Condition{
		ID: id, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotHTTP2, Fails: true,
		Causes: causes(vocab.ProtocolMismatch, vocab.InvalidResponse, vocab.UpstreamCrashed), Distinguish: distinguish, Source: grpcC,
	}
}

var h2Conds = map[dialect.Key]dialect.Condition{
	keyH2SpeaksHTTP1: {
		ID: "http2-speaks-http1", Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotHTTP2, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch),
		Distinguish: "4740180 is \"HTT\" read as a length: the upstream answered in HTTP/1.1. Use proxy_pass, switch HTTP/2 on there, or grpcs:// if the port is TLS.",
		Source:      grpcC,
	},
	keyH2FrameTooLarge: {
		ID: "http2-frame-too-large", Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotHTTP2, Fails: true,
		Causes:      causes(vocab.InvalidResponse, vocab.ProtocolMismatch),
		Distinguish: "Write the number as three bytes: letters mean that the upstream speaks another protocol.",
		Source:      grpcC,
	},
	keyH2Rejected: {
		ID: "http2-rejected", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayStreamRefused, Fails: true,
		Causes:      causes(vocab.UpstreamRestarting, vocab.ConnectionsExhausted, vocab.AppError),
		Distinguish: "RFC 9113, section 7, has the numbers: 7 is REFUSED_STREAM (busy or shutting down), 2 INTERNAL_ERROR, 11 ENHANCE_YOUR_CALM (a limit).",
		Source:      grpcC,
	},
	keyH2WantsHTTP1: {
		ID: "http2-wants-http1", Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotHTTP2, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch),
		Distinguish: "HTTP_1_1_REQUIRED: the upstream wants HTTP/1.1 for this request; use proxy_pass.",
		Source:      grpcC,
	},
	keyH2Reset: {
		ID: "http2-reset", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fails: true,
		Causes:      causes(vocab.AppError, vocab.UpstreamRestarting, vocab.InvalidResponse),
		Distinguish: "The upstream reset the stream. RFC 9113, section 7, has the numbers: 2 is INTERNAL_ERROR, 8 CANCEL, 1 PROTOCOL_ERROR; its own log at that second says why.",
		Source:      grpcC,
	},
	keyH2Goaway: {
		ID: "http2-goaway", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayStreamRefused, Fails: true,
		Causes:      causes(vocab.UpstreamRestarting, vocab.KeepaliveRace, vocab.ConnectionsExhausted),
		Distinguish: "The upstream is closing the connection: error 0 is a shutdown or a limit on a connection's age, 11 a limit on pings or requests.",
		Source:      grpcC,
	},
	keyH2NoStatus:        h2Cond("http2-no-status", "The answer has no :status; ask the upstream directly with a client for its protocol."),
	keyH2Closed:          h2Cond("http2-closed-stream-early", "The upstream ended the stream without an answer."),
	keyH2Index:           h2Cond("http2-table-index", "The header table of the connection is out of step: a broken HTTP/2 library, or no HTTP/2."),
	keyH2ClosedStream:    h2Cond("http2-frame-closed-stream", "The upstream sent more for a stream that was closed."),
	keyH2UnknownStream:   h2Cond("http2-frame-unknown-stream", "The upstream sent something for a stream that nginx did not open."),
	keyH2UnexpectedFrame: h2Cond("http2-unexpected-frame", "A frame of a kind that may not come here; the number is its type in RFC 9113, section 6."),
	keyH2Truncated:       h2Cond("http2-truncated-header", "The header block broke off."),
	keyH2HeaderTooLarge:  h2Cond("http2-header-too-large", "One header is larger than nginx reads from an HTTP/2 upstream; look for large cookies or metadata first."),
	keyH2Invalid:         h2Cond("http2-invalid", "The words say which rule of HTTP/2 was broken."),
}

var bodyConds = map[dialect.Key]dialect.Condition{
	keyBodyTimeout: {
		ID: "body-timeout", Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayBodyTimeout, Fails: true,
		Causes:      causes(vocab.UpstreamHung, vocab.UpstreamSlow, vocab.Lossy, vocab.TimeoutTooShort),
		Distinguish: "The header was already sent: the access log says 200 and the body is cut short. Event streams and long polls without a heartbeat look the same.",
		Source:      upstreamC,
	},
	keyUpgradeTimeout: {
		ID: "upgrade-timeout", Symptom: vocab.ConnectionReadTimeout, Phase: dialect.PhaseBody, Fact: vocab.GatewayUpgradeTimeout, Fails: true,
		Causes:      causes(vocab.TimeoutTooShort, vocab.UpstreamHung),
		Distinguish: "A WebSocket was silent for longer than proxy_read_timeout; the access log says 101. Let the application send pings, or raise the limit.",
		Source:      upstreamC,
	},
	keyBodyClosed: {
		ID: "body-closed", Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Fails: true,
		Causes:      causes(vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.TruncatedResponse, vocab.UpstreamOOMKilled),
		Distinguish: "The header was already sent: the access log says 200 and the client sees a body that is cut short. A process that ended then, or a Content-Length that is too large?",
		Source:      upstreamC,
	},
	keyBodyReset: {
		ID: "body-reset", Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Fails: true,
		Causes:      causes(vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamOOMKilled, vocab.Filtered),
		Distinguish: "The connection was reset in the middle of the body; the access log says 200.",
		Source:      "nginx src/os/unix/ngx_readv_chain.c",
	},
	keyTLSReadBody: {
		ID: "tls-read-body", Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Fails: true,
		Causes:      causes(vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.TruncatedResponse),
		Distinguish: "The same as a body that is cut short, inside TLS.",
		Source:      opensslC,
	},
	keyInvalidChunk: {
		ID: "invalid-chunk", Symptom: vocab.HTTPTransferCoding, Phase: dialect.PhaseBody, Fact: vocab.GatewayInvalidChunk, Fails: true,
		Causes:      causes(vocab.InvalidResponse),
		Distinguish: "The chunks are malformed, often because two layers both write them. If the first one is, the client gets an empty reply.",
		Source:      proxyC,
	},
	keyMoreThanLength: {
		ID: "more-than-length", Symptom: vocab.HTTPProtocolError, Phase: dialect.PhaseBody, Fact: vocab.GatewayFramingConflict,
		Causes:      causes(vocab.InvalidResponse),
		Distinguish: "The bytes beyond Content-Length are dropped and the connection is not reused.",
		Source:      upstreamC,
	},
	keyResponseBuffered: {
		ID: "response-buffered", Phase: dialect.PhaseBody, Fact: vocab.GatewayBuffered,
		Causes:      causes(vocab.DiskFull),
		Distinguish: "No failure: the client reads more slowly than the upstream sends, and the rest goes to a file. It matters only where that disk is small.",
		Source:      upstreamC,
	},
	keyRequestBuffered: {
		ID: "request-buffered", Phase: dialect.PhaseSend, Fact: vocab.GatewayBuffered,
		Causes:      causes(vocab.RequestTooLarge),
		Distinguish: "No failure: the body is larger than client_body_buffer_size and goes to a file.",
		Source:      "nginx src/http/ngx_http_request_body.c",
	},
	keyDiskFullResponse: {
		ID: "disk-full-response", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseBody, Fact: vocab.GatewayDiskFull, Fails: true,
		Causes:      causes(vocab.DiskFull),
		Distinguish: "The folder for responses is full (df and df -i on its path): a 200 that is cut short.",
		Source:      filesC,
	},
	keyDiskFullRequest: {
		ID: "disk-full-request", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayDiskFull, Fails: true,
		Causes:      causes(vocab.DiskFull),
		Distinguish: "The client's body could not be put into a file (df and df -i on its path); the upstream was not asked.",
		Source:      filesC,
	},
	keyTempDeniedResponse: {
		ID: "temp-denied-response", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseBody, Fact: vocab.GatewayFileDenied, Fails: true,
		Causes:      causes(vocab.FilePermission),
		Distinguish: "The gateway's user may not write its own folder, often since the user directive was changed: large answers are cut short and small ones are fine.",
		Source:      "nginx src/core/ngx_file.c",
	},
	keyTempDeniedRequest: {
		ID: "temp-denied-request", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayFileDenied, Fails: true,
		Causes:      causes(vocab.FilePermission),
		Distinguish: "The gateway's user may not write the folder for clients' bodies: uploads over client_body_buffer_size fail with 500.",
		Source:      "nginx src/core/ngx_file.c",
	},
	keyLookDenied: {
		ID: "look-denied", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayFileDenied,
		Causes:      causes(vocab.FilePermission, vocab.InvalidConfig),
		Distinguish: "The gateway's user may not pass a folder on the way to the files (namei -l PATH): try_files goes on to its last argument, which may lead back to itself.",
		Source:      "nginx src/http/modules/ngx_http_try_files_module.c",
	},
}

var ruleConds = map[dialect.Key]dialect.Condition{
	keyLuaFailed: {
		ID: "lua-failed", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fails: true,
		Causes:      causes(vocab.Bug, vocab.InvalidConfig),
		Distinguish: "Lua code that runs in the gateway failed: the text names file and line; a plug-in, or a script of your own.",
		Source:      "lua-nginx-module src/ngx_http_lua_util.c",
	},
	keyRedirectCycle: {
		ID: "redirect-cycle", Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayRedirectCycle, Fails: true,
		Causes:      causes(vocab.InvalidConfig),
		Distinguish: "try_files, index, error_page or rewrite lead back to where they came from.",
		Source:      "nginx src/http/ngx_http_core_module.c",
	},
	keyAuthStatus: {
		ID: "auth-status", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayAuthStatus, Fails: true,
		Causes:      causes(vocab.AuthSubrequest, vocab.AppError, vocab.UpstreamDown),
		Distinguish: "The upstream of auth_request failed; its own line stands before this one. Diagnose that upstream.",
		Source:      "nginx src/http/modules/ngx_http_auth_request_module.c",
	},
	keyLimitRequests: {
		ID: "limit-requests", Symptom: vocab.HTTPRequestDenied, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Fails: true,
		Causes:      causes(vocab.RateLimited),
		Distinguish: "limit_req of the named zone refused it, with limit_req_status; the upstream was not asked.",
		Source:      "nginx src/http/modules/ngx_http_limit_req_module.c",
	},
	keyLimitConnections: {
		ID: "limit-connections", Symptom: vocab.HTTPRequestDenied, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayLimited, Fails: true,
		Causes:      causes(vocab.RateLimited),
		Distinguish: "limit_conn of the named zone refused it, with limit_conn_status; the upstream was not asked.",
		Source:      "nginx src/http/modules/ngx_http_limit_conn_module.c",
	},
	keyLimitDryRun: {
		ID: "limit-dry-run", Phase: dialect.PhaseLocal,
		Causes:      causes(vocab.RateLimited),
		Distinguish: "No failure: the limit only reports what it would refuse.",
		Source:      "nginx src/http/modules/ngx_http_limit_req_module.c",
	},
	keyClientGone: {
		ID: "client-gone", Phase: dialect.PhaseHeader, Fact: vocab.GatewayClientGone,
		Causes:      causes(vocab.Aborted, vocab.UpstreamSlow),
		Distinguish: "The access log says 499. If a balancer or CDN stands in front, its own limit ran out: look there for a 502 or 504.",
		Source:      upstreamC,
	},
	keyBodyTooLarge: {
		ID: "body-too-large", Symptom: vocab.HTTPRequestError, Status: 413, Phase: dialect.PhaseLocal, Fact: vocab.GatewayBodyTooLarge,
		Causes:      causes(vocab.RequestTooLarge),
		Distinguish: "Over client_max_body_size of this location: nginx answered 413.",
		Source:      "nginx src/http/ngx_http_core_module.c",
	},
	keyProxyHeaderBroken: {
		ID: "proxy-header-broken", Symptom: vocab.HTTPRequestError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayProxyHeaderBroken, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch),
		Distinguish: "listen has proxy_protocol and what connects does not send it: the balancer in front, its health check, or a direct client. The connection is closed.",
		Source:      "nginx src/core/ngx_proxy_protocol.c",
	},
}

var processConds = map[dialect.Key]dialect.Condition{
	keyWorkerDied: {
		ID: "worker-died", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayWorkerDied, Fails: true,
		Causes:      causes(vocab.Crashed, vocab.Bug),
		Distinguish: "All connections of that worker were reset. Signal 11 or 6 is a bug in nginx or a module; signal 9 is the kernel's or a person's kill.",
		Source:      processC,
	},
	keyWorkerFatal: {
		ID: "worker-fatal", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayWorkerDied, Fails: true,
		Causes:      causes(vocab.Crashed, vocab.InvalidConfig),
		Distinguish: "The worker refuses to start again; the emerg line before says why.",
		Source:      processC,
	},
	keyReload:      news("reload", vocab.GatewayReloaded, "nginx was told to load its configuration; emerg lines right after it mean that it refused."),
	keyStart:       news("start", "", "The master started."),
	keyStartWorker: news("start-worker", "", "A worker started: it runs the configuration of this moment."),
	keyDraining:    news("draining", "", "A worker takes no new connections and finishes the ones it has."),
	keyWorkerExit:  news("worker-exit", "", "A worker ended in order."),
	keyStopping:    news("stopping", "", "nginx was told to stop."),
	keyReopen:      news("reopen-logs", "", "The logs were rotated."),
}

// news is a line that tells of no failure.
func news(id string, fact vocab.Fact, text string) dialect.Condition {
	return dialect.Condition{ID: id, Phase: dialect.PhaseLocal, Fact: fact, Distinguish: text, Source: cycleC}
}

var streamConds = map[dialect.Key]dialect.Condition{
	keyStreamRefused: {
		ID: "stream-refused", Symptom: vocab.ConnectionRefused, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Fails: true,
		Causes:      causes(vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress),
		Distinguish: "A stream has no status: the client sees its connection closed, and an HTTP balancer in front makes a 502 of it. Look at what listens at the address.",
		Source:      streamC,
	},
	keyStreamTimeout: {
		ID: "stream-connect-timeout", Symptom: vocab.ConnectionTimeout, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Fails: true,
		Causes:      causes(vocab.Filtered, vocab.Unreachable, vocab.BacklogFull),
		Distinguish: "A stream has no status: the client sees its connection closed after proxy_connect_timeout.",
		Source:      streamC,
	},
	keyStreamNoLive: {
		ID: "stream-no-live-upstreams", Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Fails: true,
		Causes:      causes(vocab.NoHealthyUpstream),
		Distinguish: "Every server of the pool failed before; the lines just before name the failure of each.",
		Source:      streamC,
	},
	keyStreamFailed: {
		ID: "stream-broken", Symptom: vocab.ConnectionTerminated, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Fails: true,
		Causes:      causes(vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WorkerKilled),
		Distinguish: "The upstream reset a stream that was already being passed on.",
		Source:      streamC,
	},
}
