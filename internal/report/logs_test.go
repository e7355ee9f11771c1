package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/scan"
)

func TestLogsGolden(t *testing.T) {
	golden(t, "testdata/logs", func(in []byte, form string, s Style) ([]byte, error) {
		var r scan.Report
		if err := json.Unmarshal(in, &r); err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err := Logs(&out, form, &r, 3, s)
		return out.Bytes(), err
	})
}

func TestChartIsAsWideAsAsked(t *testing.T) {
	at := time.Date(2026, 8, 21, 0, 0, 0, 0, time.UTC)
	r := &scan.Report{Width: 60}
	for i := range 10_000 {
		r.Timeline = append(r.Timeline, scan.Bucket{Minute: at.Add(time.Duration(i) * time.Minute), Requests: 10, Failures: uint64(i % 2)})
	}
	c, ok := newChart(r, 80)
	if !ok || len(c.Failures) > 80 || len(c.Failures) < 60 {
		t.Fatalf("%d columns", len(c.Failures))
	}
	total := uint64(0)
	for _, n := range c.Failures {
		total += n
	}
	if total != 5000 {
		t.Errorf("%d failures in the picture, want 5000", total)
	}
	r.Timeline = append(r.Timeline, scan.Bucket{Minute: at.AddDate(77, 0, 0), Requests: 1})
	if c, _ := newChart(r, 80); c.Outside != 1 || c.To.Year() != 2026 {
		t.Errorf("a stray line stretches the picture to %s", c.To)
	}
	if _, ok := newChart(&scan.Report{Width: 60}, 80); ok {
		t.Error("a picture of nothing")
	}
}

func TestBarsShowEverything(t *testing.T) {
	if got := bars([]uint64{0, 1, 1000, 500}, true); got != " ▁█▅" {
		t.Errorf("%q", got)
	}
	if got := bars([]uint64{0, 1, 1000}, false); strings.TrimLeft(got, " ") != ".#" {
		t.Errorf("%q", got)
	}
}

func TestLogsFollowTheirSchema(t *testing.T) {
	for _, file := range []string{"incident", "grouped", "hostile"} {
		var r scan.Report
		if err := json.Unmarshal(part(parse(t, "testdata/logs/"+file+".txtar"), "in.json"), &r); err != nil {
			t.Fatal(err)
		}
		validates(t, "logs/v1", func(b *bytes.Buffer) error { return Logs(b, "json", &r, 0, Style{}) })
	}
}
