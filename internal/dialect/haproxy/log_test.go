package haproxy

import (
	"math"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, Logs, suite.Examples(Logs[0].Name, entries))
	suite.Run(t, Logs, suite.Lines(t, Logs[0], "testdata/lines.txt"))
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: entries, Corrections: corrections, Refines: refines})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"haproxy-009": {Why: "timeout server before the header is http_response_timeout", Symptom: suite.Is(vocab.HTTPResponseTimeout)},
	"haproxy-022": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted}},
	"haproxy-024": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
	"haproxy-026": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Filtered, vocab.UpstreamDown, vocab.Aborted}},
	"haproxy-037": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted}},
}

// refines is where the matcher tells more apart than the catalog does.
var refines = map[string][]string{}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, suite.Examples(Logs[0].Name, suite.Read(f, "testdata/catalog.jsonl")))
}

func TestRecord(t *testing.T) {
	var r dialect.Record
	Logs[0].Line([]byte(`<134>Nov 20 06:28:24 haproxy[565]: [::1]:48856 [20/Nov/2026:06:28:24.629] web~ app/s1 0/0/1/12/19 200 209 - - ---- 13/13/0/0/0 0/0 {a|b} "GET /x?y HTTP/1.1"`), &r)
	if string(r.Client) != "[::1]" || string(r.Server) != "web" || string(r.Name) != "app/s1" || r.Status != 200 || r.UpStatus != 200 || r.Bytes != 209 ||
		math.Abs(r.Seconds-0.019) > 1e-9 || math.Abs(r.UpSeconds-0.012) > 1e-9 || string(r.Path) != "/x" || string(r.Method) != "GET" || r.PID != 565 {
		t.Errorf("%+v", r)
	}
	when, ok := Logs[0].Time(r.Stamp, time.UTC, time.Time{})
	if want := time.Date(2026, 11, 20, 6, 28, 24, 629_000_000, time.UTC); !ok || math.Abs(float64(when.Sub(want))) > 1000 {
		t.Errorf("%v", when)
	}
}

func TestRecognise(t *testing.T) {
	for _, test := range []struct {
		args   []string
		config string
	}{
		{[]string{"/usr/sbin/haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid"}, "/etc/haproxy/haproxy.cfg"},
		{[]string{"haproxy", "-f", "a.cfg"}, "/srv/a.cfg"},
		{[]string{"haproxy", "-v"}, ""},
		{[]string{"cat", "-f", "haproxy"}, ""},
		{nil, ""},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != (test.config != "") || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
