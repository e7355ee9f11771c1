package gunicorn

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are the error log of gunicorn, which is its standard error by default,
// and that of uvicorn.
var Logs = []dialect.Log{applog.New("gunicorn", "app", 93, table, read)}

// read reads "[2026-11-20 06:29:45 +0000] [2520] [INFO] Booting worker …" and
// uvicorn's "INFO:     Started server process [7]".
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text, headed := head(b, r)
	r.Message = text
	if headed {
		if key := message(text, r); key != dialect.Unparsed {
			return key
		}
		return dialect.Plain
	}
	if text, ok := uvicornHead(b, r); ok {
		r.Message = text
		return uvicorn(text, r)
	}
	// Pasted without its head: only what nobody else writes.
	for _, s := range [...]string{"WORKER TIMEOUT (pid:", "Worker (pid:", "Worker with pid "} {
		if line.Has(b, s) {
			return message(b, r)
		}
	}
	return dialect.Unparsed
}

// head reads the stamp, the process and the level (glogging.py, error_fmt).
func head(b []byte, r *dialect.Record) ([]byte, bool) {
	rest := b
	if len(b) > 27 && b[0] == '[' && b[5] == '-' && b[8] == '-' {
		i := bytes.IndexByte(b, ']')
		if i < 20 || i > 40 || !line.Has(b[i:], "] [") {
			return b, false
		}
		r.Stamp, rest = b[1:i], b[i+2:]
	}
	if len(rest) < 6 || rest[0] != '[' {
		return b, false
	}
	pid, rest, ok := line.Number(rest[1:])
	if !ok || !line.Has(rest, "] [") {
		return b, false
	}
	rest = rest[3:]
	i := bytes.IndexByte(rest[:min(len(rest), 10)], ']')
	if i < 0 || !level(rest[:i]) {
		return b, false
	}
	r.PID, r.Level = pid, rest[:i]
	return line.Trim(rest[i+1:]), true
}

func level(b []byte) bool {
	switch string(b) {
	case "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG":
		return true
	}
	return false
}

// message reads gunicorn's own messages (arbiter.py, sock.py, base.py).
func message(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "WORKER TIMEOUT"):
		worker(b, "(pid:", r)
		return keyTimeout
	case line.Has(b, "Worker (pid:"):
		worker(b, "(pid:", r)
		return workerEnd(b)
	case line.Has(b, "Worker with pid "):
		worker(b, "with pid ", r)
		return workerSignal(b)
	case line.Has(b, "Reason: "):
		return keyBoot
	case line.Has(b, "Exception in worker process"):
		return keyWorkerException
	case line.Has(b, "Worker failed to boot"), line.Has(b, "App failed to load"):
		return keyBoot
	case line.Has(b, "Worker exiting"):
		worker(b, "(pid: ", r)
		return keyExiting
	case line.Has(b, "Booting worker with pid"):
		worker(b, "pid: ", r)
		return keyBooting
	case line.Has(b, "Listening at: "):
		r.Endpoint = listening(b[len("Listening at: "):])
		return keyListening
	case line.Has(b, "Connection in use: "), line.Has(b, "Can't connect to "):
		return keyInUse
	case line.Has(b, "Starting gunicorn"):
		return keyStarting
	case line.Has(b, "Handling signal: "):
		return signalled(b[len("Handling signal: "):])
	case line.Has(b, "Shutting down: Master"), line.Has(b, "Unhandled exception in main loop"):
		return keyStopping
	case line.Has(b, "Error handling request"), line.Has(b, "Socket error processing request"):
		r.Path = path(b)
		return keyRequestError
	case line.Has(b, "Invalid request from ip="):
		if line.Contains(b, "too large") || line.Contains(b, "limit request") {
			return keyTooLarge
		}
		return keyInvalid
	}
	return dialect.Unparsed
}

// worker reads the process that a message is about.
func worker(b []byte, before string, r *dialect.Record) {
	if rest, ok := line.After(b, before); ok {
		if pid, _, ok := line.Number(rest); ok {
			r.PID = pid
		}
	}
}

// workerEnd reads "Worker (pid:4711) was sent SIGKILL! Perhaps out of memory?"
// and "… exited with code 3" (since 21).
func workerEnd(b []byte) dialect.Key {
	rest, ok := line.After(b, " was sent ")
	switch {
	case !ok:
		if line.Contains(b, " exited with code ") {
			return keyExitCode
		}
		return dialect.Plain
	case line.Has(rest, "SIGKILL"):
		return keyKilled
	case line.Has(rest, "SIGTERM"):
		return keyTerminated
	}
	return keyCrashed
}

// workerSignal reads "Worker with pid 4711 was terminated due to signal 9" (20.1
// and 21).
func workerSignal(b []byte) dialect.Key {
	rest, ok := line.After(b, "due to signal ")
	if !ok {
		return dialect.Plain
	}
	switch n, _, _ := line.Number(rest); n {
	case 9:
		return keyKilledOld
	case 15:
		return keyTerminated
	}
	return keyCrashed
}

func signalled(name []byte) dialect.Key {
	switch {
	case line.Has(name, "term"), line.Has(name, "quit"), line.Has(name, "int"):
		return keyStopping
	case line.Has(name, "hup"), line.Has(name, "usr2"):
		return keyReloading
	}
	return dialect.Plain
}

// listening returns the address of "http://127.0.0.1:8000 (7)" or
// "unix:/run/app.sock (7)", the first one of several.
func listening(b []byte) []byte {
	b, _ = line.Word(b)
	for _, s := range [...]string{"http://", "https://"} {
		if line.Has(b, s) {
			b = b[len(s):]
		}
	}
	for n := len(b); n > 0 && (b[n-1] == ',' || b[n-1] == '/'); n-- {
		b = b[:n-1]
	}
	return b
}

func path(b []byte) []byte {
	rest, ok := line.After(b, "request ")
	if !ok {
		return nil
	}
	rest, _ = line.Word(rest)
	if i := bytes.IndexByte(rest, '?'); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// uvicornHead reads "WARNING:  " (uvicorn/logging.py pads to ten).
func uvicornHead(b []byte, r *dialect.Record) ([]byte, bool) {
	i := bytes.IndexByte(b[:min(len(b), 10)], ':')
	if i < 0 || !level(b[:i]) || len(b) < 11 || b[i+1] != ' ' {
		return b, false
	}
	r.Level = b[:i]
	return line.Trim(b[i+1:]), true
}

func uvicorn(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "Uvicorn running on "):
		r.Endpoint = listening(b[len("Uvicorn running on "):])
		return keyListening
	case line.Has(b, "Invalid HTTP request received"):
		return keyInvalid
	case line.Has(b, "Exception in ASGI application"):
		return keyRequestError
	case line.Has(b, "Application startup failed"):
		return keyBoot
	case line.Has(b, "Started server process"):
		return keyStarting
	case line.Has(b, "Shutting down"):
		return keyStopping
	case line.Contains(b, "error while attempting to bind on address"):
		return keyInUse
	case line.Has(b, "Waiting for application"), line.Has(b, "Application "), line.Has(b, "Finished server process"), line.Contains(b, "\" 2"):
		return dialect.Plain
	}
	return dialect.Unparsed
}
