// Package gunicorn knows gunicorn, and uvicorn, which often runs as its worker:
// their processes and what they log about their workers.
package gunicorn

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Dialect is gunicorn.
var Dialect = dialect.Dialect{
	Name:        "gunicorn",
	Doc:         "gunicorn and uvicorn, the servers of Python's WSGI and ASGI applications: processes and what they log about their workers.",
	Recognise:   recognise,
	Application: true,
	Config:      Config,
	Logs:        Logs,
	Words:       words(),
}

// recognise finds the master: by the title that it sets where the module
// setproctitle is installed (gunicorn/util.py), else by its arguments. Its
// workers have the same ones; they are told by their parent.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	l := dialect.Launch{Product: "gunicorn", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	if strings.HasPrefix(p.Args[0], "gunicorn: master [") {
		return l, true
	}
	if strings.HasPrefix(p.Args[0], "gunicorn: ") {
		return dialect.Launch{}, false
	}
	at := script(p.Args)
	if at < 0 {
		return dialect.Launch{}, false
	}
	if filepath.Base(p.Args[at]) == "uvicorn" {
		l.Product = "uvicorn"
	}
	l.Globals = strings.Join(p.Args[at+1:], "\x00")
	for i := at + 1; i < len(p.Args); i++ {
		switch a := p.Args[i]; {
		case (a == "-c" || a == "--config") && i+1 < len(p.Args):
			l.Config = p.Args[i+1]
		case strings.HasPrefix(a, "--config="):
			l.Config = a[len("--config="):]
		case a == "--chdir" && i+1 < len(p.Args):
			l.Prefix = p.Args[i+1]
		}
	}
	l.Config = strings.TrimPrefix(l.Config, "file:")
	if l.Config != "" && !filepath.IsAbs(l.Config) && l.Prefix != "" && !strings.HasPrefix(l.Config, "python:") {
		l.Config = filepath.Join(l.Prefix, l.Config)
	}
	return l, true
}

// script returns which argument names the program: the first one, the script
// that an interpreter runs, or the module after -m.
func script(args []string) int {
	if server(args[0]) {
		return 0
	}
	if base := filepath.Base(args[0]); !strings.HasPrefix(base, "python") && !strings.HasPrefix(base, "pypy") {
		return -1
	}
	for i, a := range args[1:] {
		switch {
		case a == "-m":
		case strings.HasPrefix(a, "-"):
		case server(a):
			return i + 1
		default:
			return -1
		}
	}
	return -1
}

func server(a string) bool {
	switch filepath.Base(a) {
	case "gunicorn", "gunicorn3", "uvicorn":
		return true
	}
	return false
}
