package evidence

import (
	"path"
	"strings"
)

// Args hides keys and passwords in the arguments of a process. The arguments
// given are not changed.
func (r *Redactor) Args(args []string) []string {
	if args == nil {
		return nil
	}
	out := make([]string, len(args))
	program := ""
	if len(args) > 0 {
		program = path.Base(strings.TrimSuffix(args[0], ":"))
	}
	next := false // the argument is the value of the option before it
	for i, a := range args {
		switch {
		case next && !strings.HasPrefix(a, "--"):
			out[i] = hideWhole(r, a)
			next = false
			continue
		case i > 0:
			out[i], next = r.arg(program, a)
			continue
		}
		out[i] = r.Text(a) // a title that the process wrote over its arguments stands here
	}
	return out
}

func hideWhole(r *Redactor, v string) string {
	if harmless(v) || r.keeps([]byte(v)) {
		return v
	}
	return Hidden
}

// arg hides what is secret in one argument and reports whether the next one is
// a secret value.
func (r *Redactor) arg(program, a string) (hidden string, next bool) {
	if tokenLike([]byte(a)) && !r.keeps([]byte(a)) {
		return Hidden, false
	}
	if name, value, ok := strings.Cut(a, "="); ok && !strings.ContainsAny(name, "/?:& ") && secretName(strings.TrimLeft(name, "-")) {
		return name + "=" + hideWhole(r, value), false
	}
	if strings.HasPrefix(a, "-") && !strings.Contains(a, "=") && secretName(strings.TrimLeft(a, "-")) {
		return a, true
	}
	for _, flag := range secretFlags[program] {
		if a == flag {
			return a, true
		}
		if value, ok := strings.CutPrefix(a, flag); ok && len(flag) == 2 {
			return flag + hideWhole(r, value), false
		}
	}
	if value, ok := strings.CutPrefix(a, "-p"); ok && program != "nginx" && looksPassword(value) {
		return "-p" + hideWhole(r, value), false
	}
	return r.Text(a), false
}

// secretFlags are the short options that take a secret, by program.
var secretFlags = map[string][]string{
	"mysql": {"-p"}, "mysqldump": {"-p"}, "mysqladmin": {"-p"}, "mysqlimport": {"-p"}, "mysqlcheck": {"-p"}, "mariadb": {"-p"},
	"mariadb-dump": {"-p"}, "mariadb-admin": {"-p"}, "mysqld": {"-p"}, "sshpass": {"-p"}, "mongo": {"-p"}, "mongosh": {"-p"}, "mongodump": {"-p"},
	"redis-cli": {"-a"}, "curl": {"-u", "-U"}, "wget": {"--http-user"}, "ldapsearch": {"-w"}, "ldapmodify": {"-w"}, "smbclient": {"-U"},
	"unzip": {"-P"}, "7z": {"-p"}, "openssl": {"-k", "-passin", "-passout", "-pass"}, "ipmitool": {"-P"}, "snmpget": {"-c"},
}

// looksPassword reports whether the text behind "-p" is a password and not a
// port, a path, a pair of ports or a word that goes on ("-production").
func looksPassword(v string) bool {
	if len(v) < 6 || strings.ContainsAny(v, "/:") {
		return false
	}
	c := classify([]byte(v))
	return c.digits > 0 && c.digits < len(v) && (c.lower > 0 || c.upper > 0) && !strings.HasPrefix(v, "y") || c.other > 0 && c.digits > 0 && c.lower+c.upper > 0
}

// Header hides the value of a header line or FastCGI parameter where its name
// or its words are secret. Names of cookies and their attributes stay, and so
// does the scheme of an Authorization.
func (r *Redactor) Header(name, value string) string {
	n := strings.TrimPrefix(plainName(name), "http_")
	switch {
	case value == "" || r.keeps([]byte(value)):
		return value
	case n == "authorization" || n == "proxy_authorization":
		if scheme, _, ok := strings.Cut(value, " "); ok && isScheme([]byte(scheme)) {
			return scheme + " " + Hidden
		}
		return Hidden
	case n == "cookie":
		return r.cookies(value, false)
	case n == "set_cookie":
		return r.cookies(value, true)
	case n == "www_authenticate" || n == "proxy_authenticate":
		return r.Text(value)
	case n == "x_request_id" || n == "request_id":
		return value
	case clientName(n):
		return r.clients(value)
	case n == "forwarded":
		return r.Line(value)
	case n == "location" || n == "referer" || n == "content_location" || n == "refresh" || n == "request_uri" || n == "document_uri" || n == "script_name" || n == "path_info":
		return r.URL(value)
	case n == "query_string":
		return r.settle(value, func(b []byte) []span { return r.querySpans(b, 0, len(b)) })
	case n == "remote_user":
		return hideWhole(r, value)
	case secretName(n):
		return hideWhole(r, value)
	}
	return r.Text(value)
}

// cookies hides the values of "a=b; c=d". Of a Set-Cookie only the first pair
// is a cookie; the rest are attributes.
func (r *Redactor) cookies(value string, set bool) string {
	parts := strings.Split(value, ";")
	for i, p := range parts {
		if set && i > 0 {
			parts[i] = r.Text(p)
			continue
		}
		name, v, ok := strings.Cut(p, "=")
		switch {
		case !ok && strings.TrimSpace(p) != "":
			parts[i] = p[:len(p)-len(strings.TrimLeft(p, " "))] + Hidden
		case ok && v != "":
			if tokenLike([]byte(strings.TrimSpace(name))) {
				name = Hidden
			}
			parts[i] = name + "=" + Hidden
		}
	}
	return strings.Join(parts, ";")
}

// clients replaces each address of a list.
func (r *Redactor) clients(value string) string {
	parts := strings.Split(value, ",")
	for i, p := range parts {
		word := strings.TrimSpace(p)
		parts[i] = strings.Replace(p, word, r.Client(word), 1)
	}
	return strings.Join(parts, ",")
}
