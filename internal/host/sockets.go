package host

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Listener is a socket that takes connections.
type Listener struct {
	Network string `json:"network"`          // "tcp" or "unix"
	Address string `json:"address"`          // "0.0.0.0:80", "[::]:80", "/run/app.sock", "@abstract"
	Port    int    `json:"port,omitempty"`   // tcp
	V6Only  *bool  `json:"v6only,omitempty"` // IPv6: whether IPv4 is not served too; nil: not known
	Device  int    `json:"device,omitempty"` // tcp: index of the interface that it is bound to; 0: any
	File    uint64 `json:"file,omitempty"`   // unix: inode of the file at the path
	Volume  uint64 `json:"volume,omitempty"` // unix: number of the file system that File is on, as the kernel writes it
	Waiting int    `json:"waiting"`          // connections that wait to be accepted; -1: not known
	Backlog int    `json:"backlog"`          // how many may wait; -1: not known
	UID     int    `json:"uid"`              // who made it; -1: not known
	Inode   uint64 `json:"inode"`
	PIDs    []int  `json:"pids,omitempty"` // processes that hold it, as far as they may be looked into
}

// Serves reports whether a client that connects to addr would come to a TCP
// listener, as far as the addresses tell.
func (l Listener) Serves(addr netip.AddrPort) bool {
	own, err := netip.ParseAddrPort(l.Address)
	if l.Network != "tcp" || err != nil || own.Port() != addr.Port() {
		return false
	}
	at, ip := own.Addr().Unmap(), addr.Addr().Unmap().WithZone("")
	switch {
	case at == ip:
		return true
	case !at.IsUnspecified():
		return false
	case ip.Is4() && at.Is6():
		return l.V6Only == nil || !*l.V6Only
	}
	return ip.Is4() == at.Is4()
}

// Takes reports whether connections to an address come to the listener, as far as
// the addresses tell: "127.0.0.1:80", "[::1]:80", "unix:/run/app.sock".
func (l Listener) Takes(address string) bool {
	if p, ok := strings.CutPrefix(address, "unix:"); ok {
		return l.Network == "unix" && l.Address == p
	}
	to, err := netip.ParseAddrPort(address)
	return err == nil && l.Serves(to)
}

// Listeners is every listening socket of a view: TCP of its network namespace,
// and unix sockets, whose paths are as their makers spelled them.
type Listeners struct {
	List []Listener     `json:"list"`
	Gaps []evidence.Gap `json:"gaps,omitempty"`
}

// Listeners returns the listening sockets with the processes that hold them. It
// fails only where neither netlink nor /proc/net can be read.
func (v *View) Listeners(ctx context.Context) (Listeners, error) {
	var answer Listeners
	list, err := v.listenersTCP(ctx)
	if err != nil {
		return answer, denied("sockets", err)
	}
	more, err := v.listenersUnix(ctx)
	if err != nil {
		answer.Gaps = append(answer.Gaps, evidence.Gap{Source: "unix sockets", Why: err.Error()})
	}
	answer.List = append(list, more...)
	wanted := map[uint64][]int{}
	for _, l := range answer.List {
		wanted[l.Inode] = nil
	}
	answer.Gaps = append(answer.Gaps, holders(ctx, wanted)...)
	for i := range answer.List {
		answer.List[i].PIDs = wanted[answer.List[i].Inode]
	}
	slices.SortStableFunc(answer.List, func(a, b Listener) int {
		return cmp.Or(strings.Compare(a.Network, b.Network), cmp.Compare(a.Port, b.Port), strings.Compare(a.Address, b.Address))
	})
	return answer, nil
}

func (v *View) listenersTCP(ctx context.Context) ([]Listener, error) {
	var list []Listener
	err := v.dumpTCP(ctx, 1<<stateListen, 0, func(s diagSocket) {
		l := Listener{
			Network: "tcp", Address: s.local.String(), Port: int(s.local.Port()), Device: s.device,
			Waiting: int(s.receive), Backlog: int(s.send), UID: int(s.uid), Inode: s.inode,
		}
		if s.v6known && s.protocol == unix.AF_INET6 {
			l.V6Only = &s.v6only
		}
		list = append(list, l)
	})
	if err == nil || ctx.Err() != nil {
		return list, err
	}
	rows, perr := v.procTCP()
	if perr != nil {
		return nil, fmt.Errorf("cannot list sockets: %w; and %w", err, perr)
	}
	list = nil
	for _, s := range rows {
		if s.state == stateListen {
			list = append(list, Listener{
				Network: "tcp", Address: s.local.String(), Port: int(s.local.Port()),
				Waiting: int(s.receive), Backlog: -1, UID: int(s.uid), Inode: s.inode,
			})
		}
	}
	return list, nil
}

func (v *View) listenersUnix(ctx context.Context) ([]Listener, error) {
	var list []Listener
	take := func(s unixSocket) {
		if s.state != stateListen || s.name == "" {
			return
		}
		list = append(list, Listener{
			Network: "unix", Address: s.name, File: uint64(s.file), Volume: uint64(s.device), Waiting: int(s.receive),
			Backlog: int(s.send), UID: s.uid, Inode: s.inode,
		})
	}
	err := v.dumpUnix(ctx, 1<<stateListen, take)
	if err == nil || ctx.Err() != nil {
		return list, err
	}
	rows, perr := v.procUnix()
	if perr != nil {
		return nil, fmt.Errorf("%w; and %w", err, perr)
	}
	list = nil
	for _, s := range rows {
		take(s)
	}
	for i := range list {
		list[i].Waiting, list[i].Backlog = -1, -1
	}
	return list, nil
}
