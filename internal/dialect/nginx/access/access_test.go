package access

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var logs = []dialect.Log{Combined, Ingress, JSON}

var examples = []suite.Example{
	{Log: Ingress.Name, Line: `192.168.1.9 - - [20/Nov/2026:06:28:23 +0000] "GET /api HTTP/2.0" 502 150 "-" "curl/8.5.0" 35 0.003 [default-app-80] [] 10.2.0.7:8080, 10.2.0.8:8080 0, 0 0.001, 0.002 502, 502 7d3f0c1e9a`},
	{Log: Ingress.Name, Line: `192.168.1.9 - bob [20/Nov/2026:06:28:23 +0000] "GET /api HTTP/2.0" 200 15 "-" "curl/8.5.0" 35 0.003 [default-app-80] [] 10.2.0.7:8080 15 0.003 200 7d3f0c1e9a`},
	{Log: JSON.Name, Line: `{"time_iso8601":"2026-11-20T06:28:23+00:00","remote_addr":"203.0.113.7","request":"GET /a HTTP/1.1","status":"502","upstream_addr":"10.0.0.1:80","upstream_status":"502","request_time":"0.004"}`},
	{Log: Combined.Name, Line: `203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET /api HTTP/1.1" 502 150 "-" "curl/8.5.0" "10.0.0.1"`},
}

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, logs, append(suite.Examples(Combined.Name, entries), examples...))
	suite.Catalog(t, Combined, suite.Oracle{Entries: entries, Corrections: map[string]suite.Correction{
		"nginx-136": {Why: "504 is a timeout: slow before down", Causes: []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamDown, vocab.AppError}},
		"nginx-138": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
	}})
	suite.Lines(t, Combined, "testdata/live.txt")
}

func FuzzLine(f *testing.F) {
	all := append([]dialect.Log{}, logs...)
	for _, format := range formats {
		log, err := Format(format)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, log)
	}
	suite.Fuzz(f, all, append(suite.Examples(Combined.Name, suite.Read(f, "testdata/catalog.jsonl")), examples...))
}

var formats = []string{
	full,
	`escape=json {"t":"$time_iso8601","s":$status,"us":"$upstream_status","ua":"$upstream_addr","uht":"$upstream_header_time","r":"$request","rt":$request_time,"agent":"$http_user_agent"}`,
	`escape=none $remote_addr|$msec|$status|$request_method|$host$request_uri|$upstream_status|$upstream_addr`,
	`$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time "$upstream_addr"`,
	`$status ${request_time}s $upstream_status`,
}

const full = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" ` +
	`$request_time $upstream_addr $upstream_status $upstream_response_time $upstream_header_time $http_x_request_id $server_name`

// TestRecord checks the fields of a line of the full format.
func TestRecord(t *testing.T) {
	log, err := Format(full)
	if err != nil {
		t.Fatal(err)
	}
	var r dialect.Record
	key := log.Line([]byte(`203.0.113.7 - - [21/Aug/2026:10:15:30 +0200] "GET /a?b HTTP/1.1" 200 12 "https://x/" "curl/8 \x22q\x22" 0.012 10.0.0.1:80, unix:/run/a.sock 502, 200 0.001, 0.010 -, 0.009 tok-1 site.example`), &r)
	if key != dialect.Plain || r.Status != 200 || r.UpStatus != 200 || !r.UpKnown || r.Masked != 1 || r.Bytes != 12 ||
		math.Abs(r.Seconds-0.012) > 1e-9 || math.Abs(r.UpSeconds-0.010) > 1e-9 {
		t.Errorf("key %d, record %+v", key, r)
	}
	for name, f := range map[string][2]string{
		"client": {string(r.Client), "203.0.113.7"}, "path": {string(r.Path), "/a"}, "method": {string(r.Method), "GET"},
		"referrer": {string(r.Referrer), "https://x/"}, "agent": {string(r.UserAgent), `curl/8 \x22q\x22`}, "id": {string(r.RequestID), "tok-1"},
		"endpoint": {string(r.Endpoint), "unix:/run/a.sock"}, "server": {string(r.Server), "site.example"}, "upstream": {string(r.Upstream), "10.0.0.1:80, unix:/run/a.sock"},
	} {
		if f[0] != f[1] {
			t.Errorf("%s is %q, want %q", name, f[0], f[1])
		}
	}
	when, ok := log.Time(r.Stamp, time.UTC, time.Time{})
	if want := time.Date(2026, 8, 21, 8, 15, 30, 0, time.UTC); !ok || !when.Equal(want) {
		t.Errorf("time %v, want %v", when, want)
	}
}

// TestMaker checks who is said to have made a status.
func TestMaker(t *testing.T) {
	for _, test := range []struct {
		format, line, id string
	}{
		{`$status`, `502`, "access-502"},
		{`$status $upstream_addr`, `502 -`, "access-502-made"},
		{`$status $upstream_addr`, `502 10.0.0.1:80`, "access-502"},
		{`$status $upstream_status`, `502 -`, "access-502-made"},
		{`$status $upstream_status`, `502 502`, "access-502"},
		{`$status $upstream_status`, `504 504`, "access-504"},
		{`$status $upstream_status`, `503 503`, "access-503-passed"},
		{`$status $upstream_status`, `503 -`, "access-503-made"},
		{`$status $upstream_status`, `500 500`, "access-500-passed"},
		{`$status $upstream_status`, `500 200`, "access-500-made"},
		{`$status $upstream_status $upstream_header_time`, `502 502 -`, "access-502-made"},
		{`$status $upstream_status $upstream_header_time`, `502 502 0.003`, "access-502-passed"},
		{`$status $upstream_status $upstream_header_time`, `504 504, 504 -, -`, "access-504-made"},
		{`$status $upstream_status $upstream_bytes_received`, `502 502 0`, "access-502-made"},
		{`$status $upstream_status $upstream_bytes_received`, `502 502 40`, "access-502"},
		{`$status $upstream_status $upstream_response_length`, `502 502 150`, "access-502-passed"},
		{`$status $upstream_status $upstream_response_length`, `502 502 0`, "access-502"},
		{`$status $upstream_status`, `507 507`, "access-5xx-passed"},
		{`$status $upstream_status`, `499 -`, "access-499"},
		{`$status $upstream_status`, `009 009`, "access-009"},
		{`$status $upstream_status`, `200 502, 200`, ""},
		{`$status $upstream_status`, `404 -`, ""},
	} {
		log, err := Format(test.format)
		if err != nil {
			t.Fatal(err)
		}
		var r dialect.Record
		key := log.Line([]byte(test.line), &r)
		if id := log.Conds[key].ID; id != test.id || key == dialect.Unparsed {
			t.Errorf("%s %q: key %d %q, want %q", test.format, test.line, key, id, test.id)
		}
		if (log.Tell == "") != strings.Contains(test.format, "header_time") {
			t.Errorf("%s: tells %q", test.format, log.Tell)
		}
	}
}

// TestMasked counts the failures that a later attempt made good.
func TestMasked(t *testing.T) {
	log, err := Format(`$status $upstream_status`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"200 502, 200": 1, "200 502, 504, 200": 2, "200 502 : 200": 1, "502 502, 502": 0, "200 200": 0, "200 -": 0, "404 502, 404": 1, "200 200 : 200": 0,
		"502 502 : 200": 0, "200 -, 200": 0,
	} {
		var r dialect.Record
		if log.Line([]byte(text), &r) == dialect.Unparsed || r.Masked != want {
			t.Errorf("%q: masked %d, want %d", text, r.Masked, want)
		}
	}
}

// TestHostile puts a stranger's text where nginx writes it unescaped: a user's
// name may hold anything but a quote.
func TestHostile(t *testing.T) {
	for _, test := range []struct{ line, request, agent string }{
		{`1.2.3.4 - a [b c [21/Aug/2026:10:15:30 +0000] "GET /api HTTP/1.1" 502 150 "-" "x"`, "GET /api HTTP/1.1", "x"},
		{`1.2.3.4 - x - y [21/Aug/2026:10:15:30 +0000] "GET /" 502 150 "-" "x"`, "GET /", "x"},
		{`1.2.3.4 - - [21/Aug/2026:10:15:30 +0000] "\x16\x03\x01" 502 150 "-" "-"`, `\x16\x03\x01`, ""},
		{`1.2.3.4 - - [21/Aug/2026:10:15:30 +0000] "GET /\x22 200 5 \x22-\x22 HTTP/1.1" 502 150 "-" "\x22 200"`, `GET /\x22 200 5 \x22-\x22 HTTP/1.1`, `\x22 200`},
		{`1.2.3.4 - - [21/Aug/2026:10:15:30 +0000] "" 502 0 "-" "-"`, "", ""},
	} {
		var r dialect.Record
		key := Combined.Line([]byte(test.line), &r)
		if Combined.Conds[key].ID != "access-502" || string(r.Request) != test.request || string(r.UserAgent) != test.agent {
			t.Errorf("%q: key %d, request %q, agent %q", test.line, key, r.Request, r.UserAgent)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, test := range []struct {
		line, id, endpoint string
		seconds            float64
	}{
		{`{"status":"502","request":"GET / HTTP/1.1","upstream_status":"-","upstream_addr":"-","request_time":"0.1"}`, "access-502-made", "", 0.1},
		{`{"@timestamp":"2026-11-20T06:28:23+00:00","nginx":{"access":{"method":"GET","path":"/x","status":504,"upstream":"10.0.0.1:80, 10.0.0.2:80","upstream_status":"504, 504","upstream_header_time":"-, -","duration":60.001}}}`, "access-504-made", "10.0.0.2:80", 60.001},
		{`{ "User-Agent" : "a \"b\"" , "status" : 200 , "uri" : "/" }`, "-", "", -1},
		{`{"status":"ok"}`, "?", "", -1},
		{`{"status":200}`, "?", "", -1},
		{`{"request":"GET / HTTP/1.1","status":50`, "?", "", -1},
		{`not json`, "?", "", -1},
	} {
		var r dialect.Record
		key := JSON.Line([]byte(test.line), &r)
		id := JSON.Conds[key].ID
		switch key {
		case dialect.Plain:
			id = "-"
		case dialect.Unparsed:
			id = "?"
		}
		if id != test.id || string(r.Endpoint) != test.endpoint || r.Seconds != test.seconds {
			t.Errorf("%s: %q at %q in %v", test.line, id, r.Endpoint, r.Seconds)
		}
	}
}

func TestFormatErrors(t *testing.T) {
	for _, format := range []string{"", "$", "no variables", "$remote_addr", "$status$body_bytes_sent", "${status", "a $ b $status"} {
		if _, err := Format(format); err == nil {
			t.Errorf("%q: no error", format)
		}
	}
}

func BenchmarkCombined(b *testing.B) {
	text := []byte(`203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET /api/v1/users?page=2 HTTP/1.1" 200 5124 "https://www.example.com/list" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"`)
	var r dialect.Record
	b.SetBytes(int64(len(text)) + 1)
	for b.Loop() {
		Combined.Line(text, &r)
	}
}
