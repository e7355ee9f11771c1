// Package alb knows the access log of AWS Application Load Balancers.
package alb

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is the Application Load Balancer. It runs at AWS: only its log is here.
var Dialect = dialect.Dialect{
	Name: "alb",
	Doc:  "AWS Application Load Balancer: its access log, which says who made a status and how far a request came.",
	Logs: Logs,
}

// Logs are the access log.
var Logs = []dialect.Log{{
	Name: "alb access", Kind: "access", Sniff: dialect.Share(95, read), Line: read, Time: line.Time, Conds: table.Conds(),
}}

// read reads a line:
//
//	type time elb client:port target:port request_s target_s response_s elb_status target_status received sent "request" "agent" …
//
// AWS escapes quotes in the quoted fields.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	kind, b := line.Word(line.Trim(b))
	if !known(kind) {
		return dialect.Unparsed
	}
	var f [9][]byte
	for i := range f {
		f[i], b = line.Word(b)
	}
	var size []byte
	for n := 0; n < 2 && len(b) > 0 && b[0] != '"'; n++ { // received and sent; examples leave one out
		size, b = line.Word(b)
	}
	status, ok := line.Int(f[7])
	if !ok || len(f[0]) < 20 || f[0][4] != '-' || len(b) == 0 || b[0] != '"' {
		return dialect.Unparsed
	}
	r.Stamp, r.Server, r.Status = f[0], f[1], int(status)
	if i := bytes.LastIndexByte(f[2], ':'); i > 0 {
		r.Client = f[2][:i]
	}
	if !line.Is(f[3], "-") {
		r.Endpoint = f[3]
	}
	r.Seconds = 0
	reached := times(f[4:7], r)
	r.UpKnown = true
	if n, ok := line.Int(f[8]); ok {
		r.UpStatus = int(n)
	}
	r.Bytes, _ = line.Int(size)
	r.Request, b = quoted(b)
	r.Method, r.Path = line.Request(r.Request)
	r.UserAgent, b = quoted(b)
	_, b = line.Word(b)
	_, b = line.Word(b)
	r.Name, _ = line.Word(b) // target group
	return verdict(r, reached)
}

func known(kind []byte) bool {
	switch string(kind) {
	case "http", "https", "h2", "grpcs", "ws", "wss":
		return true
	}
	return false
}

// times adds up the three phases and returns how many the request passed: -1
// stands for one that did not end.
func times(f [][]byte, r *dialect.Record) (reached int) {
	for i, v := range f {
		s, ok := line.Seconds(v)
		if !ok {
			return reached
		}
		if i == 1 {
			r.UpSeconds = s
		}
		r.Seconds += s
		reached++
	}
	return reached
}

// quoted reads `"…" `.
func quoted(b []byte) (value, rest []byte) {
	if len(b) == 0 || b[0] != '"' {
		return nil, b
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[1:i], line.Trim(b[i+1:])
		}
	}
	return b[1:], nil
}

// verdict says what statuses and times mean.
func verdict(r *dialect.Record, reached int) dialect.Key {
	switch {
	case r.Status == 460:
		return keyClient
	case r.Status < 500 || r.Status > 599 && r.Status != 460:
		return dialect.Plain
	case r.UpStatus == r.Status:
		return makers.Of(r.Status, answer.Passed)
	case r.Status == 502 && reached >= 2: // also a Lambda function, which has no address
		return keyMalformed
	case r.Status == 502 && r.Endpoint != nil:
		return keyClosed
	case r.Status == 503:
		return keyNoTarget
	case r.Status == 500:
		return keyInternal
	case r.Status == 504 && reached == 0:
		return keyConnectTimeout
	case r.Status == 504:
		return keyTimeout
	}
	return makers.Of(r.Status, answer.Made)
}

const manual = "AWS documentation, Application Load Balancers, access logs and HTTP 5xx troubleshooting"

var table = applog.TableOf(manual)

var add = table.Status

var makers = answer.Add(table, manual, "error_reason and the actions of the line say more.")

// What statuses and times mean.
var (
	keyClosed = add("502-closed", vocab.ConnectionTerminated, 502, dialect.PhaseHeader, vocab.GatewayClosedEarly, true,
		"The target closed or reset before it answered: a keep-alive limit below the balancer's idle timeout (60 s), a crash, a restart.",
		vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.UpstreamDown, vocab.WorkerKilled, vocab.InvalidResponse, vocab.TLSHandshake)
	keyMalformed = add("502-malformed", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayInvalidHeader, true,
		"The target answered something that is no valid HTTP, or a header over the limits.",
		vocab.InvalidResponse, vocab.ProtocolMismatch, vocab.BufferTooSmall, vocab.UpstreamCrashed)
	keyNoTarget = add("503-no-target", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"The target group has no registered target, or none in an enabled zone.",
		vocab.NoHealthyUpstream, vocab.InvalidConfig, vocab.HealthCheckWrong)
	keyConnectTimeout = add("504-connect", vocab.ConnectionTimeout, 504, dialect.PhaseConnect, vocab.GatewayConnectTimeout, true,
		"No connection within 10 s: a security group or network ACL, a full accept queue, a host that is gone.",
		vocab.Filtered, vocab.BacklogFull, vocab.Unreachable, vocab.UpstreamHung, vocab.UpstreamSlow)
	keyTimeout = add("504-target", vocab.ConnectionReadTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout, true,
		"The target was connected and did not answer within the idle timeout.",
		vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort)
	keyInternal = add("500-made", vocab.ProxyInternalError, 500, dialect.PhaseLocal, vocab.GatewayStatusMade, true,
		"The balancer failed by itself: an action, an authentication step, a Lambda function that did not answer as it must.", vocab.InvalidConfig)
	keyClient = add("460", "", 0, dialect.PhaseHeader, vocab.GatewayClientGone, false,
		"The client closed before the idle timeout: is its own limit shorter?", vocab.Aborted, vocab.UpstreamSlow)
)
