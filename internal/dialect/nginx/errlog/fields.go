package errlog

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// The fields after a message stand in the order in which ngx_http_log_error and
// ngx_stream_log_error write them: client, server, request, subrequest,
// upstream, host, referrer. Three of them hold a stranger's text, and nginx
// escapes none of it: the request line, the host and the referrer. The fields
// are therefore read strictly in order, each up to an end that its own text
// cannot hold, and what stands in a later field never counts as an earlier one.

// fields reads the fields in b, which begins at ", client: " or ", server: ",
// or is empty. It reports whether they explain b to its end, which text cut
// short by a copy or by nginx's limit of 2048 bytes does not.
func fields(b []byte, r *dialect.Record) (whole bool) {
	if rest, ok := line.CutPrefix(b, ": \""); ok { // copied without the fields before it
		r.Upstream, b = target(rest)
		address(r.Upstream, r)
	}
	if rest, ok := line.CutPrefix(b, ", client: "); ok {
		r.Client, b = plain(rest)
	} else if rest, ok := line.CutPrefix(b, ", udp client: "); ok {
		r.Client, b = plain(rest)
	}
	if rest, ok := line.CutPrefix(b, ", server: "); ok {
		r.Server, b = plain(rest)
	}
	if rest, ok := line.CutPrefix(b, ", login: \""); ok { // the mail proxy
		_, b = quoted(rest)
	}
	if rest, ok := line.CutPrefix(b, ", request: \""); ok {
		r.Request, b = request(rest)
		r.Method, r.Path = line.Request(r.Request)
	}
	if rest, ok := line.CutPrefix(b, ", subrequest: \""); ok {
		r.Sub, b = quoted(rest)
	}
	if rest, ok := line.CutPrefix(b, ", upstream: \""); ok {
		var upstream []byte
		upstream, b = target(rest)
		r.Upstream = upstream
		address(upstream, r)
	}
	if rest, ok := line.CutPrefix(b, ", host: \""); ok {
		r.Host, b = quoted(rest)
	}
	if rest, ok := line.CutPrefix(b, ", referrer: \""); ok {
		r.Referrer = rest
		if n := len(rest); n > 0 && rest[n-1] == '"' {
			r.Referrer = rest[:n-1]
		}
		return true
	}
	return len(b) == 0 || line.Has(b, ", bytes from/to client:")
}

// plain reads a value without quotes: an address, or a site's name.
func plain(b []byte) (value, rest []byte) {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], ',')
		if j < 0 {
			return line.Trim(b), nil
		}
		if i += j; i+1 == len(b) || b[i+1] == ' ' {
			return b[:i], b[i:]
		}
	}
}

// request reads a request line. A client may write `"` into it, and before
// 1.21.1 spaces as well, so it ends at the first ` HTTP/1.1"`: in HTTP/1 nginx
// allows nothing after that version, and in HTTP/2 the path has no space since
// 1.21.1. HTTP/0.9 and broken requests have no version: they end at a quote that
// one of the next fields follows.
func request(b []byte) (value, rest []byte) {
	for i := 0; ; i++ {
		j := line.Index(b[i:], " HTTP/")
		if j < 0 {
			break
		}
		i += j
		end := i + len(" HTTP/")
		for end < len(b) && (b[end]-'0' <= 9 || b[end] == '.') {
			end++
		}
		if end < len(b) && b[end] == '"' && follows(b[end+1:]) {
			return b[:end], b[end+1:]
		}
	}
	return quoted(b)
}

// target reads the upstream: scheme, address and path. The path may hold the
// client's quotes, never a space.
func target(b []byte) (value, rest []byte) { return quoted(b) }

// quoted reads up to a quote that another field or the end follows.
func quoted(b []byte) (value, rest []byte) {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return b, nil
		}
		if i += j; follows(b[i+1:]) {
			return b[:i], b[i+1:]
		}
	}
}

// follows reports whether b is the end of a line or the beginning of a field
// that may stand after a quoted one.
func follows(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if len(b) < 3 || b[0] != ',' || b[1] != ' ' {
		return len(line.Trim(b)) == 0
	}
	switch b[2] {
	case 'u':
		return line.Has(b, ", upstream: \"")
	case 'h':
		return line.Has(b, ", host: \"")
	case 'r':
		return line.Has(b, ", referrer: \"") || line.Has(b, ", request: \"")
	case 's':
		return line.Has(b, ", subrequest: \"")
	case 'b':
		return line.Has(b, ", bytes from/to ")
	}
	return false
}

// address takes the address out of an upstream as written. A group of servers
// stands there by its name where no server was chosen.
func address(upstream []byte, r *dialect.Record) {
	a := endpoint(upstream)
	switch {
	case len(a) == 0:
	case line.Has(a, "unix:") || a[0] == '[' || port(a):
		if r.Endpoint == nil {
			r.Endpoint = a
		}
	case r.Name == nil && r.Endpoint == nil:
		r.Name = a
	}
}

// endpoint returns the address part of "http://127.0.0.1:3000/path",
// "fastcgi://unix:/run/php.sock:" or "10.0.3.17:443".
func endpoint(upstream []byte) []byte {
	a := upstream
	if i := line.Index(a, "://"); i > 0 && i < 10 && !line.Has(a, "unix:") {
		a = a[i+3:]
	}
	if line.Has(a, "unix:") {
		if i := bytes.IndexByte(a[5:], ':'); i >= 0 {
			a = a[:5+i]
		}
		return a
	}
	if i := bytes.IndexByte(a, '/'); i >= 0 {
		a = a[:i]
	}
	return a
}

// port reports whether a ends in a port.
func port(a []byte) bool {
	i := bytes.LastIndexByte(a, ':')
	if i <= 0 {
		return false
	}
	_, ok := line.Int(a[i+1:])
	return ok
}
