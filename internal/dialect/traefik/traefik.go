// Package traefik knows Traefik 3: its processes, its static configuration, what
// the file provider reads and what the API tells, how that treats a request; its
// access log in common and JSON format, and its own log in JSON, console and the
// older key=value form. Configuration that comes from Docker, Kubernetes and other
// providers is known only where the API tells it.
package traefik

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Dialect is Traefik.
var Dialect = dialect.Dialect{
	Name:      "traefik",
	Doc:       "Traefik 3: its processes, static configuration, file provider and API, its access log, common and JSON, and its own log, which says why a request failed only at level DEBUG.",
	Recognise: recognise,
	Config:    Config,
	Logs:      append(Logs, providers),
	Format:    format,
	Knobs:     knobs(),
	Spell:     spell,
	Reload:    reload,
	Words:     terms,
}

// Logs are the access log in its two formats, and Traefik's own log.
var Logs = []dialect.Log{
	{
		Name: "traefik access", Kind: "access", Sites: true, Line: common, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(94, common),
	},
	{
		Name: "traefik access json", Kind: "access", Sites: true, Line: accessJSON, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(94, accessJSON),
	},
	{
		Name: "traefik", Kind: "error", Line: read, Time: line.Time, Conds: table.Conds(),
		Sniff: dialect.Share(85, read),
	},
}
