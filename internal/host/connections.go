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

// Connection is a TCP or unix stream connection.
type Connection struct {
	Network string `json:"network"`
	Local   string `json:"local"` // "127.0.0.1:3000"; unix: path of the listener that took it, or ""
	Remote  string `json:"remote,omitempty"`
	State   string `json:"state"`             // "established", "syn-sent", "close-wait", …
	Unread  int    `json:"unread"`            // bytes that came and that the process did not read
	Unsent  int    `json:"unsent"`            // bytes that the peer has not acknowledged
	Retries int    `json:"retries,omitempty"` // unanswered retransmissions, SYNs included
	UID     int    `json:"uid"`
	Inode   uint64 `json:"inode,omitempty"` // 0: not yet accepted
	PIDs    []int  `json:"pids,omitempty"`
}

// Connections is what is known about the traffic with one endpoint.
type Connections struct {
	Endpoint string `json:"endpoint"`
	// Toward are the connections of clients of the endpoint (the gateway's side),
	// seen where their own end is in this namespace; At are the ends that belong
	// to the endpoint itself. Each has at most 200 entries, those with unread
	// bytes first.
	Toward   []Connection   `json:"toward,omitempty"`
	At       []Connection   `json:"at,omitempty"`
	Counts   map[string]int `json:"counts,omitempty"` // of all: "toward established", "at close-wait", "toward time-wait"
	AtUnread int            `json:"at_unread"`        // open connections at the endpoint with unread bytes
	Gaps     []evidence.Gap `json:"gaps,omitempty"`
}

// RedactWith hides the addresses of clients.
func (c *Connections) RedactWith(r *evidence.Redactor) {
	for i := range c.At {
		c.At[i].Remote = r.Client(c.At[i].Remote)
	}
	for i := range c.Toward {
		c.Toward[i].Local = r.Client(c.Toward[i].Local)
	}
}

// maxConnections bounds each list of Connections.
const maxConnections = 200

// Connections returns the connections to and from an endpoint as subjects spell
// it: "127.0.0.1:3000", "[::1]:3000", "unix:/run/app.sock".
func (v *View) Connections(ctx context.Context, endpoint string) (Connections, error) {
	answer := Connections{Endpoint: endpoint, Counts: map[string]int{}}
	var err error
	if path, ok := strings.CutPrefix(endpoint, "unix:"); ok {
		err = v.connectionsUnix(ctx, path, &answer)
	} else {
		err = v.connectionsTCP(ctx, endpoint, &answer)
	}
	if err != nil {
		return answer, denied("connections of "+endpoint, err)
	}
	answer.At, answer.Toward = mostUnread(answer.At), mostUnread(answer.Toward)
	wanted := map[uint64][]int{}
	for _, c := range slices.Concat(answer.At, answer.Toward) {
		if c.Inode != 0 {
			wanted[c.Inode] = nil
		}
	}
	answer.Gaps = append(answer.Gaps, holders(ctx, wanted)...)
	for _, list := range [][]Connection{answer.At, answer.Toward} {
		for i := range list {
			list[i].PIDs = wanted[list[i].Inode]
		}
	}
	return answer, nil
}

func mostUnread(list []Connection) []Connection {
	slices.SortStableFunc(list, func(a, b Connection) int { return cmp.Compare(b.Unread, a.Unread) })
	return list[:min(len(list), maxConnections)]
}

// add counts a connection and keeps it.
func (c *Connections) add(at bool, x Connection) {
	if at {
		c.Counts["at "+x.State]++
		c.At = append(c.At, x)
		if x.Unread > 0 && (x.State == "established" || x.State == "close-wait") {
			c.AtUnread++
		}
		return
	}
	c.Counts["toward "+x.State]++
	c.Toward = append(c.Toward, x)
}

func (v *View) connectionsTCP(ctx context.Context, endpoint string, answer *Connections) error {
	want, err := netip.ParseAddrPort(endpoint)
	if err != nil {
		return fmt.Errorf("cannot look for connections: %w", err)
	}
	want = netip.AddrPortFrom(want.Addr().Unmap().WithZone(""), want.Port())
	take := func(s diagSocket) {
		at := s.local == want
		if s.state == stateListen || !at && s.remote != want {
			return
		}
		answer.add(at, Connection{
			Network: "tcp", Local: s.local.String(), Remote: s.remote.String(), State: tcpState(s.state), Unread: int(s.receive),
			Unsent: int(s.send), Retries: int(s.retries), UID: int(s.uid), Inode: s.inode,
		})
	}
	err = v.dumpTCP(ctx, ^uint32(1<<stateListen), want.Port(), take)
	if err == nil || ctx.Err() != nil {
		return err
	}
	rows, perr := v.procTCP()
	if perr != nil {
		return fmt.Errorf("cannot list connections: %w; and %w", err, perr)
	}
	answer.At, answer.Toward, answer.Counts, answer.AtUnread = nil, nil, map[string]int{}, 0
	for _, s := range rows {
		take(s)
	}
	return nil
}

// connectionsUnix looks for the accepted sockets of a path, which carry the name
// of their listener, and for their other ends. Connections that were not accepted
// yet have no socket of their own at the listener, which only names their other
// ends; what those have sent is what nobody has read.
func (v *View) connectionsUnix(ctx context.Context, path string, answer *Connections) error {
	name, inode := path, uint64(0)
	if l, ok := v.unixListener(ctx, path); ok {
		name, inode = l.Address, l.Inode
	}
	clients := map[uint64]unixSocket{}
	var at []unixSocket
	var waiting []uint64
	err := v.dumpUnix(ctx, 1<<unixEstablished|1<<stateListen, func(s unixSocket) {
		switch {
		case s.state == stateListen:
			if s.inode == inode {
				waiting = s.waiting
			}
		case s.name == name:
			at = append(at, s)
		case s.name == "":
			clients[s.inode] = s
		}
	})
	if err != nil {
		return err
	}
	end := func(s unixSocket, at bool) Connection {
		c := Connection{Network: "unix", State: "established", Unread: int(s.receive), Unsent: int(s.send), UID: s.uid, Inode: s.inode}
		if c.Remote = name; at {
			c.Local, c.Remote = name, ""
		}
		return c
	}
	for _, s := range at {
		answer.add(true, end(s, true))
		if c, ok := clients[s.peer]; ok {
			answer.add(false, end(c, false))
		}
	}
	for _, i := range waiting {
		if c, ok := clients[i]; ok {
			answer.add(true, end(unixSocket{receive: c.send, uid: -1}, true))
			answer.add(false, end(c, false))
		}
	}
	return nil
}

// unixListener finds who listens at a path of the view.
func (v *View) unixListener(ctx context.Context, path string) (Listener, bool) {
	list, err := v.listenersUnix(ctx)
	if err != nil {
		return Listener{}, false
	}
	return matchUnix(list, path, v.fileOf(ctx, path))
}

// matchUnix finds the listener of a file: by the file, because the maker may have
// spelled the path otherwise or in another root, and by the name where the kernel
// does not tell the file.
func matchUnix(list []Listener, path string, file FileInfo) (Listener, bool) {
	// The kernel writes MKDEV(major, minor); stat(2) encodes otherwise, and on
	// btrfs and overlayfs names another device.
	volume := uint64(unix.Major(file.Device))<<20 | uint64(unix.Minor(file.Device))
	for _, l := range list {
		if l.Network == "unix" && file.Inode != 0 && l.File == uint64(uint32(file.Inode)) && (l.Volume == volume || sameBase(l.Address, path)) {
			return l, true
		}
	}
	for _, l := range list {
		if l.Network == "unix" && l.Address == path && (file.Inode == 0 || l.File == 0) {
			return l, true
		}
	}
	return Listener{}, false
}

// sameBase compares the last parts of two paths.
func sameBase(a, b string) bool {
	return a[strings.LastIndexByte(a, '/')+1:] == b[strings.LastIndexByte(b, '/')+1:]
}

func (v *View) fileOf(ctx context.Context, path string) FileInfo {
	if strings.HasPrefix(path, "@") {
		return FileInfo{}
	}
	info, err := v.Stat(ctx, path)
	if err != nil {
		return FileInfo{}
	}
	return info
}
