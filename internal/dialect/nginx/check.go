package nginx

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// checker looks for what nginx refuses to load, in nginx's own words. Where it
// is not sure that nginx would, a problem is not fatal.
type checker struct {
	c       *config
	partial bool              // a part of the configuration could not be read
	foreign bool              // modules may be there that goodgate does not know
	told    map[string]bool   // unknown directives that were told
	files   map[string]bool   // places of missing files that were told
	order   map[*item]int     // the order in which nginx reads
	near    map[string]string // unknown directives and what may be meant
	third   *bool             // whether modules that stock nginx does not have are used, once it was asked
	formats map[string]*item  // log formats by area and name
	zones   map[string]bool   // "limit_req name", …
	made    map[string]bool   // variables that the configuration makes
}

// check notes what nginx would refuse to load.
func (c *config) check() {
	k := &checker{c: c, told: map[string]bool{}, files: map[string]bool{}, order: map[*item]int{}, formats: map[string]*item{}, near: map[string]string{}, zones: map[string]bool{}, made: map[string]bool{}}
	for _, p := range c.problems {
		k.partial = k.partial || !p.Fatal
	}
	k.foreign = k.modules() || c.launch.Product != "" && c.launch.Product != "nginx"
	k.survey(c.main)
	k.mainBlocks()
	k.scope(c.main)
	if c.http != nil {
		k.pools(c.http, c.upstreams)
		k.sockets(c.servers)
	}
	if c.stream != nil {
		k.pools(c.stream, c.pipes)
		k.sockets(c.streams)
	}
}

func (k *checker) fatal(at topo.Place, format string, args ...any) {
	k.c.problem(at, true, fmt.Sprintf(format, args...))
}

// lacking tells of something that is missing. It is not fatal where a part of the
// configuration could not be read: it may stand there.
func (k *checker) lacking(at topo.Place, format string, args ...any) {
	k.c.problem(at, !k.partial, fmt.Sprintf(format, args...))
}

func (k *checker) note(at topo.Place, format string, args ...any) {
	k.c.problem(at, false, fmt.Sprintf(format, args...))
}

// modules reports whether a module is loaded whose directives are not known.
func (k *checker) modules() bool {
	foreign := false
	for _, it := range k.c.main.own("load_module") {
		name := it.Arg(1)
		name = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".so")
		if !knownModules()[name] {
			foreign = true
		}
	}
	return foreign
}

// knownModules returns the modules whose directives the grammar has.
func knownModules() map[string]bool {
	known := map[string]bool{}
	for _, rules := range grammar() {
		for _, r := range rules {
			known[r.module] = true
		}
	}
	return known
}

// survey notes the order of directives, and what later checks look up.
func (k *checker) survey(s *scope) {
	for _, it := range s.all {
		k.order[it] = len(k.order)
		switch it.Name() {
		case "limit_req_zone", "limit_conn_zone":
			for _, w := range it.Args() {
				if v, ok := strings.CutPrefix(w.Text, "zone="); ok {
					name, _, _ := strings.Cut(v, ":")
					k.zones[s.area+" "+strings.TrimSuffix(it.Name(), "_zone")+" "+name] = true
				}
			}
		}
		k.makes(it)
		if it.sub != nil {
			k.survey(it.sub)
		}
	}
}

// mainBlocks checks what the main file must and may not have.
func (k *checker) mainBlocks() {
	m := k.c.main
	if len(m.own("events")) == 0 && !k.c.tree.Missing {
		f := k.c.tree.Main
		k.lacking(placeAt(f.Path, f.Data, len(f.Data)), `no "events" section in configuration`)
	}
	used := len(k.order)
	for _, name := range []string{"events", "http", "stream", "mail"} {
		list := m.own(name)
		for i, it := range list {
			used = min(used, k.order[it])
			if i > 0 {
				k.fatal(it.Place(), `%q directive is duplicate`, name)
			}
		}
	}
	for _, it := range m.own("load_module") {
		if k.order[it] > used {
			k.fatal(it.Place(), `"load_module" directive is specified too late`)
		}
	}
}

// scope checks the directives of a block and of the blocks in it.
func (k *checker) scope(s *scope) {
	seen := map[string]*item{}
	for _, it := range s.all {
		if r, ok := k.grammar(s, it); ok {
			k.slot(r, it)
			k.duplicate(r, s, it, seen)
			k.special(s, it)
		}
		if it.sub != nil {
			k.scope(it.sub)
		}
	}
	k.whole(s)
}

// grammar checks that a directive is known, stands where it may and has as many
// arguments as it takes. It returns the rule that fits.
func (k *checker) grammar(s *scope, it *item) (rule, bool) {
	rules := grammar()[it.Name()]
	if rules == nil {
		k.unknown(it)
		return rule{}, false
	}
	if m := rules[0].module; !k.stock(rules) && !k.loaded(m) && !k.told[it.Name()] {
		k.told[it.Name()] = true
		k.note(it.Place(), `directive %q belongs to %s: nginx refuses it where that is neither built in nor loaded`, it.Name(), m)
	}
	if it.Name() == "ssl" && !k.foreign && k.newer("1.25.1") && !k.older("1.25.1") {
		k.fatal(it.Place(), `unknown directive "ssl": nginx has it no more since 1.25.1, this is %s; "listen ... ssl" says the same`, k.c.launch.Version)
		return rule{}, false
	}
	var fit []rule
	for _, r := range rules {
		if r.allows(s.area, s.context) {
			fit = append(fit, r)
		}
	}
	switch {
	case s.area == "":
		return rule{}, false
	case len(fit) == 0:
		if k.stock(rules) {
			k.fatal(it.Place(), `%q directive is not allowed here%s`, it.Name(), belongs(rules))
		}
		return rule{}, false
	}
	if usable := k.usable(fit); len(usable) > 0 {
		fit = usable
	} else {
		k.fatal(it.Place(), `unknown directive %q: it came with nginx %s, this is %s`, it.Name(), fit[0].since, k.c.launch.Version)
		return rule{}, false
	}
	for _, r := range fit {
		if r.block == it.Brace && r.takes(len(it.Words)-1) {
			return r, k.stock(rules)
		}
	}
	if !k.stock(rules) {
		return rule{}, false
	}
	switch {
	case fit[0].block && !it.Brace:
		k.fatal(it.Place(), `directive %q has no opening "{"`, it.Name())
	case !fit[0].block && it.Brace:
		k.fatal(it.Place(), `directive %q is not terminated by ";"`, it.Name())
	default:
		k.fatal(it.Place(), `invalid number of arguments in %q directive%s`, it.Name(), runOn(it))
	}
	return rule{}, false
}

// stock reports whether every rule of a directive is one of nginx itself.
func (k *checker) stock(rules []rule) bool {
	for _, r := range rules {
		if !r.stock() {
			return false
		}
	}
	return true
}

// loaded reports whether a load_module names the module.
func (k *checker) loaded(module string) bool {
	for _, it := range k.c.main.own("load_module") {
		if strings.HasSuffix(it.Arg(1), module+".so") {
			return true
		}
	}
	return false
}

// usable returns the rules that hold for the nginx that runs: those of later
// versions do not.
func (k *checker) usable(fit []rule) []rule {
	if k.foreign {
		return fit
	}
	var out []rule
	for _, r := range fit {
		if r.since == "-" || k.newer(r.since) {
			out = append(out, r)
		}
	}
	return out
}
