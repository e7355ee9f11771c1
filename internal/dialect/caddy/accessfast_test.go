package caddy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// reference reads a line with encoding/json; ok where countAccess may count it.
func reference(line string) (status int, minute int64, ok bool) {
	var v struct {
		Level, Logger string
		TS            float64
		Status        *int
	}
	if json.Unmarshal([]byte(line), &v) != nil || v.Status == nil || v.Level != "info" || !strings.HasPrefix(v.Logger, "http.log.access") {
		return 0, 0, false
	}
	return *v.Status, int64(v.TS) / 60 * 60, true
}

func TestAccessAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines []string
		for range rapid.IntRange(0, 20).Draw(t, "lines") {
			uri, err := json.Marshal(rapid.SampledFrom([]string{"/", `/a","status":200,"x":"`, `/\`, "/\x00"}).Draw(t, "uri"))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf(`{"level":"%s","ts":%d%s,"logger":"%s","msg":"handled request","request":{"uri":%s,"headers":{"Status":["200"]}},"duration":0.1,"size":1,"status":%d,"resp_headers":{"Status":["500"]}}`,
				rapid.SampledFrom([]string{"info", "info", "error"}).Draw(t, "level"), rapid.Int64Range(1787480000, 1787480300).Draw(t, "ts"),
				rapid.SampledFrom([]string{"", ".5", ".123456"}).Draw(t, "fraction"), rapid.SampledFrom([]string{"http.log.access", "http.log.access.log0", "http.log.error"}).Draw(t, "logger"),
				uri, rapid.SampledFrom([]int{200, 404, 499, 502, 0, 99}).Draw(t, "status")))
		}
		minutes := map[int64]*dialect.Minute{}
		tally := &dialect.Tally{Minute: func(unix int64) *dialect.Minute {
			if minutes[unix] == nil {
				minutes[unix] = &dialect.Minute{}
			}
			return minutes[unix]
		}}
		var handed []string
		countAccess([]byte(strings.Join(lines, "\n")), tally, func(line []byte) { handed = append(handed, string(line)) })

		var wantHanded []string
		wantStatus, wantMinutes := map[int]uint64{}, map[int64]uint64{}
		for _, l := range lines {
			status, minute, ok := reference(l)
			if !ok || status < 100 || status >= 500 || status == 499 {
				wantHanded = append(wantHanded, l)
				continue
			}
			wantStatus[status]++
			wantMinutes[minute]++
		}
		if strings.Join(handed, "\n") != strings.Join(wantHanded, "\n") {
			t.Fatalf("handed on %q, want %q", handed, wantHanded)
		}
		for status, n := range wantStatus {
			if tally.Status[status] != n {
				t.Fatalf("%d of status %d, want %d", tally.Status[status], status, n)
			}
		}
		for minute, n := range wantMinutes {
			if minutes[minute] == nil || minutes[minute].Requests != n {
				t.Fatalf("minute %d: %+v, want %d", minute, minutes[minute], n)
			}
		}
	})
}

func FuzzAccess(f *testing.F) {
	f.Add([]byte(`{"level":"info","ts":1787480130.123,"logger":"http.log.access","status":200}`))
	f.Add([]byte(`{"level":"info","ts":1787480130,"logger":"http.log.access","status":2`))
	f.Fuzz(func(t *testing.T, block []byte) {
		tally := &dialect.Tally{Minute: func(int64) *dialect.Minute { return &dialect.Minute{} }}
		handed, counted := uint64(0), uint64(0)
		countAccess(block, tally, func([]byte) { handed++ })
		for _, n := range tally.Status {
			counted += n
		}
		if handed+counted != tally.Lines {
			t.Errorf("%d handed on and %d counted of %d", handed, counted, tally.Lines)
		}
	})
}

func BenchmarkAccess(b *testing.B) {
	line := `{"level":"info","ts":1787480130.123456,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.7","remote_port":"4711","client_ip":"203.0.113.7","proto":"HTTP/2.0","method":"GET","host":"shop.example.com","uri":"/api/v1/users/42","headers":{"User-Agent":["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"],"Accept":["*/*"],"Accept-Encoding":["gzip, br"],"Referer":["-"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"shop.example.com"}},"bytes_read":0,"user_id":"","duration":0.123456,"size":5320,"status":200,"resp_headers":{"Server":["Caddy"],"Content-Type":["application/json"]}}` + "\n"
	block := bytes.Repeat([]byte(line), 256<<10/len(line))
	m := &dialect.Minute{}
	t := &dialect.Tally{Minute: func(int64) *dialect.Minute { return m }}
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		countAccess(block, t, func([]byte) { b.Fatal("handed on") })
	}
}
