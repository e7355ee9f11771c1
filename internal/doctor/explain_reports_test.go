package doctor_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestReports explains what people pasted into public threads, in the wordings of
// many versions: testdata/reports.jsonl has the lines with other names and addresses
// than theirs, the thread, and what it turned out to be, or what its readers would
// have to look at. Where "first" is false the lines fit more than one cause, and the
// right one is among the first three.
func TestReports(t *testing.T) {
	text, err := os.ReadFile("testdata/reports.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for row := range strings.Lines(string(text)) {
		var c struct {
			Source, Product, Config string
			Lines                   []string
			Causes                  []vocab.Cause
			First                   bool
		}
		if err := json.Unmarshal([]byte(row), &c); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.Source, "https://") || len(c.Lines) == 0 || len(c.Causes) == 0 {
			t.Fatalf("a report without source, lines or causes: %s", row)
		}
		n++
		opts := doctor.ExplainOptions{Input: strings.NewReader(strings.Join(c.Lines, "\n") + "\n")}
		if c.Config != "" {
			opts.ConfigText = []byte(c.Config)
		}
		e := explain(t, opts)
		among := 3
		if c.First {
			among = 1
		}
		got := listed(e)
		if !slices.ContainsFunc(got[:min(among, len(got))], func(id vocab.Cause) bool { return slices.Contains(c.Causes, id) }) {
			t.Errorf("%s: %v, want %v among the first %d: %s", c.Source, got, c.Causes, among, c.Lines[0])
		}
	}
	if n < 40 {
		t.Errorf("%d reports were read", n)
	}
}
