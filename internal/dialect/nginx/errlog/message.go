package errlog

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// message reads the text after the head. headed says that there was one: then
// what is not recognised is plain, else it is not nginx's.
func message(b []byte, r *dialect.Record, headed bool) dialect.Key {
	if len(b) == 0 {
		return dialect.Unparsed
	}
	if line.Is(r.Level, "emerg") {
		return startup(b, r)
	}
	key := dialect.Unparsed
	switch b[0] {
	case 'c':
		key = messageC(b, r)
	case 'u':
		key = messageU(b, r)
	case 'r':
		key = messageR(b, r)
	case 's':
		key = messageS(b, r)
	case 'w', 'p', 'o':
		key = messageFiles(b, r)
	case 'n':
		key = messageN(b, r)
	case 'S':
		key = messageTLS(b, r)
	case 'F':
		key = messageFastCGI(b, r)
	default:
		key = messageRest(b, r)
	}
	if key != dialect.Unparsed {
		return key
	}
	// A name comes first in this one, so that any letter may begin it.
	if key := unresolved(b, r); key != dialect.Unparsed {
		return key
	}
	if key := lua(b, r); key != dialect.Unparsed {
		return key
	}
	if !headed {
		return dialect.Unparsed
	}
	tail(b, b, r)
	return dialect.Plain
}

func messageC(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "connect() "); ok {
		return connect(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "client prematurely closed connection"); ok {
		tail(b, rest, r)
		if line.Contains(r.Message, "upstream") {
			return keyClientGone
		}
		return dialect.Plain
	}
	if rest, ok := line.CutPrefix(b, "client intended to send too large "); ok {
		tail(b, rest, r)
		return keyBodyTooLarge
	}
	if line.Has(b, "cache manager process ") || line.Has(b, "cache loader process ") {
		return processEnd(b, r)
	}
	return dialect.Unparsed
}

// stream reports whether the line is of the stream module: it has an upstream
// and no request.
func stream(rest []byte, r *dialect.Record) bool {
	return r.Request == nil && line.Contains(rest, ", bytes from/to client:")
}

func messageR(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "recv() "); ok {
		return receive(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "readv() "); ok {
		return receive(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "recvmsg() "); ok {
		return receive(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "rewrite or internal redirection cycle"); ok {
		tail(b, rest, r)
		return keyRedirectCycle
	}
	if line.Has(b, "reopening logs") {
		r.Message = b
		return keyReopen
	}
	return dialect.Unparsed
}

func messageS(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "send() "); ok {
		return send(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "sendmsg() "); ok {
		return send(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "sendfile() "); ok {
		return send(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "socket() "); ok {
		return socket(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "signal "); ok {
		return signalled(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "stat() \""); ok {
		return looked(b, rest, r)
	}
	if line.Has(b, "start worker process") {
		r.Message = b
		if line.Has(b, "start worker processes") {
			return keyStart
		}
		return keyStartWorker
	}
	return dialect.Unparsed
}

func messageN(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "no live upstream"); ok {
		rest = bytes.TrimPrefix(rest, []byte{'s'})
		tail(b, rest, r)
		if r.Name == nil && r.Endpoint != nil {
			r.Name = r.Endpoint
		}
		r.Endpoint = nil
		if stream(rest, r) {
			return keyStreamNoLive
		}
		return keyNoLive
	}
	if rest, ok := line.CutPrefix(b, "no resolver defined to resolve "); ok {
		r.Name, _ = plain(rest)
		if i := bytes.IndexByte(r.Name, ' '); i >= 0 {
			r.Name = r.Name[:i]
		}
		tail(b, rest[len(r.Name):], r)
		return keyNoResolver
	}
	if line.Has(b, "nginx/") {
		r.Message = b
		return keyStart
	}
	if line.Has(b, "no port in upstream \"") {
		return badTarget(b, r, keyNoPort)
	}
	return badTarget(b, r, keyBadPort)
}

// badTarget reads `invalid port in upstream "backend:abc"`: what is wrong with
// an address that was computed for one request.
func badTarget(b []byte, r *dialect.Record, key dialect.Key) dialect.Key {
	i := line.Index(b[:min(len(b), 64)], " in upstream \"")
	if i < 0 {
		return dialect.Unparsed
	}
	name := b[i+len(" in upstream \""):]
	j := bytes.IndexByte(name, '"')
	if j < 0 {
		j = len(name)
	}
	r.Name = name[:j]
	tail(b, name[min(j+1, len(name)):], r)
	return key
}

// lua reads what OpenResty says of Lua code that failed in a request: "lua entry
// thread aborted: runtime error: …", "failed to run balancer_by_lua*: …".
func lua(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "lua entry thread aborted: "), line.Has(b, "failed to run ") && line.Contains(b[:min(len(b), 60)], "_by_lua"),
		line.Has(b, "failed to load external Lua file "), line.Has(b, "failed to load inlined Lua code: "):
		tail(b, b, r)
		return keyLuaFailed
	}
	return dialect.Unparsed
}

// unresolved reads "backend.internal could not be resolved (3: Host not found)".
func unresolved(b []byte, r *dialect.Record) dialect.Key {
	i := line.Index(b, " could not be resolved (")
	if i <= 0 || i > 255 || bytes.IndexByte(b[:i], ' ') >= 0 {
		return dialect.Unparsed
	}
	code, rest, ok := paren(b[i+len(" could not be resolved ("):], r)
	if !ok {
		return dialect.Unparsed
	}
	r.Name = b[:i]
	// The numbers are those of RFC 1035, section 4.1.1, not errnos.
	r.Errno = 0
	p := tail(b, rest, r)
	if r.Client == nil && p == phaseNone && r.Level != nil {
		if code == 3 {
			return keyReresolveMissing
		}
		return keyReresolve
	}
	switch code {
	case 1:
		return keyResolverFormat
	case 2:
		return keyResolverServfail
	case 3:
		return keyNameMissing
	case 5:
		return keyResolverRefused
	case line.ETIMEDOUT:
		return keyResolverTimeout
	}
	return keyResolverOther
}
