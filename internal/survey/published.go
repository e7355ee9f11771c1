package survey

import (
	"net/netip"
	"path"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/host"
)

// publication is a port of this host that docker passes on to a container.
type publication struct {
	from, to netip.AddrPort
}

// publications reads them off docker's userland proxies: each is a process
// "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip
// 172.17.0.2 -container-port 80" (moby, libnetwork/portmapper).
func publications(list host.Processes) []publication {
	var found []publication
	for _, p := range list.List {
		if len(p.Args) == 0 || path.Base(p.Args[0]) != "docker-proxy" {
			continue
		}
		value := map[string]string{}
		for i := 1; i+1 < len(p.Args); i += 2 {
			value[p.Args[i]] = p.Args[i+1]
		}
		from, ok := addrPort(value["-host-ip"], value["-host-port"])
		to, ok2 := addrPort(value["-container-ip"], value["-container-port"])
		if ok && ok2 && (value["-proto"] == "tcp" || value["-proto"] == "") {
			found = append(found, publication{from, to})
		}
	}
	return found
}

func addrPort(ip, port string) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(ip)
	n, perr := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), err == nil && perr == nil
}

// published recognises a listener in a container to which the target's port is
// published, and dials it where docker does.
func (k *look) published(c *candidate, g *Gateway, at netip.AddrPort) {
	for _, p := range publications(k.s.Processes) {
		if int(p.from.Port()) != k.s.Target.Port || p.to.Port() != at.Port() || !k.addresses(g.Place).Has(p.to.Addr().String()) {
			continue
		}
		c.Dial.Address = p.to.String()
		c.reached = true
		return
	}
}
