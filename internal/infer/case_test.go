package infer_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// -update rewrites first, verdict and under of every want.json, and takes "open"
// out of those that are right now. What a case forbids (never, and what its name
// says) is never rewritten.
var update = flag.Bool("update", false, "rewrite want.json of the cases below ../cause/testdata")

const caseRoot = "../cause/testdata"

// want is what a case demands of the ranking.
type want struct {
	First   vocab.Cause   `json:"first"` // the most likely cause; empty: none
	Verdict vocab.Verdict `json:"verdict"`
	Under   []vocab.Cause `json:"under,omitempty"` // folded under the first
	Never   []vocab.Cause `json:"never"`           // must not be confirmed
	// Open says why the table does not give this answer yet. Such a case is known
	// to fail, and has to lose this line when it no longer does.
	Open string `json:"open,omitempty"`
}

// ruling is one file below testdata.
type ruling struct {
	path    string
	about   vocab.Cause // the cause that the folder names
	name    string      // "fires-…" or "not-…"
	archive *txtar.Archive
	failure evidence.Failure
	items   []evidence.Item
	want    want
}

// withinReach are the causes whose whole evidence the examination of an nginx
// host can collect: each needs a case that fires and one that must not.
var withinReach = []vocab.Cause{
	vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamHung, vocab.UpstreamSlow, vocab.UpstreamRestarting,
	vocab.WorkerKilled, vocab.WorkersExhausted, vocab.AppError, vocab.WrongAddress, vocab.SocketPermission,
	vocab.TimeoutTooShort, vocab.BufferTooSmall, vocab.ProtocolMismatch, vocab.TLSUntrusted, vocab.TLSHandshake,
	vocab.KeepaliveRace, vocab.StaleDNS, vocab.NoResolver, vocab.InvalidConfig, vocab.NotApplied, vocab.Maintenance,
	vocab.NoSuchName, vocab.ResolverUnreachable, vocab.Filtered, vocab.Unreachable, vocab.NoHealthyUpstream,
	vocab.PartialOutage, vocab.InvalidResponse, vocab.TruncatedResponse, vocab.EmptyResponse, vocab.EarlyClose,
	vocab.Aborted, vocab.ProxyLoop, vocab.RateLimited,
}

// decisive is the weight from which one fact alone makes a cause likely against
// anything: such a cause must show a case that fires.
const decisive = 20

func TestCases(t *testing.T) {
	for _, c := range readCases(t) {
		t.Run(string(c.about)+"/"+c.name, func(t *testing.T) { c.check(t) })
	}
}

func (c *ruling) check(t *testing.T) {
	got := infer.Rank(cause.All(), c.failure, c.items)
	complaints := c.complaints(got)
	if *update && (c.want.Open == "" || len(complaints) == 0) {
		c.rewrite(t, got)
		complaints = c.complaints(got)
	}
	switch {
	case c.want.Open != "" && len(complaints) == 0:
		t.Errorf("%s is right now: take \"open\" out of its want.json, or run this test with -update (it said: %s)", c.path, c.want.Open)
	case c.want.Open != "":
		t.Logf("known to be wrong: %s\n%s", c.want.Open, strings.Join(complaints, "\n"))
	case len(complaints) > 0:
		t.Errorf("%s\n%s\n%s", c.path, strings.Join(complaints, "\n"), table(got))
	}
}

// complaints says in which ways got is not what the case demands.
func (c *ruling) complaints(got infer.Ranking) []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	var first infer.Finding
	if len(got.Findings) > 0 {
		first = got.Findings[0]
	}
	if first.ID != c.want.First {
		say("first is %q, want %q", first.ID, c.want.First)
	}
	if got.Verdict != c.want.Verdict {
		say("verdict is %q, want %q", got.Verdict, c.want.Verdict)
	}
	for _, id := range c.want.Under {
		if !slices.Contains(first.Under, id) {
			say("%s is not folded under %s: %v", id, first.ID, first.Under)
		}
	}
	for _, f := range got.Findings {
		if f.Verdict == vocab.Confirmed && slices.Contains(c.want.Never, f.ID) {
			say("%s must not be confirmed", f.ID)
		}
		if f.Verdict == vocab.Confirmed && f.ID == c.about && strings.HasPrefix(c.name, "not-") {
			say("%s must not be confirmed in a not-case of its own", f.ID)
		}
	}
	return bad
}

// rewrite puts got's first cause, verdict and folded causes into the file.
func (c *ruling) rewrite(t *testing.T, got infer.Ranking) {
	w := c.want
	w.First, w.Verdict, w.Open = "", got.Verdict, ""
	under := w.Under
	w.Under = nil
	if len(got.Findings) > 0 {
		w.First = got.Findings[0].ID
		w.Under = slices.DeleteFunc(under, func(id vocab.Cause) bool { return !slices.Contains(got.Findings[0].Under, id) })
	}
	body, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.archive.Files {
		if c.archive.Files[i].Name == "want.json" {
			if bytes.Equal(bytes.TrimSpace(c.archive.Files[i].Data), body) {
				return
			}
			c.archive.Files[i].Data = append(body, '\n')
		}
	}
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
	c.want = w
}

// TestCasesAreWhole checks the shape of the cases: each says its situation, its
// facts are words of the vocabulary, and its want agrees with its name.
func TestCasesAreWhole(t *testing.T) {
	for _, c := range readCases(t) {
		if len(bytes.TrimSpace(c.archive.Comment)) < 20 {
			t.Errorf("%s does not say its situation", c.path)
		}
		fires := strings.HasPrefix(c.name, "fires-")
		if !fires && !strings.HasPrefix(c.name, "not-") {
			t.Errorf("%s is named neither fires-… nor not-…", c.path)
		}
		if fires != (c.want.First == c.about) && !(!fires && c.want.Verdict != vocab.Confirmed) {
			t.Errorf("%s wants %s (%s) first", c.path, c.want.First, c.want.Verdict)
		}
		ids := map[string]bool{}
		for _, it := range c.items {
			if _, ok := it.Fact.Info(); !ok {
				t.Errorf("%s: fact %q is not in the vocabulary", c.path, it.Fact)
			}
			if it.ID == "" || ids[it.ID] {
				t.Errorf("%s: item id %q is empty or used twice", c.path, it.ID)
			}
			ids[it.ID] = true
			if it.Origin.Kind == "" || it.Origin.Where == "" || it.When.IsZero() || it.Subject == "" {
				t.Errorf("%s: item %s lacks an origin, a time or a subject", c.path, it.ID)
			}
		}
		for _, id := range append([]vocab.Cause{c.want.First}, c.want.Never...) {
			if id != "" && !slices.ContainsFunc(vocab.Causes, func(r struct {
				ID      vocab.Cause
				Meaning string
			}) bool {
				return r.ID == id
			}) {
				t.Errorf("%s wants %q, which is no cause", c.path, id)
			}
		}
	}
}

// TestEveryCauseHasItsCases demands a firing and a not-firing case of each cause
// within reach, and a firing one where a single fact is decisive.
func TestEveryCauseHasItsCases(t *testing.T) {
	fires, not := map[vocab.Cause]int{}, map[vocab.Cause]int{}
	for _, c := range readCases(t) {
		if strings.HasPrefix(c.name, "fires-") {
			fires[c.about]++
		} else {
			not[c.about]++
		}
	}
	for _, c := range cause.All() {
		reach := slices.Contains(withinReach, c.ID)
		strong := slices.ContainsFunc(c.Expects, func(e cause.Expectation) bool { return e.Seen >= decisive })
		if fires[c.ID] == 0 && (reach || strong) {
			t.Errorf("%s has no case that fires: write %s/%s/fires-….txtar", c.ID, caseRoot, c.ID)
		}
		if not[c.ID] == 0 && reach {
			t.Errorf("%s has no case in which it must not fire: write %s/%s/not-….txtar", c.ID, caseRoot, c.ID)
		}
	}
}

// TestDecoysChangeNothing takes the items that are not about the failure out of
// every case and demands the same ranking.
func TestDecoysChangeNothing(t *testing.T) {
	dropped := 0
	for _, c := range readCases(t) {
		kept := slices.DeleteFunc(slices.Clone(c.items), func(it evidence.Item) bool {
			info, _ := it.Fact.Info()
			return !slices.Contains(c.failure.Subjects[info.Role], it.Subject)
		})
		dropped += len(c.items) - len(kept)
		whole, less := infer.Rank(cause.All(), c.failure, c.items), infer.Rank(cause.All(), c.failure, kept)
		if a, b := table(whole), table(less); a != b {
			t.Errorf("%s: items about something else change the ranking\nwith:\n%s\nwithout:\n%s", c.path, a, b)
		}
	}
	if dropped == 0 {
		t.Error("no case has a decoy about something else")
	}
}

func readCases(t *testing.T) []*ruling {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(caseRoot, "*", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found no case below %s: %v", caseRoot, err)
	}
	var all []*ruling
	for _, path := range files {
		all = append(all, readCase(t, path))
	}
	return all
}

func readCase(t *testing.T, path string) *ruling {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, file := filepath.Split(filepath.ToSlash(strings.TrimPrefix(path, caseRoot+string(filepath.Separator))))
	c := &ruling{path: path, about: vocab.Cause(strings.Trim(dir, "/")), name: strings.TrimSuffix(file, ".txtar"), archive: archive}
	into := map[string]any{"failure.json": &c.failure, "items.json": &c.items, "want.json": &c.want}
	for _, f := range archive.Files {
		d := json.NewDecoder(bytes.NewReader(f.Data))
		d.DisallowUnknownFields()
		if into[f.Name] == nil {
			t.Fatalf("%s holds %s, which no case has", path, f.Name)
		}
		if err := d.Decode(into[f.Name]); err != nil {
			t.Fatalf("%s: cannot read %s: %v", path, f.Name, err)
		}
		delete(into, f.Name)
	}
	if len(into) > 0 {
		t.Fatalf("%s lacks %d of failure.json, items.json, want.json", path, len(into))
	}
	return c
}

// table writes a ranking so that two can be compared and read.
func table(r infer.Ranking) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", r.Verdict)
	for _, f := range r.Findings {
		fmt.Fprintf(&out, "%6.3f %4d %-9s %s under %v for %v against %v\n", f.Confidence, f.Score, f.Verdict, f.ID, f.Under, facts(f.For), facts(f.Against))
	}
	return out.String()
}

func facts(items []evidence.Item) []string {
	var list []string
	for _, it := range items {
		s := string(it.Fact)
		if it.Absent {
			s = "no " + s
		}
		list = append(list, s)
	}
	return list
}
