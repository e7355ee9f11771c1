package apache

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed directives.tsv
var directives string

// rule is one row of directives.tsv.
type rule struct {
	name   string // as the documentation spells it
	module string // "mod_proxy.c"; "mpm" for each of the processing modules
	where  string // g, s, d or a
	args   string
}

// grammar returns the rules by directive in lower case; sections begin with "<".
var grammar = sync.OnceValue(func() map[string][]rule {
	rules := map[string][]rule{}
	for line := range strings.Lines(directives) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 4 {
			continue
		}
		name := strings.ToLower(f[0])
		rules[name] = append(rules[name], rule{name: f[0], module: f[1], where: f[2], args: f[3]})
	}
	return rules
})

// builtin are the modules that every build has in the program itself; Debian's
// has those of packaged too.
var (
	builtin  = []string{"core.c", "http_core.c", "mod_so.c"}
	packaged = []string{"mod_watchdog.c", "mod_log_config.c", "mod_logio.c", "mod_version.c", "mod_unixd.c"}
)

// sourceOf returns the source file by which a module is known beside its name:
// proxy_module is mod_proxy.c.
func sourceOf(module string) string {
	switch module {
	case "mpm_event_module":
		return "event.c"
	case "mpm_worker_module":
		return "worker.c"
	case "mpm_prefork_module":
		return "prefork.c"
	case "ldap_module":
		return "util_ldap.c"
	}
	return "mod_" + strings.TrimSuffix(module, "_module") + ".c"
}

// takes reports whether a directive takes n arguments.
func (r rule) takes(n int) bool {
	switch r.args {
	case "any", "{":
		return true
	case "flag":
		return n >= 1
	case "1+":
		return n >= 1
	case "2+":
		return n >= 2
	}
	return strings.Contains(r.args, string(rune('0'+min(n, 9))))
}

// counts says how many arguments a directive takes, in httpd's words
// (invoke_cmd).
func (r rule) counts() string {
	switch r.args {
	case "0":
		return "takes no arguments"
	case "1":
		return "takes one argument"
	case "2":
		return "takes two arguments"
	case "3":
		return "takes three arguments"
	case "12":
		return "takes 1-2 arguments"
	case "23":
		return "takes two or three arguments"
	case "123":
		return "takes one, two or three arguments"
	case "1+":
		return "requires at least one argument"
	case "2+":
		return "requires at least two arguments"
	}
	return "must be On or Off"
}
