package apache

import (
	"slices"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func split(entries []suite.Entry) (errors, access []suite.Entry) {
	for _, e := range entries {
		if e.ID == "apache-103" {
			access = append(access, e)
		} else {
			errors = append(errors, e)
		}
	}
	return errors, access
}

func examples(t testing.TB) []suite.Example {
	errors, access := split(suite.Read(t, "testdata/catalog.jsonl"))
	return slices.Concat(suite.Examples(Logs[0].Name, errors), suite.Examples(Logs[1].Name, access))
}

func TestSuite(t *testing.T) {
	errors, access := split(suite.Read(t, "testdata/catalog.jsonl"))
	suite.Run(t, Logs, examples(t))
	suite.Run(t, Logs, suite.Lines(t, Logs[0], "testdata/lines.txt"))
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: errors, Corrections: corrections})
	suite.Catalog(t, Logs[1], suite.Oracle{Entries: access, Corrections: map[string]suite.Correction{
		"apache-103": {Why: "one condition per status", Status: suite.Is(503)},
	}})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"apache-023": {Why: "the manual of mod_proxy_http names the race for this very message", Causes: []vocab.Cause{vocab.KeepaliveRace, vocab.UpstreamCrashed}},
	"apache-024": {Why: "the manual of mod_proxy_http names the race for this very message", Causes: []vocab.Cause{vocab.KeepaliveRace, vocab.UpstreamCrashed}},
	"apache-067": {Why: "php-fpm made the 404 itself: no symptom", Symptom: suite.Is(vocab.Symptom("")), Status: suite.Is(404)},
	"apache-068": {Why: "the application made the status itself: no symptom", Symptom: suite.Is(vocab.Symptom(""))},
	"apache-100": {Why: "the gateway's own process, not the upstream's", Causes: []vocab.Cause{vocab.Crashed}},
	"apache-101": {Why: "the gateway's own process, not the upstream's", Causes: []vocab.Cause{vocab.Crashed}},
}

func FuzzLine(f *testing.F) { suite.Fuzz(f, Logs, examples(f)) }

func TestFormat(t *testing.T) {
	log, err := Format(`%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D`)
	if err != nil {
		t.Fatal(err)
	}
	var r dialect.Record
	key := log.Line([]byte(`site.example:443 203.0.113.7 - - [21/Aug/2026:10:15:30 +0200] "GET /a?b HTTP/1.1" 503 299 "-" "a \"q\" b" 1500000`), &r)
	if log.Conds[key].Fact != vocab.GatewayStatusUnknown || r.Status != 503 || r.Seconds != 1.5 || string(r.UserAgent) != `a \"q\" b` || string(r.Path) != "/a" ||
		string(r.Server) != "site.example" || string(r.Client) != "203.0.113.7" || r.Bytes != 299 {
		t.Errorf("%d %+v", key, r)
	}
	if when, ok := log.Time(r.Stamp, time.UTC, time.Time{}); !ok || !when.Equal(time.Date(2026, 8, 21, 8, 15, 30, 0, time.UTC)) {
		t.Errorf("%v", when)
	}
	for _, bad := range []string{"", "%", "%{x", "%h", "%s%b"} {
		if _, err := Format(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
