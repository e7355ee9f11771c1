package vocab

// Fact names one thing that a source can observe and that a cause weighs. A fact
// is an observation, never a conclusion. Sources say facts; causes are tables
// of them.
type Fact string

// Span says about which time a fact speaks.
type Span string

const (
	// Past facts carry a time and count for failures around that time.
	Past Span = "past"
	// Now facts were observed during the examination. They count for a failure
	// that is still going on.
	Now Span = "now"
	// Standing facts come from the configuration and count as long as it is in force.
	Standing Span = "standing"
)

// Role says what the subject of a fact is to the failure.
type Role string

// The roles.
const (
	RoleEndpoint Role = "endpoint" // address of one upstream server, "127.0.0.1:3000" or "unix:/run/app.sock"
	RolePool     Role = "pool"     // name of a group of upstream servers
	RoleName     Role = "name"     // DNS name of an upstream
	RoleResolver Role = "resolver" // address of a name server
	RoleRoute    Role = "route"    // site and path of the request, "example.com /api"
	RoleGateway  Role = "gateway"  // the gateway's instance
)

// FactInfo describes a fact. Facts of one group are one observation made in
// several ways: only the strongest of a group counts.
type FactInfo struct {
	ID      Fact
	Group   string
	Span    Span
	Role    Role // what the fact's subject is
	Meaning string
}

// Info returns the description of f, and false where f is not in the vocabulary.
func (f Fact) Info() (FactInfo, bool) {
	info, ok := factIndex[f]
	return info, ok
}

// Circumstance reports whether f holds of sites that work, too. It separates causes
// for which something else speaks, and is no reason to suspect one.
func (f Fact) Circumstance() bool {
	switch f {
	case ProbeOK, ListenerKept, ListenerOlder, TargetWorkers, KeepaliveUsed, EndpointServesOthers:
		return true
	}
	return false
}

var factIndex = func() map[Fact]FactInfo {
	m := make(map[Fact]FactInfo, len(Facts))
	for _, info := range Facts {
		m[info.ID] = info
	}
	return m
}()

// Facts: what the gateway wrote.
const (
	GatewayRefused             Fact = "gateway_refused"
	GatewayConnectFailed       Fact = "gateway_connect_failed"
	GatewaySocketMissing       Fact = "gateway_socket_missing"
	GatewayDenied              Fact = "gateway_denied"
	GatewayQueueFull           Fact = "gateway_queue_full"
	GatewayConnectTimeout      Fact = "gateway_connect_timeout"
	GatewayUnroutable          Fact = "gateway_unroutable"
	GatewayHostUnreachable     Fact = "gateway_host_unreachable"
	GatewayResetConnect        Fact = "gateway_reset_connect"
	GatewayNoLocalPort         Fact = "gateway_no_local_port"
	GatewayNoFiles             Fact = "gateway_no_files"
	GatewayNoConnections       Fact = "gateway_no_connections"
	GatewayNoMemory            Fact = "gateway_no_memory"
	GatewayTLSTimeout          Fact = "gateway_tls_timeout"
	GatewayTLSPlain            Fact = "gateway_tls_plain"
	GatewayTLSAlert            Fact = "gateway_tls_alert"
	GatewayTLSUnsupported      Fact = "gateway_tls_unsupported"
	GatewayTLSClosed           Fact = "gateway_tls_closed"
	GatewayCertificateRejected Fact = "gateway_certificate_rejected"
	GatewayClosedEarly         Fact = "gateway_closed_early"
	GatewayResetEarly          Fact = "gateway_reset_early"
	GatewayClosedSending       Fact = "gateway_closed_sending"
	GatewayClosedBody          Fact = "gateway_closed_body"
	GatewayReadTimeout         Fact = "gateway_read_timeout"
	GatewayPeerVanished        Fact = "gateway_peer_vanished"
	GatewayWriteTimeout        Fact = "gateway_write_timeout"
	GatewayBodyTimeout         Fact = "gateway_body_timeout"
	GatewayUpgradeTimeout      Fact = "gateway_upgrade_timeout"
	GatewayHeaderTooBig        Fact = "gateway_header_too_big"
	GatewayNotHTTP             Fact = "gateway_not_http"
	GatewayInvalidHeader       Fact = "gateway_invalid_header"
	GatewayFramingConflict     Fact = "gateway_framing_conflict"
	GatewayInvalidChunk        Fact = "gateway_invalid_chunk"
	GatewayNotFastCGI          Fact = "gateway_not_fastcgi"
	GatewayNotHTTP2            Fact = "gateway_not_http2"
	GatewayStreamRefused       Fact = "gateway_stream_refused"
	GatewayAppOutput           Fact = "gateway_app_output"
	GatewayScriptUnknown       Fact = "gateway_script_unknown"
	GatewayNoLiveUpstream      Fact = "gateway_no_live_upstream"
	GatewayServerDisabled      Fact = "gateway_server_disabled"
	GatewayCheckRejected       Fact = "gateway_check_rejected"
	GatewayNoResolver          Fact = "gateway_no_resolver"
	GatewayNameNotFound        Fact = "gateway_name_not_found"
	GatewayResolverFailed      Fact = "gateway_resolver_failed"
	GatewayResolverSilent      Fact = "gateway_resolver_silent"
	GatewayBadTarget           Fact = "gateway_bad_target"
	GatewayNoModule            Fact = "gateway_no_module"
	GatewayConfigRejected      Fact = "gateway_config_rejected"
	GatewayStartNameMissing    Fact = "gateway_start_name_missing"
	GatewayCannotBind          Fact = "gateway_cannot_bind"
	GatewayRedirectCycle       Fact = "gateway_redirect_cycle"
	GatewayAuthStatus          Fact = "gateway_auth_status"
	GatewayLimited             Fact = "gateway_limited"
	GatewayBodyTooLarge        Fact = "gateway_body_too_large"
	GatewayProxyHeaderBroken   Fact = "gateway_proxy_header_broken"
	GatewayDiskFull            Fact = "gateway_disk_full"
	GatewayFileDenied          Fact = "gateway_file_denied"
	GatewayWorkerDied          Fact = "gateway_worker_died"
	GatewayReloaded            Fact = "gateway_reloaded"
	GatewayBuffered            Fact = "gateway_buffered"
	GatewayClientGone          Fact = "gateway_client_gone"
	GatewayStatusMade          Fact = "gateway_status_made"
	GatewayStatusPassed        Fact = "gateway_status_passed"
	GatewayStatusUnknown       Fact = "gateway_status_unknown"
)

// Facts: what the application, its server or the kernel wrote.
const (
	AppCrashed            Fact = "app_crashed"
	AppWorkerKilled       Fact = "app_worker_killed"
	AppSigkilled          Fact = "app_sigkilled"
	AppOOMKilled          Fact = "app_oom_killed"
	AppWorkersExhausted   Fact = "app_workers_exhausted"
	AppQueueFull          Fact = "app_queue_full"
	AppStopping           Fact = "app_stopping"
	AppStarting           Fact = "app_starting"
	AppBootFailed         Fact = "app_boot_failed"
	AppCannotListen       Fact = "app_cannot_listen"
	AppListening          Fact = "app_listening"
	AppListeningElsewhere Fact = "app_listening_elsewhere"
	AppErrorLogged        Fact = "app_error_logged"
	AppSlowLogged         Fact = "app_slow_logged"
	AppSlowElsewhere      Fact = "app_slow_elsewhere"
	AppRequestTooLarge    Fact = "app_request_too_large"
	AppDependencyFailed   Fact = "app_dependency_failed"
	AppNoFiles            Fact = "app_no_files"
	AppCannotFork         Fact = "app_cannot_fork"
	AppWrongProtocol      Fact = "app_wrong_protocol"
	KernelSegfault        Fact = "kernel_segfault"
)

// Facts: what our own request got.
const (
	AnswerOK            Fact = "answer_ok"
	AnswerGatewayError  Fact = "answer_gateway_error"
	AnswerUpstreamError Fact = "answer_upstream_error"
	AnswerTruncated     Fact = "answer_truncated"
	AnswerEmpty         Fact = "answer_empty"
	AnswerNotHTTP       Fact = "answer_not_http"
	AnswerTimeout       Fact = "answer_timeout"
	GatewayUnreachable  Fact = "gateway_unreachable"
	EdgeAnswered        Fact = "edge_answered"
	EdgePassed          Fact = "edge_passed"
)

// Facts: what the probe of the upstream got.
const (
	ProbeConnected              Fact = "probe_connected"
	ProbeRefused                Fact = "probe_refused"
	ProbeSocketMissing          Fact = "probe_socket_missing"
	ProbeDenied                 Fact = "probe_denied"
	ProbeQueueFull              Fact = "probe_queue_full"
	ProbeConnectTimeout         Fact = "probe_connect_timeout"
	ProbeUnroutable             Fact = "probe_unroutable"
	ProbeNoAnswer               Fact = "probe_no_answer"
	ProbeLate                   Fact = "probe_late"
	ProbeOK                     Fact = "probe_ok"
	ProbeErrorStatus            Fact = "probe_error_status"
	ProbeHeaderTooBig           Fact = "probe_header_too_big"
	ProbeHeaderFits             Fact = "probe_header_fits"
	ProbeEmpty                  Fact = "probe_empty"
	ProbeReset                  Fact = "probe_reset"
	ProbeTruncated              Fact = "probe_truncated"
	ProbeInvalid                Fact = "probe_invalid"
	ProbeSpeaksTLS              Fact = "probe_speaks_tls"
	ProbeSpeaksPlain            Fact = "probe_speaks_plain"
	ProbeSpeaksHTTP             Fact = "probe_speaks_http"
	ProbeSpeaksFastCGI          Fact = "probe_speaks_fastcgi"
	ProbeSpeaksUWSGI            Fact = "probe_speaks_uwsgi"
	ProbeSpeaksHTTP2            Fact = "probe_speaks_http2"
	ProbeWantsProxyHeader       Fact = "probe_wants_proxy_header"
	ProbeProtocolAgrees         Fact = "probe_protocol_agrees"
	ProbeNoProtocol             Fact = "probe_no_protocol"
	ProbeTLSAlert               Fact = "probe_tls_alert"
	ProbeTLSFailed              Fact = "probe_tls_failed"
	ProbeTLSOK                  Fact = "probe_tls_ok"
	ProbeNeedsSNI               Fact = "probe_needs_sni"
	ProbeNeedsClientCertificate Fact = "probe_needs_client_certificate"
	ProbeCertificateUntrusted   Fact = "probe_certificate_untrusted"
	ProbeCertificateTrusted     Fact = "probe_certificate_trusted"
	ProbeIdleShorter            Fact = "probe_idle_shorter"
	ProbeIdleLonger             Fact = "probe_idle_longer"
	ProbeRetryAfter             Fact = "probe_retry_after"
	ProbeStatusPage             Fact = "probe_status_page"
)

// Facts: names.
const (
	NameMissing      Fact = "name_missing"
	NameResolves     Fact = "name_resolves"
	NameMoved        Fact = "name_moved"
	NameSame         Fact = "name_same"
	NameUnknown      Fact = "name_unknown"
	NameMovedAnswers Fact = "name_moved_answers"
	ResolverSilent   Fact = "resolver_silent"
	ResolverFailed   Fact = "resolver_failed"
	ResolverOK       Fact = "resolver_ok"
)

// Facts: what runs on the host.
const (
	NoListener           Fact = "no_listener"
	StoppedGateway       Fact = "stopped_gateway"
	ListenerPresent      Fact = "listener_present"
	ListenerGated        Fact = "listener_gated"
	ListenerOtherAddress Fact = "listener_other_address"
	ListenerRelated      Fact = "listener_related"
	ListenerNear         Fact = "listener_near"
	ListenerSameKind     Fact = "listener_same_kind"
	ListenerElsewhere    Fact = "listener_elsewhere"
	ListenerNowhereElse  Fact = "listener_nowhere_else"
	ListenerBeside       Fact = "listener_beside"
	ListenerIsGateway    Fact = "listener_is_gateway"
	ProbeGatewayPage     Fact = "probe_gateway_page"
	ListenerStopped      Fact = "listener_stopped"
	ListenerBusy         Fact = "listener_busy"
	ListenerQueueFull    Fact = "listener_queue_full"
	ListenerUnread       Fact = "listener_unread"
	ListenerAllRead      Fact = "listener_all_read"
	ListenerServing      Fact = "listener_serving"
	ListenerNewer        Fact = "listener_newer"
	ListenerOlder        Fact = "listener_older"
	ListenerReplaced     Fact = "listener_replaced"
	WorkerReplaced       Fact = "worker_replaced"
	ListenerKept         Fact = "listener_kept"
	ProcessVanished      Fact = "process_vanished"
	SocketModeDenies     Fact = "socket_mode_denies"
	SocketModeAllows     Fact = "socket_mode_allows"
	SocketStale          Fact = "socket_stale"
	EndUnseen            Fact = "end_unseen"
	FirewallRule         Fact = "firewall_rule"
	RouteAbsent          Fact = "route_absent"
	RoutePresent         Fact = "route_present"
	NeighbourSilent      Fact = "neighbour_silent"
	GatewayNotRunning    Fact = "gateway_not_running"
	GatewayDraining      Fact = "gateway_draining"
)

// Facts: what the running gateway says about itself when it is asked.
const (
	CheckUnconnected    Fact = "check_unconnected"
	CheckRejects        Fact = "check_rejects"
	CheckPasses         Fact = "check_passes"
	ServerInMaintenance Fact = "server_in_maintenance"
	PoolInMaintenance   Fact = "pool_in_maintenance"
	PoolNoServer        Fact = "pool_no_server"
	PoolQueued          Fact = "pool_queued"
	LimitReached        Fact = "limit_reached"
	AnswerCaptured      Fact = "answer_captured"
)

// Facts: configuration.
const (
	KeepaliveUsed       Fact = "keepalive_used"
	KeepaliveNamed      Fact = "keepalive_named"
	KeepaliveUnused     Fact = "keepalive_unused"
	ResolverAbsent      Fact = "resolver_absent"
	ResolvedAtStart     Fact = "resolved_at_start"
	ResolvedAtRunTime   Fact = "resolved_at_run_time"
	PoolOutByChecks     Fact = "pool_out_by_checks"
	PoolOutByHand       Fact = "pool_out_by_hand"
	RouteMissing        Fact = "route_missing"
	StaticAnswer        Fact = "static_answer"
	ServersDown         Fact = "servers_down"
	TargetIsSelf        Fact = "target_is_self"
	ModuleAbsent        Fact = "module_absent"
	LimitConfigured     Fact = "limit_configured"
	TLSVerifyOn         Fact = "tls_verify_on"
	TLSVerifyOff        Fact = "tls_verify_off"
	NoSNI               Fact = "no_sni"
	ConfigBroken        Fact = "config_broken"
	ConfigLoads         Fact = "config_loads"
	ConfigNewer         Fact = "config_newer"
	ConfigApplied       Fact = "config_applied"
	ConfigDiffers       Fact = "config_differs"
	ConfigTargetAnswers Fact = "config_target_answers"
	TargetDenied        Fact = "target_denied"
	TargetLoopback6     Fact = "target_loopback6"
	TargetContainer     Fact = "target_container"
	TargetOwnContainer  Fact = "target_own_container"
	TargetWorkers       Fact = "target_workers"
)

// Facts: history.
const (
	EndpointServed       Fact = "endpoint_served"
	EndpointNeverServed  Fact = "endpoint_never_served"
	EndpointServesOthers Fact = "endpoint_serves_others"
	EndpointServesNone   Fact = "endpoint_serves_none"
	RouteAlwaysSlow      Fact = "route_always_slow"
	RouteGotSlower       Fact = "route_got_slower"
	MembersDiffer        Fact = "members_differ"
	MembersAllFail       Fact = "members_all_fail"
	DiedInRequest        Fact = "died_in_request"
	BriefOutage          Fact = "brief_outage"
	OnlyUnsafeFail       Fact = "only_unsafe_fail"
	FailsAtOnce          Fact = "fails_at_once"
	CutAfterWait         Fact = "cut_after_wait"
	FailsAlways          Fact = "fails_always"
)

// facts are those that need no more than logs, sockets and processes.
var facts = []FactInfo{
	// What the gateway wrote.
	{GatewayRefused, "refused", Past, RoleEndpoint, "the gateway's connect was refused"},
	{GatewayConnectFailed, "refused", Past, RoleEndpoint, "the gateway's connect, or its TLS handshake, failed, and its log does not say how"},
	{GatewaySocketMissing, "refused", Past, RoleEndpoint, "the gateway found no unix socket at the path"},
	{GatewayDenied, "denied", Past, RoleEndpoint, "the gateway was not permitted to connect"},
	{GatewayQueueFull, "queue", Past, RoleEndpoint, "the gateway found the accept queue of the unix socket full"},
	{GatewayConnectTimeout, "connect_timeout", Past, RoleEndpoint, "the gateway's connect was not answered in time"},
	{GatewayUnroutable, "unroutable", Past, RoleEndpoint, "the gateway found no route to the upstream's host"},
	{GatewayHostUnreachable, "unroutable", Past, RoleEndpoint, "the upstream's host did not answer on its network, or something on the way rejected the connect"},
	{GatewayResetConnect, "reset", Past, RoleEndpoint, "the gateway's connect was reset"},
	{GatewayNoLocalPort, "ports", Past, RoleEndpoint, "the gateway got no local port for the connection"},
	{GatewayNoFiles, "files", Past, RoleGateway, "the gateway ran out of file descriptors"},
	{GatewayNoConnections, "connections", Past, RoleGateway, "the gateway ran out of connections"},
	{GatewayNoMemory, "memory", Past, RoleGateway, "the gateway got no memory"},
	{GatewayTLSTimeout, "tls", Past, RoleEndpoint, "the TLS handshake with the upstream was not answered in time"},
	{GatewayTLSPlain, "tls", Past, RoleEndpoint, "the upstream answered the TLS handshake with something that is no TLS"},
	{GatewayTLSAlert, "tls", Past, RoleEndpoint, "the upstream refused the TLS handshake with an alert"},
	{GatewayTLSUnsupported, "tls", Past, RoleEndpoint, "gateway and upstream share no TLS version, cipher or key size"},
	{GatewayTLSClosed, "tls", Past, RoleEndpoint, "the upstream closed the connection in the TLS handshake"},
	{GatewayCertificateRejected, "certificate", Past, RoleEndpoint, "the gateway did not accept the upstream's certificate"},
	{GatewayClosedEarly, "closed", Past, RoleEndpoint, "the upstream closed the connection before its response header was complete"},
	{GatewayResetEarly, "closed", Past, RoleEndpoint, "the upstream reset the connection before its response header was complete"},
	{GatewayClosedSending, "sending", Past, RoleEndpoint, "the upstream closed or reset the connection while the request was being sent"},
	{GatewayClosedBody, "body", Past, RoleEndpoint, "the upstream closed or reset the connection in the middle of the body"},
	{GatewayReadTimeout, "read_timeout", Past, RoleEndpoint, "the upstream sent no response header for as long as the gateway waits"},
	{GatewayPeerVanished, "read_timeout", Past, RoleEndpoint, "the kernel gave up on the connection to the upstream: nothing that was sent was acknowledged"},
	{GatewayWriteTimeout, "write_timeout", Past, RoleEndpoint, "the upstream did not take the request in time"},
	{GatewayBodyTimeout, "body", Past, RoleEndpoint, "the upstream fell silent in the middle of the body"},
	{GatewayUpgradeTimeout, "upgrade", Past, RoleEndpoint, "an upgraded connection was silent for as long as the gateway waits"},
	{GatewayHeaderTooBig, "header_size", Past, RoleEndpoint, "the upstream's response header did not fit the gateway's buffer"},
	{GatewayNotHTTP, "not_http", Past, RoleEndpoint, "what the upstream sent does not begin as HTTP"},
	{GatewayInvalidHeader, "framing", Past, RoleEndpoint, "a header or status line of the upstream is malformed"},
	{GatewayFramingConflict, "framing", Past, RoleEndpoint, "the upstream's framing headers contradict each other or repeat"},
	{GatewayInvalidChunk, "framing", Past, RoleEndpoint, "the upstream's chunked coding is malformed"},
	{GatewayNotFastCGI, "not_fastcgi", Past, RoleEndpoint, "what the upstream sent is not FastCGI"},
	{GatewayNotHTTP2, "not_http2", Past, RoleEndpoint, "what the upstream sent is not HTTP/2"},
	{GatewayStreamRefused, "stream", Past, RoleEndpoint, "the upstream refused the stream or is going away"},
	{GatewayAppOutput, "app_output", Past, RoleEndpoint, "the application reported an error through the gateway's protocol"},
	{GatewayScriptUnknown, "script", Past, RoleEndpoint, "the FastCGI server does not find the script that it was asked for"},
	{GatewayNoLiveUpstream, "no_live", Past, RolePool, "every server of the pool is out of rotation"},
	{GatewayServerDisabled, "disabled", Past, RoleEndpoint, "the gateway took a server out of rotation for a time"},
	{GatewayCheckRejected, "check", Past, RoleEndpoint, "the gateway took the server out of rotation because its health check did not accept the answer"},
	{GatewayNoResolver, "no_resolver", Past, RoleName, "the gateway had to resolve a name and has no resolver"},
	{GatewayNameNotFound, "name_missing", Past, RoleName, "the resolver told the gateway that the name does not exist"},
	{GatewayResolverFailed, "resolver", Past, RoleName, "the resolver answered the gateway with an error"},
	{GatewayResolverSilent, "resolver", Past, RoleName, "the resolver did not answer the gateway"},
	{GatewayNoModule, "no_module", Past, RoleRoute, "the gateway has no module for the protocol of the upstream"},
	{GatewayBadTarget, "bad_target", Past, RoleGateway, "the address that the configuration computes is not one"},
	{GatewayConfigRejected, "config_broken", Past, RoleGateway, "the gateway refused to load its configuration"},
	{GatewayStartNameMissing, "config_broken", Past, RoleGateway, "the gateway did not load its configuration because an upstream's name does not resolve"},
	{GatewayCannotBind, "cannot_bind", Past, RoleGateway, "the gateway could not listen on its address"},
	{GatewayRedirectCycle, "cycle", Past, RoleGateway, "the gateway redirected internally without end"},
	{GatewayAuthStatus, "auth", Past, RoleGateway, "an authentication sub-request answered with an unexpected status"},
	{GatewayLimited, "limited", Past, RoleGateway, "a configured limit refused the request"},
	{GatewayBodyTooLarge, "request_size", Past, RoleGateway, "the client's body is over the gateway's limit"},
	{GatewayProxyHeaderBroken, "proxy_header", Past, RoleGateway, "a listener that expects the PROXY protocol got something else"},
	{GatewayDiskFull, "disk", Past, RoleGateway, "the gateway could not write its temporary file: no space"},
	{GatewayFileDenied, "file_denied", Past, RoleGateway, "the gateway was not permitted to use one of its own files"},
	{GatewayWorkerDied, "worker_died", Past, RoleGateway, "a worker process of the gateway died"},
	{GatewayReloaded, "reloaded", Past, RoleGateway, "the gateway loaded its configuration anew"},
	{GatewayBuffered, "buffered", Past, RoleEndpoint, "the gateway put an answer or body into a temporary file"},
	{GatewayClientGone, "client_gone", Past, RoleRoute, "the client closed the connection before the answer was complete"},
	{GatewayStatusMade, "made", Past, RoleRoute, "the gateway answered with a status of its own making, and its log says no more"},
	{GatewayStatusPassed, "passed", Past, RoleRoute, "the gateway passed on a 5xx that the upstream made"},
	{GatewayStatusUnknown, "made", Past, RoleRoute, "the access log has a 5xx and cannot tell who made it"},
	// What the application, its server or the kernel wrote.
	{AppCrashed, "died", Past, RoleEndpoint, "a process of the application died by a signal or an error"},
	{AppWorkerKilled, "worker_killed", Past, RoleEndpoint, "the application server killed its own worker"},
	{AppSigkilled, "sigkilled", Past, RoleEndpoint, "a process of the application got SIGKILL, from whom is not said"},
	{AppOOMKilled, "oom", Past, RoleEndpoint, "the kernel or a memory limit killed a process of the application"},
	{AppWorkersExhausted, "workers", Past, RoleEndpoint, "the application server has no free worker"},
	{AppQueueFull, "queue", Past, RoleEndpoint, "the application server's accept queue is full"},
	{AppStopping, "restart", Past, RoleEndpoint, "the application was told to stop"},
	{AppStarting, "restart", Past, RoleEndpoint, "the application started"},
	{AppBootFailed, "boot", Past, RoleEndpoint, "the application did not start"},
	{AppCannotListen, "cannot_listen", Past, RoleEndpoint, "the application could not listen on its address"},
	{AppListening, "listening", Past, RoleEndpoint, "the application says where it listens"},
	{AppListeningElsewhere, "elsewhere", Past, RoleEndpoint, "an application says that it listens at another address than the gateway dials"},
	{AppErrorLogged, "app_error", Past, RoleEndpoint, "the application logged an error of its own"},
	{AppSlowLogged, "app_slow", Past, RoleEndpoint, "the application server logged a slow request"},
	{AppSlowElsewhere, "app_slow_elsewhere", Past, RoleEndpoint, "the application server logged a slow request for another script than ours"},
	{AppRequestTooLarge, "request_size", Past, RoleEndpoint, "the application server refused a request as too large"},
	{AppDependencyFailed, "dependency", Past, RoleEndpoint, "the application logged that something behind it failed"},
	{AppNoFiles, "files", Past, RoleEndpoint, "the application ran out of file descriptors"},
	{AppCannotFork, "fork", Past, RoleEndpoint, "the application server could not start a process"},
	{AppWrongProtocol, "app_protocol", Past, RoleEndpoint, "the application got a request in a protocol that it does not speak"},
	{KernelSegfault, "died", Past, RoleEndpoint, "the kernel recorded a fault of a process of the application"},
	// What our own request got.
	{AnswerOK, "answer", Now, RoleRoute, "our own request was answered without an error"},
	{AnswerGatewayError, "answer", Now, RoleRoute, "our own request got a 5xx that the gateway made"},
	{AnswerUpstreamError, "answer", Now, RoleRoute, "our own request got a 5xx that the application made"},
	{AnswerTruncated, "answer_body", Now, RoleRoute, "the answer to our own request was cut short"},
	{AnswerEmpty, "answer", Now, RoleRoute, "our own request was answered with nothing"},
	{AnswerNotHTTP, "answer", Now, RoleRoute, "our own request was answered with something that is no HTTP"},
	{AnswerTimeout, "answer", Now, RoleRoute, "our own request was not answered within our patience"},
	{GatewayUnreachable, "gateway_away", Now, RoleGateway, "the gateway itself did not accept our connection"},
	{EdgeAnswered, "edge", Now, RoleRoute, "a CDN or cloud balancer made the answer: it carries the marks of its own errors"},
	{EdgePassed, "edge", Now, RoleRoute, "the answer came through a CDN or cloud balancer, and who made it is not marked"},
	// What the probe of the upstream got.
	{ProbeConnected, "refused", Now, RoleEndpoint, "the probe connected to the upstream"},
	{ProbeRefused, "refused", Now, RoleEndpoint, "the probe's connect was refused"},
	{ProbeSocketMissing, "refused", Now, RoleEndpoint, "the probe found no unix socket at the path"},
	{ProbeDenied, "denied", Now, RoleEndpoint, "the probe was not permitted to connect"},
	{ProbeQueueFull, "queue", Now, RoleEndpoint, "the probe found the accept queue of the unix socket full"},
	{ProbeConnectTimeout, "connect_timeout", Now, RoleEndpoint, "the probe's connect was not answered"},
	{ProbeUnroutable, "unroutable", Now, RoleEndpoint, "the probe found no route to the upstream's host"},
	{ProbeNoAnswer, "upstream_answer", Now, RoleEndpoint, "the upstream took the probe's request and sent nothing within the gateway's limit"},
	{ProbeLate, "upstream_answer", Now, RoleEndpoint, "the upstream answered the probe, later than the gateway waits"},
	{ProbeOK, "upstream_answer", Now, RoleEndpoint, "the upstream answered the probe well and in time"},
	{ProbeErrorStatus, "upstream_answer", Now, RoleEndpoint, "the upstream itself answered the probe with a 5xx"},
	{ProbeHeaderTooBig, "header_size", Now, RoleEndpoint, "the upstream's response header is larger than the gateway's buffer"},
	{ProbeHeaderFits, "header_size", Now, RoleEndpoint, "the upstream's response header fits the gateway's buffer"},
	{ProbeEmpty, "upstream_answer", Now, RoleEndpoint, "the upstream closed the probe's connection without one byte"},
	{ProbeReset, "upstream_answer", Now, RoleEndpoint, "the upstream reset the probe's connection without one byte"},
	{ProbeTruncated, "upstream_body", Now, RoleEndpoint, "the upstream's answer to the probe was cut short"},
	{ProbeInvalid, "upstream_framing", Now, RoleEndpoint, "the upstream's answer to the probe is not valid HTTP"},
	{ProbeSpeaksTLS, "protocol", Now, RoleEndpoint, "the upstream speaks TLS and the gateway does not"},
	{ProbeSpeaksPlain, "protocol", Now, RoleEndpoint, "the upstream speaks plain HTTP and the gateway speaks TLS"},
	{ProbeSpeaksHTTP, "protocol", Now, RoleEndpoint, "the upstream speaks HTTP and the gateway another protocol"},
	{ProbeSpeaksFastCGI, "protocol", Now, RoleEndpoint, "the upstream speaks FastCGI and the gateway does not"},
	{ProbeSpeaksUWSGI, "protocol", Now, RoleEndpoint, "the upstream speaks the uwsgi protocol and the gateway does not"},
	{ProbeSpeaksHTTP2, "protocol", Now, RoleEndpoint, "the upstream speaks only HTTP/2 and the gateway HTTP/1"},
	{ProbeWantsProxyHeader, "protocol", Now, RoleEndpoint, "the upstream wants the PROXY protocol on one side only"},
	{ProbeProtocolAgrees, "protocol", Now, RoleEndpoint, "the upstream speaks the protocol that the gateway speaks"},
	{ProbeNoProtocol, "protocol", Now, RoleEndpoint, "the upstream closed without a byte in every protocol that it was asked in"},
	{ProbeTLSAlert, "tls_now", Now, RoleEndpoint, "the upstream refused the probe's TLS handshake"},
	{ProbeTLSFailed, "tls_now", Now, RoleEndpoint, "the probe's TLS handshake failed"},
	{ProbeTLSOK, "tls_now", Now, RoleEndpoint, "the probe's TLS handshake succeeded as the gateway is configured"},
	{ProbeNeedsSNI, "sni", Now, RoleEndpoint, "the upstream's handshake succeeds only with a server name, and the gateway sends none"},
	{ProbeNeedsClientCertificate, "client_certificate", Now, RoleEndpoint, "the upstream asks for a client certificate and the gateway has none"},
	{ProbeCertificateUntrusted, "certificate", Now, RoleEndpoint, "the upstream's certificate does not verify as the gateway is configured"},
	{ProbeCertificateTrusted, "certificate", Now, RoleEndpoint, "the upstream's certificate verifies as the gateway is configured"},
	{ProbeIdleShorter, "idle", Now, RoleEndpoint, "the upstream closes idle connections sooner than the gateway stops reusing them"},
	{ProbeIdleLonger, "idle", Now, RoleEndpoint, "the upstream keeps idle connections longer than the gateway reuses them"},
	{ProbeRetryAfter, "maintenance", Now, RoleEndpoint, "the upstream's 503 says when to come back, or speaks of maintenance"},
	{ProbeStatusPage, "workers", Now, RoleEndpoint, "the application server's status page shows every worker busy"},
	// Names.
	{NameMissing, "name_missing", Now, RoleName, "the name has no address"},
	{NameResolves, "name_missing", Now, RoleName, "the name has an address"},
	{NameMoved, "name_moved", Now, RoleEndpoint, "the name no longer has the address that the gateway uses"},
	{NameSame, "name_moved", Now, RoleEndpoint, "the name still has the address that the gateway uses"},
	{NameUnknown, "name_moved", Now, RoleEndpoint, "which address the upstream's name has now could not be found out"},
	{NameMovedAnswers, "name_moved_answers", Now, RoleName, "the address that the name has now accepts connections"},
	{ResolverSilent, "resolver", Now, RoleResolver, "the resolver does not answer"},
	{ResolverFailed, "resolver", Now, RoleResolver, "the resolver answers with an error"},
	{ResolverOK, "resolver", Now, RoleResolver, "the resolver answers"},
	// What runs on the host.
	{NoListener, "refused", Now, RoleEndpoint, "nothing listens at the upstream's address"},
	{StoppedGateway, "refused", Now, RoleEndpoint, "a gateway that is configured to listen at the upstream's address does not run"},
	{ListenerPresent, "refused", Now, RoleEndpoint, "something listens at the upstream's address"},
	{ListenerGated, "gated", Now, RoleEndpoint, "something listens at the upstream's address with room in its queue, and a connection to it fails"},
	{ListenerOtherAddress, "elsewhere", Now, RoleEndpoint, "something listens on the upstream's port at another address only"},
	{ListenerRelated, "elsewhere", Now, RoleEndpoint, "an application that belongs to this site, by its folder, arguments or name, listens somewhere else"},
	{ListenerNear, "elsewhere", Now, RoleEndpoint, "an application that no gateway refers to listens at a port close to the one that the gateway dials"},
	{ListenerSameKind, "elsewhere", Now, RoleEndpoint, "a server of the protocol that the gateway speaks, to which no gateway refers, listens somewhere else"},
	{ListenerElsewhere, "elsewhere", Now, RoleEndpoint, "an application that no gateway refers to listens somewhere else"},
	{ListenerNowhereElse, "elsewhere", Now, RoleEndpoint, "no other application listens that no gateway refers to"},
	{ListenerIsGateway, "further", Now, RoleEndpoint, "what listens at the upstream's address is a gateway itself, and what it does is not known"},
	{ProbeGatewayPage, "further", Now, RoleEndpoint, "the error page at the upstream's address is one that a gateway writes"},
	{ListenerBeside, "beside", Now, RoleEndpoint, "an application that listens elsewhere ran there already while this address still answered"},
	{ListenerStopped, "process_state", Now, RoleEndpoint, "the process that listens is stopped"},
	{ListenerBusy, "process_state", Now, RoleEndpoint, "the process that listens uses a whole processor"},
	{ListenerQueueFull, "queue", Now, RoleEndpoint, "the accept queue of the listener is full"},
	{ListenerUnread, "unread", Now, RoleEndpoint, "requests lie unread in the sockets of the process that listens"},
	{ListenerAllRead, "unread", Now, RoleEndpoint, "the process that listens has read all requests that were sent to it"},
	{ListenerServing, "serving", Now, RoleEndpoint, "our request lies unread while the server holds requests of others that it has read"},
	{ListenerNewer, "restart", Past, RoleEndpoint, "the process that listens started after the failure, or during it"},
	{ListenerOlder, "restart", Past, RoleEndpoint, "the process that listens is older than the failure"},
	{ListenerReplaced, "replaced", Now, RoleEndpoint, "between two looks, moments apart, another process listens"},
	{WorkerReplaced, "replaced", Now, RoleEndpoint, "between two looks, moments apart, one of the processes that listen was replaced and others stayed"},
	{ListenerKept, "replaced", Now, RoleEndpoint, "the same processes listen before and after our request"},
	{ProcessVanished, "died", Now, RoleEndpoint, "a process of the upstream that was there before our request is gone after it"},
	{SocketModeDenies, "denied", Now, RoleEndpoint, "mode and owner of the unix socket, or of a folder above it, keep the gateway's user out"},
	{SocketModeAllows, "denied", Now, RoleEndpoint, "mode and owner of the unix socket and the folders above it let the gateway's user in"},
	{EndUnseen, "end_unseen", Now, RoleEndpoint, "nothing listens, and this gateway repeats requests without a word: whether the application died in one of them would not show"},
	{SocketStale, "refused", Now, RoleEndpoint, "the unix socket is a file to which nobody listens any more"},
	{FirewallRule, "firewall", Now, RoleEndpoint, "a firewall rule covers the way to the upstream"},
	{RouteAbsent, "route", Now, RoleEndpoint, "the host has no route to the upstream's address"},
	{RoutePresent, "route", Now, RoleEndpoint, "the host has a route to the upstream's address"},
	{NeighbourSilent, "route", Now, RoleEndpoint, "the upstream's host does not answer on its own network"},
	{GatewayNotRunning, "gateway_away", Now, RoleGateway, "the gateway does not run"},
	{GatewayDraining, "draining", Now, RoleGateway, "old workers of the gateway still finish their connections"},
	// What the running gateway says about itself.
	{CheckUnconnected, "check", Now, RoleEndpoint, "the gateway's health check cannot connect to the server"},
	{CheckRejects, "check", Now, RoleEndpoint, "the gateway's health check connects to the server and does not accept what it gets"},
	{CheckPasses, "check", Now, RoleEndpoint, "the gateway's health check of the server passes"},
	{ServerInMaintenance, "maintenance", Now, RoleEndpoint, "a person took the server out of rotation while the gateway runs"},
	{PoolInMaintenance, "maintenance", Now, RolePool, "a person took every server of the pool out of rotation while the gateway runs"},
	{PoolNoServer, "no_live", Now, RolePool, "the gateway holds no server of the pool to be in rotation"},
	{PoolQueued, "connections", Now, RolePool, "requests wait because the servers of the pool have all the connections that they may have"},
	{LimitReached, "connections", Now, RoleGateway, "the gateway has all the connections that it may have"},
	{AnswerCaptured, "framing", Now, RoleEndpoint, "the gateway kept an answer of the server that it could not read"},
	// Configuration.
	{KeepaliveUsed, "keepalive", Standing, RoleRoute, "the gateway keeps idle connections to the upstream"},
	{KeepaliveNamed, "keepalive_named", Standing, RoleRoute, "who asks holds the pool of idle connections worth showing"},
	{KeepaliveUnused, "keepalive", Standing, RoleRoute, "the gateway opens a new connection for each request"},
	{ResolverAbsent, "no_resolver", Standing, RoleRoute, "the address is computed at run time and no resolver is in force"},
	{ResolvedAtStart, "resolved_when", Standing, RoleRoute, "the gateway resolves the upstream's name once, when it loads its configuration"},
	{ResolvedAtRunTime, "resolved_when", Standing, RoleRoute, "the gateway resolves the upstream's name again and again"},
	{PoolOutByChecks, "out_by", Standing, RolePool, "no server of the pool is in rotation, and only health checks and people take servers out"},
	{PoolOutByHand, "out_by", Standing, RolePool, "no server of the pool is in rotation, and only people take servers out"},
	{RouteMissing, "static_answer", Standing, RoleRoute, "nothing in the configuration fits the request, which the gateway answers with a 5xx by itself"},
	{StaticAnswer, "static_answer", Standing, RoleRoute, "the configuration answers this request with a 5xx by itself"},
	{ServersDown, "maintenance", Standing, RolePool, "a person took every server of the pool out of rotation"},
	{ModuleAbsent, "no_module", Standing, RoleRoute, "the configuration loads no module that speaks the protocol of the upstream"},
	{TargetIsSelf, "loop", Standing, RoleRoute, "the configuration forwards the request to one of the gateway's own listeners, which forwards it again"},
	{LimitConfigured, "limit_configured", Standing, RoleRoute, "a limit on requests or connections is in force here"},
	{TLSVerifyOn, "tls_verify", Standing, RoleRoute, "the gateway verifies the upstream's certificate"},
	{TLSVerifyOff, "tls_verify", Standing, RoleRoute, "the gateway does not verify the upstream's certificate"},
	{NoSNI, "sni_configured", Standing, RoleRoute, "the gateway sends no server name in the TLS handshake"},
	{ConfigBroken, "config_broken", Standing, RoleGateway, "the configuration on disk does not load"},
	{ConfigLoads, "config_broken", Standing, RoleGateway, "the configuration on disk has no error that goodgate can see"},
	{ConfigNewer, "config_applied", Standing, RoleGateway, "the configuration on disk is newer than the workers that run"},
	{ConfigApplied, "config_applied", Standing, RoleGateway, "the workers that run are newer than the configuration on disk"},
	{ConfigDiffers, "config_differs", Standing, RoleGateway, "what the gateway does is not what the configuration on disk says"},
	{ConfigTargetAnswers, "config_target", Now, RoleGateway, "the upstream that the configuration on disk names accepts connections, and the one that the gateway uses does not"},
	{TargetDenied, "target_denied", Standing, RoleRoute, "the configuration keeps the request from every upstream"},
	{TargetLoopback6, "loopback6", Standing, RoleEndpoint, "the upstream's address is the IPv6 loopback, where many applications do not listen"},
	{TargetContainer, "container", Standing, RoleEndpoint, "the address is of the networks that container engines hand out by themselves"},
	{TargetOwnContainer, "target_own", Standing, RoleEndpoint, "the gateway runs in a container and dials a loopback address, which is the container itself"},
	{TargetWorkers, "workers_behind", Standing, RoleEndpoint, "the upstream is spoken to as an application server that manages workers: FastCGI or uwsgi"},
	// History.
	{EndpointServed, "history", Past, RoleEndpoint, "the upstream served requests earlier in the window"},
	{EndpointNeverServed, "history", Past, RoleEndpoint, "the log covers the window and shows no request that the upstream served"},
	{EndpointServesOthers, "serves_others", Past, RoleEndpoint, "the upstream answered other requests in the time of the failure"},
	{EndpointServesNone, "serves_others", Past, RoleEndpoint, "the upstream answered nothing in the time of the failure"},
	{RouteAlwaysSlow, "pace", Past, RoleRoute, "the request took about as long before the failure began"},
	{RouteGotSlower, "pace", Past, RoleRoute, "the request took much less time before the failure began"},
	{MembersDiffer, "members", Past, RolePool, "some servers of the pool fail and others do not"},
	{MembersAllFail, "members", Past, RolePool, "every server of the pool fails"},
	{DiedInRequest, "died", Past, RoleEndpoint, "the connection broke in the middle of a request and the next ones were refused"},
	{BriefOutage, "outage", Past, RoleEndpoint, "the failures lie close together, with served requests before and after"},
	{OnlyUnsafeFail, "unsafe", Past, RoleEndpoint, "only requests that the gateway does not repeat fail"},
	{FailsAtOnce, "at_once", Past, RoleEndpoint, "the connection broke as soon as the request was sent"},
	{CutAfterWait, "at_once", Now, RoleEndpoint, "the connection broke only after the request had been worked on for a while"},
	{FailsAlways, "always", Past, RoleRoute, "every request to the route fails"},
}
