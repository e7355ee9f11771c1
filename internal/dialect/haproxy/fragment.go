package haproxy

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// mostBefore is how many words stand before the timers at most: the head of syslog,
// the client, the time, the frontend and the server.
const mostBefore = 12

// fragment reads a request that was pasted without its beginning, or of which names
// and addresses were taken out:
//
//	app/web1 0/0/-1/-1/3002 503 217 - - SC-- 12/11/4/1/3 0/0 "GET /api HTTP/1.1"
//
// The timers, the state and the counters stand where no stranger's text comes
// before them: that begins with a quote or a brace.
func fragment(b []byte, r *dialect.Record) dialect.Key {
	if i := bytes.IndexAny(b, "\"{"); i >= 0 {
		if !counted(b[:i]) {
			return dialect.Unparsed
		}
	} else if !counted(b) {
		return dialect.Unparsed
	}
	var target []byte
	for n := 0; n < mostBefore && len(b) > 0; n++ {
		word, rest := line.Word(b)
		if slashed(word) {
			slash := bytes.IndexByte(target, '/')
			if slash <= 0 {
				return http(rest, word, nil, r)
			}
			r.Name, r.Endpoint = target, target
			if line.Has(target[slash+1:], "<NOSRV>") {
				r.Name = target[:slash]
			}
			return http(rest, word, target[slash+1:], r)
		}
		target, b = word, rest
	}
	return dialect.Unparsed
}

// counted reports whether b has timers, a state and counters as only HAProxy
// writes them: "10/0/30/-1/69 502 2750 - - SH-- 1/1/1/1/0 0/0".
func counted(b []byte) bool {
	for n := 0; n < mostBefore && len(b) > 0; n++ {
		word, rest := line.Word(b)
		if !slashed(word) {
			b = rest
			continue
		}
		status, rest := line.Word(rest)
		_, rest = line.Word(rest)
		_, rest = line.Word(rest)
		_, rest = line.Word(rest)
		state, rest := line.Word(rest)
		counters, _ := line.Word(rest)
		return len(status) == 3 && len(state) == 4 && slashed(counters)
	}
	return false
}

// slashed reports whether b is five numbers with slashes between them.
func slashed(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '/' && c != '-' && c != '+' {
			return false
		}
	}
	return bytes.Count(b, []byte{'/'}) == 4
}
