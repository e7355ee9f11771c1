// Package haproxy knows HAProxy's logs: requests and streams with their
// termination states, and what it says about servers and health checks.
package haproxy

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Dialect is HAProxy.
var Dialect = dialect.Dialect{
	Name:         "haproxy",
	Doc:          "HAProxy: its HTTP and TCP logs with termination states, health checks and states of servers.",
	Recognise:    recognise,
	VersionMarks: []string{"HAProxy version ", "HA-Proxy version "},
	Logs:         Logs,
	Words:        words(),
}

// recognise finds the master: the process that was started with a configuration
// and whose parent is not the same program, which the caller tells.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "haproxy" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "haproxy", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	for i, a := range p.Args {
		if a == "-f" && i+1 < len(p.Args) && l.Config == "" {
			l.Config = p.Args[i+1]
		} else if strings.HasPrefix(a, "-f/") && l.Config == "" {
			l.Config = a[2:]
		}
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, l.Config != ""
}
