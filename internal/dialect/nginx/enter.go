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
		v, name, _, _ := findServer(r.c.group(sockets[i].Stream, sockets[i].key()), sockets[i].key(), r.req.Host)
		if name != nil {
			chosen = sockets[i]
			distinct = append(distinct, v)
		}
	}
	for _, v := range distinct {
		if v != distinct[0] {
			r.doubt(v.s.d.Place(), "%s is served on several sockets: the one of %s is taken", r.req.Host, chosen.Place)
			break
		}
	}
	r.choose(chosen)
	return true
}

func (r *run) choose(l listen) {
	r.l = l
	v, name, groups, err := findServer(r.c.group(l.Stream, l.key()), l.key(), r.req.Host)
	if err != nil {
		r.doubt(v.s.d.Place(), "a server_name cannot be matched here: %v", err)
	}
	r.v = v
	r.out.Listener = r.c.merged(v, l)
	if r.req.Port == 0 {
		r.req.Port = l.port
	}
	r.req.TLS = r.req.TLS || r.out.Listener.TLS
	if name != nil {
		r.out.Site = name.SiteName
	}
	if groups != nil {
		r.captures(name.re, groups)
	}
	r.step(v.s.step())
}

// sockets returns the sockets that the request may have come to, best first,
// each once.
func (r *run) sockets() []listen {
	var all []listen
	seen := map[string]bool{}
	for _, list := range [][]*server{r.c.servers, r.c.streams} {
		for _, v := range list {
			for _, l := range v.listens {
				if !seen[l.key()] && l.Network != "udp" {
					seen[l.key()] = true
					all = append(all, l)
				}
			}
		}
	}
	if r.req.Listener != "" {
		return r.named(all)
	}
	var exact, rest []listen
	for _, l := range all {
		if l.Network != "tcp" || r.req.Port != 0 && l.port != r.req.Port {
			continue
		}
		if r.c.merged(r.c.group(l.Stream, l.key())[0], l).TLS == r.req.TLS || l.Stream {
			exact = append(exact, l)
		} else {
			rest = append(rest, l)
		}
	}
	if len(exact) == 0 && len(rest) > 0 && r.req.Port != 0 {
		r.doubt(rest[0].Place, "the socket is set up for %s", map[bool]string{true: "plain HTTP, not TLS", false: "TLS, not plain HTTP"}[r.req.TLS])
		return rest
	}
	return exact
}

// named returns the socket that takes connections to Request.Listener: the one
// with that address, else the wildcard of its family and port.
func (r *run) named(all []listen) []listen {
	want := strings.TrimPrefix(r.req.Listener, "unix:")
	if host, port, err := net.SplitHostPort(want); err == nil && (host == "*" || host == "") {
		want = "0.0.0.0:" + port
	}
	for _, l := range all {
		if l.Address == want {
			return []listen{l}
		}
	}
	at, err := netip.ParseAddrPort(want)
	if err != nil {
		return nil
	}
	for _, l := range all {
		if l.Network == "tcp" && l.port == int(at.Port()) && (l.host == "0.0.0.0" && at.Addr().Unmap().Is4() || l.host == "::" && at.Addr().Is6()) {
			return []listen{l}
		}
	}
	for _, l := range all {
		if l.host == "::" && !l.V6Only && l.port == int(at.Port()) {
			return []listen{l}
		}
	}
	return nil
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
