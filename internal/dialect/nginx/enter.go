package nginx

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

func toLower(s string) string { return strings.ToLower(s) }

// enter chooses the socket and the server of the request.
func (r *run) enter() bool {
	r.req.Host = strings.TrimSuffix(toLower(r.req.Host), ".")
	sockets := r.sockets()
	if len(sockets) == 0 {
		r.doubt(topo.Place{File: r.c.launch.Config, Line: 1}, "nothing listens at %s", wanted(r.req))
		return false
	}
	// A name that a server has speaks for its socket; else the first in the file.
	chosen := sockets[0]
	var distinct []*server
	for i := len(sockets) - 1; i >= 0; i-- {
		v, name, _, _ := sockets[i].find(r.req.Host)
		if name != nil {
			chosen = sockets[i]
			distinct = append(distinct, v)
		}
	}
	for _, v := range distinct {
		if v != distinct[0] {
			r.doubt(v.s.d.Place(), "%s is served on several sockets: the one of %s is taken", r.req.Host, chosen.first.Place)
			break
		}
	}
	r.choose(chosen)
	return true
}

func (r *run) choose(s *socket) {
	v, name, groups, err := s.find(r.req.Host)
	if err != nil {
		r.doubt(v.s.d.Place(), "a server_name cannot be matched here: %v", err)
	}
	r.v, r.l = v, *s.first
	for i := range v.listens {
		if v.listens[i].on == s {
			r.l = v.listens[i]
			break
		}
	}
	r.out.Listener = r.l.listener()
	asked := r.req.Port != 0
	if r.req.Port == 0 {
		r.req.Port = r.l.port
	}
	r.wrongScheme = r.req.Listener == "" && asked && r.req.TLS != r.out.Listener.TLS && !v.stream
	r.req.TLS = r.out.Listener.TLS || r.req.TLS && v.stream
	if name != nil {
		r.out.Site = name.SiteName
	}
	if groups != nil {
		r.captures(name.re, groups)
	}
	r.step(v.s.step())
}

// sockets returns the sockets that the request may have come to, in the order of
// the file.
func (r *run) sockets() []*socket {
	if r.req.Listener != "" {
		return r.c.socketAt(r.req.Listener)
	}
	var fit, other []*socket
	for _, s := range r.c.sockets {
		switch {
		case s.first.Network != "tcp" || r.req.Port != 0 && s.first.port != r.req.Port:
		case s.flags.TLS == r.req.TLS || s.first.Stream:
			fit = append(fit, s)
		default:
			other = append(other, s)
		}
	}
	if len(fit) == 0 && len(other) > 0 && r.req.Port != 0 {
		r.doubt(other[0].first.Place, "the socket is set up for %s", map[bool]string{true: "plain HTTP, not TLS", false: "TLS, not plain HTTP"}[r.req.TLS])
		return other
	}
	return fit
}

// socketAt returns the socket that takes connections to an address: the one with
// that address, else the wildcard of its family and port.
func (c *config) socketAt(address string) []*socket {
	want := strings.TrimPrefix(address, "unix:")
	if host, port, err := net.SplitHostPort(want); err == nil && (host == "*" || host == "") {
		want = "0.0.0.0:" + port
	}
	at, err := netip.ParseAddrPort(want)
	var wild, both []*socket
	for _, s := range c.sockets {
		l := s.first
		switch {
		case l.Network == "udp":
		case l.Address == want:
			return []*socket{s}
		case err != nil || l.Network != "tcp" || l.port != int(at.Port()):
		case l.host == "0.0.0.0" && at.Addr().Unmap().Is4(), l.host == "::" && at.Addr().Is6():
			wild = append(wild, s)
		case l.host == "::" && !l.V6Only:
			both = append(both, s)
		}
	}
	if len(wild) > 0 {
		return wild[:1]
	}
	return both[:min(1, len(both))]
}

func wanted(req topo.Request) string {
	if req.Listener != "" {
		return req.Listener
	}
	kind := "plain HTTP"
	if req.TLS {
		kind = "TLS"
	}
	if req.Port == 0 {
		return "any port with " + kind
	}
	return "port " + strconv.Itoa(req.Port) + " with " + kind
}

// findLocation chooses the location, as ngx_http_core_find_config_phase does.
func (r *run) findLocation() {
	r.handler, r.changed = nil, false
	root := r.v.root
	loc, end := root.find(r.uri, root, func(l *location, groups []string, err error) {
		if err != nil {
			r.doubt(l.s.d.Place(), "this location cannot be matched here: %v", err)
			return
		}
		r.captures(l.re, groups)
	})
	r.enterLocation(loc)
	r.next = rewriting
	switch {
	case !r.internal && loc.s.value("internal") != nil: // locations within it inherit it
		r.answer(404)
	case end == foundRedirect:
		r.answer(301)
	}
}

// enterLocation makes the values of a location the ones in force.
func (r *run) enterLocation(l *location) {
	r.cur = l.s
	if l.s.context == "location" {
		r.step(l.s.step())
	}
	r.setHandler(l.s)
	for _, it := range l.s.own("limit_except") {
		if it.sub == nil || !limited(it, r.req.Method) {
			continue
		}
		r.cur = it.sub
		r.step(it.sub.step())
		if r.handler != nil && passes[r.handler.Name()] == "" {
			r.handler = nil // only the passes are handed down
		}
		r.setHandler(it.sub)
	}
}

// limited reports whether a limit_except holds for the method: GET allows HEAD.
func limited(it *item, method string) bool {
	for _, w := range it.Args() {
		allowed := strings.ToUpper(w.Text)
		if allowed == method || allowed == "GET" && method == "HEAD" {
			return false
		}
	}
	return true
}

// handlers are the directives that make the content of a location, besides the
// passes. true: nginx answers by itself with 200.
var handlers = map[string]bool{
	"stub_status": true, "empty_gif": true, "mp4": false, "flv": false, "perl": false, "js_content": false,
	"content_by_lua": false, "content_by_lua_block": false, "content_by_lua_file": false, "echo": true, "echo_exec": false,
	"api": true, "status": true, "nchan_publisher": false, "nchan_subscriber": false, "nchan_pubsub": false, "hls": false,
	"image_filter": false, "vhost_traffic_status_display": true, "redis_pass": false, "redis2_pass": false, "memc_pass": false,
	"drizzle_pass": false, "postgres_pass": false, "upload_pass": false, "passenger_enabled": false, "check_status": true,
}

// setHandler notes the last directive of s that sets a content handler: each
// overwrites the one before (clcf->handler).
func (r *run) setHandler(s *scope) {
	for _, it := range s.items {
		if _, ok := passes[it.Name()]; ok {
			r.handler = it
		}
		if _, ok := handlers[it.Name()]; ok && it.Arg(1) != "off" && it.Name() != "image_filter" {
			r.handler = it
		}
	}
}
