package caddy

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// proxyWords are the subdirectives of reverse_proxy.
var proxyWords = []string{
	"to", "dynamic", "lb_policy", "lb_retries", "lb_try_duration", "lb_try_interval", "lb_retry_match", "health_uri", "health_path", "health_upstream", "health_port", "health_headers", "health_method",
	"health_request_body", "health_interval", "health_timeout", "health_status", "health_body", "health_follow_redirects", "health_passes", "health_fails", "max_fails", "fail_duration",
	"unhealthy_request_count", "unhealthy_status", "unhealthy_latency", "flush_interval", "request_buffers", "response_buffers", "stream_buffer_size", "stream_timeout", "stream_close_delay",
	"trusted_proxies", "header_up", "header_down", "method", "rewrite", "transport", "handle_response", "replace_status", "verbose_logs", "proxy_status_name", "buffer_requests", "buffer_responses", "max_buffer_size",
}

// proxy reads reverse_proxy (UnmarshalCaddyfile in reverseproxy/caddyfile.go).
// passed are subdirectives that belong to a directive around it.
func (a *adapter) proxy(s scope, r *row, passed []string) *node {
	h := r.node(obj("handler", "reverse_proxy"))
	p := &proxyReader{adapter: a, h: h, row: r, upstreams: listOf()}
	p.to(r, 1)
	matchers := map[string]*node{}
	for _, sub := range r.block {
		if !slices.Contains(passed, sub.name()) && sub.name() != "handle_response" {
			p.sub(s, sub, matchers)
		}
	}
	for _, sub := range r.block { // these may name matchers that stand behind them
		if sub.name() == "handle_response" {
			p.response(s, sub, matchers)
		}
	}
	p.close()
	return h
}

type proxyReader struct {
	*adapter
	h         *node
	row       *row
	upstreams *node
	scheme    string
	seen      bool // a scheme is known: of the first upstream
	transport *node
	name      string // of the transport
}

// to adds upstreams: the words of a row from the i-th on.
func (p *proxyReader) to(r *row, i int) {
	for ; i < len(r.words); i++ {
		dials, scheme, why := dialAddresses(r.arg(i))
		switch {
		case why == "" && p.seen && scheme != p.scheme && (p.scheme != "" || scheme == ""):
			why = "for now, all proxy upstreams must use the same scheme (transport protocol)"
			if p.scheme == "" {
				why = ""
			}
		}
		if why != "" {
			p.problems.Fatal(r.at(i), "parsing upstream '%s': %s", r.arg(i), why)
			continue
		}
		p.scheme, p.seen = scheme, true
		for _, d := range dials {
			u := r.node(obj("dial", d))
			u.get("dial").at = r.at(i)
			p.upstreams.list = append(p.upstreams.list, u)
		}
	}
}

// dialAddresses reads an upstream's address (parseUpstreamDialAddress): of a range
// of ports several.
func dialAddresses(text string) (dials []string, scheme, why string) {
	if s, rest, ok := strings.Cut(text, "://"); ok {
		return urlAddress(s, rest)
	}
	if network, path, ok := strings.Cut(text, "/"); ok && strings.HasPrefix(network, "unix") {
		if network == "unix+h2c" {
			return []string{"unix/" + path}, "h2c", ""
		}
		return []string{network + "/" + path}, "", ""
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), ""
		if strings.Contains(text, "{") {
			return []string{text}, "", ""
		}
	}
	if port == "" && !strings.Contains(host, "{") {
		port = "80"
	}
	return ports(host, port)
}

func ports(host, port string) (dials []string, scheme, why string) {
	if strings.Contains(port, "{") {
		return []string{net.JoinHostPort(host, port)}, "", ""
	}
	first, last, ranged := strings.Cut(port, "-")
	a, err := strconv.Atoi(first)
	b := a
	if err == nil && ranged {
		b, err = strconv.Atoi(last)
	}
	if err != nil || a < 0 || b < a || b > 65535 {
		return nil, "", "invalid port " + port
	}
	for ; a <= b && len(dials) < 1024; a++ {
		dials = append(dials, net.JoinHostPort(host, strconv.Itoa(a)))
	}
	return dials, "", ""
}

func urlAddress(scheme, rest string) (dials []string, s, why string) {
	switch {
	case scheme == "ws", scheme == "wss":
		return nil, "", "the scheme " + scheme + ":// is only supported in browsers; use http" + scheme[2:] + ":// instead"
	case scheme != "http" && scheme != "https" && scheme != "h2c":
		return nil, "", "unsupported URL scheme " + scheme + "://"
	case strings.Contains(rest, "{"):
		return nil, "", "due to parsing difficulties, placeholders are not allowed when an upstream address contains a scheme"
	case strings.ContainsAny(rest, "/?#"):
		return nil, "", "for now, URLs for proxy upstreams only support scheme, host, and port components"
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), ""
	}
	switch {
	case scheme == "http" && port == "443", scheme == "https" && port == "80", scheme == "h2c" && port == "443":
		return nil, "", "upstream address has conflicting scheme (" + scheme + "://) and port (:" + port + ")"
	case port == "" && scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	dials, _, why = ports(host, port)
	return dials, scheme, why
}

// Where the numbers of subdirectives go.
var (
	proxyTimes = map[string][]string{
		"lb_try_duration": {"load_balancing", "try_duration"}, "lb_try_interval": {"load_balancing", "try_interval"}, "health_interval": {"health_checks", "active", "interval"},
		"health_timeout": {"health_checks", "active", "timeout"}, "fail_duration": {"health_checks", "passive", "fail_duration"}, "unhealthy_latency": {"health_checks", "passive", "unhealthy_latency"},
		"stream_timeout": {"stream_timeout"}, "stream_close_delay": {"stream_close_delay"},
	}
	proxyCounts = map[string][]string{
		"lb_retries": {"load_balancing", "retries"}, "health_port": {"health_checks", "active", "port"}, "health_passes": {"health_checks", "active", "passes"}, "health_fails": {"health_checks", "active", "fails"},
		"max_fails": {"health_checks", "passive", "max_fails"}, "unhealthy_request_count": {"health_checks", "passive", "unhealthy_request_count"},
	}
	proxyTexts = map[string][]string{
		"health_uri": {"health_checks", "active", "uri"}, "health_path": {"health_checks", "active", "path"}, "health_upstream": {"health_checks", "active", "upstream"}, "health_method": {"health_checks", "active", "method"},
		"health_request_body": {"health_checks", "active", "body"}, "health_body": {"health_checks", "active", "expect_body"}, "method": {"rewrite", "method"}, "rewrite": {"rewrite", "uri"},
	}
)

// put sets a value deep in an object.
func (n *node) put(path []string, v *node) {
	if v != nil {
		n.make(path[:len(path)-1]...).set(path[len(path)-1], v)
	}
}

func (p *proxyReader) sub(s scope, r *row, matchers map[string]*node) {
	name := r.name()
	switch {
	case strings.HasPrefix(name, "@"):
		matchers[name] = responseMatcher(r)
		return
	case proxyTimes[name] != nil:
		p.h.put(proxyTimes[name], p.time(r, 1))
		return
	case proxyCounts[name] != nil:
		p.h.put(proxyCounts[name], p.count(r, 1))
		return
	case proxyTexts[name] != nil:
		p.h.put(proxyTexts[name], p.word(r, 1))
		return
	}
	switch name {
	case "to":
		p.to(r, 1)
	case "dynamic":
		p.h.set("dynamic_upstreams", p.dynamic(r))
	case "lb_policy":
		p.h.put([]string{"load_balancing", "selection_policy"}, r.node(obj("policy", r.arg(1))))
	case "lb_retry_match":
		p.h.put([]string{"load_balancing", "retry_match"}, listOf(&node{kind: object}))
	case "health_status":
		p.h.put([]string{"health_checks", "active", "expect_status"}, p.status(r, 1))
	case "health_headers":
		for _, f := range r.block {
			p.h.put([]string{"health_checks", "active", "headers", f.name()}, textsNode(f.args(1)))
		}
	case "health_follow_redirects":
		p.h.put([]string{"health_checks", "active", "follow_redirects"}, boolNode(true))
	case "unhealthy_status":
		list := listOf()
		for i := 1; i < len(r.words); i++ {
			if n := p.status(r, i); n != nil {
				list.list = append(list.list, n)
			}
		}
		p.h.put([]string{"health_checks", "passive", "unhealthy_status"}, list)
	case "header_up":
		headerOp(p.h.make("headers", "request"), r.args(1))
	case "header_down":
		headerOp(p.h.make("headers", "response"), r.args(1))
	case "transport":
		p.name, p.transport = r.arg(1), p.readTransport(r)
	case "replace_status":
		n := r.node(obj("status_code", textOrNumber(r.arg(len(r.words)-1))))
		if m := matchers[r.arg(1)]; m != nil {
			n.set("match", m)
		}
		p.handle(n)
	case "request_buffers", "response_buffers", "stream_buffer_size":
		if r.arg(1) == "unlimited" {
			p.h.set(name, intNode(-1))
		} else {
			p.h.set(name, p.size(r, 1))
		}
	case "flush_interval":
		if n, err := strconv.ParseInt(r.arg(1), 10, 64); err == nil {
			p.h.set(name, intNode(n))
		} else {
			p.h.set(name, p.time(r, 1))
		}
	case "trusted_proxies":
		p.h.set(name, textsNode(r.args(1)))
	case "verbose_logs", "buffer_requests", "buffer_responses":
		p.h.set(name, boolNode(true))
	case "max_buffer_size", "proxy_status_name":
		p.h.set(name, p.word(r, 1))
	default:
		if meant := near(name, proxyWords); meant != "" {
			p.problems.Fatal(r.at(0), "unrecognized subdirective %s; did you mean %s?", name, meant)
		} else {
			p.problems.Fatal(r.at(0), "unrecognized subdirective %s", name)
		}
	}
}

// status reads "200" and "2xx".
func (p *proxyReader) status(r *row, i int) *node {
	v := r.arg(i)
	if len(v) == 3 && strings.HasSuffix(v, "xx") {
		v = v[:1]
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil {
		p.problems.Fatal(r.at(i), "bad status value '%s'", r.arg(i))
		return nil
	}
	return r.node(intNode(n))
}

// responseMatcher reads "@name status …" and its block form.
func responseMatcher(r *row) *node {
	m := r.node(&node{kind: object})
	rows := r.block
	if len(r.words) > 1 {
		rows = []*row{{words: r.words[1:]}}
	}
	for _, s := range rows {
		switch s.name() {
		case "status":
			codes := listOf()
			for _, c := range s.args(1) {
				if len(c) == 3 && strings.HasSuffix(c, "xx") {
					c = c[:1]
				}
				if n, err := strconv.ParseInt(c, 10, 32); err == nil {
					codes.list = append(codes.list, intNode(n))
				}
			}
			m.set("status_code", codes)
		case "header":
			m.make("headers").set(canonical(s.arg(1)), textsNode(s.args(2)))
		}
	}
	return m
}

func (p *proxyReader) response(s scope, r *row, matchers map[string]*node) {
	n := r.node(&node{kind: object})
	if name := r.arg(1); name != "" {
		m := matchers[name]
		if m == nil {
			p.problems.Fatal(r.at(1), "no named response matcher defined with name '%s'", strings.TrimPrefix(name, "@"))
		}
		n.set("match", m)
	}
	n.set("routes", emptyToNil(p.block(scope{matchers: s.matchers, depth: s.depth + 1}, r)))
	p.handle(n)
}

// handle adds what is done with answers: those for some answers come first.
func (p *proxyReader) handle(n *node) {
	all := append(slices.Clone(p.h.items("handle_response")), n)
	slices.SortStableFunc(all, func(x, y *node) int { return order(x.get("match") == nil) - order(y.get("match") == nil) })
	p.h.set("handle_response", listOf(all...))
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

// dynamic reads where upstreams are looked up at run time.
func (p *proxyReader) dynamic(r *row) *node {
	n := r.node(obj("source", r.arg(1)))
	args := r.args(2)
	switch r.arg(1) {
	case "a":
		for i, key := range []string{"name", "port"} {
			if i < len(args) {
				n.set(key, textNode(args[i]))
			}
		}
	case "srv":
		if len(args) > 0 {
			n.set("name", textNode(args[0]))
		}
	}
	for _, s := range r.block {
		switch s.name() {
		case "name", "port", "service", "proto":
			n.set(s.name(), textNode(s.arg(1)))
		case "refresh", "dial_timeout", "dial_fallback_delay", "grace_period":
			n.set(s.name(), p.time(s, 1))
		case "resolvers":
			n.set("resolver", obj("addresses", textsNode(s.args(1))))
		case "versions":
			n.set("versions", &node{kind: object})
		}
	}
	return n
}

// close writes the upstreams and the transport that they ask for.
func (p *proxyReader) close() {
	if len(p.upstreams.list) > 0 {
		p.h.set("upstreams", p.upstreams)
	}
	if (p.scheme == "https" || p.scheme == "h2c") && p.transport == nil {
		p.transport, p.name = p.row.node(&node{kind: object}), "http"
		p.transport.insert = p.row.insert()
	}
	t := p.transport
	if t == nil {
		return
	}
	switch {
	case p.scheme == "https" && p.name != "http":
		p.problems.Fatal(p.row.place(), "upstreams are configured for HTTPS but transport module does not support TLS: %s", p.name)
	case p.scheme == "https" && t.get("tls") == nil:
		t.set("tls", &node{kind: object})
	case p.scheme == "http" && t.get("tls") != nil:
		p.problems.Fatal(p.row.place(), "upstream address scheme is HTTP but transport is configured for HTTP+TLS (HTTPS)")
	case p.scheme == "h2c" && !slices.Contains(t.strs("versions"), "h2c"):
		t.set("versions", textsNode([]string{"h2c", "2"}))
	}
	if len(t.keys) > 0 || p.name != "http" {
		t.set("protocol", textNode(p.name))
		p.h.set("transport", t)
	}
}
