// Package awsapi knows AWS API Gateway and Lambda: the bodies and log words of
// their failures.
package awsapi

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is API Gateway and Lambda. They run at AWS: only their words are here.
var Dialect = phrase.Member("aws-api", "AWS API Gateway and Lambda: bodies, log words and error types.", phrase.Options{Name: "aws-api", Kind: "error", Words: 29, Source: "API Gateway and Lambda documentation, troubleshooting"}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "timeout", Codes: []string{"INTEGRATION_TIMEOUT"}, Says: []string{"Endpoint request timed out"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung}, Means: "The integration did not answer within 29 seconds."},
	{ID: "malformed", Says: []string{"Malformed Lambda proxy response", "Lambda response was malformed", "LambdaInvalidResponse"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse, vocab.AppError}, Means: "The function did not return an object with statusCode, headers and a body that is a string."},
	{ID: "function-timeout", Says: []string{"Task timed out after", "LambdaTimeout", "Status: timeout"}, Symptom: vocab.HTTPResponseTimeout, Status: 502, Phase: header, Fact: vocab.AppWorkerKilled, Causes: causes{vocab.WorkerKilled, vocab.UpstreamSlow, vocab.TimeoutTooShort}, Means: "Lambda ended the function at its own time limit."},
	{ID: "function-exited", Says: []string{"Runtime exited with error", "Runtime exited without providing a reason", "RequestId…Process exited before completing request", "Runtime.ExitError"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamOOMKilled}, Means: "The function's process ended.", Check: "signal: killed is the memory limit: compare Max Memory Used with Memory Size."},
	{ID: "function-error", Codes: []string{"LambdaUnhandled", "Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError"}, Says: []string{"Lambda execution failed with status 200 due to customer function error"}, Phase: header, Fact: vocab.AppErrorLogged, Causes: causes{vocab.AppError, vocab.InvalidConfig}, Means: "The function threw an exception, or could not be loaded."},
	{ID: "throttled", Says: []string{"Rate Exceeded", "TooManyRequestsException", "LambdaThrottling", "Limit Exceeded"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: local, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.ConnectionsExhausted, vocab.RateLimited, vocab.TrafficSurge}, Means: "The account's, or the function's, concurrency is used up."},
	{ID: "integration-network", Codes: []string{"INTEGRATION_NETWORK_FAILURE"}, Says: []string{"Execution failed due to configuration error: There was a network error", "Execution failed due to a network error communicating with endpoint"}, Symptom: vocab.ConnectionRefused, Status: 504, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress, vocab.KeepaliveRace}, Means: "API Gateway could not reach the integration's endpoint."},
	{ID: "integration-tls", Says: []string{"Execution failed due to configuration error: Host name…does not match the certificate", "Execution failed due to configuration error: PKIX", "General SSLEngine problem"}, Symptom: vocab.TLSCertificateError, Status: 500, Phase: dialect.PhaseTLS, Fact: vocab.GatewayCertificateRejected, Causes: causes{vocab.TLSUntrusted}, Means: "The endpoint's certificate does not verify."},
	{ID: "configuration", Says: []string{"Execution failed due to configuration error", "Invalid permissions on Lambda function"}, Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: local, Fact: vocab.GatewayBadTarget, Causes: causes{vocab.InvalidConfig}, Means: "The integration is not configured as it must be."},
	{ID: "unavailable", Codes: []string{"INTEGRATION_FAILURE"}, Says: []string{`{"message":"Service Unavailable"}`, `{"message": "Service Unavailable"}`}, Status: 503, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamDown, vocab.ConnectionsExhausted, vocab.TimeoutTooShort}, Means: "An HTTP API's own 503: the integration timed out (30 s) or could not be reached."},
	{ID: "internal", Says: []string{`{"message":"Internal server error"}`, `{"message": "Internal server error"}`, `{"message":"Internal Server Error"}`, `{"message": "Internal Server Error"}`}, Status: 502, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.InvalidResponse, vocab.AppError, vocab.InvalidConfig}, Means: "API Gateway's own text: the function failed, or its answer is malformed."},
	{ID: "missing-token", Says: []string{"Missing Authentication Token", `{"message":"Not Found"}`}, Symptom: vocab.DestinationNotFound, Status: 403, Phase: local, Causes: causes{vocab.NoRoute}, Means: "No route of the API fits method and path."},
}
