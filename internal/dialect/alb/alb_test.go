package alb

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, Logs, suite.Examples(Logs[0].Name, entries))
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: entries, Corrections: corrections})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"aws-alb-003": {Why: "the target made the status: no symptom", Symptom: suite.Is(vocab.Symptom("")), Causes: []vocab.Cause{vocab.AppError}},
	"aws-alb-007": {Why: "the target made the status: no symptom", Symptom: suite.Is(vocab.Symptom("")), Causes: []vocab.Cause{vocab.AppError}},
	"aws-alb-008": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
}

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Logs) }

func TestRecord(t *testing.T) {
	var r dialect.Record
	key := Logs[0].Line([]byte(`h2 2026-08-21T10:15:30.186641Z app/lb/50dc 203.0.113.7:2817 10.0.0.1:80 0.001 0.020 0.004 503 503 34 366 "GET https://e.com:443/a?b HTTP/2.0" "a \"q\" b" C TLSv1.2 arn:x "Root=1" "-" "-" 0 2026-08-21T10:15:29.364000Z "forward" "-" "-" "10.0.0.1:80" "503" "-" "-"`), &r)
	if Logs[0].Conds[key].Fact != vocab.GatewayStatusPassed || r.UpStatus != 503 || r.Seconds < 0.0249 || r.UpSeconds != 0.020 ||
		string(r.Endpoint) != "10.0.0.1:80" || string(r.UserAgent) != `a \"q\" b` || string(r.Client) != "203.0.113.7" || string(r.Name) != "arn:x" {
		t.Errorf("%d %+v", key, r)
	}
}
