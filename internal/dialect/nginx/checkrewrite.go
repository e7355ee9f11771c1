package nginx

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
)

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
