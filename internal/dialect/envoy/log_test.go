package envoy

import (
	"slices"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// split returns the entries of the access log and those of answers.
func split(entries []suite.Entry) (access, answers []suite.Entry) {
	for _, e := range entries {
		if e.Example[0] == '[' {
			access = append(access, e)
		} else {
			answers = append(answers, e)
		}
	}
	return access, answers
}

func TestSuite(t *testing.T) {
	access, answers := split(suite.Read(t, "testdata/catalog.jsonl"))
	suite.Run(t, Logs, slices.Concat(suite.Examples(Logs[0].Name, access), suite.Examples(Logs[1].Name, answers)))
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: access, Corrections: corrections, Skip: map[string]string{"envoy-049": "a 200 that the upstream made is no failure"}})
	suite.Catalog(t, Logs[1], suite.Oracle{Entries: answers})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"envoy-004": {Why: "the vocabulary has config/no-route", Causes: []vocab.Cause{vocab.NoRoute}},
	"envoy-014": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
	"envoy-017": {Why: "the client's own request is client/malformed-request", Causes: []vocab.Cause{vocab.RequestTooLarge, vocab.MalformedRequest}},
	"envoy-022": {Why: "a limit that a person wrote is config/rate-limited", Causes: []vocab.Cause{vocab.RateLimited}},
	"envoy-052": {Why: "the vocabulary has config/no-route", Causes: []vocab.Cause{vocab.NoRoute}},
	"envoy-053": {Why: "one condition with the flag UT, whose order it has", Causes: []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}},
}

func FuzzLine(f *testing.F) {
	access, answers := split(suite.Read(f, "testdata/catalog.jsonl"))
	suite.Fuzz(f, Logs, slices.Concat(suite.Examples(Logs[0].Name, access), suite.Examples(Logs[1].Name, answers)))
}

func TestRecord(t *testing.T) {
	var r dialect.Record
	key := Logs[0].Line([]byte(`[2026-08-21T10:15:30.310Z] "GET /a"b?c HTTP/1.1" 503 - via_upstream - "-" 0 91 12 11 "203.0.113.7" "curl" "id-1" "example.com" "10.0.2.1:8080" outbound|80||svc - 10.0.0.1:80`), &r)
	if table.Conds()[key].Fact != vocab.GatewayStatusPassed || r.Status != 503 || r.UpStatus != 503 || r.Seconds != 0.012 || r.UpSeconds != 0.011 ||
		string(r.Endpoint) != "10.0.2.1:8080" || string(r.Host) != "example.com" || string(r.RequestID) != "id-1" || string(r.Path) != `/a"b` {
		t.Errorf("%d %+v", key, r)
	}
}
