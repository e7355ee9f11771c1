// Package errlog reads nginx's error log: what each message means, and the fields
// that follow it. A message is told by the part of it that nginx's source keeps
// from version to version: its first word, the number of the error, and the
// phase in which it happened; never by words that differ per libc.
package errlog

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Log is the error log: error_log of the main, http, mail and stream
// blocks, through a file, standard error or syslog.
var Log = dialect.Log{
	Name:  "nginx error",
	Kind:  "error",
	Sniff: sniffError,
	Line:  errorLine,
	Time:  line.Time,
	Conds: errorConds,
}

// sniffError looks for nginx's head: "2026/08/21 10:15:30 [error] 3012#3012: ".
func sniffError(head []byte) int {
	best := 0
	for n := 0; n < 20 && len(head) > 0 && best < 95; n++ {
		row, rest, _ := bytes.Cut(head, []byte{'\n'})
		head = rest
		best = max(best, sniffErrorLine(row))
	}
	return best
}

func sniffErrorLine(row []byte) int {
	if i := findHead(row); i >= 0 {
		if rest, ok := levelPID(row[i+20:], new(dialect.Record)); ok && len(rest) < len(row) {
			return 95
		}
	}
	var r dialect.Record
	r.Reset()
	if key := errorLine(row, &r); key > dialect.Plain {
		if r.Level != nil || r.Client != nil {
			return 80
		}
		return 40
	}
	return 0
}

// errorLine reads one line of the error log. Lines that were pasted without
// their head, or with another one before it, are read as far as they go.
func errorLine(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Chomp(b)
	// Fast path: the line begins with nginx's own head.
	if stamped(b) {
		r.Stamp = b[:19]
		if rest, ok := levelPID(b[20:], r); ok {
			return message(rest, r, true)
		}
		r.Stamp = nil
		return dialect.Unparsed
	}
	return fragment(b, r)
}

// fragment is the slow path: something stands before the head, or the head is
// not there at all.
func fragment(b []byte, r *dialect.Record) dialect.Key {
	if i := findHead(b); i > 0 {
		r.Stamp = b[i : i+19]
		if rest, ok := levelPID(b[i+20:], r); ok {
			return message(rest, r, true)
		}
		r.Stamp = nil
	}
	b = line.Trim(b)
	if _, rest := line.Peel(b); len(rest) > 0 {
		b = rest
	}
	if rest, ok := line.CutPrefix(b, "nginx: "); ok {
		b = rest // what nginx says on the terminal
	}
	if rest, ok := levelPID(b, r); ok {
		return message(line.Trim(rest), r, true)
	}
	r.Level, r.PID, r.TID = nil, 0, 0
	if rest, ok := process(b, r); ok {
		if rest = connection(rest, r); r.Conn != 0 && len(rest) > 0 {
			return message(rest, r, true)
		}
		r.PID, r.TID, r.Conn = 0, 0, 0
	}
	return bare(connection(b, r), r)
}

// bare reads a message without any head. Without one, only what nobody else
// writes counts: a line that fails.
func bare(b []byte, r *dialect.Record) dialect.Key {
	if key := message(b, r, false); key > dialect.Plain && errorConds[key].Fails {
		return key
	}
	conn := r.Conn
	if i := findMessage(b); i > 0 {
		r.Reset()
		r.Conn = conn
		if key := message(b[i:], r, false); key > dialect.Plain && errorConds[key].Fails {
			return key
		}
	}
	r.Reset()
	if key := words(b, r); key != dialect.Unparsed {
		return key
	}
	r.Reset()
	return dialect.Unparsed
}

// findMessage looks for the beginnings that only nginx's messages have.
func findMessage(b []byte) int {
	if len(b) > 512 {
		b = b[:512]
	}
	best := -1
	for _, s := range [...]string{
		"connect() failed (", "connect() to ", "recv() failed (", "upstream timed out (", "upstream prematurely closed ",
		"upstream sent ", "no live upstreams ", "SSL_do_handshake() failed (", "upstream SSL certificate ", "no resolver defined to resolve ",
	} {
		if i := line.Index(b, s); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}

// stamped reports whether b begins with "2026/08/21 10:15:30 ".
func stamped(b []byte) bool {
	return len(b) > 20 && b[4] == '/' && b[7] == '/' && b[10] == ' ' && b[13] == ':' && b[16] == ':' && b[19] == ' ' &&
		b[0]-'0' <= 9 && b[18]-'0' <= 9
}

// findHead returns where nginx's head begins in the first part of b, or -1.
func findHead(b []byte) int {
	if stamped(b) {
		return 0
	}
	for i := 4; i+20 < len(b) && i < 512; {
		j := bytes.IndexByte(b[i:], '/')
		if j < 0 {
			return -1
		}
		if i += j; i+16 < len(b) && stamped(b[i-4:]) {
			return i - 4
		}
		i++
	}
	return -1
}

// levelPID reads "[error] 3012#3012: *4711 " and fills r. nginx writes no
// process before its configuration is loaded.
func levelPID(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) < 6 || b[0] != '[' {
		return nil, false
	}
	i := bytes.IndexByte(b[:min(len(b), 10)], ']')
	if i < 0 || !level(b[1:i]) {
		return nil, false
	}
	r.Level = b[1:i]
	b = b[i+1:]
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	b, _ = process(b, r)
	return connection(b, r), true
}

// process reads "3012#3012: ".
func process(b []byte, r *dialect.Record) ([]byte, bool) {
	pid, rest, ok := line.Number(b)
	if !ok || len(rest) == 0 || rest[0] != '#' {
		return b, false
	}
	tid, rest, ok := line.Number(rest[1:])
	if !ok || len(rest) == 0 || rest[0] != ':' {
		return b, false
	}
	r.PID, r.TID = pid, tid
	if rest = rest[1:]; len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return rest, true
}

// connection reads "*4711 ".
func connection(b []byte, r *dialect.Record) []byte {
	if len(b) > 2 && b[0] == '*' {
		if n, rest, ok := line.Number(b[1:]); ok && len(rest) > 0 && rest[0] == ' ' {
			r.Conn = n
			return rest[1:]
		}
	}
	return b
}

func level(b []byte) bool {
	switch string(b) {
	case "error", "warn", "notice", "info", "crit", "alert", "emerg", "debug":
		return true
	}
	return false
}
