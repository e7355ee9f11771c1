package envoy

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// recognise reads the command line of a process that serves. Launch.Globals holds
// what --config-yaml gives in place of a file.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "envoy" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "envoy", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)"), Prefix: p.Cwd}
	for i := 1; i < len(p.Args); i++ {
		name, value, given := strings.Cut(p.Args[i], "=")
		if !given && i+1 < len(p.Args) {
			value = p.Args[i+1]
		}
		switch name {
		case "-c", "--config-path":
			l.Config = dialect.Absolute(value, p.Cwd)
		case "--config-yaml":
			l.Globals = value
		case "--mode":
			if value != "serve" {
				return dialect.Launch{}, false // it only tests its configuration
			}
		case "--version", "--help", "-h":
			return dialect.Launch{}, false
		}
	}
	return l, true
}

// configTest checks a file and ends (--mode validate).
func configTest(l dialect.Launch) []string {
	exe := l.Exe
	if exe == "" {
		exe = "envoy"
	}
	return []string{exe, "--mode", "validate", "-c", l.Config}
}

// reload starts Envoy anew: what stands in its file is read at the start only, and
// what comes from a management server comes by itself.
func reload(l dialect.Launch) []string {
	if l.PID == 0 || l.Config == "" || strings.HasPrefix(l.Config, "/etc/envoy/") {
		return []string{"systemctl", "restart", "envoy"}
	}
	return []string{"kill", strconv.Itoa(l.PID)}
}
