package haproxy

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are HAProxy's log, in which requests (option httplog, httpslog), streams
// (option tcplog) and messages about servers stand side by side.
var Logs = []dialect.Log{{
	Name: "haproxy", Kind: "access", Whole: true,
	Sniff: dialect.Share(93, read), Line: read, Time: line.Time, Conds: table.Conds(),
}}

// read reads one line, with or without the head of syslog.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Chomp(b)
	h, rest := line.Peel(b)
	if t, ok := line.CutPrefix(rest, "haproxy["); ok { // pasted without its stamp
		if pid, t, ok := line.Number(t); ok && line.Has(t, "]: ") {
			h.PID, h.Program, rest = pid, rest[:len("haproxy")], t[3:]
		}
	}
	r.PID, r.Stamp = h.PID, h.Stamp
	if key := request(rest, r); key != dialect.Unparsed {
		return key
	}
	r.Reset()
	r.PID = h.PID
	if key := common(rest, r); key != dialect.Unparsed {
		return key
	}
	r.Reset()
	r.PID, r.Stamp = h.PID, h.Stamp
	if key := fragment(rest, r); key != dialect.Unparsed {
		return key
	}
	r.Reset()
	r.PID, r.Stamp, r.Message = h.PID, h.Stamp, rest
	if key := message(rest, r); key != dialect.Unparsed {
		return key
	}
	if line.Has(h.Program, "haproxy") {
		return dialect.Plain
	}
	r.Reset()
	return dialect.Unparsed
}

// request reads a request or a stream:
//
//	203.0.113.7:33317 [21/Aug/2026:10:15:30.655] http-in app/web1 0/0/-1/-1/3002 503 217 - - SC-- 12/11/4/1/3 0/0 "GET /api HTTP/1.1"
//	10.0.1.2:33313 [21/Aug/2026:10:15:30.443] fnt bck/srv1 0/-1/3002 0 SC 3/3/2/1/0 0/0
//
// Only the captured headers and the request line hold a stranger's text; they
// stand last.
func request(b []byte, r *dialect.Record) dialect.Key {
	client, b := line.Word(b)
	i := bytes.LastIndexByte(client, ':')
	if i <= 0 || len(b) < 28 || b[0] != '[' {
		return dialect.Unparsed
	}
	if _, ok := line.Int(client[i+1:]); !ok {
		return dialect.Unparsed
	}
	end := bytes.IndexByte(b, ']')
	if end < 20 || end > 40 || end+2 > len(b) {
		return dialect.Unparsed
	}
	stamp, b := b[1:end], b[end+2:]
	front, b := line.Word(b)
	target, b := line.Word(b)
	timers, b := line.Word(b)
	slash := bytes.IndexByte(target, '/')
	n := bytes.Count(timers, []byte{'/'})
	if slash <= 0 || len(front) == 0 || (n != 4 && n != 2) {
		return dialect.Unparsed
	}
	r.Client, r.Stamp, r.Server = client[:i], stamp, bytes.TrimSuffix(front, []byte{'~'}) // "~" marks TLS
	r.Name, r.Endpoint = target, target
	if line.Has(target[slash+1:], "<NOSRV>") {
		r.Name = target[:slash]
	}
	if n == 2 {
		return tcp(b, timers, target[slash+1:], r)
	}
	return http(b, timers, target[slash+1:], r)
}

func http(b, timers, server []byte, r *dialect.Record) dialect.Key {
	status, b := line.Word(b)
	size, b := line.Word(b)
	_, b = line.Word(b)
	_, b = line.Word(b)
	state, b := line.Word(b)
	code, ok := line.Int(status)
	if !ok || len(state) != 4 {
		return dialect.Unparsed
	}
	if i := bytes.IndexByte(b, '"'); i >= 0 {
		r.Request = b[i+1:]
		if n := len(r.Request); n > 0 && r.Request[n-1] == '"' {
			r.Request = r.Request[:n-1]
		}
		r.Method, r.Path = line.Request(r.Request)
	}
	r.Status = int(max(code, 0))
	r.Bytes, _ = line.Int(bytes.TrimPrefix(size, []byte{'+'}))
	_, timers = cut(timers)
	_, timers = cut(timers)
	_, timers = cut(timers)
	header, timers := cut(timers)
	if v, ok := line.Int(header); ok && v >= 0 {
		r.UpSeconds = float64(v) / 1e3
	}
	seconds(timers, r)
	r.UpKnown = true
	if state[0] == '-' && state[1] == '-' {
		if !line.Is(server, "<NOSRV>") {
			r.UpStatus = r.Status
		}
		return ended(r)
	}
	return terminated(state[0], state[1], line.Is(server, "<NOSRV>"), r.Status)
}

// ended reads a request that ended in order.
func ended(r *dialect.Record) dialect.Key {
	switch {
	case r.Status < 500:
		return dialect.Plain
	case r.UpStatus == 0:
		return keyOwn
	}
	return keyPassed
}

func tcp(b, timers, server []byte, r *dialect.Record) dialect.Key {
	size, b := line.Word(b)
	state, _ := line.Word(b)
	n, ok := line.Int(bytes.TrimPrefix(size, []byte{'+'}))
	if !ok || len(state) != 2 {
		return dialect.Unparsed
	}
	r.Bytes = n
	_, timers = cut(timers)
	_, timers = cut(timers)
	seconds(timers, r)
	if state[0] == '-' {
		return dialect.Plain
	}
	return broken(state[0], state[1], line.Is(server, "<NOSRV>"))
}

// cut returns what stands before and after the first slash.
func cut(b []byte) (value, rest []byte) {
	value, rest, _ = bytes.Cut(b, []byte{'/'})
	return value, rest
}

func seconds(b []byte, r *dialect.Record) {
	if v, ok := line.Int(bytes.TrimPrefix(b, []byte{'+'})); ok && v >= 0 {
		r.Seconds = float64(v) / 1e3
	}
}

// message reads what HAProxy says about servers, backends and its own limits.
func message(b []byte, r *dialect.Record) dialect.Key {
	if i := line.Index(b, ") : "); i > 0 && b[0] == '[' { // "[WARNING] 049/161822 (30088) : ", on standard error
		r.Level, _, _ = bytes.Cut(b[1:], []byte{']'})
		b = b[i+len(") : "):]
		r.Message = b
	}
	if rest, ok := line.CutPrefix(b, "config : "); ok { // so say 2.6 and 3.0
		b = rest
		if line.Is(r.Level, "ALERT") && !line.Has(b, "parsing [") {
			return keyConfig
		}
	}
	if rest, ok := line.CutPrefix(b, "Server "); ok {
		r.Name, rest = line.Word(rest)
		return serverState(rest)
	}
	if rest, ok := line.CutPrefix(b, "Health check for server "); ok {
		r.Name, rest = line.Word(rest)
		if t, ok := line.CutPrefix(rest, "failed, reason: "); ok {
			return check(t, checks)
		}
		return keyCheckPassed
	}
	for i, s := range &results { // quoted without the server
		if line.Has(b, s.text) && i < len(checks) && (len(b) == len(s.text) || b[len(s.text)] == ',') {
			return checks[i]
		}
	}
	if line.Has(b, "parsing [") {
		return parsing(b, r)
	}
	if rest, ok := line.CutPrefix(b, "backend "); ok && line.Contains(rest, "has no server available") {
		r.Name, _ = line.Word(rest)
		r.Name = bytes.Trim(r.Name, "'")
		return keyNoServer
	}
	if rest, ok := line.CutPrefix(b, "Proxy "); ok {
		return limit(rest, r)
	}
	// "show errors" of the runtime socket.
	if line.Contains(b, "] backend ") && line.Contains(b, ": invalid response") {
		return keyShownResponse
	}
	if line.Contains(b, "] frontend ") && line.Contains(b, ": invalid request") {
		return keyShownRequest
	}
	return dialect.Unparsed
}

// serverState reads "is DOWN, reason: Layer4 connection problem, …".
func serverState(b []byte) dialect.Key {
	if t, ok := line.CutPrefix(b, "is DOWN, reason: "); ok {
		return check(t, downs)
	}
	switch {
	case line.Has(b, "is DOWN"):
		return keyDown
	case line.Has(b, "is going DOWN for maintenance (DNS timeout"), line.Has(b, "is going DOWN for maintenance (DNS refused"):
		return keyMaintResolver
	case line.Has(b, "is going DOWN for maintenance (DNS"), line.Has(b, "is going DOWN for maintenance (No IP"):
		return keyMaintDNS
	case line.Has(b, "is going DOWN for maintenance"):
		return keyMaint
	case line.Has(b, "is UP"):
		return keyUp
	case line.Has(b, "is stopping"):
		return keyStopping
	}
	return dialect.Plain
}

// check reads the result of a health check.
func check(b []byte, keys [len(results)]dialect.Key) dialect.Key {
	for i, s := range &results {
		if !line.Has(b, s.text) && !cutShort(b, s.text) {
			continue
		}
		if s.id == "HANA" && line.Contains(b, "last one was: L4 ") {
			return keys[0] // what the ordinary requests met is told: no connection
		}
		return keys[i]
	}
	return dialect.Plain
}

// cutShort reports whether b is the beginning of a text that a pager cut off and
// marked with ">", as journalctl does.
func cutShort(b []byte, text string) bool {
	n := len(b) - 1
	return n >= len("Layer7 w") && n < len(text) && b[n] == '>' && line.Is(b[:n], text[:n])
}

// parsing reads "parsing [/etc/haproxy/haproxy.cfg:58] : 'server app' : could
// not resolve address 'app'", written when the configuration is loaded.
func parsing(b []byte, r *dialect.Record) dialect.Key {
	place, rest, ok := bytes.Cut(b[len("parsing ["):], []byte{']'})
	if !ok {
		return dialect.Plain
	}
	r.Name = place
	switch {
	case line.Contains(rest, "could not resolve address"):
		if t, ok := line.After(rest, "could not resolve address '"); ok {
			r.Name, _, _ = bytes.Cut(t, []byte{'\''})
		}
		return keyStartName
	case line.Is(r.Level, "ALERT") || line.Contains(rest, "unknown keyword"):
		return keyConfig
	}
	return dialect.Plain
}

func limit(b []byte, r *dialect.Record) dialect.Key {
	r.Server, b = line.Word(b)
	switch {
	case line.Has(b, "reached process FD limit"), line.Has(b, "reached system FD limit"):
		return keyFiles
	case line.Has(b, "reached the configured maximum connection limit"):
		return keyMaxconn
	}
	return dialect.Plain
}
