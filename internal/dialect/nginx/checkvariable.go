package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/nginx/syntax"
)

// plainVariables are the variables of nginx's http modules that have a name of
// their own, of all versions up to 1.29.
const plainVariables = ` ancient_browser args binary_remote_addr body_bytes_sent bytes_sent connection connection_requests
 connection_time connections_active connections_reading connections_waiting connections_writing content_length content_type
 date_gmt date_local document_root document_uri endblock fastcgi_path_info fastcgi_script_name host hostname http2 http3 https
 invalid_referer is_args is_request_port jpg limit_conn_status limit_rate limit_req_status memcached_key modern_browser msec msie nginx_version
 pid pipe proxy_add_x_forwarded_for proxy_host proxy_internal_body_length proxy_internal_chunked proxy_port query_string
 realip_remote_addr realip_remote_port realpath_root remote_addr remote_port remote_user request request_body request_body_file
 request_completion request_filename request_id request_length request_method request_port request_time request_uri scheme
 server_addr server_name server_port server_protocol secure_link secure_link_expires slice_range status time_iso8601 time_local
 uid_got uid_set uid_reset uri gzip_ratio protocol `

// variablePrefixes begin the variables that nginx makes for any name, or whose
// family has grown with versions.
var variablePrefixes = []string{"arg_", "cookie_", "http_", "sent_http_", "sent_trailer_", "upstream_", "ssl_", "proxy_protocol_",
	"tcpinfo_", "geoip", "grpc_", "quic", "jwt_", "otel_", "session_", "proxy_", "realip_", "date_", "secure_", "request_", "server_", "limit_", "uid_"}

// interpolated are the directives whose arguments nginx takes variables from,
// and the first argument that it does so with.
var interpolated = map[string]int{
	"proxy_pass": 1, "fastcgi_pass": 1, "uwsgi_pass": 1, "scgi_pass": 1, "return": 1, "set": 2, "proxy_set_header": 2, "add_header": 2,
	"fastcgi_param": 2, "uwsgi_param": 2, "scgi_param": 2, "try_files": 1, "root": 1, "log_format": 2, "rewrite": 2, "map": 1,
}

// makes notes the variables that a directive makes.
func (k *checker) makes(it *item) {
	switch name := it.Name(); name {
	case "set":
		k.makesEmpty(it.Arg(1))
	case "map", "split_clients":
		k.made[variableName(it.Arg(2))] = true
	case "auth_request_set", "js_set", "js_var", "perl_set", "geo", "geoip2", "keyval", "set_by_lua", "set_by_lua_block", "set_by_lua_file":
		for _, w := range it.Args() {
			if v, ok := strings.CutPrefix(w.Text, "$"); ok {
				k.made[strings.ToLower(v)] = true
			}
		}
	case "if", "location", "server_name", "rewrite", "fastcgi_split_path_info", "proxy_redirect", "proxy_cookie_path", "proxy_cookie_domain":
	default:
		return
	}
	k.makesIn(it.Directive)
	syntax.Expand(it.Block, func(d *syntax.Directive) bool {
		if it.sub == nil {
			k.makesIn(d)
			if it.Name() == "geoip2" {
				k.made[strings.ToLower(strings.TrimPrefix(d.Name(), "$"))] = true
			}
		}
		return true
	})
}

// makesEmpty notes a variable that is empty until a rule gives it a value.
func (k *checker) makesEmpty(name string) {
	name = variableName(name)
	k.made[name], k.c.empty[name] = true, true
}

// makesIn notes the named groups of patterns: (?<name>…), (?P<name>…), (?'name'…).
func (k *checker) makesIn(d *syntax.Directive) {
	for _, w := range d.Words {
		s := w.Text
		for {
			i := strings.Index(s, "(?")
			if i < 0 {
				break
			}
			s = s[i+2:]
			rest := strings.TrimPrefix(s, "P")
			if rest == "" || rest[0] != '<' && rest[0] != '\'' {
				continue
			}
			if end := strings.IndexAny(rest[1:], ">'"); end > 0 {
				k.makesEmpty(rest[1 : 1+end])
			}
		}
	}
}

// variables checks that the variables that a directive uses exist. Only where no
// module is about that could make them.
func (k *checker) variables(s *scope, it *item) {
	first, ok := interpolated[it.Name()]
	if it.Name() == "if" && s.area == "http" {
		k.inCondition(it)
	}
	if !ok || s.area != "http" || k.foreign || len(k.told) > 0 {
		return
	}
	for i := first; i < len(it.Words); i++ {
		if it.Name() == "rewrite" && i > 2 || it.Name() == "map" && i > 1 || it.Name() == "log_format" && strings.HasPrefix(it.Arg(i), "escape=") {
			continue
		}
		list, ok := parts(it.Arg(i))
		if !ok && it.Name() != "log_format" {
			k.fatal(it.At(i), `invalid variable name in %q`, printable(it.Arg(i)))
			return
		}
		for _, p := range list {
			if p.variable && !k.known(p.text) {
				k.lacking(it.At(i), `unknown %q variable`, printable(p.text))
			}
		}
	}
}

// inCondition checks the variables of an "if"; patterns have none.
func (k *checker) inCondition(it *item) {
	words := condition(it)
	if k.foreign || len(k.told) > 0 || len(words) == 0 {
		return
	}
	if len(words) == 3 && strings.Contains(words[1], "~") {
		words = words[:1]
	}
	for _, w := range words {
		list, _ := parts(w)
		for _, p := range list {
			if p.variable && !k.known(p.text) {
				k.lacking(it.Place(), `unknown %q variable`, printable(p.text))
			}
		}
	}
}

// known reports whether a variable exists, or may.
func (k *checker) known(name string) bool {
	low := strings.ToLower(name)
	if len(low) == 1 && low[0] >= '1' && low[0] <= '9' || k.made[low] {
		return true
	}
	for _, p := range variablePrefixes {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	for _, v := range strings.Fields(plainVariables) {
		if v == low {
			return true
		}
	}
	// A module that is built in brings its own.
	return k.thirdParty()
}

// thirdParty reports whether the configuration uses a directive of a module that
// stock nginx does not have: it may make variables of any name.
func (k *checker) thirdParty() bool {
	if k.third == nil {
		yes := k.usesOthers()
		k.third = &yes
	}
	return *k.third
}

func (k *checker) usesOthers() bool {
	for it := range k.order {
		for _, r := range grammar()[it.Name()] {
			if r.module != "-" && r.area != "stream" && r.area != "mail" && r.area != "core" {
				return true
			}
		}
	}
	return len(k.c.main.own("load_module")) > 0 && k.loadsHTTP()
}

// loadsHTTP reports whether a loaded module is one of http.
func (k *checker) loadsHTTP() bool {
	for _, it := range k.c.main.own("load_module") {
		if !strings.Contains(it.Arg(1), "ngx_stream") && !strings.Contains(it.Arg(1), "ngx_mail") {
			return true
		}
	}
	return false
}
