package evidence

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/pattern"
)

// Config hides secrets in a configuration of any product. The result has the
// same length and the same lines: each hidden byte becomes an "x", which is
// valid in a word, a URL and a regular expression, so that byte ranges stay
// valid and the configuration reads as before. Variables and quotes stay.
func (r *Redactor) Config(conf []byte) []byte {
	out := bytes.Clone(conf)
	for range 8 {
		before := bytes.Clone(out)
		for _, p := range r.confSpans(out) {
			cover(out[p.start:p.end])
		}
		if bytes.Equal(out, before) {
			break
		}
	}
	return out
}

// cover writes "x" over b and leaves the ends of lines and what is covered.
func cover(b []byte) {
	for i, c := range b {
		if c != '\n' && c != '\r' {
			b[i] = 'x'
		}
	}
}

func (r *Redactor) confSpans(b []byte) []span {
	out := r.confLinks(b)
	for _, p := range r.pairSpans(b) {
		// A value that begins with a variable is one, or a format of a log.
		if !isFileName(b[p.start:p.end]) && !isVariable(b, p.start, p.end, true) {
			out = append(out, staticParts(b, p, true)...)
		}
	}
	out = append(out, r.shapeSpans(b)...)
	return append(out, r.statements(b)...)
}

// confLinks hides userinfo and static query values of absolute URLs. Paths are
// routes here, and stay.
func (r *Redactor) confLinks(b []byte) []span {
	var out []span
	for i := 0; ; {
		at := bytes.Index(b[i:], []byte("://"))
		if at < 0 {
			return out
		}
		i += at + 3
		end := linkEnd(b, i)
		host := i + indexAny(b[i:end], "/?#")
		if user := userinfoEnd(b, i, host, end); user > i && !bytes.ContainsAny(b[i:user], `()[]\^*`) {
			out = append(out, staticParts(b, span{i, user, Hidden}, true)...)
		}
		if q := bytes.IndexByte(b[i:end], '?'); q >= 0 && !bytes.ContainsAny(b[i:end], `()\^*`) {
			for _, p := range r.querySpans(b, i+q+1, end) {
				out = append(out, staticParts(b, p, true)...)
			}
		}
		i = end
	}
}

// staticParts returns the parts of p that are no variables of the kinds $name
// and ${name}, nor quotes, nor separators. A password may hold a "$" where the
// product knows no variables: strict takes only what is certainly one.
func staticParts(b []byte, p span, strict bool) []span {
	var out []span
	for at := p.start; at < p.end; {
		switch c := b[at]; {
		case isVariable(b, at, p.end, strict):
			at = variableEnd(b, at, p.end)
		case isSpace(c) || c == '"' || c == '\'' || c == ':' || c == ',':
			at++
		default:
			end := at + 1
			for end < p.end && !isVariable(b, end, p.end, strict) && !isSpace(b[end]) && b[end] != '"' && b[end] != '\'' && b[end] != ':' && b[end] != ',' {
				end++
			}
			if word := string(b[at:end]); !harmless(word) && !isScheme(b[at:end]) {
				out = append(out, span{at, end, Hidden})
			}
			at = end
		}
	}
	return out
}

// isVariable reports whether a variable begins at b[at].
func isVariable(b []byte, at, end int, strict bool) bool {
	if b[at] != '$' || at+1 >= end {
		return false
	}
	stop := variableEnd(b, at, end)
	name := strings.Trim(string(b[at:stop]), "${}")
	if name == "" {
		return false
	}
	switch name {
	case "host", "uri", "args", "scheme", "request", "status", "hostname", "msec":
		return true
	}
	return !strict || strings.Contains(name, "_") && name == strings.ToLower(name)
}

// variableEnd returns where the variable ends that begins with the "$" b[at].
func variableEnd(b []byte, at, end int) int {
	if b[at+1] == '{' {
		if i := bytes.IndexByte(b[at:end], '}'); i >= 0 {
			return at + i + 1
		}
	}
	i := at + 1
	for i < end && ('a' <= b[i] && b[i] <= 'z' || 'A' <= b[i] && b[i] <= 'Z' || '0' <= b[i] && b[i] <= '9' || b[i] == '_') {
		i++
	}
	return i
}

var fileName = pattern.New(`^(?:/[\w.@%+-]+)+/?$|^[\w./-]+\.(?:pem|key|crt|cer|p12|pfx|jks|txt|conf|htpasswd|socket|sock)$`)

// isFileName reports whether a value names a file and so is no secret itself.
func isFileName(v []byte) bool { return fileName().Match(v) }

// statements hides the values of directives: "password secret;",
// "proxy_set_header Authorization …;", "fastcgi_param DB_PASSWORD …;", and the
// keys of a map over a secret.
func (r *Redactor) statements(b []byte) []span {
	var out []span
	inMap := false
	for at := 0; at < len(b); {
		end := statementEnd(b, at)
		words := splitWords(b, at, end)
		switch {
		case len(words) == 0:
		case inMap:
			if first := string(b[words[0].start:words[0].end]); first != "default" && first != "include" && first != "volatile" && first != "hostnames" {
				out = append(out, staticParts(b, words[0], false)...)
			}
		default:
			out = append(out, statementSpans(b, words)...)
		}
		if end < len(b) {
			switch b[end] {
			case '{':
				inMap = len(words) > 1 && string(b[words[0].start:words[0].end]) == "map" && secretName(string(b[words[1].start:words[1].end]))
			case '}':
				inMap = false
			}
		}
		at = end + 1
	}
	return out
}

// statementEnd returns the end of the statement that begins at b[at]: at ";",
// "{", "}" or the end of the line outside quotes. A variable's braces are its own.
func statementEnd(b []byte, at int) int {
	for i := at; i < len(b); i++ {
		switch b[i] {
		case '"', '\'':
			if i == 0 || isSpace(b[i-1]) || b[i-1] == '=' || b[i-1] == '(' {
				end := quoteEndLines(b, i)
				if end < len(b) {
					i = end
				}
			}
		case '#':
			if i == at || isSpace(b[i-1]) {
				for i < len(b) && b[i] != '\n' {
					i++
				}
				return i
			}
		case '$':
			if i+1 < len(b) && b[i+1] == '{' {
				i = variableEnd(b, i, len(b)) - 1
			}
		case ';', '{', '}', '\n':
			return i
		}
	}
	return len(b)
}

// quoteEndLines is quoteEnd for quotes that may span lines; len(b) where the
// quote is not closed within 64 KiB.
func quoteEndLines(b []byte, at int) int {
	for i := at + 1; i < min(len(b), at+64<<10); i++ {
		switch b[i] {
		case '\\':
			i++
		case b[at]:
			return i
		}
	}
	return len(b)
}

// splitWords returns the words of b[at:end] without their quotes.
func splitWords(b []byte, at, end int) []span {
	var out []span
	for i := at; i < end; {
		switch {
		case isSpace(b[i]):
			i++
		case b[i] == '#':
			return out
		case b[i] == '"' || b[i] == '\'':
			stop := min(quoteEndLines(b, i), end)
			out = append(out, span{start: i + 1, end: stop, with: Hidden})
			i = stop + 1
		default:
			stop := i
			for stop < end && !isSpace(b[stop]) {
				if b[stop] == '\\' {
					stop++
				}
				stop++
			}
			stop = min(stop, end)
			out = append(out, span{start: i, end: stop, with: Hidden})
			i = stop
		}
	}
	return out
}

// setters are the directives whose later words are a name and its value, with
// the position of the name.
var setters = map[string]int{
	"proxy_set_header": 1, "grpc_set_header": 1, "add_header": 1, "add_trailer": 1, "fastcgi_param": 1, "uwsgi_param": 1, "scgi_param": 1,
	"more_set_headers": 1, "more_set_input_headers": 1, "set": 1, "perl_set": 1, "env": 1, "setenv": 1, "passenv": 1, "option": 1, "header_up": 1, "header_down": 1, "header": 1,
	"requestheader": 2, "http-request": 2, "http-response": 2, "proxy_set_header_if": 1, "user": 2, "secret": 0, "stats": 1,
}

// statementSpans hides the values of one directive.
func statementSpans(b []byte, words []span) []span {
	text := func(i int) string { return string(b[words[i].start:words[i].end]) }
	first := strings.ToLower(text(0))
	from, strict := 0, false
	switch at, setter := setters[first]; {
	case len(words) == 1:
		return nil
	case first == "auth_basic" || first == "authname" || strings.HasPrefix(first, "secure_link_"):
		from = 1
	case first == "stats" && text(1) == "auth":
		from = 2
	case setter && at+1 < len(words) && secretName(text(at)):
		from = at + 1
	case !setter && !strings.HasPrefix(first, "$") && secretName(first) && !isPublicDirective(first):
		from = 1
	default:
		for i, w := range words[:len(words)-1] {
			if name := strings.ToLower(string(b[w.start:w.end])); i > 0 && (name == "password" || name == "insecure-password") {
				from, strict = i+1, true
			}
		}
	}
	if from == 0 {
		return nil
	}
	var out []span
	for i, w := range words[from:] {
		if first == "add_header" && i > 0 && text(from+i) == "always" || isFileName(b[w.start:w.end]) {
			continue
		}
		out = append(out, staticParts(b, w, strict)...)
	}
	return out
}

// isPublicDirective names directives that sound secret and hold names of
// headers, files or switches.
func isPublicDirective(name string) bool {
	for _, end := range []string{"_pass_header", "_hide_header", "_ignore_headers", "_certificate_key", "_session_ticket_key", "_cookie_path", "_cookie_domain", "_cookie_flags", "_jwt_key_file"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "auth_request" || name == "auth_jwt" || name == "proxy_cookie_path" || name == "cookie" || name == "appsession" || name == "authtype"
}
