package nginx

import (
	"strconv"
	"strings"
)

// value is the value of a variable or of a text with variables. Sure says that
// it is the same for every request like this one; where it is not, text is what
// a plain request gives: no cookie, no header of its own, a client on this host.
type value struct {
	text string
	sure bool
	why  string // the variable that is not sure
}

func sure(s string) value { return value{text: s, sure: true} }

func guess(s, variable string) value { return value{text: s, why: variable} }

// client is the address that a plain request is taken to come from.
const client = "127.0.0.1"

// part is a piece of a text: letters, or the name of a variable.
type part struct {
	text     string
	variable bool
}

// parts takes a text apart as ngx_http_script_compile does: "$name", "${name}"
// and "$1". ok is false for "$" before anything else, which nginx refuses.
func parts(s string) (list []part, ok bool) {
	ok = true
	for len(s) > 0 {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			return append(list, part{text: s}), ok
		}
		if i > 0 {
			list = append(list, part{text: s[:i]})
		}
		s = s[i+1:]
		if s != "" && s[0] >= '1' && s[0] <= '9' {
			list = append(list, part{s[:1], true})
			s = s[1:]
			continue
		}
		rest, brace := strings.CutPrefix(s, "{")
		n := 0
		for n < len(rest) && nameByte(rest[n]) {
			n++
		}
		if n == 0 || brace && (n == len(rest) || rest[n] != '}') {
			ok = false
			list = append(list, part{text: "$"})
			continue
		}
		list = append(list, part{rest[:n], true})
		s = rest[n:]
		if brace {
			s = s[1:]
		}
	}
	return list, ok
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// expand puts the values of variables into a text.
func (r *run) expand(s string) value {
	if !strings.Contains(s, "$") {
		return sure(s)
	}
	list, _ := parts(s)
	out := value{sure: true}
	var b strings.Builder
	for _, p := range list {
		if !p.variable {
			b.WriteString(p.text)
			continue
		}
		v := r.variable(p.text)
		b.WriteString(v.text)
		if !v.sure && out.sure {
			out.sure, out.why = false, v.why
		}
	}
	out.text = b.String()
	return out
}

// maxVariables bounds how deep variables lead to each other: a map's value may
// name the map's own variable.
const maxVariables = 20

// variable returns the value of a variable for the request as it stands.
func (r *run) variable(name string) value {
	if len(name) == 1 && name[0] >= '1' && name[0] <= '9' {
		if i := int(name[0] - '0'); i < len(r.groups) {
			return sure(r.groups[i])
		}
		return sure("")
	}
	low := strings.ToLower(name)
	if v, ok := r.vars[low]; ok {
		return v
	}
	if t := r.tables()[low]; t != nil {
		if r.depth++; r.depth > maxVariables {
			r.depth--
			return guess("", name)
		}
		v := r.look(t)
		r.depth--
		if !t.volatile {
			r.vars[low] = v // nginx computes a map once for a request
		}
		return v
	}
	if v, ok := r.builtin(low); ok {
		return v
	}
	return r.prefixed(low)
}

// builtin returns the variables of ngx_http_variables.c and the proxy modules
// that a request settles.
func (r *run) builtin(name string) (value, bool) {
	switch name {
	case "uri", "document_uri":
		return sure(r.uri), true
	case "request_uri":
		return sure(r.requestURI()), true
	case "args", "query_string":
		return sure(r.args), true
	case "is_args":
		if r.args != "" {
			return sure("?"), true
		}
		return sure(""), true
	case "request_method":
		return sure(r.req.Method), true
	case "host":
		if r.req.Host != "" {
			return sure(r.req.Host), true
		}
		return sure(r.v.primary()), true
	case "http_host":
		return sure(r.hostHeader()), true
	case "server_name":
		return sure(r.v.primary()), true
	case "scheme":
		if r.req.TLS {
			return sure("https"), true
		}
		return sure("http"), true
	case "https":
		if r.req.TLS {
			return sure("on"), true
		}
		return sure(""), true
	case "server_port":
		return sure(strconv.Itoa(r.req.Port)), true
	case "request":
		return sure(r.req.Method + " " + r.requestURI() + " HTTP/1.1"), true
	case "document_root", "realpath_root":
		return r.documentRoot(), true
	case "request_filename":
		v := r.filename()
		return v, true
	case "fastcgi_script_name":
		script, _ := r.scriptName()
		return sure(script), true
	case "fastcgi_path_info":
		_, info := r.scriptName()
		return sure(info), true
	case "proxy_host":
		return sure(r.proxyHost), true
	case "proxy_port":
		return sure(r.proxyPort), true
	}
	return r.ofClient(name)
}

// ofClient returns variables that depend on the client or its connection: sure
// of nothing, with the value for a plain request from this host.
func (r *run) ofClient(name string) (value, bool) {
	plain := map[string]string{
		"remote_addr": client, "proxy_add_x_forwarded_for": client, "realip_remote_addr": client,
		"proxy_protocol_addr": "", "remote_port": "0", "remote_user": "", "content_type": "", "content_length": "",
		"http_connection": "", "server_protocol": "HTTP/1.1", "server_addr": r.serverAddr(), "body_bytes_sent": "0",
		"request_id": strings.Repeat("0", 32), "hostname": "localhost", "nginx_version": r.c.launch.Version,
		"ssl_protocol": "", "ssl_cipher": "", "ssl_client_s_dn": "", "ssl_client_verify": "NONE", "ssl_server_name": r.serverSNI(),
		"limit_rate": "", "request_completion": "", "request_body": "", "request_body_file": "", "geoip_country_code": "",
		"ssl_preread_server_name": r.req.Host, "ssl_preread_protocol": "", "ssl_preread_alpn_protocols": "",
	}
	v, ok := plain[name]
	if !ok {
		return value{}, false
	}
	return guess(v, "$"+name), true
}

func (r *run) serverAddr() string {
	if r.l.host != "" && !r.l.wildcard() {
		return r.l.host
	}
	return client
}

func (r *run) serverSNI() string {
	if r.req.TLS {
		return r.req.Host
	}
	return ""
}

// prefixed returns $arg_…, $http_…, $cookie_… and variables that are not known.
func (r *run) prefixed(name string) value {
	if key, ok := strings.CutPrefix(name, "arg_"); ok {
		return sure(argument(r.args, key))
	}
	if r.c.empty[name] {
		return sure("") // no rule on the way set it
	}
	return guess("", "$"+name)
}

// argument returns the first value of a name in a query, as ngx_http_arg does:
// names without regard to case, values as they are.
func argument(query, key string) string {
	for _, pair := range strings.Split(query, "&") {
		name, v, ok := strings.Cut(pair, "=")
		if ok && strings.EqualFold(name, key) {
			return v
		}
	}
	return ""
}

// requestURI returns the request target as the client wrote it, or as it would
// have written the path.
func (r *run) requestURI() string {
	target := escapePath(r.req.Path)
	if r.req.Query != "" {
		target += "?" + r.req.Query
	}
	return target
}

// hostHeader returns the Host header: with the port where it is not the
// scheme's.
func (r *run) hostHeader() string {
	host := r.req.Host
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	if r.req.Port == 0 || r.req.TLS && r.req.Port == 443 || !r.req.TLS && r.req.Port == 80 || host == "" {
		return host
	}
	return host + ":" + strconv.Itoa(r.req.Port)
}

// escapePath writes a decoded path as NGX_ESCAPE_URI does.
func escapePath(p string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(p) {
		switch c := p[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("#%?\"<>\\^`{|}", c) >= 0:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
