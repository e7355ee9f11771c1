// Package pm2 knows PM2, a process manager for Node.js: its daemon and what it
// logs about the applications that it keeps running.
package pm2

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is PM2.
var Dialect = dialect.Dialect{
	Name:        "pm2",
	Doc:         "PM2, a process manager for Node.js: its daemon and what it logs about applications.",
	Recognise:   recognise,
	Application: true,
	Logs:        Logs,
}

// Logs are PM2's own log, ~/.pm2/pm2.log.
var Logs = []dialect.Log{applog.New("pm2", "app", 90, table, read)}

// recognise finds the daemon by its title, "PM2 v5.3.0: God Daemon (/root/.pm2)"
// (lib/Daemon.js).
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	rest, ok := strings.CutPrefix(strings.Join(p.Args, " "), "PM2 v")
	if !ok {
		return dialect.Launch{}, false
	}
	version, rest, ok := strings.Cut(rest, ": God Daemon")
	if !ok {
		return dialect.Launch{}, false
	}
	home := strings.Trim(rest, " ()\x00")
	return dialect.Launch{Product: "pm2", Version: version, PID: p.PID, Exe: p.Exe, Prefix: home}, true
}

// read reads "2026-08-21T10:15:30: PM2 log: App [api:0] exited …" and what "pm2
// logs" shows of it, "PM2  | App [api:0] …".
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text, own := b, false
	if len(b) > 21 && b[4] == '-' && b[10] == 'T' && line.Has(b[19:], ": ") {
		r.Stamp, text = b[:19], b[21:]
	}
	for _, s := range [...]string{"PM2 log: ", "PM2 error: ", "PM2        | "} {
		if line.Has(text, s) {
			text, own = line.Trim(text[len(s):]), true
		}
	}
	r.Message = text
	if key := message(text, r); key != dialect.Unparsed {
		return key
	}
	if own {
		return dialect.Plain
	}
	return dialect.Unparsed
}

func message(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.After(b, "App ["); ok && rest != nil {
		name, tail, found := bytes.Cut(rest, []byte{']'})
		if !found {
			return dialect.Unparsed
		}
		if i := bytes.LastIndexByte(name, ':'); i > 0 {
			name = name[:i]
		}
		r.Name = name
		switch {
		case line.Contains(tail, " exited with code ["):
			return exited(tail)
		case line.Contains(tail, " starting in "), line.Contains(tail, " online"):
			return keyStarting
		}
		return dialect.Unparsed
	}
	switch {
	case line.Contains(b, "had too many unstable restarts ("):
		if rest, ok := line.After(b, "Script "); ok {
			r.Name, _ = line.Word(rest)
		}
		return keyGaveUp
	case line.Contains(b, "restarted because it exceeds --max-memory-restart value"):
		return keyMemory
	case line.Has(b, "Stopping app:"):
		if rest, ok := line.After(b, "Stopping app:"); ok {
			r.Name, _ = line.Word(rest)
		}
		return keyStopping
	}
	return dialect.Unparsed
}

// exited reads " exited with code [1] via signal [SIGINT]". Code 0 with SIGINT
// is PM2's own stop.
func exited(b []byte) dialect.Key {
	rest, _ := line.After(b, " exited with code [")
	code, _, _ := bytes.Cut(rest, []byte{']'})
	signal, _ := line.After(b, " via signal [")
	switch {
	case line.Has(signal, "SIGKILL"):
		return keyKilled
	case line.Is(code, "0"):
		return keyExited
	}
	return keyCrashed
}

const (
	god    = "pm2 lib/God.js"
	worker = "pm2 lib/Worker.js"
)

var table = applog.NewTable()

func add(id string, symptom vocab.Symptom, fact vocab.Fact, fails bool, source, distinguish string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{
		ID: id, Symptom: symptom, Phase: dialect.PhaseLocal, Fact: fact, Fails: fails, Source: source, Distinguish: distinguish, Causes: causes,
	})
}

// The keys of the log.
var (
	keyCrashed = add("app-exited", vocab.ConnectionRefused, vocab.AppCrashed, true, god,
		"Code 1 is an uncaught exception: the application's own error log has its stack.",
		vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.UpstreamOOMKilled)
	keyKilled = add("app-sigkill", vocab.ConnectionRefused, vocab.AppSigkilled, true, god,
		"The kernel, a person, or PM2 itself after kill_timeout.",
		vocab.UpstreamOOMKilled, vocab.UpstreamRestarting)
	keyExited = add("app-stopped", vocab.ConnectionRefused, vocab.AppStopping, false, god,
		"A restart, a reload or a stop.",
		vocab.UpstreamRestarting)
	keyGaveUp = add("gave-up", vocab.ConnectionRefused, vocab.AppBootFailed, true, god,
		"PM2 does not start it any more: the application's own error log says why it ends so soon.",
		vocab.UpstreamCrashed)
	keyMemory = add("memory-restart", vocab.ConnectionTerminated, vocab.AppWorkerKilled, true, worker,
		"PM2 restarted it over max_memory_restart: what grows?",
		vocab.WorkerKilled, vocab.UpstreamRestarting)
	keyStarting = add("starting", "", vocab.AppStarting, false, god, "An application was started.")
	keyStopping = add("stopping", "", vocab.AppStopping, false, god, "An application was told to stop.")
)
