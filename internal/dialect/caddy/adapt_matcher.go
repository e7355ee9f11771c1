package caddy

import (
	"regexp"
	"strings"
)

// matcher reads the definition of a named matcher: one matcher, or a block of
// them that all must fit (parseMatcherDefinitions).
func (a *adapter) matcher(name string, r *row) *node {
	set := r.node(&node{kind: object})
	if len(r.words) > 1 {
		if r.words[1].quoted && len(r.words) == 2 {
			set.set("expression", r.node(obj("expr", r.arg(1), "name", name)))
			return set
		}
		a.match(set, name, &row{words: r.words[1:], braces: r.braces, block: r.block, close: r.close})
		return set
	}
	a.matches(set, name, r)
	return set
}

func (a *adapter) matches(set *node, name string, r *row) {
	for _, m := range r.block {
		a.match(set, name, m)
	}
}

// match adds one matcher to a set. Several of one kind are one with more values.
func (a *adapter) match(set *node, name string, r *row) {
	more := func(key string) {
		set.set(key, r.node(textsNode(append(set.strs(key), r.args(1)...))))
	}
	switch key := r.name(); key {
	case "path", "host", "method":
		more(key)
	case "path_regexp":
		pattern := r.arg(1)
		label := name
		if len(r.words) > 2 {
			label, pattern = r.arg(1), r.arg(2)
		}
		if _, err := regexp.Compile(pattern); err != nil {
			a.problems.Fatal(r.place(), "compiling matcher regexp %s: %v", pattern, err)
		}
		set.set(key, r.node(obj("name", label, "pattern", pattern)))
	case "header":
		h := set.make(key)
		if field, ok := strings.CutPrefix(r.arg(1), "!"); ok {
			h.set(field, &node{kind: null, text: "null"})
			return
		}
		h.set(canonical(r.arg(1)), textsNode(append(h.strs(canonical(r.arg(1))), r.arg(2))))
	case "query":
		q := set.make(key)
		for _, kv := range r.args(1) {
			k, v, _ := strings.Cut(kv, "=")
			q.set(k, textsNode(append(q.strs(k), v)))
		}
	case "protocol":
		set.set(key, r.node(textNode(r.arg(1))))
	case "remote_ip", "client_ip":
		set.set(key, r.node(obj("ranges", textsNode(r.args(1)))))
	case "expression":
		set.set(key, r.node(obj("expr", strings.Join(r.args(1), " "), "name", name)))
	case "not":
		inner := r.node(&node{kind: object})
		if len(r.words) > 1 {
			a.match(inner, name, &row{words: r.words[1:], braces: r.braces, block: r.block, close: r.close})
		} else {
			a.matches(inner, name, r)
		}
		set.set(key, listOf(append(set.items(key), inner)...))
	case "file":
		file := r.node(&node{kind: object})
		try := r.args(1)
		for _, s := range r.block {
			switch s.name() {
			case "try_files":
				try = append(try, s.args(1)...)
			case "root", "try_policy":
				file.set(s.name(), textNode(s.arg(1)))
			case "split_path":
				file.set("split_path", textsNode(s.args(1)))
			}
		}
		if len(try) > 0 {
			file.set("try_files", textsNode(try))
		}
		set.set(key, file)
	case "header_regexp", "vars", "vars_regexp", "tls", "remote_host":
		set.set(key, r.node(&node{kind: object}))
	default:
		if near(key, matcherNames) != "" {
			a.problems.Fatal(r.at(0), "getting matcher module '%s': module not registered; did you mean %s?", key, near(key, matcherNames))
		}
		set.set(key, r.node(&node{kind: object}))
	}
}

var matcherNames = []string{"path", "host", "method", "path_regexp", "header", "header_regexp", "query", "protocol", "remote_ip", "client_ip", "expression", "file", "vars", "vars_regexp"}
