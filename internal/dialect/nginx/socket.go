package nginx

import "github.com/goodgatehq/goodgate/internal/topo"

// socket is one address with the servers that share it. nginx applies ssl, http2
// and proxy_protocol of one of them to all.
type socket struct {
	first     *listen // the first that names it
	servers   []*server
	byDefault *server // the one marked default_server, or the first
	ssl       *listen // the first with the parameter ssl or quic
	marked    bool
	flags     topo.Listener
}

// socketsOf gathers the sockets of servers in the order of the file, and tells
// each listen directive to which it belongs.
func socketsOf(servers []*server) []*socket {
	var all []*socket
	byKey := map[string]*socket{}
	for _, v := range servers {
		for i := range v.listens {
			l := &v.listens[i]
			s := byKey[l.key()]
			if s == nil {
				s = &socket{first: l, byDefault: v}
				byKey[l.key()] = s
				all = append(all, s)
			}
			l.on = s
			s.add(v, l)
		}
	}
	return all
}

func (s *socket) add(v *server, l *listen) {
	if n := len(s.servers); n == 0 || s.servers[n-1] != v {
		s.servers = append(s.servers, v)
	}
	if l.deft && !s.marked {
		s.byDefault, s.marked = v, true
	}
	if (l.ssl || l.quic) && s.ssl == nil {
		s.ssl = l
	}
	s.flags.TLS = s.flags.TLS || l.TLS
	s.flags.HTTP2 = s.flags.HTTP2 || l.HTTP2
	s.flags.ProxyHeader = s.flags.ProxyHeader || l.ProxyHeader
}

// listener describes the socket as one directive names it.
func (l *listen) listener() topo.Listener {
	out := l.Listener
	out.TLS, out.HTTP2, out.ProxyHeader = l.on.flags.TLS, l.on.flags.HTTP2, l.on.flags.ProxyHeader
	return out
}
