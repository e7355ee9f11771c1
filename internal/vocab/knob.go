package vocab

// Knob names a setting of a gateway in a word that is the same for every
// product. A dialect spells it: ReadTimeout is proxy_read_timeout in nginx.
type Knob string

// The knobs. Values of times are seconds, of sizes bytes, of switches 0 or 1.
const (
	ConnectTimeout      Knob = "connect_timeout"
	SendTimeout         Knob = "send_timeout"
	ReadTimeout         Knob = "read_timeout"
	NextUpstream        Knob = "next_upstream"         // words: on which failures another server is tried
	NextUpstreamTries   Knob = "next_upstream_tries"   // 0: no limit
	NextUpstreamTimeout Knob = "next_upstream_timeout" // 0: no limit
	HeaderBuffer        Knob = "header_buffer"         // the whole response header must fit
	Buffers             Knob = "buffers"
	Buffering           Knob = "buffering"
	RequestBuffering    Knob = "request_buffering"
	HTTPVersion         Knob = "http_version"
	InterceptErrors     Knob = "intercept_errors"
	IgnoreClientAbort   Knob = "ignore_client_abort"
	BindAddress         Knob = "bind_address"
	KeepaliveCount      Knob = "keepalive_count"   // idle connections kept per worker; 0: none
	KeepaliveTimeout    Knob = "keepalive_timeout" // how long an idle upstream connection is reused
	KeepaliveRequests   Knob = "keepalive_requests"
	TLSVerify           Knob = "tls_verify"
	TLSVerifyDepth      Knob = "tls_verify_depth"
	TLSTrusted          Knob = "tls_trusted" // file of authorities
	TLSName             Knob = "tls_name"    // name to verify and to send
	TLSServerName       Knob = "tls_server_name"
	TLSCheckName        Knob = "tls_check_name" // the name of a certificate is checked, also where its authority is not
	TLSCheckTime        Knob = "tls_check_time" // its time, likewise
	TLSProtocols        Knob = "tls_protocols"
	TLSCiphers          Knob = "tls_ciphers"
	TLSCertificate      Knob = "tls_certificate" // client certificate
	TLSCertificateKey   Knob = "tls_certificate_key"
	ResolverServers     Knob = "resolver"
	ResolverTimeout     Knob = "resolver_timeout"
	ResolverValid       Knob = "resolver_valid"
	RequestBodyLimit    Knob = "request_body_limit" // 0: no limit
	RequestHeaderBuffer Knob = "request_header_buffer"
	WorkerProcesses     Knob = "worker_processes"
	WorkerConnections   Knob = "worker_connections"
	WorkerFiles         Knob = "worker_files"
	WorkerUser          Knob = "worker_user"
	LimitRequests       Knob = "limit_requests"
	LimitConnections    Knob = "limit_connections"
	Target              Knob = "target"             // the address that is dialled
	Speaks              Knob = "protocol"           // what is spoken to the upstream
	ProxyHeaderSend     Knob = "proxy_header_send"  // PROXY protocol towards the upstream
	WorkerTimeout       Knob = "worker_timeout"     // an application server kills a worker after so long; 0: never
	ListenBacklog       Knob = "listen_backlog"     // length of the accept queue that is asked for; negative: the most that the system allows
	QueueTimeout        Knob = "queue_timeout"      // how long a request waits for a free connection to a server
	ClientTimeout       Knob = "client_timeout"     // how long a client may be silent
	ClientKeepalive     Knob = "client_keepalive"   // how long a client's idle connection is kept; 0: it is closed at once
	RequestTimeout      Knob = "request_timeout"    // how long a request's header may take
	Retries             Knob = "retries"            // further connects to the same server after one that failed
	ServerConnections   Knob = "server_connections" // connections to one server at a time; 0: no limit
	HealthCheck         Knob = "health_check"       // words: what a health check asks
	CircuitBreaker      Knob = "circuit_breaker"    // words: when requests are refused without asking the upstream
	StatusPath          Knob = "status_path"        // where a server tells about its own state
)

// Knobs is every knob.
var Knobs = []Knob{
	ConnectTimeout, SendTimeout, ReadTimeout, NextUpstream, NextUpstreamTries, NextUpstreamTimeout, HeaderBuffer, Buffers,
	Buffering, RequestBuffering, HTTPVersion, InterceptErrors, IgnoreClientAbort, BindAddress, KeepaliveCount,
	KeepaliveTimeout, KeepaliveRequests, TLSVerify, TLSVerifyDepth, TLSTrusted, TLSName, TLSServerName, TLSCheckName, TLSCheckTime, TLSProtocols,
	TLSCiphers, TLSCertificate, TLSCertificateKey, ResolverServers, ResolverTimeout, ResolverValid, RequestBodyLimit,
	RequestHeaderBuffer, WorkerProcesses, WorkerConnections, WorkerFiles, WorkerUser, LimitRequests, LimitConnections,
	Target, Speaks, ProxyHeaderSend, QueueTimeout, ClientTimeout, ClientKeepalive, RequestTimeout, Retries, ServerConnections, HealthCheck, CircuitBreaker,
}
