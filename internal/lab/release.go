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
	only := func(f Fault) bool { return slices.Contains(f.Needs, product+"-new") }
	both := slices.DeleteFunc(slices.Clone(all), only)
	for _, f := range all {
		both = append(both, newer(product, f))
	}
	return both
}

// newer is the fault behind the newer release of its product.
func newer(product string, f Fault) Fault {
	release, start := product+"-new", f.Start
	f.Name = release + "-" + strings.TrimPrefix(f.Name, product+"-")
	f.Needs = slices.DeleteFunc(slices.Clone(f.Needs), func(need string) bool { return need == release })
	f.Needs[slices.Index(f.Needs, product)] = release
	f.Start = func(b *Bench) (Scene, error) {
		b.releases[product] = release
		return start(b)
	}
	return f
}

// nginxNewer are some of the faults behind nginx, behind its newer release: where
// what nginx does or writes has changed between the two, and one of each kind else.
func nginxNewer(all []Fault) []Fault {
	var some []Fault
	for _, f := range all {
		switch f.Name {
		case "down-stopped", "mismatch-http-to-h2c", "handshake-sni", "handshake-client-certificate-13",
			"keepalive-announced", "invalid-reload-refused", "truncated-header", "healthy-keepalive":
			some = append(some, newer("nginx", f))
		}
	}
	return some
}
