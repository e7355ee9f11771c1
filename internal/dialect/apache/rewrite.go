package apache

import (
	"path"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// ruleset is a list of RewriteRules with their conditions, as they stand in one
// place.
type rewriteRule struct {
	n     *node
	conds []*node
}

// serverRules are those of the host itself, where its engine is on.
func (r *run) serverRules() []rewriteRule {
	if n := r.h.n.last("rewriteengine"); n == nil || !on(n.arg(0)) {
		return nil
	}
	return rulesOf(r.h.n)
}

// dirRules are those of the innermost section that has any and whose engine is
// on, with the prefix that is cut off the path for them.
func (r *run) dirRules() (rules []rewriteRule, section *node, prefix string) {
	engine, _ := r.value("rewriteengine")
	if engine == nil || !on(engine.arg(0)) {
		return nil, nil, ""
	}
	for i := len(r.secs) - 1; i >= 0; i-- {
		s := r.secs[i]
		if s == r.c.top || s == r.h.n {
			continue
		}
		if rules := rulesOf(s); len(rules) > 0 {
			if s.name == "<directory" && !strings.ContainsAny(s.arg(0), "*?[") {
				prefix = strings.TrimSuffix(s.arg(0), "/") + "/"
			}
			return rules, s, prefix
		}
	}
	return nil, nil, ""
}

func rulesOf(s *node) []rewriteRule {
	var out []rewriteRule
	var conds []*node
	for _, n := range s.sub {
		switch n.name {
		case "rewritecond":
			conds = append(conds, n)
		case "rewriterule":
			if len(n.args) >= 2 {
				out = append(out, rewriteRule{n, conds})
			}
			conds = nil
		}
	}
	return out
}

// flagSet are the flags of a RewriteRule or RewriteCond.
type flagSet map[string]string

func flags(s string) flagSet {
	out := flagSet{}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	for f := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		if name != "" {
			out[strings.ToLower(name)] = value
		}
	}
	return out
}

func (f flagSet) has(names ...string) bool {
	for _, n := range names {
		if _, ok := f[strings.ToLower(n)]; ok {
			return true
		}
	}
	return false
}

func (f flagSet) value(names ...string) string {
	for _, n := range names {
		if v := f[strings.ToLower(n)]; v != "" {
			return v
		}
	}
	return ""
}

// rewrites applies rules (apply_rewrite_list) and reports whether the request is
// settled by them.
func (r *run) rewrites(rules []rewriteRule, section *node, prefix string) bool {
	changed, skip, chained := false, 0, false
	for i := 0; i < len(rules) && i < 10000; i++ {
		rule := rules[i]
		fl := flags(rule.n.arg(2))
		if skip > 0 {
			skip--
			continue
		}
		if chained {
			chained = fl.has("C", "chain")
			continue
		}
		if !r.applies(rule, section, prefix, fl) {
			chained = fl.has("C", "chain")
			continue
		}
		to := r.expand(rule.n, rule.n.arg(1))
		switch {
		case fl.has("F", "forbidden"):
			return r.answer(rule.n, 403)
		case fl.has("G", "gone"):
			return r.answer(rule.n, 410)
		}
		if s := fl.value("R", "redirect"); fl.has("R", "redirect") {
			status, err := strconv.Atoi(s)
			if err != nil {
				status = map[string]int{"permanent": 301, "seeother": 303}[s]
				if status == 0 {
					status = 302
				}
			}
			return r.answer(rule.n, status)
		}
		if to == "-" {
			if fl.has("L", "last", "END") {
				break
			}
			if n, err := strconv.Atoi(fl.value("S", "skip")); err == nil {
				skip = n
			}
			continue
		}
		r.step(rule.n.step())
		if fl.has("P", "proxy") {
			r.forwardTo(r.withQuery(to, fl), rule.n, rule.n.arg(1))
			return true
		}
		if strings.Contains(to, "://") {
			if t, ok := parseTarget(to); ok && t.scheme != "http" && t.scheme != "https" {
				r.forwardTo(to, rule.n, rule.n.arg(1))
				return true
			}
			return r.answer(rule.n, 302)
		}
		changed = true
		path, query, has := strings.Cut(to, "?")
		if has {
			if fl.has("QSA", "qsappend") && r.args != "" {
				query += "&" + r.args
			}
			r.args = query
		}
		r.setPath(path, section, prefix)
		if fl.has("PT", "passthrough") {
			return r.rewritten(section, true)
		}
		if fl.has("L", "last", "END") {
			break
		}
	}
	if changed {
		return r.rewritten(section, section != nil)
	}
	return false
}

func (r *run) withQuery(to string, fl flagSet) string {
	if strings.Contains(to, "?") && r.args != "" && fl.has("QSA", "qsappend") {
		return to + "&" + r.args
	}
	if !strings.Contains(to, "?") && r.args != "" && !fl.has("QSD", "qsdiscard") {
		return to + "?" + r.args
	}
	return to
}

func (r *run) answer(n *node, status int) bool {
	r.step(n.step())
	r.end(topo.Answers, status)
	return true
}

// setPath takes the path that a rule made. In a section it is relative to the
// folder, or a path of its own.
func (r *run) setPath(p string, section *node, prefix string) {
	if section != nil && !strings.HasPrefix(p, "/") {
		base := "/"
		if n := section.last("rewritebase"); n != nil {
			base = n.arg(0)
		} else if root := r.h.value("documentroot"); root != nil && prefix != "" {
			base = "/" + strings.TrimPrefix(strings.TrimPrefix(prefix, strings.TrimSuffix(r.c.serverPath(root.arg(0)), "/")), "/")
		}
		p = path.Join(base, p)
	}
	r.uri = cleanPath(p)
}

// rewritten goes on with the path that rules have made. What rules of a server
// make is a file, unless it is passed on ([PT]) (hook_uri2file); what rules of a
// section make is a new request within httpd.
func (r *run) rewritten(section *node, through bool) bool {
	if r.depth++; r.depth > 10 {
		r.end(topo.Answers, 500) // LimitInternalRecursion
		return true
	}
	if through {
		r.file = ""
		r.secs = r.sections("")
		if section != nil {
			r.translate()
			return true
		}
		if r.proxyPass() || r.done || r.redirects(r.serverRedirects()) {
			return true
		}
		r.mapToFile()
		r.serve()
		return true
	}
	root := ""
	if n := r.h.value("documentroot"); n != nil {
		root = strings.TrimSuffix(r.c.serverPath(n.arg(0)), "/")
	}
	r.file = root + r.uri
	// A path that begins with a folder of the root is a file as it stands.
	if i := strings.IndexByte(r.uri[1:], '/'); i > 0 && dialect.Exists(r.c.src, r.uri[:i+1]) {
		r.file = r.uri
	}
	r.serve()
	return true
}

// applies reports whether pattern and conditions of a rule hold.
func (r *run) applies(rule rewriteRule, section *node, prefix string, fl flagSet) bool {
	subject := r.uri
	if section != nil {
		subject = strings.TrimPrefix(r.uri, "/")
		if prefix != "" && r.file != "" {
			subject = strings.TrimPrefix(r.file, prefix)
		}
		if section.name == "<location" || section.name == "<locationmatch" {
			subject = r.uri
		}
	}
	pattern, not := strings.CutPrefix(rule.n.arg(0), "!")
	groups := r.find(rule.n, pattern, subject, fl.has("NC", "nocase"))
	if (groups != nil) == not {
		return false
	}
	r.groups = groups
	r.condGroup = nil
	or, any := false, false
	for _, n := range rule.conds {
		cf := flags(n.arg(2))
		if or && any {
			or = cf.has("OR", "ornext")
			any = or
			continue
		}
		held := r.cond(n, cf)
		if cf.has("OR", "ornext") {
			or, any = true, held
			continue
		}
		or = false
		if !held {
			return false
		}
	}
	return !or || any
}
