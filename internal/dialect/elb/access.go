package elb

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var table = applog.NewTable()

var makers = answer.Add(table, manual, "CloudWatch's metrics of the balancer say more.")

func add(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, check string, list ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{ID: id, Symptom: symptom, Status: status, Phase: phase, Fact: fact, Fails: true, Source: manual, Distinguish: check, Causes: list})
}

var (
	keyNoBackend = add("503-no-backend", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream,
		"No healthy instance, or the queue was full (SpilloverCount).", vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.ConnectionsExhausted)
	keyTimeout = add("504-backend", vocab.HTTPResponseTimeout, 504, header, vocab.GatewayReadTimeout,
		"No answer within the idle timeout (60 s), or the instance closed the connection: its keep-alive must be longer than the balancer's.", vocab.UpstreamSlow, vocab.KeepaliveRace, vocab.UpstreamHung, vocab.TimeoutTooShort)
	keyBad = add("502-backend", vocab.HTTPProtocolError, 502, header, vocab.GatewayInvalidHeader,
		"The instance answered what is no HTTP, or closed.", vocab.InvalidResponse, vocab.ProtocolMismatch, vocab.UpstreamCrashed)
)

// read reads a line:
//
//	time elb client:port backend:port request_s backend_s response_s elb_status backend_status received sent "request" "agent" cipher protocol
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	var f [11][]byte
	for i := range f {
		f[i], b = line.Word(b)
	}
	status, ok := line.Int(f[7])
	if !ok || status < 0 || status > 999 || len(f[0]) < 20 || f[0][4] != '-' || f[0][10] != 'T' || len(b) == 0 || b[0] != '"' {
		return dialect.Unparsed
	}
	r.Stamp, r.Server, r.Status, r.UpKnown = f[0], f[1], int(status), true
	if i := bytes.LastIndexByte(f[2], ':'); i > 0 {
		r.Client = f[2][:i]
	}
	if !line.Is(f[3], "-") {
		r.Endpoint = f[3]
	}
	if s, ok := line.Seconds(f[5]); ok {
		r.UpSeconds = s
	}
	if n, ok := line.Int(f[8]); ok && n > 0 && n < 1000 {
		r.UpStatus = int(n)
	}
	r.Bytes, _ = line.Int(f[10])
	r.Request, b, _ = line.Cut(b[1:], `" "`)
	r.Method, r.Path = line.Request(r.Request)
	r.UserAgent, _, _ = line.Cut(b, `" `)
	switch {
	case r.Status < 500:
		return dialect.Plain
	case r.UpStatus == r.Status:
		return makers.Of(r.Status, answer.Passed)
	case r.Status == 503:
		return keyNoBackend
	case r.Status == 504:
		return keyTimeout
	case r.Status == 502:
		return keyBad
	}
	return makers.Of(r.Status, answer.Made)
}
