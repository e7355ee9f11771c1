package nginx

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// products are the programs that are nginx under another name, and the default
// prefix of their builds.
var products = []struct{ exe, product, prefix string }{
	{"/usr/local/openresty/", "openresty", "/usr/local/openresty/nginx"},
	{"openresty", "openresty", "/usr/local/openresty/nginx"},
	{"angie", "angie", "/etc/angie"},
	{"tengine", "tengine", "/usr/local/nginx"},
	{"freenginx", "freenginx", "/usr/local/nginx"},
	{"nginx", "nginx", ""},
}

// title begins the title that the master process gives itself
// (ngx_master_process_cycle); the arguments follow, joined by blanks.
const title = "nginx: master process "

// recognise reports whether p is the master process of nginx, or its only
// process where master_process is off.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	args, ok := arguments(p)
	if !ok {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{PID: p.PID, Exe: p.Exe}
	if l.Exe == "" || strings.HasSuffix(l.Exe, " (deleted)") {
		l.Exe = strings.TrimSuffix(l.Exe, " (deleted)")
		if l.Exe == "" && len(args) > 0 {
			l.Exe = args[0]
		}
	}
	l.Product = "nginx"
	prefix := ""
	for _, known := range products {
		if strings.Contains(l.Exe, known.exe) || filepath.Base(l.Exe) == known.exe {
			l.Product, prefix = known.product, known.prefix
			break
		}
	}
	readArguments(&l, args)
	l.Prefix = dialect.Absolute(l.Prefix, p.Cwd)
	if l.Prefix == "" {
		l.Prefix = prefix
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && l.Prefix != "" {
		// -c refers to the prefix, not to the working directory.
		l.Config = filepath.Join(l.Prefix, l.Config)
	}
	return l, true
}

// arguments returns the command line of a master process. Some titles have lost
// it.
func arguments(p dialect.Process) ([]string, bool) {
	if len(p.Args) == 0 {
		return nil, false
	}
	whole := strings.Join(p.Args, " ")
	if rest, ok := strings.CutPrefix(whole, title); ok {
		return splitTitle(strings.TrimRight(rest, " \x00")), true
	}
	if strings.HasPrefix(whole, "nginx: master process") {
		return nil, true
	}
	if strings.HasPrefix(whole, "nginx: ") {
		return nil, false // a worker, the cache manager or loader
	}
	base := filepath.Base(p.Args[0])
	exe := filepath.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
	for _, known := range products {
		if known.exe == exe || exe == "" && known.exe == base {
			// With master_process off the arguments stay; a client of a running
			// nginx (-s, -t, -v) is not the server.
			return p.Args, !asksOnly(p.Args)
		}
	}
	return nil, false
}

func asksOnly(args []string) bool {
	for _, a := range args[1:] {
		switch {
		case a == "-t", a == "-T", a == "-v", a == "-V", a == "-h", a == "-?", a == "-s", strings.HasPrefix(a, "-s"):
			return true
		}
	}
	return false
}

// splitTitle parts the arguments of a title. A value of -g holds blanks and runs
// up to the next option.
func splitTitle(s string) []string {
	words := strings.Fields(s)
	var out []string
	for i := 0; i < len(words); i++ {
		out = append(out, words[i])
		if words[i] != "-g" {
			continue
		}
		var value []string
		for i+1 < len(words) && !option(words[i+1]) {
			i++
			value = append(value, words[i])
		}
		out = append(out, strings.Join(value, " "))
	}
	return out
}

func option(s string) bool {
	return len(s) >= 2 && s[0] == '-' && strings.IndexByte("cpgetTsvVqh?", s[1]) >= 0 && len(s) == 2
}

// readArguments reads the options as ngx_get_options does: the value may follow
// the letter at once or be the next word.
func readArguments(l *dialect.Launch, args []string) {
	for i := 1; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' {
			continue
		}
		for j := 1; j < len(a); j++ {
			if strings.IndexByte("cpges", a[j]) < 0 {
				continue
			}
			v := a[j+1:]
			if v == "" && i+1 < len(args) {
				i++
				v = args[i]
			}
			switch a[j] {
			case 'c':
				l.Config = v
			case 'p':
				l.Prefix = v
			case 'g':
				l.Globals = v
			}
			break
		}
	}
}

// locate fills in what the command line leaves to the way nginx was compiled:
// the first place where a configuration exists. Where none does, the first
// stays, and is told to be missing.
func locate(src dialect.Source, l dialect.Launch) dialect.Launch {
	if l.Config != "" && !filepath.IsAbs(l.Config) && l.Prefix == "" {
		for _, p := range prefixes(l) {
			if dialect.Exists(src, filepath.Join(p, l.Config)) {
				l.Prefix = p
				break
			}
		}
		if l.Prefix == "" {
			l.Prefix = prefixes(l)[0]
		}
	}
	if l.Config == "" {
		l.Config = candidates(l)[0]
		for _, path := range candidates(l) {
			if dialect.Exists(src, path) {
				l.Config = path
				break
			}
		}
	}
	if l.Prefix == "" {
		l.Prefix = prefixOf(src, l)
	}
	if !filepath.IsAbs(l.Config) {
		l.Config = filepath.Join(l.Prefix, l.Config)
	}
	return l
}

// candidates are the places of the main configuration, the likeliest first:
// below the prefix that was given, of a build from source beside its program, of
// distributions and of the official image.
func candidates(l dialect.Launch) []string {
	var out []string
	if l.Prefix != "" {
		out = append(out, filepath.Join(l.Prefix, "conf/nginx.conf"), filepath.Join(l.Prefix, "nginx.conf"))
		if packaged(l.Exe) {
			// A distribution compiles in an absolute path, which -p does not move.
			out = append([]string{"/etc/nginx/nginx.conf"}, out...)
		}
	}
	if dir := filepath.Dir(filepath.Dir(l.Exe)); l.Exe != "" && !packaged(l.Exe) {
		out = append(out, filepath.Join(dir, "conf/nginx.conf"))
	}
	if l.Product == "angie" {
		out = append(out, "/etc/angie/angie.conf")
	}
	return append(out, "/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf",
		"/usr/local/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf")
}

// packaged reports whether the program stands where packages put it.
func packaged(exe string) bool {
	switch filepath.Dir(exe) {
	case "/usr/sbin", "/usr/bin", "/sbin", "/bin":
		return true
	}
	return false
}

func prefixes(l dialect.Launch) []string {
	var out []string
	if l.Exe != "" && !packaged(l.Exe) {
		out = append(out, filepath.Dir(filepath.Dir(l.Exe)))
	}
	return append(out, "/etc/nginx", "/usr/share/nginx", "/usr/local/nginx")
}

// prefixOf returns the prefix that nginx was compiled with. The packages of
// nginx.org have /etc/nginx and bring /etc/nginx/modules; Debian has
// /usr/share/nginx; a build from source stands in its prefix.
func prefixOf(src dialect.Source, l dialect.Launch) string {
	dir := filepath.Dir(l.Config)
	switch {
	case l.Exe != "" && !packaged(l.Exe):
		return filepath.Dir(filepath.Dir(l.Exe))
	case l.Exe == "" && filepath.Base(dir) == "conf":
		return filepath.Dir(dir)
	case l.Exe == "" && dir != "/etc/nginx":
		return dir
	case dialect.Exists(src, "/etc/nginx/modules"):
		return "/etc/nginx"
	}
	return "/usr/share/nginx"
}

// errorLog returns the error log that nginx writes without error_log. It is
// compiled in: packages have /var/log/nginx/error.log, a build from source
// logs/error.log below the prefix.
func errorLog(l dialect.Launch) string {
	if sourceBuild(l) {
		return "logs/error.log"
	}
	return "/var/log/nginx/error.log"
}

// accessLog is errorLog for access logs.
func accessLog(l dialect.Launch) string {
	if sourceBuild(l) {
		return "logs/access.log"
	}
	return "/var/log/nginx/access.log"
}

// pidFile is errorLog for the pid file.
func pidFile(l dialect.Launch) string {
	if sourceBuild(l) {
		return "logs/nginx.pid"
	}
	return "/run/nginx.pid"
}

// defaultUser is the user that packages compile in.
func defaultUser(l dialect.Launch) string {
	switch {
	case sourceBuild(l):
		return "nobody"
	case strings.HasPrefix(l.Prefix, "/usr/share/nginx"):
		return "www-data"
	}
	return "nginx"
}

func sourceBuild(l dialect.Launch) bool {
	if l.Exe != "" {
		return !packaged(l.Exe)
	}
	return strings.HasPrefix(l.Prefix, "/usr/local/") && l.Product != "angie"
}
