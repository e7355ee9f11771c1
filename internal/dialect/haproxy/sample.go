package haproxy

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// query is one request on its way through the configuration.
type query struct {
	c    *config
	req  topo.Request
	host string // the Host header, with the port that a client writes
	uri  string // path and query as they will be sent
	vars map[string]string
}

func (c *config) query(req topo.Request) *query {
	q := &query{c: c, req: req, host: req.Host, uri: req.Path, vars: map[string]string{}}
	if q.uri == "" {
		q.uri = "/"
	}
	if req.Query != "" {
		q.uri += "?" + req.Query
	}
	if strings.Contains(q.host, ":") {
		q.host = "[" + q.host + "]"
	}
	usual := 80
	if req.TLS {
		usual = 443
	}
	if req.Port != 0 && req.Port != usual {
		q.host = net.JoinHostPort(strings.Trim(q.host, "[]"), strconv.Itoa(req.Port))
	}
	return q
}

func (q *query) path() string {
	path, _, _ := strings.Cut(q.uri, "?")
	return path
}

// fetches are the samples that a request decides by itself.
var fetches = []string{
	"path", "pathq", "url", "base", "method", "query", "ssl_fc", "ssl_fc_sni", "req.ssl_sni", "req_ssl_sni", "ssl_fc_has_sni", "dst_port", "always_true", "always_false",
	"req.proto_http", "req.ver", "hdr", "req.hdr", "req.fhdr", "urlp", "url_param", "str", "bool", "int", "var", "req.hdr_cnt", "hdr_cnt", "wait_end",
}

func knownFetch(name string) bool { return slices.Contains(fetches, name) }

// sample evaluates a fetch with its converters: "req.hdr(host),lower".
func (q *query) sample(text string) (value string, known bool) {
	parts := splitArguments(text)
	if len(parts) == 0 {
		return "", false
	}
	name, arg := call(parts[0])
	value, known = q.fetch(name, arg)
	for _, p := range parts[1:] {
		if !known {
			return "", false
		}
		name, arg := call(p)
		value, known = q.convert(value, name, arg)
	}
	return value, known
}

func call(text string) (name, arg string) {
	name, arg, ok := strings.Cut(text, "(")
	if ok {
		arg = strings.TrimSuffix(arg, ")")
	}
	return name, arg
}

// splitArguments parts at the commas that stand in no parentheses.
func splitArguments(text string) (parts []string) {
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(text[from:i]))
				from = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(text[from:]))
}

func (q *query) fetch(name, arg string) (string, bool) {
	switch name {
	case "path":
		return q.path(), true
	case "pathq", "url":
		return q.uri, true
	case "base":
		return strings.ToLower(q.host) + q.path(), true
	case "method":
		return q.req.Method, true
	case "query":
		_, query, _ := strings.Cut(q.uri, "?")
		return query, true
	case "ssl_fc", "ssl_fc_has_sni":
		return strconv.Itoa(order(q.req.TLS)), true
	case "ssl_fc_sni", "req.ssl_sni", "req_ssl_sni":
		return q.req.Host, q.req.Host != ""
	case "dst_port":
		return strconv.Itoa(q.req.Port), q.req.Port != 0 && q.req.Listener == ""
	case "always_true", "req.proto_http", "wait_end":
		return "1", true
	case "always_false":
		return "0", true
	case "req.ver":
		return "1.1", true
	case "hdr", "req.hdr", "req.fhdr":
		header, _, _ := strings.Cut(strings.ToLower(arg), ",")
		switch header {
		case "host":
			return q.host, true
		case "upgrade", "authorization", "content-type", "origin", "range", "x-forwarded-proto", "x-forwarded-for", "cookie", "expect":
			return "", true // our request has none
		}
	case "hdr_cnt", "req.hdr_cnt":
		return "1", strings.EqualFold(arg, "host")
	case "url_param", "urlp":
		_, query, _ := strings.Cut(q.uri, "?")
		values, err := url.ParseQuery(query)
		return values.Get(arg), err == nil
	case "str", "bool", "int":
		return arg, true
	case "var":
		v, ok := q.vars[arg]
		return v, ok
	}
	return "", false
}

func (q *query) convert(value, name, arg string) (string, bool) {
	switch name {
	case "lower":
		return strings.ToLower(value), true
	case "upper":
		return strings.ToUpper(value), true
	case "host_only":
		h, _, ok := cutLast(value)
		if !ok || strings.HasSuffix(value, "]") {
			return value, true
		}
		return h, true
	case "port_only":
		_, p, _ := cutLast(value)
		return p, true
	case "field", "word":
		return field(value, name, arg)
	case "url_dec":
		v, err := url.PathUnescape(value)
		return v, err == nil
	case "concat":
		before, _, _ := strings.Cut(arg, ",")
		return value + before, !strings.Contains(arg, ",")
	case "not":
		return strconv.Itoa(order(value == "" || value == "0")), true
	case "bool":
		return strconv.Itoa(order(value != "" && value != "0")), true
	case "base64", "debug":
		return value, name == "debug"
	}
	if name == "map" || strings.HasPrefix(name, "map_") {
		file, instead, has := strings.Cut(arg, ",")
		m := q.c.mapOf(file)
		if m == nil {
			return "", false
		}
		v, ok := m.look(value, strings.TrimPrefix(strings.TrimPrefix(name, "map"), "_"))
		if !ok {
			return instead, has
		}
		return v, true
	}
	return "", false
}

func field(value, name, arg string) (string, bool) {
	n, delimiters, ok := strings.Cut(arg, ",")
	i, err := strconv.Atoi(n)
	if !ok || err != nil || i == 0 || delimiters == "" {
		return "", false
	}
	delimiters = strings.Trim(delimiters, `"'`)
	cut := func(r rune) bool { return strings.ContainsRune(delimiters, r) }
	var parts []string
	if name == "word" {
		parts = strings.FieldsFunc(value, cut)
	} else {
		from := 0
		for j, r := range value {
			if cut(r) {
				parts, from = append(parts, value[from:j]), j+1
			}
		}
		parts = append(parts, value[from:])
	}
	if i < 0 {
		i = len(parts) + i + 1
	}
	if i < 1 || i > len(parts) {
		return "", true
	}
	return parts[i-1], true
}

// format expands a log-format string: text with %[samples] in it.
func (q *query) format(text string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "%[")
		b.WriteString(before)
		if !ok {
			return b.String(), !strings.Contains(before, "%")
		}
		end := closing(rest)
		if end < 0 {
			return "", false
		}
		v, known := q.sample(rest[:end])
		if !known {
			return "", false
		}
		b.WriteString(v)
		text = rest[end+1:]
	}
}

func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[':
			depth++
		case ')':
			depth--
		case ']':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}
