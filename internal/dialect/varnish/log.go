package varnish

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

// Logs are varnishncsa in its default format, which has the whole URL in the
// request line, and the records of varnishlog, where the reasons are.
var Logs = []dialect.Log{
	{
		Name: "varnishncsa", Kind: "access", Line: ncsaLine, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(60, ncsaLine),
	},
	{
		Name: "varnish", Kind: "error", Line: read, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(90, read),
	},
	requests,
}

var ncsa = template.Must([]template.Part{
	{Field: template.Client}, {Text: " "}, {Field: template.Ignore}, {Text: " "}, {Field: template.Ignore}, {Text: " ["}, {Field: template.TimeCLF}, {Text: `] "`},
	{Field: template.Request}, {Text: `" `}, {Field: template.Status}, {Text: " "}, {Field: template.Bytes}, {Text: ` "`},
	{Field: template.Referrer}, {Text: `" "`}, {Field: template.UserAgent}, {Text: `"`},
}, template.Options{Escaped: true})

func ncsaLine(b []byte, r *dialect.Record) dialect.Key {
	var x template.Extra
	if !ncsa.Match(b, r, &x) {
		return dialect.Unparsed
	}
	// Only the request line with the whole URL tells it from nginx and Apache.
	i := line.Index(r.Path, "://")
	if i <= 0 || i > 8 {
		r.Reset()
		return dialect.Unparsed
	}
	rest := r.Path[i+3:]
	if j := bytes.IndexByte(rest, '/'); j >= 0 {
		r.Host, r.Path = rest[:j], rest[j:]
	}
	if r.Status >= 500 && r.Status < 600 {
		return makers.Of(r.Status, answer.Unknown)
	}
	return dialect.Plain
}

// read reads one record of varnishlog, "-   FetchError     backend b0: fail …"
// or "     65539 FetchError     b backend sick: …", and lines about the child and
// pages as people quote them.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Chomp(b)
	if key, ok := request(b, r); ok {
		return key
	}
	r.Reset()
	if tag, text, ok := record(b); ok {
		r.Message = text
		switch string(tag) {
		case "FetchError":
			return fetch(text, r)
		case "VCL_Error":
			if line.Has(text, "Too many retries") {
				return keyRetries
			}
			return keyVCL
		case "Backend_health":
			return health(text, r)
		}
		return dialect.Plain
	}
	r.Message = line.Trim(b)
	switch {
	case line.Contains(b, "<h1>Error 503 Backend fetch failed"):
		return keyPage
	case line.Contains(b, "<h1>Error 503 VCL failed"):
		return keyPageVCL
	case line.Contains(b, "Child (") && line.Contains(b, ") died s"):
		return keyChildDied
	case line.Contains(b, "Child (") && line.Contains(b, "not responding to CLI, killed"):
		return keyChildKilled
	}
	r.Reset()
	return bare(b, r)
}

// record reads the number or depth, the tag, and the text of a record; the
// client's or the backend's letter stands before the text where varnishlog does
// not group.
func record(b []byte) (tag, text []byte, ok bool) {
	t := line.Trim(b)
	if len(t) == 0 {
		return nil, nil, false
	}
	if t[0] == '-' || t[0] == '*' {
		for len(t) > 0 && (t[0] == '-' || t[0] == '*') {
			t = t[1:]
		}
		if _, rest, ok := line.Number(line.Trim(t)); ok && len(rest) > 0 && rest[0] == ' ' {
			t = rest // varnishlog -v puts the number of the transaction on each record
		}
	} else if _, rest, ok := line.Number(t); ok {
		t = rest
	} else if line.Has(t, "FetchError ") || line.Has(t, "Backend_health ") || line.Has(t, "VCL_Error ") {
		b, t = nil, b // pasted without its number
	} else {
		return nil, nil, false
	}
	if len(t) == 0 || b != nil && t[0] != ' ' {
		return nil, nil, false
	}
	tag, text = line.Word(line.Trim(t))
	if !known(tag) {
		return nil, nil, false
	}
	text = line.Trim(text)
	if len(text) > 2 && text[1] == ' ' && (text[0] == 'b' || text[0] == 'c' || text[0] == '-') {
		text = text[2:]
	}
	return tag, text, true
}

// known reports whether b is one of the tags of vsl(7) that requests have.
func known(b []byte) bool {
	switch string(b) {
	case "FetchError", "VCL_Error", "Backend_health", "Begin", "End", "Link", "Timestamp", "BereqMethod", "BereqURL", "BereqProtocol", "BereqHeader", "BereqUnset",
		"BereqAcct", "BerespProtocol", "BerespStatus", "BerespReason", "BerespHeader", "BerespUnset", "BackendOpen", "BackendClose", "BackendReuse", "BackendStart",
		"ReqStart", "ReqMethod", "ReqURL", "ReqProtocol", "ReqHeader", "ReqUnset", "ReqAcct", "RespProtocol", "RespStatus", "RespReason", "RespHeader", "RespUnset",
		"VCL_call", "VCL_return", "VCL_use", "VCL_Log", "Storage", "TTL", "Fetch_Body", "Length", "Gzip", "Debug", "Error", "HttpGarbage", "BogoHeader", "LostHeader",
		"SessOpen", "SessClose", "Filters", "CLI", "ESI_xmlerror", "SLT_Error", "Hit", "HitMiss", "HitPass", "Proxy", "ProxyGarbage", "Notice":
		return true
	}
	return false
}

// fetch reads the text of a FetchError (bin/varnishd/cache).
func fetch(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "backend "); ok {
		if key := backend(rest, r); key != dialect.Unparsed {
			return key
		}
	}
	if rest, ok := line.CutPrefix(b, "Director "); ok {
		r.Name, _ = line.Word(rest)
		return keyDirector
	}
	if line.Has(b, "no backend connection") {
		return keyNoConnection
	}
	for i := range texts {
		if line.Has(b, texts[i].text) {
			return texts[i].key
		}
	}
	return keyOther
}

// backend reads "boot.default: fail errno 111 (Connection refused)".
func backend(b []byte, r *dialect.Record) dialect.Key {
	name, text := line.Word(b)
	if line.Is(name, "closed") || line.Is(name, "write") {
		return dialect.Unparsed
	}
	r.Name = bytes.TrimSuffix(name, []byte{':'})
	switch {
	case line.Has(text, "fail errno "):
		n, _, _ := line.Number(text[len("fail errno "):])
		r.Errno = int(n)
		return errno(line.Linux(int(n)))
	case line.Has(text, "unhealthy"), line.Has(text, "sick"):
		return keyUnhealthy
	case line.Has(text, "busy"):
		return keyBusy
	case line.Has(text, "proxy write errno"):
		return keyProxyHeader
	}
	return dialect.Unparsed
}

func errno(n int) dialect.Key {
	switch n {
	case 0:
		return keyHeld
	case line.ECONNREFUSED:
		return keyRefused
	case line.ETIMEDOUT:
		return keyTimeout
	case line.EHOSTUNREACH:
		return keyNoRoute
	case line.ENETUNREACH:
		return keyUnreachable
	case line.EADDRNOTAVAIL:
		return keyNoPort
	case line.EMFILE, line.ENFILE:
		return keyFiles
	case line.ENOENT:
		return keySocketMissing
	case line.EACCES, line.EPERM:
		return keyDenied
	case line.ECONNRESET:
		return keyReset
	}
	return keyOther
}

// health reads `boot.default Went sick -------- 2 3 8 0.0 0.012 "Open error 111 …"`.
func health(b []byte, r *dialect.Record) dialect.Key {
	r.Name, b = line.Word(b)
	switch {
	case line.Has(b, "Went healthy"), line.Has(b, "Back healthy"):
		return keyHealthy
	case !line.Contains(b, " sick "), !line.Has(b, "Went ") && !line.Has(b, "Still "):
		return dialect.Plain
	case line.Contains(b, "\"Open error ") || line.Contains(b, "\"Open timeout"):
		return keyProbeOpen
	case line.Contains(b, "\"HTTP/1.1 5") || line.Contains(b, "\"HTTP/1.0 5") || line.Contains(b, " HTTP/1.1 5"):
		return keyProbeStatus
	case line.Contains(b, "HTTP/1."):
		return keyProbeRejected
	}
	return keyProbeRead
}
