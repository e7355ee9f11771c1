// Package haproxy knows HAProxy 2 and 3: its processes, its configuration and how
// that treats a request, its logs with their termination states, and what to ask
// at its runtime socket.
package haproxy

import "github.com/goodgatehq/goodgate/internal/dialect"

// Dialect is HAProxy.
var Dialect = dialect.Dialect{
	Name:         "haproxy",
	Doc:          "HAProxy: processes, configuration as HAProxy itself reads it, HTTP and TCP logs with termination states, health checks, runtime socket.",
	Recognise:    recognise,
	Worker:       worker,
	VersionMarks: []string{"\x00 version "},
	Config:       Config,
	Logs:         Logs,
	Format:       Format,
	Telling:      "option httplog in the frontend or defaults section",
	Knobs:        knobs(),
	Spell:        spell,
	ConfigTest:   func(l dialect.Launch) []string { return command(l, "-c") },
	Reload:       reload,
	Words:        words(),
}
