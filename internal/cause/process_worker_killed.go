package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var workerKilled = Cause{
	ID: vocab.WorkerKilled,
	Expects: []Expectation{
		{Fact: vocab.AppWorkerKilled, Seen: 32, Absent: -4}, // its own record
		{Fact: vocab.AppSigkilled, Seen: 12},
		{Fact: vocab.GatewayClosedEarly, Seen: 11},
		{Fact: vocab.TargetWorkers, Seen: 5}, // they have watchdogs
		{Fact: vocab.GatewayResetEarly, Seen: 10},
		{Fact: vocab.GatewayClosedBody, Seen: 8},
		{Fact: vocab.GatewayReadTimeout, Seen: -25},
		{Fact: vocab.ProbeEmpty, Seen: 3},
		{Fact: vocab.ProbeReset, Seen: 3},
		{Fact: vocab.ProbeOK, Seen: -3},
		{Fact: vocab.WorkerReplaced, Seen: 11}, // the worker is gone and its master is not
		{Fact: vocab.ListenerKept, Seen: -8},
		{Fact: vocab.AppCrashed, Seen: -6},
		{Fact: vocab.AppSlowLogged, Seen: 4},
		{Fact: vocab.KernelSegfault, Seen: -20},
		{Fact: vocab.AppOOMKilled, Seen: -20},
		{Fact: vocab.ListenerStopped, Seen: -15},
		{Fact: vocab.ProbeIdleShorter, Seen: -6},
		{Fact: vocab.FailsAtOnce, Seen: -8},
		{Fact: vocab.CutAfterWait, Seen: 4},          // a watchdog waits before it kills
		{Fact: vocab.EndpointGroupKilled, Seen: -18}, // the kernel did
	},
	Hides:   []vocab.Cause{vocab.UpstreamCrashed, vocab.EmptyResponse, vocab.TruncatedResponse, vocab.UpstreamHung, vocab.UpstreamSlow, vocab.UpstreamRestarting},
	Summary: "The application server at {endpoint} killed its own worker in the middle of a request[: {value:app_worker_killed}].",
	Fixes: []Fix{
		{Text: "Find out why the request takes that long; if it may, raise the worker's limit (gunicorn --timeout, php-fpm request_terminate_timeout, uwsgi harakiri) above the slowest request and keep the gateway's limit above that."},
		{Text: "Move long work to a queue."},
	},
	Next: "The application server's own log has the time, the process and the request.",
}
