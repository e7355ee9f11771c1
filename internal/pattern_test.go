package internal

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

// TestPatternsCompile compiles every expression of the rooms: they are compiled
// when they are first used, and a mistake must not wait for that.
func TestPatternsCompile(t *testing.T) {
	all := sources(t)
	consts := map[string]ast.Expr{} // "evidence.addrShape"
	for _, s := range all {
		for _, d := range s.tree.Decls {
			if gen, ok := d.(*ast.GenDecl); ok && gen.Tok == token.CONST {
				for _, spec := range gen.Specs {
					v := spec.(*ast.ValueSpec)
					for i, value := range v.Values {
						consts[s.dir+"."+v.Names[i].Name] = value
					}
				}
			}
		}
	}
	found := 0
	for _, s := range all {
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isCall(call, "pattern", "New") {
				return true
			}
			found++
			text, ok := constant(call.Args[0], s.dir, consts)
			if !ok {
				t.Errorf("%s: an expression that is no constant cannot be checked", s.path)
			} else if _, err := regexp.Compile(text); err != nil {
				t.Errorf("%s: %v", s.path, err)
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d expressions were found: the test looks for the wrong thing", found)
	}
}

func isCall(call *ast.CallExpr, room, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == room && sel.Sel.Name == name
}

// constant is the text of an expression made of literals and constants of the
// folder.
func constant(e ast.Expr, dir string, consts map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.Ident:
		value, ok := consts[dir+"."+e.Name]
		if !ok {
			return "", false
		}
		return constant(value, dir, consts)
	case *ast.BinaryExpr:
		left, ok := constant(e.X, dir, consts)
		right, also := constant(e.Y, dir, consts)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}
