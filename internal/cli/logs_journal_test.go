package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// journalRemote makes journal files of entries in the export format
// (systemd-journal-remote(8), Debian package systemd-journal-remote).
const journalRemote = "/lib/systemd/systemd-journal-remote"

// aJournal is a file of the journal in which lines of several programs stand, the
// last of them an hour later.
func aJournal(t *testing.T) string {
	t.Helper()
	_, missing := exec.LookPath("journalctl")
	if _, err := os.Stat(journalRemote); err != nil {
		missing = err
	}
	if missing != nil {
		if os.Getenv("GOODGATE_TEST_ALL") != "" {
			t.Fatalf("%v: apt-get install systemd systemd-journal-remote", missing)
		}
		t.Skipf("%v: apt-get install systemd systemd-journal-remote", missing)
	}
	var export strings.Builder
	at := int64(1795174629000000) // 2026-11-20 11:37:09 UTC
	entry := func(program, text string) {
		fmt.Fprintf(&export, "__REALTIME_TIMESTAMP=%d\n_HOSTNAME=web1\n_PID=7\n_COMM=%s\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n\n", at, program, program, text)
		at += 1000
	}
	for range 5 {
		entry("haproxy", `127.0.0.1:48856 [20/Nov/2026:11:37:09.629] http-in app/s1 0/0/-1/-1/19 503 209 - - SC-- 13/13/0/0/3 0/0 "GET /rst HTTP/1.1"`)
		entry("cron", "(root) CMD (run-parts)")
		entry("caddy", `{"level":"error","ts":1795174629.5,"logger":"http.log.error","msg":"dial tcp 10.0.3.17:8080: connect: connection refused","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api"},"duration":0.00042,"status":502}`)
	}
	at += 3600_000_000
	entry("haproxy", `127.0.0.1:48856 [20/Nov/2026:12:37:09.629] http-in app/s1 0/0/-1/-1/19 504 209 - - sH-- 13/13/0/0/3 0/0 "GET /late HTTP/1.1"`)
	file := filepath.Join(t.TempDir(), "system.journal")
	cmd := exec.Command(journalRemote, "-o", file, "-")
	cmd.Stdin = strings.NewReader(export.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot make a journal: %v: %s", err, out)
	}
	return file
}

// TestLogsReadsTheJournal reads a journal that systemd's own tools wrote: as a file,
// in its folder, and as what journalctl prints of it.
func TestLogsReadsTheJournal(t *testing.T) {
	file := aJournal(t)
	want := "map[502 connection_refused:5 503 connection_refused:5 504 http_response_timeout:1]"
	for _, name := range []string{file, filepath.Dir(file)} {
		r, code, errs := logsCall(t, "", name)
		if got := fmt.Sprint(symptoms(r)); got != want || code != ExitProblem || r.Files[0].Packed != "journal" {
			t.Errorf("%s: exit %d, %s: %+v %s", name, code, got, r.Files, errs)
		}
	}
	// A name that is a pattern is that file's only.
	odd := filepath.Join(filepath.Dir(file), "{s,x}*[a].journal")
	if err := os.Rename(file, odd); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sa.journal", "xa.journal"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r, _, _ := logsCall(t, "", odd); fmt.Sprint(symptoms(r)) != want {
		t.Errorf("%s: %+v", odd, r.Files)
	}
	if err := os.Rename(odd, file); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"export", "json", "short-iso", "short-iso-precise"} {
		printed, err := exec.Command("journalctl", "--no-pager", "--quiet", "--utc", "--all", "--file="+file, "-o", format).Output()
		if err != nil {
			t.Fatal(err)
		}
		r, _, _ := logsCall(t, string(printed), "-")
		if got := fmt.Sprint(symptoms(r)); got != want {
			t.Errorf("%s: %s: %+v", format, got, r.Files)
		}
	}
	r, _, _ := logsCall(t, "", file, "--since", "2026-11-20 12:00")
	if got := fmt.Sprint(symptoms(r)); got != "map[504 http_response_timeout:1]" || r.Lines != 1 {
		t.Errorf("since: %s of %d lines", got, r.Lines)
	}
}

// TestLogsSaysWhyNoJournalIsRead wants an answer where journalctl is missing, where a
// file is broken, and where it comes without its name.
func TestLogsSaysWhyNoJournalIsRead(t *testing.T) {
	file := aJournal(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.journal")
	if err := os.WriteFile(broken, whole[:200], 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(what, stdin, name, word string) {
		t.Helper()
		r, code, _ := logsCall(t, stdin, name)
		if said := strings.Join(r.Files[0].Problems, " "); code != ExitFailed || !strings.Contains(said, word) {
			t.Errorf("%s: exit %d, %q", what, code, said)
		}
	}
	check("broken", "", broken, "journalctl: exit status")
	check("a stream", string(whole), "-", "name the file")
	t.Setenv("PATH", t.TempDir())
	check("no journalctl", "", file, "journalctl --file="+file)
}
