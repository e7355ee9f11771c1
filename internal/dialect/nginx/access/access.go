// Package access reads nginx's access logs: the combined format, the ingress
// controller's, JSON, and whatever a log_format describes.
package access

import (
	"cmp"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/clf"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

// tell is the log_format that says who made a status. nginx writes 502 and 504
// into $upstream_status for its own failures as well; only the time of a
// complete header tells them apart.
const tell = `log_format goodgate '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ` +
	`"$http_referer" "$http_user_agent" $request_time $upstream_addr $upstream_status $upstream_response_time $upstream_header_time';`

const (
	combinedFormat = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`
	ingressFormat  = combinedFormat + ` $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] ` +
		`$upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`
)

// The formats that are known without a configuration.
var (
	// Combined is nginx's predefined format. Fields that a format of one's own
	// appends, as the one in the packaged nginx.conf does, are passed over.
	Combined = combined()
	// Ingress is the default format of kubernetes/ingress-nginx.
	Ingress = ingress()
	// JSON is any log_format that writes a JSON object with nginx's variables,
	// or common short names of them, as keys.
	JSON = dialect.Log{
		Name: "nginx access json", Kind: "access",
		Sniff: dialect.Share(70, jsonLine),
		Line:  jsonLine,
		Time:  line.Time,
		Conds: conds,
	}
)

func combined() dialect.Log {
	log := build("nginx access", combinedFormat, template.Options{Escaped: true, Loose: true})
	exact := must(combinedFormat, template.Options{Escaped: true})
	log.Access = clf.Extended
	// Apache's combined format is the same text.
	whole, begun := dialect.Share(50, reader(exact)), dialect.Share(40, log.Line)
	log.Sniff = func(head []byte) int { return cmp.Or(whole(head), begun(head)) }
	return log
}

func ingress() dialect.Log {
	log := build("nginx ingress access", ingressFormat, template.Options{Escaped: true})
	log.Sniff = dialect.Share(90, log.Line)
	return log
}

// Format returns the access log that a log_format describes: the text after the
// name, parts joined, with "escape=json " and the like in front where it is given.
func Format(format string) (dialect.Log, error) {
	opts := template.Options{Escaped: true}
	if rest, ok := escape(format, &opts); ok {
		format = rest
	}
	t, err := compile(format, opts)
	if err != nil {
		return dialect.Log{}, err
	}
	log := newLog("nginx access", t)
	if format == combinedFormat {
		log.Access = clf.Combined
	}
	return log, nil
}

func build(name, format string, opts template.Options) dialect.Log {
	return newLog(name, must(format, opts))
}

func must(format string, opts template.Options) *template.Template {
	t, err := compile(format, opts)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return t
}

func newLog(name string, t *template.Template) dialect.Log {
	log := dialect.Log{Name: name, Kind: "access", Line: reader(t), Time: line.Time, Conds: conds, Sites: t.Has(template.Host) || t.Has(template.Server)}
	log.Sniff = dialect.Share(75, log.Line)
	if !t.Has(template.UpHeaderSeconds) {
		log.Tell = tell
	}
	return log
}

// reader returns the Line function of a format.
func reader(t *template.Template) func([]byte, *dialect.Record) dialect.Key {
	return func(b []byte, r *dialect.Record) dialect.Key {
		var x template.Extra
		if !t.Match(b, r, &x) {
			return dialect.Unparsed
		}
		return key(r, &x)
	}
}

// key says what the status of a line means.
func key(r *dialect.Record, x *template.Extra) dialect.Key {
	switch {
	case r.Status >= 500 && r.Status < 600:
		return failure(r.Status, origin(r, x))
	case r.Status == 499:
		return keyClientGone
	case r.Status == 9:
		return keyNotHTTP
	}
	return dialect.Plain
}

// maker says who made a status.
type maker uint8

const (
	unknown maker = iota
	made          // the gateway
	passed        // the upstream
)

// origin says who made the 5xx of a line. The log module writes "-" for a
// variable without a value, and ngx_http_upstream_next and
// ngx_http_upstream_finalize_request put 502 or 504 into $upstream_status where
// the upstream gave no answer, so those two need a second witness.
func origin(r *dialect.Record, x *template.Extra) maker {
	switch {
	case x.AddrNone:
		return made
	case !r.UpKnown:
		if x.HeaderNone {
			return made
		}
		return unknown
	case r.UpStatus == 0 && !x.UpAny:
		return made
	case !x.UpAny:
		return made // error_page or a limit turned the upstream's answer into it
	case x.HeaderTime, x.Length > 0:
		return passed
	case x.HeaderNone, x.Received == 0:
		return made
	case r.Status == 502 || r.Status == 504:
		return unknown
	}
	return passed
}
