package haproxy

import (
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
)

// condition takes the words behind "if" or "unless" apart and says what is known
// of them. A rule without a condition holds.
func (q *query) condition(x *proxy, words []string) truth.Value {
	i := slices.IndexFunc(words, func(w string) bool { return w == "if" || w == "unless" })
	if i < 0 {
		return truth.Yes
	}
	t := q.terms(x, words[i+1:])
	if words[i] == "unless" {
		return t.Not()
	}
	return t
}

// terms evaluates alternatives of terms that must all hold
// (build_acl_cond, src/acl.c).
func (q *query) terms(x *proxy, words []string) truth.Value {
	result, all := truth.No, truth.Yes
	negate := false
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "or" || w == "||" || w == "OR" {
			result, all = max(result, all), truth.Yes
			continue
		}
		for strings.HasPrefix(w, "!") {
			negate, w = !negate, w[1:]
		}
		if w == "" {
			continue
		}
		var t truth.Value
		if w == "{" {
			end := slices.Index(words[i:], "}")
			if end < 0 {
				return truth.Unknown
			}
			t = q.test(words[i+1 : i+end])
			i += end
		} else {
			t = q.named(x, w)
		}
		if negate {
			t, negate = t.Not(), false
		}
		all = min(all, t)
	}
	return max(result, all)
}

// predefined are ACLs that HAProxy brings (src/acl.c and http_acl.c).
var predefined = map[string]string{
	"TRUE": "always_true", "FALSE": "always_false", "METH_GET": "method GET HEAD", "METH_HEAD": "method HEAD", "METH_POST": "method POST", "METH_PUT": "method PUT",
	"METH_DELETE": "method DELETE", "METH_OPTIONS": "method OPTIONS", "METH_CONNECT": "method CONNECT", "METH_TRACE": "method TRACE",
	"HTTP_URL_ABS": "url_reg ^[^/:]*://", "HTTP_URL_SLASH": "url_beg /", "HTTP_URL_STAR": "url *",
	"HTTP": "req.proto_http", "HTTP_1.0": "req.ver 1.0", "HTTP_1.1": "req.ver 1.1", "HTTP_2.0": "req.ver 2.0", "HTTP_3.0": "req.ver 3.0", "LOCALHOST": "src 127.0.0.1/8 ::1",
	"HTTP_CONTENT": "req.hdr_val(content-length) gt 0", "RDP_COOKIE": "req.rdp_cookie_cnt", "REQ_CONTENT": "req.len gt 0", "WAIT_END": "wait_end",
}

// named evaluates an ACL: the lines of one name are alternatives.
func (q *query) named(x *proxy, name string) truth.Value {
	rows := x.acls[name]
	if len(rows) == 0 {
		if words, ok := predefined[name]; ok {
			return q.test(strings.Fields(words))
		}
		return truth.Unknown
	}
	t := truth.No
	for _, r := range rows {
		t = max(t, q.test(r.args(2)))
	}
	return t
}

// methods are the ways to match, as the suffix of a fetch or behind -m.
var methods = []string{"str", "beg", "end", "sub", "dir", "dom", "reg", "len", "bool", "int", "ip", "found", "bin"}

// test evaluates an expression with its patterns: "path_beg -i /api /v1".
func (q *query) test(words []string) truth.Value {
	if len(words) == 0 {
		return truth.Unknown
	}
	fetch, rest := words[0], words[1:]
	// A blank may stand between a fetch and its converters.
	for len(rest) > 0 && strings.HasPrefix(rest[0], ",") {
		fetch, rest = fetch+rest[0], rest[1:]
	}
	method := ""
	head, converters, _ := strings.Cut(fetch, ",")
	name, args, _ := strings.Cut(head, "(")
	if i := strings.LastIndexByte(name, '_'); i > 0 && slices.Contains(methods, name[i+1:]) && (strings.HasPrefix(name, "hdr") || strings.HasPrefix(name, "req.hdr") || knownFetch(name[:i])) {
		method = name[i+1:]
		fetch = name[:i]
		if args != "" {
			fetch += "(" + args
		}
		if converters != "" {
			fetch += "," + converters
		}
	}
	fold, patterns, files := false, []string(nil), []string(nil)
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case "-i":
			fold = true
		case "-n":
		case "-m":
			if i++; i < len(rest) {
				method = rest[i]
			}
		case "-f":
			if i++; i < len(rest) {
				files = append(files, rest[i])
			}
		case "-M", "-u":
			return truth.Unknown
		case "--":
			patterns = append(patterns, rest[i+1:]...)
			i = len(rest)
		default:
			patterns = append(patterns, rest[i:]...)
			i = len(rest)
		}
	}
	value, known := q.sample(fetch)
	if !known {
		return truth.Unknown
	}
	for _, f := range files {
		list, ok := q.c.list(f)
		if !ok {
			return truth.Unknown
		}
		patterns = append(patterns, list...)
	}
	return match(value, method, patterns, fold)
}

// match compares a value with patterns, any of which suffices.
func match(value, method string, patterns []string, fold bool) truth.Value {
	if method == "found" {
		return truth.Of(value != "")
	}
	if len(patterns) == 0 {
		return truth.Of(value != "" && value != "0" && value != "false")
	}
	if method == "ip" || method == "len" || method == "bin" || slices.Contains([]string{"gt", "lt", "ge", "le", "eq"}, patterns[0]) {
		return truth.Unknown
	}
	if fold && method != "reg" {
		value = strings.ToLower(value)
	}
	for _, p := range patterns {
		if fold && method != "reg" {
			p = strings.ToLower(p)
		}
		switch t := matches(value, method, p, fold); t {
		case truth.Yes, truth.Unknown:
			return t
		}
	}
	return truth.No
}

func matches(value, method, p string, fold bool) truth.Value {
	switch method {
	case "beg":
		return truth.Of(strings.HasPrefix(value, p))
	case "end":
		return truth.Of(strings.HasSuffix(value, p))
	case "sub":
		return truth.Of(strings.Contains(value, p))
	case "dir":
		return truth.Of(part(value, p, "/?"))
	case "dom":
		return truth.Of(part(value, p, "/?.:"))
	case "reg":
		return truth.Match(p, value, fold)
	}
	return truth.Of(value == p)
}

// part reports whether p stands in value between delimiters or the ends
// (match_word, src/pattern.c).
func part(value, p, delimiters string) bool {
	p = strings.Trim(p, delimiters)
	for at := 0; p != "" && at < len(value); {
		i := strings.Index(value[at:], p)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(p)
		if (i == 0 || strings.IndexByte(delimiters, value[i-1]) >= 0) && (end == len(value) || strings.IndexByte(delimiters, value[end]) >= 0) {
			return true
		}
		at = i + 1
	}
	return false
}
