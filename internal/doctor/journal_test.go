package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/caddy"
	"github.com/goodgatehq/goodgate/internal/dialect/haproxy"
	"github.com/goodgatehq/goodgate/internal/evidence"
)

// remote makes journal files of entries in the export format
// (systemd-journal-remote(8), Debian package systemd-journal-remote).
const remote = "/lib/systemd/systemd-journal-remote"

// entries are what HAProxy and Caddy, and somebody else, wrote.
var entries = []struct {
	pid                    int
	comm, identifier, unit string
	message                string
}{
	{565, "haproxy", "haproxy", "haproxy.service", `127.0.0.1:48856 [20/Nov/2026:06:28:24.629] http-in rst/s1 0/0/0/-1/19 502 209 - - SH-- 13/13/0/0/0 0/0 "GET /rst HTTP/1.1"`},
	{564, "haproxy", "haproxy", "haproxy.service", `Server rst/s1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 0 active and 0 backup servers left.`},
	{700, "sh", "cron", "cron.service", "not for us"},
	{800, "caddy", "caddy", "caddy.service", `{"level":"error","ts":1795174629.5,"logger":"http.log.error","msg":"dial tcp 10.0.3.17:8080: connect: connection refused","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api"},"duration":0.00042,"status":502}`},
	{801, "caddy", "caddy", "caddy.service", `{"level":"error","ts":1795174629.6,"logger":"http.log.error","msg":"dial tcp 10.0.3.17:8080: connect: connection refused","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api?` + strings.Repeat("x", 5000) + `"},"duration":0.00042,"status":502}`},
}

func journalOf(t *testing.T) string {
	t.Helper()
	for _, program := range []string{remote, journalctl} {
		if _, err := os.Stat(program); err != nil {
			if os.Getenv("GOODGATE_TEST_ALL") != "" {
				t.Fatalf("%s is missing: apt-get install systemd systemd-journal-remote", program)
			}
			t.Skipf("%s is missing: apt-get install systemd systemd-journal-remote", program)
		}
	}
	var export strings.Builder
	for i, e := range entries {
		fmt.Fprintf(&export, "__REALTIME_TIMESTAMP=%d\n_PID=%d\n_COMM=%s\nSYSLOG_IDENTIFIER=%s\n_SYSTEMD_UNIT=%s\nMESSAGE=%s\n\n", 1795174629000000+i*1000, e.pid, e.comm, e.identifier, e.unit, e.message)
	}
	file := filepath.Join(t.TempDir(), "host.journal")
	cmd := exec.Command(remote, "-o", file, "-")
	cmd.Stdin = strings.NewReader(export.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot make a journal: %v: %s", err, out)
	}
	return file
}

// TestJournal reads a journal that systemd's own tools wrote.
func TestJournal(t *testing.T) {
	file := journalOf(t)
	for _, c := range []struct {
		name  string
		ask   journal
		log   dialect.Log
		conds []string
	}{
		{"by unit", journal{file: file, unit: "haproxy.service"}, haproxy.Logs[0], []string{"SH", "L4TOUT"}},
		{"by processes", journal{file: file, pids: []int{564, 565}}, haproxy.Logs[0], []string{"SH", "L4TOUT"}},
		{"by one process and its unit", journal{file: file, pids: []int{565}, unit: "haproxy.service"}, haproxy.Logs[0], []string{"SH", "L4TOUT"}},
		{"JSON", journal{file: file, pids: []int{800}}, caddy.Dialect.Logs[0], []string{"refused"}},
		{"a line of more than 4 KB", journal{file: file, pids: []int{801}}, caddy.Dialect.Logs[0], []string{"refused"}},
		{"since", journal{file: file, unit: "haproxy.service", since: time.Unix(1795174600, 0)}, haproxy.Logs[0], []string{"SH", "L4TOUT"}},
	} {
		text, err := c.ask.read(context.Background())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if len(lines) != len(c.conds) {
			t.Errorf("%s: %q", c.name, lines)
			continue
		}
		for i, l := range lines {
			var r dialect.Record
			key := c.log.Line([]byte(l), &r)
			if !strings.Contains(c.log.Conds[key].ID, c.conds[i]) {
				t.Errorf("%s: %q is %q, want %q", c.name, l, c.log.Conds[key].ID, c.conds[i])
			}
			if when, ok := c.log.Time(r.Stamp, time.UTC, time.Unix(1795174700, 0)); !ok || when.Year() != 2026 {
				t.Errorf("%s: the time of %q is %v", c.name, l, when)
			}
		}
	}
	// What holds nothing of the gateway says nothing about it.
	for _, ask := range []journal{{file: file, pids: []int{1}}, {file: file, unit: "haproxy.service", since: time.Unix(1795175000, 0)}, {file: file + ".gone", pids: []int{565}}} {
		_, err := ask.read(context.Background())
		var gap *evidence.Gap
		if !errors.As(err, &gap) || !strings.Contains(gap.Allow, "journalctl") || !strings.Contains(gap.Allow, "--log") {
			t.Errorf("%+v: %v", ask, err)
		}
	}
}
