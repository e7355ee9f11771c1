package varnish

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func examples(t testing.TB) []suite.Example {
	return append(suite.Examples(Logs[1].Name, suite.Read(t, "testdata/catalog.jsonl")), suite.Example{
		Log: Logs[0].Name, Line: `203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET http://example.com/api?x HTTP/1.1" 503 278 "-" "curl/8.5.0"`,
	})
}

func TestSuite(t *testing.T) {
	suite.Run(t, Logs, examples(t))
	suite.Run(t, Logs, suite.Lines(t, Logs[1], "testdata/lines.txt"))
	suite.Catalog(t, Logs[1], suite.Oracle{Entries: suite.Read(t, "testdata/catalog.jsonl"), Corrections: corrections})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"varnish-043": {Why: "the gateway's own process, not the upstream's", Causes: []vocab.Cause{vocab.Crashed}},
}

func FuzzLine(f *testing.F) { suite.Fuzz(f, Logs, examples(f)) }

func TestNCSA(t *testing.T) {
	var r dialect.Record
	key := Logs[0].Line([]byte(`203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET http://example.com/api?x HTTP/1.1" 503 278 "-" "curl/8.5.0"`), &r)
	if Logs[0].Conds[key].Fact != vocab.GatewayStatusUnknown || string(r.Host) != "example.com" || string(r.Path) != "/api" || r.Status != 503 {
		t.Errorf("%d %+v", key, r)
	}
	if key := Logs[0].Line([]byte(`203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET /api HTTP/1.1" 503 278 "-" "curl/8.5.0"`), &r); key != dialect.Unparsed {
		t.Errorf("a line of nginx or Apache is read as %d", key)
	}
}
