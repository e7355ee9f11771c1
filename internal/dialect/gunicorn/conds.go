package gunicorn

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	arbiter = "gunicorn gunicorn/arbiter.py"
	workers = "gunicorn gunicorn/workers/base.py"
)

var table = applog.NewTable()

var add = table.From

// The keys of the log.
var (
	keyTimeout = add("worker-timeout", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true, arbiter,
		"A worker did not report for --timeout seconds (30) and is killed: the gateway sees its connection close, 502 and not 504. A sync worker is silent for as long as its request runs. Without any request: no processor time, or a slow disk below --worker-tmp-dir.",
		vocab.WorkerKilled, vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung, vocab.CPUSaturated)
	keyKilled = add("worker-sigkill", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppSigkilled, true, arbiter,
		"gunicorn guesses at memory even where it sent the signal itself: a WORKER TIMEOUT of the same process before it decides. Else look at the kernel's log and memory.events.",
		vocab.UpstreamOOMKilled, vocab.WorkerKilled)
	keyKilledOld = add("worker-signal-9", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppSigkilled, true, arbiter,
		"The wording of 20.1 and 21. A WORKER TIMEOUT of the same process before it: gunicorn did it. Else the kernel, or a person.",
		vocab.WorkerKilled, vocab.UpstreamOOMKilled)
	keyCrashed = add("worker-crashed", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, arbiter,
		"Native code of an extension crashed: coredumpctl, the kernel's segfault line.",
		vocab.UpstreamCrashed)
	keyTerminated = add("worker-sigterm", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppStopping, false, arbiter,
		"A stop or a deploy.",
		vocab.UpstreamRestarting)
	keyExitCode = add("worker-exit-code", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, arbiter,
		"3 is an application that did not start, 4 one that could not be imported, 1 often sys.exit after a WORKER TIMEOUT.",
		vocab.UpstreamCrashed)
	keyBoot = add("boot-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppBootFailed, false, arbiter,
		"The whole server stops: the traceback before it says what could not be imported or is not configured.",
		vocab.UpstreamCrashed, vocab.InvalidConfig)
	keyWorkerException = add("worker-exception", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppBootFailed, false, arbiter,
		"The traceback follows.",
		vocab.UpstreamCrashed, vocab.InvalidConfig)
	keyExiting = add("worker-exiting", "", dialect.PhaseLocal, "", false, arbiter,
		"A deploy, max_requests, or the end after a WORKER TIMEOUT.",
		vocab.UpstreamRestarting, vocab.WorkerKilled)
	keyBooting = add("worker-booting", "", dialect.PhaseLocal, "", false, arbiter,
		"A new worker: where another one was missing before, this is the time of its end.",
		vocab.UpstreamRestarting, vocab.UpstreamCrashed)
	keyListening = add("listening", "", dialect.PhaseLocal, vocab.AppListening, false, arbiter,
		"Where it really listens: compare with the gateway's configuration.",
		vocab.WrongAddress)
	keyInUse = add("connection-in-use", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppCannotListen, false, "gunicorn gunicorn/sock.py",
		"Another process has the address; the new server ends, the old one may still answer.",
		vocab.UpstreamDown, vocab.InvalidConfig)
	keyStarting     = add("starting", "", dialect.PhaseLocal, vocab.AppStarting, false, arbiter, "The master started.")
	keyStopping     = add("stopping", "", dialect.PhaseLocal, vocab.AppStopping, false, arbiter, "The master was told to stop.")
	keyReloading    = add("reloading", "", dialect.PhaseLocal, vocab.AppStarting, false, arbiter, "All workers are replaced.")
	keyRequestError = add("request-error", "", dialect.PhaseHeader, vocab.AppErrorLogged, true, workers,
		"The traceback follows; the client got a 500.",
		vocab.AppError)
	keyInvalid = add("invalid-request", vocab.HTTPProtocolError, dialect.PhaseSend, vocab.AppWrongProtocol, false, workers,
		"What came was no HTTP request: a gateway that speaks TLS or the PROXY protocol to a plain port, or a scanner.",
		vocab.ProtocolMismatch, vocab.MalformedRequest)
	keyTooLarge = add("request-too-large", vocab.HTTPRequestError, dialect.PhaseSend, vocab.AppRequestTooLarge, true, workers,
		"Over --limit-request-line, --limit-request-fields or --limit-request-field_size.",
		vocab.RequestTooLarge)
)
