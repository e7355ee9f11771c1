package doctor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
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
	Grade  string        `json:"grade"`
	Half   string        `json:"half"` // of testdata/cases_fresh.jsonl
}

func incidents(t *testing.T, path string) []incident {
	t.Helper()
	f, err := os.Open(path)
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
	outcomes := explainAll(t, "testdata/cases.jsonl")
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
	if *update {
		writeAccuracy(t, outcomes, scores)
	}
	for _, bar := range []struct {
		set          string
		first, third float64
	}{
		{"nginx logs", 0.85, 0.90},
		{"nginx logs+config", 0.88, 0.88},
		{"nginx host", 0.80, 1},
		{"nginx network", 0.50, 0.83},
		{"all logs", 0.80, 0.90},
		{"all", 0.70, 0.80},
	} {
		s := scores[bar.set]
		if float64(s.first) < bar.first*float64(s.n) || float64(s.third) < bar.third*float64(s.n) {
			t.Errorf("%s: %v; the bars are %.2f and %.2f", bar.set, s, bar.first, bar.third)
		}
	}
}

// accuracy is where -update writes what TestIncidents found.
const accuracy = "../../docs/accuracy-explain.md"

var update = flag.Bool("update", false, "write "+accuracy)

// writeAccuracy writes the shares by product and by what an incident needs, and
// what is missed.
func writeAccuracy(t *testing.T, outcomes []outcome, scores map[string]*score) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# How often `goodgate explain` is right\n\n" +
		"Real incidents from public threads, each as it was pasted (`internal/doctor/testdata/cases.jsonl`), against the cause that the thread\n" +
		"found in the end. *Needs* is the least evidence from which an expert could name the cause: where it is more than the lines,\n" +
		"`goodgate diagnose` on the host would look for it, and `explain` can only rank. Those who wrote goodgate have seen these incidents:\n" +
		"on those that they had not, the shares are lower, as the end of this page tells.\n\n" +
		"Written by `go test ./internal/doctor -run TestIncidents -update`.\n\n" +
		"| needs | incidents | first | among the first three |\n|---|---:|---:|---:|\n")
	row := func(name, set string) {
		s := scores[set]
		fmt.Fprintf(&b, "| %s | %d | %.2f | %.2f |\n", name, s.n, float64(s.first)/float64(s.n), float64(s.third)/float64(s.n))
	}
	for _, needs := range []string{"logs", "logs+config", "host", "network"} {
		row(needs, "all "+needs)
	}
	row("**all**", "all")
	b.WriteString("\n| product | incidents | first | among the first three |\n|---|---:|---:|---:|\n")
	var products []string
	for _, o := range outcomes {
		if !slices.Contains(products, o.Proxy) {
			products = append(products, o.Proxy)
		}
	}
	slices.Sort(products)
	for _, p := range products {
		row(p, p)
	}
	b.WriteString("\n## What is missed, and why\n\n")
	writeMissed(&b, outcomes)
	if err := os.WriteFile(accuracy, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeMissed(b *strings.Builder, outcomes []outcome) {
	b.WriteString("| incident | product | needs | the cause was | said first | why |\n|---|---|---|---|---|---|\n")
	for _, o := range outcomes {
		if !o.first {
			said := "nothing"
			if len(o.got) > 0 {
				said = string(o.got[0])
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", o.ID, o.Proxy, o.Needs, o.Causes[0], said, o.why())
		}
	}
}

// why says in general words why an incident is missed.
func (o outcome) why() string {
	place := slices.IndexFunc(o.got, func(id vocab.Cause) bool { return slices.Contains(o.Causes, id) })
	switch {
	case len(o.got) == 0 && o.unread > 0:
		return "no line is one that a known product writes about a failure"
	case len(o.got) == 0:
		return "the lines tell of no failure: the status is a success"
	case place >= 0 && (o.Needs == "host" || o.Needs == "network"):
		return fmt.Sprintf("the lines tell the symptom only; it is ranked %d, after what is more frequent", place+1)
	case place >= 0 && o.Needs == "logs+config":
		return fmt.Sprintf("ranked %d: the lines fit the first as well, and what is pasted of the configuration does not decide", place+1)
	case place >= 0:
		return fmt.Sprintf("ranked %d: the lines fit the first as well", place+1)
	case o.Grade == "text":
		return "a phrase without a reason; the cause is not among those that are frequent for it"
	}
	return "the lines name the symptom of another cause more plainly"
}

func explainAll(t *testing.T, path string) []outcome {
	t.Helper()
	var all []outcome
	for _, c := range incidents(t, path) {
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
