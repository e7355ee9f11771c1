package systemd

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	unitC    = "systemd src/core/unit.c"
	serviceC = "systemd src/core/service.c"
	jobC     = "systemd src/core/job.c"
)

var table = applog.NewTable()

// add adds a condition of a unit: while it lasts, a connect to it is refused.
func add(id string, fact vocab.Fact, fails bool, source, distinguish string, causes ...vocab.Cause) dialect.Key {
	return addAs(id, vocab.ConnectionRefused, fact, fails, source, distinguish, causes...)
}

func addAs(id string, symptom vocab.Symptom, fact vocab.Fact, fails bool, source, distinguish string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{
		ID: id, Symptom: symptom, Phase: dialect.PhaseLocal, Fact: fact, Fails: fails, Source: source, Distinguish: distinguish, Causes: causes,
	})
}

// The keys of the log.
var (
	keyKill = add("main-killed", vocab.AppSigkilled, true, unitC,
		"With \"killed by the OOM killer\" or a line of the kernel's it was memory; after \"State 'stop-sigterm' timed out\" it was systemd; else somebody else.",
		vocab.UpstreamOOMKilled, vocab.WorkerKilled)
	keySegfault = add("main-segfault", vocab.AppCrashed, true, unitC, "coredumpctl shows the stack.", vocab.UpstreamCrashed)
	keyAbort    = add("main-abort", vocab.AppCrashed, true, unitC, "The program gave up by abort(); with \"Watchdog timeout\" before it, systemd made it.", vocab.UpstreamCrashed)
	keyTerm     = add("main-terminated", vocab.AppStopping, false, unitC, "A stop or a restart.", vocab.UpstreamRestarting)
	keyBus      = add("main-bus-error", vocab.AppCrashed, true, unitC, "A mapped file was cut short, or its disk is full.", vocab.UpstreamCrashed, vocab.DiskFull)
	keySys      = add("main-bad-syscall", vocab.AppCrashed, true, unitC, "SystemCallFilter= of the unit forbids what the program needs.", vocab.InvalidConfig)
	keySignal   = add("main-signal", vocab.AppCrashed, true, unitC, "signal(7) says what the number means.", vocab.UpstreamCrashed)
	keyExit     = add("main-exited", vocab.AppCrashed, true, unitC,
		"The program ended by itself: its own last lines say why. 137 and 143 are a child of a shell that was killed.",
		vocab.UpstreamCrashed, vocab.InvalidConfig)
	keyExitSetup = add("main-not-executed", vocab.AppBootFailed, true, unitC,
		"systemd could not start it: 203 the program, 200 its folder, 217 its user, 226 its namespaces (systemd.exec(5)).",
		vocab.InvalidConfig, vocab.UpstreamDown)
	keyResultOOM       = add("failed-oom", vocab.AppOOMKilled, true, unitC, "systemd 243 and later say so when a process of the unit was killed for memory; OOMPolicy= decides whether the rest goes on.", vocab.UpstreamOOMKilled)
	keyResultSignal    = add("failed-signal", vocab.AppCrashed, true, unitC, "The line before it names the signal.", vocab.UpstreamCrashed, vocab.WorkerKilled)
	keyResultCore      = add("failed-core", vocab.AppCrashed, true, unitC, "coredumpctl shows the stack.", vocab.UpstreamCrashed)
	keyResultExit      = add("failed-exit-code", vocab.AppCrashed, true, unitC, "The line before it has the code, the unit's own output the reason.", vocab.UpstreamCrashed, vocab.InvalidConfig)
	keyResultTimeout   = add("failed-timeout", vocab.AppBootFailed, true, unitC, "Starting or stopping took longer than TimeoutStartSec= or TimeoutStopSec=.", vocab.UpstreamRestarting, vocab.UpstreamHung)
	keyResultWatchdog  = add("failed-watchdog", vocab.AppCrashed, true, unitC, "The program stopped to report (WatchdogSec=): it hung.", vocab.UpstreamHung, vocab.WorkerKilled)
	keyResultLimit     = add("failed-start-limit", vocab.AppBootFailed, true, unitC, "It crashed so often that systemd gave up: it stays down until systemctl reset-failed.", vocab.UpstreamCrashed)
	keyResultResources = add("failed-resources", vocab.AppBootFailed, true, unitC, "systemd could not fork or make its cgroup.", vocab.MemoryPressure, vocab.InvalidConfig)
	keyResultProtocol  = add("failed-protocol", vocab.AppBootFailed, true, unitC, "Type=notify or forking, and the program did not do what that asks for.", vocab.InvalidConfig)
	keyResultOther     = add("failed", vocab.AppBootFailed, true, unitC, "systemctl status and the lines before it say more.", vocab.UpstreamDown, vocab.UpstreamCrashed)
	keyOOM             = addAs("oom-killed", vocab.ConnectionTerminated, vocab.AppOOMKilled, true, serviceC, "memory.events of the unit and the kernel's log have the details.", vocab.UpstreamOOMKilled)
	keyRestart         = add("restart-scheduled", vocab.AppStarting, false, serviceC, "A counter that rises within minutes is a crash loop; RestartSec= is the gap in which requests fail.", vocab.UpstreamCrashed, vocab.UpstreamRestarting)
	keyTooQuickly      = add("restart-refused", vocab.AppBootFailed, true, serviceC, "StartLimitBurst= was reached: it is not started any more.", vocab.UpstreamCrashed)
	keyWatchdog        = addAs("watchdog", vocab.ConnectionTerminated, vocab.AppCrashed, true, serviceC, "The program stopped to report (WatchdogSec=): it hung.", vocab.UpstreamHung, vocab.WorkerKilled)
	keyStopTimeout     = addAs("stop-timeout", vocab.ConnectionTerminated, vocab.AppStopping, false, serviceC, "It did not end on SIGTERM within TimeoutStopSec=, and is killed.", vocab.UpstreamRestarting, vocab.UpstreamHung)
	keyStartTimeout    = add("start-timeout", vocab.AppBootFailed, true, serviceC, "It was not ready within TimeoutStartSec=.", vocab.UpstreamSlow, vocab.UpstreamHung)
	keyFailedStart     = add("start-failed", vocab.AppBootFailed, true, jobC, "The lines before it say why.", vocab.UpstreamDown, vocab.UpstreamCrashed)
	keyStopped         = addAs("stopped", "", vocab.AppStopping, false, jobC, "A stop, a restart or a deploy.", vocab.UpstreamRestarting, vocab.UpstreamDown)
	keyStarted         = addAs("started", "", vocab.AppStarting, false, jobC, "The unit was started.", vocab.UpstreamRestarting)
	keyReloaded        = addAs("reloaded", "", "", false, jobC, "The unit was told to load its configuration.")
	keyOomd            = addAs("oomd-killed", vocab.ConnectionTerminated, vocab.AppOOMKilled, true, "systemd src/oom/oomd-manager.c", "systemd-oomd killed the unit before the kernel had to: no line of the kernel's says so.", vocab.UpstreamOOMKilled, vocab.MemoryPressure)
)
