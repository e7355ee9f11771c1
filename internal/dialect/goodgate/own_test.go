package goodgate

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

const head = `time=2026-11-20T17:22:09.401Z level=WARN msg=`

var notes = []struct{ line, id, endpoint string }{
	{head + `"server away" upstream=app server=127.0.0.1:3001 why="dial: connection refused"`, "away-refused", "127.0.0.1:3001"},
	{head + `"server away" upstream=app server=unix:/run/app.sock why="dial: no such file or directory"`, "away-socket-missing", "unix:/run/app.sock"},
	{head + `"server away" upstream=app server=unix:/run/app.sock why="dial: permission denied"`, "away-denied", "unix:/run/app.sock"},
	{head + `"server away" upstream=app server=10.0.0.7:80 why="dial: timed out"`, "away-timeout", "10.0.0.7:80"},
	{head + `"server away" upstream=app server=10.0.0.7:80 why="dial: network is unreachable"`, "away", "10.0.0.7:80"},
	{head + `"server failing" upstream=app server=127.0.0.1:3400 why="the check was answered 503"`, "check-fails", "127.0.0.1:3400"},
	{head + `"server failing" upstream=app server=127.0.0.1:3400 why="the check cannot connect: dial: connection refused"`, "away-refused", "127.0.0.1:3400"},
	{head + `"server hung" upstream=app server=127.0.0.1:3400 why="no answer while others answer"`, "hung", "127.0.0.1:3400"},
	{head + `"server ejected" upstream=app server=127.0.0.1:3400 why="read: connection reset by peer"`, "ejected", "127.0.0.1:3400"},
	{head + `"server draining" upstream=app server=127.0.0.1:3400 why="a person took it out"`, "drained", "127.0.0.1:3400"},
	{head + `"server list unchanged" upstream=app server=run/servers.txt why="cannot read the servers: run/servers.txt holds no server"`, "list-unchanged", ""},
	{head + `"reload refused; the old configuration stays" why="g.yaml:46:13: sites[0]: there is no upstream \"statik\""`, "reload-refused", ""},
	{head + `"these keys change with a restart only" keys="listen, admin"`, "needs-restart", ""},
	{`time=2026-11-20T17:22:09.401Z level=INFO msg="server up" upstream=app server=127.0.0.1:3400 why="the check succeeds"`, "", "127.0.0.1:3400"},
	{head + `"server gone" upstream=app server=127.0.0.1:3400 why="no longer configured"`, "", "127.0.0.1:3400"},
	{`time=2026-11-20T17:22:09.401Z level=INFO msg="configuration loaded"`, "", ""},
}

func TestNotices(t *testing.T) {
	log := Logs[1]
	for _, c := range notes {
		var r dialect.Record
		key := log.Line([]byte(c.line), &r)
		at, ok := log.Time(r.Stamp, time.UTC, time.Now())
		if id := log.Conds[key].ID; key == dialect.Unparsed || id != c.id || string(r.Endpoint) != c.endpoint || !ok || at.Unix() != 1795195329 {
			t.Errorf("%q %q at %v, want %q %q: %s", id, r.Endpoint, at, c.id, c.endpoint, c.line)
		}
	}
	var r dialect.Record
	if key := log.Line([]byte("goodgate: listening on [::]:8080"), &r); key != dialect.Plain {
		t.Errorf("the gateway's own address was read as %q", log.Conds[key].ID)
	}
	// Other programs write with the same library.
	for _, other := range []string{"", "time=", head, head + `"server started" addr=:80`, head + `"listening"`, head + `"server away" upstream=app`, head + `"server away`, `{"time":"2026"}`} {
		var r dialect.Record
		if key := log.Line([]byte(other), &r); key != dialect.Unparsed {
			t.Errorf("%q was read as %q", other, log.Conds[key].ID)
		}
	}
	if got := log.Sniff([]byte("goodgate: listening on [::]:8080\n" + notes[0].line + "\n")); got < 90 {
		t.Errorf("the log was recognised with %d", got)
	}
}
