package apache

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// cond decides a RewriteCond.
func (r *run) cond(n *node, fl flagSet) bool {
	subject := r.expand(n, n.arg(0))
	test, not := strings.CutPrefix(n.arg(1), "!")
	held := false
	switch {
	case slices.Contains([]string{"-f", "-d", "-s", "-F", "-e", "-l", "-h", "-x"}, test):
		held = r.there(strings.TrimSuffix(subject, "/"), test == "-d")
	case strings.HasPrefix(test, "=") && len(test) > 1:
		want := strings.Trim(test[1:], `"`)
		held = subject == want || fl.has("NC", "nocase") && strings.EqualFold(subject, want)
	case strings.HasPrefix(test, "-"), strings.HasPrefix(test, "<"), strings.HasPrefix(test, ">"):
		r.doubt(n, "the condition is not understood: taken as if it did not hold")
		return false
	default:
		groups := r.find(n, test, subject, fl.has("NC", "nocase"))
		held = groups != nil
		if held && !not {
			r.condGroup = groups
		}
	}
	return held != not
}

// there reports whether a file, or a folder, is at a path. A folder is one whose
// "." is there.
func (r *run) there(p string, folder bool) bool {
	if p == "" {
		return folder
	}
	isDir := dialect.Exists(r.c.src, p+"/.")
	if folder {
		return isDir
	}
	return !isDir && dialect.Exists(r.c.src, p)
}

// expand replaces $N, %N and %{…} in a rule.
func (r *run) expand(n *node, s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		next := byte(0)
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case s[i] == '\\' && next != 0:
			i++
			b.WriteByte(next)
		case s[i] == '$' && next >= '0' && next <= '9':
			i++
			b.WriteString(group(r.groups, int(next-'0')))
		case s[i] == '%' && next >= '0' && next <= '9':
			i++
			b.WriteString(group(r.condGroup, int(next-'0')))
		case (s[i] == '%' || s[i] == '$') && next == '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				b.WriteString(s[i:])
				return b.String()
			}
			if s[i] == '$' {
				r.doubt(n, "the map %s is not looked up", s[i:i+end+1])
			} else {
				b.WriteString(r.variable(n, s[i+2:i+end]))
			}
			i += end
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func group(groups []string, i int) string {
	if i < len(groups) {
		return groups[i]
	}
	return ""
}

// variable returns what %{NAME} stands for in a plain request.
func (r *run) variable(n *node, name string) string {
	switch strings.ToUpper(name) {
	case "REQUEST_URI":
		return r.uri
	case "QUERY_STRING":
		return r.args
	case "REQUEST_METHOD":
		return r.req.Method
	case "HTTP_HOST":
		return r.authority()
	case "SERVER_NAME":
		return r.req.Host
	case "SERVER_PORT":
		return strconv.Itoa(r.req.Port)
	case "SERVER_PROTOCOL":
		return "HTTP/1.1"
	case "HTTPS":
		if r.l.tls {
			return "on"
		}
		return "off"
	case "REQUEST_SCHEME":
		if r.l.tls {
			return "https"
		}
		return "http"
	case "THE_REQUEST":
		return r.req.Method + " " + r.uri + " HTTP/1.1"
	case "DOCUMENT_ROOT":
		if n := r.h.value("documentroot"); n != nil {
			return strings.TrimSuffix(r.c.serverPath(n.arg(0)), "/")
		}
		return ""
	case "REQUEST_FILENAME", "SCRIPT_FILENAME":
		if r.file == "" {
			return r.uri
		}
		return r.file
	case "HTTP:UPGRADE", "HTTP:CONNECTION", "HTTP_COOKIE", "HTTP:AUTHORIZATION", "HTTP_REFERER", "ENV:REDIRECT_STATUS", "HTTP:X-FORWARDED-PROTO", "HTTP:X-FORWARDED-FOR":
		return "" // a plain request has none of them
	}
	r.doubt(n, "%%{%s} is taken to be empty", name)
	return ""
}
