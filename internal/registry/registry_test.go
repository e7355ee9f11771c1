package registry

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoDialectIsForgotten finds products whose folder exports a Dialect that the
// list does not hold.
func TestNoDialectIsForgotten(t *testing.T) {
	listed := map[string]bool{}
	for _, d := range Dialects() {
		if listed[d.Name] {
			t.Errorf("%s is listed twice", d.Name)
		}
		listed[d.Name] = true
		if d.Name == "" || d.Doc == "" {
			t.Errorf("%q says too little about itself: a dialect has a name and a sentence", d.Name)
		}
	}
	folders, err := os.ReadDir("../dialect")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() && exportsDialect(t, filepath.Join("../dialect", f.Name())) && !imported(t, f.Name()) {
			t.Errorf("internal/dialect/%s exports a Dialect and is not listed in registry.go", f.Name())
		}
	}
}

func exportsDialect(t *testing.T, dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if name.Name == "Dialect" {
						return true
					}
				}
			}
		}
	}
	return false
}

func imported(t *testing.T, folder string) bool {
	tree, err := parser.ParseFile(token.NewFileSet(), "registry.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range tree.Imports {
		if strings.HasSuffix(strings.Trim(i.Path.Value, `"`), "/internal/dialect/"+folder) {
			return true
		}
	}
	return false
}
