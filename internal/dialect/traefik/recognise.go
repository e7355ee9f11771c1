package traefik

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// recognise reads the command line of a process that serves. Launch.Globals holds
// its flags, one on a line: Traefik takes them where it finds no file.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "traefik" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "traefik", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)"), Prefix: p.Cwd}
	var flags []string
	for i := 1; i < len(p.Args); i++ {
		a := p.Args[i]
		if !strings.HasPrefix(a, "-") {
			if i == 1 && (a == "version" || a == "healthcheck") {
				return dialect.Launch{}, false // it only asks
			}
			continue
		}
		name, value, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !given && i+1 < len(p.Args) && !strings.HasPrefix(p.Args[i+1], "-") {
			// "--configFile FILE": a flag that is no switch takes the next word.
			i++
			value, given = p.Args[i], true
		}
		switch {
		case name == "h" || name == "help":
			return dialect.Launch{}, false
		case strings.EqualFold(name, "configfile"):
			l.Config = dialect.Absolute(value, p.Cwd)
		case given:
			flags = append(flags, name+"="+value)
		default:
			flags = append(flags, name+"=true")
		}
	}
	l.Globals = strings.Join(flags, "\n")
	return l, true
}

// reload makes the running Traefik read its files anew, where it does not watch
// them: the file provider does on SIGHUP (pkg/provider/file). What stands in the
// static configuration needs a start.
func reload(l dialect.Launch) []string {
	if l.PID == 0 {
		return []string{"systemctl", "restart", "traefik"}
	}
	return []string{"kill", "-HUP", itoa(l.PID)}
}
