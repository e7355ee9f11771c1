package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/goodgatehq/goodgate/"

// arrows say which room may use which: a room may import what stands behind its
// name, and whatever those may. The reason stands beside each, so that who breaks
// an arrow knows what it would cost.
var arrows = map[string]struct {
	uses []string
	why  string
}{
	"vocab":    {nil, "the words come first: a word that needs code is no word"},
	"topo":     {[]string{"vocab"}, "who forwards to whom is told by dialects and read by all; it belongs to no product"},
	"pattern":  {nil, "an expression waits until it is used; what it is for, its room knows"},
	"evidence": {[]string{"topo", "pattern"}, "what a source may say, and the case that holds it, must be readable without any source"},
	"wire":     {nil, "protocols are bytes: the prober, the gateway and the lab speak the same ones"},
	"dialect":  {[]string{"evidence"}, "a product is described, never operated: its tests need no host"},
	"probe":    {[]string{"evidence", "wire"}, "a source asks and says facts; it knows no cause"},
	"host":     {[]string{"evidence"}, "a source asks the kernel and says facts; it knows no product and no cause"},
	"scan":     {[]string{"dialect"}, "the one engine for logs; what a line means stands in the dialect"},
	"survey":   {[]string{"dialect", "host", "probe"}, "which gateways run here is a question to the host, read by the dialects; some tell their configuration only where they are asked"},
	"cause":    {[]string{"evidence"}, "causes are tables over facts: they must hold for a captured case, without any source"},
	"infer":    {[]string{"cause"}, "inference is a pure function of items and causes: no clock, no network, no member"},
	"lint":     {[]string{"topo"}, "a risk is seen in the configuration alone"},
	"fix":      {[]string{"topo"}, "a remedy turns knobs; what to verify with is handed to it"},
	"doctor":   {[]string{"survey", "scan", "probe", "host", "infer", "fix"}, "one examination from end to end joins the sources with the inference"},
	"report":   {[]string{"doctor", "lint"}, "answers are written once for every machine that gives them"},
	"watch":    {[]string{"report", "doctor", "scan"}, "the daemon examines as the command line does"},
	"gateway":  {[]string{"vocab", "wire"}, "the reverse proxy must not depend on what diagnoses it: neither evidence nor inference"},
	"lab":      {[]string{"vocab", "wire"}, "what breaks things must not know the doctor that has to find out"},
	"web":      {[]string{"watch", "report", "gateway", "lab"}, "the pages show what the machines know"},
	"registry": {[]string{"dialect", "probe", "lint", "fix"}, "the only importer of members, so that each can be deleted"},
	"cli":      {[]string{"report", "watch", "web", "registry", "gateway", "lab"}, "the command line joins the machines; nothing imports it"},
}

// reachable is what a room may import: what it uses, and what those may import.
func reachable(room string) map[string]bool {
	all := map[string]bool{}
	var walk func(string)
	walk = func(r string) {
		for _, used := range arrows[r].uses {
			if !all[used] {
				all[used] = true
				walk(used)
			}
		}
	}
	walk(room)
	return all
}

// source is one file with its imports.
type source struct {
	path    string // "dialect/nginx/nginx.go"
	dir     string // "dialect/nginx"
	imports []string
	tree    *ast.File
}

func (s source) room() string { return firstOf(s.dir) }

func firstOf(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// sources parses every file of the rooms that is no test.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(path), dir: filepath.ToSlash(filepath.Dir(path)), tree: tree}
		for _, i := range tree.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, name)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files were found", len(all))
	}
	return all
}

func TestArrowsBetweenRooms(t *testing.T) {
	for _, s := range sources(t) {
		room, known := arrows[s.room()]
		if !known {
			t.Errorf("%s: the room %q is not in arrows_test.go: give it its arrows and the reason", s.path, s.room())
			continue
		}
		may := reachable(s.room())
		for _, i := range s.imports {
			inner, ours := strings.CutPrefix(i, module+"internal/")
			if !ours {
				continue
			}
			if to := firstOf(inner); to != s.room() && !may[to] {
				t.Errorf("%s imports %s: %s may use %s, because %s", s.path, inner, s.room(), strings.Join(room.uses, ", "), room.why)
			}
		}
	}
}

func TestArrowsHaveNoCycle(t *testing.T) {
	for room := range arrows {
		if reachable(room)[room] {
			t.Errorf("%s uses itself through others", room)
		}
		for _, used := range arrows[room].uses {
			if _, ok := arrows[used]; !ok {
				t.Errorf("%s uses %s, which is no room", room, used)
			}
		}
	}
	for _, forbidden := range [][2]string{
		{"cause", "probe"}, {"cause", "host"}, {"cause", "scan"}, {"cause", "survey"}, {"cause", "dialect"}, {"infer", "dialect"}, {"infer", "registry"},
		{"gateway", "evidence"}, {"gateway", "infer"}, {"lab", "doctor"}, {"dialect", "host"}, {"dialect", "probe"}, {"probe", "cause"}, {"host", "cause"},
	} {
		if reachable(forbidden[0])[forbidden[1]] {
			t.Errorf("%s may reach %s, and must not", forbidden[0], forbidden[1])
		}
	}
	for room := range arrows {
		if reachable(room)["cli"] {
			t.Errorf("%s may reach cli, and nothing may", room)
		}
	}
}

// members are the folders below dialect that export a product.
func members(all []source) map[string]bool {
	found := map[string]bool{}
	for _, s := range all {
		if s.room() != "dialect" || strings.Count(s.dir, "/") != 1 {
			continue
		}
		for _, d := range s.tree.Decls {
			if gen, ok := d.(*ast.GenDecl); ok && gen.Tok == token.VAR {
				for _, spec := range gen.Specs {
					if slices.ContainsFunc(spec.(*ast.ValueSpec).Names, func(n *ast.Ident) bool { return n.Name == "Dialect" }) {
						found[s.dir] = true
					}
				}
			}
		}
	}
	return found
}

func TestMembersKnowNoSibling(t *testing.T) {
	all := sources(t)
	member := members(all)
	if !member["dialect/nginx"] {
		t.Fatal("nginx is not found among the members: the test looks at the wrong place")
	}
	of := func(dir string) string {
		for m := range member {
			if dir == m || strings.HasPrefix(dir, m+"/") {
				return m
			}
		}
		return ""
	}
	for _, s := range all {
		for _, i := range s.imports {
			inner, ours := strings.CutPrefix(i, module+"internal/")
			to := of(inner)
			if !ours || to == "" || to == of(s.dir) || s.room() == "registry" {
				continue
			}
			t.Errorf("%s imports %s: members are imported by registry only, so that each can be deleted", s.path, inner)
		}
	}
}

// pureNet are the functions of package net that only read or write text.
var pureNet = []string{"SplitHostPort", "JoinHostPort", "ParseIP", "ParseCIDR", "IP", "IPNet", "IPMask", "CIDRMask"}

// TestDialectsDoNoIO holds dialects to bytes: what they need is handed to them.
func TestDialectsDoNoIO(t *testing.T) {
	for _, s := range sources(t) {
		if s.room() != "dialect" || s.dir == "dialect/suite" { // the suite serves tests
			continue
		}
		for _, i := range s.imports {
			switch {
			case i == "os", i == "syscall", strings.HasPrefix(i, "os/"), strings.HasPrefix(i, "net/http"), i == "io/ioutil", strings.HasPrefix(i, "golang.org/x/sys"):
				t.Errorf("%s imports %s: a dialect does no I/O, what it needs is handed to it as bytes", s.path, i)
			case i == "net":
				ast.Inspect(s.tree, func(n ast.Node) bool {
					if sel, ok := n.(*ast.SelectorExpr); ok {
						if x, ok := sel.X.(*ast.Ident); ok && x.Name == "net" && !slices.Contains(pureNet, sel.Sel.Name) {
							t.Errorf("%s uses net.%s: a dialect asks nothing of the network", s.path, sel.Sel.Name)
						}
					}
					return true
				})
			}
		}
	}
}

// TestMainIsWiring keeps main to what it is.
func TestMainIsWiring(t *testing.T) {
	files, err := filepath.Glob("../cmd/goodgate/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("cannot find main: %v", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 40 {
			t.Errorf("%s has %d lines: main is wiring, the rest belongs to cli", f, n)
		}
	}
}
