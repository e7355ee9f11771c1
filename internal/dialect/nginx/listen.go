package nginx

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// listen is one socket that a server takes requests from.
type listen struct {
	topo.Listener
	it    *item // nil for the default of a server without listen
	host  string
	port  int
	deft  bool // default_server
	quic  bool
	ssl   bool    // the parameter itself, not "ssl on"
	on    *socket // to which it belongs, once all are read
	udp   bool
	extra bool // socket options are set
}

// listens returns the sockets of a server block, *:80 where it names none.
func listens(s *scope, stream bool) []listen {
	var all []listen
	for _, it := range s.own("listen") {
		if len(it.Words) > 1 {
			all = append(all, listenOf(it, stream)...)
		}
	}
	if len(all) == 0 && !stream && len(s.own("listen")) == 0 {
		l := listen{Listener: topo.Listener{Network: "tcp", Address: "0.0.0.0:80", Place: s.d.Place()}, host: "0.0.0.0", port: 80}
		all = append(all, l)
	}
	// "ssl on" (before nginx 1.25.1) and "http2 on" speak for every socket.
	for i := range all {
		if !stream && s.on("ssl", false) {
			all[i].TLS = true
		}
		if !stream && s.on("http2", false) {
			all[i].HTTP2 = true
		}
	}
	return all
}

// listenOf reads one listen directive; a range of ports makes several sockets.
func listenOf(it *item, stream bool) []listen {
	base := listen{it: it}
	base.Stream = stream
	base.Place = it.Place()
	host, first, last, ok := listenAddress(it.Arg(1))
	if !ok {
		return nil
	}
	for _, w := range it.Words[2:] {
		name, value, _ := strings.Cut(w.Text, "=")
		switch name {
		case "ssl":
			base.TLS, base.ssl = true, true
		case "http2":
			base.HTTP2 = true
		case "quic":
			base.quic, base.TLS = true, true
		case "udp":
			base.udp = true
		case "proxy_protocol":
			base.ProxyHeader = true
		case "default_server", "default":
			base.deft = true
		case "ipv6only":
			base.V6Only = value == "on"
			base.extra = true
		case "backlog", "rcvbuf", "sndbuf", "setfib", "fastopen", "accept_filter", "deferred", "bind", "reuseport", "so_keepalive":
			base.extra = true
		}
	}
	base.Network = "tcp"
	if base.udp || base.quic {
		base.Network = "udp"
	}
	if path, ok := strings.CutPrefix(host, "unix:"); ok {
		base.Network, base.Address = "unix", path
		return []listen{base}
	}
	// Since nginx 1.3.4 a wildcard of IPv6 takes IPv6 only, unless it is told
	// otherwise.
	if strings.Contains(host, ":") && !strings.Contains(it.Value(), "ipv6only=off") {
		base.V6Only = true
	}
	var all []listen
	for port := first; port <= last && len(all) < 1<<16; port++ {
		l := base
		l.host, l.port = host, port
		l.Address = joinHostPort(host, port)
		all = append(all, l)
	}
	return all
}

// listenAddress takes the address of a listen directive apart.
func listenAddress(s string) (host string, first, last int, ok bool) {
	if path, found := strings.CutPrefix(s, "unix:"); found {
		return s, 0, 0, path != ""
	}
	port := ""
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, 0, false
		}
		host, port = s[1:end], s[end+1:]
		if port != "" && port[0] != ':' {
			return "", 0, 0, false
		}
		port = strings.TrimPrefix(port, ":")
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return "", 0, 0, false
		}
		host = addr.String()
	case strings.Contains(s, ":"):
		host, port, _ = strings.Cut(s, ":")
		if port == "" {
			return "", 0, 0, false
		}
	case allDigits(strings.Replace(s, "-", "", 1)):
		host, port = "*", s
	default:
		host = s
	}
	if host == "*" || host == "" {
		host = "0.0.0.0"
	}
	if port == "" {
		port = "80"
	}
	return host, atoiPort(firstPort(port)), atoiPort(lastPort(port)), validRange(port)
}

func firstPort(ports string) string { a, _, _ := strings.Cut(ports, "-"); return a }
func lastPort(ports string) string {
	if _, b, ok := strings.Cut(ports, "-"); ok {
		return b
	}
	return ports
}

func validRange(ports string) bool {
	a, b := atoiPort(firstPort(ports)), atoiPort(lastPort(ports))
	return a > 0 && b >= a
}

// atoiPort returns a port, 0 where s is none.
func atoiPort(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || !allDigits(s) || n > 65535 {
		return 0
	}
	return n
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func joinHostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:" + strconv.Itoa(port)
	}
	return host + ":" + strconv.Itoa(port)
}

// wildcard reports whether the socket takes every address of its family.
func (l listen) wildcard() bool { return l.host == "0.0.0.0" || l.host == "::" }

// key names the socket: servers with the same key share it.
func (l listen) key() string { return l.Network + " " + l.Address }
