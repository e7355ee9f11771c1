package apache

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// listen is one Listen directive.
type listen struct {
	ip    netip.Addr // the zero Addr: every address
	name  string     // a name instead of an address
	port  int
	proto string
	tls   bool
	n     *node
}

// listenOf reads "80", "127.0.0.1:80", "[::1]:80", "*:80", with the protocol as
// second word.
func listenOf(n *node) listen {
	l := listen{n: n, proto: strings.ToLower(n.arg(1))}
	host, port, ok := cutPort(n.arg(0))
	if !ok {
		host, port = "", n.arg(0)
	}
	l.port, _ = strconv.Atoi(port)
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		l.ip = a
	} else if host != "" && host != "*" {
		l.name = host
	}
	return l
}

func cutPort(s string) (host, port string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.HasSuffix(s, "]") {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// address spells where it listens. Without an address httpd binds the IPv6
// wildcard, which takes IPv4 as well (alloc_listener).
func (l listen) address() string {
	switch {
	case l.name != "":
		return l.name + ":" + strconv.Itoa(l.port)
	case l.ip.IsValid():
		return netip.AddrPortFrom(l.ip, uint16(l.port)).String()
	}
	return "[::]:" + strconv.Itoa(l.port)
}

func (l listen) listener() topo.Listener {
	return topo.Listener{Network: "tcp", Address: l.address(), TLS: l.tls, Place: l.n.place()}
}

// wide reports whether the local address of a connection is not known from the
// listener.
func (l listen) wide() bool { return !l.ip.IsValid() || l.ip.IsUnspecified() }

// speaksTLS reports whether connections to a listener begin with TLS: the first
// virtual host of the address decides, before a name is known.
func (c *config) speaksTLS(l listen) bool {
	of := c.candidates(l)
	if len(of) == 0 {
		of = []*host{c.main}
	}
	return of[0].on("sslengine")
}

// host is a virtual host, or the main server.
type host struct {
	n       *node
	up      *host // the main server; nil for itself
	main    bool
	addrs   []address
	name    string // ServerName without port, lower case
	aliases []topo.SiteName
	workers []*worker
}

// address is one word of <VirtualHost>.
type address struct {
	ip   netip.Addr // the zero Addr: every one
	any  bool       // "*" or "_default_"
	port int        // 0: every one
}

func addresses(words []string) []address {
	var out []address
	for _, w := range words {
		name, port, ok := cutPort(w)
		a := address{}
		if ok && port != "*" {
			a.port, _ = strconv.Atoi(port)
		}
		if ip, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
			a.ip = ip.Unmap()
		} else {
			// A name stands for its addresses, which are looked up at start.
			a.any = name == "*" || strings.EqualFold(name, "_default_")
		}
		out = append(out, a)
	}
	return out
}

// read takes the names of a host.
func (h *host) read() {
	if n := h.n.last("servername"); n != nil {
		name := n.arg(0)
		if _, rest, ok := strings.Cut(name, "://"); ok {
			name = rest
		}
		if bare, _, ok := cutPort(name); ok {
			name = bare
		}
		h.name = strings.ToLower(strings.TrimSuffix(name, "."))
	}
	for _, n := range h.n.all("serveralias") {
		for _, w := range n.args {
			kind := "exact"
			if strings.ContainsAny(w, "*?") {
				kind = "wildcard"
			}
			h.aliases = append(h.aliases, topo.SiteName{Name: strings.ToLower(w), Kind: kind})
		}
	}
}

// value returns the directive that is in force for a host: its own, or the main
// server's.
func (h *host) value(names ...string) *node {
	for ; h != nil; h = h.up {
		for i := len(h.n.sub) - 1; i >= 0; i-- {
			if slices.Contains(names, h.n.sub[i].name) {
				return h.n.sub[i]
			}
		}
	}
	return nil
}

// on reports whether a flag is in force.
func (h *host) on(name string) bool {
	n := h.value(name)
	return n != nil && on(n.arg(0))
}

func on(word string) bool {
	return strings.EqualFold(word, "on") || strings.EqualFold(word, "optional")
}

// fits reports whether a host answers on a listener, and whether by an address of
// its own.
func (h *host) fits(l listen) (fits, exact bool) {
	for _, a := range h.addrs {
		if a.port != 0 && a.port != l.port {
			continue
		}
		switch {
		case a.any:
			fits = true
		case a.ip.IsValid() && (l.wide() || l.ip.Unmap() == a.ip):
			return true, !l.wide()
		}
	}
	return fits, false
}

// candidates are the hosts among which a listener's connections choose by name:
// those with its address, else those with any (ap_update_vhost_given_ip). Where
// the listener has every address, which of them it is cannot be told here, and
// all take part.
func (c *config) candidates(l listen) []*host {
	var exact, any []*host
	for _, h := range c.hosts {
		fits, own := h.fits(l)
		if own {
			exact = append(exact, h)
		}
		if fits {
			any = append(any, h)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return any
}

// find returns the host that answers for a name on a listener, and the name that
// matched (update_server_from_aliases).
func (c *config) find(l listen, name string) (*host, topo.SiteName) {
	of := c.candidates(l)
	for _, h := range of {
		if h.name != "" && h.name == name {
			return h, topo.SiteName{Name: h.name, Kind: "exact"}
		}
		for _, kind := range []string{"exact", "wildcard"} {
			for _, a := range h.aliases {
				if a.Kind == kind && (a.Name == name || kind == "wildcard" && wildcard(a.Name, name)) {
					return h, a
				}
			}
		}
	}
	if len(of) > 0 {
		return of[0], topo.SiteName{}
	}
	if c.main.name != "" && c.main.name == name {
		return c.main, topo.SiteName{Name: name, Kind: "exact"}
	}
	return c.main, topo.SiteName{}
}

// wildcard matches "*" and "?" as ap_strcasecmp_match does.
func wildcard(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case p < len(pattern) && pattern[p] == '*':
			star, mark, p = p, i, p+1
		case star >= 0:
			p, mark = star+1, mark+1
			i = mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
