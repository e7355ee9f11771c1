package uwsgi

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are uWSGI's log: logto, daemonize, or standard error. Requests stand
// between the messages.
var Logs = []dialect.Log{applog.New("uwsgi", "app", 90, table, read)}

// read reads "Fri Aug 21 10:15:30 2026 - *** HARAKIRI …", messages without a
// stamp, and requests "[pid: 7|app: 0|req: 1/1] …".
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	if line.Has(b, "[pid: ") {
		return request(b, r)
	}
	text, stamped := stamp(b, r)
	r.Message = text
	if key := message(text, r); key != dialect.Unparsed {
		return key
	}
	if stamped {
		return dialect.Plain
	}
	return dialect.Unparsed
}

// stamp reads "Fri Aug 21 10:15:30 2026 - " (log-date with its default format).
func stamp(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) > 27 && b[3] == ' ' && b[7] == ' ' && b[13] == ':' && b[16] == ':' && line.Has(b[24:], " - ") {
		r.Stamp = b[:24]
		return b[27:], true
	}
	return b, false
}

func message(b []byte, r *dialect.Record) dialect.Key {
	switch b0 := first(b); b0 {
	case '*':
		return starred(b, r)
	case 'H':
		return harakiri(b, r)
	case 'D':
		if line.Has(b, "DAMN ! worker ") {
			return damned(b, r)
		}
	case '[':
		if line.Has(b, "[DANGER] async queue is full") {
			return keyAsyncFull
		}
		if line.Has(b, "[uwsgi-") {
			return dialect.Plain // the HTTP router and its kin
		}
	case '-':
		if line.Has(b, "--- no python application found") {
			return keyNoApp
		}
		if line.Has(b, "-- unavailable modifier requested: ") {
			return modifier(b)
		}
	case '!':
		if line.Has(b, "!!! uWSGI process ") && line.Contains(b, " got Segmentation Fault") {
			return keySegfault
		}
	}
	return lowerMessage(b, r)
}

func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func lowerMessage(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "SIGPIPE: writing to a closed pipe"):
		return keyClientGone
	case line.Has(b, "invalid request block size: "):
		return blockSize(b)
	case line.Has(b, "uwsgi socket "), line.Has(b, "uWSGI http bound on "), line.Has(b, "http socket "):
		return bound(b, r)
	case line.Has(b, "probably another instance of uWSGI is running"), line.Has(b, "bind(): "):
		return keyInUse
	case line.Has(b, "unable to load app "):
		return keyBootFailed
	case line.Has(b, "spawned uWSGI "), line.Has(b, "Respawned uWSGI worker "):
		return keySpawned
	case line.Has(b, "SIGINT/SIGTERM received"), line.Has(b, "SIGINT/SIGQUIT received"), line.Has(b, "goodbye to uWSGI"),
		line.Has(b, "...brutally killing workers"):
		return keyStopping
	case line.Has(b, "...gracefully killing workers"), line.Has(b, "...fast (not lazy) reload"):
		return keyReloading
	case line.Has(b, "worker ") && line.Contains(b, " killed successfully"), line.Has(b, "worker ") && line.Contains(b, " buried after "):
		return dialect.Plain
	case line.Has(b, "fork()"):
		return keyFork
	}
	for _, s := range &startLines {
		if line.Has(b, s) {
			return dialect.Plain
		}
	}
	return dialect.Unparsed
}

func starred(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "*** HARAKIRI ON WORKER "):
		process(b, r)
		return keyHarakiri
	case line.Has(b, "*** uWSGI listen queue of socket \""):
		rest := b[len("*** uWSGI listen queue of socket \""):]
		if i := bytes.IndexByte(rest, '"'); i >= 0 {
			r.Endpoint = rest[:i]
		}
		return keyQueueFull
	case line.Has(b, "*** Starting uWSGI "):
		return keyStarting
	case line.Has(b, "*** no app loaded"):
		return keyBootFailed
	case line.Has(b, "*** ") && line.Contains(b[4:], "***"):
		return dialect.Plain
	}
	return dialect.Unparsed
}

// startLines begin the lines with which uWSGI describes itself when it starts.
var startLines = [...]string{
	"compiled with version: ", "os: Linux", "nodename: ", "machine: ", "clock source: ", "pcre jit ", "detected ", "current working directory: ",
	"uWSGI running as root", "your processes number limit", "your memory page size", "your server socket listen backlog", "your mercy for",
	"lock engine: ", "thunder lock: ", "Python version: ", "Python main interpreter initialized", "mapped ", "WSGI app ", " *** WARNING: ",
}

func harakiri(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "HARAKIRI: --- uWSGI worker "):
		process(b, r)
		if rest, ok := line.After(b, "managing request "); ok {
			if i := line.Last(rest, " since "); i >= 0 {
				rest = rest[:i]
			}
			r.Path, _, _ = bytes.Cut(rest, []byte{'?'})
			return keyHarakiriRequest
		}
		return dialect.Plain // "WAS managing" only where there was a request
	case line.Has(b, "HARAKIRI ") && line.Contains(b, "triggered by worker "):
		return keyHarakiriUser
	case line.Has(b, "HARAKIRI [core "):
		return harakiriCore(b, r)
	case line.Has(b, "HARAKIRI !!!"):
		return dialect.Plain
	}
	return dialect.Unparsed
}

// harakiriCore reads "HARAKIRI [core 0] 127.0.0.1 - GET /slow since 1795163676".
func harakiriCore(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.After(b, " - ")
	if !ok {
		return dialect.Plain
	}
	if i := line.Last(rest, " since "); i >= 0 {
		rest = rest[:i]
	}
	r.Request = rest
	r.Method, r.Path = line.Request(rest)
	return keyHarakiriRequest
}

// damned reads "DAMN ! worker 1 (pid: 4711) died, killed by signal 9 :( …".
func damned(b []byte, r *dialect.Record) dialect.Key {
	process(b, r)
	rest, ok := line.After(b, "killed by signal ")
	if !ok {
		return keyDied
	}
	switch n, _, _ := line.Number(rest); n {
	case 9:
		return keyKilled
	}
	return keyCrashed
}

func process(b []byte, r *dialect.Record) {
	if rest, ok := line.After(b, "(pid: "); ok {
		if pid, _, ok := line.Number(rest); ok {
			r.PID = pid
		}
	}
}

// blockSize reads "invalid request block size: 5292 (max 4096)...skip". The
// uwsgi protocol begins with one byte and a length of two, low byte first. An
// HTTP request that arrives there is read as the length of its second and third
// letter: 21573 is "ET" of GET.
func blockSize(b []byte) dialect.Key {
	n, _, _ := line.Number(b[len("invalid request block size: "):])
	low, high := byte(n), byte(n>>8)
	for _, method := range [...]string{"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "PROXY"} {
		if n>>16 == 0 && low == method[1] && high == method[2] {
			return keyHTTP
		}
	}
	return keyTooLarge
}

// modifier reads "-- unavailable modifier requested: 71 --": the first byte of
// the request. A letter means HTTP, 22 TLS.
func modifier(b []byte) dialect.Key {
	n, _, _ := line.Number(b[len("-- unavailable modifier requested: "):])
	if n == 22 || n >= 'A' && n <= 'Z' {
		return keyHTTP
	}
	return keyNoPlugin
}

// bound reads "uwsgi socket 0 bound to TCP address 127.0.0.1:3031 fd 3", "… to
// UNIX address /run/app.sock fd 3" and "uWSGI http bound on :8080 fd 4".
func bound(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.After(b, " address ")
	if !ok {
		if rest, ok = line.After(b, " bound on "); !ok {
			return dialect.Plain
		}
	}
	r.Endpoint, _ = line.Word(rest)
	return keyListening
}

// request reads a line of the request log (core/logging.c):
//
//	[pid: 7|app: 0|req: 1/1] 127.0.0.1 () {28 vars in 300 bytes} [Fri Aug 21
//	10:15:30 2026] GET /x => generated 12 bytes in 3 msecs (HTTP/1.1 500) …
func request(b []byte, r *dialect.Record) dialect.Key {
	pid, rest, ok := line.Number(b[len("[pid: "):])
	if !ok {
		return dialect.Unparsed
	}
	rest, ok = line.After(rest, "} [")
	if !ok {
		return dialect.Unparsed
	}
	i := bytes.IndexByte(rest, ']')
	j := line.Last(rest, " => generated ")
	if i < 0 || j < i+2 {
		return dialect.Unparsed
	}
	r.PID, r.Stamp, r.Request = pid, rest[:i], rest[i+2:j]
	r.Method, r.Path = line.Request(r.Request)
	tail := rest[j+len(" => generated "):]
	r.Bytes, tail, _ = line.Number(tail)
	if t, ok := line.After(tail, " in "); ok {
		n, unit, _ := line.Number(t)
		r.Seconds = float64(n) / 1e3
		if line.Has(unit, " micros") {
			r.Seconds = float64(n) / 1e6
		}
	}
	if t, ok := line.After(tail, "(HTTP/"); ok {
		_, t = line.Word(t)
		n, _, _ := line.Number(t)
		r.Status = int(n)
	}
	if r.Status >= 500 && r.Status < 600 {
		return keyStatus
	}
	return dialect.Plain
}
