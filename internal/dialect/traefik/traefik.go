// Package traefik knows Traefik 3: its processes, its static configuration, what
// the file provider reads and what the API tells, how that treats a request; its
// access log in common and JSON format, and its own log in JSON, console and the
// older key=value form. Configuration that comes from Docker, Kubernetes and other
// providers is known only where the API tells it.
package traefik

import (
	"bytes"
	"fmt"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Traefik.
var Dialect = dialect.Dialect{
	Name:      "traefik",
	Doc:       "Traefik 3: its processes, static configuration, file provider and API, its access log, common and JSON, and its own log, which says why a request failed only at level DEBUG.",
	Recognise: recognise,
	Config:    Config,
	Logs:      append(Logs, providers),
	Format:    format,
	Knobs:     knobs(),
	Spell:     spell,
	Reload:    reload,
	Words:     terms,
}

// Logs are the access log in its two formats, and Traefik's own log.
var Logs = []dialect.Log{
	{
		Name: "traefik access", Kind: "access", Sites: true, Line: common, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(94, common),
	},
	{
		Name: "traefik access json", Kind: "access", Sites: true, Line: accessJSON, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(94, accessJSON),
	},
	{
		Name: "traefik", Kind: "error", Line: read, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(85, read),
	},
}

// clf is the common format with Traefik's own five fields after it
// (pkg/middlewares/accesslog/logger_formatters.go).
var clf = template.Must([]template.Part{
	{Field: template.Client}, {Text: " - "}, {Field: template.Ignore}, {Text: " ["}, {Field: template.TimeCLF}, {Text: `] "`},
	{Field: template.Request}, {Text: `" `}, {Field: template.Status}, {Text: " "}, {Field: template.Bytes}, {Text: ` "`},
	{Field: template.Referrer}, {Text: `" "`}, {Field: template.UserAgent}, {Text: `" `}, {Field: template.Ignore}, {Text: ` "`},
	{Field: template.Pool}, {Text: `" "`}, {Field: template.UpIgnore}, {Text: `" `}, {Field: template.Millis}, {Text: "ms"}, {Field: template.Ignore},
}, template.Options{Escaped: true})

// common reads the access log in its default format.
func common(b []byte, r *dialect.Record) dialect.Key {
	var x template.Extra
	if !clf.Match(b, r, &x) {
		return dialect.Unparsed
	}
	r.Server = r.Name // the router is the site
	// The server's address stands before the last quote.
	if i := line.Last(b, "\" "); i > 0 {
		if j := line.Last(b[:i], "\""); j >= 0 {
			r.Upstream, r.Endpoint = server(b[j+1 : i])
		}
	}
	if r.Upstream == nil {
		return unasked(r)
	}
	return verdict(r, answer.Unknown)
}

// unasked is the verdict where no server was chosen: only Traefik itself can have
// answered. A circuit breaker writes the status text alone, the balancers end
// theirs with a newline (pkg/middlewares/circuitbreaker, loadbalancer/wrr).
func unasked(r *dialect.Record) dialect.Key {
	switch {
	case r.Status == 503 && r.Bytes == int64(len("Service Unavailable")):
		return keyBreaker
	case r.Status == 503:
		return keyNoServer
	}
	return verdict(r, answer.Made)
}

// server takes "http://10.0.3.17:8080" apart.
func server(b []byte) (upstream, endpoint []byte) {
	if len(b) == 0 || line.Is(b, "-") {
		return nil, nil
	}
	endpoint = b
	if i := line.Index(b, "://"); i >= 0 {
		endpoint = b[i+3:]
	}
	if i := bytes.IndexByte(endpoint, '/'); i >= 0 {
		endpoint = endpoint[:i]
	}
	return b, endpoint
}

// accessJSON reads the access log as JSON. Durations are nanoseconds.
func accessJSON(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	o, ok := line.Object(b)
	if !ok {
		return dialect.Unparsed
	}
	overhead, origin := int64(-1), int64(-1)
	for o.Next() {
		n, _ := line.Int(o.Value)
		switch string(o.Key) {
		case "DownstreamStatus":
			r.Status = int(n)
		case "OriginStatus":
			r.UpKnown, r.UpStatus = true, int(n)
		case "Duration":
			r.Seconds = float64(n) / 1e9
		case "OriginDuration":
			origin = n
			r.UpSeconds = float64(n) / 1e9
		case "Overhead":
			overhead = n
		case "DownstreamContentSize":
			r.Bytes = n
		case "ClientHost":
			r.Client = o.Value
		case "RequestMethod":
			r.Method = o.Value
		case "RequestPath":
			r.Path, _, _ = bytes.Cut(o.Value, []byte{'?'})
		case "RequestHost":
			r.Host = o.Value
		case "RouterName":
			r.Name, r.Server = o.Value, o.Value
		case "ServiceAddr":
			r.Endpoint = o.Value
		case "ServiceURL":
			r.Upstream, _ = server(o.Value)
		case "request_User-Agent":
			r.UserAgent = o.Value
		case "request_Referer":
			r.Referrer = o.Value
		case "request_X-Request-Id":
			r.RequestID = o.Value
		case "time":
			r.Stamp = o.Value
		}
	}
	if r.Status == 0 || overhead < 0 && origin < 0 && r.Seconds < 0 {
		r.Reset()
		return dialect.Unparsed
	}
	// Traefik writes its own error as the origin's status as well: only an
	// answer without any origin is surely its own.
	if r.Endpoint == nil && r.Upstream == nil && r.Name != nil && bytes.HasSuffix(line.Trim(b), []byte("}")) { // a cut line may have lost its server
		return unasked(r)
	}
	if r.UpKnown && r.UpStatus == 0 {
		return verdict(r, answer.Made)
	}
	return verdict(r, answer.Unknown)
}

func verdict(r *dialect.Record, m answer.Maker) dialect.Key {
	switch {
	case r.Status == 499:
		return keys[gonet.Canceled]
	case r.Status >= 500 && r.Status < 600:
		return makers.Of(r.Status, m)
	}
	return dialect.Plain
}

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
	level, rest, ok := cut(rest, " level=")
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
		text = text[:i]
	}
	return text
}

func cut(b []byte, s string) (before, rest []byte, ok bool) {
	i := line.Index(b, s)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+len(s):], true
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
		return keyAuth
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

// checks are the errors of health checks by kind.
var checks = gonet.AddChecks(table, "traefik pkg/healthcheck")

const source = "traefik pkg/server/service, pkg/proxy/httputil"

var table = applog.TableOf(source)

var makers = answer.Add(table, source, "Traefik says why at level DEBUG only: log.level=DEBUG.")

// keys are the errors of Go's net by kind. Traefik answers 504 where the error
// is a timeout, 502 where it is another error of the network or an end of file,
// and 500 to the rest (httputil.ErrorHandler).
var keys = gonet.Add(table, source, func(k gonet.Kind) int {
	switch k {
	case gonet.DialTimeout, gonet.ResolverTimeout, gonet.HeaderTimeout, gonet.TLSTimeout:
		return 504
	case gonet.IdleClosed, gonet.UnexpectedEOF, gonet.TLSBytes, gonet.Malformed, gonet.Coding, gonet.HeaderTooBig, gonet.Certificate, gonet.TLSPlain, gonet.BadBody:
		return 500
	case gonet.Canceled:
		return 0
	}
	return 502
})

var add = table.Status

var (
	keyNoServer = add("no-server", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"The body of Traefik's 503: the service has no healthy server. Health check lines, or the containers' states, say why.",
		vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown)
	keyBreaker = add("circuit-open", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayCircuitOpen, true,
		"A 503 of 19 bytes without a server: a circuitBreaker middleware refused the request. What opened it stands before it in the log.",
		vocab.CircuitOpen, vocab.UpstreamDown, vocab.UpstreamSlow)
	keyCheck = add("check-failed", vocab.DestinationUnavailable, 0, dialect.PhaseLocal, vocab.GatewayServerDisabled, false,
		"The server leaves the rotation: is it down, or is the check's path wrong?", vocab.HealthCheckWrong, vocab.UpstreamDown, vocab.AppError)
	keyCheckStatus = add("check-status", vocab.DestinationUnavailable, 0, dialect.PhaseHeader, vocab.GatewayCheckRejected, false,
		"The server answers and the check does not take its status: the check's path, host or scheme, or the application.", vocab.HealthCheckWrong, vocab.UpstreamDown, vocab.AppError)
	keyAuth = add("auth-failed", vocab.ConnectionRefused, 500, dialect.PhaseConnect, vocab.GatewayAuthStatus, true,
		"forwardAuth could not reach its service: diagnose that one.", vocab.AuthSubrequest, vocab.UpstreamDown, vocab.UpstreamSlow)
)

// format returns the access log of a format that the configuration names.
func format(name string) (dialect.Log, error) {
	switch name {
	case "common":
		return Logs[0], nil
	case "json":
		return Logs[1], nil
	}
	return dialect.Log{}, fmt.Errorf("cannot read the access log format %q", name)
}
