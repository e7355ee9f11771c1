package haproxy

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestRefine reads lines of servers and clients that broke off in a body, behind
// a timeout server of one second, as 2.6.12 and 3.0.11 wrote them.
func TestRefine(t *testing.T) {
	wait := topo.Settings{vocab.ReadTimeout: {Knob: vocab.ReadTimeout, Number: time.Second.Seconds()}}
	for _, test := range []struct {
		version, line string
		want          dialect.Key
	}{
		{"2.6.12", `f hangbody/s1 0/0/0/0/1000 200 53 - - sD-- 1/1/0/0/0 0/0 "GET /hangbody HTTP/1.1"`, keysD},
		{"3.0.11", `f hangbody/s1 0/0/0/28/1029 200 53 - - CD-- 1/1/0/0/0 0/0 "GET /hangbody HTTP/1.1"`, keysD},
		{"3.0.11", `f hangchunk/s1 0/0/0/0/1000 200 60 - - CD-- 1/1/0/0/0 0/0 "GET /hangchunk HTTP/1.1"`, keysD},
		{"3.0.11", `orders_in orders_servers/s1 0/0/0/1/1001 200 90 - - CD-- 2/1/0/0/0 0/0 "GET /v1/list HTTP/1.1"`, keysD},
		{"", `f hangchunk/s1 0/0/0/0/1000 200 60 - - CD-- 1/1/0/0/0 0/0 "GET /hangchunk HTTP/1.1"`, keysD},
		{"3.0.11", `f flow/s1 0/0/0/1/337 200 59 - - CD-- 1/1/0/0/0 0/0 "GET /flow HTTP/1.1"`, keyClientBody},
		{"3.0.11", `f flow/s1 0/0/0/0/1457 200 78 - - CD-- 1/1/0/0/0 0/0 "GET /flow HTTP/1.1"`, keyBodyEnded},
		{"3.0.11", `f flowthenstall/s1 0/0/0/0/1727 200 62 - - CD-- 1/1/0/0/0 0/0 "GET /flowthenstall HTTP/1.1"`, keyBodyEnded},
		{"2.6.12", `f flow/s1 0/0/0/0/1541 200 79 - - CD-- 1/1/0/0/0 0/0 "GET /flow HTTP/1.1"`, keyClientBody},
		{"3.0.11", `f hang/s1 0/0/0/-1/1001 504 198 - - sH-- 1/1/0/0/0 0/0 "GET /hang HTTP/1.1"`, keysH},
	} {
		conf := Config(suite.Files{"/haproxy.cfg": shop}, dialect.Launch{Config: "/haproxy.cfg", Version: test.version})
		var r dialect.Record
		key := Logs[0].Line([]byte("127.0.0.1:47430 [20/Nov/2026:15:16:10.647] "+test.line), &r)
		if got := conf.Refine(key, r.UpSeconds, r.Seconds, wait); got != test.want {
			t.Errorf("%s: %s: %q, want %q", test.version, test.line, Logs[0].Conds[got].ID, Logs[0].Conds[test.want].ID)
		}
		if got := conf.Refine(key, r.UpSeconds, r.Seconds, topo.Settings{}); got != key {
			t.Errorf("%s: %s: without a timeout %q", test.version, test.line, Logs[0].Conds[got].ID)
		}
	}
}
