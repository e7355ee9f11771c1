// Package varnish knows Varnish Cache 6 and 7: its processes, its VCL and how that
// treats a request, what it tells at its command line interface, the log that it
// keeps in memory, what varnishncsa writes, and the pages that Varnish makes itself.
package varnish

import "github.com/goodgatehq/goodgate/internal/dialect"

// Dialect is Varnish Cache.
var Dialect = dialect.Dialect{
	Name:         "varnish",
	Doc:          "Varnish Cache: processes, VCL as far as it chooses backends, the log in memory and its error records, varnishncsa, health probes, command line interface.",
	Recognise:    recognise,
	Worker:       worker,
	VersionMarks: []string{"(varnish-", "\x00varnish-"},
	Config:       Config,
	Logs:         Logs,
	Format:       format,
	Knobs:        knobs(),
	Spell:        spell,
	ConfigTest:   configTest,
	Reload:       reload,
	Words:        words(),
}
