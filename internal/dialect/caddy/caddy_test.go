package caddy

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, Logs, suite.Examples(Logs[0].Name, entries))
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: entries, Corrections: corrections, Refines: refines})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"caddy-007": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
	"caddy-015": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
	"caddy-016": {Why: "EAGAIN on a unix socket is connection_refused", Symptom: suite.Is(vocab.ConnectionRefused)},
	"caddy-039": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
	"caddy-044": {Why: "the check's error says how it failed", Causes: []vocab.Cause{vocab.UpstreamDown, vocab.Filtered}},
	"caddy-051": {Why: "one condition per status", Status: suite.Is(502)},
}

// refines: a check's line that breaks off does not say how it failed.
var refines = map[string][]string{"check-failed": {"check-connect-refused"}}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, suite.Examples(Logs[0].Name, suite.Read(f, "testdata/catalog.jsonl")))
}

func TestRecord(t *testing.T) {
	for _, text := range []string{
		`{"level":"error","ts":1787480130.123,"logger":"http.log.error","msg":"dial tcp [::1]:8080: connect: connection refused","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api?x","headers":{"User-Agent":["curl/8.5.0"]}},"duration":0.25,"status":502}`,
		"2026/08/23 10:15:30.123\tERROR\thttp.log.error\tdial tcp [::1]:8080: connect: connection refused\t{\"request\": {\"remote_ip\": \"203.0.113.7\", \"method\": \"GET\", \"host\": \"example.com\", \"uri\": \"/api?x\", \"headers\": {\"User-Agent\": [\"curl/8.5.0\"]}}, \"duration\": 0.25, \"status\": 502}",
	} {
		var r dialect.Record
		key := Logs[0].Line([]byte(text), &r)
		c := Logs[0].Conds[key]
		if c.ID != "connect-refused-loopback6" || c.Symptom != vocab.ConnectionRefused || r.Status != 502 || r.Seconds != 0.25 || string(r.Endpoint) != "[::1]:8080" ||
			string(r.Host) != "example.com" || string(r.Path) != "/api" || string(r.UserAgent) != "curl/8.5.0" || string(r.Client) != "203.0.113.7" {
			t.Errorf("%s: %+v", c.ID, r)
		}
	}
}

// TestJournal reads lines that the journal or syslog put a head before.
func TestJournal(t *testing.T) {
	for _, log := range Logs {
		var r dialect.Record
		key := log.Line([]byte(`Nov 20 12:00:01 gw1 caddy[565]: {"level":"error","ts":1787480130.123,"logger":"http.log.error","msg":"fcgi: invalid header version","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api"},"duration":0.25,"status":502}`), &r)
		if id := log.Conds[key].ID; id != "not-fastcgi" || string(r.Host) != "example.com" {
			t.Errorf("%s: %q of %q", log.Name, id, r.Host)
		}
		if key := log.Line([]byte(`{"level":"error","ts":1.5,"logger":"http.log.access.log0","msg":"handled request","request":{"method":"GET","host":"a","uri":"/"},"duration":0.25,"status":502}`), &r); (key != dialect.Plain) != (log.Kind == "access") {
			t.Errorf("%s: a request is %q", log.Name, log.Conds[key].ID)
		}
	}
	var r dialect.Record
	key := Logs[1].Line([]byte(`{"level":"error","ts":1.5,"logger":"http.log.error","msg":"read tcp 127.0.0.1:4711->127.0.0.1:9000: i/o timeout","request":{"method":"GET","host":"a","uri":"/"},"duration":5.1,"status":504}`), &r)
	if c := Logs[1].Conds[key]; c.ID != "read-timeout" || string(r.Endpoint) != "127.0.0.1:9000" {
		t.Errorf("%q at %q", c.ID, r.Endpoint)
	}
}

// TestQuoted reads lines as people quote them: tabs turned into spaces, Caddy 1
// without its time.
func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"2026/08/23 10:15:30.123 ERROR http.log.error dial tcp 10.0.3.17:8080: connect: connection refused {\"request\": {\"method\": \"GET\", \"host\": \"a\", \"uri\": \"/\"}, \"status\": 502}": "connect-refused",
		"2026/08/23 10:15:30.123\tERROR\thttp.log.error\tdial http:: unknown network http:\t{\"status\": 502}":                                                                                     "target-invalid",
		"2026/08/23 10:15:30.123 ERROR http.log.error dial http:: unknown network http":                                                                                                            "target-invalid",
		"[ERROR 502 /index.php] unreachable backend":                                             "no-upstreams",
		"07/Aug/2026:19:03:48 +0200 [ERROR 502 /a] stream error: stream ID 3; HTTP_1_1_REQUIRED": "wants-http1",
	} {
		var r dialect.Record
		if got := Logs[0].Conds[Logs[0].Line([]byte(text), &r)].ID; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"2026/08/23 10:15:30 ERROR something else", "[ERROR] no", "[ERROR 502", "[ERROR 999 /] x", "2026/08/23 1", "2026/08/23 10:15:30.123 ERROR http.log.error"} {
		var r dialect.Record
		if key := Logs[0].Line([]byte(text), &r); key != dialect.Unparsed {
			t.Errorf("%q: %s", text, Logs[0].Conds[key].ID)
		}
	}
}
