package host

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Ports is how many local ports are left towards one destination. The kernel
// gives a port of the range to each connection from one address to one
// destination, and takes it back when the connection is gone from its tables,
// TIME_WAIT included (ip-sysctl, ip_local_port_range).
type Ports struct {
	Endpoint string `json:"endpoint"`
	First    int    `json:"first"`
	Last     int    `json:"last"`
	Reserved int    `json:"reserved,omitempty"` // of the range, kept back by ip_local_reserved_ports
	Local    string `json:"local,omitempty"`    // the address from which most ports are used
	Used     int    `json:"used"`               // ports of the range that are used from Local
	TimeWait int    `json:"time_wait"`          // of these
	ReuseTW  int    `json:"reuse_tw"`           // tcp_tw_reuse: 0 never, 1 always, 2 on loopback; -1 not known
}

// Room returns how many ports the range has.
func (p Ports) Room() int { return max(0, p.Last-p.First+1-p.Reserved) }

// Ports counts the local ports that are used towards an endpoint such as
// "10.0.0.7:8080".
func (v *View) Ports(ctx context.Context, endpoint string) (Ports, error) {
	answer := Ports{Endpoint: endpoint, ReuseTW: -1}
	want, err := netip.ParseAddrPort(endpoint)
	if err != nil {
		return answer, fmt.Errorf("cannot count ports: %w", err)
	}
	want = netip.AddrPortFrom(want.Addr().Unmap().WithZone(""), want.Port())
	if err := v.portRange(&answer); err != nil {
		return answer, denied("local ports", err)
	}
	used := map[netip.Addr]map[uint16]uint8{}
	count := 0
	take := func(s diagSocket) {
		if s.remote != want || s.state == stateListen || int(s.local.Port()) < answer.First || int(s.local.Port()) > answer.Last || count >= maxPorts {
			return
		}
		m := used[s.local.Addr()]
		if m == nil {
			m = map[uint16]uint8{}
			used[s.local.Addr()] = m
		}
		m[s.local.Port()] = s.state
		count++
	}
	if err := v.dumpTCP(ctx, ^uint32(1<<stateListen), want.Port(), take); err != nil {
		if ctx.Err() != nil {
			return answer, err
		}
		rows, perr := v.procTCP()
		if perr != nil {
			return answer, denied("local ports", fmt.Errorf("cannot list connections: %w; and %w", err, perr))
		}
		clear(used)
		count = 0
		for _, s := range rows {
			take(s)
		}
	}
	answer.most(used)
	return answer, nil
}

// maxPorts bounds the connections that are counted: some local addresses with
// every port each.
const maxPorts = 1 << 20

const stateTimeWait = 6 // TCP_TIME_WAIT

// most keeps the local address that uses most ports.
func (p *Ports) most(used map[netip.Addr]map[uint16]uint8) {
	for addr, ports := range used {
		if len(ports) < p.Used || len(ports) == p.Used && addr.String() > p.Local {
			continue
		}
		p.Local, p.Used, p.TimeWait = addr.String(), len(ports), 0
		for _, state := range ports {
			if state == stateTimeWait {
				p.TimeWait++
			}
		}
	}
}

// portRange reads the range, which belongs to the network namespace of who reads
// it.
func (v *View) portRange(p *Ports) error {
	return v.inside(func() error {
		const dir = "/proc/sys/net/ipv4/"
		b, err := readSmall(dir + "ip_local_port_range")
		if err != nil {
			return fmt.Errorf("cannot read the range of local ports: %w", err)
		}
		f := strings.Fields(string(b))
		if len(f) != 2 {
			return fmt.Errorf("cannot read the range of local ports: it is %q", printable(string(b), 64))
		}
		if p.First, err = strconv.Atoi(f[0]); err != nil {
			return fmt.Errorf("cannot read the range of local ports: %w", err)
		}
		if p.Last, err = strconv.Atoi(f[1]); err != nil {
			return fmt.Errorf("cannot read the range of local ports: %w", err)
		}
		if b, err := readSmall(dir + "ip_local_reserved_ports"); err == nil {
			p.Reserved = reservedIn(string(b), p.First, p.Last)
		}
		if n, err := strconv.Atoi(word(dir + "tcp_tw_reuse")); err == nil {
			p.ReuseTW = n
		}
		return nil
	})
}

// reservedIn counts the ports of "8080,9000-9005" that lie between first and last.
func reservedIn(list string, first, last int) int {
	n := 0
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		a, b, ranged := strings.Cut(part, "-")
		from, err := strconv.Atoi(a)
		if err != nil {
			continue
		}
		to := from
		if ranged {
			if to, err = strconv.Atoi(b); err != nil {
				continue
			}
		}
		n += max(0, min(to, last)-max(from, first)+1)
	}
	return n
}
