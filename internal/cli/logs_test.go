package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/goodgatehq/goodgate/internal/scan"
)

// logsCall calls `goodgate logs` and returns its JSON and exit code.
func logsCall(t *testing.T, stdin string, args ...string) (*scan.Report, int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run(context.Background(), Call{Args: append([]string{"logs", "-o", "json", "--zone", "UTC", "--fast"}, args...), Stdin: strings.NewReader(stdin),
		Stdout: &out, Stderr: &errs, Env: func(string) (string, bool) { return "", false }})
	var r scan.Report
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatalf("%v: %v in %s", args, err, out.Bytes())
		}
	}
	return &r, code, errs.String()
}

func symptoms(r *scan.Report) map[string]uint64 {
	m := map[string]uint64{}
	for _, f := range r.Failures {
		name := "-"
		if f.Symptom != nil {
			name = string(*f.Symptom)
		}
		m[fmt.Sprintf("%03d %s", f.Status, name)] += f.Count
	}
	return m
}

// TestLogsJoinsIncident reads an access and an error log of one outage, and what
// stands just before it.
func TestLogsJoinsIncident(t *testing.T) {
	r, code, errs := logsCall(t, "", "testdata/logs/refused")
	if code != ExitProblem || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	if got := fmt.Sprint(symptoms(r)); got != "map[500 -:1 502 connection_refused:50]" {
		t.Errorf("%s", got)
	}
	if r.Requests != 1201 || r.Failed != 51 || r.Errors != 50 || r.Joined != 50 || r.Unparsed != 1 || len(r.Incidents) != 1 {
		t.Fatalf("%d requests, %d failed, %d errors, %d joined, %d unparsed, %d incidents", r.Requests, r.Failed, r.Errors, r.Joined, r.Unparsed, len(r.Incidents))
	}
	in := r.Incidents[0]
	if in.From.Format("15:04:05") != "10:30:00" || in.To.Format("15:04") != "10:35" || in.Failures != 50 || in.Ongoing {
		t.Errorf("%+v", in)
	}
	if len(in.Before) != 1 || in.Before[0].Fact != "gateway_reloaded" {
		t.Errorf("before it: %+v", in.Before)
	}
	f := r.Failures[0]
	if f.Upstream != "127.0.0.1:3000" || f.Route != "/api/users/{id}" || f.MadeBy == nil || *f.MadeBy != "gateway" || f.Site != "shop.example" ||
		f.Example.Place != "testdata/logs/refused/error.log:2" || f.Joined == nil || f.Joined.Place != "testdata/logs/refused/access.log:601" {
		t.Errorf("%+v", f)
	}
	if len(r.Tell) != 1 || !strings.Contains(r.Tell[0].Directive, "$upstream_status") || r.Tell[0].Count != 1 {
		t.Errorf("%+v", r.Tell)
	}
}

// TestLogsReadsRealLines reads what nginx 1.22.1 wrote about an upstream that
// fails in every way.
func TestLogsReadsRealLines(t *testing.T) {
	r, _, _ := logsCall(t, "", "testdata/logs/live/access.log", "testdata/logs/live/error.log.1")
	got := symptoms(r)
	for want, n := range map[string]uint64{"502 connection_refused": 5, "502 connection_terminated": 5, "502 destination_unavailable": 2, "502 http_response_header_section_size": 1} {
		if got[want] != n {
			t.Errorf("%d of %s, want %d", got[want], want, n)
		}
	}
	if r.Unparsed != 0 || r.Requests != 34 {
		t.Errorf("%d requests, unparsed: %+v", r.Requests, r.Files)
	}
	// The failures add up: each request counts once, however many lines tell of it.
	total := uint64(0)
	for _, f := range r.Failures {
		if !f.Alone && !f.Masked {
			total += f.Count
		}
	}
	if total != r.Failed {
		t.Errorf("%d failures of %d failed requests", total, r.Failed)
	}
}

// TestLogsMixedAndWrapped reads access and error lines from one stream, as
// `docker logs` and Docker's own files hold them.
func TestLogsMixedAndWrapped(t *testing.T) {
	access, err := os.ReadFile("testdata/logs/refused/access.log")
	if err != nil {
		t.Fatal(err)
	}
	errors, err := os.ReadFile("testdata/logs/refused/error.log")
	if err != nil {
		t.Fatal(err)
	}
	half := bytes.IndexByte(access[len(access)/2:], '\n') + len(access)/2 + 1
	mixed := string(access[:half]) + string(errors) + string(access[half:])
	var docker, cri strings.Builder
	for line := range strings.Lines(mixed) {
		line = strings.ToValidUTF8(strings.TrimSuffix(line, "\n"), "?")
		quoted, err := json.Marshal(line + "\n")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&docker, `{"log":%s,"stream":"stdout","time":"2026-08-21T10:00:00.5Z"}`+"\n", quoted)
		fmt.Fprintf(&cri, "2026-08-21T10:00:00.5Z stdout F %s\n", line)
	}
	for name, text := range map[string]string{"mixed": mixed, "docker": docker.String(), "cri": cri.String()} {
		r, code, _ := logsCall(t, text, "-")
		if code != ExitProblem || r.Failed != 51 || r.Errors != 50 || r.Joined != 50 || r.Files[0].Wrapped != (name != "mixed") {
			t.Errorf("%s: exit %d, %d requests, %d failed, %d errors, %d joined, %d unparsed, %+v", name, code, r.Requests, r.Failed, r.Errors, r.Joined, r.Unparsed, r.Files)
		}
	}
}

func TestLogsWindow(t *testing.T) {
	r, _, _ := logsCall(t, "", "testdata/logs/refused", "--since", "2026-08-21T10:32:30Z", "--until", "2026-08-21T10:33:29Z")
	if r.Requests != 20 || r.Failed != 10 || r.Errors != 10 || r.Joined != 10 {
		t.Errorf("%d requests, %d failed, %d errors, %d joined", r.Requests, r.Failed, r.Errors, r.Joined)
	}
	if r, code, _ := logsCall(t, "", "testdata/logs/refused", "--since", "2026-08-21T10:40:00Z", "--until", "2026-08-21T10:50:00Z"); code != ExitHealthy || r.Requests != 201 {
		t.Errorf("exit %d, %d requests", code, r.Requests)
	}
}

func TestLogsFormats(t *testing.T) {
	line := `203.0.113.7 [21/Aug/2026:10:15:30 +0000] "GET /a HTTP/1.1" 502 0.001 10.0.0.1:80, 10.0.0.2:80 502, 502 0.000, 0.001`
	masked := `203.0.113.7 [21/Aug/2026:10:15:30 +0000] "GET /a HTTP/1.1" 200 0.001 10.0.0.1:80, 10.0.0.2:80 502, 200 0.000, 0.001`
	format := `$remote_addr [$time_local] "$request" $status $request_time $upstream_addr $upstream_status $upstream_header_time`
	r, code, errs := logsCall(t, line+"\n"+masked+"\n", "-", "--format", format)
	if code != ExitProblem || r.Failed != 1 || r.Masked == 0 || r.Unparsed != 0 || r.Failures[0].Upstream != "10.0.0.2:80" {
		t.Errorf("exit %d %s: %+v", code, errs, r)
	}
	dir := t.TempDir()
	conf := "http { log_format up '" + format + "'; access_log " + dir + "/access.log up; server { listen 80; } }\nevents {}\n"
	for name, text := range map[string]string{"nginx.conf": conf, "access.log": line + "\n", "access.log.1": masked + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, _, errs = logsCall(t, "", "--config", filepath.Join(dir, "nginx.conf"), filepath.Join(dir, "access.log"), filepath.Join(dir, "access.log.1"))
	if r.Failed != 1 || r.Masked == 0 || r.Files[0].By != "configured" || !strings.HasSuffix(r.Files[0].Path, ".1") {
		t.Errorf("%s: %+v", errs, r)
	}
}

func TestLogsExitCodes(t *testing.T) {
	dir := t.TempDir()
	good := `203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "good.log"), []byte(good), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "numbers.log"), []byte("1\n2\n3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{filepath.Join(dir, "good.log")}, ExitHealthy, ""},
		{[]string{filepath.Join(dir, "numbers.log")}, ExitUnclear, ""},
		{[]string{filepath.Join(dir, "good.log"), filepath.Join(dir, "numbers.log")}, ExitHealthy, ""},
		{[]string{filepath.Join(dir, "none.log")}, ExitFailed, ""},
		{[]string{filepath.Join(dir, "good.log"), filepath.Join(dir, "none.log")}, ExitHealthy, ""},
		{[]string{filepath.Join(dir, "good.log"), "--by", "colour"}, ExitFailed, "choices are cause"},
		{[]string{filepath.Join(dir, "good.log"), "--since", "the day before"}, ExitFailed, "cannot read the time"},
		{[]string{filepath.Join(dir, "good.log"), "--format", "wibble"}, ExitFailed, `no log is named "wibble"`},
		{[]string{filepath.Join(dir, "good.log"), "--config", "/none/nginx.conf"}, ExitFailed, "cannot read the configuration"},
	} {
		if _, code, errs := logsCall(t, "", c.args...); code != c.code || !strings.Contains(errs, c.say) {
			t.Errorf("%v: exit %d, want %d; %s", c.args, code, c.code, errs)
		}
	}
}

func TestLogsRotatedSetsAreOrdered(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"access.log-20260819.gz", "access.log-20260820", "access.log"} {
		text := fmt.Sprintf(`203.0.113.7 - - [%d/Aug/2026:10:15:30 +0000] "GET /a HTTP/1.1" 500 1 "-" "x"`+"\n", 19+i)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			text = b.String()
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no log\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, _, _ := logsCall(t, "", dir)
	var names []string
	for _, f := range r.Files {
		names = append(names, filepath.Base(f.Path)+" "+f.By)
	}
	if got := strings.Join(names, ", "); got != "access.log-20260819.gz recognised, access.log-20260820 recognised, access.log recognised, notes.txt skipped" {
		t.Errorf("%s", got)
	}
	if r.Failed != 3 || r.Failures[0].First.Day() != 19 || r.Failures[0].Last.Day() != 21 {
		t.Errorf("%+v", r.Failures)
	}
}

func TestLogsTextOfEveryGrouping(t *testing.T) {
	for _, by := range append([]string{""}, scan.Keys...) {
		for _, form := range []string{"text", "markdown", "html", "json"} {
			var out, errs bytes.Buffer
			args := []string{"logs", "--fast", "-o", form, "testdata/logs/refused"}
			if by != "" {
				args = append(args, "--by", by)
			}
			code := Run(context.Background(), Call{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Env: func(string) (string, bool) { return "", false }})
			if code != ExitProblem || out.Len() == 0 || strings.Contains(out.String(), "\x1b") || errs.Len() > 0 {
				t.Errorf("%v: exit %d, %d bytes, %s", args, code, out.Len(), errs.String())
			}
		}
	}
}

// TestLogsSaysWhatHappenedBefore puts the kernel's log and the journal beside an
// access log.
func TestLogsSaysWhatHappenedBefore(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kern.log": "Aug 21 10:29:57 web1 kernel: [148522.291772] Out of memory: Killed process 4711 (node) total-vm:4096000kB, anon-rss:2048000kB, file-rss:0kB, shmem-rss:0kB, UID:33 pgtables:4400kB oom_score_adj:0\n",
		"journal.json": `{"__REALTIME_TIMESTAMP":"1787308198000000","_COMM":"systemd","SYSLOG_IDENTIFIER":"systemd","_PID":"1","MESSAGE":"shop.service: Main process exited, code=killed, status=9/KILL"}` + "\n" +
			`{"__REALTIME_TIMESTAMP":"1787304598000000","_COMM":"systemd","SYSLOG_IDENTIFIER":"systemd","_PID":"1","MESSAGE":"old.service: Main process exited, code=killed, status=9/KILL"}` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, _, _ := logsCall(t, "", "testdata/logs/refused", filepath.Join(dir, "kern.log"), filepath.Join(dir, "journal.json"))
	if len(r.Incidents) != 1 {
		t.Fatalf("%+v", r.Incidents)
	}
	var got []string
	for _, e := range r.Incidents[0].Before {
		got = append(got, fmt.Sprintf("%s %s", e.When.Format("15:04:05"), e.Fact))
	}
	if s := strings.Join(got, ", "); s != "10:29:57 app_oom_killed, 10:29:58 gateway_reloaded, 10:29:58 app_sigkilled" {
		t.Errorf("%s of %+v\n%+v", s, r.Events, r.Files)
	}
	if r.Failed != 51 || r.Failing() != 51 {
		t.Errorf("%d failed of %d", r.Failed, r.Failing())
	}
}

// TestLogsCountsARequestOnce: Caddy writes an error line and an access line of
// the same request into one file.
func TestLogsCountsARequestOnce(t *testing.T) {
	text := `{"level":"info","ts":1787480100.1,"msg":"serving initial configuration"}
{"level":"error","ts":1787480130.123,"logger":"http.log.error","msg":"dial tcp 10.0.3.17:8080: connect: connection refused","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api"},"duration":0.00042,"status":502,"err_id":"x2k9p3q8z","err_trace":"reverseproxy.statusError (reverseproxy.go:1644)"}
{"level":"error","ts":1787480130.124,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/api"},"duration":0.00042,"size":0,"status":502,"resp_headers":{}}
{"level":"info","ts":1787480131.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/"},"duration":0.00042,"size":0,"status":200,"resp_headers":{}}
`
	r, code, errs := logsCall(t, text, "-")
	if code != ExitProblem || r.Requests != 2 || r.Failed != 1 || r.Errors != 1 || r.Joined != 1 || r.Failing() != 1 || r.Unparsed != 0 {
		t.Fatalf("exit %d %s: %+v", code, errs, r)
	}
	f := r.Failures[0]
	if f.Symptom == nil || *f.Symptom != "connection_refused" || f.Upstream != "10.0.3.17:8080" || f.Status != 502 || f.MadeBy == nil || *f.MadeBy != "gateway" {
		t.Errorf("%+v", f)
	}
}
