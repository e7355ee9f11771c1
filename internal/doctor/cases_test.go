package doctor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// incident is a real incident: what the gateway and others wrote, and what it
// turned out to be.
type incident struct {
	ID     string        `json:"id"`
	Proxy  string        `json:"proxy"`
	Logs   []string      `json:"logs"`
	Config string        `json:"config"`
	Causes []vocab.Cause `json:"causes"`
	Needs  string        `json:"needs"`
}

func incidents(t *testing.T) []incident {
	t.Helper()
	f, err := os.Open("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []incident
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c incident
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// score is how many of a set of incidents were explained.
type score struct{ n, first, third int }

func (s score) String() string {
	return fmt.Sprintf("n %3d  top-1 %.2f  top-3 %.2f", s.n, float64(s.first)/float64(max(s.n, 1)), float64(s.third)/float64(max(s.n, 1)))
}

// TestIncidents explains the lines of real incidents, as pasted. The bars are for
// those behind nginx whose lines are enough for an expert.
func TestIncidents(t *testing.T) {
	scores := map[string]*score{}
	for _, c := range incidents(t) {
		opts := doctor.ExplainOptions{Input: strings.NewReader(strings.Join(c.Logs, "\n") + "\n"), Dialects: registry.Dialects()}
		if c.Config != "" {
			opts.ConfigText = []byte(c.Config)
		}
		e, err := doctor.Explain(context.Background(), opts)
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		var got []vocab.Cause
		for _, x := range e.Causes {
			got = append(got, x.ID)
		}
		first := len(got) > 0 && slices.Contains(c.Causes, got[0])
		third := slices.ContainsFunc(got[:min(3, len(got))], func(id vocab.Cause) bool { return slices.Contains(c.Causes, id) })
		if c.Proxy != "nginx" {
			continue
		}
		s := scores[c.Needs]
		if s == nil {
			s = &score{}
			scores[c.Needs] = s
		}
		s.n++
		if first {
			s.first++
		} else {
			t.Logf("%s (%s): want %v, got %v; unread %d", c.ID, c.Needs, c.Causes, got[:min(4, len(got))], e.Unread)
		}
		if third {
			s.third++
		}
	}
	for _, needs := range []string{"logs", "logs+config", "host", "network"} {
		if s := scores[needs]; s != nil {
			t.Logf("%-12s %v", needs, s)
		}
	}
	logs := scores["logs"]
	if float64(logs.first) < 0.7*float64(logs.n) || float64(logs.third) < 0.85*float64(logs.n) {
		t.Errorf("incidents that need only logs: %v; the bars are 0.70 and 0.85", logs)
	}
}
