package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// tlsCond is a failed handshake with the upstream.
func tlsCond(id string, symptom vocab.Symptom, fact vocab.Fact, distinguish string, list ...vocab.Cause) dialect.Condition {
	return dialect.Condition{
		ID: id, Symptom: symptom, Status: 502, Phase: dialect.PhaseTLS, Fact: fact, Fails: true,
		Causes: list, Distinguish: distinguish, Source: opensslC,
	}
}

var tlsConds = map[dialect.Key]dialect.Condition{
	keyTLSTimeout: {
		ID: "tls-timeout", Symptom: vocab.ConnectionTimeout, Status: 504, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSTimeout, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch, vocab.UpstreamHung, vocab.Lossy),
		Distinguish: "TCP connects and no TLS answer comes: the port speaks something else and waits for more (plain HTTP, SSH, SMTP), the process hangs, or large packets are lost on the way.",
		Source:      upstreamC,
	},
	keyTLSWrongVersion: tlsCond("tls-wrong-version", vocab.TLSProtocolError, vocab.GatewayTLSPlain,
		"https:// to a port that speaks plain HTTP; curl http://UPSTREAM answers.", vocab.ProtocolMismatch),
	keyTLSLength: tlsCond("tls-packet-length", vocab.TLSProtocolError, vocab.GatewayTLSPlain,
		"The upstream answered the handshake with bytes that are no TLS: plain HTTP, or another protocol's greeting.", vocab.ProtocolMismatch),
	keyTLSAlertHandshake: tlsCond("tls-alert-handshake", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"openssl s_client -connect UPSTREAM with and without -servername NAME: if only the first works, switch proxy_ssl_server_name on. Else no common cipher or curve, or a client certificate is wanted.", vocab.TLSHandshake),
	keyTLSAlertName: tlsCond("tls-alert-name", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"The upstream does not know the server name that was sent, or none was: proxy_ssl_server_name on, proxy_ssl_name HOST.", vocab.TLSHandshake),
	keyTLSAlertVersion: tlsCond("tls-alert-version", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"The upstream allows none of the versions in proxy_ssl_protocols.", vocab.TLSHandshake),
	keyTLSAlertInternal: tlsCond("tls-alert-internal", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"The upstream failed while it chose a certificate: very often because no server name, or one that it does not have, was sent.", vocab.TLSHandshake),
	keyTLSAlertWantsCertificate: tlsCond("tls-alert-wants-certificate", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"The upstream demands a client certificate: proxy_ssl_certificate and proxy_ssl_certificate_key.", vocab.TLSHandshake),
	keyTLSAlertRejects: tlsCond("tls-alert-rejects-certificate", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"The upstream did not accept the certificate that nginx presented: who signed it, when does it end?", vocab.TLSHandshake, vocab.TLSUntrusted),
	keyTLSAlert: tlsCond("tls-alert", vocab.TLSAlertReceived, vocab.GatewayTLSAlert,
		"The upstream refused the handshake; RFC 8446, section 6, says what the number means.", vocab.TLSHandshake),
	keyTLSUnsupported: tlsCond("tls-unsupported-protocol", vocab.TLSProtocolError, vocab.GatewayTLSUnsupported,
		"The upstream offers only versions or ciphers that OpenSSL here forbids: compare with openssl s_client -tls1_2 and so on.", vocab.TLSHandshake),
	keyTLSWeak: tlsCond("tls-weak-key", vocab.TLSProtocolError, vocab.GatewayTLSUnsupported,
		"OpenSSL's security level here refuses the upstream's old key or signature.", vocab.TLSHandshake),
	keyTLSEOF: tlsCond("tls-eof", vocab.ConnectionTerminated, vocab.GatewayTLSClosed,
		"The upstream closed in the handshake without an alert: openssl s_client from the gateway's host shows whether it ever speaks TLS there.", vocab.TLSHandshake, vocab.ProtocolMismatch, vocab.UpstreamCrashed),
	keyTLSClosed: tlsCond("tls-closed", vocab.ConnectionTerminated, vocab.GatewayTLSClosed,
		"No alert was given: a filter that reads server names, a plain service that closes on a TLS greeting, or a process that died.", vocab.TLSHandshake, vocab.ProtocolMismatch, vocab.UpstreamCrashed, vocab.Filtered),
	keyTLSFailed: tlsCond("tls-failed", vocab.TLSProtocolError, "",
		"OpenSSL's words in the line say why; repeat it with openssl s_client from the gateway's host.", vocab.TLSHandshake, vocab.ProtocolMismatch),
	keyTLSPlain: {
		ID: "tls-early-response", Symptom: vocab.TLSProtocolError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSPlain, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch),
		Distinguish: "The upstream sent bytes before the TLS handshake: its port greets in plain text.",
		Source:      upstreamC,
	},
}

func certCond(id, distinguish string) dialect.Condition {
	return dialect.Condition{
		ID: id, Symptom: vocab.TLSCertificateError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Fails: true,
		Causes: causes(vocab.TLSUntrusted), Distinguish: distinguish, Source: upstreamC,
	}
}

var certConds = map[dialect.Key]dialect.Condition{
	keyCertExpired:    certCond("certificate-expired", "Renew the upstream's certificate; check the clock of this host."),
	keyCertSelfSigned: certCond("certificate-self-signed", "Put the private authority, or the certificate itself, into proxy_ssl_trusted_certificate."),
	keyCertIssuer:     certCond("certificate-issuer", "proxy_ssl_trusted_certificate lacks the authority, or the upstream does not send its intermediate certificate."),
	keyCertNotYet:     certCond("certificate-not-yet-valid", "The clock of one of the two hosts is wrong, or the certificate was made for later."),
	keyCertName:       certCond("certificate-name", "The name that nginx verifies (proxy_ssl_name, else the host of proxy_pass) is not in the certificate."),
	keyCertOther:      certCond("certificate-rejected", "The number and the words are those of X509_verify_cert(3)."),
	keyCertMismatch:   certCond("certificate-mismatch", "proxy_ssl_name must be one of the certificate's names; by default it is the host of proxy_pass or the name of the upstream block."),
}

var sendConds = map[dialect.Key]dialect.Condition{
	keyWriteTimeout: {
		ID: "write-timeout", Symptom: vocab.ConnectionWriteTimeout, Status: 504, Phase: dialect.PhaseSend, Fact: vocab.GatewayWriteTimeout, Fails: true,
		Causes:      causes(vocab.UpstreamHung, vocab.Lossy, vocab.WorkersExhausted),
		Distinguish: "The upstream does not take the request's body (proxy_send_timeout): its Recv-Q is full, or packets are lost (ss -tin shows retransmissions).",
		Source:      upstreamC,
	},
	keyBrokenPipe: {
		ID: "broken-pipe-sending", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending, Fails: true,
		Causes:      causes(vocab.EarlyClose, vocab.RequestTooLarge, vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting),
		Distinguish: "Uploads: the upstream answered (413, 401) and closed before it had read the body. Small requests on reused connections: the upstream closes idle ones sooner. Else it died.",
		Source:      sendC,
	},
	keyResetSending: {
		ID: "reset-sending", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending, Fails: true,
		Causes:      causes(vocab.EarlyClose, vocab.RequestTooLarge, vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting),
		Distinguish: "Uploads: the upstream answered (413, 401) and closed before it had read the body. Small requests on reused connections: the upstream closes idle ones sooner. Else it died.",
		Source:      sendC,
	},
	keyTLSWriteFailed: {
		ID: "tls-write-failed", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending, Fails: true,
		Causes:      causes(vocab.EarlyClose, vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.RequestTooLarge),
		Distinguish: "The same as a broken pipe while sending, inside TLS.",
		Source:      opensslC,
	},
}

var headerConds = map[dialect.Key]dialect.Condition{
	keyReadTimeout: {
		ID: "read-timeout", Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: dialect.PhaseHeader, Fact: vocab.GatewayReadTimeout, Fails: true,
		Causes:      causes(vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort, vocab.CPUSaturated, vocab.Lossy),
		Distinguish: "Ask the upstream directly and wait. It answers later than proxy_read_timeout: slow, or the limit is too short for this request. It never answers: hung, or no worker is free. All routes, or one?",
		Source:      upstreamC,
	},
	keyTimeoutSomewhere: {
		ID: "timeout", Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: dialect.PhaseHeader, Fails: true,
		Causes:      causes(vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort),
		Distinguish: "The line breaks off before it says in which phase: \"while connecting\" is the network or a full queue, \"while reading response header\" the application.",
		Source:      upstreamC,
	},
	keyClosedEarly: {
		ID: "closed-early", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayClosedEarly, Fails: true,
		Causes: causes(vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.KeepaliveRace, vocab.EmptyResponse, vocab.UpstreamOOMKilled,
			vocab.UpstreamRestarting, vocab.ProtocolMismatch, vocab.TruncatedResponse),
		Distinguish: "When did it close? At once and always: it does not speak this protocol. After a round number of seconds: its server killed the worker. On reused connections only: it closes idle ones sooner. Once, with a process that is gone: it crashed, was killed or restarted.",
		Source:      upstreamC,
	},
	keyResetEarly: {
		ID: "reset-early", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayResetEarly, Fails: true,
		Causes: causes(vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.KeepaliveRace, vocab.UpstreamOOMKilled,
			vocab.UpstreamRestarting, vocab.Filtered),
		Distinguish: "A process that dies with unread bytes in its socket resets, and so does one that refuses a request unread. Compare with the lines in which its server reports a child's end.",
		Source:      recvC,
	},
	keyTLSReadHeader: {
		ID: "tls-read-header", Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayClosedEarly, Fails: true,
		Causes:      causes(vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.WorkerKilled),
		Distinguish: "The same as a connection that was closed before the header, inside TLS.",
		Source:      opensslC,
	},
	keyKernelReadTimeout: {
		ID: "read-timeout-kernel", Symptom: vocab.ConnectionReadTimeout, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayPeerVanished, Fails: true,
		Causes:      causes(vocab.Lossy, vocab.Unreachable, vocab.Filtered, vocab.IdleDropped),
		Distinguish: "Here the kernel gave up after repeating packets, so the status is 502 and not 504: the host vanished, or something between forgot the connection.",
		Source:      recvC,
	},
	keyLostRoute: {
		ID: "lost-route", Symptom: vocab.DestinationIPUnroutable, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayUnroutable, Fails: true,
		Causes:      causes(vocab.Unreachable, vocab.UpstreamRestarting),
		Distinguish: "The host or container went away while the request was under way.",
		Source:      recvC,
	},
	keyRefusedLate: {
		ID: "refused-late", Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayRefused, Fails: true,
		Causes:      causes(vocab.Filtered, vocab.UpstreamDown),
		Distinguish: "An ICMP message refused a connection that stood: a firewall changed its mind, or the address moved.",
		Source:      recvC,
	},
	keyHeaderTooBig: {
		ID: "header-too-big", Symptom: vocab.HTTPHeaderSectionSize, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayHeaderTooBig, Fails: true,
		Causes:      causes(vocab.BufferTooSmall),
		Distinguish: "The whole response header must fit proxy_buffer_size or fastcgi_buffer_size (4k or 8k). Large cookies or tokens hit some users only.",
		Source:      upstreamC,
	},
	keyNotHTTP: {
		ID: "not-http", Symptom: vocab.HTTPProtocolError, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotHTTP, Fails: true,
		Causes:      causes(vocab.ProtocolMismatch, vocab.InvalidResponse),
		Distinguish: "No 502: nginx takes it for HTTP/0.9, writes status 009 and passes the bytes on. If they begin with \\x15\\x03, the upstream speaks TLS at that port.",
		Source:      proxyC,
	},
	keyInvalidHeader:   headerCond("invalid-header", vocab.GatewayInvalidHeader, "The quoted header breaks off at the byte that is not allowed: a space or control character in its name.", vocab.InvalidResponse, vocab.AppError),
	keyInvalidHeader2:  headerCond("invalid-header-http2", vocab.GatewayInvalidHeader, "An HTTP/2 header with capitals or bytes that are not allowed.", vocab.InvalidResponse),
	keyInvalidStatus:   headerCond("invalid-status", vocab.GatewayInvalidHeader, "The Status header of a FastCGI, uwsgi or SCGI answer does not begin with a number.", vocab.InvalidResponse, vocab.AppError),
	keyLengthAndCoding: headerCond("length-and-coding", vocab.GatewayFramingConflict, "The application, or a proxy in between, sets both headers; nginx refuses it since 1.23.", vocab.InvalidResponse),
	keyDuplicateHeader: headerCond("duplicate-header", vocab.GatewayFramingConflict, "Content-Length or Transfer-Encoding is sent twice; nginx refuses it since 1.23.", vocab.InvalidResponse),
	keyDuplicateIgnored: {
		ID: "duplicate-header-ignored", Symptom: vocab.HTTPProtocolError, Phase: dialect.PhaseHeader,
		Causes:      causes(vocab.InvalidResponse),
		Distinguish: "Only a warning: the second header is dropped and the answer passes.",
		Source:      upstreamC,
	},
	keyInvalidLength: headerCond("invalid-length", vocab.GatewayFramingConflict, "Content-Length is no number.", vocab.InvalidResponse),
	keyUnknownCoding: {
		ID: "unknown-coding", Symptom: vocab.HTTPTransferCoding, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayFramingConflict, Fails: true,
		Causes:      causes(vocab.InvalidResponse),
		Distinguish: "nginx reads chunked and identity only; compression belongs into Content-Encoding.",
		Source:      upstreamC,
	},
	keyEarlyHints10:    headerCond("early-hints-http10", vocab.GatewayInvalidHeader, "An HTTP/1.0 answer may not be informational.", vocab.InvalidResponse),
	keyInvalidResponse: headerCond("invalid-response", vocab.GatewayInvalidHeader, "The words say what nginx could not read; ask the upstream directly and look at the raw answer.", vocab.InvalidResponse, vocab.ProtocolMismatch),
}

func headerCond(id string, fact vocab.Fact, distinguish string, list ...vocab.Cause) dialect.Condition {
	return dialect.Condition{
		ID: id, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: dialect.PhaseHeader, Fact: fact, Fails: true,
		Causes: list, Distinguish: distinguish, Source: upstreamC,
	}
}
