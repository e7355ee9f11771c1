package uwsgi

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	masterC = "uwsgi core/master.c, core/master_checks.c, core/master_utils.c"
	coreC   = "uwsgi core/uwsgi.c"
	socketC = "uwsgi core/socket.c"
	protoC  = "uwsgi proto/base.c, proto/uwsgi.c"
)

var table = applog.NewTable()

var add = table.From

// The keys of the log.
var (
	keyHarakiri = add("harakiri", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true, masterC,
		"A request ran longer than harakiri allows and its worker is killed: the gateway sees its connection close, 502 and not 504.",
		vocab.WorkerKilled, vocab.UpstreamSlow, vocab.TimeoutTooShort, vocab.UpstreamHung)
	keyHarakiriUser = add("harakiri-triggered", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true, masterC,
		"The same, as the newer master writes it; (user) is a limit that the application set itself.",
		vocab.WorkerKilled, vocab.UpstreamSlow)
	keyHarakiriRequest = add("harakiri-request", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true, coreC,
		"The request that was killed, and since when it ran.",
		vocab.WorkerKilled, vocab.UpstreamSlow)
	keyQueueFull = add("listen-queue-full", vocab.ConnectionLimitReached, dialect.PhaseConnect, vocab.AppQueueFull, true, masterC,
		"A unix socket answers EAGAIN, nginx 502; TCP loses the SYN, nginx 504 while connecting. listen is capped by net.core.somaxconn; ask first why workers are so busy.",
		vocab.BacklogFull, vocab.WorkersExhausted, vocab.UpstreamSlow)
	keyAsyncFull = add("async-queue-full", vocab.ConnectionLimitReached, dialect.PhaseHeader, vocab.AppWorkersExhausted, true, "uwsgi core/async.c",
		"All async cores are in use.",
		vocab.WorkersExhausted)
	keyKilled = add("worker-sigkill", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppSigkilled, true, masterC,
		"After HARAKIRI uWSGI did it; else the kernel's log and memory.events say whether memory ran out.",
		vocab.UpstreamOOMKilled, vocab.WorkerKilled)
	keyCrashed = add("worker-signal", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, masterC,
		"Native code crashed: coredumpctl, the kernel's segfault line.",
		vocab.UpstreamCrashed)
	keyDied = add("worker-died", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, masterC,
		"The worker ended by itself; its own last lines say why.",
		vocab.UpstreamCrashed)
	keySegfault = add("segfault", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true, coreC,
		"The backtrace follows.",
		vocab.UpstreamCrashed)
	keyClientGone = add("client-gone", vocab.HTTPResponseTimeout, dialect.PhaseBody, vocab.AppSlowLogged, false, coreC,
		"The gateway went away before the answer was written, so the application was slow and not hung: the gateway's log has 504 or 499.",
		vocab.UpstreamSlow, vocab.TimeoutTooShort)
	keyNoApp = add("no-application", vocab.ProxyInternalResponse, dialect.PhaseHeader, vocab.AppBootFailed, true, "uwsgi plugins/python/wsgi_handlers.c",
		"uWSGI answers 500 by itself: the application could not be imported, see the lines at its start.",
		vocab.AppError, vocab.InvalidConfig)
	keyTooLarge = add("request-too-large", vocab.ConnectionTerminated, dialect.PhaseSend, vocab.AppRequestTooLarge, true, protoC,
		"The request's headers, cookies and address are larger than buffer-size (4096): uWSGI closes the connection, nginx answers 502.",
		vocab.RequestTooLarge)
	keyHTTP = add("not-uwsgi", vocab.ConnectionTerminated, dialect.PhaseSend, vocab.AppWrongProtocol, true, protoC,
		"The bytes are those of an HTTP request (or TLS): use uwsgi_pass in nginx, or http-socket in uWSGI.",
		vocab.ProtocolMismatch)
	keyNoPlugin = add("no-plugin", vocab.ProxyInternalResponse, dialect.PhaseHeader, vocab.AppBootFailed, true, coreC,
		"The plugin for this language is not loaded: plugins = python3 and the like.",
		vocab.MissingModule)
	keyBootFailed = add("boot-failed", vocab.ProxyInternalResponse, dialect.PhaseLocal, vocab.AppBootFailed, false, coreC,
		"uWSGI runs without an application and answers 500: the traceback before it says what could not be imported.",
		vocab.AppError, vocab.InvalidConfig)
	keyInUse = add("address-in-use-uwsgi", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppCannotListen, false, socketC,
		"Another process has the address (ss -ltnp).",
		vocab.UpstreamDown, vocab.UpstreamRestarting)
	keyFork = add("fork-failed", vocab.ConnectionLimitReached, dialect.PhaseLocal, vocab.AppCannotFork, true, coreC,
		"A limit on processes, or memory.",
		vocab.PIDsExhausted, vocab.MemoryPressure)
	keyListening = add("listening", "", dialect.PhaseLocal, vocab.AppListening, false, socketC,
		"Where it really listens: compare with the gateway's configuration.",
		vocab.WrongAddress)
	keyStarting  = add("starting", "", dialect.PhaseLocal, vocab.AppStarting, false, coreC, "The master started.")
	keySpawned   = add("worker-spawned", "", dialect.PhaseLocal, "", false, coreC, "A worker started.")
	keyStopping  = add("stopping", "", dialect.PhaseLocal, vocab.AppStopping, false, coreC, "uWSGI was told to stop.")
	keyReloading = add("reloading", "", dialect.PhaseLocal, vocab.AppStopping, false, coreC, "All workers are replaced.")
	keyStatus    = add("request-5xx", "", dialect.PhaseHeader, vocab.AppErrorLogged, true, "uwsgi core/logging.c",
		"The application answered so itself; its traceback stands nearby.",
		vocab.AppError)
)
