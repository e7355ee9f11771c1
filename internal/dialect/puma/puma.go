// Package puma knows Puma, a server of Ruby applications: its process and what
// it logs about its workers.
package puma

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Puma.
var Dialect = dialect.Dialect{
	Name:        "puma",
	Doc:         "Puma, a server of Ruby applications: processes and what it logs about its workers.",
	Recognise:   recognise,
	Application: true,
	Logs:        Logs,
}

// Logs are what Puma writes to its standard output and error.
var Logs = []dialect.Log{applog.New("puma", "app", 88, table, read)}

// recognise finds the master by the title that Puma sets: "puma 6.4.0
// (tcp://0.0.0.0:3000) [app]"; workers are "puma: cluster worker 0: 7 [app]".
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	rest, ok := strings.CutPrefix(strings.Join(p.Args, " "), "puma ")
	if !ok {
		return dialect.Launch{}, false
	}
	version, rest, _ := strings.Cut(rest, " ")
	if version == "" || version[0]-'0' > 9 || !strings.HasPrefix(rest, "(") {
		return dialect.Launch{}, false
	}
	return dialect.Launch{Product: "puma", Version: version, PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}, true
}

// read reads "[7] ! Terminating timed out worker …" and, in single mode, the
// same without the process.
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text := b
	if len(b) > 3 && b[0] == '[' {
		if pid, rest, ok := line.Number(b[1:]); ok && line.Has(rest, "] ") {
			r.PID, text = pid, rest[2:]
		}
	}
	if len(text) > 26 && text[4] == '-' && text[10] == ' ' && text[19] == ' ' { // "2026-08-21 10:15:30 +0000 "
		r.Stamp, text = text[:25], text[26:]
	}
	r.Message = text
	key := message(text, r)
	if key == dialect.Unparsed && r.PID > 0 && (line.Has(text, "* ") || line.Has(text, "- ") || line.Has(text, "! ")) {
		return dialect.Plain
	}
	return key
}

func message(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "! Terminating timed out worker"):
		r.PID = lastNumber(b)
		return keyTimeout
	case line.Has(b, "! Complete inability to spawn new workers"):
		return keyFork
	case line.Has(b, "! Unable to load application"), line.Has(b, "! Unable to start worker"):
		return keyBoot
	case line.Has(b, "! Terminating"), line.Has(b, "! Early termination of worker"):
		return keyEarly
	case line.Has(b, "- Worker ") && line.Contains(b, " booted"):
		return keyBooted
	case line.Has(b, "- Worker ") && line.Contains(b, " terminating"):
		return keyTerminating
	case line.Has(b, "* Listening on "):
		r.Endpoint = listening(b[len("* Listening on "):])
		return keyListening
	case line.Has(b, "Puma starting in "), line.Has(b, "* Puma version: "):
		return keyStarting
	case line.Has(b, "* Restarting"), line.Has(b, "- Starting phased worker restart"):
		return keyRestarting
	case line.Has(b, "- Gracefully "), line.Has(b, "=== puma shutdown"), line.Has(b, "- Goodbye"):
		return keyStopping
	case line.Contains(b, "HTTP parse error, malformed request"):
		return keyInvalid
	case line.Contains(b, "#<Puma::MiniSSL::SSLError"):
		return keyTLS
	case line.Has(b, "Rack app ("), line.Has(b, "Error during "), line.Contains(b, "Rack app error handling request"):
		return keyAppError
	}
	return dialect.Unparsed
}

// listening returns the address of "http://0.0.0.0:3000" or "unix:///run/x.sock".
func listening(b []byte) []byte {
	b, _ = line.Word(b)
	if i := line.Index(b, "://"); i > 0 {
		return b[i+3:]
	}
	return b
}

func lastNumber(b []byte) int64 {
	i := line.Last(b, " ")
	n, _ := line.Int(b[i+1:])
	return n
}

const (
	cluster = "puma lib/puma/cluster.rb"
	writer  = "puma lib/puma/log_writer.rb"
)

var table = applog.NewTable()

var add = table.From

// The keys of the log.
var (
	keyTimeout = add("worker-timeout", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppWorkerKilled, true, cluster,
		"The worker's own heartbeat stopped (worker_timeout), which one long request alone does not do: native code that holds the lock, swapping, or no processor.",
		vocab.WorkerKilled, vocab.UpstreamHung, vocab.CPUSaturated)
	keyFork = add("fork-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppCannotFork, true, cluster,
		"fork fails: memory, or a limit on processes.",
		vocab.MemoryPressure, vocab.UpstreamCrashed)
	keyBoot = add("boot-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppBootFailed, false, "puma lib/puma/runner.rb",
		"The trace follows.",
		vocab.UpstreamDown, vocab.UpstreamCrashed)
	keyEarly = add("worker-ended-early", vocab.ConnectionTerminated, dialect.PhaseLocal, vocab.AppCrashed, true, "puma lib/puma/cluster/worker.rb",
		"A worker ended before it served.",
		vocab.UpstreamCrashed)
	keyBooted = add("worker-booted", "", dialect.PhaseLocal, "", false, cluster,
		"The same phase and a new process is a replacement after a crash; a higher phase is a deploy.",
		vocab.UpstreamRestarting, vocab.UpstreamCrashed)
	keyTerminating = add("worker-terminating", "", dialect.PhaseLocal, "", false, cluster,
		"A stop, a phased restart, or the end after a timeout.",
		vocab.UpstreamRestarting, vocab.WorkerKilled)
	keyListening  = add("listening", "", dialect.PhaseLocal, vocab.AppListening, false, "puma lib/puma/binder.rb", "Where it really listens: compare with the gateway's configuration.", vocab.WrongAddress)
	keyStarting   = add("starting", "", dialect.PhaseLocal, vocab.AppStarting, false, "puma lib/puma/single.rb", "Puma started.")
	keyRestarting = add("restarting", "", dialect.PhaseLocal, vocab.AppStopping, false, cluster, "Workers are replaced.")
	keyStopping   = add("stopping", "", dialect.PhaseLocal, vocab.AppStopping, false, cluster, "Puma was told to stop.")
	keyInvalid    = add("invalid-request", vocab.HTTPProtocolError, dialect.PhaseSend, vocab.AppWrongProtocol, false, writer,
		"What came was no HTTP request: a gateway that speaks TLS or the PROXY protocol to a plain port, or a scanner.",
		vocab.ProtocolMismatch)
	keyTLS = add("tls-error", vocab.TLSProtocolError, dialect.PhaseTLS, vocab.AppWrongProtocol, false, writer,
		"\"http request\" in the reason is plain HTTP that came to a TLS port; else the handshake failed.",
		vocab.ProtocolMismatch, vocab.TLSHandshake)
	keyAppError = add("app-error", "", dialect.PhaseHeader, vocab.AppErrorLogged, true, writer, "The trace follows; the client got a 500.", vocab.AppError)
)
