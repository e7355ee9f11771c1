package phpfpm

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are the log of the process manager (error_log of php-fpm.conf), with the
// slow log and PHP's own error log, whose lines have the same stamps and are
// often written to the same file.
var Logs = []dialect.Log{applog.New("php-fpm", "app", 92, table, read)}

// read reads "[21-Aug-2026 10:15:30] WARNING: [pool www] child 4711 …". The
// brackets and the level may be missing in what was pasted.
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text, stamped := stamp(b, r)
	text, levelled := level(text, r)
	if rest, ok := pool(text, r); ok {
		r.Message = rest
		return poolMessage(rest, r)
	}
	r.Message = text
	if key := globalMessage(text, r); key != dialect.Unparsed {
		return key
	}
	switch {
	case levelled:
		return dialect.Plain
	case stamped && line.Has(text, "PHP "):
		return dialect.Plain // PHP's own error log; applog knows its fatal errors
	case line.Contains(text, " exited on signal ") || line.Contains(text, "reached pm.max_children setting") || line.Has(text, "server reached max_children setting"):
		return poolMessage(text, r)
	}
	return dialect.Unparsed
}

// stamp reads "[21-Aug-2026 10:15:30.123456 UTC] ".
func stamp(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) < 23 || b[0] != '[' || b[3] != '-' || b[7] != '-' {
		return b, false
	}
	i := bytes.IndexByte(b[:min(len(b), 64)], ']')
	if i < 21 {
		return b, false
	}
	r.Stamp = b[1:i]
	return line.Trim(b[i+1:]), true
}

func level(b []byte, r *dialect.Record) ([]byte, bool) {
	i := bytes.IndexByte(b[:min(len(b), 10)], ':')
	if i < 0 {
		return b, false
	}
	switch string(b[:i]) {
	case "ALERT", "ERROR", "WARNING", "NOTICE", "DEBUG":
		r.Level = b[:i]
		return line.Trim(b[i+1:]), true
	}
	return b, false
}

// pool reads "[pool www] ".
func pool(b []byte, r *dialect.Record) ([]byte, bool) {
	if !line.Has(b, "[pool ") {
		return b, false
	}
	i := bytes.IndexByte(b, ']')
	if i < 0 {
		return b, false
	}
	r.Name = b[len("[pool "):i]
	return line.Trim(b[i+1:]), true
}

func poolMessage(b []byte, r *dialect.Record) dialect.Key {
	if i := line.Index(b, "child "); i >= 0 {
		return child(b, b[i+len("child "):], r)
	}
	switch {
	case line.Contains(b, "reached pm.max_children setting"):
		return keyMaxChildren
	case line.Contains(b, "reached max_children setting"):
		return keyMaxChildrenOnDemand
	case line.Has(b, "seems busy (you may need to increase"):
		return keySeemsBusy
	case line.Has(b, "pid ") && r.Level == nil:
		return keySlowLog // the slow log: "[pool www] pid 4711"
	}
	return dialect.Plain
}

// child reads what the manager says about one of its children.
func child(b, rest []byte, r *dialect.Record) dialect.Key {
	if pid, after, ok := line.Number(rest); ok {
		r.PID = pid
		rest = after
	}
	switch {
	case line.Contains(b, "child failed to initialize"):
		return keyChildInit
	case line.Has(rest, ", script '"):
		return script(rest, r)
	}
	if n, ok := line.After(rest, "exited on signal "); ok {
		signal, _, _ := line.Number(n)
		return bySignal(signal)
	}
	if n, ok := line.After(rest, "exited with code "); ok {
		if code, _, _ := line.Number(n); code == 0 {
			return keyChildDone
		}
		return keyChildCode
	}
	return dialect.Plain
}

func bySignal(n int64) dialect.Key {
	switch n {
	case 11:
		return keySegfault
	case 7:
		return keyBus
	case 9:
		return keyKilled
	case 15, 3, 2:
		return keyTerminated
	case 6:
		return keyAbort
	case 8:
		return keyFloat
	}
	return keySignal
}

// script reads `, script '/srv/app/index.php' (request: "GET /index.php")
// execution timed out (31.4 sec), terminating`.
func script(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.After(b, "(request: \""); ok {
		if i := line.Index(rest, "\") "); i >= 0 {
			r.Request = rest[:i]
			r.Method, r.Path = line.Request(r.Request)
			rest = rest[i:]
		}
		b = rest
	}
	if i := line.Last(b, " ("); i >= 0 {
		if n := bytes.IndexByte(b[i+2:], ' '); n > 0 {
			if s, ok := line.Seconds(b[i+2 : i+2+n]); ok {
				r.Seconds = s
			}
		}
	}
	switch {
	case line.Contains(b, "execution timed out"):
		return keyTimeout
	case line.Contains(b, "executing too slow"):
		return keySlow
	}
	return dialect.Plain
}

func globalMessage(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "The maximum number of processes has been reached"):
		return keyMaxProcesses
	case line.Has(b, "failed processes threshold ("):
		return keyThreshold
	case line.Has(b, "fork() failed: "):
		return keyFork
	case line.Has(b, "unable to bind listening socket for address '"):
		listener(b, "address '", r)
		return keyCannotListen
	case line.Has(b, "An another FPM instance seems to already listen on "):
		r.Endpoint = line.Trim(b[len("An another FPM instance seems to already listen on "):])
		return keyCannotListen
	case line.Has(b, "unable to listen on address '"):
		listener(b, "address '", r)
		return keyCannotListen
	case line.Has(b, "FPM initialization failed"):
		return keyInit
	case line.Has(b, "ready to handle connections"):
		return keyReady
	case line.Has(b, "fpm is running, pid "):
		return keyRunning
	case line.Has(b, "Terminating ..."), line.Has(b, "Finishing ..."), line.Has(b, "exiting, bye-bye!"):
		return keyStopping
	case line.Has(b, "Reloading in progress"):
		return keyReloading
	}
	return dialect.Unparsed
}

func listener(b []byte, before string, r *dialect.Record) {
	if rest, ok := line.After(b, before); ok {
		if i := bytes.IndexByte(rest, '\''); i >= 0 {
			r.Endpoint = rest[:i]
		}
	}
}
