package caddy

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// endpoint reads what a reverse_proxy dials: "10.0.0.1:80", "unix//run/app.sock".
func endpoint(dial string) (topo.Endpoint, bool) {
	network, rest, ok := strings.Cut(dial, "/")
	switch {
	case ok && strings.HasPrefix(network, "unix"):
		return topo.Endpoint{Name: dial, Network: "unix", Path: rest}, rest != "" && !strings.Contains(rest, "{")
	case !ok:
		rest = dial
	}
	host, port, err := net.SplitHostPort(rest)
	n, perr := strconv.Atoi(port)
	if host == "" {
		host = "localhost" // Go dials this host
	}
	e := topo.Endpoint{Name: dial, Network: "tcp", Host: host, Port: n}
	return e, err == nil && perr == nil && n > 0 && n <= 65535 && !strings.Contains(host, "{")
}

func firstDial(h *node) string {
	for _, u := range h.items("upstreams") {
		return u.str("dial")
	}
	return ""
}

// endpoints are the upstreams of a reverse_proxy.
func (c *config) endpoints(h *node) []topo.Endpoint {
	var all []topo.Endpoint
	passive := h.get("health_checks", "passive")
	for _, u := range h.items("upstreams") {
		dial := u.str("dial")
		e, ok := endpoint(dial)
		if !ok {
			e = topo.Endpoint{Name: dial, Network: "tcp", Host: dial}
		}
		e.Weight = 1
		if !c.plain {
			e.Place, e.Line = u.at, u.line
		}
		e.MaxConns = int(u.int("max_requests"))
		if e.MaxConns == 0 {
			e.MaxConns = int(passive.int("unhealthy_request_count"))
		}
		if passive.seconds("fail_duration") > 0 {
			e.FailTimeout, e.MaxFails = passive.seconds("fail_duration"), max(1, int(passive.int("max_fails")))
		}
		if len(all) < 1024 {
			all = append(all, e)
		}
	}
	return all
}

// poolName tells the upstreams of a reverse_proxy from others.
func poolName(h *node) string {
	var all []string
	for _, u := range h.items("upstreams") {
		all = append(all, u.str("dial"))
	}
	if d := h.get("dynamic_upstreams"); d != nil {
		all = append(all, "dynamic", d.str("source"), d.str("name"), d.str("port"))
	}
	name := strings.TrimSpace(strings.Join(all, " "))
	if len(name) > 200 {
		name = name[:200]
	}
	return "reverse_proxy " + name
}

func (c *config) pool(h *node) topo.Pool {
	p := topo.Pool{Name: poolName(h), Method: h.str("load_balancing", "selection_policy", "policy"), Endpoints: c.endpoints(h), Settings: c.proxySettings(h), Place: h.at}
	if p.Method == "" {
		p.Method = "random"
	}
	active, passive := h.get("health_checks", "active"), h.get("health_checks", "passive").seconds("fail_duration") > 0
	if active != nil && !passive && !limited(p.Endpoints) {
		p.Checks = "active"
	}
	return p
}

// limited reports whether an upstream may be out because it has all the requests
// that it may have.
func limited(all []topo.Endpoint) bool {
	return slices.ContainsFunc(all, func(e topo.Endpoint) bool { return e.MaxConns > 0 })
}

// forward is the way to the upstreams of a reverse_proxy.
func (c *config) forward(h *node) topo.Forward {
	f := topo.Forward{Protocol: protocol(h), Target: poolName(h), Pool: poolName(h), Endpoints: c.endpoints(h), Place: h.at}
	if h.line != "" {
		f.Target = h.line
	}
	servers := h.strs("transport", "resolver", "addresses")
	if d := h.get("dynamic_upstreams"); d != nil {
		f.RunTime = true
		port, _ := strconv.Atoi(d.str("port"))
		if d.str("source") == "a" && len(f.Endpoints) == 0 && !strings.Contains(d.str("name"), "{") {
			f.Endpoints = []topo.Endpoint{{Name: d.str("name"), Network: "tcp", Host: d.str("name"), Port: port, Resolve: true, Weight: 1, Place: d.at}}
		}
		servers = d.strs("resolver", "addresses")
	}
	// Go's resolver is asked for each connection (net.Dialer).
	r := &topo.Resolver{V4: true, V6: true, Place: h.at}
	for _, s := range servers {
		s = strings.TrimPrefix(s, "udp/")
		if _, _, err := net.SplitHostPort(s); err != nil {
			s = net.JoinHostPort(s, "53")
		}
		r.Servers = append(r.Servers, s)
	}
	f.Resolver = r
	return f
}

// protocol is what a reverse_proxy speaks.
func protocol(h *node) vocab.Protocol {
	t := h.get("transport")
	versions := t.strs("versions")
	h2c := len(versions) > 0 && !slices.Contains(versions, "1.1") && !slices.Contains(versions, "1")
	switch {
	case t.str("protocol") == "fastcgi":
		return vocab.FastCGI
	case t.get("tls") != nil:
		return vocab.HTTPS
	case h2c && slices.Contains(versions, "h2c"):
		return vocab.GRPC // HTTP/2 without TLS, as gRPC speaks it
	}
	return vocab.HTTP
}

// setting is the value of a knob at the place of a value.
func (c *config) setting(n *node, k vocab.Knob, directive string, number float64) topo.Setting {
	s := topo.Setting{Knob: k, Directive: directive, Number: number, Default: n == nil}
	if n == nil {
		return s
	}
	s.Value = n.text
	if rest, ok := strings.CutPrefix(n.line, directive+" "); ok {
		s.Value = strings.TrimSpace(rest)
	}
	if n.kind == number_ && n.line == "" {
		s.Value = plainValue(k, number, n.text)
	}
	if !c.plain {
		s.Place = n.at
	}
	return s
}

// number_ is the kind of numbers, where a parameter is called so.
const number_ = number

// plainValue writes a number of the API as a Caddyfile has it.
func plainValue(k vocab.Knob, v float64, text string) string {
	switch k {
	case vocab.ConnectTimeout, vocab.ReadTimeout, vocab.SendTimeout, vocab.KeepaliveTimeout, vocab.NextUpstreamTimeout, vocab.ClientTimeout, vocab.RequestTimeout:
		return strconv.FormatFloat(v, 'f', -1, 64) + "s"
	}
	return text
}

// at says where in a Caddyfile a knob of a reverse_proxy would be set.
func (c *config) at(s topo.Setting, h *node, transport string) topo.Setting {
	if c.plain || !s.Default || h.line == "" {
		return s
	}
	t := h.get("transport")
	switch {
	case transport != "" && t != nil && t.insert.File != "" && t.insert != h.insert && t.at != h.at:
		s.Insert = t.insert
	case h.insert.File != "":
		s.Insert = h.insert
		if transport != "" {
			s.Directive = "transport " + transport + " { " + s.Directive
		}
	default:
		s.Place = h.at
		s.Line = h.line + " {\n    " + s.Directive + " {value}\n}"
		if transport != "" {
			s.Line = h.line + " {\n    transport " + transport + " {\n        " + s.Directive + " {value}\n    }\n}"
		}
	}
	return s
}

// proxySettings are the knobs of a reverse_proxy.
func (c *config) proxySettings(h *node) topo.Settings {
	out := topo.Settings{}
	t := h.get("transport")
	name := t.str("protocol")
	if name == "" {
		name = "http"
	}
	in := name
	if strings.HasPrefix(h.line, "php_fastcgi") {
		in = "" // it has the words of its transport
	}
	set := func(k vocab.Knob, directive, transport string, number float64, path ...string) {
		out[k] = c.at(c.setting(h.get(path...), k, directive, number), h, transport)
	}
	orElse := func(v, other float64) float64 {
		if v == 0 {
			return other
		}
		return v
	}
	set(vocab.ConnectTimeout, "dial_timeout", in, orElse(t.seconds("dial_timeout"), 3), "transport", "dial_timeout")
	if name == "fastcgi" {
		set(vocab.ReadTimeout, "read_timeout", in, t.seconds("read_timeout"), "transport", "read_timeout")
		set(vocab.KeepaliveCount, "keepalive", "", 0)
		out[vocab.KeepaliveCount] = topo.Setting{Knob: vocab.KeepaliveCount, Directive: "keepalive", Default: true}
	} else {
		first := "response_header_timeout"
		if r := t.seconds("read_timeout"); r > 0 && (t.seconds(first) == 0 || r < t.seconds(first)) {
			first = "read_timeout"
		}
		set(vocab.ReadTimeout, first, in, t.seconds(first), "transport", first)
		set(vocab.HeaderBuffer, "max_response_header", in, orElse(float64(t.int("max_response_header_size")), 10<<20), "transport", "max_response_header_size")
		c.keepalive(out, h, t, in)
	}
	set(vocab.SendTimeout, "write_timeout", in, t.seconds("write_timeout"), "transport", "write_timeout")
	lb := h.get("load_balancing")
	set(vocab.NextUpstreamTimeout, "lb_try_duration", "", lb.seconds("try_duration"), "load_balancing", "try_duration")
	set(vocab.NextUpstreamTries, "lb_retries", "", float64(lb.int("retries")), "load_balancing", "retries")
	if n := t.int("max_conns_per_host"); n > 0 {
		set(vocab.ServerConnections, "max_conns_per_host", in, float64(n), "transport", "max_conns_per_host")
	}
	if n := h.get("health_checks", "passive").int("unhealthy_request_count"); n > 0 {
		set(vocab.ServerConnections, "unhealthy_request_count", "", float64(n), "health_checks", "passive", "unhealthy_request_count")
	}
	if t.str("proxy_protocol") != "" {
		set(vocab.ProxyHeaderSend, "proxy_protocol", in, 1, "transport", "proxy_protocol")
	}
	c.checkSetting(out, h)
	if t.get("tls") != nil {
		c.tlsSettings(out, h, t.get("tls"))
	}
	return out
}

// keepalive says how long idle connections are kept (HTTPTransport.NewTransport).
func (c *config) keepalive(out topo.Settings, h, t *node, in string) {
	k := t.get("keep_alive")
	count := float64(k.int("max_idle_conns_per_host"))
	if count == 0 {
		count = 32
	}
	if e := k.get("enabled"); e != nil && e.text == "false" {
		count = 0
	}
	idle := k.seconds("idle_timeout")
	if idle == 0 {
		idle = 120
	}
	n := k.get("max_idle_conns_per_host")
	out[vocab.KeepaliveCount] = c.setting(n, vocab.KeepaliveCount, "keepalive_idle_conns_per_host", count)
	out[vocab.KeepaliveTimeout] = c.at(c.setting(k.get("idle_timeout"), vocab.KeepaliveTimeout, "keepalive", idle), h, in)
}

// checkSetting says what active health checks ask.
func (c *config) checkSetting(out topo.Settings, h *node) {
	a := h.get("health_checks", "active")
	if a == nil {
		return
	}
	words, at, directive := a.str("uri"), a.get("uri"), "health_uri"
	if words == "" && a.get("path") != nil {
		words, at, directive = a.str("path"), a.get("path"), "health_path"
	}
	s := c.setting(at, vocab.HealthCheck, directive, 0)
	s.Value = words
	if p := a.str("port"); p != "" {
		s.Value += "; health_port " + p
	}
	if e := a.str("expect_status"); e != "" {
		s.Value += "; health_status " + e
	}
	s.Default = false
	out[vocab.HealthCheck] = s
}

// tlsSettings says how TLS is spoken to upstreams (TLSConfig.MakeTLSClientConfig):
// the name that is sent and judged is that of the address, unless one is given.
// Go sends no address as a name (RFC 6066 section 3).
func (c *config) tlsSettings(out topo.Settings, h, t *node) {
	put := func(k vocab.Knob, directive, value string, n float64, at *node) {
		s := c.setting(at, k, directive, n)
		s.Value = value
		out[k] = s
	}
	verify, said := 1.0, t.get("insecure_skip_verify")
	if said != nil && said.text == "true" {
		verify = 0
	}
	put(vocab.TLSVerify, "tls_insecure_skip_verify", "", verify, said)
	name := t.str("server_name")
	if name == "" || strings.Contains(name, "{") {
		if e, ok := endpoint(firstDial(h)); ok {
			name = e.Host
		}
	}
	sends := 0.0
	if name != "" && net.ParseIP(name) == nil {
		sends = 1
	}
	put(vocab.TLSName, "tls_server_name", name, 0, t.get("server_name"))
	put(vocab.TLSServerName, "tls_server_name", name, sends, t.get("server_name"))
	if files := append(t.strs("root_ca_pem_files"), t.strs("ca", "pem_files")...); len(files) > 0 {
		file := files[0]
		if !filepath.IsAbs(file) {
			file = filepath.Join(c.launch.Prefix, file)
		}
		at := t.get("root_ca_pem_files")
		if at == nil {
			at = t.get("ca", "pem_files")
		}
		put(vocab.TLSTrusted, "tls_trusted_ca_certs", file, 0, at)
	}
	if f := t.str("client_certificate_file"); f != "" {
		put(vocab.TLSCertificate, "tls_client_auth", f, 0, t.get("client_certificate_file"))
		put(vocab.TLSCertificateKey, "tls_client_auth", t.str("client_certificate_key_file"), 0, t.get("client_certificate_key_file"))
	}
}

// serverSettings are the knobs of a server.
func (c *config) serverSettings(s *server) topo.Settings {
	out := topo.Settings{}
	times := map[vocab.Knob][2]string{vocab.ClientTimeout: {"read_timeout", "read_body"}, vocab.RequestTimeout: {"read_header_timeout", "read_header"}}
	for k, key := range times {
		if n := s.n.get(key[0]); n != nil {
			out[k] = c.setting(n, k, key[1], n.seconds())
		}
	}
	size := c.setting(s.n.get("max_header_bytes"), vocab.RequestHeaderBuffer, "max_header_size", float64(s.n.int("max_header_bytes")))
	if size.Number == 0 {
		size.Number = 1 << 20
	}
	out[vocab.RequestHeaderBuffer] = size
	return out
}
