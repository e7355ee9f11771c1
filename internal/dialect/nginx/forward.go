package nginx

import (
	"net/netip"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// target is the argument of a pass directive taken apart.
type target struct {
	protocol vocab.Protocol
	address  string // host, host:port, unix:/path
	uri      string // what follows the address; only proxy_pass has it
	port     int    // the default of the protocol
}

// schemes are the prefixes that pass directives take, with protocol and default
// port.
var schemes = map[string]map[string]target{
	"proxy_pass":     {"http://": {protocol: vocab.HTTP, port: 80}, "https://": {protocol: vocab.HTTPS, port: 443}},
	"fastcgi_pass":   {"": {protocol: vocab.FastCGI}},
	"uwsgi_pass":     {"uwsgi://": {protocol: vocab.UWSGI}, "suwsgi://": {protocol: vocab.SUWSGI}, "": {protocol: vocab.UWSGI}},
	"scgi_pass":      {"": {protocol: vocab.SCGI}},
	"grpc_pass":      {"grpc://": {protocol: vocab.GRPC}, "grpcs://": {protocol: vocab.GRPCS}, "": {protocol: vocab.GRPC}},
	"memcached_pass": {"": {protocol: vocab.TCP}},
}

// targetOf takes the argument of a pass directive apart.
func targetOf(directive, text string) (target, bool) {
	var t target
	rest, found := "", false
	for scheme, known := range schemes[directive] {
		if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) && (scheme != "" || !found) {
			t, rest, found = known, text[len(scheme):], true
			if scheme != "" {
				break
			}
		}
	}
	if !found {
		return t, false
	}
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		// In a URL a second colon ends the socket's path.
		path, uri, _ := strings.Cut(path, ":")
		t.address, t.uri = "unix:"+path, uri
		return t, path != ""
	}
	t.address = rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 && directive == "proxy_pass" {
		t.address, t.uri = rest[:i], rest[i:]
		if t.uri[0] == '?' {
			t.uri = "/" + t.uri
		}
	}
	return t, t.address != ""
}

// forward returns the way out that a pass directive is, or nil where it leads
// nowhere known.
func (r *run) forward(it *item) *topo.Forward {
	text := it.Arg(1)
	f := &topo.Forward{Target: text, Place: it.Place()}
	if strings.Contains(text, "$") {
		f.RunTime = true
		v := r.expand(text)
		if !v.sure {
			r.doubt(it.Place(), "the target depends on %s; %q is taken", v.why, v.text)
		}
		text = v.text
	}
	t, ok := targetOf(it.Name(), text)
	if !ok {
		if f.RunTime {
			r.doubt(it.Place(), "the target %q gives no address: nginx answers 500", text)
			f.Protocol = passProtocol(it.Name())
			return f // without endpoints
		}
		return nil
	}
	f.Protocol = t.protocol
	r.aim(f, it, t)
	return f
}

// passProtocol returns the plain protocol of a pass directive.
func passProtocol(directive string) vocab.Protocol {
	if directive == "proxy_pass" {
		return vocab.HTTP
	}
	return schemes[directive][""].protocol
}

// aim fills in the pool or the endpoint of a target and how it is resolved.
func (r *run) aim(f *topo.Forward, it *item, t target) {
	pools := r.c.upstreams
	if r.v != nil && r.v.stream {
		pools = r.c.pipes
	}
	if u := pools[strings.ToLower(t.address)]; u != nil {
		f.Pool, f.Endpoints = u.pool.Name, u.pool.Endpoints
		f.Resolver = r.poolResolver(u)
		return
	}
	e, ok := endpoint(t.address, t.port)
	if !ok {
		return
	}
	e.Place = it.At(1)
	e.Weight, e.MaxFails, e.FailTimeout = 1, 1, 10
	f.Endpoints = []topo.Endpoint{e}
	switch {
	case !e.IsName():
	case !f.RunTime || r.c.implicit(e):
		f.Resolver = atStart()
	default:
		f.Resolver = resolverOf(it.in)
	}
}

// atStart is how names are resolved when the configuration is loaded:
// getaddrinfo with AF_UNSPEC (ngx_inet_resolve_host).
func atStart() *topo.Resolver { return &topo.Resolver{AtStart: true, V4: true, V6: true} }

// poolResolver returns how the names of a pool are resolved, or nil where it has
// none.
func (r *run) poolResolver(u *upstream) *topo.Resolver {
	names, running := false, false
	for _, e := range u.pool.Endpoints {
		names = names || e.IsName()
		running = running || e.Resolve
	}
	switch {
	case running:
		return resolverOf(u.s)
	case names:
		return atStart()
	}
	return nil
}

// implicit reports whether some static target names the same host and port:
// nginx then has an upstream of that name, resolved at start, and uses it
// (ngx_http_upstream_init_request).
func (c *config) implicit(e topo.Endpoint) bool {
	if c.http == nil {
		return false
	}
	found := false
	var walk func(s *scope)
	walk = func(s *scope) {
		for _, it := range s.items {
			if schemes[it.Name()] != nil && len(it.Words) > 1 && !strings.Contains(it.Arg(1), "$") {
				if t, ok := targetOf(it.Name(), it.Arg(1)); ok {
					if o, ok := endpoint(t.address, t.port); ok && strings.EqualFold(o.Host, e.Host) && o.Port == e.Port && o.Path == e.Path {
						found = true
					}
				}
			}
			if it.sub != nil && !found {
				walk(it.sub)
			}
		}
	}
	walk(c.http)
	return found
}

// resolverOf returns the resolver in force in s, or nil.
func resolverOf(s *scope) *topo.Resolver {
	it := s.value("resolver")
	if it == nil {
		return nil
	}
	res := &topo.Resolver{V4: true, V6: true, Timeout: 30, Place: it.Place()}
	for _, w := range it.Args() {
		name, v, has := strings.Cut(w.Text, "=")
		switch {
		case has && name == "valid":
			res.Valid, _ = parseTime(v, false)
		case has && name == "ipv6":
			res.V6 = v != "off"
		case has && name == "ipv4":
			res.V4 = v != "off"
		case has:
		case w.Text == "local=on", w.Text == "off":
		default:
			res.Servers = append(res.Servers, nameServer(w.Text))
		}
	}
	if t := s.value("resolver_timeout"); t != nil {
		res.Timeout, _ = parseTime(t.Arg(1), true)
	}
	return res
}

// nameServer completes the address of a name server with port 53.
func nameServer(s string) string {
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(addr, 53).String()
	}
	if strings.Contains(s, ":") {
		return s
	}
	return s + ":53"
}

// streamForward says where a stream goes.
func (r *run) streamForward() {
	r.cur = r.v.s
	if it := r.v.s.first("return"); it != nil {
		r.step(it.step())
		r.end(topo.Answers, 0)
		return
	}
	it := r.v.s.last("proxy_pass")
	if it == nil {
		r.doubt(r.v.s.d.Place(), "the server has no proxy_pass")
		r.end(topo.Unknown, 0)
		return
	}
	for _, s := range r.v.s.own("set") {
		if len(s.Words) == 3 {
			r.vars[variableName(s.Arg(1))] = r.expand(s.Arg(2))
		}
	}
	r.step(it.step())
	f := r.streamTarget(it)
	r.out.Forward = f
	r.out.Settings = r.forwardSettings(it, f)
	r.end(topo.Forwards, 0)
}

// streamTarget returns the way out that proxy_pass is in a stream.
func (r *run) streamTarget(it *item) *topo.Forward {
	f := &topo.Forward{Target: it.Arg(1), Place: it.Place(), Protocol: vocab.TCP}
	if it.in.on("proxy_ssl", false) {
		f.Protocol = vocab.TLS
	}
	text := it.Arg(1)
	if strings.Contains(text, "$") {
		f.RunTime = true
		text = r.known(r.expand(text), it)
	}
	r.aim(f, it, target{protocol: f.Protocol, address: text})
	return f
}

// forwardSettings are the knobs in force for a way out.
func (r *run) forwardSettings(it *item, f *topo.Forward) topo.Settings {
	out := topo.Settings{}
	name := r.proxyHost
	if f.Pool != "" && r.v.stream {
		name = f.Pool
	} else if r.v.stream && len(f.Endpoints) > 0 {
		name = f.Endpoints[0].Host
	}
	s := r.cur
	if s.context == "server" && it.in != s {
		s = it.in
	}
	for _, k := range spelling(f.Protocol, name, r.c.launch.Version) {
		r.c.setting(out, s, k.knob, k.directive, k.byDefault, k.read)
	}
	if v, ok := out[vocab.TLSName]; ok && !v.Default {
		v.Value = r.expand(v.Value).text
		out[vocab.TLSName] = v
	}
	if r.v.stream {
		return out
	}
	if u := r.c.upstreams[strings.ToLower(f.Pool)]; u != nil && f.Pool != "" {
		for k, v := range u.pool.Settings {
			out[k] = v
		}
	} else {
		// Without an upstream block connections are not kept.
		out[vocab.KeepaliveCount] = topo.Setting{Knob: vocab.KeepaliveCount, Directive: "keepalive", Value: "0", Default: true}
	}
	return out
}
