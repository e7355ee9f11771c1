// Package unicorn knows Unicorn, a server of Ruby applications: its master
// process and what it logs about its workers.
package unicorn

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Unicorn.
var Dialect = dialect.Dialect{
	Name:        "unicorn",
	Doc:         "Unicorn, a server of Ruby applications: processes and what it logs about its workers.",
	Recognise:   recognise,
	Application: true,
	Logs:        Logs,
}

// Logs are Unicorn's log: stderr_path, in the format of Ruby's Logger.
var Logs = []dialect.Log{applog.New("unicorn", "app", 90, table, read)}

// recognise finds the master by the title that it sets ("unicorn master -c …",
// "unicorn_rails master …", lib/unicorn/http_server.rb).
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	words := strings.Fields(strings.Join(p.Args, " "))
	if len(words) < 2 || !strings.HasPrefix(filepath.Base(words[0]), "unicorn") || words[1] != "master" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "unicorn", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	for i, w := range words {
		if (w == "-c" || w == "--config-file") && i+1 < len(words) {
			l.Config = words[i+1]
		}
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, true
}

// read reads "E, [2026-08-21T10:15:30.123456 #7] ERROR -- : worker=0 …".
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text, ok := head(b, r)
	r.Message = text
	if key := message(text, r); key != dialect.Unparsed {
		return key
	}
	if ok {
		return dialect.Plain
	}
	return dialect.Unparsed
}

// head reads the head of Ruby's Logger (lib/logger/formatter.rb).
func head(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) < 30 || b[1] != ',' || b[2] != ' ' || b[3] != '[' {
		return b, false
	}
	i := bytes.IndexByte(b, ']')
	j := line.Index(b, " #")
	if j < 0 || j > i || i+2 > len(b) {
		return b, false
	}
	r.Stamp = b[4:j]
	r.PID, _ = line.Int(line.Trim(b[j+2 : i]))
	rest, ok := line.After(b[i+1:], " -- ")
	if !ok {
		return b, false
	}
	r.Level = line.Trim(b[i+1 : len(b)-len(rest)-len(" -- ")])
	k := line.Index(rest, ": ")
	if k < 0 {
		return b, false
	}
	return rest[k+2:], true
}

func message(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "worker=") && line.Contains(b, " timeout (") && line.Contains(b, "killing"):
		if rest, ok := line.After(b, "PID:"); ok {
			r.PID, _, _ = line.Number(line.Trim(rest))
		}
		return keyTimeout
	case line.Has(b, "reaped #<Process::Status: pid "):
		r.PID, _, _ = line.Number(b[len("reaped #<Process::Status: pid "):])
		return reaped(b)
	case line.Has(b, "listening on addr="):
		r.Endpoint, _ = line.Word(b[len("listening on addr="):])
		return keyListening
	case line.Has(b, "adding listener failed addr="):
		r.Endpoint, _ = line.Word(b[len("adding listener failed addr="):])
		return keyInUse
	case line.Has(b, "master process ready"):
		return keyReady
	case line.Has(b, "master complete"):
		return keyStopping
	case line.Has(b, "app error: "):
		return keyAppError
	}
	return dialect.Unparsed
}

// reaped reads "reaped #<Process::Status: pid 4711 SIGKILL (signal 9)> worker=0".
func reaped(b []byte) dialect.Key {
	switch {
	case line.Contains(b, "SIGKILL"):
		return keyKilled
	case line.Contains(b, "SIGTERM"), line.Contains(b, "SIGQUIT"), line.Contains(b, "SIGINT"), line.Contains(b, "exit 0>"):
		return keyReaped
	}
	return keyCrashed
}

const source = "unicorn lib/unicorn/http_server.rb"

var table = applog.TableOf(source)

var add = table.Own

// The keys of the log.
var (
	keyTimeout = add("worker-timeout", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true,
		"A request ran longer than timeout and its worker is killed: the gateway sees its connection close, 502 and not 504.",
		vocab.WorkerKilled, vocab.UpstreamSlow, vocab.TimeoutTooShort)
	keyKilled = add("worker-sigkill", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppSigkilled, true,
		"After a timeout line of the same process Unicorn did it; else the kernel's log says whether memory ran out.",
		vocab.WorkerKilled, vocab.UpstreamOOMKilled, vocab.UpstreamCrashed)
	keyCrashed = add("worker-crashed", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true,
		"The worker ended by a signal or an exit code of its own.",
		vocab.UpstreamCrashed)
	keyReaped    = add("worker-reaped", "", dialect.PhaseLocal, vocab.AppStopping, false, "A worker ended as it was told to.")
	keyListening = add("listening", "", dialect.PhaseLocal, vocab.AppListening, false, "Where it really listens: compare with the gateway's configuration.")
	keyInUse     = add("listener-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppCannotListen, false,
		"Another process has the address.", vocab.UpstreamDown, vocab.UpstreamRestarting)
	keyReady    = add("ready", "", dialect.PhaseLocal, vocab.AppStarting, false, "The master started.")
	keyStopping = add("stopping", "", dialect.PhaseLocal, vocab.AppStopping, false, "The master ended.")
	keyAppError = add("app-error", "", dialect.PhaseHeader, vocab.AppErrorLogged, true, "The trace follows; the client got a 500.", vocab.AppError)
)
