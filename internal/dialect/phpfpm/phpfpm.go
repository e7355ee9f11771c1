// Package phpfpm knows PHP's process manager: its master process, its pools, and
// what it logs about its children.
package phpfpm

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is php-fpm.
var Dialect = dialect.Dialect{
	Name:        "php-fpm",
	Doc:         "PHP's FastCGI process manager: pools, children, limits, and what it logs about them.",
	Recognise:   recognise,
	Application: true,
	Config:      Config,
	Logs:        Logs,
	Knobs: map[vocab.Knob]string{
		vocab.WorkerProcesses: "pm.max_children",
		vocab.WorkerTimeout:   "request_terminate_timeout",
		vocab.ListenBacklog:   "listen.backlog",
		vocab.StatusPath:      "pm.status_path",
		vocab.WorkerUser:      "user",
		vocab.WorkerFiles:     "rlimit_files",
	},
	ConfigTest: func(l dialect.Launch) []string { return []string{program(l), "-t", "-y", l.Config} },
	Reload:     reload,
	Words:      words(),
}

// reload replaces all children by the signal that php-fpm takes for it.
func reload(l dialect.Launch) []string {
	if l.PID <= 0 {
		return nil
	}
	return []string{"kill", "-USR2", strconv.Itoa(l.PID)}
}

// title is what the master calls itself: "php-fpm: master process
// (/etc/php/8.2/fpm/php-fpm.conf)" (fpm_env.c).
const title = "php-fpm: master process ("

func recognise(p dialect.Process) (dialect.Launch, bool) {
	l := dialect.Launch{Product: "php-fpm", PID: p.PID, Exe: p.Exe}
	l.Version = version(filepath.Base(p.Exe))
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	if rest, ok := strings.CutPrefix(p.Args[0], title); ok {
		l.Config = strings.TrimSuffix(strings.TrimSpace(rest), ")")
		if !filepath.IsAbs(l.Config) && p.Cwd != "" {
			l.Config = filepath.Join(p.Cwd, l.Config)
		}
		return l, true
	}
	if strings.HasPrefix(p.Args[0], "php-fpm: ") || !strings.HasPrefix(filepath.Base(p.Args[0]), "php-fpm") {
		return dialect.Launch{}, false
	}
	readArgs(&l, p)
	return l, true
}

// readArgs reads -y FILE and -p PREFIX, for a master that could not set its title.
func readArgs(l *dialect.Launch, p dialect.Process) {
	for i, a := range p.Args {
		next := ""
		if i+1 < len(p.Args) {
			next = p.Args[i+1]
		}
		switch {
		case a == "-y" || a == "--fpm-config":
			l.Config = next
		case strings.HasPrefix(a, "--fpm-config="):
			l.Config = a[len("--fpm-config="):]
		case a == "-p" || a == "--prefix":
			l.Prefix = next
		}
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	if l.Config == "" && l.Version != "" {
		l.Config = "/etc/php/" + l.Version + "/fpm/php-fpm.conf"
	}
}

// version returns "8.2" of "php-fpm8.2", the name that Debian gives the program.
func version(base string) string {
	v := strings.TrimPrefix(base, "php-fpm")
	if v == base || v == "" || v[0]-'0' > 9 {
		return ""
	}
	return v
}

func program(l dialect.Launch) string {
	if l.Exe != "" {
		return l.Exe
	}
	return "php-fpm" + l.Version
}
