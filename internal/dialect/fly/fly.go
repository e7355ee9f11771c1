// Package fly knows fly-proxy, the edge and balancer of Fly.io, as its lines in
// `fly logs` show it.
package fly

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Fly.io. It runs there: only what `fly logs` shows is here.
var Dialect = phrase.Member("fly", "Fly.io: the lines of fly-proxy and of machines in `fly logs`, and its PR, PM and PA codes.", phrase.Options{
	Name: "fly logs", Kind: "error", Own: own, Sure: 90,
	Source: "Fly.io documentation, troubleshooting and error codes of fly-proxy",
}, rows)

// own reads "2026-06-19T03:59:14.143 proxy[2874365a46e318] lhr [error] message".
func own(b []byte, r *dialect.Record) bool {
	stamp, rest := line.Word(b)
	if len(stamp) < 20 || len(stamp) > 40 || stamp[4] != '-' || stamp[10] != 'T' {
		return false
	}
	who, rest := line.Word(rest)
	switch {
	case line.Has(who, "proxy["), line.Has(who, "app["), line.Has(who, "runner["), line.Has(who, "health["), line.Has(who, "machine["):
	default:
		return false
	}
	region, rest := line.Word(rest)
	if len(region) != 3 && len(region) != 5 || len(rest) < 3 || rest[0] != '[' {
		return false
	}
	r.Stamp, r.Name = stamp, who
	if level, text, ok := line.Cut(rest[1:], "] "); ok {
		r.Level, r.Message = level, text
	}
	return true
}

type causes = []vocab.Cause

const source = "fly-proxy, public logs"

var rows = []phrase.Row{
	{ID: "refused", Codes: []string{"PC01"}, Says: []string{"instance refused connection"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Causes: causes{vocab.WrongAddress, vocab.UpstreamCrashed, vocab.UpstreamDown},
		Means: "The machine runs and nothing listens on internal_port.", Check: "Does the application listen on 0.0.0.0 (not 127.0.0.1) and on internal_port of fly.toml? Or did it crash at start?"},
	{ID: "not-listening", Codes: []string{"PC05"}, Says: []string{"The app is not listening on the expected address", "not listening on the expected address", "failed to connect to machine: gave up after"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayRefused, Causes: causes{vocab.WrongAddress, vocab.UpstreamCrashed, vocab.UpstreamDown},
		Means: "The application is not where fly.toml says.", Check: "Compare the address of its first log lines with internal_port; it must listen on 0.0.0.0."},
	{ID: "closed", Codes: []string{"PR04", "PU02", "PU01"}, Says: []string{"could not make HTTP request to instance: connection closed before message completed", "could not send HTTP request to instance: connection error", "connection closed before message completed", "could not complete HTTP request to instance: connection closed"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting},
		Means: "The application closed the connection before its answer.", Check: "Does it close idle connections while the proxy reuses them (Node: 5 s), or did it crash?"},
	{ID: "reset", Says: []string{"could not make HTTP request to instance…Connection reset by peer", "could not send HTTP request to instance…Connection reset by peer"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseHeader, Fact: vocab.GatewayResetEarly, Causes: causes{vocab.KeepaliveRace, vocab.UpstreamCrashed}, Means: "The application reset the connection."},
	{ID: "timeout", Codes: []string{"PU03"}, Says: []string{"could not proxy HTTP request. Retrying", "instance unreachable", "timed out while connecting to your instance", "timed out reading from your instance"}, Symptom: vocab.ConnectionTimeout, Status: 502, Phase: dialect.PhaseConnect, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.UpstreamHung, vocab.WorkersExhausted, vocab.UpstreamDown, vocab.Lossy}, Means: "The machine did not answer the proxy."},
	{ID: "no-candidates", Codes: []string{"PR01", "PR03"}, Says: []string{"could not find a good candidate within", "no known healthy instances found for route", "No candidates available", "could not find an instance to route to"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.NoHealthyUpstream, vocab.ConnectionsExhausted, vocab.UpstreamDown, vocab.HealthCheckWrong},
		Means: "No machine was healthy and below its concurrency limit.", Check: "fly status and the checks; hard_limit in fly.toml."},
	{ID: "limit", Codes: []string{"PR02"}, Says: []string{"Instance…reached hard limit of", "reached its hard limit of", "reached hard limit"}, Symptom: vocab.ConnectionLimitReached, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoConnections, Causes: causes{vocab.ConnectionsExhausted, vocab.UpstreamSlow, vocab.WorkersExhausted}, Means: "Every machine has as many requests as hard_limit allows."},
	{ID: "machine-exited", Codes: []string{"PM05", "PM07", "PM01"}, Says: []string{"machine is in a non-startable state", "failed to start machine", "failed to change machine state", "machine exited unexpectedly", "Main child exited with signal", "Starting machine…failed"}, Symptom: vocab.ConnectionRefused, Status: 502, Phase: dialect.PhaseLocal, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamRestarting}, Means: "The machine ended, or did not start."},
	{ID: "exited", Says: []string{"Main child exited normally with code: 0", "Process appears to have been stopped", "Sending signal SIGINT to main child process", "Sending signal SIGTERM to main child process", "App…has excess capacity, autostopping machine"}, Phase: dialect.PhaseLocal, Fact: vocab.AppStopping, News: true, Causes: causes{vocab.UpstreamRestarting}, Means: "The machine stopped in order: a deploy, or auto-stop."},
	{ID: "crashed", Says: []string{"Main child exited normally with code: ", "Main child exited with", "Virtual machine exited abruptly", "Kernel pid terminated", "reboot: Power down…code", "machine has reached its max restart count", "exited: shutdown", "** (Mix)", "Runtime terminating during boot"}, Symptom: vocab.ConnectionRefused, Phase: dialect.PhaseLocal, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed}, Means: "The application's main process ended with an error.", Check: "Its lines before this say why."},
	{ID: "oom", Says: []string{"Out of memory: Killed process", "Process…killed by OOM", "oom_killed", "OOM killed"}, Symptom: vocab.ConnectionTerminated, Phase: dialect.PhaseLocal, Fact: vocab.AppOOMKilled, Causes: causes{vocab.UpstreamOOMKilled}, Means: "The kernel of the machine killed the application: fly scale memory."},
	{ID: "check-failed", Says: []string{"Health check…has failed", "Health check on port…has failed", "Health check…is now warning", "Health check…critical"}, Symptom: vocab.DestinationUnavailable, Phase: dialect.PhaseLocal, Fact: vocab.CheckUnconnected, News: true, Causes: causes{vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.UpstreamCrashed}, Means: "The machine's health check fails.", Source: source},
}
