package traefik

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// checks are the errors of health checks by kind.
var checks = gonet.AddChecks(table, "traefik pkg/healthcheck")

const source = "traefik pkg/server/service, pkg/proxy/httputil"

var table = applog.TableOf(source)

var makers = answer.Add(table, source, "Traefik says why at level DEBUG only: log.level=DEBUG.")

// keys are the errors of Go's net by kind. Traefik answers 504 where the error
// is a timeout, 502 where it is another error of the network or an end of file,
// and 500 to the rest (httputil.ErrorHandler).
var keys = gonet.Add(table, source, func(k gonet.Kind) int {
	switch k {
	case gonet.DialTimeout, gonet.ResolverTimeout, gonet.HeaderTimeout, gonet.TLSTimeout:
		return 504
	case gonet.IdleClosed, gonet.UnexpectedEOF, gonet.TLSBytes, gonet.Malformed, gonet.Coding, gonet.HeaderTooBig, gonet.Certificate, gonet.TLSPlain, gonet.BadBody:
		return 500
	case gonet.Canceled:
		return 0
	}
	return 502
})

var add = table.Status

var (
	keyNoServer = add("no-server", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"The body of Traefik's 503: the service has no healthy server. Health check lines, or the containers' states, say why.",
		vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown)
	keyBreaker = add("circuit-open", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayCircuitOpen, true,
		"A 503 of 19 bytes without a server: a circuitBreaker middleware refused the request. What opened it stands before it in the log.",
		vocab.CircuitOpen, vocab.UpstreamDown, vocab.UpstreamSlow)
	keyCheck = add("check-failed", vocab.DestinationUnavailable, 0, dialect.PhaseLocal, vocab.GatewayServerDisabled, false,
		"The server leaves the rotation: is it down, or is the check's path wrong?", vocab.HealthCheckWrong, vocab.UpstreamDown, vocab.AppError)
	keyCheckStatus = add("check-status", vocab.DestinationUnavailable, 0, dialect.PhaseHeader, vocab.GatewayCheckRejected, false,
		"The server answers and the check does not take its status: the check's path, host or scheme, or the application.", vocab.HealthCheckWrong, vocab.UpstreamDown, vocab.AppError)
	keyAuth = add("auth-failed", vocab.ConnectionRefused, 500, dialect.PhaseConnect, vocab.GatewayAuthStatus, true,
		"forwardAuth could not reach its service: diagnose that one.", vocab.AuthSubrequest, vocab.UpstreamDown, vocab.UpstreamSlow)
)

// auths are the errors of authentication services by kind. They come last: captured
// cases know conditions by their number.
var auths = gonet.AddAuth(table, "traefik pkg/middlewares/auth", 500)
