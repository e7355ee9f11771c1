package envoy

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Logs are the access log in Envoy's default format and in Istio's, which has
// the details as well, and the bodies of Envoy's own answers as people quote
// them.
var Logs = []dialect.Log{
	{
		Name: "envoy access", Kind: "access", Whole: true, Line: read, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(92, read),
	},
	{
		Name: "envoy answer", Kind: "error", Line: body, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(60, body),
	},
	{
		Name: "envoy access json", Kind: "access", Whole: true, Time: line.Time, Conds: table.Conds(),
		Line: istioLine, Sniff: dialect.Share(88, istioLine),
	},
}

func istioLine(b []byte, r *dialect.Record) dialect.Key { return readJSON(b, r, istio) }

// read reads a line of the access log:
//
//	[2026-08-21T10:15:30.310Z] "GET /api HTTP/1.1" 503 UF 0 91 12 - "203.0.113.7" "curl/8.5.0" "id" "example.com" "10.0.2.1:8080"
//	[2026-08-21T10:15:30.310Z] "GET /api HTTP/1.1" 503 UC upstream_reset_before_response_started{connection_termination} - "-" 0 95 0 - "-" …
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	if len(b) < 30 || b[0] != '[' || b[5] != '-' || b[11] != 'T' {
		return dialect.Unparsed
	}
	i := line.Index(b, "] \"")
	if i < 20 || i > 36 {
		return dialect.Unparsed
	}
	r.Stamp, b = b[1:i], b[i+3:]
	// A quote in the path is written as it came: the request ends before a
	// status and a flag.
	end := requestEnd(b)
	if end < 0 {
		return dialect.Unparsed
	}
	r.Request = b[:end]
	r.Method, r.Path = line.Request(r.Request)
	code, b := line.Word(b[end+2:])
	flags, b := line.Word(b)
	status, _ := line.Int(code)
	r.Status = int(status)
	details, b := details(b)
	counts(b, r)
	return verdict(r, flags, details)
}

// requestEnd returns where the quote stands that ends the request line.
func requestEnd(b []byte) int {
	for i := 0; ; i++ {
		j := line.Index(b[i:], "\" ")
		if j < 0 {
			return -1
		}
		i += j
		code, rest := line.Word(b[i+2:])
		if n, ok := line.Int(code); ok && n < 1000 && len(rest) > 0 {
			return i
		}
	}
}

// details reads `upstream_reset…{…} - "-" ` where the format has it. The
// details themselves hold no space (Envoy writes "_" for each).
func details(b []byte) (text, rest []byte) {
	word, tail := line.Word(b)
	if _, ok := line.Int(word); ok || len(word) == 0 {
		return nil, b
	}
	_, tail = line.Word(tail) // connection termination details
	if len(tail) > 0 && tail[0] == '"' {
		if i := bytes.IndexByte(tail[1:], '"'); i >= 0 {
			tail = tail[min(len(tail), i+3):]
		}
	}
	return word, tail
}

// counts reads `0 91 12 - "203.0.113.7" "agent" "id" "authority" "host"`.
func counts(b []byte, r *dialect.Record) {
	_, b = line.Word(b)
	sent, b := line.Word(b)
	duration, b := line.Word(b)
	upstream, b := line.Word(b)
	r.Bytes, _ = line.Int(sent)
	if n, ok := line.Int(duration); ok && n >= 0 {
		r.Seconds = float64(n) / 1e3
	}
	if n, ok := line.Int(upstream); ok && n >= 0 {
		r.UpSeconds = float64(n) / 1e3
		r.UpKnown, r.UpStatus = true, r.Status
	}
	fields := [...]*[]byte{&r.Client, &r.UserAgent, &r.RequestID, &r.Host, &r.Endpoint}
	for _, f := range &fields {
		if len(b) == 0 || b[0] != '"' {
			return
		}
		i := bytes.IndexByte(b[1:], '"')
		if i < 0 {
			return
		}
		if v := b[1 : 1+i]; !line.Is(v, "-") {
			*f = v
		}
		b = b[min(len(b), i+3):]
	}
}

// verdict says what flags and details mean. Details say more where they are.
func verdict(r *dialect.Record, flags, details []byte) dialect.Key {
	if len(details) > 0 && !line.Is(details, "-") {
		if key := byDetails(details); key != dialect.Unparsed {
			return key
		}
	}
	for len(flags) > 0 && !line.Is(flags, "-") {
		var flag []byte
		flag, flags, _ = bytes.Cut(flags, []byte{','})
		for i := range byFlag {
			if line.Is(flag, byFlag[i].flag) {
				return byFlag[i].key
			}
		}
	}
	switch {
	case r.Status < 500:
		return dialect.Plain
	case r.UpKnown || line.Is(details, "via_upstream"):
		return makers.Of(r.Status, passed)
	}
	return makers.Of(r.Status, unknown)
}

// byDetails reads %RESPONSE_CODE_DETAILS%.
func byDetails(b []byte) dialect.Key {
	if rest, ok := line.CutPrefix(b, "upstream_reset_after_response_started"); ok && rest != nil {
		return keyBody
	}
	if rest, ok := line.CutPrefix(b, "upstream_reset_before_response_started{"); ok {
		return reset(rest)
	}
	for i := range byDetail {
		if line.Has(b, byDetail[i].text) {
			return byDetail[i].key
		}
	}
	return dialect.Unparsed
}

// body reads the text of Envoy's own answers, and its Proxy-Status header.
func body(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	if len(b) > 4096 {
		return dialect.Unparsed
	}
	r.Message = b
	if rest, ok := line.After(b, "upstream connect error or disconnect/reset before headers. "); ok {
		if rest, ok := line.After(rest, "reset reason: "); ok {
			return reset(rest)
		}
	}
	if line.Has(b, "proxy-status: ") && line.Contains(b, "envoy") {
		if rest, ok := line.After(b, "details=\""); ok {
			if key := byDetails(rest); key != dialect.Unparsed {
				return keyHeader
			}
		}
		return keyHeader
	}
	switch {
	case line.Has(b, "upstream connect error or disconnect/reset before headers"):
		return keyBefore // without its reason
	case line.Has(b, "TLS_error:"):
		return reset(b)
	case line.Contains(b, "x-envoy-overloaded"), line.Contains(b, "upstream_rq_pending_overflow"), line.Contains(b, "upstream_cx_overflow"):
		return keyOverflow
	case line.Contains(b, "protocol error: HPE_"): // http-parser's names of errors
		return keyProtocolText
	}
	t := line.Trim(b)
	for i := range byBody {
		if line.Has(t, byBody[i].text) && len(t) < len(byBody[i].text)+2 {
			return byBody[i].key
		}
	}
	r.Reset()
	return dialect.Unparsed
}

// reset reads the reason of a reset. Bodies have spaces where details have "_".
func reset(b []byte) dialect.Key {
	switch {
	case has(b, "CERTIFICATE_VERIFY_FAILED"):
		return keyCertificate
	case has(b, "WRONG_VERSION_NUMBER"), has(b, "HTTP_REQUEST"), has(b, "PACKET_LENGTH_TOO_LONG"):
		return keyTLSPlain
	case has(b, "_ALERT_"):
		return keyTLSAlert
	case has(b, "TLS_error"):
		return keyTLS
	case has(b, "No such file or directory"):
		return keySocketMissing
	case has(b, "Cannot assign requested address"), has(b, "connect error: 99"):
		return keyNoPort
	case has(b, "Permission denied"), has(b, "connect error: 13"):
		return keyDenied
	case has(b, "Connection refused"), has(b, "connect error: 111"):
		return keyRefused
	case has(b, "connect error: 113"), has(b, "No route to host"):
		return keyHostUnreachable
	case has(b, "connect error: 101"), has(b, "Network is unreachable"):
		return keyUnroutable
	case has(b, "connect error: 110"), has(b, "Connection timed out"):
		return keyKernelTimeout
	}
	for i := range byReason {
		if starts(b, byReason[i].text) {
			return byReason[i].key
		}
	}
	return keyTerminated
}

// has is line.Contains where "_" in b also stands for a space in s.
func has(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if starts(b[i:], s) {
			return true
		}
	}
	return false
}

// starts is line.Has where "_" in b also stands for a space in s.
func starts(b []byte, s string) bool {
	if len(b) < len(s) {
		return false
	}
	for i := range len(s) {
		if b[i] != s[i] && (s[i] != ' ' || b[i] != '_') {
			return false
		}
	}
	return true
}
