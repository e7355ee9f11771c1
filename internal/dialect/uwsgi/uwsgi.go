// Package uwsgi knows uWSGI: its master process and what it logs about its
// workers, its sockets and its requests.
package uwsgi

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Dialect is uWSGI.
var Dialect = dialect.Dialect{
	Name:        "uwsgi",
	Doc:         "uWSGI, an application server for Python, Ruby and others: processes and what it logs about workers, sockets and requests.",
	Recognise:   recognise,
	Application: true,
	Logs:        Logs,
	Words:       words(),
}

// recognise finds a uWSGI process by its program; workers have the same command
// line and are told by their parent. With auto-procname the title is "uWSGI
// master".
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	base := filepath.Base(p.Args[0])
	master := strings.HasPrefix(p.Args[0], "uWSGI master") || strings.HasSuffix(p.Args[0], "uWSGI master")
	if !master && base != "uwsgi" && !strings.HasPrefix(base, "uwsgi-") && !strings.HasPrefix(base, "uwsgi_python") {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "uwsgi", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	for i, a := range p.Args[1:] {
		switch {
		case strings.HasPrefix(a, "--ini="), strings.HasPrefix(a, "--yaml="), strings.HasPrefix(a, "--json="), strings.HasPrefix(a, "--xml="):
			l.Config = a[strings.IndexByte(a, '=')+1:]
		case (a == "--ini" || a == "-i" || a == "--yaml" || a == "-y" || a == "--json" || a == "-j" || a == "--xml" || a == "-x") && i+2 < len(p.Args):
			l.Config = p.Args[i+2]
		case l.Config == "" && !strings.HasPrefix(a, "-") && (strings.HasSuffix(a, ".ini") || strings.HasSuffix(a, ".yml") || strings.HasSuffix(a, ".yaml")):
			l.Config = a
		}
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, true
}
