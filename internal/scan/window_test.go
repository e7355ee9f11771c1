package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// toy is a log as simple as a log can be, so that a test can say what is right
// without help: "2026-08-21T10:15:30Z ok|bad|news endpoint path".
var toy = dialect.Log{
	Name: "toy", Kind: "access",
	Sniff: func(head []byte) int {
		if len(head) > 20 && head[19] == 'Z' {
			return 80
		}
		return 0
	},
	Line: func(line []byte, r *dialect.Record) dialect.Key {
		f := bytes.Fields(line)
		if len(f) != 4 || len(f[0]) != 20 {
			return dialect.Unparsed
		}
		r.Stamp, r.Endpoint, r.Path = f[0], f[2], f[3]
		switch string(f[1]) {
		case "ok":
			r.Status = 200
		case "bad":
			r.Status = 502
			return 2
		}
		return dialect.Plain
	},
	Time: func(stamp []byte, _ *time.Location, _ time.Time) (time.Time, bool) {
		t, err := time.Parse(time.RFC3339, string(stamp))
		return t, err == nil
	},
	Conds: []dialect.Condition{{}, {}, {ID: "bad", Symptom: vocab.ConnectionRefused, Fails: true, Fact: vocab.GatewayRefused}},
}

func openFile(path string) (File, error) { return os.Open(path) }

func write(t interface {
	Helper()
	Fatal(...any)
}, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 8, 21, 12, 0, 0, 0, time.UTC)

// TestWindowIsExact compares a window with what a plain reading of every line
// gives, on logs with disorder, undated lines and rubbish.
func TestWindowIsExact(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		at := noon
		n := rapid.IntRange(0, 3000).Draw(t, "lines")
		for range n {
			at = at.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "step")) * time.Second)
			stamp := at.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "late")) * time.Second).Format(time.RFC3339)
			switch rapid.IntRange(0, 9).Draw(t, "kind") {
			case 0:
				fmt.Fprintf(&b, "    at undated (line) %s\n", strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "pad")))
			case 1, 2:
				fmt.Fprintf(&b, "%s bad 10.0.0.1:80 /users/%d\n", stamp, at.Unix())
			default:
				fmt.Fprintf(&b, "%s ok 10.0.0.2:80 /a\n", stamp)
			}
		}
		path := filepath.Join(dir, "log")
		write(t, path, b.String())
		since := noon.Add(time.Duration(rapid.IntRange(-10, 4000).Draw(t, "since")) * time.Second)
		until := since.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "length")) * time.Second)

		wantBad, wantOK := 0, 0
		for line := range strings.Lines(b.String()) {
			f := strings.Fields(line)
			when, err := time.Parse(time.RFC3339, f[0])
			if err != nil || when.Before(since) || when.After(until) {
				continue
			}
			if f[1] == "bad" {
				wantBad++
			} else {
				wantOK++
			}
		}
		got, err := Window(context.Background(), openFile, path, toy, Options{Since: since, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		bad, ok := 0, 0
		for _, c := range got.Counts {
			bad += c.Count
		}
		for _, r := range got.Routes {
			ok += r.OK
		}
		if bad != wantBad || ok != wantOK {
			t.Fatalf("window %s..%s: %d bad and %d ok, want %d and %d", since, until, bad, ok, wantBad, wantOK)
		}
	})
}

func TestWindowReadsOnlyTheWindow(t *testing.T) {
	var b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&b, "%s ok 10.0.0.2:80 /a\n", noon.Add(time.Duration(i)*time.Second).Format(time.RFC3339))
	}
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, b.String())
	since := noon.Add(100_000 * time.Second)
	got, err := Window(context.Background(), openFile, path, toy, Options{Since: since, Until: since.Add(10 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines != 601 || got.Bytes > 100<<10 || !got.Complete || !got.From.Equal(since) {
		t.Errorf("got %d lines, %d bytes, complete %v, from %s", got.Lines, got.Bytes, got.Complete, got.From)
	}
}

func TestWindowSaysWhatItLacks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	line := func(i int) string {
		return noon.Add(time.Duration(i)*time.Second).Format(time.RFC3339) + " bad 10.0.0.1:80 /a\n"
	}
	write(t, path, line(0)+line(1)+"rubbish\n")
	write(t, path+".1", line(-20)+line(-5))
	for _, c := range []struct {
		name  string
		opt   Options
		why   string
		lines int
		place string
	}{
		{"whole", Options{}, "", 3, path + ":1"},
		{"rotated away", Options{Since: noon.Add(-10 * time.Second)}, "rotated_away", 3, path + ":1"},
		{"rotated, predecessor read", Options{Since: noon.Add(-10 * time.Second), Rotated: true}, "", 4, path + ".1:2"},
		{"buffered", Options{Buffered: true}, "buffered", 3, path + ":1"},
		{"cut", Options{MaxBytes: 50}, "cut", 2, path + ":2"},
	} {
		got, err := Window(context.Background(), openFile, path, toy, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		why := ""
		for _, r := range got.Why {
			why += string(r)
		}
		if why != c.why || got.Lines != c.lines || got.Complete != (c.why == "") || got.Hits[0].Place != c.place || got.Unparsed != 1 {
			t.Errorf("%s: why %q, lines %d, unparsed %d, first place %s", c.name, why, got.Lines, got.Unparsed, got.Hits[0].Place)
		}
		back, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var again Extract
		if err := json.Unmarshal(back, &again); err != nil || len(again.Hits) != len(got.Hits) {
			t.Errorf("%s: the extract does not survive JSON: %v", c.name, err)
		}
	}
}

func TestHitsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "%s bad 10.0.%d.1:80 /a%s\n", noon.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i%700, strings.Repeat("y", 30))
	}
	b.WriteString(noon.Format(time.RFC3339) + " bad 10.0.0.1:80 /" + strings.Repeat("z", 3<<20) + "\n")
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, b.String())
	got, err := Window(context.Background(), openFile, path, toy, Options{})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, c := range got.Counts {
		total += c.Count
	}
	if total != 5001 || len(got.Hits) > 2000 || len(got.Counts) > groupLimit+1 {
		t.Errorf("counted %d, kept %d hits of %d groups", total, len(got.Hits), len(got.Counts))
	}
	for _, h := range got.Hits {
		if len(h.Raw) > textLimit || len(h.Path) > textLimit {
			t.Errorf("a hit of %d bytes", len(h.Raw))
		}
	}
}

func TestTailAcrossRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	line := func(i int) string {
		return noon.Add(time.Duration(i)*time.Second).Format(time.RFC3339) + fmt.Sprintf(" bad 10.0.0.1:80 /n%d\n", i)
	}
	appendTo := func(path, text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	paths := func(m *Mark) string {
		got, err := Tail(context.Background(), openFile, m, toy, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, h := range got.Hits {
			s = append(s, h.Path)
		}
		return strings.Join(s, " ")
	}
	note := func() *Mark {
		m, err := Note(openFile, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m
	}

	missing := note()
	appendTo(path, line(1))
	if got := paths(missing); got != "/n1" {
		t.Errorf("a file that appears: %q", got)
	}
	m := note()
	if got := paths(m); got != "" {
		t.Errorf("nothing written: %q", got)
	}
	appendTo(path, line(2))
	if got := paths(m); got != "/n2" {
		t.Errorf("one line: %q", got)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	appendTo(path+".1", line(3))
	appendTo(path, line(4))
	if got := paths(m); got != "/n2 /n3 /n4" {
		t.Errorf("renamed: %q", got)
	}
	m = note()
	write(t, path, line(5)[:20])
	got, err := Tail(context.Background(), openFile, m, toy, Options{})
	if err != nil || len(got.Why) == 0 || got.Why[0] != Shrunk {
		t.Errorf("truncated: %v %v", got.Why, err)
	}
	half := note()
	appendTo(path, line(5)[20:])
	if got := paths(half); got != "/n5" {
		t.Errorf("a line that was half written at the mark: %q", got)
	}
}

func TestTemplate(t *testing.T) {
	for in, want := range map[string]string{
		"/":                      "/",
		"":                       "",
		"/users/42/posts":        "/users/{id}/posts",
		"/api/v2/items/9f86d081": "/api/v2/items/{id}",
		"/o/550e8400-e29b-41d4-a716-446655440000": "/o/{id}",
		"/img/8123.png?x=1":                       "/img/{id}.png",
		"/static/app.8b34f.js":                    "/static/app.{id}.js",
		"/v1.2/10.0.0.1":                          "/v1.2/{id}",
		"/static/app.js":                          "/static/app.js",
		"/http2/utf8/mp3":                         "/http2/utf8/mp3",
		"/t/eyJhbGciOiJIUzI1NiJ9":                 "/t/{id}",
		"/a/b/c/d/e/f/g/h/i/j/k":                  "/a/b/c/d/e/f/g/h/…",
		"/dates/2026-08-21":                       "/dates/{id}",
	} {
		if got := Template(in); got != want {
			t.Errorf("Template(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add([]byte("/users/42"))
	f.Add([]byte("//\x00/%2e/…"))
	f.Fuzz(func(t *testing.T, path []byte) {
		if got := AppendTemplate(nil, path); len(got) > 2*templateLimit+100 {
			t.Errorf("a template of %d bytes", len(got))
		}
	})
}
