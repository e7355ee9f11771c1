package suite

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Entry is one condition of a catalog that was extracted from the products'
// sources independently of the matchers: testdata/catalog.jsonl of a member.
type Entry struct {
	ID      string        `json:"id"`
	Example string        `json:"example"`
	Symptom vocab.Symptom `json:"symptom"`
	Status  int           `json:"status"` // 0: none
	Causes  []vocab.Cause `json:"candidate_causes"`
	Regex   string        `json:"regex"`
	Rank    int           `json:"regex_rank"` // the higher one is right where several match
}

// Correction says what the vocabulary says instead of the catalog. Nil fields
// are as in the catalog.
type Correction struct {
	Why     string
	Symptom *vocab.Symptom
	Status  *int
	Causes  []vocab.Cause
}

// Is returns p to v, for the fields of a Correction.
func Is[T any](v T) *T { return &v }

// Read returns the entries of a catalog.
func Read(t testing.TB, path string) []Entry {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var entries []Entry
	for _, row := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
		var e Entry
		if err := json.Unmarshal(row, &e); err != nil {
			t.Fatalf("cannot read %s: %v", path, err)
		}
		entries = append(entries, e)
	}
	return entries
}

// Examples returns the examples of entries as those of a log.
func Examples(log string, entries []Entry) []Example {
	var list []Example
	for _, e := range entries {
		list = append(list, Example{Log: log, Line: e.Example})
	}
	return list
}

// Oracle is a catalog and where the matchers differ from it on purpose.
type Oracle struct {
	Entries     []Entry
	Corrections map[string]Correction
	// Skip lists entries of which the example is no failure as it stands, with
	// the reason.
	Skip map[string]string
	// Refines lists conditions of the matcher, each with the one of the
	// expressions that it tells apart more finely.
	Refines map[string][]string
}

// Catalog checks that each entry's example has a condition with the entry's
// symptom, status and causes, and that matcher and regular expressions agree on
// mutated examples.
func Catalog(t *testing.T, log dialect.Log, o Oracle) {
	t.Helper()
	byID := map[string]bool{}
	for _, e := range o.Entries {
		byID[e.ID] = true
		if o.Skip[e.ID] != "" {
			continue
		}
		check(t, log, e, o.Corrections[e.ID])
	}
	for id, c := range o.Corrections {
		if !byID[id] || c.Why == "" {
			t.Errorf("%s: the correction is of no entry, or has no reason", id)
		}
	}
	agree(t, log, o)
}

func check(t *testing.T, log dialect.Log, e Entry, c Correction) {
	t.Helper()
	var r dialect.Record
	cond := log.Conds[log.Line([]byte(e.Example), &r)]
	if cond.ID == "" {
		t.Errorf("%s: no condition for %q", e.ID, e.Example)
		return
	}
	symptom, status, causes := e.Symptom, e.Status, e.Causes
	if c.Symptom != nil {
		symptom = *c.Symptom
	}
	if c.Status != nil {
		status = *c.Status
	}
	if c.Causes != nil {
		causes = c.Causes
	}
	if cond.Symptom != symptom || cond.Status != status {
		t.Errorf("%s: condition %s has %q %d, the catalog %q %d: %q", e.ID, cond.ID, cond.Symptom, cond.Status, symptom, status, e.Example)
	}
	// A condition may hold several entries; each one's candidates are among its
	// own, the first one first among them.
	if len(causes) > 0 && !ordered(cond.Causes, causes) {
		t.Errorf("%s: condition %s has candidates %v, the catalog %v", e.ID, cond.ID, cond.Causes, causes)
	}
}

// ordered reports whether all of want are in got, in the same order.
func ordered(got, want []vocab.Cause) bool {
	for _, c := range want {
		i := slices.Index(got, c)
		if i < 0 {
			return false
		}
		got = got[i+1:]
	}
	return true
}

// agree compares the matcher with the regular expressions on mutated examples:
// wherever an expression matches, the matcher sees the condition of one of the
// entries of the highest rank.
func agree(t *testing.T, log dialect.Log, o Oracle) {
	t.Helper()
	entries := o.Entries
	exprs := make([]*regexp.Regexp, len(entries))
	conds := make([]string, len(entries))
	var r dialect.Record
	for i, e := range entries {
		exprs[i] = regexp.MustCompile(e.Regex)
		conds[i] = log.Conds[log.Line([]byte(e.Example), &r)].ID
	}
	compared := 0
	for i, e := range entries {
		if !exprs[i].MatchString(e.Example) {
			t.Errorf("%s: the expression does not match its own example", e.ID)
		}
		for _, m := range mutate(e.Example) {
			var want []string
			best := -1
			for j := range entries {
				if entries[j].Rank < best || !exprs[j].MatchString(m) {
					continue
				}
				if entries[j].Rank > best {
					best, want = entries[j].Rank, nil
				}
				want = append(want, conds[j])
			}
			if want == nil {
				continue
			}
			compared++
			if got := log.Conds[log.Line([]byte(m), &r)].ID; !slices.Contains(want, got) && !refines(o.Refines[got], want) {
				t.Errorf("%s mutated: matcher says %q, the expressions %q: %q", e.ID, got, want, m)
			}
		}
	}
	if compared < len(entries) {
		t.Errorf("only %d mutated lines of %d entries matched an expression", compared, len(entries))
	}
}

// refines reports whether one of coarse is among want.
func refines(coarse, want []string) bool {
	return slices.ContainsFunc(coarse, func(id string) bool { return slices.Contains(want, id) })
}

var (
	errnoText = regexp.MustCompile(`\((\d+): [^)]*\)`)
	levelText = regexp.MustCompile(`\[(error|warn|crit|alert|info|notice)\]`)
)

// mutate returns variants of a line: other errnos, another level, a referrer
// that holds fields, a text cut short, other numbers.
func mutate(s string) []string {
	list := []string{
		s + `, referrer: "http://x/"`,
		s + `, referrer: "z", upstream: "http://192.0.2.66/", host: "evil"`,
		s[:len(s)*3/4],
		s[:len(s)*9/10],
		strings.ReplaceAll(s, "4711", "815"),
		strings.ReplaceAll(s, "8080", "3000"),
		s + "\r",
	}
	for _, errno := range []string{
		"(111: Connection refused)", "(61: Connection refused)", "(113: No route to host)", "(110: Operation timed out)", "(13: Permission denied)",
		"(104: Connection reset by peer)", "(54: Connection reset by peer)", "(101: Network unreachable)", "(2: No such file or directory)",
		"(24: No file descriptors available)", "(32: Broken pipe)", "(28: No space left on device)", "(99: Address not available)", "(98: Address in use)",
	} {
		if errnoText.MatchString(s) {
			list = append(list, errnoText.ReplaceAllLiteralString(s, errno))
		}
	}
	for _, level := range []string{"[error]", "[info]", "[crit]"} {
		if levelText.MatchString(s) {
			list = append(list, levelText.ReplaceAllLiteralString(s, level))
		}
	}
	return list
}

// Lines checks a file of real lines: on each row the id of the condition that
// is expected, "-" for plain or "?" for a line that is not understood, a tab,
// and the line. It returns the lines that are understood.
func Lines(t *testing.T, log dialect.Log, path string) []Example {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []Example
	rows := bufio.NewScanner(bytes.NewReader(b))
	rows.Buffer(nil, 1<<20)
	for n := 1; rows.Scan(); n++ {
		want, text, ok := strings.Cut(rows.Text(), "\t")
		if !ok {
			t.Fatalf("%s:%d: no tab", path, n)
		}
		key := Line(t, log, []byte(text))
		got := log.Conds[key].ID
		switch key {
		case dialect.Unparsed:
			got = "?"
		case dialect.Plain:
			got = "-"
		}
		if got != want {
			t.Errorf("%s:%d: %q, want %q: %s", path, n, got, want, text)
		}
		if key != dialect.Unparsed {
			list = append(list, Example{Log: log.Name, Line: text})
		}
	}
	return list
}

// Seeds returns the lines of such a file as examples, without checking them.
func Seeds(t testing.TB, log dialect.Log, path string) []Example {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []Example
	for _, row := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
		if _, text, ok := bytes.Cut(row, []byte("\t")); ok {
			list = append(list, Example{Log: log.Name, Line: string(text)})
		}
	}
	return list
}
