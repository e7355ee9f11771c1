// Package elb knows AWS's Classic Load Balancer: its access log.
package elb

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is the Classic Load Balancer. It runs at AWS: only its log is here.
var Dialect = dialect.Dialect{
	Name:  "elb",
	Doc:   "AWS Classic Load Balancer: its access log, and the words of AWS's balancers in pieces of logs and metrics.",
	Logs:  Logs,
	Words: words,
}

// Logs are the access log of the classic balancer, and the words of both.
var Logs = []dialect.Log{access, log}

var log, words = phrase.New(phrase.Options{Name: "elb fields", Kind: "app", Source: manual}, rows)

const manual = "Elastic Load Balancing documentation: access logs, CloudWatch metrics, troubleshooting"

type causes = []vocab.Cause

const header = dialect.PhaseHeader

var rows = []phrase.Row{
	{ID: "target-error", Codes: []string{"HTTPCode_Target_5XX_Count", "HTTPCode_Backend_5XX"}, Phase: header, Fact: vocab.GatewayStatusPassed, Causes: causes{vocab.AppError, vocab.DependencyDown}, Means: "The target itself answered with a 5xx."},
	{ID: "502", Codes: []string{"HTTPCode_ELB_502_Count"}, Says: []string{"elb_status_code=502", `"elb_status_code":502`, `"elb_status_code":"502"`, `"elb_status_code": 502`, `elb_status_code: 502`}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly,
		Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.UpstreamDown, vocab.InvalidResponse, vocab.TLSHandshake},
		Means:  "The balancer made a 502: the target reset or closed the connection, or answered what is no HTTP.",
		Check:  "Is the target's keep-alive longer than the balancer's idle timeout (60 s)? Node's is 5 s, gunicorn's 2 s. target_processing_time -1 and a target_status of \"-\" say that nothing came."},
	{ID: "503", Codes: []string{"HTTPCode_ELB_503_Count"}, Says: []string{"elb_status_code=503", `"elb_status_code":503`, `"elb_status_code":"503"`, `"elb_status_code": 503`}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream,
		Causes: causes{vocab.NoHealthyUpstream, vocab.InvalidConfig, vocab.HealthCheckWrong}, Means: "The target group has no registered target."},
	{ID: "504", Codes: []string{"HTTPCode_ELB_504_Count"}, Says: []string{"elb_status_code=504", `"elb_status_code":504`, `"elb_status_code":"504"`, `"elb_status_code": 504`}, Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout,
		Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.Filtered}, Means: "No connection within 10 s, or no answer within the idle timeout (60 s)."},
	{ID: "460", Says: []string{"elb_status_code=460", `"elb_status_code":460`}, Phase: header, Fact: vocab.GatewayClientGone, News: true, Causes: causes{vocab.Aborted, vocab.UpstreamSlow}, Means: "The client closed before the idle timeout."},
	{ID: "connection-errors", Codes: []string{"TargetConnectionErrorCount", "BackendConnectionErrors"}, Symptom: vocab.ConnectionRefused, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.Filtered}, Means: "Connections to targets failed.", Check: "Port, security group, accept queue."},
	{ID: "tls-errors", Codes: []string{"TargetTLSNegotiationErrorCount"}, Symptom: vocab.TLSProtocolError, Phase: dialect.PhaseTLS, Fact: vocab.GatewayTLSClosed, Causes: causes{vocab.TLSHandshake, vocab.ProtocolMismatch}, Means: "TLS with targets failed."},
	{ID: "spillover", Codes: []string{"SpilloverCount", "SurgeQueueLength"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.ConnectionsExhausted, vocab.WorkersExhausted, vocab.TrafficSurge}, Means: "The balancer's queue was full and it refused requests."},
	{ID: "code-mismatch", Codes: []string{"Target.ResponseCodeMismatch"}, Says: []string{"Health checks failed with these codes"}, Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.GatewayCheckRejected, Causes: causes{vocab.HealthCheckWrong, vocab.AppError}, Means: "The health check got another status than the one it wants.", Check: "Its path, and a redirect to HTTPS or a login."},
	{ID: "check-timeout", Codes: []string{"Target.Timeout"}, Says: []string{"Health checks failed…Request timed out", "Request timed out…Target"}, Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.UpstreamHung, vocab.UpstreamSlow, vocab.HealthCheckWrong}, Means: "The health check was not answered in time.", Check: "The security group of the targets must let the balancer in."},
	{ID: "check-failed", Codes: []string{"Target.FailedHealthChecks"}, Says: []string{"Health checks failed"}, Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.CheckUnconnected, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.HealthCheckWrong}, Means: "The health check could not connect, or the connection broke."},
	{ID: "not-in-zone", Codes: []string{"Target.NotInUse", "Target.NotRegistered"}, Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Causes: causes{vocab.InvalidConfig, vocab.NoHealthyUpstream}, Means: "The target is in no zone of the balancer, or no listener uses its group."},
	{ID: "draining", Codes: []string{"Target.DeregistrationInProgress"}, Phase: dialect.PhaseLocal, News: true, Fact: vocab.AppStopping, Causes: causes{vocab.UpstreamRestarting}, Means: "The target is being taken out, as in a deploy."},
}

var access = dialect.Log{Name: "elb access", Kind: "access", Sniff: dialect.Share(94, read), Line: read, Time: line.Time, Conds: table.Conds()}
