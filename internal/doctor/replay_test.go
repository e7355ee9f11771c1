package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// captured is every case below testdata/captured. They were captured from real
// faults with `goodgate lab demo NAME --capture FILE`; the name before the first
// dot is the cause's last word.
func captured(t *testing.T) map[string]*evidence.Case {
	t.Helper()
	files, err := filepath.Glob("testdata/captured/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captured cases: %v", err)
	}
	cases := map[string]*evidence.Case{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c, err := evidence.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		cases[strings.TrimSuffix(filepath.Base(f), ".txtar")] = c
	}
	return cases
}

// causeOf is how the id of the cause of a captured case ends.
func causeOf(name string) string {
	word, _, _ := strings.Cut(name, ".")
	return "/" + word
}

func replay(t *testing.T, c *evidence.Case) *doctor.Diagnosis {
	t.Helper()
	d, err := doctor.Replay(context.Background(), c, registry.Dialects())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCapturedCasesKeepTheirCause repeats captured cases: newer code derives the
// items anew and still names the cause.
func TestCapturedCasesKeepTheirCause(t *testing.T) {
	for name, c := range captured(t) {
		t.Run(name, func(t *testing.T) {
			d := replay(t, c)
			if len(d.Causes) == 0 || !strings.HasSuffix(string(d.Causes[0].ID), causeOf(name)) {
				t.Errorf("verdict %s, causes %v", d.Verdict, ids(d.Causes))
			}
		})
	}
}

// TestReplayIsAFunction: the same case gives the same diagnosis, byte for byte.
func TestReplayIsAFunction(t *testing.T) {
	for name, c := range captured(t) {
		first, err := json.Marshal(replay(t, c))
		if err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(replay(t, c))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s: two replays differ", name)
		}
	}
}

// TestLessEvidenceNeverConfirmsAnother takes each answer away in turn: the
// verdict may get less sure, and must not become sure of something else.
func TestLessEvidenceNeverConfirmsAnother(t *testing.T) {
	for name, c := range captured(t) {
		for i, a := range c.Answers {
			poorer := *c
			poorer.Answers = slices.Delete(slices.Clone(c.Answers), i, i+1)
			d := replay(t, &poorer)
			if len(d.Causes) > 0 && d.Causes[0].Verdict == vocab.Confirmed && !strings.HasSuffix(string(d.Causes[0].ID), causeOf(name)) {
				t.Errorf("%s without %s %s: confirmed %s", name, a.Source, a.Subject, d.Causes[0].ID)
			}
			if d.Verdict == vocab.Healthy {
				t.Errorf("%s without %s %s: healthy", name, a.Source, a.Subject)
			}
		}
	}
}

// TestDamagedAnswersAreSurvived replaces each answer by what no source says.
func TestDamagedAnswersAreSurvived(t *testing.T) {
	for name, c := range captured(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range c.Answers {
				damaged := *c
				damaged.Answers = slices.Clone(c.Answers)
				damaged.Answers[i].Body = json.RawMessage([]string{`{}`, `null`, `[]`, `"x"`, `{"list":null}`}[i%5])
				replay(t, &damaged)
			}
		})
	}
}

func ids(causes []doctor.Cause) []vocab.Cause {
	var all []vocab.Cause
	for _, c := range causes {
		all = append(all, c.ID)
	}
	return all
}
