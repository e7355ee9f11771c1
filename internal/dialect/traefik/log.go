package traefik

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// read reads a line of Traefik's own log.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	if _, rest := line.Peel(b); len(rest) > 0 {
		b = rest
	}
	if line.Is(b, "no available server") {
		r.Message = b
		return keyNoServer
	}
	var msg, err []byte
	switch {
	case len(b) > 0 && b[0] == '{':
		msg, err = members(b, r)
	case line.Has(b, "time=\""):
		msg = keyValue(b, r)
		err = msg
	default:
		msg, err = console(b, r)
	}
	if msg == nil {
		return quoted(b, r)
	}
	r.Message = msg
	if key := message(msg, err, r); key != dialect.Unparsed {
		return key
	}
	if r.Level == nil {
		r.Reset()
		return dialect.Unparsed
	}
	return dialect.Plain
}

// quoted reads "'502 Bad Gateway' caused by: dial tcp …" as people paste it.
func quoted(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	if line.Contains(b, "' caused by: ") {
		r.Message = b
		if key := message(b, b, r); key != dialect.Unparsed {
			return key
		}
	}
	r.Reset()
	return dialect.Unparsed
}

// members reads {"level":"debug","error":"…","time":"…","message":"…"}.
func members(b []byte, r *dialect.Record) (msg, err []byte) {
	o, _ := line.Object(b)
	for o.Next() {
		switch string(o.Key) {
		case "level":
			r.Level = o.Value
		case "time":
			r.Stamp = o.Value
		case "message", "msg":
			msg = o.Value
		case "error":
			err = o.Value
		case "targetURL":
			r.Upstream, r.Endpoint = server(o.Value)
		case "middlewareName":
			r.Name = o.Value
		}
	}
	if r.Level == nil || r.Stamp == nil {
		return nil, nil
	}
	if msg == nil {
		msg = err // cut short
	}
	return msg, err
}

// keyValue reads `time="2026-02-08T13:17:25Z" level=debug msg="'504 Gateway
// Timeout' caused by: …"` of Traefik 2.
func keyValue(b []byte, r *dialect.Record) []byte {
	b = b[len("time=\""):]
	stamp, rest, ok := bytes.Cut(b, []byte{'"'})
	if !ok {
		return nil
	}
	level, rest, ok := line.Cut(rest, " level=")
	if !ok || len(level) > 0 {
		return nil
	}
	word, rest := line.Word(rest)
	text, ok := line.After(rest, "msg=\"")
	if !ok {
		return nil
	}
	r.Stamp, r.Level = stamp, word
	if i := bytes.LastIndexByte(text, '"'); i > 0 {
		if rest, ok := line.After(text[i:], " middlewareName="); ok {
			r.Name, _ = line.Word(rest)
		}
		text = text[:i]
	}
	return text
}

// console reads `2026-04-19T23:53:54Z DBG github.com/…/proxy.go:100 > 502 Bad
// Gateway error="…"`.
func console(b []byte, r *dialect.Record) (msg, err []byte) {
	stamp, rest := line.Word(b)
	level, rest := line.Word(rest)
	if len(stamp) < 20 || stamp[4] != '-' || len(level) != 3 {
		return nil, nil
	}
	switch string(level) {
	case "DBG", "INF", "WRN", "ERR", "FTL", "TRC":
	default:
		return nil, nil
	}
	r.Stamp, r.Level = stamp, level
	if t, ok := line.After(rest, " > "); ok {
		rest = t
	}
	msg, err = rest, rest
	if t, ok := line.After(rest, "error="); ok {
		err = bytes.Trim(t, "\"")
	}
	return msg, err
}

// message says what a message with its error means.
func message(msg, err []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(msg, "Health check failed"), line.Has(msg, "Health check still failing"):
		return check(msg, err, r)
	case line.Has(msg, "Error calling "):
		return auth(msg, err, r)
	case line.Contains(err, "unsupported protocol scheme"): // the balancer gave no server
		return keyNoServer
	case !line.Contains(msg, "502 Bad Gateway") && !line.Contains(msg, "504 Gateway Timeout") && !line.Contains(msg, "500 Internal Server Error") &&
		!line.Contains(msg, "499 Client Closed Request"):
		return dialect.Unparsed
	}
	if k := gonet.Read(err, r); k != gonet.None {
		return keys[k]
	}
	switch {
	case line.Has(msg, "504"):
		return makers.Of(504, answer.Made)
	case line.Has(msg, "500"):
		return makers.Of(500, answer.Made)
	}
	return makers.Of(502, answer.Made)
}

// auth reads why forwardAuth could not ask its service. The service is no upstream of
// the route: what the line names is the middleware.
func auth(msg, err []byte, r *dialect.Record) dialect.Key {
	middleware := r.Name
	k := gonet.Read(err, r)
	if k == gonet.None {
		k = gonet.Read(msg, r)
	}
	r.Name, r.Endpoint, r.Upstream = middleware, nil, nil
	if rest, ok := line.After(err, "middlewareName="); ok {
		r.Name, _ = line.Word(rest)
	}
	if k == gonet.None {
		return keyAuth
	}
	return auths[k]
}

// check reads how a health check failed: the error stands in a field, or in the
// message of releases before 3.
func check(msg, err []byte, r *dialect.Record) dialect.Key {
	if k := gonet.Read(err, r); k != gonet.None {
		return checks[k]
	}
	if k := gonet.Read(msg, r); k != gonet.None {
		return checks[k]
	}
	for _, b := range [...][]byte{err, msg} {
		if line.Contains(b, "received error status code") || line.Contains(b, "received non-2xx/3xx") || line.Contains(b, "unhealthy status") {
			return keyCheckStatus
		}
	}
	return keyCheck
}
