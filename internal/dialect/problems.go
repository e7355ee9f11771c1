package dialect

import (
	"fmt"
	"slices"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// Problems collects what is wrong with a configuration: each once, and the first
// hundred, after which nobody reads on.
type Problems []topo.Problem

// Fatal notes what keeps the product from loading the configuration.
func (p *Problems) Fatal(at topo.Place, format string, args ...any) {
	p.Add(at, true, format, args...)
}

// Warn notes what does not.
func (p *Problems) Warn(at topo.Place, format string, args ...any) { p.Add(at, false, format, args...) }

// Broken reports whether something is fatal.
func (p Problems) Broken() bool {
	return slices.ContainsFunc(p, func(x topo.Problem) bool { return x.Fatal })
}

// Add notes a problem.
func (p *Problems) Add(at topo.Place, fatal bool, format string, args ...any) {
	x := topo.Problem{Place: at, Text: fmt.Sprintf(format, args...), Fatal: fatal}
	if len(*p) < 100 && !slices.Contains(*p, x) {
		*p = append(*p, x)
	}
}

// Clip shortens what a problem quotes of a file.
func Clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
