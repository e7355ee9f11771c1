// Package systemd knows what systemd writes about the units that it runs: how
// their processes ended, restarts, time limits.
package systemd

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Dialect is systemd.
var Dialect = dialect.Dialect{
	Name: "systemd",
	Doc:  "systemd's own messages about units: ends of processes, restarts, time limits.",
	Logs: Logs,
}

// Logs are the messages of systemd and systemd-oomd in the journal and in syslog.
var Logs = []dialect.Log{applog.New("systemd", "app", 94, table, read)}

// read reads "app.service: Main process exited, code=killed, status=9/KILL". A
// line that comes from another program is not systemd's, whatever it says.
func read(b []byte, h line.Head, r *dialect.Record) dialect.Key {
	own := line.Is(h.Program, "systemd")
	switch {
	case line.Is(h.Program, "systemd-oomd"):
		if rest, ok := line.After(b, "Killed "); ok {
			r.Name, _ = line.Word(rest)
			return keyOomd
		}
		return dialect.Plain
	case len(h.Program) > 0 && !own:
		return dialect.Unparsed
	}
	if key := unit(b, r); key != dialect.Unparsed {
		return key
	}
	if !own {
		return dialect.Unparsed
	}
	return job(b, r)
}

// unit reads the messages that begin with a unit's name.
func unit(b []byte, r *dialect.Record) dialect.Key {
	i := line.Index(b, ": ")
	if i < 8 || i > 256 || bytes.IndexByte(b[:i], ' ') >= 0 || !kind(b[:i]) {
		return dialect.Unparsed
	}
	name, text := b[:i], b[i+2:]
	r.Name = name
	switch {
	case line.Contains(text, " process exited, code="):
		return exited(text)
	case line.Has(text, "Failed with result '"):
		return result(text[len("Failed with result '"):])
	case line.Has(text, "A process of this unit has been killed by the OOM killer"):
		return keyOOM
	case line.Has(text, "Scheduled restart job"):
		return keyRestart
	case line.Has(text, "Start request repeated too quickly"):
		return keyTooQuickly
	case line.Has(text, "Watchdog timeout"):
		return keyWatchdog
	case line.Has(text, "State '") && line.Contains(text, "timed out. Killing"):
		return keyStopTimeout
	case line.Has(text, "tart") && line.Contains(text, "operation timed out. Terminating"),
		len(text) > 1 && line.Has(text[1:], "tart") && line.Contains(text, "operation timed out. Terminating"):
		return keyStartTimeout
	}
	return dialect.Plain
}

func kind(name []byte) bool {
	return line.Ends(name, ".service") || line.Ends(name, ".socket") || line.Ends(name, ".scope")
}

// exited reads "Main process exited, code=killed, status=9/KILL".
func exited(text []byte) dialect.Key {
	if line.Contains(text, "code=exited") {
		rest, _ := line.After(text, "status=")
		switch n, _, _ := line.Number(rest); {
		case n == 0:
			return dialect.Plain
		case n >= 200 && n < 250:
			return keyExitSetup
		}
		return keyExit
	}
	switch rest, _ := line.After(text, "status="); {
	case line.Has(rest, "9/"):
		return keyKill
	case line.Has(rest, "11/"):
		return keySegfault
	case line.Has(rest, "6/"):
		return keyAbort
	case line.Has(rest, "15/"):
		return keyTerm
	case line.Has(rest, "7/"):
		return keyBus
	case line.Has(rest, "31/"):
		return keySys
	}
	return keySignal
}

func result(text []byte) dialect.Key {
	switch {
	case line.Has(text, "oom-kill'"):
		return keyResultOOM
	case line.Has(text, "signal'"):
		return keyResultSignal
	case line.Has(text, "core-dump'"):
		return keyResultCore
	case line.Has(text, "exit-code'"):
		return keyResultExit
	case line.Has(text, "timeout'"):
		return keyResultTimeout
	case line.Has(text, "watchdog'"):
		return keyResultWatchdog
	case line.Has(text, "start-limit-hit'"):
		return keyResultLimit
	case line.Has(text, "resources'"):
		return keyResultResources
	case line.Has(text, "protocol'"):
		return keyResultProtocol
	}
	return keyResultOther
}

// job reads "Stopped app.service - My App." and "Started My App.".
func job(b []byte, r *dialect.Record) dialect.Key {
	verb, rest := line.Word(b)
	for n := len(rest); n > 0 && rest[n-1] == '.'; n-- {
		rest = rest[:n-1]
	}
	r.Name = rest
	if i := line.Index(rest, " - "); i > 0 {
		r.Name = rest[:i]
	}
	switch string(verb) {
	case "Stopping", "Stopped":
		return keyStopped
	case "Starting", "Started":
		return keyStarted
	case "Reloading", "Reloaded":
		return keyReloaded
	case "Failed":
		if name, ok := line.CutPrefix(r.Name, "to start "); ok {
			r.Name = name
			return keyFailedStart
		}
	}
	r.Name = nil
	return dialect.Plain
}
