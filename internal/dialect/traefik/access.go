package traefik

import (
	"bytes"
	"fmt"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

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
