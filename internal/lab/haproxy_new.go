package lab

import (
	"slices"
	"strings"
)

// haproxyNew is the newer HAProxy that scenes run beside Debian's, as needs names
// it. No archive of this Debian has it: scripts/install-peers fetches its files.
const haproxyNew = "haproxy-new"

// withNewer adds to faults behind HAProxy the same behind the newer one.
func withNewer(all []Fault) []Fault {
	for _, f := range all {
		start := f.Start
		f.Name = haproxyNew + strings.TrimPrefix(f.Name, "haproxy")
		f.Needs = slices.Clone(f.Needs)
		f.Needs[slices.Index(f.Needs, "haproxy")] = haproxyNew
		f.Start = func(b *Bench) (Scene, error) {
			b.haproxy = haproxyNew
			return start(b)
		}
		all = append(all, f)
	}
	return all
}
