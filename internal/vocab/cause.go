package vocab

import "strings"

// Cause says why a request failed and what a person must change. Ids are
// "family/word", stable, and never reused: people put them in runbooks.
type Cause string

// Family returns the part of the id before the slash.
func (c Cause) Family() string {
	family, _, _ := strings.Cut(string(c), "/")
	return family
}

// The causes.
const (
	UpstreamDown         Cause = "process/upstream-down"
	UpstreamCrashed      Cause = "process/upstream-crashed"
	UpstreamOOMKilled    Cause = "process/upstream-oom-killed"
	UpstreamRestarting   Cause = "process/upstream-restarting"
	UpstreamHung         Cause = "process/upstream-hung"
	UpstreamSlow         Cause = "process/upstream-slow"
	WorkerKilled         Cause = "process/worker-killed"
	WorkersExhausted     Cause = "process/workers-exhausted"
	AppError             Cause = "process/app-error"
	DependencyDown       Cause = "process/dependency-down"
	WrongAddress         Cause = "config/wrong-address"
	WrongNetwork         Cause = "config/wrong-network"
	SocketPermission     Cause = "config/socket-permission"
	FilePermission       Cause = "config/file-permission"
	Maintenance          Cause = "config/maintenance"
	TimeoutTooShort      Cause = "config/timeout-too-short"
	BufferTooSmall       Cause = "config/buffer-too-small"
	ProtocolMismatch     Cause = "config/protocol-mismatch"
	TLSUntrusted         Cause = "config/tls-untrusted"
	TLSHandshake         Cause = "config/tls-handshake"
	KeepaliveRace        Cause = "config/keepalive-race"
	StaleDNS             Cause = "config/stale-dns"
	NoResolver           Cause = "config/no-resolver"
	InvalidConfig        Cause = "config/invalid-config"
	NotApplied           Cause = "config/not-applied"
	HealthCheckWrong     Cause = "config/health-check-wrong"
	RequestTooLarge      Cause = "config/request-too-large"
	NoRoute              Cause = "config/no-route"
	MissingModule        Cause = "config/missing-module"
	RateLimited          Cause = "config/rate-limited"
	ProxyLoop            Cause = "config/proxy-loop"
	AuthSubrequest       Cause = "config/auth-subrequest"
	NoSuchName           Cause = "dns/no-such-name"
	ResolverUnreachable  Cause = "dns/resolver-unreachable"
	Unreachable          Cause = "network/unreachable"
	Filtered             Cause = "network/filtered"
	IdleDropped          Cause = "network/idle-dropped"
	Lossy                Cause = "network/lossy"
	FDExhausted          Cause = "resource/fd-exhausted"
	ConnectionsExhausted Cause = "resource/connections-exhausted"
	PortsExhausted       Cause = "resource/ports-exhausted"
	ConntrackFull        Cause = "resource/conntrack-full"
	BacklogFull          Cause = "resource/backlog-full"
	MemoryPressure       Cause = "resource/memory-pressure"
	CPUSaturated         Cause = "resource/cpu-saturated"
	DiskFull             Cause = "resource/disk-full"
	IOSaturated          Cause = "resource/io-saturated"
	PIDsExhausted        Cause = "resource/pids-exhausted"
	NoHealthyUpstream    Cause = "balancer/no-healthy-upstream"
	PartialOutage        Cause = "balancer/partial-outage"
	EjectedByAppErrors   Cause = "balancer/ejected-by-app-errors"
	BackendInPenalty     Cause = "balancer/backend-in-penalty"
	CircuitOpen          Cause = "balancer/circuit-open"
	InvalidResponse      Cause = "protocol/invalid-response"
	TruncatedResponse    Cause = "protocol/truncated-response"
	EmptyResponse        Cause = "protocol/empty-response"
	EarlyClose           Cause = "protocol/early-close"
	TrafficSurge         Cause = "client/traffic-surge"
	Aborted              Cause = "client/aborted"
	MalformedRequest     Cause = "client/malformed-request"
	CDNOrigin            Cause = "edge/cdn-origin"
	Crashed              Cause = "proxy/crashed"
	Bug                  Cause = "proxy/bug"
)

// Causes is every cause with what it means, in the order of the vocabulary.
var Causes = []struct {
	ID      Cause
	Meaning string
}{
	{UpstreamDown, "nothing listens at the upstream address: stopped or never started"},
	{UpstreamCrashed, "the process died by itself (signal, panic, exit code), once or in a loop"},
	{UpstreamOOMKilled, "the kernel or a cgroup limit killed it"},
	{UpstreamRestarting, "requests met a start, restart or deploy window: no readiness gate, no graceful shutdown"},
	{UpstreamHung, "accepts connections and never answers: deadlock, blocked event loop, stopped process"},
	{UpstreamSlow, "answers, later than the gateway waits; its work got slow"},
	{WorkerKilled, "the application server killed its own worker (gunicorn timeout, php-fpm request_terminate_timeout, uwsgi harakiri)"},
	{WorkersExhausted, "no free worker: php-fpm max_children, thread or connection pool"},
	{AppError, "the application answered 5xx itself; the gateway is innocent"},
	{DependencyDown, "the application is fine and waits for, or fails on, something behind it (database, third party)"},
	{WrongAddress, "the gateway points where the application is not, while it listens elsewhere; localhost meaning ::1; an application bound to loopback only"},
	{WrongNetwork, "gateway and upstream share no network, or the address was taken from the wrong one (containers)"},
	{SocketPermission, "the gateway may not connect: mode or owner of a unix socket or its parent, PrivateTmp, SELinux, AppArmor"},
	{FilePermission, "the gateway may not use its own files: temp path, cache, certificate"},
	{Maintenance, "a person or a deploy answers 503 on purpose"},
	{TimeoutTooShort, "the gateway's limit is shorter than the time this request legitimately takes"},
	{BufferTooSmall, "the response header is larger than the gateway's buffer"},
	{ProtocolMismatch, "http to https, https to http, http to FastCGI/uwsgi/gRPC/h2c, PROXY protocol on one side only"},
	{TLSUntrusted, "the upstream's certificate does not verify: name, expiry, authority"},
	{TLSHandshake, "no common version or cipher, SNI missing, client certificate required"},
	{KeepaliveRace, "the upstream closes idle connections sooner than the gateway stops reusing them"},
	{StaleDNS, "the gateway keeps an address that the name no longer has"},
	{NoResolver, "an upstream name that is resolved at run time and no resolver to do it"},
	{InvalidConfig, "the configuration on disk does not load"},
	{NotApplied, "the running configuration is not the one on disk: reload refused, forgotten or still draining"},
	{HealthCheckWrong, "backends are fine and the health check fails them (path, host, status, TLS, port)"},
	{RequestTooLarge, "request line, header or body over a limit of gateway or upstream"},
	{NoRoute, "no route, virtual host or backend matches the request"},
	{MissingModule, "the gateway lacks the module that speaks the upstream's protocol"},
	{RateLimited, "a configured limit refused the request; the upstream was not asked"},
	{ProxyLoop, "the gateway proxies to itself"},
	{AuthSubrequest, "an authentication sub-request failed and became the answer"},
	{NoSuchName, "the upstream's name has no address"},
	{ResolverUnreachable, "the resolver does not answer, or answers SERVFAIL"},
	{Unreachable, "no route, host down, no address family (AAAA on a host without IPv6)"},
	{Filtered, "a firewall or policy drops or rejects"},
	{IdleDropped, "a firewall or NAT forgot a pooled connection: the first request on it is lost"},
	{Lossy, "loss, delay, MTU black hole"},
	{FDExhausted, "open-file limit of gateway or upstream"},
	{ConnectionsExhausted, "worker_connections, maxconn, connection limit or queue full"},
	{PortsExhausted, "no free local port towards the upstream"},
	{ConntrackFull, "connection tracking table full"},
	{BacklogFull, "the accept queue overflows"},
	{MemoryPressure, "the host or cgroup is short of memory, without a kill"},
	{CPUSaturated, "the host or cgroup is short of CPU"},
	{DiskFull, "no space or no inodes, on the gateway's buffer path or the application's"},
	{IOSaturated, "the host or cgroup is short of disk bandwidth: everything waits"},
	{PIDsExhausted, "no more processes or threads: pids.max, RLIMIT_NPROC"},
	{NoHealthyUpstream, "every backend is out of rotation (say why each one is)"},
	{PartialOutage, "some of the backends fail: errors come and go"},
	{EjectedByAppErrors, "application-level 5xx counted as backend failure until none was left"},
	{BackendInPenalty, "the backend is back and the gateway keeps it out (fail_timeout, retry=60)"},
	{CircuitOpen, "a circuit breaker or concurrency limit refused the request"},
	{InvalidResponse, "malformed status line or header, duplicate or conflicting framing"},
	{TruncatedResponse, "the connection closed before the announced header or body was complete"},
	{EmptyResponse, "the connection closed without one byte of an answer, and the application lives"},
	{EarlyClose, "the upstream answered or closed before it had read the request body"},
	{TrafficSurge, "more requests than ever before; everything behind is as it was"},
	{Aborted, "the client went away; some gateways log it as 502, 503 or 499"},
	{MalformedRequest, "the client's own request is broken; noise from scanners and health probes"},
	{CDNOrigin, "a CDN or cloud balancer made this answer; the next hop is the origin"},
	{Crashed, "the gateway itself died"},
	{Bug, "the gateway's own code fails; a version check settles it"},
}
