package phpfpm

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Source files of php-src that write the messages.
const (
	childrenC = "php-src sapi/fpm/fpm/fpm_children.c"
	controlC  = "php-src sapi/fpm/fpm/fpm_process_ctl.c"
	requestC  = "php-src sapi/fpm/fpm/fpm_request.c"
	socketsC  = "php-src sapi/fpm/fpm/fpm_sockets.c"
	fpmC      = "php-src sapi/fpm/fpm/fpm.c"
)

var table = applog.NewTable()

var add = table.From

// The keys of the log.
var (
	keyMaxChildren = add("max-children", vocab.ConnectionLimitReached, dialect.PhaseHeader, vocab.AppWorkersExhausted, false, controlC,
		"Written once until the pressure ends. Requests wait in the listen queue: the gateway sees 504, or EAGAIN when the queue of a unix socket is full too. More children help only where memory, processor and database allow them.",
		vocab.WorkersExhausted, vocab.UpstreamSlow, vocab.CPUSaturated)
	keyMaxChildrenOnDemand = add("max-children-ondemand", vocab.ConnectionLimitReached, dialect.PhaseHeader, vocab.AppWorkersExhausted, false, controlC,
		"The wording of pm = ondemand. With pm = static php-fpm says nothing at all.",
		vocab.WorkersExhausted, vocab.UpstreamSlow)
	keySeemsBusy = add("seems-busy", vocab.ConnectionLimitReached, dialect.PhaseHeader, "", false, controlC,
		"Children are being started because none is idle: the step before max_children.",
		vocab.WorkersExhausted)
	keyMaxProcesses = add("max-processes", vocab.ConnectionLimitReached, dialect.PhaseHeader, vocab.AppWorkersExhausted, false, childrenC,
		"The limit process.max over all pools.",
		vocab.WorkersExhausted)
	keySegfault = add("child-segfault", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"An extension, opcache, the JIT, or a stack that overflowed: the kernel's segfault line names the library. nginx answers 502.",
		vocab.UpstreamCrashed)
	keyBus = add("child-bus-error", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"A mapped file was cut short under it, or /dev/shm is full.",
		vocab.UpstreamCrashed, vocab.DiskFull)
	keyKilled = add("child-killed", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppSigkilled, true, childrenC,
		"The kernel's log or memory.events say whether memory ran out; else a person or a supervisor sent it.",
		vocab.UpstreamOOMKilled, vocab.WorkerKilled)
	keyTerminated = add("child-terminated", vocab.ConnectionTerminated, dialect.PhaseHeader, "", true, childrenC,
		"After \"execution timed out\" it was request_terminate_timeout; else the service was stopped or restarted.",
		vocab.WorkerKilled, vocab.UpstreamRestarting)
	keyAbort = add("child-abort", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"An assertion or a broken heap in PHP or an extension.",
		vocab.UpstreamCrashed)
	keyFloat = add("child-arithmetic", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"A division by zero in native code.",
		vocab.UpstreamCrashed)
	keySignal = add("child-signal", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"signal(7) says what the number means.",
		vocab.UpstreamCrashed)
	keyChildCode = add("child-exit-code", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"70 is a child that could not start; 255 a fatal error outside a request.",
		vocab.UpstreamCrashed)
	keyChildDone = add("child-exit", "", dialect.PhaseLocal, "", false, childrenC,
		"In order: pm.max_requests, or the end of an idle child.",
		vocab.UpstreamRestarting)
	keyTimeout = add("request-terminated", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true, requestC,
		"request_terminate_timeout: php-fpm kills before the gateway stops waiting, so the gateway answers 502 and not 504.",
		vocab.WorkerKilled, vocab.UpstreamSlow, vocab.TimeoutTooShort)
	keySlow = add("request-slow", vocab.HTTPResponseTimeout, dialect.PhaseHeader, vocab.AppSlowLogged, false, requestC,
		"The slow log has the stack of it.",
		vocab.UpstreamSlow)
	keySlowLog = add("slow-log", "", dialect.PhaseHeader, vocab.AppSlowLogged, false, requestC,
		"The lines below it are the stack.",
		vocab.UpstreamSlow)
	keyThreshold = add("emergency-restart", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, childrenC,
		"emergency_restart_threshold: so many children crashed that php-fpm restarts all of them.",
		vocab.UpstreamCrashed, vocab.UpstreamRestarting)
	keyChildInit = add("child-init-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppBootFailed, true, childrenC,
		"The lines before it say what a child could not set up.",
		vocab.UpstreamCrashed, vocab.InvalidConfig)
	keyFork = add("fork-failed", vocab.ConnectionLimitReached, dialect.PhaseLocal, vocab.AppCannotFork, true, childrenC,
		"EAGAIN is a limit on processes (pids.max, TasksMax=, ulimit -u), ENOMEM is memory.",
		vocab.PIDsExhausted, vocab.MemoryPressure)
	keyCannotListen = add("cannot-listen", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppCannotListen, false, socketsC,
		"php-fpm does not start: the folder of the socket does not exist, or another process holds the address.",
		vocab.UpstreamDown, vocab.InvalidConfig)
	keyInit = add("init-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppBootFailed, false, fpmC,
		"php-fpm does not start; the line before says why, php-fpm -t says it too.",
		vocab.UpstreamDown, vocab.InvalidConfig)
	keyReady     = add("ready", "", dialect.PhaseLocal, vocab.AppStarting, false, fpmC, "php-fpm takes connections from now on.")
	keyRunning   = add("running", "", dialect.PhaseLocal, "", false, fpmC, "The master started.")
	keyStopping  = add("stopping", "", dialect.PhaseLocal, vocab.AppStopping, false, fpmC, "php-fpm was told to stop.")
	keyReloading = add("reloading", "", dialect.PhaseLocal, vocab.AppStopping, false, fpmC, "All children are replaced; requests in them are lost unless process_control_timeout waits for them.")
)
