package apache

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/apache/syntax"
)

// programs are the names that distributions give the server.
var programs = []string{"apache2", "httpd", "httpd.worker", "httpd.event", "httpd.prefork"}

// recognise reports whether p is a server process. Its children have the same
// command line; they are told by their parent.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || !isProgram(p) {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "apache", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)")}
	if l.Exe == "" {
		l.Exe = p.Args[0]
	}
	if !readArguments(&l, p.Args[1:]) {
		return dialect.Launch{}, false
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && l.Prefix != "" {
		l.Config = filepath.Join(l.Prefix, l.Config)
	}
	return l, true
}

func isProgram(p dialect.Process) bool {
	exe := filepath.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
	for _, name := range programs {
		if exe == name || (p.Exe == "" || exe == "apache2") && filepath.Base(p.Args[0]) == name {
			return true
		}
	}
	return false
}

// readArguments reads the options of the server (server/main.c: "D:C:c:xXd:Ff:vVlLtTSMh?X")
// and reports whether it is called to serve.
func readArguments(l *dialect.Launch, args []string) bool {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' {
			continue
		}
		if strings.IndexByte("DCcdfkeE", a[1]) < 0 {
			if strings.IndexByte("vVlLtTSMh?", a[1]) >= 0 {
				return false
			}
			continue
		}
		value := a[2:]
		if value == "" && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch a[1] {
		case 'D', 'C', 'c':
			if l.Globals != "" {
				l.Globals += "\n"
			}
			l.Globals += a[:2] + "\n" + strings.ReplaceAll(value, "\n", " ")
		case 'd':
			l.Prefix = strings.TrimSuffix(value, "/")
		case 'f':
			l.Config = value
		case 'k':
			if value == "stop" || value == "restart" || value == "graceful" || value == "graceful-stop" {
				return false
			}
		}
	}
	return true
}

// build is how a distribution compiles httpd: where its configuration stands
// (HTTPD_ROOT and SERVER_CONFIG_FILE), and where it logs.
type build struct{ root, config string }

// builds are the known ones, the likeliest first: Debian, Fedora and its kin, the
// official image and a build from source, FreeBSD, Arch.
var builds = []build{
	{"/etc/apache2", "apache2.conf"}, {"/etc/httpd", "conf/httpd.conf"}, {"/usr/local/apache2", "conf/httpd.conf"},
	{"/usr/local/etc/apache24", "httpd.conf"}, {"/etc/apache2", "httpd.conf"},
}

// locate fills in what the command line leaves to the way the program was
// compiled: the first place where a configuration exists.
func locate(src dialect.Source, l dialect.Launch) dialect.Launch {
	for _, b := range candidates(l) {
		root := l.Prefix
		if root == "" {
			root = b.root
		}
		config := l.Config
		if config == "" {
			config = b.config
		}
		if !filepath.IsAbs(config) {
			config = path.Join(root, config)
		}
		if dialect.Exists(src, config) {
			l.Prefix, l.Config = root, config
			return l
		}
	}
	b := candidates(l)[0]
	if l.Prefix == "" {
		l.Prefix = b.root
	}
	if l.Config == "" {
		l.Config = b.config
	}
	if !filepath.IsAbs(l.Config) {
		l.Config = path.Join(l.Prefix, l.Config)
	}
	return l
}

// candidates are the builds in the order in which they are likely for a program.
func candidates(l dialect.Launch) []build {
	if strings.HasPrefix(filepath.Base(l.Exe), "httpd") {
		if dir := filepath.Dir(filepath.Dir(l.Exe)); filepath.Base(filepath.Dir(l.Exe)) == "bin" && dir != "/usr" && dir != "/" {
			return append([]build{{dir, "conf/httpd.conf"}}, builds...)
		}
		return append(builds[1:len(builds):len(builds)], builds[0])
	}
	return builds
}

// debian reports whether the layout is Debian's: apache2.conf with envvars
// beside it.
func debian(l dialect.Launch) bool { return filepath.Base(l.Config) == "apache2.conf" }

// environment reads the variables that Debian's start script sets: the file
// envvars beside the configuration. Of the shell it understands assignments.
func environment(src dialect.Source, l dialect.Launch) map[string]string {
	env := map[string]string{}
	if !debian(l) {
		return env
	}
	dir := path.Dir(l.Config)
	env["APACHE_CONFDIR"] = dir
	data, err := src.ReadFile(path.Join(dir, "envvars"))
	if err != nil {
		return env
	}
	env["SUFFIX"] = ""
	if suffix, ok := strings.CutPrefix(dir, "/etc/apache2-"); ok {
		env["SUFFIX"] = "-" + suffix
	}
	for _, line := range syntax.Lines(&syntax.File{Data: data}) {
		text := strings.TrimSpace(strings.TrimPrefix(line.Text, "export "))
		if name, ok := strings.CutPrefix(text, "unset "); ok {
			delete(env, strings.TrimSpace(name))
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "SUFFIX" || strings.ContainsAny(name, " \t$\"'") {
			continue
		}
		env[strings.TrimPrefix(name, ": ")] = shellValue(value, env)
	}
	return env
}

// shellValue reads the value of an assignment: quotes, $NAME, ${NAME} and
// ${NAME:-default}.
func shellValue(s string, env map[string]string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n > 1 && s[0] == '\'' {
		if end := strings.IndexByte(s[1:], '\''); end >= 0 {
			return s[1 : 1+end]
		}
	}
	if n := len(s); n > 1 && s[0] == '"' {
		if end := strings.IndexByte(s[1:], '"'); end >= 0 {
			s = s[1 : 1+end]
		}
	} else if end := strings.IndexAny(s, " \t;#"); end >= 0 {
		s = s[:end]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if s[i+1] == '{' {
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				b.WriteString(s[i:])
				break
			}
			name, fallback, _ := strings.Cut(s[i+2:i+end], ":-")
			value := env[name]
			if value == "" {
				value = fallback
			}
			b.WriteString(value)
			i += end
			continue
		}
		end := i + 1
		for end < len(s) && (s[end] == '_' || s[end] >= 'A' && s[end] <= 'Z' || s[end] >= 'a' && s[end] <= 'z' || end > i+1 && s[end] >= '0' && s[end] <= '9') {
			end++
		}
		b.WriteString(env[s[i+1:end]])
		i = end - 1
	}
	return b.String()
}
