package haproxy

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// common reads a request in the common log format (option httplog clf,
// doc/configuration.txt section 8.2.3):
//
//	203.0.113.7 - - [10/Mar/2022:14:00:56 +0000] "GET /5.js HTTP/1.1" 503 217 "" "" 59794 528 "web~" "app" "app_1" 0 0 -1 -1 3 CC-- 4 1 0 0 0 0 0 "" ""
//
// The captured headers stand last; the request line is the only text of a stranger
// before what is read.
func common(b []byte, r *dialect.Record) dialect.Key {
	client, b := line.Word(b)
	if len(client) == 0 || !line.Has(b, "- - [") {
		return dialect.Unparsed
	}
	stamp, b, ok := bytes.Cut(b[len("- - ["):], []byte("] \""))
	if !ok || len(stamp) < 20 || len(stamp) > 40 {
		return dialect.Unparsed
	}
	// HAProxy escapes quotes within a field, so the first one ends it.
	request, b, ok := bytes.Cut(b, []byte("\" "))
	if !ok {
		return dialect.Unparsed
	}
	status, b := line.Word(b)
	size, b := line.Word(b)
	if b, ok = line.CutPrefix(b, "\"\" \"\" "); !ok {
		return dialect.Unparsed
	}
	_, b = line.Word(b) // the client's port
	_, b = line.Word(b) // milliseconds of the stamp
	front, b := unquoted(b)
	back, b := unquoted(b)
	server, b := unquoted(b)
	if len(front) == 0 || len(back) == 0 || len(server) == 0 {
		return dialect.Unparsed
	}
	var timers [5][]byte
	for i := range timers {
		timers[i], b = line.Word(b)
	}
	state, _ := line.Word(b)
	code, ok := line.Int(status)
	if !ok || len(state) != 4 {
		return dialect.Unparsed
	}
	r.Client, r.Stamp, r.Server, r.Request = client, stamp, bytes.TrimSuffix(front, []byte{'~'}), request
	r.Method, r.Path = line.Request(request)
	r.Name = back
	r.Status = int(max(code, 0))
	r.Bytes, _ = line.Int(bytes.TrimPrefix(size, []byte{'+'}))
	if v, ok := line.Int(timers[3]); ok && v >= 0 {
		r.UpSeconds = float64(v) / 1e3
	}
	seconds(timers[4], r)
	r.UpKnown = true
	nobody := line.Is(server, "<NOSRV>")
	if state[0] == '-' && state[1] == '-' {
		if !nobody {
			r.UpStatus = r.Status
		}
		return ended(r)
	}
	return terminated(state[0], state[1], nobody, r.Status)
}

// unquoted reads a field in quotes and the space behind it.
func unquoted(b []byte) (field, rest []byte) {
	if len(b) < 2 || b[0] != '"' {
		return nil, b
	}
	i := bytes.IndexByte(b[1:], '"')
	if i < 0 {
		return nil, b
	}
	return b[1 : 1+i], bytes.TrimPrefix(b[i+2:], []byte{' '})
}
