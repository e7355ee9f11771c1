package haproxy

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// valued are the options that take the next word (src/haproxy.c, init_args).
const valued = "fCpnNLSxm"

// recognise reads the command line of a process that serves. Master and workers
// look alike: who is whose child is the caller's to see (dialect.Worker).
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "haproxy" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "haproxy", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)"), Prefix: p.Cwd}
	var files []string
	for i := 1; i < len(p.Args); i++ {
		a := p.Args[i]
		switch {
		case a == "--":
			files = append(files, p.Args[i+1:]...)
			i = len(p.Args)
		case a == "-c" || a == "-v" || a == "-vv" || strings.HasPrefix(a, "-dK") || a == "-cc" || a == "-h":
			return dialect.Launch{}, false // it only asks
		case a == "-W" || a == "-Ws":
			l.Globals = a // it has a master
		case a == "-sf" || a == "-st":
			for i+1 < len(p.Args) && !strings.HasPrefix(p.Args[i+1], "-") {
				i++
			}
		case len(a) == 2 && a[0] == '-' && strings.IndexByte(valued, a[1]) >= 0 && i+1 < len(p.Args):
			i++
			if a == "-f" {
				files = append(files, p.Args[i])
			}
			if a == "-C" {
				l.Prefix = dialect.Absolute(p.Args[i], p.Cwd)
			}
		case strings.HasPrefix(a, "-f/"):
			files = append(files, a[2:])
		}
	}
	for i := range files {
		files[i] = dialect.Absolute(files[i], l.Prefix)
	}
	if len(files) == 0 {
		return l, false
	}
	l.Config, l.More = files[0], files[1:]
	return l, true
}

// worker says of a child of the master whether it takes requests. After a reload
// the master's own command line names the workers that are to finish (-sf).
func worker(main, child dialect.Process) (takes, draining bool) {
	if len(child.Args) == 0 || filepath.Base(child.Args[0]) != "haproxy" {
		return false, false // a program section's
	}
	i := slices.IndexFunc(main.Args, func(a string) bool { return a == "-sf" || a == "-st" })
	return true, i >= 0 && slices.Contains(main.Args[i+1:], strconv.Itoa(child.PID))
}

// call returns the program with the files that it was started with.
func command(l dialect.Launch, words ...string) []string {
	exe := l.Exe
	if exe == "" {
		exe = "haproxy"
	}
	out := append([]string{exe}, words...)
	for _, f := range append([]string{l.Config}, l.More...) {
		out = append(out, "-f", f)
	}
	return out
}

// reload makes the running HAProxy load its configuration: a master process does
// on SIGUSR2, and packages wrap that.
func reload(l dialect.Launch) []string {
	if l.PID == 0 || l.Config == defaultConfig {
		return []string{"systemctl", "reload", "haproxy"}
	}
	if l.Globals == "" {
		// Without a master a new process takes over from the old one.
		return append(command(l, "-D"), "-sf", strconv.Itoa(l.PID))
	}
	return []string{"kill", "-USR2", strconv.Itoa(l.PID)}
}
