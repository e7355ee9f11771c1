package caddy

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const source = "caddy modules/caddyhttp/reverseproxy"

var table = applog.TableOf(source)

var makers = answer.Add(table, source, "The line of http.log.error of the same request says it.")

// keys are the errors of Go's net by kind. Caddy answers 504 to a timeout of
// http.Transport and 502 to the rest (reverseproxy.go, statusError).
var keys = gonet.Add(table, source+"/reverseproxy.go", func(k gonet.Kind) int {
	switch k {
	case gonet.HeaderTimeout, gonet.TLSTimeout:
		return 504
	case gonet.Canceled:
		return 0
	}
	return 502
})

// checks are the errors of active health checks by kind.
var checks = gonet.AddChecks(table, source+"/healthchecks.go")

var add = table.Status

var (
	keyNoUpstream = add("no-upstreams", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"Every upstream is unhealthy, at its limit, or was just tried in vain: health check lines and errors before it say why.",
		vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown)
	keyTarget = add("bad-target", vocab.ProxyConfigurationError, 502, dialect.PhaseLocal, vocab.GatewayBadTarget, true,
		"A placeholder in the upstream's address was empty or is no address.", vocab.InvalidConfig)
	keyRetry = add("retry-match", vocab.ProxyInternalResponse, 503, dialect.PhaseHeader, vocab.GatewayStatusPassed, true,
		"The upstream answered with a status that retry_match rejects, until no attempt was left.", vocab.AppError)
	keyCheckFailed = add("check-failed", vocab.ConnectionRefused, 0, dialect.PhaseConnect, "", false,
		"An active health check got no answer; its error says how.", vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.Filtered)
	keyCheckStatus = add("check-status", vocab.HTTPProtocolError, 0, dialect.PhaseHeader, vocab.GatewayCheckRejected, false,
		"The health check's status is not the one expected: its path, host or the application.", vocab.HealthCheckWrong, vocab.AppError)
	keyCheckTolerance = add("check-tolerance", vocab.HTTPProtocolError, 0, dialect.PhaseHeader, vocab.GatewayCheckRejected, false,
		"The health check got a 4xx or 5xx.", vocab.AppError, vocab.HealthCheckWrong)
	keyCheckBody = add("check-body", vocab.HTTPProtocolError, 0, dialect.PhaseBody, vocab.GatewayCheckRejected, false,
		"The health check's body does not match.", vocab.HealthCheckWrong)
	keyNotFastCGI = add("not-fastcgi", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayNotFastCGI, true,
		"What listens there speaks no FastCGI.", vocab.ProtocolMismatch, vocab.WrongAddress)
	keyReadTimeout = add("read-timeout", vocab.ConnectionReadTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout, true,
		"read_timeout of the transport passed without a byte.", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort)
	keyWriteTimeout = add("write-timeout", vocab.ConnectionWriteTimeout, 504, dialect.PhaseSend, vocab.GatewayWriteTimeout, true,
		"write_timeout of the transport passed: the upstream does not read.", vocab.UpstreamHung, vocab.BacklogFull)
	keyUp   = add("host-up", "", 0, dialect.PhaseLocal, "", false, "An upstream is healthy again.", vocab.PartialOutage)
	keyBody = add("body-cut", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayClosedBody, true,
		"The upstream closed in the middle of the body: the client got the status and less than the whole.", vocab.UpstreamCrashed, vocab.TruncatedResponse, vocab.WorkerKilled)
)
