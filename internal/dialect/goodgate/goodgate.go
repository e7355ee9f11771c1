// Package goodgate knows goodgate's own gateway: its process and its access log,
// which says of every request who made the status, why, and what each attempt saw.
package goodgate

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Dialect is goodgate's gateway.
var Dialect = dialect.Dialect{
	Name:      "goodgate",
	Doc:       "goodgate's own gateway: its process and its access log with every attempt.",
	Recognise: recognise,
	Config:    readConfig,
	Logs:      Logs,
	Telling:   "format: json below access_log",
	Spell:     spell,
	ConfigTest: func(l dialect.Launch) []string {
		if l.Config == "" {
			return nil
		}
		return []string{l.Exe, "gateway", "validate", l.Config}
	},
	// A signal reaches every gateway; the admin address it may not have.
	Reload: func(l dialect.Launch) []string {
		if l.Config == "" || l.PID == 0 {
			return nil
		}
		return []string{"kill", "-HUP", strconv.Itoa(l.PID)}
	},
}

// others are the commands of "goodgate gateway" that are not the gateway.
var others = []string{"validate", "print", "schema", "status", "drain", "undrain", "reload"}

// ours reports whether a program's file is goodgate, with a version or a platform in
// its name perhaps: goodgate_1.2_linux_amd64.
func ours(path string) bool {
	rest, ok := strings.CutPrefix(filepath.Base(path), "goodgate")
	return ok && (rest == "" || strings.IndexByte("-_.", rest[0]) >= 0)
}

// recognise finds "goodgate gateway …" with where to listen or a configuration.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) < 3 || !ours(p.Args[0]) && !ours(strings.TrimSuffix(p.Exe, " (deleted)")) {
		return dialect.Launch{}, false
	}
	at := slices.Index(p.Args, "gateway")
	if at < 1 || at+1 < len(p.Args) && slices.Contains(others, p.Args[at+1]) {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "goodgate", PID: p.PID, Exe: p.Exe, Prefix: p.Cwd}
	serves := false
	for i := at + 1; i < len(p.Args); i++ {
		name, value, joined := strings.Cut(p.Args[i], "=")
		if !joined && i+1 < len(p.Args) {
			value = p.Args[i+1]
		}
		switch name {
		case "-c", "--config":
			l.Config, serves = value, true
		case "--listen", "--to", "--access-log", "--admin":
			serves = serves || name == "--listen"
			l.Globals += name + "=" + value + "\n"
		}
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, serves
}
