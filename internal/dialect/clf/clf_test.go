package clf

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// plain is what a combined line is, said as plainly as possible.
var plain = regexp.MustCompile(`(?s)^(?:[^\[]+ - -|[^ \[]+ - [^ \[][^\[]*) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([^"]+)" (\d{3}) \d+ "(?:[^"]*[^"\\])?" "(?:(?:.*[^\\])?"|(?:[^"]*[^"\\])?" .*)$`)

// reference reads a block with the expression above and package time.
func reference(block string) (status map[int]int, minutes map[int64]int, rest []string) {
	status, minutes = map[int]int{}, map[int64]int{}
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		m := plain.FindStringSubmatch(line)
		if m == nil || strings.HasSuffix(m[2], `\`) {
			rest = append(rest, line)
			continue
		}
		when, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[1])
		n, _ := strconv.Atoi(m[3])
		if err != nil || when.Year() < 1971 || when.Year() > 2199 || n < 100 || n >= 500 || n == 499 {
			rest = append(rest, line)
			continue
		}
		status[n]++
		minutes[when.Truncate(time.Minute).Unix()]++
	}
	return status, minutes, rest
}

func scanned(block string) (*dialect.Tally, map[int64]*dialect.Minute, []string) {
	minutes := map[int64]*dialect.Minute{}
	t := &dialect.Tally{}
	t.Minute = func(unix int64) *dialect.Minute {
		if minutes[unix] == nil {
			minutes[unix] = &dialect.Minute{}
		}
		return minutes[unix]
	}
	var rest []string
	Extended([]byte(block), t, func(line []byte) { rest = append(rest, string(line)) })
	return t, minutes, rest
}

func line(t *rapid.T) string {
	when := time.Unix(1787480130+rapid.Int64Range(0, 600).Draw(t, "time"), 0).UTC()
	if rapid.IntRange(0, 9).Draw(t, "zone") == 0 {
		when = when.In(time.FixedZone("", 7200))
	}
	user := rapid.SampledFrom([]string{"-", "jo", "a b", "x[y", "-[21/Aug/2026"}).Draw(t, "user")
	request := rapid.SampledFrom([]string{"GET / HTTP/1.1", `\x16\x03\x01`, `GET /\" 200 HTTP/1.1`, "-", `GET /a" 500 1 "`}).Draw(t, "request")
	status := rapid.SampledFrom([]int{200, 204, 301, 404, 499, 500, 502, 503, 504, 9, 0, 101}).Draw(t, "status")
	return fmt.Sprintf(`203.0.113.%d - %s [%s] "%s" %03d %d "-" "curl/8.5.0"`,
		rapid.IntRange(0, 255).Draw(t, "client"), user, when.Format("02/Jan/2006:15:04:05 -0700"), request, status, rapid.IntRange(0, 99999).Draw(t, "bytes"))
}

// mutate changes, cuts and inserts bytes.
func mutate(t *rapid.T, s string) string {
	b := []byte(s)
	for range rapid.IntRange(0, 3).Draw(t, "mutations") {
		if len(b) == 0 {
			break
		}
		i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		c := rapid.SampledFrom([]byte("\n\x00 \"[]/:-+9a\\\xff")).Draw(t, "byte")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			b[i] = c
		case 1:
			b = append(b[:i], b[i+1:]...)
		case 2:
			b = append(b[:i], append([]byte{c}, b[i:]...)...)
		case 3:
			b = b[:i]
		}
	}
	return string(b)
}

func TestCombinedAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 30).Draw(t, "lines") {
			l := line(t)
			if rapid.Bool().Draw(t, "mutated") {
				l = mutate(t, l)
			}
			b.WriteString(l + "\n")
		}
		block := b.String()
		status, minutes, rest := reference(block)
		tally, gotMinutes, gotRest := scanned(block)
		if strings.Join(rest, "\n") != strings.Join(gotRest, "\n") {
			t.Fatalf("handed on:\n%q\nwant:\n%q", gotRest, rest)
		}
		for s, n := range tally.Status {
			if int(n) != status[s] {
				t.Fatalf("%d lines of status %d, want %d", n, s, status[s])
			}
		}
		for m, n := range minutes {
			if gotMinutes[m] == nil || int(gotMinutes[m].Requests) != n {
				t.Fatalf("minute %d: %+v, want %d", m, gotMinutes[m], n)
			}
		}
		if int(tally.Lines) != strings.Count(block, "\n") {
			t.Fatalf("%d lines, want %d", tally.Lines, strings.Count(block, "\n"))
		}
	})
}

// TestCombinedIsStrict: what follows the last quote makes it another format.
func TestCombinedIsStrict(t *testing.T) {
	line := `203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 1 "-" "x"`
	for text, counted := range map[string]uint64{line: 1, line + " 0.001": 0, line + ` "-"`: 1, line + `\"`: 0} {
		tally := &dialect.Tally{Minute: func(int64) *dialect.Minute { return &dialect.Minute{} }}
		Combined([]byte(text+"\n"), tally, func([]byte) {})
		if tally.Status[200] != counted {
			t.Errorf("%s: %d counted, want %d", text, tally.Status[200], counted)
		}
	}
}

func FuzzCombined(f *testing.F) {
	f.Add(`1.2.3.4 - - [21/Aug/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 1 "-" "x"` + "\n")
	f.Add("\n\n[")
	f.Fuzz(func(t *testing.T, block string) {
		tally, _, rest := scanned(block)
		var counted uint64
		for _, n := range tally.Status {
			counted += n
		}
		if counted+uint64(len(rest)) != tally.Lines {
			t.Errorf("%d counted and %d handed on of %d", counted, len(rest), tally.Lines)
		}
	})
}

func BenchmarkCombined(b *testing.B) {
	line := `203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET /api/v1/users/42/posts?page=2 HTTP/1.1" 200 5320 "https://www.example.com/start" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"` + "\n"
	block := bytes.Repeat([]byte(line), 256<<10/len(line))
	m := &dialect.Minute{}
	t := &dialect.Tally{Minute: func(int64) *dialect.Minute { return m }}
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		Combined(block, t, func([]byte) { b.Fatal("handed on") })
	}
}
