package runtime

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

type causes = []vocab.Cause

const (
	connecting = dialect.PhaseConnect
	handshake  = dialect.PhaseTLS
	header     = dialect.PhaseHeader
	body       = dialect.PhaseBody
	sending    = dialect.PhaseSend
	naming     = dialect.PhaseDNS
	local      = dialect.PhaseLocal
)

// curl returns how people paste an exit code of curl, of wget's and PHP's kin.
func curl(code string, more ...string) []string {
	return append([]string{"curl: (" + code + ")", "cURL error " + code + ":", "curl error " + code, "curl exit code " + code}, more...)
}

// clientRows are the words of curl, OpenSSL and the C library.
var clientRows = []phrase.Row{
	{ID: "curl-7", Says: curl("7", "Failed to connect to…Connection refused", "Failed to connect to…Couldn't connect to server"), Symptom: vocab.ConnectionRefused, Phase: connecting, Fact: vocab.GatewayRefused,
		Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamCrashed, vocab.Filtered}, Means: "curl 7: nothing listens at the address, or a firewall rejects.", Check: "ss -ltnp on that host."},
	{ID: "curl-28-connect", Says: []string{"Connection timed out after", "Failed to connect to…Timeout was reached", "Failed to connect to…Connection timed out", "connect to…failed: Connection timed out", "connect to…failed: Operation timed out"}, Symptom: vocab.ConnectionTimeout, Phase: connecting, Fact: vocab.GatewayConnectTimeout,
		Causes: causes{vocab.Filtered, vocab.Unreachable, vocab.WrongNetwork, vocab.BacklogFull}, Means: "Nothing answered the connect: a firewall that drops, or a host that is gone."},
	{ID: "curl-28", Says: curl("28", "Operation timed out after…bytes received"), Symptom: vocab.HTTPResponseTimeout, Phase: header, Fact: vocab.GatewayReadTimeout,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.Filtered, vocab.WorkersExhausted}, Means: "curl 28: its own limit was over.", Check: "\"0 bytes received\" after a connect is a server that does not answer; \"Connection timed out\" is a connect that nobody answers."},
	{ID: "curl-52", Says: curl("52", "Empty reply from server"), Symptom: vocab.ConnectionTerminated, Phase: header, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.EmptyResponse, vocab.ProtocolMismatch, vocab.UpstreamCrashed}, Means: "curl 52: the server took the request and closed without one byte.", Check: "Does it speak TLS at that port, or another protocol? Did it die? Its own log."},
	{ID: "curl-56", Says: curl("56", "Recv failure: Connection reset by peer", "OpenSSL SSL_read: Connection was reset", "OpenSSL SSL_read: error"), Symptom: vocab.ConnectionTerminated, Phase: header, Fact: vocab.GatewayResetEarly,
		Causes: causes{vocab.UpstreamCrashed, vocab.EmptyResponse, vocab.ProtocolMismatch, vocab.WrongAddress}, Means: "curl 56: the connection was reset while it waited for the answer.", Check: "Docker's published port of a container that does not listen on 0.0.0.0 resets so."},
	{ID: "curl-55", Says: curl("55", "Send failure: Broken pipe", "Send failure: Connection reset by peer"), Symptom: vocab.ConnectionTerminated, Phase: sending, Fact: vocab.GatewayClosedSending,
		Causes: causes{vocab.EarlyClose, vocab.RequestTooLarge, vocab.UpstreamCrashed}, Means: "curl 55: the server closed while the request was sent."},
	{ID: "curl-18", Says: curl("18", "transfer closed with…bytes remaining to read", "transfer closed with outstanding read data remaining", "end of response with…bytes missing"), Symptom: vocab.HTTPResponseIncomplete, Phase: body, Fact: vocab.GatewayClosedBody,
		Causes: causes{vocab.TruncatedResponse, vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.DiskFull}, Means: "curl 18: the answer ended before its announced length."},
	{ID: "curl-60", Says: curl("60", "SSL certificate problem: ", "SSL: no alternative certificate subject name matches target host name", "server certificate verification failed"), Symptom: vocab.TLSCertificateError, Phase: handshake, Fact: vocab.GatewayCertificateRejected,
		Causes: causes{vocab.TLSUntrusted}, Means: "curl 60: the certificate does not verify; the text says why."},
	{ID: "wrong-version", Says: []string{"wrong version number", "WRONG_VERSION_NUMBER", "packet length too long", "unknown protocol", "http request - ", "SSL routines…http request", "SSL routines…https proxy request", "plain HTTP request was sent to HTTPS port", "Client sent an HTTP request to an HTTPS server", "This combination of host and port requires TLS", "speaking plain HTTP to an SSL-enabled server port"}, Symptom: vocab.TLSProtocolError, Phase: handshake, Fact: vocab.GatewayTLSPlain,
		Causes: causes{vocab.ProtocolMismatch}, Means: "One side speaks TLS and the other plain text.", Check: "http:// for https://, or a TLS listener on the other side's plain port."},
	{ID: "tls-alert", Says: []string{"alert handshake failure", "sslv3 alert", "tlsv1 alert", "tlsv1 unrecognized name", "tlsv13 alert", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_", "unrecognized name", "alert number 40", "alert number 112", "alert number 70", "alert protocol version", "alert certificate required"}, Symptom: vocab.TLSAlertReceived, Phase: handshake, Fact: vocab.GatewayTLSAlert,
		Causes: causes{vocab.TLSHandshake, vocab.TLSUntrusted}, Means: "The other side refused the handshake; the alert says why: a name it does not know, a version, a client certificate that it wants."},
	{ID: "tls-unsupported", Says: []string{"no shared cipher", "unsupported protocol", "UNSUPPORTED_PROTOCOL", "dh key too small", "ca md too weak", "ee key too small", "NO_SHARED_CIPHER", "no cipher match", "legacy sigalg disallowed", "unsafe legacy renegotiation disabled"}, Symptom: vocab.TLSProtocolError, Phase: handshake, Fact: vocab.GatewayTLSUnsupported,
		Causes: causes{vocab.TLSHandshake}, Means: "No TLS version, cipher or key size in common."},
	{ID: "certificate", Says: []string{"certificate verify failed", "CERTIFICATE_VERIFY_FAILED", "unable to get local issuer certificate", "self signed certificate", "self-signed certificate", "certificate has expired", "unable to verify the first certificate", "certificate is not yet valid", "SSL_ERROR_BAD_CERT_DOMAIN", "NET::ERR_CERT"}, Symptom: vocab.TLSCertificateError, Phase: handshake, Fact: vocab.GatewayCertificateRejected,
		Causes: causes{vocab.TLSUntrusted}, Means: "The certificate does not verify."},
	{ID: "curl-35", Says: curl("35", "SSL_ERROR_SYSCALL", "unexpected eof while reading", "SSL_connect returned=1", "SSL handshake has read 0 bytes", "gnutls_handshake() failed", "SSL_do_handshake() failed"), Symptom: vocab.TLSProtocolError, Phase: handshake, Fact: vocab.GatewayTLSClosed,
		Causes: causes{vocab.TLSHandshake, vocab.ProtocolMismatch, vocab.Filtered}, Means: "curl 35: the TLS handshake broke off.", Check: "A server that does not speak TLS there, wants SNI, or something between that resets."},
	{ID: "curl-6", Says: curl("6", "Could not resolve host", "could not be resolved", "Name or service not known", "nodename nor servname provided", "NXDOMAIN", "Couldn't resolve host"), Symptom: vocab.DNSError, Phase: naming, Fact: vocab.GatewayNameNotFound,
		Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable, vocab.WrongAddress}, Means: "curl 6: the name has no address."},
	{ID: "resolver", Says: []string{"Temporary failure in name resolution", "SERVFAIL", "connection timed out; no servers could be reached", "communications error to…timed out", "cares_failure", "Timeout while contacting DNS servers", "query timed out…DNS"}, Symptom: vocab.DNSTimeout, Phase: naming, Fact: vocab.GatewayResolverSilent,
		Causes: causes{vocab.ResolverUnreachable}, Means: "The name server does not answer, or fails."},
	{ID: "curl-1", Says: curl("1", "Received HTTP/0.9 when not allowed"), Symptom: vocab.HTTPProtocolError, Phase: header, Fact: vocab.GatewayNotHTTP,
		Causes: causes{vocab.ProtocolMismatch, vocab.InvalidResponse}, Means: "curl 1: what came is no HTTP: TLS, FastCGI, another protocol."},
	{ID: "curl-http2", Says: append(curl("16"), append(curl("92"), "HTTP/2 stream…was not closed cleanly", "Error in the HTTP2 framing layer", "ERR_HTTP2_PROTOCOL_ERROR", "nghttp2 error")...), Symptom: vocab.HTTPProtocolError, Phase: body, Fact: vocab.GatewayInvalidHeader,
		Causes: causes{vocab.InvalidResponse, vocab.TruncatedResponse, vocab.UpstreamCrashed}, Means: "The HTTP/2 stream was reset: a header that HTTP/2 does not allow, or an upstream that broke off behind the gateway."},
	{ID: "curl-8", Says: curl("8", "Weird server reply", "Nul byte in header", "Invalid Content-Length", "Header without colon"), Symptom: vocab.HTTPProtocolError, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse, vocab.ProtocolMismatch}, Means: "curl 8: the answer is not valid HTTP."},
	{ID: "curl-47", Says: curl("47", "Maximum (50) redirects followed", "ERR_TOO_MANY_REDIRECTS", "redirected you too many times"), Symptom: vocab.ProxyLoopDetected, Phase: local, Causes: causes{vocab.ProxyLoop, vocab.InvalidConfig}, Means: "A redirect that leads to itself: often TLS that ends at the edge and an origin that redirects to https."},
	{ID: "refused", Says: []string{"Connection refused", "connection refused", "ERR_CONNECTION_REFUSED", "actively refused it"}, Symptom: vocab.ConnectionRefused, Phase: connecting, Fact: vocab.GatewayRefused,
		Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.Filtered}, Means: "Nothing listens at the address, or a firewall rejects."},
	{ID: "too-many-files", Says: []string{"Too many open files", "too many open files", "No file descriptors available"}, Symptom: vocab.ProxyInternalError, Phase: local, Fact: vocab.GatewayNoFiles, Causes: causes{vocab.FDExhausted}, Means: "The limit of open files is reached."},
	{ID: "no-route", Says: []string{"No route to host", "no route to host", "Host is unreachable", "EHOSTUNREACH"}, Symptom: vocab.DestinationIPUnroutable, Phase: connecting, Fact: vocab.GatewayHostUnreachable, Causes: causes{vocab.Unreachable, vocab.Filtered, vocab.StaleDNS}, Means: "The host does not answer on its network, or rejects."},
	{ID: "unreachable", Says: []string{"Network is unreachable", "network is unreachable", "ENETUNREACH"}, Symptom: vocab.DestinationIPUnroutable, Phase: connecting, Fact: vocab.GatewayUnroutable, Causes: causes{vocab.Unreachable, vocab.WrongAddress}, Means: "No route to that network: often IPv6 where there is none."},
	{ID: "no-ports", Says: []string{"Cannot assign requested address", "cannot assign requested address", "Address not available", "EADDRNOTAVAIL"}, Symptom: vocab.ProxyInternalError, Phase: connecting, Fact: vocab.GatewayNoLocalPort, Causes: causes{vocab.PortsExhausted, vocab.InvalidConfig}, Means: "No local port is left, or the address is not on this host."},
	{ID: "no-space", Says: []string{"No space left on device", "no space left on device", "ENOSPC", "Disk quota exceeded"}, Symptom: vocab.ProxyInternalError, Phase: local, Fact: vocab.GatewayDiskFull, Causes: causes{vocab.DiskFull}, Means: "The disk, or its inodes, are full."},
	{ID: "no-fork", Says: []string{"fork: Resource temporarily unavailable", "fork: retry: ", "fork failed", "unable to create new native thread", "unable to create native thread", "can't start new thread", "Cannot fork", "pthread_create failed"}, Symptom: vocab.ProxyInternalError, Phase: local, Fact: vocab.AppCannotFork, Causes: causes{vocab.PIDsExhausted, vocab.MemoryPressure}, Means: "No more processes or threads."},
	{ID: "conntrack", Says: []string{"nf_conntrack: table full", "ip_conntrack: table full"}, Symptom: vocab.ConnectionTimeout, Phase: connecting, Causes: causes{vocab.ConntrackFull}, Means: "The connection tracking table is full: new connections are dropped.", Source: "linux net/netfilter/nf_conntrack_core.c"},
	{ID: "broken-pipe", Says: []string{"Broken pipe", "broken pipe", "EPIPE"}, Symptom: vocab.ConnectionTerminated, Phase: sending, Fact: vocab.GatewayClosedSending, Causes: causes{vocab.EarlyClose, vocab.KeepaliveRace, vocab.RequestTooLarge, vocab.Aborted, vocab.UpstreamCrashed}, Means: "The other side closed while something was sent to it."},
	{ID: "reset", Says: []string{"Connection reset by peer", "connection reset by peer", "Connection reset by server", "ERR_CONNECTION_RESET", "Connection was reset", "forcibly closed by the remote host"}, Symptom: vocab.ConnectionTerminated, Phase: header, Fact: vocab.GatewayResetEarly,
		Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.EmptyResponse, vocab.WorkerKilled, vocab.ProtocolMismatch}, Means: "The other side reset the connection: a process that died, or one that gave up an idle connection.", Check: "Only now and then, with a healthy process: idle connections that it closes sooner than its client reuses them."},
	{ID: "timed-out", Says: []string{"Connection timed out", "connection timed out", "Operation timed out", "i/o timeout", "ERR_CONNECTION_TIMED_OUT", "ERR_TIMED_OUT"}, Symptom: vocab.ConnectionTimeout, Phase: connecting, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable, vocab.BacklogFull, vocab.UpstreamHung}, Means: "Nothing answered."},
	{ID: "empty", Says: []string{"ERR_EMPTY_RESPONSE", "premature end of file"}, Symptom: vocab.ConnectionTerminated, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.EmptyResponse, vocab.UpstreamCrashed}, Means: "The server closed without an answer."},
	{ID: "cut", Says: []string{"ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONTENT_LENGTH_MISMATCH"}, Symptom: vocab.HTTPResponseIncomplete, Phase: body, Fact: vocab.GatewayClosedBody, Causes: causes{vocab.TruncatedResponse, vocab.UpstreamCrashed, vocab.FilePermission}, Means: "The answer ended before its announced end.", Check: "nginx that may not write its temporary files cuts large answers so: its error log says it."},
	{ID: "selinux", Says: []string{"avc:…denied…name_connect", "avc:…denied…connectto", "avc:…denied…tclass=sock_file", "apparmor=\"DENIED\"…connect", "httpd_can_network_connect"}, Symptom: vocab.ConnectionRefused, Phase: connecting, Fact: vocab.GatewayDenied, Causes: causes{vocab.SocketPermission}, Means: "SELinux or AppArmor denies the connect.", Check: "setsebool -P httpd_can_network_connect 1, or a rule for this port or path.", Source: "audit(8) records of SELinux and AppArmor"},
	{ID: "permission", Says: []string{"Permission denied", "permission denied", "EACCES", "Operation not permitted"}, Symptom: vocab.ProxyInternalError, Phase: local, Causes: causes{vocab.SocketPermission, vocab.FilePermission}, Means: "The system does not permit it: a socket's mode, a file's owner, SELinux.", Check: "namei -l PATH; ausearch -m avc -ts recent"},
}
