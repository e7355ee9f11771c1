package caddy

import (
	"slices"
	"strings"
)

// Where the values of a transport's subdirectives go.
var (
	transportTimes = map[string][]string{
		"dial_timeout": {"dial_timeout"}, "dial_fallback_delay": {"dial_fallback_delay"}, "response_header_timeout": {"response_header_timeout"}, "expect_continue_timeout": {"expect_continue_timeout"},
		"read_timeout": {"read_timeout"}, "write_timeout": {"write_timeout"}, "tls_timeout": {"tls", "handshake_timeout"}, "keepalive_interval": {"keep_alive", "probe_interval"},
	}
	transportCounts = map[string][]string{
		"keepalive_idle_conns": {"keep_alive", "max_idle_conns"}, "keepalive_idle_conns_per_host": {"keep_alive", "max_idle_conns_per_host"}, "max_conns_per_host": {"max_conns_per_host"},
	}
	transportSizes = map[string][]string{
		"read_buffer": {"read_buffer_size"}, "write_buffer": {"write_buffer_size"}, "max_response_header": {"max_response_header_size"},
	}
	transportTexts = map[string][]string{
		"proxy_protocol": {"proxy_protocol"}, "forward_proxy_url": {"forward_proxy_url"}, "local_address": {"local_address"}, "tls_server_name": {"tls", "server_name"}, "tls_renegotiation": {"tls", "renegotiation"}, "root": {"root"},
	}
	transportLists = map[string][]string{
		"resolvers": {"resolver", "addresses"}, "tls_curves": {"tls", "curves"}, "tls_except_ports": {"tls", "except_ports"}, "tls_trusted_ca_certs": {"tls", "root_ca_pem_files"}, "versions": {"versions"}, "split": {"split_path"},
	}
	httpWords = []string{
		"dial_timeout", "dial_fallback_delay", "response_header_timeout", "expect_continue_timeout", "read_timeout", "write_timeout", "tls_timeout", "keepalive", "keepalive_interval", "keepalive_idle_conns",
		"keepalive_idle_conns_per_host", "max_conns_per_host", "read_buffer", "write_buffer", "max_response_header", "proxy_protocol", "forward_proxy_url", "network_proxy", "local_address", "tls", "tls_server_name",
		"tls_renegotiation", "tls_client_auth", "tls_insecure_skip_verify", "tls_trust_pool", "resolvers", "tls_curves", "tls_except_ports", "tls_trusted_ca_certs", "versions", "compression",
	}
	fastcgiWords = []string{"root", "split", "env", "resolve_root_symlink", "dial_timeout", "read_timeout", "write_timeout", "capture_stderr", "body_buffer_disabled", "body_buffer_memory_limit", "file_buffer_size_limit", "file_buffer_filepath"}
)

// readTransport reads a transport of reverse_proxy (UnmarshalCaddyfile of
// HTTPTransport and fastcgi.Transport).
func (p *proxyReader) readTransport(r *row) *node {
	t := r.node(&node{kind: object})
	if r.arg(1) != "http" && r.arg(1) != "fastcgi" && r.arg(1) != "http_ntlm" {
		p.problems.Add(r.at(1), false, "the transport '%s' is not known here", r.arg(1))
		return t
	}
	known := httpWords
	if r.arg(1) == "fastcgi" {
		known = fastcgiWords
	}
	for _, s := range r.block {
		if !slices.Contains(known, s.name()) {
			p.problems.Fatal(s.at(0), "unrecognized subdirective %s", s.name())
			continue
		}
		p.transportWord(t, s)
	}
	return t
}

func (p *proxyReader) transportWord(t *node, r *row) {
	name := r.name()
	switch {
	case transportTimes[name] != nil:
		t.put(transportTimes[name], p.time(r, 1))
	case transportCounts[name] != nil:
		t.put(transportCounts[name], p.count(r, 1))
	case transportSizes[name] != nil:
		t.put(transportSizes[name], p.size(r, 1))
	case transportTexts[name] != nil:
		t.put(transportTexts[name], p.word(r, 1))
	case transportLists[name] != nil:
		if len(r.words) < 2 {
			p.problems.Fatal(r.place(), "wrong argument count or unexpected line ending after '%s'", name)
		}
		t.put(transportLists[name], r.node(textsNode(r.args(1))))
	case name == "tls":
		t.make("tls")
	case name == "tls_insecure_skip_verify":
		t.put([]string{"tls", "insecure_skip_verify"}, r.node(boolNode(true)))
	case name == "tls_client_auth":
		if len(r.words) > 2 {
			t.put([]string{"tls", "client_certificate_file"}, r.node(textNode(r.arg(1))))
			t.put([]string{"tls", "client_certificate_key_file"}, r.node(textNode(r.arg(2))))
		} else {
			t.put([]string{"tls", "client_certificate_automate"}, p.word(r, 1))
		}
	case name == "tls_trust_pool":
		p.trustPool(t, r)
	case name == "keepalive" && r.arg(1) == "off":
		t.put([]string{"keep_alive", "enabled"}, r.node(boolNode(false)))
	case name == "keepalive":
		t.put([]string{"keep_alive", "idle_timeout"}, p.time(r, 1))
	case name == "compression" && r.arg(1) == "off":
		t.set("compression", boolNode(false))
	case name == "env":
		t.make("env").set(r.arg(1), textNode(r.arg(2)))
	case name == "resolve_root_symlink", name == "capture_stderr":
		t.set(name, boolNode(true))
	case name == "network_proxy":
		t.set(name, r.node(obj("from", r.arg(1))))
	}
}

// trustPool reads the authorities: "tls_trust_pool file ca.pem", or a block with
// pem_file.
func (p *proxyReader) trustPool(t *node, r *row) {
	pool := r.node(obj("provider", r.arg(1)))
	files := r.args(2)
	for _, s := range r.block {
		if s.name() == "pem_file" || s.name() == "pem_files" {
			files = append(files, s.args(1)...)
		}
	}
	if len(files) > 0 {
		pool.set("pem_files", r.node(textsNode(files)))
	}
	t.put([]string{"tls", "ca"}, pool)
}

// phpWords are the subdirectives of php_fastcgi beside those of reverse_proxy.
var phpWords = []string{"root", "split", "env", "index", "try_files", "resolve_root_symlink", "dial_timeout", "read_timeout", "write_timeout", "capture_stderr"}

// php reads php_fastcgi, which stands for three routes: to the folder's own URL,
// to the index file, and the FastCGI server (parsePHPFastCGI).
func (a *adapter) php(s scope, set *node, r *row) []added {
	transport := r.node(&node{kind: object})
	p := &proxyReader{adapter: a, h: &node{kind: object}, row: r, upstreams: listOf()}
	extensions, index := []string{".php"}, "index.php"
	var try []string
	for _, w := range r.block {
		switch w.name() {
		case "split":
			extensions = w.args(1)
		case "index":
			index = w.arg(1)
		case "try_files":
			try = w.args(1)
		default:
			if slices.Contains(phpWords, w.name()) {
				p.transportWord(transport, w)
			}
		}
	}
	transport.set("split_path", textsNode(extensions))
	transport.set("protocol", textNode("fastcgi"))
	routes := a.phpIndex(r, index, try, extensions)
	h := a.proxy(s, r, phpWords)
	h.set("transport", transport)
	var paths []string
	for _, e := range extensions {
		paths = append(paths, "*"+e)
	}
	routes = append(routes, route(r, obj("path", textsNode(paths)), h))
	if set != nil {
		return []added{{directive: r.name(), routes: []*node{route(r, set, r.node(obj("handler", "subroute", "routes", listOf(routes...))))}}}
	}
	return []added{{directive: r.name(), routes: routes, together: true}}
}

func (a *adapter) phpIndex(r *row, index string, try, extensions []string) (routes []*node) {
	if index == "off" {
		return nil
	}
	folder := "{http.request.uri.path}/" + index
	policy, redirects := "first_exist_fallback", slices.Contains(try, folder)
	if len(try) == 0 {
		try, redirects = []string{"{http.request.uri.path}", folder, index}, true
	} else if !strings.HasSuffix(try[len(try)-1], ".php") {
		policy = ""
	}
	if redirects {
		match := obj("file", obj("try_files", textsNode([]string{folder})), "not", listOf(obj("path", textsNode([]string{"*/"}))))
		to := "./{http.request.orig_uri.path.file_escaped}/{http.request.orig_uri.prefixed_query}"
		if a.old {
			to = "{http.request.orig_uri.path}/"
		}
		routes = append(routes, route(r, match, r.node(obj("handler", "static_response", "headers", obj("Location", textsNode([]string{to})), "status_code", intNode(308)))))
	}
	file := obj("split_path", textsNode(extensions), "try_files", textsNode(try))
	if policy != "" && !a.old {
		file.set("try_policy", textNode(policy))
	}
	return append(routes, route(r, obj("file", file), r.node(obj("handler", "rewrite", "uri", "{http.matchers.file.relative}"))))
}

// forwardAuth reads forward_auth: a reverse_proxy that asks an authority, and goes
// on where its answer is 2xx.
func (a *adapter) forwardAuth(s scope, r *row) *node {
	h := a.proxy(s, r, []string{"uri", "copy_headers"})
	if uri := r.find("uri"); uri != nil {
		h.put([]string{"rewrite", "uri"}, a.word(uri, 1))
	} else {
		a.problems.Fatal(r.place(), "the 'uri' subdirective is required")
	}
	h.put([]string{"rewrite", "method"}, textNode("GET"))
	for field, value := range map[string]string{"X-Forwarded-Method": "{http.request.method}", "X-Forwarded-Uri": "{http.request.uri}"} {
		h.make("headers", "request", "set").set(field, textsNode([]string{value}))
	}
	good := obj("match", obj("status_code", listOf(intNode(2))), "routes", listOf(obj("handle", listOf(obj("handler", "vars")))))
	h.set("handle_response", listOf(append([]*node{good}, h.items("handle_response")...)...))
	return h
}
