package apache

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are the error log, and the access log in the combined and common formats.
var Logs = []dialect.Log{errorLog, combined, commonLog}

var errorLog = dialect.Log{
	Name: "apache error", Kind: "error", Threads: true, Line: read, Time: line.Time, Conds: table.Conds(),
	Sniff: dialect.Share(94, read),
}

// APR's own error numbers (apr_errno.h).
const (
	aprGeneral = 20014

	ajpNoHeader  = 120006 // modules/proxy/ajp.h
	ajpBadHeader = 120007
	aprTimeout   = 70007
	aprEOF       = 70014
)

// Errors of getaddrinfo(3), which httpd prints as "(EAI 3)".
const (
	eaiAgain = -3 // the name server did not answer, or SERVFAIL
	eaiFail  = -4
)

// read reads
//
//	[time] [module:level] [pid N:tid N] (os-error)text: [client a:p] AHnnnnn: message, referer: …
//
// Each part may be missing. What a stranger wrote stands in the message and
// after it; the number before it says what the message is.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	headed := false
	if rest, ok := stamp(b, r); ok {
		b, headed = rest, true
	}
	if rest, ok := module(b, r); ok {
		b, headed = rest, true
	}
	b = process(b, r)
	b = osError(b, r)
	b = client(b, r)
	b = osError(b, r)
	if i := line.Last(b, ", referer: "); i >= 0 {
		r.Referrer, b = b[i+len(", referer: "):], b[:i]
	}
	r.Message = b
	code := 0
	rest, ok := line.CutPrefix(b, "AH")
	if !ok {
		rest, ok = line.CutPrefix(b, "ah") // as titles of threads are written
	}
	if ok {
		if n, rest, ok := line.Number(rest); ok && len(rest) > 1 && rest[0] == ':' && n < 100000 {
			code, b = int(n), line.Trim(rest[1:])
			headed = true
		}
	}
	if code == 0 { // something unknown stands before the number
		if i := line.Index(b[:min(len(b), 200)], " AH"); i >= 0 {
			if n, rest, ok := line.Number(b[i+3:]); ok && len(b)-i-3-len(rest) == 5 && line.Has(rest, ": ") {
				code, b, headed = int(n), rest[2:], true
			}
		}
	}
	if key := meaning(code, b, r); key != dialect.Unparsed {
		return key
	}
	if !headed || r.Stamp == nil && code == 0 {
		r.Reset()
		return dialect.Unparsed
	}
	return dialect.Plain
}

// stamp reads "[Fri Nov 20 06:28:24.693267 2026] ".
func stamp(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) < 27 || b[0] != '[' || b[4] != ' ' || b[8] != ' ' {
		return b, false
	}
	i := bytes.IndexByte(b[:min(len(b), 40)], ']')
	if i < 25 {
		return b, false
	}
	r.Stamp = b[1:i]
	return line.Trim(b[i+1:]), true
}

// module reads "[proxy_http:error] " and, of 2.2, "[error] ".
func module(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) < 6 || b[0] != '[' {
		return b, false
	}
	i := bytes.IndexByte(b[:min(len(b), 48)], ']')
	if i < 0 {
		return b, false
	}
	name := b[1:i]
	level := name
	if j := bytes.IndexByte(name, ':'); j >= 0 {
		level = name[j+1:]
	}
	switch string(level) {
	case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug":
	default:
		if !line.Has(level, "trace") {
			return b, false
		}
	}
	r.Level = level
	return line.Trim(b[i+1:]), true
}

// process reads "[pid 571:tid 589] ".
func process(b []byte, r *dialect.Record) []byte {
	rest, ok := line.CutPrefix(b, "[pid ")
	if !ok {
		return b
	}
	pid, rest, ok := line.Number(rest)
	if !ok {
		return b
	}
	r.PID = pid
	if t, ok := line.CutPrefix(rest, ":tid "); ok {
		if tid, t, ok := line.Number(t); ok {
			r.TID, rest = tid, t
		}
	}
	if len(rest) == 0 || rest[0] != ']' {
		return b
	}
	return line.Trim(rest[1:])
}

// osError reads "(111)Connection refused: ".
func osError(b []byte, r *dialect.Record) []byte {
	if len(b) < 4 || b[0] != '(' {
		return b
	}
	digits := b[1:]
	if rest, ok := line.CutPrefix(digits, "EAI "); ok { // getaddrinfo(3) has its own numbers
		if i := line.Index(rest, ": "); i > 0 && i < 80 {
			if n, _, ok := line.Number(rest); ok {
				r.Errno = -int(n)
			}
			return rest[i+2:]
		}
	}
	if digits[0] == '-' {
		digits = digits[1:]
	}
	n, rest, ok := line.Number(digits)
	if !ok || n > 1000000 || len(rest) == 0 || rest[0] != ')' {
		return b
	}
	i := line.Index(rest, ": ")
	if i < 0 {
		return b
	}
	r.Errno = int(n)
	if b[1] == '-' {
		r.Errno = aprEOF // "(-1)Unknown error" is an end of file in older releases
	}
	return rest[i+2:]
}

// client reads "[client 203.0.113.7:52214] " or, of a connection to an upstream,
// "[remote 10.0.0.2:8443] ".
func client(b []byte, r *dialect.Record) []byte {
	rest, ok := line.CutPrefix(b, "[client ")
	remote := false
	if !ok {
		if rest, remote = line.CutPrefix(b, "[remote "); !remote {
			return b
		}
	}
	i := bytes.IndexByte(rest[:min(len(rest), 64)], ']')
	if i < 0 {
		return b
	}
	if remote {
		r.Endpoint = rest[:i]
		return line.Trim(rest[i+1:])
	}
	r.Client = rest[:i]
	if j := bytes.LastIndexByte(r.Client, ':'); j > 0 && bytes.Count(r.Client, []byte{':'}) != 7 {
		r.Client = r.Client[:j]
	}
	return line.Trim(rest[i+1:])
}

// backend takes the address after the text before: "attempt to connect to
// 127.0.0.1:8080 (localhost:8080) failed".
func backend(b []byte, before string, r *dialect.Record) {
	rest, ok := line.After(b, before)
	if !ok {
		return
	}
	word, _ := line.Word(rest)
	for n := len(word); n > 0 && (word[n-1] == ',' || word[n-1] == ':'); n-- {
		word = word[:n-1]
	}
	if len(word) > 0 {
		r.Endpoint = word
	}
}
