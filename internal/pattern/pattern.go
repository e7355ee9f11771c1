// Package pattern holds regular expressions until they are used: compiling all of
// them took every process longer than the rest of its start, the gateway's too,
// which needs none.
package pattern

import (
	"regexp"
	"sync"
)

// New returns what compiles an expression at its first call and returns the same
// one from then on. It may be called by several goroutines. A mistake in the
// expression panics at that call; a test of the rooms compiles each.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
