// Package heroku knows Heroku's router: the codes H, R and L of its logs, and
// the lines in which they stand.
package heroku

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
)

// Dialect is Heroku. It runs at Heroku: only what `heroku logs` shows is here.
var Dialect = phrase.Member("heroku", "Heroku: the router's lines and its codes, and those of dynos and of the log drain.", phrase.Options{
	Name: "heroku router", Kind: "error", Own: own, Sure: 92,
	Source: "Heroku Dev Center, error codes and HTTP routing",
}, rows)

// own reads the router's line and those of dynos:
//
//	2026-08-21T10:15:30.123456+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=GET path="/" host=… dyno=web.1 connect=1ms service=30000ms status=503 bytes=0
//	2026-08-21T10:15:30.123456+00:00 heroku[web.1]: State changed from up to crashed
func own(b []byte, r *dialect.Record) bool {
	// The drain counts the bytes of each line: "212 <158>1 2026-… host heroku router - ".
	drain := line.Contains(b, " host heroku router - ") || line.Contains(b, " host heroku web.")
	if !line.Contains(b, "heroku[") && !drain && !line.Has(b, "at=error code=") && !line.Has(b, "at=info method=") && !line.Has(b, "sock=") {
		return false
	}
	if n := line.StampLen(b); n > 0 {
		r.Stamp = b[:n]
	}
	r.Method, r.Host, r.Client = phrase.Value(b, "method"), phrase.Value(b, "host"), phrase.Value(b, "fwd")
	r.Path, _, _ = line.Cut(phrase.Value(b, "path"), "?")
	r.RequestID, r.Name = phrase.Value(b, "request_id"), phrase.Value(b, "dyno")
	if v := phrase.Value(b, "service"); line.Ends(v, "ms") {
		if ms, ok := line.Int(v[:len(v)-2]); ok {
			r.UpSeconds, r.Seconds = float64(ms)/1e3, float64(ms)/1e3
		}
	}
	if n, ok := line.Int(phrase.Value(b, "status")); ok && n > 0 && n < 1000 {
		r.Status = int(n)
	}
	r.Bytes, _ = line.Int(phrase.Value(b, "bytes"))
	return true
}
