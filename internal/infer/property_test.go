package infer_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var kinds = []evidence.Kind{
	evidence.GatewayLog, evidence.AppLog, evidence.Kernel, evidence.Socket, evidence.Process, evidence.File,
	evidence.Config, evidence.DNS, evidence.Probe, evidence.OwnAnswer, evidence.History,
}

// drawItems draws items of any fact, kind and time; most are about the failure.
func drawItems(t *rapid.T, fromKinds []evidence.Kind) []evidence.Item {
	n := rapid.IntRange(0, 14).Draw(t, "n")
	items := make([]evidence.Item, n)
	for i := range items {
		info := rapid.SampledFrom(vocab.Facts).Draw(t, "fact")
		items[i] = evidence.Item{
			ID: fmt.Sprintf("e%d", i+1), Fact: info.ID, Subject: failed().Subjects[info.Role][0],
			Absent: rapid.IntRange(0, 4).Draw(t, "absent") == 0,
			Value:  rapid.SampledFrom([]string{"", "75s", "10.0.0.7:80"}).Draw(t, "value"),
			When:   start.Add(time.Duration(rapid.IntRange(-300, 900).Draw(t, "when")) * time.Second),
			Origin: evidence.Origin{Kind: rapid.SampledFrom(fromKinds).Draw(t, "kind"), Where: fmt.Sprintf("where %d", i)},
		}
		if rapid.IntRange(0, 5).Draw(t, "stranger") == 0 {
			items[i].Subject = "198.51.100.7:1"
		}
	}
	return items
}

// verdicts writes what must not depend on the order of the items.
func verdicts(r infer.Ranking) string {
	var out strings.Builder
	fmt.Fprintln(&out, r.Verdict)
	for _, f := range r.Findings {
		under := slices.Clone(f.Under)
		slices.Sort(under)
		fmt.Fprintf(&out, "%s %d %.3f %s %v %d %d\n", f.ID, f.Score, f.Confidence, f.Verdict, under, len(f.For), len(f.Against))
	}
	return out.String()
}

func TestOrderOfItemsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, kinds)
		shuffled := rapid.Permutation(items).Draw(t, "shuffled")
		a, b := verdicts(infer.Rank(cause.All(), failed(), items)), verdicts(infer.Rank(cause.All(), failed(), shuffled))
		if a != b {
			t.Fatalf("the order of the items changes the ranking:\n%s\n%s", a, b)
		}
	})
}

// TestOrderOfCasesDoesNotMatter shuffles the items of the real cases: they hit
// ties and folds that random items rarely do.
func TestOrderOfCasesDoesNotMatter(t *testing.T) {
	cases := readCases(t)
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(cases).Draw(t, "case")
		shuffled := rapid.Permutation(c.items).Draw(t, "shuffled")
		a, b := verdicts(infer.Rank(cause.All(), c.failure, c.items)), verdicts(infer.Rank(cause.All(), c.failure, shuffled))
		if a != b {
			t.Fatalf("%s: the order of the items changes the ranking:\n%s\n%s", c.path, a, b)
		}
	})
}

func TestConfidencesAreProbabilities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := infer.Rank(cause.All(), failed(), drawItems(t, kinds))
		sum, confirmed := 0.0, 0
		for i, f := range r.Findings {
			sum += f.Confidence
			if f.Confidence < 0 || f.Confidence > 1 || math.IsNaN(f.Confidence) {
				t.Fatalf("%s has a confidence of %v", f.ID, f.Confidence)
			}
			if i > 0 && f.Confidence > r.Findings[i-1].Confidence {
				t.Fatalf("not the most likely first:\n%s", table(r))
			}
			if f.Verdict == vocab.Confirmed {
				confirmed++
			}
			if len(f.For) == 0 {
				t.Fatalf("%s is a finding, and nothing speaks for it", f.ID)
			}
		}
		// Each confidence is rounded to three places.
		if limit := 1 + 0.0005*float64(len(r.Findings)); sum > limit {
			t.Fatalf("the confidences sum to %v:\n%s", sum, table(r))
		}
		if confirmed > 1 {
			t.Fatalf("two causes of one failure are confirmed:\n%s", table(r))
		}
	})
}

func TestStrangersChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, kinds)
		strangers := drawItems(t, kinds)
		for i := range strangers {
			strangers[i].ID = "s" + strangers[i].ID
			strangers[i].Subject = rapid.SampledFrom([]string{"127.0.0.1:30000", "127.0.0.1:300", "shop.example", "", "blog.example /"}).Draw(t, "subject")
		}
		a := table(infer.Rank(cause.All(), failed(), items))
		b := table(infer.Rank(cause.All(), failed(), append(slices.Clone(items), strangers...)))
		if a != b {
			t.Fatalf("items about something else change the ranking:\n%s\n%s", a, b)
		}
	})
}

// TestItemsOutsideTheWindowChangeNothing: yesterday's log explains nothing of
// today.
func TestItemsOutsideTheWindowChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, kinds)
		old := slices.DeleteFunc(drawItems(t, kinds), func(it evidence.Item) bool {
			info, _ := it.Fact.Info()
			return info.Span != vocab.Past
		})
		for i := range old {
			old[i].ID = "o" + old[i].ID
			old[i].When = start.Add(-time.Duration(rapid.IntRange(91, 100000).Draw(t, "ago")) * time.Second)
		}
		a := table(infer.Rank(cause.All(), failed(), items))
		b := table(infer.Rank(cause.All(), failed(), append(slices.Clone(items), old...)))
		if a != b {
			t.Fatalf("old items change the ranking:\n%s\n%s", a, b)
		}
	})
}

// TestGatewayAloneNeverConfirms: what only the failing gateway said, our own
// request through it and what was counted in its log are never enough.
func TestGatewayAloneNeverConfirms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, []evidence.Kind{evidence.GatewayLog, evidence.OwnAnswer, evidence.History})
		for _, f := range infer.Rank(cause.All(), failed(), items).Findings {
			if f.Verdict == vocab.Confirmed {
				t.Fatalf("%s is confirmed by the gateway alone: %v", f.ID, facts(f.For))
			}
		}
	})
}

// TestNoSingleFactOfTheGatewayConfirms goes through the table: one line of the
// gateway's log confirms no cause, however clear it is.
func TestNoSingleFactOfTheGatewayConfirms(t *testing.T) {
	for _, info := range vocab.Facts {
		r := infer.Rank(cause.All(), failed(), []evidence.Item{saw("e1", info.ID, evidence.GatewayLog)})
		if r.Verdict == vocab.Confirmed {
			t.Errorf("%s alone confirms:\n%s", info.ID, table(r))
		}
	}
}

// unweighed are the facts that no cause weighs: they tell people where they are,
// or decide what may be a witness.
var unweighed = []vocab.Fact{
	vocab.GatewayReloaded, vocab.GatewayBuffered, vocab.GatewayStatusMade, vocab.GatewayStatusUnknown,
	vocab.AppListening, vocab.AnswerEmpty, vocab.AnswerTimeout, vocab.TLSVerifyOn,
}

// TestEveryFactIsWeighed: a fact that no cause weighs is asked for in vain.
func TestEveryFactIsWeighed(t *testing.T) {
	for _, info := range vocab.Facts {
		weighed := slices.ContainsFunc(cause.All(), func(c cause.Cause) bool {
			return slices.ContainsFunc(c.Expects, func(e cause.Expectation) bool { return e.Fact == info.ID })
		})
		if !weighed && !slices.Contains(unweighed, info.ID) {
			t.Errorf("no cause weighs %s (%s)", info.ID, info.Meaning)
		}
		if weighed && slices.Contains(unweighed, info.ID) {
			t.Errorf("%s is weighed: take it out of this test's list", info.ID)
		}
	}
}

func FuzzFill(f *testing.F) {
	for _, c := range cause.All() {
		f.Add(c.Summary)
		f.Add(c.Next)
	}
	f.Add("[{a}[{b}]")
	f.Fuzz(func(t *testing.T, text string) {
		got := infer.Fill(text, map[string]string{"endpoint": endpoint})
		if !strings.ContainsAny(text, "[]{}") && got != text {
			t.Fatalf("Fill(%q) = %q", text, got)
		}
		if len(got) > len(text)*len(endpoint)+len(endpoint) {
			t.Fatalf("Fill(%q) grew to %d bytes", text, len(got))
		}
	})
}
