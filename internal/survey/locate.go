package survey

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// lookupPatience is how long the resolver may take. Its answer only helps to
// choose among listeners.
const lookupPatience = time.Second

// locate finds the addresses of the target's host and whether one is of this
// host. A name server is asked only where the answer matters: not where exactly
// one listener has the name and port.
func (k *look) locate() {
	t := &k.s.Target
	if a, ok := t.addr(); ok {
		t.Addrs = []netip.Addr{a}
	} else if t.Host == "localhost" || strings.HasSuffix(t.Host, ".localhost") {
		// RFC 6761 section 6.3.
		t.Addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	} else {
		t.Addrs = k.hosts(t.Host)
	}
	if len(t.Addrs) == 0 && !k.opt.Offline && k.namedListeners() != 1 {
		t.Addrs = k.lookup(t.Host)
	}
	if len(t.Addrs) == 0 {
		return
	}
	own := k.addresses(ownPlace())
	t.Local = slices.ContainsFunc(t.Addrs, func(a netip.Addr) bool { return own.Has(a.String()) })
}

// namedListeners counts the running listeners on the target's port whose sites
// have its name.
func (k *look) namedListeners() int {
	n := 0
	for _, g := range k.s.Gateways {
		if !g.Running || g.Conf.Resolve == nil {
			continue
		}
		for _, l := range g.Conf.Instance.Listeners {
			t := k.s.Target
			if l.Network != "tcp" || l.Stream || !strings.HasSuffix(l.Address, ":"+strconv.Itoa(t.Port)) || l.TLS != (t.Scheme == "https") {
				continue
			}
			d := g.Conf.Resolve(topo.Request{Listener: l.Address, Port: t.Port, TLS: l.TLS, Host: t.Host, Method: "GET", Path: "/"})
			if d.Site.Name != "" {
				n++
			}
		}
	}
	return n
}

// hosts looks the name up in the host's own file.
func (k *look) hosts(name string) []netip.Addr {
	data, err := (&source{k: k, place: ownPlace()}).read("/etc/hosts", 1<<20)
	if err != nil {
		return nil
	}
	var found []netip.Addr
	for line := range strings.Lines(string(data.Body)) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		a, err := netip.ParseAddr(f[0])
		if err == nil && slices.ContainsFunc(f[1:], func(n string) bool { return hostName(n) == name }) {
			found = append(found, a.Unmap())
		}
	}
	return found
}

// lookup asks the system's resolver.
func (k *look) lookup(name string) []netip.Addr {
	addrs, _, err := evidence.Ask(k.rec, "survey/lookup", name, func() ([]netip.Addr, error) {
		ctx, cancel := context.WithTimeout(k.ctx, lookupPatience)
		defer cancel()
		if k.opt.Lookup != nil {
			return k.opt.Lookup(ctx, name)
		}
		return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	})
	if err != nil {
		k.gap(&evidence.Gap{Source: "address of " + name, Why: err.Error()}, "")
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs
}

// unmatched says what is known where no gateway answers for the target: who
// listens on the target's port instead.
func (k *look) unmatched() {
	t := k.s.Target
	if len(k.s.Matches) == 0 || k.s.Matches[0].Kind == "default" {
		// The site may stand in a configuration that could not be read.
		for _, g := range k.s.Gateways {
			for _, gap := range g.Gaps {
				k.gaps = addGap(k.gaps, gap)
			}
		}
	}
	if len(k.s.Matches) > 0 {
		return
	}
	if k.opt.Config != "" && !slices.ContainsFunc(k.s.Gateways, k.chosen) {
		k.gaps = addGap(k.gaps, evidence.Gap{Source: "configuration " + k.opt.Config, Why: "no gateway uses it, and it cannot be read as one's configuration"})
	}
	if !t.Local {
		return
	}
	for _, l := range k.listeners(ownPlace()).List {
		if !slices.ContainsFunc(t.Addrs, func(a netip.Addr) bool { return l.Serves(netip.AddrPortFrom(a, uint16(t.Port))) }) {
			continue
		}
		who := "a process that may not be seen"
		if len(l.PIDs) > 0 {
			p, _ := k.s.Processes.Find(l.PIDs[0])
			who = fmt.Sprintf("%s (pid %d)", commandOf(p), l.PIDs[0])
		}
		k.s.Notes = append(k.s.Notes, fmt.Sprintf("on %s listens %s, which is no gateway that goodgate knows", l.Address, who))
		return
	}
	k.gaps = addGap(k.gaps, evidence.Gap{Source: "gateway", Why: fmt.Sprintf("nothing listens on port %d of this host", t.Port)})
}

func commandOf(p host.Process) string {
	if len(p.Args) == 0 {
		return p.Comm
	}
	text := strings.Join(p.Args, " ")
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	return text
}
