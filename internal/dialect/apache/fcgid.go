package apache

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// fcgidSource is where mod_fcgid writes its messages: in Apache's error log, without
// an AH number.
const fcgidSource = "mod_fcgid modules/fcgid: fcgid_proc_unix.c, fcgid_bridge.c, fcgid_pm_main.c"

// mod_fcgid starts the application's processes by itself, so its own limits stand
// for the application's.
var (
	keyFCGIDClosed = fcgidSays(add("fcgid-closed-early", vocab.ConnectionTerminated, 500, header, vocab.GatewayClosedEarly,
		"The application's process ended, or closed, before its header was whole: `exit(communication error)` beside it names the signal.",
		vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.AppError))
	keyFCGIDTimeout = fcgidSays(add("fcgid-timeout", vocab.ConnectionReadTimeout, 500, header, vocab.GatewayReadTimeout,
		"No byte within FcgidIOTimeout (40 s).", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort))
	keyFCGIDSlot = fcgidSays(add("fcgid-no-process", vocab.ConnectionLimitReached, 503, local, vocab.AppWorkersExhausted,
		"No process of the application became free: FcgidMaxProcesses or FcgidMaxProcessesPerClass is reached, or it does not start.",
		vocab.WorkersExhausted, vocab.UpstreamCrashed, vocab.UpstreamSlow))
	keyFCGIDBody = fcgidSays(add("fcgid-body-too-large", vocab.HTTPRequestError, 500, local, vocab.GatewayBodyTooLarge,
		"The body is over FcgidMaxRequestLen (128 KiB since mod_fcgid 2.3.6).", vocab.RequestTooLarge))
	keyFCGIDLimit = fcgidSays(tell("fcgid-limit", vocab.ConnectionLimitReached, 0, local, vocab.AppWorkersExhausted,
		"mod_fcgid starts no further process: FcgidMaxProcesses, FcgidMaxProcessesPerClass or the score of recent starts.", vocab.WorkersExhausted))
	keyFCGIDSignal = fcgidSays(tell("fcgid-killed-by-signal", "", 0, "", vocab.AppCrashed, "A process of the application died by a signal.", vocab.UpstreamCrashed))
)

// fcgidSays notes where a condition's messages come from.
func fcgidSays(key dialect.Key) dialect.Key {
	table.Conds()[key].Source = fcgidSource
	return key
}

// fcgid reads a message of mod_fcgid: "mod_fcgid: read data timeout in 40 seconds".
func fcgid(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.After(b[:min(len(b), 400)], "mod_fcgid: ")
	if !ok {
		return dialect.Unparsed
	}
	switch {
	case line.Has(rest, "error reading data"):
		return keyFCGIDClosed
	case line.Has(rest, "read data timeout in "):
		return keyFCGIDTimeout
	case line.Has(rest, "can't apply process slot for "):
		return keyFCGIDSlot
	case line.Has(rest, "HTTP request length ") && line.Contains(rest, " exceeds MaxRequestLen "):
		return keyFCGIDBody
	case line.Contains(rest, ", skip the spawn request"):
		return keyFCGIDLimit
	case line.Has(rest, "process "):
		return fcgidExit(rest)
	}
	return dialect.Unparsed
}

// fcgidExit reads how a process ended. mod_fcgid ends them itself by SIGTERM and
// SIGKILL.
func fcgidExit(b []byte) dialect.Key {
	rest, ok := line.After(b, "), get unexpected signal ")
	if !ok {
		rest, ok = line.After(b, "), get signal ")
	}
	if !ok {
		return dialect.Unparsed
	}
	switch n, _, _ := line.Number(rest); n {
	case 4, 5, 6, 7, 8, 11:
		return keyFCGIDSignal
	}
	return dialect.Plain
}
