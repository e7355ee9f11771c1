// Package h2o knows the H2O server as a gateway: what its proxy handler says.
package h2o

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is H2O.
var Dialect = dialect.Dialect{
	Name:      "h2o",
	Doc:       "H2O: its process and the errors of its proxy and FastCGI handlers.",
	Recognise: recognise,
	Logs:      Logs,
	Words:     words,
}

func recognise(p dialect.Process) (dialect.Launch, bool) {
	if !strings.HasSuffix(p.Exe, "/h2o") {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "h2o", PID: p.PID, Exe: p.Exe, Config: "/etc/h2o/h2o.conf", Prefix: "/"}
	for i, a := range p.Args {
		if (a == "-c" || a == "--conf") && i+1 < len(p.Args) {
			l.Config = p.Args[i+1]
		}
	}
	return l, true
}

// Logs are the error log.
var Logs = []dialect.Log{log}

var log, words = phrase.New(phrase.Options{
	Name: "h2o error", Kind: "error", Own: own, Sure: 88,
	Source: "h2o lib/core/proxy.c, lib/common/http1client.c, lib/common/socket.c, lib/handler/fastcgi.c",
}, rows)

// own reads "[lib/core/proxy.c] in request:/text.txt:I/O error (head)".
func own(b []byte, r *dialect.Record) bool {
	if !line.Has(b, "[lib/") {
		return false
	}
	file, rest, ok := line.Cut(b, "] ")
	if !ok || !line.Ends(file, ".c") {
		return false
	}
	r.Message = rest
	if text, ok := line.After(rest, "in request:"); ok {
		if path, message, ok := line.Cut(text, ":"); ok {
			r.Path, r.Message = path, message
		}
	}
	return true
}

type causes = []vocab.Cause

const (
	header     = dialect.PhaseHeader
	connecting = dialect.PhaseConnect
	mine       = "[lib/…"
)

var rows = []phrase.Row{
	{ID: "connect-refused", Says: []string{mine + "connection failure", mine + "connection refused", mine + "Connection refused"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: connecting, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.Filtered}, Means: "Connecting to the backend failed."},
	{ID: "connect-timeout", Says: []string{mine + "connection timeout", mine + "connect timeout"}, Symptom: vocab.ConnectionTimeout, Status: 502, Phase: connecting, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable, vocab.BacklogFull}, Means: "Nothing answered the connect."},
	{ID: "name", Says: []string{mine + "failed to resolve", mine + "hostname lookup", mine + "lookup failure"}, Symptom: vocab.DNSError, Status: 502, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "The backend's name does not resolve."},
	{ID: "closed-early", Says: []string{mine + "I/O error (head)", mine + "I/O error", mine + "socket closed by peer"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting}, Means: "The connection to the backend failed before its header was complete.", Check: "On reused connections only: the backend closes idle ones sooner than proxy.timeout.keepalive. Else a crash."},
	{ID: "closed-body", Says: []string{mine + "I/O error (body"}, Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Causes: causes{vocab.TruncatedResponse, vocab.UpstreamCrashed}, Means: "The backend failed in the middle of its answer."},
	{ID: "first-byte-timeout", Says: []string{mine + "first byte timeout", mine + "I/O timeout", mine + "timeout"}, Symptom: vocab.ConnectionReadTimeout, Status: 502, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The backend did not answer within proxy.timeout.io or first_byte."},
	{ID: "invalid", Says: []string{mine + "failed to parse the response", mine + "invalid response from upstream", mine + "unexpected type of transfer-encoding", mine + "malformed"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse, vocab.ProtocolMismatch}, Means: "The backend's answer is not valid HTTP."},
	{ID: "certificate", Says: []string{mine + "certificate", mine + "ssl"}, Symptom: vocab.TLSCertificateError, Status: 502, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Causes: causes{vocab.TLSUntrusted, vocab.TLSHandshake}, Means: "TLS with the backend failed."},
	{ID: "refused-stream", Says: []string{mine + "refused stream", mine + "stream reset"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayStreamRefused, Causes: causes{vocab.UpstreamRestarting, vocab.ConnectionsExhausted}, Means: "The backend refused the HTTP/2 stream."},
}
