package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Source files of nginx that write the messages.
const (
	upstreamC  = "nginx src/http/ngx_http_upstream.c"
	connectC   = "nginx src/event/ngx_event_connect.c"
	opensslC   = "nginx src/event/ngx_event_openssl.c"
	robinC     = "nginx src/http/ngx_http_upstream_round_robin.c"
	resolverC  = "nginx src/core/ngx_resolver.c"
	connC      = "nginx src/core/ngx_connection.c"
	confC      = "nginx src/core/ngx_conf_file.c"
	proxyC     = "nginx src/http/modules/ngx_http_proxy_module.c"
	fastcgiC   = "nginx src/http/modules/ngx_http_fastcgi_module.c"
	grpcC      = "nginx src/http/modules/ngx_http_grpc_module.c"
	filesC     = "nginx src/os/unix/ngx_files.c"
	processC   = "nginx src/os/unix/ngx_process.c"
	cycleC     = "nginx src/os/unix/ngx_process_cycle.c"
	recvC      = "nginx src/os/unix/ngx_recv.c"
	sendC      = "nginx src/os/unix/ngx_send.c, ngx_writev_chain.c, ngx_linux_sendfile_chain.c"
	streamC    = "nginx src/stream/ngx_stream_proxy_module.c"
	errorAlloc = "nginx src/os/unix/ngx_alloc.c"
)

func causes(list ...vocab.Cause) []vocab.Cause { return list }

// errorConds says what each key of the error log means. A gateway's own words
// for one thing at several places of its source are one condition; two places
// that need another next step are two.
var errorConds = join(int(errorKeys), connectConds, localConds, balanceConds, nameConds, configConds, tlsConds, certConds,
	sendConds, headerConds, fcgiConds, h2Conds, bodyConds, ruleConds, processConds, streamConds)

// join puts the tables of a log together into one, which Log.Conds indexes.
func join(n int, tables ...map[dialect.Key]dialect.Condition) []dialect.Condition {
	conds := make([]dialect.Condition, n)
	for _, table := range tables {
		for key, cond := range table {
			conds[key] = cond
		}
	}
	return conds
}

var connectConds = map[dialect.Key]dialect.Condition{
	keyRefused: {
		ID: "connect-refused", Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Fails: true,
		Causes:      causes(vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WrongAddress, vocab.Filtered),
		Distinguish: "Look at what listens on the upstream's host (ss -ltnp). Nothing at that port: the unit's or container's state and restarts tell down from crashed from restarting. The application at another address or port: wrong address. A listener that a local connect reaches: a firewall that rejects with a reset.",
		Source:      upstreamC,
	},
	keyRefusedLoopback6: {
		ID: "connect-refused-loopback6", Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Fails: true,
		Causes:      causes(vocab.WrongAddress, vocab.UpstreamDown),
		Distinguish: "The name localhost leads to ::1 as well as to 127.0.0.1. If the application listens on 127.0.0.1 only (ss -ltn), every second request fails; write 127.0.0.1 into the configuration. If it listens on neither, it is down.",
		Source:      upstreamC,
	},
	keyRefusedUnix: {
		ID: "connect-refused-unix", Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Fails: true,
		Causes:      causes(vocab.UpstreamCrashed, vocab.UpstreamDown, vocab.UpstreamRestarting),
		Distinguish: "The socket is still a file and nobody listens on it any more (ss -lx does not list it): its process ended without removing it. The unit's log says how it ended.",
		Source:      connectC,
	},
	keySocketMissing: {
		ID: "socket-missing", Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewaySocketMissing, Fails: true,
		Causes:      causes(vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamRestarting, vocab.UpstreamCrashed),
		Distinguish: "Look into the socket's folder. Another socket there (another version in its name) means a wrong address. No socket and an inactive unit mean that it is down. A socket below /tmp may be hidden by PrivateTmp= of either unit.",
		Source:      connectC,
	},
	keyReadDenied: {
		ID: "read-denied", Symptom: vocab.ProxyInternalError, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayDenied, Fails: true,
		Causes:      causes(vocab.SocketPermission, vocab.Filtered),
		Distinguish: "A connection that stands is read without asking for file modes: a security policy denies it (ausearch -m avc, dmesg), or a filter of system calls.",
		Source:      recvC,
	},
	keyDeniedUnix: {
		ID: "socket-denied", Symptom: vocab.ProxyInternalError, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayDenied, Fails: true,
		Causes:      causes(vocab.SocketPermission),
		Distinguish: "Run namei -l on the socket's path: the gateway's user needs x on every folder and w on the socket. If the modes allow it, SELinux or AppArmor denies it (ausearch -m avc, dmesg).",
		Source:      connectC,
	},
	keyDeniedTCP: {
		ID: "connect-denied", Symptom: vocab.ProxyInternalError, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayDenied, Fails: true,
		Causes:      causes(vocab.SocketPermission, vocab.Filtered),
		Distinguish: "A TCP connect is denied by policy, not by file modes: SELinux without httpd_can_network_connect (ausearch -m avc shows name_connect), or a cgroup or eBPF rule. The same connect as root from the same host works.",
		Source:      connectC,
	},
	keyNotPermitted: {
		ID: "connect-not-permitted", Symptom: vocab.ProxyInternalError, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayDenied, Fails: true,
		Causes:      causes(vocab.Filtered, vocab.SocketPermission),
		Distinguish: "EPERM from connect comes from the host's own packet filter on the way out, or from a cgroup rule: nft list ruleset, iptables -S OUTPUT.",
		Source:      connectC,
	},
	keyQueueFull: {
		ID: "accept-queue-full", Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayQueueFull, Fails: true,
		Causes:      causes(vocab.BacklogFull, vocab.WorkersExhausted, vocab.UpstreamHung, vocab.UpstreamSlow),
		Distinguish: "Linux says EAGAIN when the accept queue of a unix socket is full (ss -lx: Recv-Q equals Send-Q). Workers that use the processor or wait for a database are exhausted; workers that do nothing are hung.",
		Source:      connectC,
	},
	keyResetConnect: {
		ID: "connect-reset", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayResetConnect, Fails: true,
		Causes:      causes(vocab.BacklogFull, vocab.Filtered, vocab.UpstreamRestarting),
		Distinguish: "Something answered the handshake with a reset: a balancer without a backend, an intrusion filter, or an overflowing queue with tcp_abort_on_overflow. Compare with a direct connect from the gateway's host.",
		Source:      upstreamC,
	},
	keyResetUnix: {
		ID: "connect-reset-unix", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayResetConnect, Fails: true,
		Causes:      causes(vocab.UpstreamRestarting, vocab.UpstreamCrashed),
		Distinguish: "The listener was closed while the connection waited in its queue: compare with the start time of the process that listens now.",
		Source:      connectC,
	},
	keyNoRoute: {
		ID: "no-route", Symptom: vocab.DestinationIPUnroutable, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayHostUnreachable, Fails: true,
		Causes:      causes(vocab.Unreachable, vocab.Filtered, vocab.StaleDNS, vocab.UpstreamDown),
		Distinguish: "ip neigh shows FAILED for a dead host on the same network. A host that answers ping and not this connect rejects with an ICMP message (firewalld does by default). An address that belonged to a container or instance which is gone means stale DNS.",
		Source:      connectC,
	},
	keyUnreachable: {
		ID: "network-unreachable", Symptom: vocab.DestinationIPUnroutable, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayUnroutable, Fails: true,
		Causes:      causes(vocab.Unreachable, vocab.WrongAddress),
		Distinguish: "ip route get ADDRESS in the gateway's network namespace: no route, or an interface that is down.",
		Source:      connectC,
	},
	keyUnreachable6: {
		ID: "network-unreachable6", Symptom: vocab.DestinationIPUnroutable, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayUnroutable, Fails: true,
		Causes:      causes(vocab.Unreachable, vocab.WrongAddress),
		Distinguish: "The upstream's name has an IPv6 address and this host has no IPv6 route, or no IPv6 address of its own: ip -6 route get ADDRESS. Mend the route, or set ipv6=off on the resolver.",
		Source:      connectC,
	},
	keyKernelTimeout: {
		ID: "connect-timeout-kernel", Symptom: vocab.ConnectionTimeout, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Fails: true,
		Causes:      causes(vocab.Filtered, vocab.Unreachable, vocab.BacklogFull),
		Distinguish: "Here the kernel gave up (tcp_syn_retries) before proxy_connect_timeout did, so the status is 502 and not 504. Nothing answers the SYN: a firewall that drops, a route into nowhere, or an accept queue that overflows.",
		Source:      upstreamC,
	},
	keyConnectTimeout: {
		ID: "connect-timeout", Symptom: vocab.ConnectionTimeout, Status: 504, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Fails: true,
		Causes:      causes(vocab.Filtered, vocab.Unreachable, vocab.BacklogFull, vocab.UpstreamDown, vocab.WrongAddress, vocab.ConntrackFull),
		Distinguish: "Nothing answered the SYN within proxy_connect_timeout. Always: a firewall that drops, a dead host, a wrong address. Only under load: the accept queue of the upstream overflows (nstat TcpExtListenDrops there).",
		Source:      upstreamC,
	},
	keyNoLocalPort: {
		ID: "no-local-port", Symptom: vocab.ProxyInternalError, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayNoLocalPort, Fails: true,
		Causes:      causes(vocab.PortsExhausted, vocab.InvalidConfig),
		Distinguish: "Count the sockets towards this one address (ss -tan state time-wait). About as many as ip_local_port_range allows: ports are exhausted, keep connections alive. Few: proxy_bind names an address that this host does not have.",
		Source:      connectC,
	},
	keyConnectFailed: {
		ID: "connect-failed", Symptom: vocab.ProxyInternalError, Status: 502, Phase: dialect.PhaseConnect, Fails: true,
		Causes:      causes(vocab.WrongAddress),
		Distinguish: "The system call failed for a reason that upstreams rarely give; its words in the line say which. A unix socket of another type, or a path that is no socket, shows here.",
		Source:      connectC,
	},
}

var localConds = map[dialect.Key]dialect.Condition{
	keyBindSource: {
		ID: "bind-source", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLocalPort, Fails: true,
		Causes:      causes(vocab.InvalidConfig, vocab.PortsExhausted),
		Distinguish: "proxy_bind names an address that this host does not have (ip addr).",
		Source:      connectC,
	},
	keyBindSourceInUse: {
		ID: "bind-source-in-use", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLocalPort, Fails: true,
		Causes:      causes(vocab.PortsExhausted),
		Distinguish: "With proxy_bind the local port is taken when the socket is bound, and none is left: keep connections alive, or add source addresses.",
		Source:      connectC,
	},
	keyNoFiles: {
		ID: "no-files", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoFiles, Fails: true,
		Causes:      causes(vocab.FDExhausted),
		Distinguish: "The limit of the gateway's own process: compare /proc/PID/limits of a worker with the number of its descriptors; worker_rlimit_nofile or LimitNOFILE= raise it.",
		Source:      connectC,
	},
	keyNoFamily: {
		ID: "no-address-family", Symptom: vocab.DestinationIPUnroutable, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayUnroutable, Fails: true,
		Causes:      causes(vocab.Unreachable, vocab.WrongAddress),
		Distinguish: "The upstream's name led to an IPv6 address and this kernel has IPv6 switched off: use ipv6=off on the resolver, or an IPv4 address.",
		Source:      connectC,
	},
	keySocketFailed: {
		ID: "socket-failed", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fails: true,
		Causes:      causes(vocab.MemoryPressure),
		Distinguish: "The kernel refused a socket for a reason other than the limit of files; its words in the line say which.",
		Source:      connectC,
	},
	keyNoConnections: {
		ID: "no-connections", Symptom: vocab.ConnectionLimitReached, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections, Fails: true,
		Causes:      causes(vocab.ConnectionsExhausted),
		Distinguish: "A proxied request needs two connections of a worker. Compare worker_connections with the sockets of one worker (ss -tanp), and ask why requests stay so long.",
		Source:      connC,
	},
	keyNoConnectionsAccept: {
		ID: "no-connections-accept", Symptom: vocab.ConnectionLimitReached, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections, Fails: true,
		Causes:      causes(vocab.ConnectionsExhausted),
		Distinguish: "The client's connection was closed as soon as it was accepted: clients see a reset, a balancer in front makes a 502 of it. Compare worker_connections with the sockets of one worker.",
		Source:      connC,
	},
	keyReusingConnections: {
		ID: "reusing-connections", Symptom: vocab.ConnectionLimitReached, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections,
		Causes:      causes(vocab.ConnectionsExhausted),
		Distinguish: "Idle client connections are closed to make room: the last warning before requests fail.",
		Source:      connC,
	},
	keyAcceptNoFiles: {
		ID: "accept-no-files", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoFiles, Fails: true,
		Causes:      causes(vocab.FDExhausted),
		Distinguish: "The gateway cannot accept clients: they wait in the listen queue, and what stands in front of it times out. Compare the worker's limit with the number of its descriptors.",
		Source:      "nginx src/event/ngx_event_accept.c",
	},
	keyOpenNoFiles: {
		ID: "open-no-files", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoFiles, Fails: true,
		Causes:      causes(vocab.FDExhausted),
		Distinguish: "The limit of the gateway's own process: compare /proc/PID/limits of a worker with the number of its descriptors.",
		Source:      "nginx src/core/ngx_open_file_cache.c",
	},
	keyNoMemory: {
		ID: "no-memory", Symptom: vocab.ProxyInternalError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoMemory, Fails: true,
		Causes:      causes(vocab.MemoryPressure),
		Distinguish: "Look at the memory of the host and at the gateway's cgroup limit (memory.max, memory.events).",
		Source:      errorAlloc,
	},
	keyForkFailed: {
		ID: "fork-failed", Symptom: vocab.ProxyInternalError, Phase: dialect.PhaseLocal,
		Causes:      causes(vocab.MemoryPressure, vocab.PIDsExhausted),
		Distinguish: "The master could not start a worker. ENOMEM is memory, EAGAIN a limit on processes (pids.max, TasksMax=, RLIMIT_NPROC).",
		Source:      processC,
	},
}

var balanceConds = map[dialect.Key]dialect.Condition{
	keyNoLive: {
		ID: "no-live-upstreams", Symptom: vocab.DestinationUnavailable, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Fails: true,
		Causes:      causes(vocab.NoHealthyUpstream, vocab.ConnectionsExhausted),
		Distinguish: "A consequence: every server of the pool failed before (max_fails within fail_timeout), is marked down, or is at max_conns. The lines just before name the failure of each.",
		Source:      robinC,
	},
	keyDisabled: {
		ID: "server-disabled", Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.GatewayServerDisabled,
		Causes:      causes(vocab.PartialOutage, vocab.NoHealthyUpstream),
		Distinguish: "One server failed max_fails times and gets no requests for fail_timeout. The line before it says how it failed.",
		Source:      robinC,
	},
}

var nameConds = map[dialect.Key]dialect.Condition{
	keyNoResolver: {
		ID: "no-resolver", Symptom: vocab.ProxyConfigurationError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNoResolver, Fails: true,
		Causes:      causes(vocab.NoResolver),
		Distinguish: "A variable in proxy_pass makes nginx resolve the name for each request, and no resolver directive is in force there.",
		Source:      upstreamC,
	},
	keyResolverServfail: {
		ID: "resolver-failure", Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverFailed, Fails: true,
		Causes:      causes(vocab.ResolverUnreachable),
		Distinguish: "The name server answered SERVFAIL: ask it yourself (dig @SERVER NAME); its own forwarders may be the ones that are down.",
		Source:      resolverC,
	},
	keyNameMissing: {
		ID: "name-not-found", Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Fails: true,
		Causes:      causes(vocab.NoSuchName, vocab.StaleDNS),
		Distinguish: "Ask the same name server (dig @SERVER NAME). nginx's resolver reads neither /etc/hosts nor search domains, so a short name that the system resolves does not exist for it.",
		Source:      resolverC,
	},
	keyResolverRefused: {
		ID: "resolver-refused", Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverFailed, Fails: true,
		Causes:      causes(vocab.ResolverUnreachable),
		Distinguish: "The name server does not serve this client, or not this zone (REFUSED).",
		Source:      resolverC,
	},
	keyResolverFormat: {
		ID: "resolver-format-error", Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverFailed, Fails: true,
		Causes:      causes(vocab.ResolverUnreachable),
		Distinguish: "The name server did not understand the question (FORMERR): is there a name server at that address at all?",
		Source:      resolverC,
	},
	keyResolverTimeout: {
		ID: "resolver-timeout", Symptom: vocab.DNSTimeout, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverSilent, Fails: true,
		Causes:      causes(vocab.ResolverUnreachable),
		Distinguish: "No answer within resolver_timeout: port 53 is filtered, or the address after resolver is out of date.",
		Source:      resolverC,
	},
	keyResolverOther: {
		ID: "resolver-error", Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverFailed, Fails: true,
		Causes:      causes(vocab.ResolverUnreachable, vocab.NoSuchName),
		Distinguish: "Ask the name server yourself (dig @SERVER NAME) and compare its status.",
		Source:      resolverC,
	},
	keyResolverSend: {
		ID: "resolver-unreachable", Symptom: vocab.DNSError, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverSilent,
		Causes:      causes(vocab.ResolverUnreachable),
		Distinguish: "The packet to the name server itself failed. The request's own line follows with \"could not be resolved (110: Operation timed out)\".",
		Source:      resolverC,
	},
	keyReresolve: {
		ID: "reresolve-failed", Symptom: vocab.DNSError, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverFailed,
		Causes:      causes(vocab.ResolverUnreachable, vocab.NoSuchName),
		Distinguish: "The background look-up of a server marked resolve failed: the old addresses stay in use until one succeeds.",
		Source:      "nginx src/http/modules/ngx_http_upstream_zone_module.c",
	},
	keyReresolveMissing: {
		ID: "reresolve-name-not-found", Symptom: vocab.DNSError, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound,
		Causes:      causes(vocab.NoSuchName, vocab.ResolverUnreachable),
		Distinguish: "The background look-up of a server marked resolve found no such name: the old addresses stay in use until one succeeds.",
		Source:      "nginx src/http/modules/ngx_http_upstream_zone_module.c",
	},
	keyStartNameMissing: {
		ID: "start-name-not-found", Symptom: vocab.DNSError, Phase: dialect.PhaseDNS, Fact: vocab.GatewayStartNameMissing,
		Causes:      causes(vocab.NoSuchName, vocab.ResolverUnreachable, vocab.InvalidConfig),
		Distinguish: "nginx does not start, or refuses the reload and keeps the old configuration: the name must resolve at that moment, the system's way (getent hosts NAME). Often the other container starts later.",
		Source:      "nginx src/core/ngx_inet.c",
	},
}

var configConds = map[dialect.Key]dialect.Condition{
	keyConfigRejected: {
		ID: "config-rejected", Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayConfigRejected,
		Causes:      causes(vocab.InvalidConfig),
		Distinguish: "The file on disk does not load; nginx -t says the same. After a refused reload the old configuration keeps running.",
		Source:      confC,
	},
	keyCannotBind: {
		ID: "cannot-bind", Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayCannotBind,
		Causes:      causes(vocab.InvalidConfig),
		Distinguish: "Another process holds the port (ss -ltnp), the address is not on this host, or a port below 1024 is not permitted. nginx does not start.",
		Source:      connC,
	},
	keyStartFailed: {
		ID: "start-failed", Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayConfigRejected,
		Causes:      causes(vocab.InvalidConfig, vocab.FilePermission),
		Distinguish: "nginx gave up while it started or reloaded; the words say over what: a file, a folder, a user, a module.",
		Source:      "nginx src/core/ngx_cycle.c",
	},
	keyBadTarget: {
		ID: "bad-target", Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayBadTarget, Fails: true,
		Causes:      causes(vocab.InvalidConfig),
		Distinguish: "The variable in proxy_pass was empty or had no http:// or https:// in front for this request.",
		Source:      proxyC,
	},
	keyNoPort: {
		ID: "bad-target-no-port", Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayBadTarget, Fails: true,
		Causes:      causes(vocab.InvalidConfig),
		Distinguish: "The variable in fastcgi_pass, uwsgi_pass or grpc_pass led to a name without a port that is no upstream block either.",
		Source:      upstreamC,
	},
	keyBadPort: {
		ID: "bad-target-address", Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayBadTarget, Fails: true,
		Causes:      causes(vocab.InvalidConfig),
		Distinguish: "The variable in the pass directive led to something that is no address: see the quoted text.",
		Source:      upstreamC,
	},
}
