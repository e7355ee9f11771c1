// Package envoy knows Envoy's access log, with its response flags and details,
// and the bodies of the answers that Envoy makes itself.
package envoy

import (
	"path/filepath"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Dialect is Envoy, also as the sidecar of Istio and others.
var Dialect = dialect.Dialect{
	Name:      "envoy",
	Doc:       "Envoy and what is built on it: access log with response flags and details, and the bodies of its own answers.",
	Recognise: recognise,
	Logs:      append(Logs, quoted),
	Words:     append(words(), detailWords...),
}

func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "envoy" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "envoy", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	for i, a := range p.Args {
		if (a == "-c" || a == "--config-path") && i+1 < len(p.Args) {
			l.Config = p.Args[i+1]
		}
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, true
}
