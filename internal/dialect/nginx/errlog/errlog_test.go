package errlog

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, []dialect.Log{Log}, suite.Examples(Log.Name, entries))
	suite.Catalog(t, Log, suite.Oracle{Entries: entries, Corrections: corrections, Refines: refines})
}

// refines is where the matcher tells more apart than the catalog does.
var refines = map[string][]string{
	"network-unreachable6":     {"network-unreachable"},
	"connect-failed":           {"no-route"},                                  // a unix socket has no route
	"reresolve-failed":         {"reresolve-name-not-found"},                  // any number but 3
	"stream-refused":           {"connect-refused"},                           // the line is cut
	"stream-connect-timeout":   {"connect-timeout", "connect-timeout-kernel"}, // a stream has no status to tell them
	"stream-no-live-upstreams": {"no-live-upstreams"},
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"nginx-021": {Why: "no address family is network/unreachable", Causes: []vocab.Cause{vocab.Unreachable, vocab.WrongAddress}},
	"nginx-035": {Why: "the vocabulary has config/no-resolver", Causes: []vocab.Cause{vocab.NoResolver}},
	"nginx-099": {Why: "php-fpm made the 404 itself: no symptom", Symptom: suite.Is(vocab.Symptom("")), Status: suite.Is(404)},
	"nginx-100": {Why: "the application made the status itself: no symptom", Symptom: suite.Is(vocab.Symptom(""))},
	"nginx-121": {Why: "the gateway's own file: config/file-permission", Causes: []vocab.Cause{vocab.FilePermission}},
	"nginx-127": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
	"nginx-128": {Why: "nginx answers 413 by itself", Status: suite.Is(413)},
	"nginx-130": {Why: "the gateway's own process, not the upstream's", Causes: []vocab.Cause{vocab.Crashed}},
}

func TestLive(t *testing.T) {
	examples := suite.Lines(t, Log, "testdata/live.txt")
	suite.Run(t, []dialect.Log{Log}, examples)
}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, []dialect.Log{Log}, suite.Examples(Log.Name, suite.Read(f, "testdata/catalog.jsonl")))
}

func TestTime(t *testing.T) {
	got, ok := Log.Time([]byte("2026/08/21 10:15:30"), time.FixedZone("", 7200), time.Time{})
	if want := time.Date(2026, 8, 21, 8, 15, 30, 0, time.UTC); !ok || !got.Equal(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestToldApart reads messages whose number says more than their words.
func TestToldApart(t *testing.T) {
	const tail = ` while reading response header from upstream, client: 203.0.113.7, server: shop.example, request: "POST /a HTTP/2.0", upstream: "grpc://10.0.0.5:50051", host: "shop.example"`
	for text, want := range map[string]string{
		`2026/08/21 10:15:30 [error] 7#7: *1 lua entry thread aborted: runtime error: /etc/nginx/lua/a.lua:12: attempt to index a nil value, client: 203.0.113.7, server: shop.example, request: "GET / HTTP/1.1", host: "shop.example"`: "lua-failed",
		`2026/08/21 10:15:30 [error] 7#7: *1 upstream rejected request with error 7` + tail:  "http2-rejected",
		`2026/08/21 10:15:30 [error] 7#7: *1 upstream rejected request with error 8` + tail:  "http2-reset",
		`2026/08/21 10:15:30 [error] 7#7: *1 upstream rejected request with error 13` + tail: "http2-wants-http1",
		`2026/08/21 10:15:30 [alert] 7#7: *1 readv() failed (13: Permission denied) while reading upstream, client: 203.0.113.7, server: shop.example, request: "GET / HTTP/1.1", upstream: "uwsgi://unix:///tmp/uwsgi.sock:", host: "shop.example"`: "read-denied",
		`2026/08/21 10:15:30 [error] 7#7: *1 readv() failed (104: Connection reset by peer) while reading upstream, client: 203.0.113.7, server: shop.example, request: "GET / HTTP/1.1", upstream: "http://10.0.0.5:80/", host: "shop.example"`:     "body-reset",
	} {
		var r dialect.Record
		if got := Log.Conds[Log.Line([]byte(text), &r)].ID; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
