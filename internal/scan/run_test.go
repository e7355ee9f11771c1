package scan

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/clf"
)

// combined is a combined access log, read with a regular expression and with
// the fast path.
var combinedLine = regexp.MustCompile(`(?s)^(?:([^\[]+) - -|([^ \[]+) - [^ \[][^\[]*) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([^"]+)" (\d{3}) \d+ "(?:[^"]*[^"\\])?" "(?:(?:.*[^\\])?"|(?:[^"]*[^"\\])?" .*)$`)

var combined = dialect.Log{
	Name: "combined", Kind: "access", Access: clf.Combined,
	Sniff: func(head []byte) int {
		line, _, _ := bytes.Cut(head, newline)
		if combinedLine.Match(line) {
			return 80
		}
		return 0
	},
	Line: func(line []byte, r *dialect.Record) dialect.Key {
		m := combinedLine.FindSubmatch(line)
		if m == nil || bytes.HasSuffix(m[4], []byte{'\\'}) {
			return dialect.Unparsed
		}
		r.Client, r.Stamp, r.Request = append(m[1], m[2]...), m[3], m[4]
		r.Status, _ = strconv.Atoi(string(m[5]))
		if f := bytes.Fields(m[4]); len(f) == 3 {
			r.Method, r.Path = f[0], f[1]
		}
		return dialect.Plain
	},
	Time: func(stamp []byte, _ *time.Location, _ time.Time) (time.Time, bool) {
		t, err := time.Parse("02/Jan/2006:15:04:05 -0700", string(stamp))
		return t, err == nil
	},
	Conds: []dialect.Condition{{}, {}},
}

var both = []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toy}}, {Name: "clf", Logs: []dialect.Log{combined}}}

// want is what a plain reading of the lines gives.
type want struct {
	window      bool
	status      map[string]uint64
	failed, bad uint64
	minutes     map[int64][2]uint64
	routes      map[string]uint64
}

func reference(text string, since, until time.Time) want {
	w := want{window: !since.IsZero(), status: map[string]uint64{}, minutes: map[int64][2]uint64{}, routes: map[string]uint64{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		line = strings.TrimSuffix(line, "\r")
		m := combinedLine.FindStringSubmatch(line)
		if m == nil || strings.HasSuffix(m[4], `\`) {
			if strings.TrimSpace(line) != "" {
				w.bad++
			}
			continue
		}
		when, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[3])
		if err == nil && (!since.IsZero() && when.Before(since) || !until.IsZero() && when.After(until)) {
			continue
		}
		w.status[m[5]]++
		fails := m[5] >= "500"
		if fails {
			w.failed++
			route := ""
			if f := strings.Fields(m[4]); len(f) == 3 {
				route = Template(f[1])
			}
			w.routes[m[5]+" "+route]++
		}
		if err == nil {
			b := w.minutes[when.Truncate(time.Minute).Unix()]
			b[0]++
			if fails {
				b[1]++
			}
			w.minutes[when.Truncate(time.Minute).Unix()] = b
		}
	}
	return w
}

func (w want) compare(t interface{ Fatalf(string, ...any) }, got *Report) {
	if fmt.Sprint(got.Status) != fmt.Sprint(w.status) {
		t.Fatalf("status %v, want %v", got.Status, w.status)
	}
	if w.window {
		w.bad = got.Unparsed // lines without a time are not in a window
	}
	if got.Failed != w.failed || got.Unparsed != w.bad {
		t.Fatalf("failed %d, unparsed %d; want %d, %d", got.Failed, got.Unparsed, w.failed, w.bad)
	}
	minutes := map[int64][2]uint64{}
	for _, b := range got.Timeline {
		minutes[b.Minute.Unix()] = [2]uint64{b.Requests, b.Failures}
	}
	if fmt.Sprint(minutes) != fmt.Sprint(w.minutes) {
		t.Fatalf("minutes %v, want %v", minutes, w.minutes)
	}
	routes := map[string]uint64{}
	for _, f := range got.Failures {
		routes[fmt.Sprintf("%d %s", f.Status, f.Route)] += f.Count
	}
	if fmt.Sprint(routes) != fmt.Sprint(w.routes) {
		t.Fatalf("routes %v, want %v", routes, w.routes)
	}
}

func generated(t *rapid.T) string {
	var b strings.Builder
	at := time.Date(2026, 8, 21, 10, 0, 0, 0, time.UTC)
	for range rapid.IntRange(0, 200).Draw(t, "lines") {
		at = at.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "step")) * time.Second)
		l := fmt.Sprintf(`10.0.0.%d - %s [%s] "%s" %s %d "-" "curl/8.5.0"`, rapid.IntRange(1, 9).Draw(t, "client"),
			rapid.SampledFrom([]string{"-", "jo", "a b"}).Draw(t, "user"), at.Format("02/Jan/2006:15:04:05 -0700"),
			rapid.SampledFrom([]string{"GET / HTTP/1.1", "POST /users/42 HTTP/1.1", `\x16\x03`, "GET /a?b=c HTTP/1.1"}).Draw(t, "request"),
			rapid.SampledFrom([]string{"200", "200", "404", "499", "502", "504", "000", "009"}).Draw(t, "status"), 42)
		if rapid.IntRange(0, 9).Draw(t, "mutate") == 0 {
			c := rapid.SampledFrom([]string{"\n", "\x00", `"`, " ", "[", "\xff", "\r", `\"`, "", "\x1b[31m"}).Draw(t, "with")
			i := rapid.IntRange(0, len(l)).Draw(t, "at")
			l = l[:i] + c + l[min(len(l), i+rapid.IntRange(0, 40).Draw(t, "gone")):]
		}
		b.WriteString(l + rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n"}).Draw(t, "end"))
	}
	text := b.String()
	return text[:len(text)-min(len(text), rapid.IntRange(0, 60).Draw(t, "cut"))]
}

// TestRunAgreesWithReference holds the engine against a plain reading, on
// generated and mutated logs, plain and packed, whole and in a window.
func TestRunAgreesWithReference(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := generated(t)
		var since, until time.Time
		if rapid.Bool().Draw(t, "window") {
			since = time.Date(2026, 8, 21, 10, 0, rapid.IntRange(-60, 600).Draw(t, "since"), 0, time.UTC)
			until = since.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "length")) * time.Second)
		}
		how := rapid.SampledFrom([]string{"plain", "gzip", "zstd", "stream"}).Draw(t, "how")
		in := Input{Path: filepath.Join(dir, "log")}
		switch how {
		case "stream":
			in.Stream = strings.NewReader(text)
		default:
			write(t, in.Path, packed(t, how, text))
		}
		cfg := Config{Dialects: both, Open: openFile, Since: since, Until: until, Location: time.UTC, Workers: rapid.IntRange(1, 3).Draw(t, "workers"),
			Force: &Forced{"clf", combined}}
		got, err := Run(context.Background(), []Input{in}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		reference(text, since, until).compare(t, got)
		for _, f := range got.Failures {
			number, _ := strconv.Atoi(f.Example.Place[strings.LastIndexByte(f.Example.Place, ':')+1:])
			lines := strings.Split(text, "\n")
			if number < 1 || number > len(lines) || !strings.HasPrefix(lines[number-1], f.Example.Line) {
				t.Fatalf("%s is not %q", f.Example.Place, f.Example.Line)
			}
		}
	})
}

func packed(t interface{ Fatal(...any) }, how, text string) string {
	var b bytes.Buffer
	switch how {
	case "gzip":
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
	case "zstd":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		z.Write([]byte(text))
		z.Close()
	default:
		return text
	}
	return b.String()
}

// big returns a log of several chunks.
func big(lines int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	at := time.Date(2026, 8, 21, 0, 0, 0, 0, time.UTC)
	for i := range lines {
		status := 200
		if i%lines > lines/2 && i < lines/2+lines/20 && rng.IntN(3) == 0 {
			status = 502
		}
		fmt.Fprintf(&b, "10.0.%d.%d - - [%s] \"GET /items/%d?q=%s HTTP/1.1\" %d 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
			rng.IntN(256), rng.IntN(256), at.Add(time.Duration(i)*100*time.Millisecond).Format("02/Jan/2006:15:04:05 -0700"), rng.IntN(1e6), strings.Repeat("x", rng.IntN(60)), status)
	}
	return b.String()
}

func TestChunksAddUp(t *testing.T) {
	text := big(300_000)
	path := filepath.Join(t.TempDir(), "access.log")
	write(t, path, text)
	if len(text) < 2*chunkSize {
		t.Fatalf("%d bytes are fewer than two chunks", len(text))
	}
	w := reference(text, time.Time{}, time.Time{})
	for _, workers := range []int{1, 3} {
		got, err := Run(context.Background(), []Input{{Path: path}}, Config{Dialects: both, Open: openFile, Workers: workers, Polite: true})
		if err != nil {
			t.Fatal(err)
		}
		w.compare(t, got)
		if len(got.Incidents) != 1 || got.Files[0].Lines != 300_000 || got.Bytes != uint64(len(text)) {
			t.Errorf("%d workers: incidents %+v, %d lines, %d bytes", workers, got.Incidents, got.Files[0].Lines, got.Bytes)
		}
		since := time.Date(2026, 8, 21, 5, 0, 7, 0, time.UTC)
		until := since.Add(17 * time.Minute)
		got, err = Run(context.Background(), []Input{{Path: path}}, Config{Dialects: both, Open: openFile, Workers: workers, Since: since, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		reference(text, since, until).compare(t, got)
		if got.Bytes > uint64(len(text))/10 {
			t.Errorf("a window of 17 minutes read %d of %d bytes", got.Bytes, len(text))
		}
	}
}

func TestBrokenInputIsTold(t *testing.T) {
	dir := t.TempDir()
	text := big(20_000)
	gz := packed(t, "gzip", text)
	write(t, filepath.Join(dir, "cut.gz"), gz[:len(gz)/2])
	write(t, filepath.Join(dir, "long.log"), strings.Repeat("a", 5<<20)+"\n"+text)
	write(t, filepath.Join(dir, "nul.log"), strings.Repeat("\x00", 3<<20)+text)
	write(t, filepath.Join(dir, "empty.log"), "")
	write(t, filepath.Join(dir, "binary.log"), strings.Repeat("\x7fELF\x00\xff\n", 1000))
	var inputs []Input
	for _, n := range []string{"cut.gz", "long.log", "nul.log", "empty.log", "binary.log", "missing.log", "."} {
		inputs = append(inputs, Input{Path: filepath.Join(dir, n)})
	}
	inputs = append(inputs, Input{Path: filepath.Join(dir, "denied.log")}, Input{Path: filepath.Join(dir, "long.log")})
	got, err := Run(context.Background(), inputs, Config{Dialects: both, Workers: 2, Open: func(path string) (File, error) {
		if strings.HasSuffix(path, "denied.log") {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
		return openFile(path)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		lines    [2]int64
		problem  string
		unparsed uint64
	}{
		{[2]int64{5_000, 19_999}, "unexpected EOF", 1},
		{[2]int64{20_001, 20_001}, "", 1},
		{[2]int64{20_000, 20_001}, "", 1},
		{[2]int64{0, 0}, "", 0},
		{[2]int64{1000, 1000}, "", 1000},
		{[2]int64{0, 0}, "no such file", 0},
		{[2]int64{0, 0}, "directory", 0},
		{[2]int64{0, 0}, "permission denied", 0},
		{[2]int64{20_001, 20_001}, "", 1},
	} {
		f := got.Files[i]
		if f.Lines < c.lines[0] || f.Lines > c.lines[1] || f.Unparsed > c.unparsed || !strings.Contains(strings.Join(f.Problems, "; "), c.problem) || (c.problem == "") != (len(f.Problems) == 0) {
			t.Errorf("%s: %d lines, %d unparsed, problems %q", f.Path, f.Lines, f.Unparsed, f.Problems)
		}
	}
}

// shrinking is a file that loses its second half while it is read.
type shrinking struct{ *os.File }

func (s shrinking) ReadAt(p []byte, off int64) (int, error) {
	if off > 8<<20 {
		if err := s.Truncate(8 << 20); err != nil {
			return 0, err
		}
	}
	return s.File.ReadAt(p, off)
}

func TestShrinkingFileIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	write(t, path, big(200_000))
	got, err := Run(context.Background(), []Input{{Path: path}}, Config{Dialects: both, Open: func(p string) (File, error) {
		f, err := os.OpenFile(p, os.O_RDWR, 0)
		return shrinking{f}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if p := strings.Join(got.Files[0].Problems, ";"); !strings.Contains(p, "shorter") || got.Lines == 0 {
		t.Errorf("%d lines, problems %q", got.Lines, p)
	}
}

func TestNothingIsAllocatedPerLine(t *testing.T) {
	var b bytes.Buffer
	at := time.Date(2026, 8, 21, 10, 0, 0, 0, time.UTC)
	for i := range 5000 {
		status := "ok"
		if i%3 == 0 {
			status = "bad"
		}
		fmt.Fprintf(&b, "%s %s 10.0.0.%d:80 /users/%d\n", at.Add(time.Duration(i)*time.Millisecond).Format(time.RFC3339), status, i%9, i)
	}
	cfg := Config{Dialects: []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toyFast()}}}, Location: time.UTC, Groups: 4000}
	r := newRun(cfg)
	src := &source{log: 0}
	src.begin(1)
	w := newWorker(r.logs, &r.cfg, r.seed)
	w.begin(src, 0)
	w.block(b.Bytes()) // makes the groups
	allocs := testing.AllocsPerRun(20, func() { w.block(b.Bytes()) })
	if perLine := allocs / 5000; perLine > 0.001 {
		t.Errorf("%.4f allocations per line", perLine)
	}
}

// toyFast is toy without the allocations of its own convenience.
func toyFast() dialect.Log {
	l := toy
	l.Line = func(line []byte, r *dialect.Record) dialect.Key {
		if len(line) < 30 {
			return dialect.Unparsed
		}
		r.Stamp = line[:20]
		word, rest, _ := bytes.Cut(line[21:], []byte{' '})
		r.Endpoint, r.Path, _ = bytes.Cut(rest, []byte{' '})
		r.Status = 200
		if string(word) == "bad" {
			r.Status = 502
			return 2
		}
		return dialect.Plain
	}
	return l
}

// TestMemoryIsBounded reads failures of a million distinct routes, hosts and
// upstreams.
func TestMemoryIsBounded(t *testing.T) {
	r := newRun(Config{Dialects: []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toyFast()}}}, Location: time.UTC, Groups: 1000})
	src := &source{log: 0}
	src.begin(1)
	w := newWorker(r.logs, &r.cfg, r.seed)
	w.begin(src, 0)
	const n = 1_000_000
	var b []byte
	hot := uint64(0)
	for i := range n {
		route := fmt.Sprintf("/r%c%c%c%c%c", 'a'+i%23, 'a'+i/23%23, 'a'+i/529%23, 'a'+i/12167%23, 'a'+i/279841%23)
		if i%10 == 0 {
			route, hot = "/hot", hot+1
		}
		b = fmt.Appendf(b, "2026-08-21T10:15:30Z bad h%d:80 %s\n", i%5, route)
		if len(b) > 100<<10 || i == n-1 {
			w.block(b)
			b = b[:0]
		}
	}
	w.end()
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	r.sources = []*source{src}
	rep := r.report(w.finish())
	var total, gotHot uint64
	for _, f := range rep.Failures {
		total += f.Count
		if f.Route == "/hot" {
			gotHot += f.Count
		}
	}
	if total != n || gotHot != hot || len(rep.Failures) > 1000 || stats.HeapAlloc > 40<<20 {
		t.Errorf("%d failures in %d groups, %d of %d on the hot route, %d bytes of heap", total, len(rep.Failures), gotHot, hot, stats.HeapAlloc)
	}
}
