package lab

import (
	"cmp"
	"slices"
	"strings"
)

// release is the release of a program that the scene runs, as needs names it.
// Beside Debian's there is a newer one of some, which no archive of this Debian
// has: scripts/install-peers gets it.
func (b *Bench) release(program string) string { return cmp.Or(b.releases[program], program) }

// withNewer adds to faults behind a product the same behind its newer release. One
// that needs the newer release stands behind that alone.
func withNewer(product string, all []Fault) []Fault {
	newer := product + "-new"
	only := func(f Fault) bool { return slices.Contains(f.Needs, newer) }
	both := slices.DeleteFunc(slices.Clone(all), only)
	for _, f := range all {
		start := f.Start
		f.Name = newer + strings.TrimPrefix(f.Name, product)
		f.Needs = slices.DeleteFunc(slices.Clone(f.Needs), func(need string) bool { return need == newer })
		f.Needs[slices.Index(f.Needs, product)] = newer
		f.Start = func(b *Bench) (Scene, error) {
			b.releases[product] = newer
			return start(b)
		}
		both = append(both, f)
	}
	return both
}
