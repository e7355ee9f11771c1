package nginx

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/nginx/regex"
)

// special checks what single directives demand of their arguments.
func (k *checker) special(s *scope, it *item) {
	switch it.Name() {
	case "error_log":
		k.errorLog(it)
	case "access_log":
		k.accessLog(s, it)
	case "worker_processes":
		if _, ok := parseCount(it.Arg(1)); it.Arg(1) != "auto" && !ok {
			k.fatal(it.At(1), `"worker_processes" directive invalid value`)
		}
	case "worker_connections":
		if _, ok := parseCount(it.Arg(1)); !ok {
			k.fatal(it.At(1), `invalid number %q in "worker_connections" directive`, printable(it.Arg(1)))
		}
	case "listen":
		k.listen(s, it)
	case "allow", "deny":
		k.network(it)
	case "limit_except":
		k.methods(s, it)
	case "server_name":
		if s.area == "http" {
			k.serverName(it)
		}
	case "location":
		k.location(s, it)
	case "return":
		if s.area == "http" {
			k.returns(it)
		}
	case "rewrite":
		k.rewrite(it)
	case "if":
		k.condition(it)
	case "set":
		k.set(s, it)
	case "error_page":
		k.errorPage(it)
	case "try_files":
		k.tryFiles(it)
	case "add_header", "add_trailer":
		if len(it.Words) == 4 && it.Arg(3) != "always" {
			k.fatal(it.At(3), `invalid parameter %q`, printable(it.Arg(3)))
		}
	case "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass":
		k.pass(s, it)
	case "limit_req", "limit_conn":
		k.limit(s, it)
	case "map":
		k.rows(it)
	case "alias":
		if l := s.loc; l != nil && l.kind == "@" {
			k.fatal(it.Place(), `the "alias" directive cannot be used inside the named location`)
		}
	case "keepalive":
		if n, ok := parseCount(it.Arg(1)); !ok || n == 0 && !k.newer("1.29.7") {
			k.fatal(it.At(1), `invalid value %q in "keepalive" directive`, printable(it.Arg(1)))
		}
	case "resolver":
		k.resolver(it)
	case "log_format":
		if first := k.formats[s.area+" "+it.Arg(1)]; first != nil {
			k.fatal(it.Place(), `duplicate "log_format" name %q: it is in %s`, printable(it.Arg(1)), first.Place())
		} else {
			k.formats[s.area+" "+it.Arg(1)] = it
		}
	case "keepalive_timeout":
		for i, w := range it.Args() {
			if _, ok := parseTime(w.Text, true); !ok && s.context != "upstream" {
				k.fatal(it.At(i+1), `"keepalive_timeout" directive invalid value`)
			}
		}
	case "fastcgi_param", "uwsgi_param", "scgi_param":
		if len(it.Words) == 4 && it.Arg(3) != "if_not_empty" {
			k.fatal(it.At(3), `invalid parameter %q`, printable(it.Arg(3)))
		}
	case "fastcgi_split_path_info":
		if re, err := k.c.pattern(it.Arg(1), false); err == nil && len(re.Names()) < 3 {
			k.fatal(it.At(1), `pattern %q must have 2 captures`, printable(it.Arg(1)))
		}
	case "proxy_redirect":
		k.redirects(s, it)
	}
	k.patterns(s, it)
	k.variables(s, it)
}

// fixed are the variables of the core that cannot be set.
const fixed = ` binary_remote_addr body_bytes_sent bytes_sent connection connection_requests connection_time
 connections_active connections_reading connections_waiting connections_writing content_length content_type
 date_gmt date_local document_root document_uri fastcgi_path_info fastcgi_script_name grpc_internal_trailers
 host hostname http_cookie http_host http_referer http_user_agent http_via http_x_forwarded_for https is_args
 limit_conn_status limit_req_status msec nginx_version pid pipe proxy_add_x_forwarded_for
 proxy_internal_body_length proxy_internal_chunked proxy_protocol_addr proxy_protocol_port
 proxy_protocol_server_addr proxy_protocol_server_port query_string realip_remote_addr realip_remote_port
 realpath_root remote_addr remote_port remote_user request request_body request_body_file request_completion
 request_filename request_id request_length request_method request_time request_uri scheme
 sent_http_cache_control sent_http_connection sent_http_content_length sent_http_content_type
 sent_http_keep_alive sent_http_last_modified sent_http_link sent_http_location sent_http_transfer_encoding
 server_addr server_name server_port server_protocol status tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar
 tcpinfo_snd_cwnd time_iso8601 time_local upstream_addr upstream_bytes_received upstream_bytes_sent
 upstream_cache_etag upstream_cache_last_modified upstream_cache_status upstream_connect_time
 upstream_header_time upstream_response_length upstream_response_time upstream_status uri `

// set checks the variable of a set directive.
func (k *checker) set(s *scope, it *item) {
	name, ok := strings.CutPrefix(it.Arg(1), "$")
	switch {
	case !ok || name == "":
		k.fatal(it.At(1), `invalid variable name %q`, printable(it.Arg(1)))
	case s.area == "http" && slices.Contains(strings.Fields(fixed), strings.ToLower(name)):
		k.fatal(it.At(1), `the duplicate %q variable`, name)
	}
}

// redirects checks "proxy_redirect default", which needs a proxy_pass before it.
func (k *checker) redirects(s *scope, it *item) {
	if it.Arg(1) != "default" {
		return
	}
	switch p := s.first("proxy_pass"); {
	case p == nil || k.order[p] > k.order[it]:
		k.lacking(it.Place(), `"proxy_redirect default" should be placed after the "proxy_pass" directive`)
	case strings.Contains(p.Arg(1), "$"):
		k.fatal(it.Place(), `"proxy_redirect default" cannot be used with "proxy_pass" directive with variables`)
	}
}

// network checks an address, a network, "all" or "unix:".
func (k *checker) network(it *item) {
	v := it.Arg(1)
	if v == "all" || v == "unix:" {
		return
	}
	addr, bits, has := strings.Cut(v, "/")
	_, err := netip.ParseAddr(addr)
	if n, ok := parseCount(bits); err != nil || has && (!ok || n > 128) {
		k.fatal(it.At(1), `invalid parameter %q`, printable(v))
	}
}

// methods checks a limit_except.
func (k *checker) methods(s *scope, it *item) {
	if s.first("limit_except") != it {
		k.fatal(it.Place(), `"limit_except" directive is duplicate`)
	}
	for i, w := range it.Args() {
		if !oneOf([]string{"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH", "CONNECT", "TRACE"}, w.Text) {
			k.fatal(it.At(i+1), `invalid method %q`, printable(w.Text))
		}
	}
}

// patterns checks the regular expressions of a directive.
func (k *checker) patterns(s *scope, it *item) {
	words := map[int]string{}
	switch {
	case s.area != "http":
	case it.Name() == "location":
		if kind, name := locationName(it); kind == "~" || kind == "~*" {
			words[len(it.Words)-1] = name
		}
	case it.Name() == "rewrite":
		words[1] = it.Arg(1)
	case it.Name() == "server_name":
		for i, w := range it.Args() {
			if p, ok := strings.CutPrefix(w.Text, "~"); ok {
				words[i+1] = p
			}
		}
	case it.Name() == "if":
		if c := condition(it); len(c) == 3 && strings.Contains(c[1], "~") {
			words[len(it.Words)-1] = c[2]
		}
	}
	for i, p := range words {
		if _, err := k.c.pattern(p, false); errors.Is(err, regex.ErrBroken) {
			k.fatal(it.At(i), `pcre2_compile() failed in %q: %v`, printable(p), err)
		}
	}
}

// newer reports whether nginx is, or may be, at least of a version.
func (k *checker) newer(version string) bool {
	return k.c.launch.Version == "" || atVersion(k.c.launch.Version, version)
}

var levels = []string{"debug", "info", "notice", "warn", "error", "crit", "alert", "emerg",
	"debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream"}

// errorLog checks levels as ngx_log_set_levels does, and the directory.
func (k *checker) errorLog(it *item) {
	if len(it.Words) > 2 && it.Arg(1) != "" {
		found := false
		for i, w := range it.Words[2:] {
			known := false
			for _, l := range levels {
				known = known || l == w.Text
			}
			switch {
			case !known:
				k.fatal(it.At(i+2), `invalid log level %q`, printable(w.Text))
				return
			case found && !strings.HasPrefix(w.Text, "debug_"):
				k.fatal(it.At(i+2), `duplicate log level %q`, w.Text)
				return
			}
			found = true
		}
	}
	k.logFile(it)
}

// logFile checks that the directory of a log exists: nginx makes files, not
// directories.
func (k *checker) logFile(it *item) {
	path := k.c.logPath(it.Arg(1))
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/") || strings.Contains(path, "$") || it.Arg(1) == "off" {
		return
	}
	dir := path[:strings.LastIndexByte(path, '/')]
	if k.c.absent(dir) {
		k.fatal(it.At(1), `open() %q failed (2: No such file or directory): the directory is missing`, path)
	}
}

func (k *checker) accessLog(s *scope, it *item) {
	if it.Arg(1) == "off" {
		if len(it.Words) > 2 {
			k.fatal(it.At(2), `invalid parameter %q`, printable(it.Arg(2)))
		}
		return
	}
	for i, w := range it.Words[min(2, len(it.Words)):] {
		name, v, has := strings.Cut(w.Text, "=")
		ok := true
		switch {
		case i == 0 && !(has && (name == "if" || name == "buffer" || name == "flush" || name == "gzip") || w.Text == "gzip"):
			k.format(s, it, w.Text)
		case has && name == "buffer":
			_, ok = parseSize(v, false)
		case has && name == "flush":
			_, ok = parseTime(v, true)
		case has && (name == "if" || name == "gzip"), w.Text == "gzip":
		default:
			ok = i == 0
		}
		if !ok {
			k.fatal(it.At(i+2), `invalid parameter %q`, printable(w.Text))
		}
	}
	k.logFile(it)
}

// format checks that a log format is known where it is used: nginx reads from
// the top.
func (k *checker) format(s *scope, it *item, name string) {
	if name == "combined" && s.area == "http" {
		return
	}
	top := k.c.http
	if s.area == "stream" {
		top = k.c.stream
	}
	for _, f := range top.own("log_format") {
		if f.Arg(1) == name {
			if k.order[f] > k.order[it] {
				k.fatal(it.At(2), `unknown log format %q: it is only made further down, in %s`, printable(name), f.Place())
			}
			return
		}
	}
	k.lacking(it.At(2), `unknown log format %q`, printable(name))
}

// listenWords are the parameters of listen in each area: words, and names that
// end in "=".
var listenWords = map[string][]string{
	"http": {"default_server", "default", "bind", "ssl", "http2", "spdy", "quic", "proxy_protocol", "deferred", "reuseport", "multipath",
		"setfib=", "fastopen=", "backlog=", "rcvbuf=", "sndbuf=", "accept_filter=", "ipv6only=", "so_keepalive="},
	"stream": {"default_server", "bind", "ssl", "udp", "proxy_protocol", "deferred", "reuseport", "multipath",
		"setfib=", "fastopen=", "backlog=", "rcvbuf=", "sndbuf=", "accept_filter=", "ipv6only=", "so_keepalive="},
	"mail": {"bind", "ssl", "proxy_protocol", "backlog=", "rcvbuf=", "sndbuf=", "ipv6only=", "so_keepalive="},
}

func (k *checker) listen(s *scope, it *item) {
	if _, _, _, ok := listenAddress(it.Arg(1)); !ok {
		part := "port"
		if strings.HasPrefix(it.Arg(1), "[") {
			part = "host"
		}
		k.fatal(it.At(1), `invalid %s in %q of the "listen" directive`, part, printable(it.Arg(1)))
		return
	}
	for i, w := range it.Words[2:] {
		name, v, has := strings.Cut(w.Text, "=")
		if has {
			name += "="
		}
		good := false
		for _, known := range listenWords[s.area] {
			good = good || known == name
		}
		switch {
		case !good && s.area == "stream":
			k.fatal(it.At(i+2), `the invalid %q parameter`, printable(w.Text))
		case !good:
			k.fatal(it.At(i+2), `invalid parameter %q`, printable(w.Text))
		case name == "quic" && !k.newer("1.25.0"), name == "multipath" && !k.newer("1.29.3"):
			k.fatal(it.At(i+2), `invalid parameter %q: this is nginx %s`, w.Text, k.c.launch.Version)
		case name == "spdy" && k.c.launch.Version != "" && k.newer("1.9.5"):
			k.fatal(it.At(i+2), `invalid parameter "spdy"`)
		case name == "so_keepalive=" && v != "on" && v != "off" && !strings.Contains(v, ":"):
			k.fatal(it.At(i+2), `invalid so_keepalive value: %q`, printable(v))
		case name == "ipv6only=" && v != "on" && v != "off":
			k.fatal(it.At(i+2), `invalid parameter %q: ipv6only is on or off`, printable(w.Text))
		case name == "backlog=":
			if n, ok := parseCount(v); !ok || n == 0 {
				k.fatal(it.At(i+2), `invalid backlog %q`, printable(v))
			}
		}
	}
}

// serverName checks names as ngx_http_core_server_name does.
func (k *checker) serverName(it *item) {
	for i, w := range it.Args() {
		n := w.Text
		switch {
		case n == "" || strings.HasPrefix(n, "~"):
		case n[0] == '*' && (len(n) < 3 || n[1] != '.'), n == ".":
			k.fatal(it.At(i+1), `server name %q is invalid`, printable(n))
		}
	}
}

func (k *checker) returns(it *item) {
	v := it.Arg(1)
	if n, ok := parseCount(v); ok {
		if n > 999 {
			k.fatal(it.At(1), `invalid return code %q`, printable(v))
		}
		return
	}
	if len(it.Words) == 2 {
		for _, head := range []string{"http://", "https://", "$scheme"} {
			if strings.HasPrefix(v, head) {
				return
			}
		}
	}
	k.fatal(it.At(1), `invalid return code %q`, printable(v))
}

func (k *checker) rewrite(it *item) {
	if len(it.Words) == 4 {
		switch it.Arg(3) {
		case "last", "break", "redirect", "permanent":
		default:
			k.fatal(it.At(3), `invalid parameter %q`, printable(it.Arg(3)))
		}
	}
}

// condition checks an "if" as ngx_http_rewrite_if_condition does.
func (k *checker) condition(it *item) {
	words := condition(it)
	bad := func(s string) { k.fatal(it.At(1), `invalid condition %q`, printable(s)) }
	switch {
	case len(words) == 0 || words[0] == "":
		bad(it.Value())
	case strings.HasPrefix(words[0], "$") && len(words[0]) > 1:
		if len(words) != 1 && len(words) != 3 {
			bad(words[0])
			return
		}
		if len(words) == 3 {
			switch words[1] {
			case "=", "!=", "~", "~*", "!~", "!~*":
			default:
				k.fatal(it.At(1), `unexpected %q in condition`, printable(words[1]))
			}
		}
	default:
		op := strings.TrimPrefix(words[0], "!")
		if len(words) != 2 || len(op) != 2 || op[0] != '-' || !strings.Contains("fdex", op[1:]) {
			bad(words[0])
		}
	}
}

func (k *checker) errorPage(it *item) {
	words := it.Args()
	words = words[:len(words)-1]
	if n := len(words); n > 0 && strings.HasPrefix(words[n-1].Text, "=") {
		if v := words[n-1].Text[1:]; v != "" {
			if _, ok := parseCount(v); !ok {
				k.fatal(it.At(n), `invalid value %q`, printable(words[n-1].Text))
			}
		}
		words = words[:n-1]
		if len(words) == 0 {
			return
		}
	}
	for i, w := range words {
		n, err := strconv.Atoi(w.Text)
		switch {
		case err != nil:
			k.fatal(it.At(i+1), `invalid value %q`, printable(w.Text))
		case n < 300 || n > 599 || n == 499:
			k.fatal(it.At(i+1), `value %q must be between 300 and 599`, printable(w.Text))
		}
	}
}

func (k *checker) tryFiles(it *item) {
	last := it.Arg(len(it.Words) - 1)
	if code, ok := strings.CutPrefix(last, "="); ok {
		if n, ok := parseCount(code); !ok || n > 999 {
			k.fatal(it.At(len(it.Words)-1), `invalid code %q`, printable(code))
		}
	}
}

// limit checks that the zone of a limit exists.
func (k *checker) limit(s *scope, it *item) {
	zone := ""
	if it.Name() == "limit_conn" {
		zone = it.Arg(1)
	}
	for _, w := range it.Args() {
		if v, ok := strings.CutPrefix(w.Text, "zone="); ok {
			zone = v
		}
	}
	switch {
	case zone == "":
		k.fatal(it.Place(), `"limit_req" must have "zone" parameter`)
	case !k.zones[s.area+" "+it.Name()+" "+zone]:
		k.lacking(it.Place(), `zero size shared memory zone %q: no %s_zone makes it`, printable(zone), it.Name())
	}
}

// rows checks the lines of a map.
func (k *checker) rows(it *item) {
	byDefault := 0
	for _, d := range it.Block {
		switch {
		case len(d.Words) == 1 && (d.Name() == "hostnames" || d.Name() == "volatile"):
		case d.Brace:
			k.fatal(d.Place(), `unexpected "{"`)
		case len(d.Words) != 2:
			k.fatal(d.Place(), `invalid number of the map parameters%s`, "")
		case d.Name() == "default":
			if byDefault++; byDefault > 1 {
				k.fatal(d.Place(), `duplicate default map parameter`)
			}
		}
	}
}

func (k *checker) resolver(it *item) {
	for i, w := range it.Args() {
		name, v, has := strings.Cut(w.Text, "=")
		switch {
		case has && name == "valid":
			if _, ok := parseTime(v, false); !ok {
				k.fatal(it.At(i+1), `invalid parameter: %q`, printable(w.Text))
			}
		case has && (name == "ipv6" || name == "ipv4" && k.newer("1.23.1")):
			if v != "on" && v != "off" {
				k.fatal(it.At(i+1), `invalid parameter: %q`, printable(w.Text))
			}
		}
	}
}
