package access

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

// escape reads "escape=json" in front of a format. With escape=json and by
// default no value can hold the quote that ends it; with escape=none it can, and
// the line is then read as far as it is clear.
func escape(format string, opts *template.Options) (rest string, ok bool) {
	format = strings.TrimLeft(format, " \t")
	if !strings.HasPrefix(format, "escape=") {
		return format, false
	}
	kind, rest, _ := strings.Cut(format[len("escape="):], " ")
	opts.Escaped = kind != "none"
	return strings.TrimLeft(rest, " \t"), true
}

// compile reads a log_format: text and variables, $name or ${name}.
func compile(format string, opts template.Options) (*template.Template, error) {
	parts, err := parse(format)
	if err != nil {
		return nil, err
	}
	t, err := template.Compile(parts, opts)
	if err != nil {
		return nil, fmt.Errorf("cannot read log_format %q: %w", format, err)
	}
	return t, nil
}

func parse(format string) ([]template.Part, error) {
	var parts []template.Part
	for format != "" {
		i := strings.IndexByte(format, '$')
		if i < 0 {
			i = len(format)
		}
		if i > 0 {
			parts = append(parts, template.Part{Text: format[:i]})
			format = format[i:]
			continue
		}
		name, rest, ok := variable(format[1:])
		if !ok {
			return nil, fmt.Errorf("cannot read log_format %q: a $ without a variable's name", format)
		}
		parts = append(parts, part(name))
		format = rest
	}
	return parts, nil
}

func variable(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "{") {
		name, rest, ok = strings.Cut(s[1:], "}")
		return name, rest, ok && name != ""
	}
	i := 0
	for i < len(s) && (s[i] == '_' || s[i]-'0' <= 9 || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z') {
		i++
	}
	return s[:i], s[i:], i > 0
}

// part says what a variable holds.
func part(name string) template.Part {
	name = strings.ToLower(name)
	if v, ok := variables[name]; ok {
		return template.Part{Field: v.field, Rank: v.rank}
	}
	if strings.HasPrefix(name, "upstream_") && !strings.HasPrefix(name, "upstream_http_") &&
		!strings.HasPrefix(name, "upstream_cookie_") && name != "upstream_cache_status" {
		return template.Part{Field: template.UpIgnore}
	}
	return template.Part{Field: template.Ignore}
}

type meaning struct {
	field template.Field
	rank  int
}

// variables are nginx's variables (https://nginx.org/en/docs/varindex.html) and
// two of the ingress controller's. Where two hold one thing, the one of the
// higher rank counts.
var variables = map[string]meaning{
	"remote_addr":              {template.Client, 2},
	"the_real_ip":              {template.Client, 1},
	"time_local":               {template.TimeCLF, 0},
	"time_iso8601":             {template.Time, 1},
	"msec":                     {template.Time, 2},
	"request":                  {template.Request, 0},
	"request_method":           {template.Method, 0},
	"request_uri":              {template.Target, 2},
	"uri":                      {template.Target, 1},
	"document_uri":             {template.Target, 0},
	"status":                   {template.Status, 0},
	"body_bytes_sent":          {template.Bytes, 1},
	"bytes_sent":               {template.Bytes, 0},
	"request_time":             {template.Seconds, 1},
	"session_time":             {template.Seconds, 0},
	"http_referer":             {template.Referrer, 0},
	"http_user_agent":          {template.UserAgent, 0},
	"http_x_request_id":        {template.RequestID, 3},
	"req_id":                   {template.RequestID, 2},
	"request_id":               {template.RequestID, 1},
	"sent_http_x_request_id":   {template.RequestID, 0},
	"host":                     {template.Host, 1},
	"http_host":                {template.Host, 2},
	"server_name":              {template.Server, 0},
	"proxy_host":               {template.Pool, 0},
	"proxy_upstream_name":      {template.Pool, 1},
	"pid":                      {template.PID, 0},
	"connection":               {template.Conn, 0},
	"upstream_addr":            {template.UpAddr, 0},
	"upstream_status":          {template.UpStatus, 0},
	"upstream_response_time":   {template.UpSeconds, 0},
	"upstream_header_time":     {template.UpHeaderSeconds, 0},
	"upstream_bytes_received":  {template.UpReceived, 0},
	"upstream_response_length": {template.UpLength, 0},
}

// aliases are short names that people give to JSON members. A name is also
// taken without its $, in any case, with "-" or "." for "_".
var aliases = map[string]string{
	"ts": "msec", "timestamp": "time_iso8601", "@timestamp": "time_iso8601", "time": "time_iso8601", "datetime": "time_iso8601", "date": "time_iso8601",
	"client": "remote_addr", "client_ip": "remote_addr", "remote_ip": "remote_addr", "ip": "remote_addr", "clientip": "remote_addr",
	"method": "request_method", "verb": "request_method", "path": "uri", "url": "request_uri",
	"status_code": "status", "code": "status", "response_status": "status", "bytes": "body_bytes_sent", "size": "body_bytes_sent",
	"duration": "request_time", "response_time": "request_time", "referer": "http_referer", "referrer": "http_referer",
	"user_agent": "http_user_agent", "agent": "http_user_agent", "useragent": "http_user_agent", "domain": "host", "vhost": "server_name",
	"upstream": "upstream_addr", "upstream_time": "upstream_response_time", "upstream_response_status": "upstream_status",
	"x_request_id": "http_x_request_id", "request_line": "request",
}
