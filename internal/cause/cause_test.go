package cause_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// headings are those of every card, in this order.
var headings = []string{"What it means", "How to confirm", "How to fix", "How to prevent"}

func TestEveryCauseOfTheVocabularyIsInAllOnce(t *testing.T) {
	var got, want []vocab.Cause
	for _, c := range cause.All() {
		got = append(got, c.ID)
	}
	for _, row := range vocab.Causes {
		want = append(want, row.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("All is not the vocabulary in its order:\n got %v\nwant %v", got, want)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range cause.All() {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
	if err := (cause.Cause{}).Validate(); err == nil {
		t.Error("the empty cause is valid")
	}
	bad := cause.All()[0]
	bad.Expects = append(slices.Clone(bad.Expects), cause.Expectation{Fact: "no_such_fact", Seen: 1})
	if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), "no_such_fact") {
		t.Errorf("a fact outside the vocabulary is let through: %v", err)
	}
}

// TestFilesAreNamedAfterTheirCause reads the package's source: each file that
// declares a Cause declares one, is named after its id, and that cause is in All.
func TestFilesAreNamedAfterTheirCause(t *testing.T) {
	ids := causeConstants(t)
	listed := listedInAll(t)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		vars := causeVars(t, name)
		declared += len(vars)
		if len(vars) > 1 {
			t.Errorf("%s declares %d causes: one file is one cause", name, len(vars))
		}
		for variable, constant := range vars {
			id, ok := ids[constant]
			if !ok {
				t.Errorf("%s: %s has no ID of the vocabulary", name, variable)
				continue
			}
			if want := strings.NewReplacer("/", "_", "-", "_").Replace(id) + ".go"; name != want {
				t.Errorf("cause %s stands in %s, want %s", id, name, want)
			}
			if !listed[variable] {
				t.Errorf("%s: cause %s (%s) is forgotten in All", name, id, variable)
			}
		}
	}
	if declared != len(cause.All()) {
		t.Errorf("the files declare %d causes, All has %d", declared, len(cause.All()))
	}
}

// causeVars returns the variables of file that are a Cause, with the name of the
// constant that is their ID.
func causeVars(t *testing.T, file string) map[string]string {
	t.Helper()
	vars := map[string]string{}
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, value := range spec.Values {
			lit, ok := value.(*ast.CompositeLit)
			if !ok {
				continue
			}
			if kind, ok := lit.Type.(*ast.Ident); !ok || kind.Name != "Cause" {
				continue
			}
			vars[spec.Names[i].Name] = ""
			for _, elt := range lit.Elts {
				kv, ok := elt.(*ast.KeyValueExpr)
				if !ok || kv.Key.(*ast.Ident).Name != "ID" {
					continue
				}
				if sel, ok := kv.Value.(*ast.SelectorExpr); ok {
					vars[spec.Names[i].Name] = sel.Sel.Name
				}
			}
		}
		return false
	})
	return vars
}

// listedInAll returns the variables that the function All returns.
func listedInAll(t *testing.T) map[string]bool {
	t.Helper()
	listed := map[string]bool{}
	for _, decl := range parse(t, "all.go").Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "All" {
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok {
					for _, elt := range lit.Elts {
						if id, ok := elt.(*ast.Ident); ok {
							listed[id.Name] = true
						}
					}
				}
				return true
			})
		}
	}
	return listed
}

// causeConstants returns the ids of the causes by the name of their constant.
func causeConstants(t *testing.T) map[string]string {
	t.Helper()
	ids := map[string]string{}
	ast.Inspect(parse(t, filepath.Join("..", "vocab", "cause.go")), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Cause" {
			ids[spec.Names[0].Name] = strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		}
		return false
	})
	if len(ids) == 0 {
		t.Fatal("found no cause in the vocabulary's source")
	}
	return ids
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWeightsAreInRange(t *testing.T) {
	for _, c := range cause.All() {
		seen := map[vocab.Fact]bool{}
		speaks := false
		for _, e := range c.Expects {
			if seen[e.Fact] {
				t.Errorf("%s weighs %s twice", c.ID, e.Fact)
			}
			seen[e.Fact] = true
			speaks = speaks || e.Seen > 0
			if e.Seen == 0 && e.Absent == 0 {
				t.Errorf("%s: %s weighs nothing", c.ID, e.Fact)
			}
			// 40 decibans are ten thousand to one: no single look is surer.
			if max(e.Seen, e.Absent) > 40 || min(e.Seen, e.Absent) < -40 {
				t.Errorf("%s: %s weighs %d/%d, more than 40", c.ID, e.Fact, e.Seen, e.Absent)
			}
			// A fact and its absence cannot both speak the same way.
			if e.Seen > 0 && e.Absent > 0 || e.Seen < 0 && e.Absent < 0 {
				t.Errorf("%s: %s speaks the same way seen and absent", c.ID, e.Fact)
			}
		}
		if !speaks {
			t.Errorf("%s: no fact speaks for it, so it can never be found", c.ID)
		}
	}
}

func TestKnobsAreInTheVocabulary(t *testing.T) {
	for _, c := range cause.All() {
		for _, f := range c.Fixes {
			if f.Text == "" {
				t.Errorf("%s has a fix without a text", c.ID)
			}
			if f.Knob != "" && !slices.Contains(vocab.Knobs, f.Knob) {
				t.Errorf("%s: knob %q is not in the vocabulary", c.ID, f.Knob)
			}
			if f.Knob == "" && f.Value != "" {
				t.Errorf("%s: the value %q belongs to no knob", c.ID, f.Value)
			}
		}
	}
}

// TestHidesHasNoCycle: a consequence of a consequence is one too, so a cycle
// would make a cause its own consequence.
func TestHidesHasNoCycle(t *testing.T) {
	hides := map[vocab.Cause][]vocab.Cause{}
	for _, c := range cause.All() {
		hides[c.ID] = c.Hides
	}
	done := map[vocab.Cause]bool{}
	var walk func(id vocab.Cause, path []vocab.Cause)
	walk = func(id vocab.Cause, path []vocab.Cause) {
		if i := slices.Index(path, id); i >= 0 {
			t.Errorf("causes hide each other in a circle: %v", append(path[i:], id))
			return
		}
		if done[id] {
			return
		}
		hidden, ok := hides[id]
		if !ok {
			t.Errorf("%v hides %s, which is not in All", path, id)
		}
		for _, h := range hidden {
			walk(h, append(slices.Clone(path), id))
		}
		done[id] = true
	}
	for _, c := range cause.All() {
		walk(c.ID, nil)
	}
}

var field = regexp.MustCompile(`\{([^{}]*)\}`)

// TestFieldsCanBeFilled: every field of a text is a role, the subject, or the
// value or place of a fact that the cause itself weighs.
func TestFieldsCanBeFilled(t *testing.T) {
	roles := []vocab.Role{vocab.RoleEndpoint, vocab.RolePool, vocab.RoleName, vocab.RoleResolver, vocab.RoleRoute, vocab.RoleGateway}
	for _, c := range cause.All() {
		texts := []string{c.Summary, c.Next}
		for _, f := range c.Fixes {
			texts = append(texts, f.Text, f.Value, f.Command)
		}
		for _, text := range texts {
			checkBrackets(t, c.ID, text)
			for _, m := range field.FindAllStringSubmatch(text, -1) {
				kind, fact, isFact := strings.Cut(m[1], ":")
				switch {
				case !isFact && (slices.Contains([]string{"subject", "path", "test", "reload", "pid"}, m[1]) || slices.Contains(roles, vocab.Role(m[1]))):
				case isFact && (kind == "value" || kind == "where") && weighs(c, vocab.Fact(fact)):
				default:
					t.Errorf("%s: nothing can fill %s in %q", c.ID, m[0], text)
				}
			}
		}
	}
}

// checkBrackets demands that brackets are paired and not nested, as infer.Fill
// reads them, and that each pair holds a field: a bracket without one is always
// kept, and so is a mistake.
func checkBrackets(t *testing.T, id vocab.Cause, text string) {
	t.Helper()
	open := -1
	for i, r := range text {
		switch {
		case r == '[' && open >= 0, r == ']' && open < 0:
			t.Errorf("%s: brackets do not pair in %q", id, text)
			return
		case r == '[':
			open = i
		case r == ']':
			if !strings.Contains(text[open:i], "{") {
				t.Errorf("%s: brackets without a field in %q", id, text)
			}
			open = -1
		}
	}
	if open >= 0 {
		t.Errorf("%s: a bracket is not closed in %q", id, text)
	}
}

func weighs(c cause.Cause, f vocab.Fact) bool {
	return slices.ContainsFunc(c.Expects, func(e cause.Expectation) bool { return e.Fact == f })
}

func TestSummariesAreOneSentence(t *testing.T) {
	for _, c := range cause.All() {
		if !strings.HasSuffix(c.Summary, ".") || strings.Contains(strings.TrimSuffix(c.Summary, "."), ". ") {
			t.Errorf("%s: the summary is not one sentence: %q", c.ID, c.Summary)
		}
		if c.Next == "" {
			t.Errorf("%s says nothing to look at next", c.ID)
		}
	}
}

func TestCards(t *testing.T) {
	for _, c := range cause.All() {
		card, err := cause.Card(c.ID)
		if err != nil {
			t.Error(err)
			continue
		}
		checkCard(t, c.ID, card)
	}
	if _, err := cause.Card("no/such"); err == nil {
		t.Error("there is a card for a cause that does not exist")
	}
}

func checkCard(t *testing.T, id vocab.Cause, card string) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(card, "\n"), "\n")
	if lines[0] != "# "+string(id) {
		t.Errorf("the card of %s begins with %q", id, lines[0])
	}
	if len(lines) < 15 || len(lines) > 45 {
		t.Errorf("the card of %s has %d lines, want 15 to 45", id, len(lines))
	}
	var found []string
	text := 0 // lines of text since the last heading
	for i, line := range lines {
		// Indented lines are commands and configuration: they cannot be wrapped.
		if len([]rune(line)) > 80 && !strings.HasPrefix(line, "    ") {
			t.Errorf("the card of %s: line %d has %d columns", id, i+1, len([]rune(line)))
		}
		if strings.TrimRight(line, " \t") != line {
			t.Errorf("the card of %s: line %d ends in blanks", id, i+1)
		}
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			if len(found) > 0 && text == 0 {
				t.Errorf("the card of %s: %q is empty", id, found[len(found)-1])
			}
			found, text = append(found, heading), 0
		} else if line != "" {
			text++
		}
	}
	if !slices.Equal(found, headings) {
		t.Errorf("the card of %s has the headings %q, want %q", id, found, headings)
	}
	if text == 0 {
		t.Errorf("the card of %s: its last part is empty", id)
	}
}

// TestNoStrayCards finds cards whose cause does not exist, and words in a card
// that look like an id and are none.
func TestNoStrayCards(t *testing.T) {
	known := map[string]bool{}
	families := map[string]bool{}
	for _, c := range cause.All() {
		known[string(c.ID)] = true
		families[c.ID.Family()] = true
	}
	id := regexp.MustCompile(`[a-z]+/[a-z]+(?:-[a-z]+)*`)
	err := filepath.WalkDir("card", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel("card", path)
		if own := strings.TrimSuffix(filepath.ToSlash(rel), ".md"); !known[own] {
			t.Errorf("%s is the card of no cause", path)
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(body), "\n") {
			if strings.HasPrefix(line, "    ") {
				continue
			}
			for _, loc := range id.FindAllStringIndex(line, -1) {
				word := line[loc[0]:loc[1]]
				if before := line[:loc[0]]; strings.HasSuffix(before, "/") || strings.HasSuffix(before, ".") {
					continue // a path
				}
				family, rest, _ := strings.Cut(word, "/")
				if families[family] && strings.Contains(rest, "-") && !known[word] {
					t.Errorf("%s speaks of %s, which is no cause", path, word)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
