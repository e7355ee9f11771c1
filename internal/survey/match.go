package survey

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// candidate is a listener that may answer for the target, with what speaks for
// it.
type candidate struct {
	Match
	reached bool // a client of the target comes to this listener
	port    bool // it listens on the target's port, or on one published as that
	scheme  bool // it speaks the target's scheme
	named   int  // 3 exact, 2 wildcard, 1 regular expression, 0 default
	wide    bool // it listens on every address
	found   bool // the socket exists
}

// maxOthers is how many listeners of a gateway are looked at that are not on the
// target's port.
const maxOthers = 256

// match finds the listeners that may answer for the target and puts the best
// first.
func (k *look) match() {
	var all []candidate
	for _, g := range k.s.Gateways {
		others := 0
		for _, l := range g.Conf.Instance.Listeners {
			if !strings.HasSuffix(l.Address, ":"+strconv.Itoa(k.s.Target.Port)) {
				// A range of ports makes thousands of listeners.
				if others++; l.Stream || others > maxOthers {
					continue
				}
			}
			if c, ok := k.try(g, l); ok {
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, compare)
	k.s.Matches, k.s.Notes = nil, nil
	for _, c := range all {
		if !k.has(c) {
			k.s.Matches = append(k.s.Matches, c.Match)
		}
	}
	if len(all) > 0 {
		k.explain(all)
	}
}

// has reports whether a better match leads to the same site of the same gateway
// at the same port.
func (k *look) has(c candidate) bool {
	return slices.ContainsFunc(k.s.Matches, func(m Match) bool {
		return m.Gateway == c.Gateway && m.Request.Port == c.Request.Port && m.Request.TLS == c.Request.TLS && m.Dial.Network == c.Dial.Network && m.Dial.Address == c.Dial.Address
	})
}

// compare orders candidates. Whoever takes the connection answers, whatever the
// others are called: a listener that the target's address leads to comes first.
// Where none is known to, as behind a balancer or a published port, the name
// decides.
func compare(a, b candidate) int {
	order := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return cmp.Or(
		order(a.Gateway.Running, b.Gateway.Running),
		order(a.reached && a.scheme, b.reached && b.scheme),
		order(a.reached, b.reached),
		order(!a.wide, !b.wide)*boolInt(a.reached && b.reached), // the kernel prefers the listener with the address itself
		order(a.named > 0 && a.port && a.scheme, b.named > 0 && b.port && b.scheme),
		cmp.Compare(b.named, a.named),
		order(a.port, b.port),
		order(a.scheme, b.scheme),
		order(a.found, b.found),
		order(!a.Dial.ProxyHeader, !b.Dial.ProxyHeader),
		order(a.Dial.Network == "tcp", b.Dial.Network == "tcp"),
	)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// try says whether and how a listener may answer for the target.
func (k *look) try(g *Gateway, l topo.Listener) (candidate, bool) {
	t := k.s.Target
	if l.Network != "tcp" && l.Network != "unix" {
		return candidate{}, false
	}
	c := candidate{Match: Match{Gateway: g, Request: topo.Request{
		Listener: listenerKey(l), Port: t.Port, TLS: l.TLS, Host: t.Host, Method: "GET", Path: t.Path, Query: t.Query,
	}}}
	c.Dial = Dial{Place: g.Place, Network: l.Network, Address: l.Address, TLS: l.TLS, Host: t.authority(), ProxyHeader: l.ProxyHeader}
	if l.Stream {
		c.Dial.TLS = t.Scheme == "https" // what is behind it speaks, or the stream itself
	}
	if _, isAddr := t.addr(); c.Dial.TLS && !isAddr {
		c.Dial.SNI = t.Host
	}
	c.scheme = l.Stream || l.TLS == (t.Scheme == "https")
	k.reach(&c, g, l)
	c.found = slices.ContainsFunc(g.Listeners, func(x Listening) bool { return x.Listener.Address == l.Address && x.Found })
	if g.Conf.Resolve != nil {
		c.Decision = g.Conf.Resolve(c.Request)
	}
	c.Site, c.Kind = c.Decision.Site, c.Decision.Site.Kind
	c.named = map[string]int{"exact": 3, "wildcard": 2, "regex": 1}[c.Kind]
	if c.named == 0 {
		c.Kind = "default"
	}
	if l.Stream {
		c.Kind, c.named = "stream", 0
	}
	if !g.Running && c.named == 0 && k.taken(c) {
		c.reached = false
	}
	return c, k.acceptable(c)
}

// taken reports whether some process listens where a gateway that does not run
// would.
func (k *look) taken(c candidate) bool {
	to, err := netip.ParseAddrPort(c.Dial.Address)
	return err == nil && slices.ContainsFunc(k.listeners(c.Gateway.Place).List, func(l host.Listener) bool { return l.Serves(to) })
}

// acceptable reports whether the listener may be taken. Without a name it is only
// where the target's address leads there, or where the operator chose the
// gateway.
func (k *look) acceptable(c candidate) bool {
	if k.opt.Config != "" || k.opt.Gateway != "" {
		return k.chosen(c.Gateway) && (c.named > 0 || c.reached || c.Kind != "stream")
	}
	return c.reached || c.named > 0 && (c.port || !k.nameless())
}

// nameless reports whether the target is an address of this host, without a name
// that would tell sites apart: then its port decides, and no site of another port
// that is called localhost answers.
func (k *look) nameless() bool {
	_, isAddr := k.s.Target.addr()
	return k.s.Target.Local && (isAddr || k.s.Target.Host == "localhost")
}

// chosen reports whether the operator named this gateway, by its configuration,
// product or pid.
func (k *look) chosen(g *Gateway) bool {
	if k.opt.Config != "" && g.Launch.Config != k.opt.Config && !slices.Contains(g.Conf.Instance.Files, k.opt.Config) {
		return false
	}
	w := k.opt.Gateway
	return w == "" || strings.EqualFold(w, g.Conf.Instance.Product) || strings.EqualFold(w, g.Dialect.Name) || g.Running && w == strconv.Itoa(g.Master.PID)
}

// listenerKey spells a listener as topo.Request does.
func listenerKey(l topo.Listener) string {
	if l.Network == "unix" {
		return "unix:" + strings.TrimPrefix(l.Address, "unix:")
	}
	return l.Address
}

// reach finds out whether a client of the target comes to the listener, and at
// which address to dial it: the target's own where it is one of the gateway's
// namespace, else one that the listener surely has.
func (k *look) reach(c *candidate, g *Gateway, l topo.Listener) {
	t := k.s.Target
	if l.Network == "unix" {
		c.Dial.Address = strings.TrimPrefix(l.Address, "unix:")
		return
	}
	at, ok := k.bound(g, l)
	if !ok {
		return
	}
	c.Request.Port = int(at.Port())
	c.port = c.Request.Port == t.Port
	c.wide = at.Addr().IsUnspecified()
	c.Dial.Address = netip.AddrPortFrom(ownAddress(at.Addr()), at.Port()).String()
	for _, a := range t.Addrs {
		to := netip.AddrPortFrom(a, at.Port())
		if !serves(l, at, to) {
			continue
		}
		switch {
		case g.Place.OwnNet && k.addresses(ownPlace()).Has(a.String()), !g.Place.OwnNet && !a.IsLoopback() && k.addresses(g.Place).Has(a.String()):
			c.Dial.Address = to.String()
			c.reached = c.port
			return
		}
	}
	if !g.Place.OwnNet && t.Local {
		k.published(c, g, at)
	}
}

// bound returns the address of a configured listener. Where the configuration
// writes a name, it is that of the gateway's socket on the same port.
func (k *look) bound(g *Gateway, l topo.Listener) (netip.AddrPort, bool) {
	if at, err := netip.ParseAddrPort(l.Address); err == nil {
		return at, true
	}
	name, port, ok := cutPort(l.Address)
	if !ok {
		return netip.AddrPort{}, false
	}
	for _, s := range k.listeners(g.Place).List {
		if at, err := netip.ParseAddrPort(s.Address); err == nil && s.Port == port && g.Holds(s) && !at.Addr().IsUnspecified() {
			return at, true
		}
	}
	// RFC 6761 section 6.3.
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)), name == "localhost"
}

func cutPort(address string) (name string, port int, ok bool) {
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return "", 0, false
	}
	port, err := strconv.Atoi(address[i+1:])
	return address[:i], port, err == nil && port > 0 && port < 1<<16
}

func ownPlace() host.Place { return host.Place{Root: "/", OwnMount: true, OwnNet: true} }

// ownAddress is an address of the same namespace that a listener takes.
func ownAddress(a netip.Addr) netip.Addr {
	switch {
	case a == netip.IPv4Unspecified():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case a == netip.IPv6Unspecified():
		return netip.IPv6Loopback()
	}
	return a
}

// serves reports whether a configured listener takes a connection to an address.
func serves(l topo.Listener, at, to netip.AddrPort) bool {
	v6only := l.V6Only
	return host.Listener{Network: "tcp", Address: at.String(), V6Only: &v6only}.Serves(to)
}

// explain says in a sentence for each match why, and in the notes what an
// operator would not expect.
func (k *look) explain(all []candidate) {
	for i := range k.s.Matches {
		m := &k.s.Matches[i]
		at := slices.IndexFunc(all, func(c candidate) bool { return c.Gateway == m.Gateway && c.Dial == m.Dial })
		m.Why = k.why(all[at])
	}
	first := k.s.Matches[0]
	k.s.Notes = append(k.s.Notes, first.Why)
	for _, m := range k.s.Matches[1:] {
		if m.Gateway != first.Gateway && m.Kind != "default" && m.Gateway.Running {
			k.s.Notes = append(k.s.Notes, fmt.Sprintf("%s at %s has this name too and was not asked", name(m.Gateway), m.Dial.Address))
		}
	}
}

func (k *look) why(c candidate) string {
	t := k.s.Target
	text := fmt.Sprintf("%s answers for %s at %s", name(c.Gateway), t.Host, c.Dial.Address)
	switch {
	case c.Kind == "stream":
		text = fmt.Sprintf("%s passes on what comes to %s, without reading it", name(c.Gateway), c.Dial.Address)
	case c.named == 0:
		text += " by its default server: no site has this name"
	case c.Site.Name != t.Host:
		text += fmt.Sprintf(" (server name %s)", c.Site.Name)
	}
	if !c.Gateway.Place.OwnNet {
		text += ", in the network namespace of process " + strconv.Itoa(c.Gateway.Master.PID)
	}
	switch {
	case !c.Gateway.Running:
		text += "; it is configured and does not run"
	case c.Dial.Network == "unix":
		text += "; what leads from the URL to this unix socket was not examined"
	case !c.port && !c.reached:
		text += fmt.Sprintf("; it does not listen on port %d, so something before it leads there (a balancer, a published port), which was not examined", t.Port)
	case !c.port:
		text += fmt.Sprintf("; port %d of this host is published there", t.Port)
	case !c.scheme && c.reached:
		text += fmt.Sprintf("; it does not speak %s there, so a client with this URL gets no answer that it understands", t.Scheme)
	case !c.scheme && t.Scheme == "https":
		text += "; that listener speaks plain HTTP, so TLS ends before it, which was not examined"
	case !c.scheme:
		text += "; that listener speaks TLS only"
	case len(t.Addrs) > 0 && !c.reached && !t.Local:
		text += fmt.Sprintf("; the name leads to %s, which is no address of this host", t.Addrs[0])
	}
	return text
}

// name says which gateway is meant.
func name(g *Gateway) string {
	text := g.Conf.Instance.Product
	if text == "" {
		text = g.Dialect.Name
	}
	if g.Running {
		return text + " (pid " + strconv.Itoa(g.Master.PID) + ")"
	}
	return text + " (" + g.Launch.Config + ")"
}
