package caddy

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are Caddy's log: all of its loggers write the same kind of line. As an
// error log it is read for what tells why requests failed; the lines of requests
// are those of the access log, also where both are one file.
var Logs = []dialect.Log{{
	Name: "caddy", Kind: "access", Sites: true, Sniff: sniff, Line: read, Access: countAccess, Time: line.Time, Conds: table.Conds(),
}, {
	Name: "caddy error", Kind: "error", Sniff: sniffError, Line: readError, Time: line.Time, Conds: table.Conds(),
}}

var sniff = dialect.Share(93, read)

// sniffError is as sure as sniff where no line is that of a request.
func sniffError(head []byte) int {
	if bytes.Contains(head, []byte("http.log.access")) {
		return min(sniff(head), 1)
	}
	return sniff(head)
}

// readError reads a line for what is wrong: that of a request tells nothing but
// its status.
func readError(b []byte, r *dialect.Record) dialect.Key {
	key := read(b, r)
	if key > dialect.Plain && !r.Aside && r.Status != 0 {
		return dialect.Plain
	}
	return key
}

// entry is a line taken apart as far as the verdict needs it.
type entry struct{ logger, msg, err []byte }

// read reads a line of JSON, or of the console encoder: time, level, logger,
// message, and the fields as JSON.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	var e entry
	fields := b
	if len(b) > 0 && b[0] != '{' {
		var ok bool
		if fields, ok = console(b, &e, r); !ok {
			if fields, ok = first(b, &e, r); !ok {
				fields, ok = spaced(b, &e, r)
			}
			if ok {
				r.Message = e.msg
				return verdict(&e, r)
			}
			r.Reset()
			// The journal and syslog put a head before what they got.
			if _, rest := line.Peel(b); len(rest) < len(b) && len(rest) > 0 && (rest[0] == '{' || len(rest) > 4 && rest[4] == '/') {
				return read(rest, r)
			}
			return dialect.Unparsed
		}
	}
	if o, ok := line.Object(fields); ok {
		members(o, &e, r)
	} else if len(b) > 0 && b[0] == '{' {
		return dialect.Unparsed
	}
	if e.msg == nil || r.Level == nil {
		r.Reset()
		return dialect.Unparsed
	}
	r.Message = e.msg
	if e.err != nil {
		r.Message = e.err
	}
	return verdict(&e, r)
}

// console reads "2026/05/01 20:43:35.854\tERROR\thttp.log.error\tmessage\t{…}".
func console(b []byte, e *entry, r *dialect.Record) (fields []byte, ok bool) {
	var parts [4][]byte
	for i := range parts {
		if i == 3 {
			parts[i], b, _ = bytes.Cut(b, []byte{'\t'})
			break
		}
		if parts[i], b, ok = bytes.Cut(b, []byte{'\t'}); !ok {
			return nil, false
		}
	}
	if len(parts[0]) < 19 || parts[0][4] != '/' {
		return nil, false
	}
	r.Stamp, r.Level, e.logger, e.msg = parts[0], parts[1], parts[2], parts[3]
	return b, true
}

// spaced reads the console encoder's line as terminals and web pages copy it, with
// spaces where its tabs were: "2026/05/01 20:43:35.854 ERROR http.log.error message".
func spaced(b []byte, e *entry, r *dialect.Record) (fields []byte, ok bool) {
	date, rest := line.Word(b)
	clock, rest := line.Word(rest)
	level, rest := line.Word(line.Trim(rest))
	logger, rest := line.Word(line.Trim(rest))
	if len(date) != 10 || date[4] != '/' || len(clock) < 8 || clock[2] != ':' || !line.Has(logger, "http.") {
		return nil, false
	}
	switch string(level) {
	case "ERROR", "WARN", "INFO", "DEBUG":
	default:
		return nil, false
	}
	r.Stamp, r.Level, e.logger, e.msg = b[:len(date)+1+len(clock)], level, logger, line.Trim(rest)
	if msg, object, found := line.Cut(e.msg, " {\""); found {
		e.msg = line.Trim(msg)
		if o, ok := line.Object(rest[len(rest)-len(object)-2:]); ok {
			members(o, e, r)
		}
	}
	return nil, len(e.msg) > 0
}

// first reads Caddy 1: "15/May/2026:23:44:49 +0000 [ERROR 502 /path] dial tcp …",
// also without the time, as people quote it.
func first(b []byte, e *entry, r *dialect.Record) (fields []byte, ok bool) {
	head := 26
	if line.Has(b, "[ERROR ") {
		head = 0
	} else if len(b) < 40 || b[2] != '/' || b[6] != '/' || !line.Has(b[26:], " [ERROR ") {
		return nil, false
	}
	rest, _ := line.After(b[head:], "[ERROR ")
	status, rest, ok := line.Number(rest)
	path, msg, found := bytes.Cut(rest, []byte("] "))
	if !ok || !found || status < 100 || status > 599 || len(path) == 0 || path[0] != ' ' {
		return nil, false
	}
	r.Level, r.Status = levelError, int(status)
	if head > 0 {
		r.Stamp = b[:26]
	}
	r.Path = line.Trim(path)
	e.logger, e.msg = legacy, msg
	return nil, true
}

// legacy is the logger of Caddy 1, which has none, and levelError its only level.
var (
	legacy     = []byte("http.log.error")
	levelError = []byte("ERROR")
)

func members(o line.Fields, e *entry, r *dialect.Record) {
	for o.Next() {
		switch string(o.Key) {
		case "level":
			r.Level = o.Value
		case "ts":
			r.Stamp = o.Value
		case "logger":
			e.logger = o.Value
		case "msg":
			e.msg = o.Value
		case "error":
			e.err = o.Value
		case "status":
			n, _ := line.Int(o.Value)
			r.Status = int(n)
		case "size":
			r.Bytes, _ = line.Int(o.Value)
		case "duration":
			if s, ok := line.Seconds(o.Value); ok {
				r.Seconds = s
			}
		case "host", "upstream":
			r.Endpoint = o.Value
		case "request":
			if inner, ok := line.Object(o.Value); ok {
				request(inner, r)
			}
		}
	}
}

func request(o line.Fields, r *dialect.Record) {
	for o.Next() {
		switch string(o.Key) {
		case "remote_ip", "client_ip":
			r.Client = o.Value
		case "method":
			r.Method = o.Value
		case "host":
			r.Host = o.Value
		case "uri":
			r.Path, _, _ = bytes.Cut(o.Value, []byte{'?'})
		case "headers":
			if inner, ok := line.Object(o.Value); ok {
				headers(inner, r)
			}
		}
	}
}

// headers reads {"User-Agent":["curl/8"],…}.
func headers(o line.Fields, r *dialect.Record) {
	for o.Next() {
		v := bytes.Trim(o.Value, "[]\"")
		switch string(o.Key) {
		case "User-Agent":
			r.UserAgent = v
		case "Referer":
			r.Referrer = v
		case "X-Request-Id":
			r.RequestID = v
		}
	}
}

// verdict says what a line means by its logger and message.
func verdict(e *entry, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(e.logger, "http.log.access"):
		return access(r)
	case line.Has(e.logger, "http.log.error"):
		r.Aside = true
		return failure(e.msg, r)
	case line.Is(e.logger, "http.handlers.reverse_proxy.health_checker.active"):
		return health(e, r)
	case line.Is(e.logger, "http.handlers.reverse_proxy"):
		switch {
		case line.Has(e.msg, "aborting with incomplete response") && line.Contains(e.err, "context canceled"):
			return keys[gonet.Canceled] // the client went away, and the copy of the body with it
		case line.Has(e.msg, "aborting with incomplete response"), line.Has(e.msg, "reading from backend"):
			return keyBody
		}
	}
	return dialect.Plain
}

func access(r *dialect.Record) dialect.Key {
	switch {
	case r.Status == 499:
		return keys[gonet.Canceled]
	case r.Status >= 500 && r.Status < 600:
		return makers.Of(r.Status, answer.Unknown)
	}
	return dialect.Plain
}

// failure reads the message of http.log.error, which is the error itself.
func failure(msg []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Is(msg, "no upstreams available"), line.Is(msg, "unreachable backend"), line.Is(msg, "no hosts available upstream"): // the latter of Caddy 1
		return keyNoUpstream
	case line.Has(msg, "making dial info: "):
		return keyTarget
	case line.Has(msg, "upstream response matched retry_match"):
		return keyRetry
	case line.Contains(msg, "fcgi: invalid header version"):
		return keyNotFastCGI
	case line.Ends(msg, ": i/o timeout"):
		if key := waited(msg, r); key != dialect.Unparsed {
			return key
		}
	}
	if k := gonet.Read(msg, r); k != gonet.None {
		return keys[k]
	}
	switch {
	case r.Status >= 500 && r.Status < 600:
		return makers.Of(r.Status, answer.Made)
	}
	return dialect.Plain
}

// waited reads "read tcp 127.0.0.1:4711->127.0.0.1:9000: i/o timeout", and the same
// of unix sockets and of writes: the limit between two reads, or two writes, of a
// transport.
func waited(msg []byte, r *dialect.Record) dialect.Key {
	key := keyReadTimeout
	rest, ok := line.After(msg, "read tcp ")
	if !ok {
		rest, ok = line.After(msg, "read unix ")
	}
	if !ok {
		key = keyWriteTimeout
		if rest, ok = line.After(msg, "write tcp "); !ok {
			rest, ok = line.After(msg, "write unix ")
		}
	}
	if !ok {
		return dialect.Unparsed
	}
	if peer, ok := line.After(rest, "->"); ok {
		word, _ := line.Word(peer)
		r.Endpoint = bytes.TrimSuffix(word, []byte{':'})
	}
	return key
}

func health(e *entry, r *dialect.Record) dialect.Key {
	switch {
	case line.Is(e.msg, "HTTP request failed"):
		if k := gonet.Read(e.err, r); k != gonet.None {
			return checks[k]
		}
		return keyCheckFailed
	case line.Is(e.msg, "unexpected status code"):
		return keyCheckStatus
	case line.Is(e.msg, "status code out of tolerances"):
		return keyCheckTolerance
	case line.Is(e.msg, "response body failed expectations"):
		return keyCheckBody
	case line.Is(e.msg, "host is up"):
		return keyUp
	}
	return dialect.Plain
}
