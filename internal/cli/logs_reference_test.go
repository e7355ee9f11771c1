package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// TestFastPathsAgreeWithLine holds every log that has a fast path against its
// own Line, on generated and mutated lines: the same statuses, the same
// failures, the same minutes, the same lines not understood.
func TestFastPathsAgreeWithLine(t *testing.T) {
	for _, d := range registry.Dialects() {
		for _, l := range d.Logs {
			if l.Access == nil {
				continue
			}
			t.Run(l.Name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { agree(t, d.Name, l) })
			})
		}
	}
}

func agree(t *rapid.T, product string, l dialect.Log) {
	var b strings.Builder
	for range rapid.IntRange(1, 40).Draw(t, "lines") {
		line := accessLine(t, l.Name)
		for range rapid.IntRange(0, 2).Draw(t, "mutations") {
			i := rapid.IntRange(0, len(line)).Draw(t, "at")
			gone := rapid.IntRange(0, 3).Draw(t, "gone")
			line = line[:i] + rapid.SampledFrom([]string{"", "", "\n", "\x00", `"`, " ", "[", "]", "\xff", `\"`, "5", "-", ":"}).Draw(t, "with") + line[min(len(line), i+gone):]
		}
		b.WriteString(line + "\n")
	}
	text := b.String()
	got, err := scan.Run(context.Background(), []scan.Input{{Path: "x", Stream: strings.NewReader(text)}},
		scan.Config{Force: &scan.Forced{Product: product, Log: l}, Location: time.UTC, Now: time.Unix(1787500000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	slow := l
	slow.Access = nil
	want, err := scan.Run(context.Background(), []scan.Input{{Path: "x", Stream: strings.NewReader(text)}},
		scan.Config{Force: &scan.Forced{Product: product, Log: slow}, Location: time.UTC, Now: time.Unix(1787500000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*scan.Report{got, want} {
		r.Seconds, r.From, r.To = 0, nil, nil // the fast path knows the minute only
	}
	if a, b := fmt.Sprintf("%+v", summary(got)), fmt.Sprintf("%+v", summary(want)); a != b {
		t.Fatalf("with the fast path:\n%s\nwithout:\n%s\nin:\n%q", a, b, text)
	}
}

func summary(r *scan.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lines %d unparsed %d requests %d failed %d status %v\n", r.Lines, r.Unparsed, r.Requests, r.Failed, r.Status)
	for _, m := range r.Timeline {
		fmt.Fprintf(&b, "%s %d %d\n", m.Minute, m.Requests, m.Failures)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "%s %d %s %d %s %s\n", f.Condition, f.Status, f.Route, f.Count, f.Example.Place, f.Example.Line)
	}
	return b.String()
}

// accessLine is a line as the log writes it.
func accessLine(t *rapid.T, name string) string {
	at := time.Unix(1787480000+rapid.Int64Range(0, 300).Draw(t, "time"), 0).UTC()
	status := rapid.SampledFrom([]int{200, 200, 304, 404, 499, 500, 502, 504}).Draw(t, "status")
	path := rapid.SampledFrom([]string{"/", "/users/42", "/a?b=c", `/x\x22y`}).Draw(t, "path")
	if strings.Contains(name, "caddy") {
		return fmt.Sprintf(`{"level":"info","ts":%d.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"GET","host":"a","uri":"%s"},"duration":0.1,"size":1,"status":%d,"resp_headers":{}}`,
			at.Unix(), strings.ReplaceAll(path, `\x22`, "y"), status)
	}
	return fmt.Sprintf(`203.0.113.%d - %s [%s] "GET %s HTTP/1.1" %d 157 "-" "curl/8.5.0"`, rapid.IntRange(0, 9).Draw(t, "client"),
		rapid.SampledFrom([]string{"-", "jo"}).Draw(t, "user"), at.Format("02/Jan/2006:15:04:05 -0700"), path, status)
}

// FuzzLogs reads anything as a log: nothing may panic, and the totals must add
// up. Hashes differ from run to run, which the fuzzer takes for coverage: it is
// best run with -fuzzminimizetime 1x.
func FuzzLogs(f *testing.F) {
	for _, file := range []string{"live/access.log", "live/error.log", "refused/error.log"} {
		text, err := os.ReadFile("testdata/logs/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 2000)])
	}
	f.Add([]byte(`{"log":"2026/08/21 10:15:30 [error] 1#1: *7 connect() failed (111: x) while connecting to upstream\n","stream":"stderr","time":"2026-08-21T10:15:30Z"}`))
	f.Add([]byte(`<134>Nov 20 06:28:24 haproxy[565]: 127.0.0.1:48856 [20/Nov/2026:06:28:24.629] http-in rst/s1 0/0/0/-1/19 502 209 - - SH-- 13/13/0/0/0 0/0 "GET /rst HTTP/1.1"`))
	f.Add([]byte(`{"level":"error","ts":1787480130.123,"logger":"http.log.error","msg":"dial tcp 10.0.3.17:8080: connect: connection refused","request":{"uri":"/api"},"status":502}`))
	dialects := registry.Dialects()
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := scan.Run(context.Background(), []scan.Input{{Path: "x", Stream: bytes.NewReader(text)}}, scan.Config{Dialects: dialects, Now: time.Unix(1787500000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		want := uint64(bytes.Count(text, []byte{'\n'}))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			want++
		}
		counted := uint64(0)
		for _, n := range r.Status {
			counted += n
		}
		programs := uint64(0)
		for _, g := range r.Failures {
			if g.Program {
				programs += g.Count
			}
		}
		// A packed stream has other lines than its bytes show.
		if r.Files[0].Packed == "stream" && len(r.Files[0].Problems) == 0 && r.Lines != want || counted != r.Requests || r.Failed > r.Requests || r.Requests+r.Unparsed > r.Lines ||
			r.Failing() != r.Failed+r.Errors-r.Joined {
			t.Errorf("%d lines (want %d), %d requests, %d failed, %d errors, %d joined, %d unparsed, %d failing, %d of programs", r.Lines, want, r.Requests, r.Failed, r.Errors, r.Joined, r.Unparsed, r.Failing(), programs)
		}
	})
}
