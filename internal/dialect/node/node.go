// Package node knows Node.js applications: their processes and what the runtime
// and common frameworks write.
package node

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Node.js.
var Dialect = dialect.Dialect{
	Name:        "node",
	Doc:         "Node.js applications: processes, and what the runtime writes when one fails.",
	Recognise:   recognise,
	Application: true,
	Logs:        Logs,
}

// Logs are the standard output and error of a Node.js application.
var Logs = []dialect.Log{applog.New("node", "app", 80, table, read)}

// recognise finds a process that runs a script by node, deno or bun.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) < 2 {
		return dialect.Launch{}, false
	}
	switch filepath.Base(p.Args[0]) {
	case "node", "nodejs", "bun", "deno":
	default:
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "node", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	for _, a := range p.Args[1:] {
		if !strings.HasPrefix(a, "-") {
			l.Config = a // the script
			break
		}
	}
	if l.Config == "" {
		return dialect.Launch{}, false
	}
	if !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, true
}

// read reads the runtime's messages, and the lines with which servers say where
// they listen.
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text := line.Trim(pm2Name(b))
	r.Message = text
	switch {
	case line.Has(text, "FATAL ERROR: ") && line.Contains(text, "heap out of memory"):
		return keyHeap
	case line.Has(text, "FATAL ERROR: "):
		return keyAborted
	case line.Contains(text, "listen EADDRINUSE"):
		r.Name = word(text, "already in use ")
		return keyInUse
	case line.Contains(text, "listen EACCES"):
		r.Name = word(text, "permission denied ")
		return keyDenied
	case line.Contains(text, "accept EMFILE"), line.Contains(text, "open EMFILE"), line.Contains(text, "connect EMFILE"), line.Contains(text, "accept ENFILE"):
		return keyFiles
	case line.Has(text, "triggerUncaughtException("):
		return keyUncaught
	case line.Has(text, "Node.js v") && len(text) < 24:
		return keyEnded
	case line.Contains(text, "UnhandledPromiseRejection"), line.Has(text, "Uncaught "):
		return keyRejection
	case line.Has(text, "at ") && (line.Contains(text, ":") || line.Contains(text, " (")): // a frame of a stack
		return dialect.Plain
	case line.Has(text, "node:internal/"):
		return dialect.Plain
	}
	return listening(text, r)
}

// listening recognises "Server listening on http://127.0.0.1:3000", "Listening
// on port 3000" and the like.
func listening(b []byte, r *dialect.Record) dialect.Key {
	if len(b) > 200 {
		return dialect.Unparsed
	}
	for _, s := range [...]string{"istening on ", "istening at ", "unning on ", "unning at ", "tarted on ", "ready on "} {
		rest, ok := line.After(b, s)
		if !ok {
			continue
		}
		for _, skip := range [...]string{"port ", "Port ", "port: ", "http://", "https://"} {
			if line.Has(rest, skip) {
				rest = rest[len(skip):]
			}
		}
		rest, _ = line.Word(rest)
		if i := bytes.IndexByte(rest, '/'); i > 0 {
			rest = rest[:i]
		}
		for n := len(rest); n > 0 && (rest[n-1] == '.' || rest[n-1] == '!' || rest[n-1] == ','); n-- {
			rest = rest[:n-1]
		}
		if !address(rest) {
			return dialect.Unparsed
		}
		r.Endpoint = rest
		return keyListening
	}
	return dialect.Unparsed
}

// address reports whether b is a port, an address with one, or a path.
func address(b []byte) bool {
	if len(b) > 1 && b[0] == '/' {
		return true
	}
	if i := bytes.LastIndexByte(b, ':'); i >= 0 {
		b = b[i+1:]
	}
	n, ok := line.Int(b)
	return ok && n > 0 && n < 65536
}

// pm2Name takes "0|api  | " off, which "pm2 logs" puts before each line.
func pm2Name(b []byte) []byte {
	if _, rest, ok := line.Number(b); ok && len(rest) > 0 && rest[0] == '|' {
		if i := line.Index(rest[1:], "| "); i >= 0 && i < 64 {
			return rest[1+i+2:]
		}
	}
	return b
}

func word(b []byte, before string) []byte {
	rest, ok := line.After(b, before)
	if !ok {
		return nil
	}
	w, _ := line.Word(rest)
	return w
}

const source = "nodejs/node lib/net.js, lib/internal/process, src/node_errors.cc"

var table = applog.TableOf(source)

var add = table.Own

// The keys of the log.
var (
	keyHeap = add("heap-limit", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true,
		"V8's own limit (--max-old-space-size), not the kernel's: the process aborts, exit code 134.",
		vocab.UpstreamCrashed)
	keyAborted = add("aborted", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true,
		"The runtime gave up; the lines after it are the native stack.",
		vocab.UpstreamCrashed)
	keyInUse = add("port-in-use", vocab.ConnectionRefused, dialect.PhaseHeader, vocab.AppCannotListen, false,
		"The old process still holds the port (ss -ltnp).",
		vocab.UpstreamDown, vocab.UpstreamRestarting)
	keyDenied = add("port-denied", vocab.ConnectionRefused, dialect.PhaseHeader, vocab.AppCannotListen, false,
		"A port below 1024, or the folder of a socket, is not permitted to this user.",
		vocab.UpstreamDown, vocab.InvalidConfig)
	keyFiles = add("no-files", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppNoFiles, true,
		"The application's limit of open files: it accepts no more, and the gateway times out or is reset.",
		vocab.FDExhausted)
	keyUncaught = add("uncaught-exception", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.AppCrashed, true,
		"The process ends with an exception or a rejection that nobody handled (since Node 15); the stack follows.",
		vocab.UpstreamCrashed)
	keyEnded = add("ended", vocab.ConnectionTerminated, dialect.PhaseLocal, vocab.AppCrashed, false,
		"The last line of a process that ends by an uncaught exception (since Node 17): the stack stands above.",
		vocab.UpstreamCrashed)
	keyRejection = add("unhandled-rejection", "", dialect.PhaseHeader, vocab.AppErrorLogged, true,
		"A promise failed and nobody handled it: the request that waits for it may never be answered.",
		vocab.AppError, vocab.UpstreamHung)
	keyListening = add("listening", "", dialect.PhaseLocal, vocab.AppListening, false,
		"Where the application says that it listens: compare with the gateway's configuration.",
		vocab.WrongAddress)
)
