package nginx

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// rewrites carries out the rewrite module's directives of a block in order, as
// the code that ngx_http_rewrite_module compiles for it. A limit_except has no
// rewrites, not even those of its location.
func (r *run) rewrites(s *scope) (stop bool) {
	for _, it := range s.items {
		switch it.Name() {
		case "set":
			if len(it.Words) == 3 {
				r.vars[variableName(it.Arg(1))] = r.expand(it.Arg(2))
			}
		case "break":
			r.changed = false
			return true
		case "rewrite":
			stop = len(it.Words) > 2 && r.rewrite(it)
		case "return":
			r.returns(it)
			return true
		case "if":
			stop = it.sub != nil && r.branch(it)
		case "rewrite_by_lua_block", "rewrite_by_lua", "rewrite_by_lua_file", "access_by_lua_block", "access_by_lua", "access_by_lua_file",
			"set_by_lua_block", "set_by_lua", "set_by_lua_file", "js_set", "perl_set", "js_access":
			r.doubt(it.Place(), "%s runs a program that goodgate does not run", it.Name())
		}
		if stop {
			return true
		}
	}
	return false
}

// branch carries out an "if" where its condition holds: its values come into
// force, and stay so after it.
func (r *run) branch(it *item) (stop bool) {
	if !r.holds(it) {
		return false
	}
	r.step(it.sub.step())
	if it.sub.context == "lif" {
		// In a server, an "if" only chooses among rewrites.
		r.cur = it.sub
		r.setHandler(it.sub)
	}
	return r.rewrites(it.sub)
}

// rewrite carries out one rewrite directive. stop says that no further one is
// looked at.
func (r *run) rewrite(it *item) (stop bool) {
	re, err := r.c.pattern(it.Arg(1), false)
	if err != nil {
		r.doubt(it.Place(), "this pattern cannot be matched here: %v", err)
		return false
	}
	groups, err := re.Match(r.uri)
	if err != nil {
		r.doubt(it.Place(), "this pattern cannot be matched here: %v", err)
	}
	if groups == nil {
		return false
	}
	r.captures(re, groups)
	r.step(it.step())
	text, drop := strings.CutSuffix(it.Arg(2), "?")
	flag := it.Arg(3)
	redirect := flag == "redirect" || flag == "permanent"
	for _, head := range []string{"http://", "https://", "$scheme"} {
		redirect = redirect || strings.HasPrefix(text, head)
	}
	if redirect {
		r.known(r.expand(text), it)
		status := 302
		if flag == "permanent" {
			status = 301
		}
		r.answer(status)
		return true
	}
	path, query, has := strings.Cut(text, "?")
	uri := r.known(r.expand(path), it)
	switch args := r.known(r.expand(query), it); {
	case has && !drop && r.args != "":
		r.args = args + "&" + r.args
	case has || drop:
		r.args = args
	}
	r.uri, r.internal, r.unparsed = uri, true, false
	if uri == "" {
		r.doubt(it.Place(), "the rewritten URI is empty: nginx answers 500")
		r.answer(500)
		return true
	}
	if flag == "break" {
		r.inPlace, r.changed = false, false
		return true
	}
	r.changed = true
	return flag == "last"
}

// returns carries out a return directive.
func (r *run) returns(it *item) {
	r.step(it.step())
	status, err := strconv.Atoi(it.Arg(1))
	if err != nil {
		// return URL: a temporary redirect
		r.known(r.expand(it.Arg(1)), it)
		r.answer(302)
		return
	}
	if status == 444 {
		r.end(topo.Answers, 444) // closed without an answer
		return
	}
	redirect := status == 301 || status == 302 || status == 303 || status == 307 || status == 308
	if len(it.Words) > 2 && !redirect || status < 300 {
		// With a text, or without an error, the answer is sent at once.
		r.end(topo.Answers, status)
		return
	}
	r.answer(status)
}

// holds evaluates the condition of an "if", as ngx_http_rewrite_if_condition
// reads it.
func (r *run) holds(it *item) bool {
	words := condition(it)
	if len(words) == 0 {
		return false
	}
	if strings.HasPrefix(words[0], "$") {
		v := r.variable(strings.Trim(words[0][1:], "{}"))
		left := r.known(v, it)
		switch {
		case len(words) == 1:
			return left != "" && left != "0"
		case len(words) < 3:
			return false
		}
		return r.compare(it, left, words[1], words[2])
	}
	if len(words) == 2 {
		return r.fileTest(it, words[0], r.known(r.expand(words[1]), it))
	}
	return false
}

func (r *run) compare(it *item, left, op, right string) bool {
	switch op {
	case "=":
		return left == r.known(r.expand(right), it)
	case "!=":
		return left != r.known(r.expand(right), it)
	case "~", "~*", "!~", "!~*":
		re, err := r.c.pattern(right, strings.HasSuffix(op, "*"))
		if err != nil {
			r.doubt(it.Place(), "this pattern cannot be matched here: %v", err)
			return false
		}
		groups, err := re.Match(left)
		if err != nil {
			r.doubt(it.Place(), "this pattern cannot be matched here: %v", err)
		}
		if groups != nil && op[0] != '!' {
			r.captures(re, groups)
		}
		return (groups != nil) == (op[0] != '!')
	}
	return false
}

// condition returns the words of a condition without its parentheses.
func condition(it *item) []string {
	var words []string
	for _, w := range it.Args() {
		words = append(words, w.Text)
	}
	if len(words) == 0 || !strings.HasPrefix(words[0], "(") || !strings.HasSuffix(words[len(words)-1], ")") {
		return nil
	}
	words[0] = words[0][1:]
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ")")
	out := words[:0]
	for i, w := range words {
		if w == "" && (i == 0 || i == last) {
			continue
		}
		out = append(out, w)
	}
	return out
}

// fileTest evaluates -f, -d, -e and -x, with or without "!", by looking.
func (r *run) fileTest(it *item, op, path string) bool {
	op, negative := strings.CutPrefix(op, "!")
	kind, known := r.c.look(r.c.path(path))
	if !known {
		r.doubt(it.Place(), "%s cannot be looked at: it is taken to be missing", path)
	}
	yes := false
	switch op {
	case "-f":
		yes = kind == plainFile
	case "-d":
		yes = kind == directory
	case "-e", "-x":
		yes = kind != nothing
		if op == "-x" && yes {
			r.doubt(it.Place(), "whether %s may be executed is not known", path)
		}
	}
	return yes != negative
}
