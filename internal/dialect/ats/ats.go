// Package ats knows Apache Traffic Server: the reason phrases of its answers,
// its pages, and error.log.
package ats

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Apache Traffic Server.
var Dialect = dialect.Dialect{
	Name:      "ats",
	Doc:       "Apache Traffic Server: its process, error.log, the reason phrases of its own answers, and its pages.",
	Recognise: recognise,
	Logs:      Logs,
	Words:     words,
}

func recognise(p dialect.Process) (dialect.Launch, bool) {
	if !strings.HasSuffix(p.Exe, "/traffic_server") {
		return dialect.Launch{}, false
	}
	return dialect.Launch{Product: "ats", PID: p.PID, Exe: p.Exe, Config: "/etc/trafficserver/records.yaml", Prefix: "/"}, true
}

// Logs are error.log, and what answers and pages say.
var Logs = []dialect.Log{log}

var log, words = phrase.New(phrase.Options{
	Name: "ats error", Kind: "error", Own: own, Sure: 88, Words: 29,
	Source: "trafficserver src/proxy/http/HttpTransact.cc, HttpSM.cc, configs/body_factory",
}, rows)

// own reads "20260821.10h15m30s CONNECT: attempt fail [CONNECTION_ERROR] to 10.0.3.17:8080 …".
func own(b []byte, r *dialect.Record) bool {
	if len(b) < 20 || b[8] != '.' || b[11] != 'h' || b[14] != 'm' || b[17] != 's' || b[18] != ' ' {
		return false
	}
	r.Message = b[19:]
	for _, w := range [...]string{"] to ", " connecting to "} {
		if rest, ok := line.After(b, w); ok {
			r.Endpoint, _ = line.Word(rest)
			r.Upstream = r.Endpoint
		}
	}
	if rest, ok := line.After(b, "host='"); ok {
		r.Host, _, _ = line.Cut(rest, "'")
	}
	return true
}

type causes = []vocab.Cause

const (
	header     = dialect.PhaseHeader
	connecting = dialect.PhaseConnect
)

var rows = []phrase.Row{
	{ID: "marking-down", Says: []string{"connecting to …marking down"}, Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.GatewayServerDisabled, Causes: causes{vocab.NoHealthyUpstream, vocab.UpstreamDown}, Means: "An origin failed to connect and is left out for down_server.cache_time."},
	{ID: "attempt-timeout", Says: []string{"CONNECT: attempt fail…connection_result=ETIMEDOUT", "CONNECT: attempt fail…INACTIVE_TIMEOUT"}, Symptom: vocab.ConnectionTimeout, Status: 504, Phase: connecting, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable, vocab.BacklogFull}, Means: "An attempt to connect was not answered."},
	{ID: "attempt-failed", Says: []string{"CONNECT: attempt fail", "CONNECT: could not connect to"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: connecting, Fact: vocab.GatewayRefused, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.Filtered}, Means: "An attempt to connect failed; connection_result= has the system's word."},
	{ID: "closed-early", Says: []string{" 502 Server Hangup", "<TITLE>Server Connection Closed</TITLE>"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.WorkerKilled}, Means: "The origin closed before its answer."},
	{ID: "read-timeout", Says: []string{" 504 Connection Timed Out", "Too much time has passed without sending any data for document"}, Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.Filtered}, Means: "The origin did not answer in time."},
	{ID: "active-timeout", Says: []string{" 504 Maximum Transaction Time Exceeded"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: dialect.PhaseBody, Causes: causes{vocab.TimeoutTooShort, vocab.UpstreamSlow}, Means: "transaction_active_timeout_out ended the request."},
	{ID: "invalid", Says: []string{" 502 Invalid HTTP Response"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayNotHTTP, Causes: causes{vocab.InvalidResponse, vocab.ProtocolMismatch}, Means: "What came is no HTTP."},
	{ID: "malformed", Says: []string{" 502 Malformed Server Response"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse}, Means: "The origin's header cannot be read."},
	{ID: "congested", Says: []string{" 503 Origin server congested", " 503 Next Hop Congested", " 503 Origin server maximum connection"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.ConnectionsExhausted}, Means: "The limit of connections to the origin is reached."},
	{ID: "no-header", Says: []string{" 502 No Response Header From Server"}, Symptom: vocab.HTTPResponseIncomplete, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.TruncatedResponse}, Means: "The origin's header was not complete."},
	{ID: "next-hop-failed", Says: []string{" 502 Next Hop Connection Failed", " 502 Tunnel Connection Failed", " 502 Server Connection Failed", "Could not connect to the requested server host"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: connecting, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress}, Means: "Connecting to the origin, or the parent, failed."},
	{ID: "next-hop-timeout", Says: []string{" 504 Next Hop Timeout"}, Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung}, Means: "The parent did not answer in time."},
	{ID: "name", Says: []string{" 500 Cannot find server.", " 502 Cannot find server."}, Symptom: vocab.DNSError, Status: 500, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "The origin's name does not resolve."},
	{ID: "no-server", Says: []string{" 500 No valid server."}, Symptom: vocab.DestinationUnavailable, Status: 500, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.NoHealthyUpstream}, Means: "Every origin of the name is left out."},
	{ID: "no-remap", Says: []string{" 404 Not Found on Accelerator", "Your requested URL was not found"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: dialect.PhaseLocal, Causes: causes{vocab.NoRoute}, Means: "No rule of remap.config fits."},
}
