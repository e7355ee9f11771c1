package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are what a newcomer reads first.
var documents = []string{"../README.md", "../ARCHITECTURE.md", "../CONTRIBUTING.md", "../docs/redaction.md"}

var (
	codeSpan = regexp.MustCompile("`((?:internal|cmd|docs|changelog|scripts)/[A-Za-z0-9_./*-]+)`")
	mdLink   = regexp.MustCompile(`\]\(([A-Za-z0-9_./-]+)\)`)
)

// TestDocumentsNameWhatIsThere finds paths in the documents that lead nowhere. A
// word in capitals stands for a name that the reader chooses.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	for _, doc := range documents {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, shape := range []*regexp.Regexp{codeSpan, mdLink} {
			for _, m := range shape.FindAllStringSubmatch(string(text), -1) {
				path := strings.TrimSuffix(m[1], "/")
				base := ".."
				if shape == mdLink {
					base = filepath.Dir(doc)
				}
				if path != strings.ToLower(path) && strings.HasPrefix(path, "internal/") { // internal/dialect/PRODUCT
					path = path[:strings.IndexFunc(path, func(r rune) bool { return 'A' <= r && r <= 'Z' })]
				}
				found++
				if hits, err := filepath.Glob(filepath.Join(base, path)); err != nil || len(hits) == 0 {
					t.Errorf("%s names %s, which is not there", doc, m[1])
				}
			}
		}
		if found == 0 && !strings.HasSuffix(doc, "redaction.md") {
			t.Errorf("%s names no path: the test looks for the wrong thing", doc)
		}
	}
}

// TestMakefileIsShort keeps the Makefile to what one reads at a glance.
func TestMakefileIsShort(t *testing.T) {
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 40 {
		t.Errorf("the Makefile has %d lines, 40 are enough", n)
	}
}
