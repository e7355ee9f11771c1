package apache

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/apache/syntax"
)

// readEarly carries out the directives that act while the file is read
// (EXEC_ON_READ), and reports whether n is one of those that leave nothing in
// the tree.
func (r *reader) readEarly(in *input, n *node, into *node) bool {
	switch n.name {
	case "include", "includeoptional":
		r.includes(in, n, into)
	case "define":
		r.defines[n.arg(0)] = n.arg(1)
		return false
	case "undefine":
		delete(r.defines, n.arg(0))
		return false
	case "loadmodule":
		r.loadModule(n)
		return false
	case "serverroot":
		if n.arg(0) != "" {
			r.root = strings.TrimSuffix(n.arg(0), "/")
		}
		return false
	case "use":
		r.use(in, n, into)
	default:
		return false
	}
	return true
}

// loadModule notes a module as loaded. One whose file is missing stops httpd, which
// does not look for that of one it has already (AH01574, mod_so.c).
func (r *reader) loadModule(n *node) {
	if len(n.args) != 2 || r.modules[n.arg(0)] {
		return
	}
	source := sourceOf(n.arg(0))
	r.modules[n.arg(0)], r.modules[source] = true, true
	if !knownModule(source) {
		r.foreign = true
	}
	file := r.serverPath(n.arg(1))
	if found, err := r.src.Glob(dialect.Literal(file)); err == nil && len(found) == 0 {
		r.problem(n.place(), true, "Cannot load %s into server: %s: cannot open shared object file: No such file or directory", n.arg(1), file)
	}
}

// knownModule reports whether the directives of a module are in the table, or it
// is a stock module that has none.
func knownModule(source string) bool {
	switch source {
	case "event.c", "worker.c", "prefork.c", "mod_authz_host.c", "mod_authz_user.c", "mod_lbmethod_byrequests.c", "mod_lbmethod_bytraffic.c",
		"mod_lbmethod_bybusyness.c", "mod_slotmem_shm.c", "mod_slotmem_plain.c", "mod_socache_shmcb.c", "mod_socache_dbm.c", "mod_proxy_http.c",
		"mod_proxy_ajp.c", "mod_proxy_balancer.c", "mod_proxy_uwsgi.c", "mod_proxy_http2.c", "mod_proxy_fdpass.c", "mod_status.c", "mod_unique_id.c",
		"mod_actions.c", "mod_asis.c", "mod_data.c", "mod_ratelimit.c", "mod_authz_owner.c", "mod_bucketeer.c", "mod_case_filter.c", "mod_case_filter_in.c", "mod_systemd.c":
		return true
	}
	for _, rules := range grammar() {
		for _, x := range rules {
			if x.module == source {
				return true
			}
		}
	}
	return false
}

// includes reads the files that Include or IncludeOptional names
// (ap_process_fnmatch_configs).
func (r *reader) includes(in *input, n *node, into *node) {
	if len(n.args) != 1 {
		r.problem(n.place(), true, "%s takes one argument, Name(s) of the config file(s) to be included; shell wildcard characters permitted", n.written)
		return
	}
	if len(in.chain) > maxDepth || len(r.files) > maxFiles {
		r.problem(n.place(), true, "Exceeded maximum include depth of %d. There appears to be a recursion.", maxDepth)
		return
	}
	optional, pattern := n.name == "includeoptional", r.serverPath(n.arg(0))
	paths := []string{path.Clean(pattern)}
	if strings.ContainsAny(pattern, "*?[") {
		found, err := r.src.Glob(pattern)
		if err != nil {
			r.partial = true
			r.problem(n.place(), false, "cannot list %s: %v", pattern, err)
			return
		}
		if len(found) == 0 && !optional {
			r.problem(n.place(), true, "Include: no matches for the wildcard '%s' in '%s', failing (use IncludeOptional if required)", path.Base(pattern), path.Dir(pattern))
		}
		paths = found
	}
	for _, p := range paths {
		r.includeOne(in, n, into, p, optional)
	}
}

func (r *reader) includeOne(in *input, n *node, into *node, p string, optional bool) {
	if slices.Contains(in.chain, p) {
		r.problem(n.place(), true, "Exceeded maximum include depth of %d. There appears to be a recursion: %s includes itself.", maxDepth, p)
		return
	}
	f, err := r.file(p)
	if err == nil {
		r.include(f, into, append(in.chain[:len(in.chain):len(in.chain)], p))
		return
	}
	// A folder stands for everything in it.
	if found, gerr := r.src.Glob(dialect.Literal(p) + "/*"); gerr == nil && len(found) > 0 {
		for _, inside := range found {
			if !slices.Contains(in.chain, inside) && len(in.chain) < maxDepth {
				r.includeOne(&input{chain: append(in.chain[:len(in.chain):len(in.chain)], p)}, n, into, inside, optional)
			}
		}
		return
	}
	if missing := errors.Is(err, fs.ErrNotExist); !missing || !optional {
		r.problem(n.place(), missing, "Could not open configuration file %s: %v", p, err)
	}
}

// conditions are the sections that are decided while the file is read.
var conditions = map[string]bool{"<ifmodule": true, "<ifdefine": true, "<iffile": true, "<ifdirective": true, "<ifsection": true, "<ifversion": true}

// condition decides a section that is decided while the file is read.
func (r *reader) condition(n *node) (met, condition bool) {
	test, not := strings.CutPrefix(n.arg(0), "!")
	switch n.name {
	case "<ifmodule":
		met = r.modules[test]
	case "<ifdefine":
		_, met = r.defines[test]
	case "<iffile":
		met = dialect.Exists(r.src, r.serverPath(test))
	case "<ifdirective":
		for _, rule := range grammar()[strings.ToLower(test)] {
			met = met || r.has(rule)
		}
	case "<ifsection":
		for _, rule := range grammar()["<"+strings.ToLower(test)] {
			met = met || r.has(rule)
		}
	case "<ifversion":
		return r.version(n), true
	default:
		return false, false
	}
	return met != not, true
}

// has reports whether the module of a rule is there.
func (r *reader) has(x rule) bool {
	if x.module == "mpm" {
		return r.modules["event.c"] || r.modules["worker.c"] || r.modules["prefork.c"]
	}
	return r.modules[x.module]
}

// version decides <IfVersion [!][OP] VERSION> (mod_version). Where the version of
// the program is not known, it is taken to be a late 2.4.
func (r *reader) version(n *node) bool {
	op, want := n.arg(0), n.arg(1)
	if len(n.args) == 1 {
		op, want = "=", op
	}
	op, not := strings.CutPrefix(op, "!")
	have := r.launch.Version
	if have == "" {
		have = "2.4.62"
	}
	c := compareVersions(have, want)
	met := false
	switch op {
	case "=", "==", "":
		met = c == 0
	case ">":
		met = c > 0
	case ">=":
		met = c >= 0
	case "<":
		met = c < 0
	case "<=":
		met = c <= 0
	case "~":
		met = matches(want, have, false)
	}
	return met != not
}

func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range 3 {
		var m, n int
		if i < len(x) {
			m, _ = strconv.Atoi(x[i])
		}
		if i < len(y) {
			n, _ = strconv.Atoi(y[i])
		}
		if m != n {
			return m - n
		}
	}
	return 0
}

// macro is a section of mod_macro: lines with parameters.
type macro struct {
	params []string
	lines  []syntax.Line
	busy   bool
}

// macro keeps the lines of a <Macro> section.
func (r *reader) macro(in *input, n *node) {
	m := macro{}
	if len(n.args) > 1 {
		m.params = n.args[1:]
	}
	for depth := 1; ; {
		l, ok := in.next()
		if !ok {
			r.problem(n.place(), true, "expected token not found: </Macro>")
			return
		}
		low := strings.ToLower(l.Text)
		if strings.HasPrefix(low, "<macro") {
			depth++
		}
		if strings.HasPrefix(low, "</macro") {
			if depth--; depth == 0 {
				break
			}
		}
		m.lines = append(m.lines, l)
	}
	r.macros[strings.ToLower(n.arg(0))] = m
}

// use reads the lines of a macro with its parameters replaced. They keep the
// place where the macro is written.
func (r *reader) use(in *input, n *node, into *node) {
	name := strings.ToLower(n.arg(0))
	m, ok := r.macros[name]
	switch {
	case !r.modules["mod_macro.c"]:
		into.sub = append(into.sub, n) // told as an unknown directive
		return
	case !ok:
		r.problem(n.place(), !r.partial, "Macro '%s' undefined", n.arg(0))
		return
	case m.busy:
		r.problem(n.place(), true, "Recursive use of macro '%s'", n.arg(0))
		return
	case len(n.args)-1 != len(m.params):
		r.problem(n.place(), true, "Macro '%s' used with %d arguments, it has %d", n.arg(0), len(n.args)-1, len(m.params))
		return
	}
	lines := make([]syntax.Line, len(m.lines))
	for i, l := range m.lines {
		for j, p := range m.params {
			l.Text = strings.ReplaceAll(l.Text, p, n.args[j+1])
		}
		lines[i] = l
	}
	m.busy = true
	r.macros[name] = m
	r.block(&input{lines: lines, chain: in.chain}, into, nil)
	m.busy = false
	r.macros[name] = m
}
