package caddy

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// recognise reads the command line of a process that serves: "caddy run", and
// what "caddy start" leaves behind, which is a run with --pingback (cmdStart in
// cmd/commandfuncs.go).
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) < 2 || filepath.Base(p.Args[0]) != "caddy" && filepath.Base(p.Exe) != "caddy" {
		return dialect.Launch{}, false
	}
	switch p.Args[1] {
	case "run", "start":
	default:
		return dialect.Launch{}, false // it only asks, or serves without a configuration
	}
	l := dialect.Launch{Product: "caddy", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)"), Prefix: p.Cwd}
	for i := 2; i < len(p.Args); i++ {
		name, value, given := strings.Cut(p.Args[i], "=")
		if !given && i+1 < len(p.Args) {
			value = p.Args[i+1]
		}
		switch name {
		case "--config", "-config", "-c":
			l.Config = value
		case "--adapter", "-adapter", "-a":
			l.Globals = "--adapter " + value
		}
	}
	if l.Config == "" {
		l.Config = "Caddyfile" // the one beside it
	}
	if !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, true
}

// command returns a caddy command about the file that it was started with.
func command(l dialect.Launch, verb string) []string {
	exe := l.Exe
	if exe == "" {
		exe = "caddy"
	}
	out := []string{exe, verb, "--config", l.Config}
	return append(out, strings.Fields(l.Globals)...)
}

// reload makes the running Caddy load its file: by the admin API, which packages
// wrap.
func reload(l dialect.Launch) []string {
	if l.Config == defaultConfig {
		return []string{"systemctl", "reload", "caddy"}
	}
	return command(l, "reload")
}

// spell writes the line that sets a directive. One that belongs into a block of
// its own is written with the block: "transport http { dial_timeout".
func spell(directive, value string) string {
	outer, inner, ok := strings.Cut(directive, " { ")
	if !ok {
		return strings.TrimSpace(directive + " " + size(directive, value))
	}
	return outer + " {\n    " + strings.ReplaceAll(spell(inner, value), "\n", "\n    ") + "\n}"
}

// size writes a number of bytes as Caddy wants it: "16k" is no size to it, "16KiB"
// is.
func size(directive, value string) string {
	if directive != "max_response_header" && directive != "max_header_size" && directive != "max_size" {
		return value
	}
	if n := strings.TrimSuffix(value, "k"); n != value {
		if _, err := strconv.Atoi(n); err == nil {
			return n + "KiB"
		}
	}
	return value
}
