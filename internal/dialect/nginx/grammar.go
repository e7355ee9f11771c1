package nginx

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed directives.tsv
var directives string

// rule is one row of directives.tsv: where a directive may stand and what it
// takes.
type rule struct {
	area     string
	contexts []string
	args     string
	block    bool
	slot     string
	words    []string // what an enum or bit mask allows
	module   string   // "-": stock
	since    string   // "-": known to nginx 1.22.1
}

// grammar returns the rules by directive, and the names by the module that
// brings them.
var grammar = sync.OnceValue(func() map[string][]rule {
	rules := map[string][]rule{}
	for line := range strings.Lines(directives) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 7 {
			continue
		}
		r := rule{area: f[0], contexts: strings.Split(f[2], ","), module: f[5], since: f[6]}
		r.args, r.block = strings.CutSuffix(f[3], "{")
		slot, words, _ := strings.Cut(f[4], "=")
		r.slot = slot
		if words != "" {
			r.words = strings.Split(words, ",")
		}
		rules[f[1]] = append(rules[f[1]], r)
	}
	return rules
})

// allows reports whether the directive may stand in the context of an area, as
// ngx_conf_handler decides: modules of the core are asked in every area.
func (r rule) allows(area, context string) bool {
	if r.area == "any" || r.contexts[0] == "any" {
		return true
	}
	if r.area == "core" {
		return context == "main"
	}
	if r.area != area {
		return false
	}
	for _, c := range r.contexts {
		if c == context {
			return true
		}
	}
	return false
}

// stock reports whether nginx itself, and no other module, has the directive, so
// that its rule is sure.
func (r rule) stock() bool {
	return r.module == "-" || strings.HasPrefix(r.module, "ngx_stream_") || strings.HasPrefix(r.module, "ngx_mail_")
}

// takes reports whether the directive takes n arguments.
func (r rule) takes(n int) bool {
	switch r.args {
	case "any":
		return true
	case "flag":
		return n == 1
	case "1+":
		return n >= 1
	case "2+":
		return n >= 2
	}
	return n <= 7 && strings.IndexByte(r.args, byte('0'+n)) >= 0
}
