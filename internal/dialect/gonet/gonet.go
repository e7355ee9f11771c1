// Package gonet reads the errors of Go's net, net/http and crypto/tls as text:
// what gateways written in Go put into their logs when a request to an upstream
// fails. The texts are those of Go's own source and of the C library's words
// that package syscall carries, so that they are the same on every system.
package gonet

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Kind is a kind of error.
type Kind uint8

// The kinds.
const (
	None Kind = iota
	Refused
	RefusedLoopback6
	RefusedUnix
	SocketMissing
	Denied
	DeniedUnix
	QueueFull
	NoRoute
	Unreachable
	DialTimeout
	NoPort
	NoFiles
	ResetConnect
	NameMissing
	ResolverTimeout
	ResolverFailed
	EOF
	ResetEarly
	PeerVanished
	BrokenPipe
	IdleClosed
	UnexpectedEOF
	TLSBytes
	Malformed
	Coding
	HeaderTooBig
	HeaderTimeout
	Certificate
	TLSPlain
	TLSAlert
	TLSTimeout
	BadBody
	Canceled
	BadTarget
	BodyUnread
	StreamVersion
	StreamRefused
	StreamReset
	Goaway
	Kinds // how many
)

// Keys are the keys of the conditions of one product, by kind.
type Keys [Kinds]dialect.Key

// Read says what kind of error b is and fills the upstream's address, or the
// name that did not resolve, where b has it.
func Read(b []byte, r *dialect.Record) Kind {
	if target(b) {
		return BadTarget
	}
	if rest, ok := line.After(b, "readfrom "); ok && !line.Contains(rest, ": write ") {
		return upload(rest)
	}
	if rest, ok := line.After(b, "dial tcp"); ok {
		return dial(rest, r)
	}
	if rest, ok := line.After(b, "dial unix "); ok {
		return unix(rest, r)
	}
	if k := tls(b); k != None {
		return k
	}
	if k := stream(b); k != None {
		return k
	}
	return exchange(b, r)
}

// target reports whether the address that a configuration made is none: what net
// (ParseAddr, SplitHostPort, Dial) and net/url say of it before anything is sent.
func target(b []byte) bool {
	for _, words := range [...]string{
		": unknown network ", ": missing port in address", ": too many colons in address", ": unknown port", "invalid port ", "unsupported protocol scheme ",
		"http: no Host in request URL", "first path segment in URL cannot contain colon", "missing protocol scheme",
	} {
		if line.Contains(b, words) {
			return true
		}
	}
	return false
}

// upload reads "tcp 10.0.0.4:5->10.0.3.17:80: client disconnected": the copy of the
// client's body to the upstream (net.TCPConn.ReadFrom) failed on the client's side.
// A failure to write is told with a second operation, ": write tcp …".
func upload(b []byte) Kind {
	switch {
	case line.Contains(b, "request body too large"), line.Contains(b, "malformed chunked"), line.Contains(b, "invalid byte in chunk"):
		return BadBody
	case line.Contains(b, ": connection reset by peer"), line.Contains(b, ": broken pipe"), line.Contains(b, ": splice"), line.Contains(b, ": sendfile"):
		return BrokenPipe
	}
	return BodyUnread
}

// stream reads the errors of HTTP/2 connections to an upstream: "stream error:
// stream ID 3; HTTP_1_1_REQUIRED", with "; received from peer" since Go 1.19, and
// "http2: server sent GOAWAY and closed the connection; LastStreamID=1,
// ErrCode=NO_ERROR". The codes are those of RFC 9113, section 7.
func stream(b []byte) Kind {
	goaway := line.Contains(b, "server sent GOAWAY") || line.Contains(b, "Server's graceful shutdown GOAWAY")
	switch {
	case !goaway && !line.Contains(b, "stream error: stream ID ") && !line.Contains(b, "connection error: "):
		return None
	case line.Contains(b, "HTTP_1_1_REQUIRED"):
		return StreamVersion
	case line.Contains(b, "REFUSED_STREAM"), line.Contains(b, "ENHANCE_YOUR_CALM"):
		return StreamRefused
	case goaway:
		return Goaway
	case line.Contains(b, "_ERROR"), line.Contains(b, "CANCEL"), line.Contains(b, "STREAM_CLOSED"), line.Contains(b, "INADEQUATE_SECURITY"):
		return StreamReset
	}
	return None
}

// dial reads " 10.0.3.17:8080: connect: connection refused" and ": lookup app on
// 127.0.0.11:53: no such host".
func dial(b []byte, r *dialect.Record) Kind {
	if rest, ok := line.After(b, "lookup "); ok && line.Has(b, ": lookup ") {
		name, _ := line.Word(rest)
		r.Name = bytes.TrimSuffix(name, []byte{':'})
		switch {
		case line.Contains(rest, "no such host"):
			return NameMissing
		case line.Contains(rest, "i/o timeout"):
			return ResolverTimeout
		}
		return ResolverFailed
	}
	if len(b) < 2 || b[0] != ' ' {
		return None
	}
	peer, rest := line.Word(b[1:])
	peer = bytes.TrimSuffix(peer, []byte{':'})
	if i := bytes.LastIndex(peer, []byte("->")); i >= 0 { // "10.0.0.4:5->10.0.3.17:8080"
		peer = peer[i+2:]
	}
	r.Endpoint = peer
	switch {
	case line.Contains(rest, "connection refused"):
		if line.Has(peer, "[::1]") {
			return RefusedLoopback6
		}
		return Refused
	case line.Contains(rest, "i/o timeout"), line.Contains(rest, "connection timed out"), line.Contains(rest, "deadline exceeded"):
		return DialTimeout
	case line.Contains(rest, "no route to host"), line.Contains(rest, "host is down"):
		return NoRoute
	case line.Contains(rest, "network is unreachable"):
		return Unreachable
	case line.Contains(rest, "cannot assign requested address"):
		return NoPort
	case line.Contains(rest, "permission denied"), line.Contains(rest, "operation not permitted"):
		return Denied
	case line.Contains(rest, "too many open files"):
		return NoFiles
	case line.Contains(rest, "connection reset by peer"):
		return ResetConnect
	}
	r.Endpoint = nil
	return None
}

// unix reads "/run/app.sock: connect: no such file or directory".
func unix(b []byte, r *dialect.Record) Kind {
	i := line.Index(b, ": ")
	if i <= 0 {
		return None
	}
	r.Endpoint = b[:i]
	rest := b[i:]
	switch {
	case line.Contains(rest, "no such file or directory"):
		return SocketMissing
	case line.Contains(rest, "connection refused"):
		return RefusedUnix
	case line.Contains(rest, "permission denied"):
		return DeniedUnix
	case line.Contains(rest, "resource temporarily unavailable"):
		return QueueFull
	case line.Contains(rest, "too many open files"):
		return NoFiles
	}
	return None
}

func tls(b []byte) Kind {
	switch {
	case line.Contains(b, "tls: failed to verify certificate"), line.Contains(b, "x509: "):
		return Certificate
	case line.Contains(b, "tls: first record does not look like a TLS handshake"), line.Contains(b, "server gave HTTP response to HTTPS client"):
		return TLSPlain
	case line.Contains(b, "remote error: tls: "):
		return TLSAlert
	case line.Contains(b, "TLS handshake timeout"):
		return TLSTimeout
	}
	return None
}

// exchange reads errors after the connect.
func exchange(b []byte, r *dialect.Record) Kind {
	switch {
	case line.Contains(b, "server closed idle connection"), line.Contains(b, "http2: client connection lost"), line.Contains(b, "http2: client conn is closed"):
		return IdleClosed
	case line.Contains(b, "malformed HTTP response "):
		if rest, ok := line.After(b, "malformed HTTP response "); ok && alert(rest) {
			return TLSBytes
		}
		return Malformed
	case line.Contains(b, "malformed HTTP"), line.Contains(b, "malformed MIME header"), line.Contains(b, "cannot contain multiple Content-Length"),
		line.Contains(b, "bad Content-Length"), line.Contains(b, "invalid header field"):
		return Malformed
	case line.Contains(b, "unsupported transfer encoding"), line.Contains(b, "too many transfer encodings"):
		return Coding
	case line.Contains(b, "server response headers exceeded"):
		return HeaderTooBig
	case line.Contains(b, "timeout awaiting response headers"), line.Contains(b, "context deadline exceeded"), line.Contains(b, "Client.Timeout exceeded"):
		return HeaderTimeout
	case line.Contains(b, "invalid byte in chunk length"), line.Contains(b, "malformed chunked encoding"), line.Contains(b, "request body too large"):
		return BadBody
	case line.Contains(b, "context canceled"), line.Contains(b, "net/http: request canceled"), line.Contains(b, "client disconnected"):
		return Canceled
	case line.Contains(b, "unexpected EOF"):
		return UnexpectedEOF
	case line.Contains(b, "connection reset by peer"):
		peer(b, r)
		return ResetEarly
	case line.Contains(b, "read: connection timed out"), line.Contains(b, "write: connection timed out"), line.Contains(b, "read: no route to host"), line.Contains(b, "write: no route to host"):
		peer(b, r)
		return PeerVanished
	case line.Contains(b, "broken pipe"):
		peer(b, r)
		return BrokenPipe
	case line.Is(b, "EOF"), line.Ends(b, ": EOF"):
		return EOF
	}
	return None
}

// peer reads "read tcp 10.0.0.4:36698->10.0.3.17:8080: read: …".
func peer(b []byte, r *dialect.Record) {
	rest, ok := line.After(b, "->")
	if !ok {
		return
	}
	word, _ := line.Word(rest)
	r.Endpoint = bytes.TrimSuffix(word, []byte{':'})
}

// alert reports whether quoted bytes begin as a TLS record of an alert, \x15\x03,
// with one or, inside JSON, two backslashes.
func alert(b []byte) bool {
	for len(b) > 0 && (b[0] == '\\' || b[0] == '"') {
		b = b[1:]
	}
	return line.Has(b, "x15") && line.Contains(b[:min(len(b), 10)], "x03")
}

// AddChecks adds the conditions of health checks that failed with such an error:
// no request failed, and the gateway saw the same.
func AddChecks(t *applog.Table, source string) Keys {
	return addAll(t, source, func(_ Kind, c *dialect.Condition) { c.ID = "check-" + c.ID })
}

// AddAuth adds one condition for each kind of error of the request that asks an
// authentication service, whose failure becomes the answer: status, of every kind.
func AddAuth(t *applog.Table, source string, status int) Keys {
	return addAll(t, source, func(k Kind, c *dialect.Condition) {
		c.ID, c.Status, c.Fact, c.Fails = "auth-"+c.ID, status, vocab.GatewayAuthStatus, k != Canceled && k != BodyUnread
		c.Distinguish = "The gateway could not ask its authentication service: diagnose that one. " + c.Distinguish
		c.Causes = []vocab.Cause{vocab.AuthSubrequest, vocab.UpstreamDown, vocab.UpstreamSlow}
	})
}

// Add adds the conditions to a product's table. status returns what the product
// answers to its client for each kind.
func Add(t *applog.Table, source string, status func(Kind) int) Keys {
	return addAll(t, source, func(k Kind, c *dialect.Condition) { c.Status, c.Fails = status(k), k != Canceled && k != BodyUnread })
}

func addAll(t *applog.Table, source string, change func(Kind, *dialect.Condition)) Keys {
	var keys Keys
	for _, k := range &kinds {
		c := dialect.Condition{ID: k.id, Symptom: k.symptom, Phase: k.phase, Fact: k.fact, Causes: k.causes, Distinguish: k.distinguish, Source: source}
		change(k.kind, &c)
		keys[k.kind] = t.Add(c)
	}
	return keys
}
