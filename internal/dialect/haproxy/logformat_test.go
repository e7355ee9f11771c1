package haproxy

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// formats are formats of real configurations, each with a line as HAProxy 2.6 wrote
// it and the condition that it has.
var formats = []struct{ format, line, want string }{
	{`%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %{+Q}r`, `127.0.0.1:48856 [20/Nov/2026:06:28:24.629] web~ app/s1 0/0/-1/-1/19 503 209 SC-- "GET /x HTTP/1.1"`, "SC"},
	{`client=%ci t=%T front=%ft backend=%b server=%s status=%ST tc=%Tc tr=%Tr ended: %tsc path=%HP`, `Nov 20 06:28:24 gw1 haproxy[7]: client=127.0.0.1 t=20/Nov/2026:06:28:24 +0000 front=web backend=app server=<NOSRV> status=503 tc=-1 tr=-1 ended: SC-- path=/x y`, "SC-NOSRV"},
	{`{"time":"%T","status":%ST,"frontend":"%ft","backend":"%b","server":"%s","ts":"%ts","request":%{+Q}r,"ua":"%[capture.req.hdr(0)]"}`, `{"time":"20/Nov/2026:06:28:24 +0000","status":504,"frontend":"web","backend":"app","server":"s1","ts":"sH","request":"GET /x HTTP/1.1","ua":"curl"}`, "sH"},
	{`%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl`, `127.0.0.1 - - [20/Nov/2026:11:51:29 +0000] "GET /dead HTTP/1.1" 503 217 "" "" 56222 237 "web" "dead" "a1" 0 0 -1 -1 0 SC-- 1 1 0 0 0 0 0 "" "" "" ""`, "SC"},
}

func TestFormat(t *testing.T) {
	for i, c := range formats {
		log, err := Format(c.format)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		var r dialect.Record
		key := log.Line([]byte(c.line), &r)
		got := log.Conds[key].ID
		if got != c.want || len(r.Stamp) == 0 || string(r.Server) != "web" || i == 0 && string(r.Endpoint) != "app/s1" {
			t.Errorf("%s:\n%q, want %q: %+v", c.format, got, c.want, r)
		}
		if _, ok := log.Time(r.Stamp, time.UTC, time.Now()); !ok {
			t.Errorf("%s: no time in %q", c.format, r.Stamp)
		}
		if log.Line([]byte("Server app/s1 is DOWN, reason: Layer4 timeout, check duration: 2001ms."), &r) <= dialect.Plain {
			t.Errorf("%s: what is said about servers is not read", c.format)
		}
	}
	for _, format := range []string{"%ci%cp %ST %b %s %tsc", "%ci %r", "%ST %tsc %b %s", "%{+Q %ST", "%[a %ST", "% ST", ""} {
		if _, err := Format(format); err == nil {
			t.Errorf("%q is taken", format)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, c := range formats {
		f.Add(c.format, []byte(c.line))
	}
	f.Fuzz(func(t *testing.T, format string, line []byte) {
		log, err := Format(format)
		if err != nil {
			return
		}
		var r dialect.Record
		if key := log.Line(line, &r); int(key) >= len(log.Conds) {
			t.Fatalf("key %d", key)
		}
	})
}
