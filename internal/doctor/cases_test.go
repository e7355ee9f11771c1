package doctor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// outcome is what explain made of one incident.
type outcome struct {
	incident
	got          []vocab.Cause
	unread       int
	first, third bool
}

// TestIncidents explains the lines of real incidents, as pasted, and holds the
// shares of right answers against bars: for those behind nginx and for those of
// every product whose lines are enough for an expert, and over all.
func TestIncidents(t *testing.T) {
	outcomes := explainAll(t)
	scores := map[string]*score{}
	for _, o := range outcomes {
		sets := []string{"all", "all " + o.Needs, o.Proxy}
		if o.Proxy == "nginx" {
			sets = append(sets, "nginx "+o.Needs)
		}
		for _, set := range sets {
			if scores[set] == nil {
				scores[set] = &score{}
			}
			scores[set].add(o)
		}
		if !o.first {
			t.Logf("%s %s (%s): want %v, got %v; unread %d", o.ID, o.Proxy, o.Needs, o.Causes, o.got[:min(4, len(o.got))], o.unread)
		}
	}
	for _, set := range slices.Sorted(maps.Keys(scores)) {
		t.Logf("%-28s %v", set, scores[set])
	}
	for _, bar := range []struct {
		set          string
		first, third float64
	}{
		{"nginx logs", 0.85, 0.90},
		{"nginx logs+config", 0.88, 0.88},
		{"nginx host", 0.80, 1},
		{"nginx network", 0.50, 0.83},
		{"all logs", 0.70, 0.85},
		{"all", 0.50, 0.70},
	} {
		s := scores[bar.set]
		if float64(s.first) < bar.first*float64(s.n) || float64(s.third) < bar.third*float64(s.n) {
			t.Errorf("%s: %v; the bars are %.2f and %.2f", bar.set, s, bar.first, bar.third)
		}
	}
}

func explainAll(t *testing.T) []outcome {
	t.Helper()
	var all []outcome
	for _, c := range incidents(t) {
		opts := doctor.ExplainOptions{Input: strings.NewReader(strings.Join(c.Logs, "\n") + "\n"), Dialects: registry.Dialects()}
		if c.Config != "" {
			opts.ConfigText = []byte(c.Config)
		}
		e, err := doctor.Explain(context.Background(), opts)
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		o := outcome{incident: c, unread: e.Unread}
		for _, x := range e.Causes {
			o.got = append(o.got, x.ID)
		}
		o.first = len(o.got) > 0 && slices.Contains(c.Causes, o.got[0])
		o.third = slices.ContainsFunc(o.got[:min(3, len(o.got))], func(id vocab.Cause) bool { return slices.Contains(c.Causes, id) })
		all = append(all, o)
	}
	return all
}

func (s *score) add(o outcome) {
	s.n++
	if o.first {
		s.first++
	}
	if o.third {
		s.third++
	}
}
