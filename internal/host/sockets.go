package host

import (
	"context"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Listener is a socket that takes connections.
type Listener struct {
	Network string `json:"network"`          // "tcp" or "unix"
	Address string `json:"address"`          // "0.0.0.0:80", "[::]:80", "/run/app.sock", "@abstract"
	Port    int    `json:"port,omitempty"`   // tcp
	V6Only  *bool  `json:"v6only,omitempty"` // IPv6: whether IPv4 is not served too; nil: not known
	Device  int    `json:"device,omitempty"` // index of the interface that it is bound to; 0: any
	Waiting int    `json:"waiting"`          // connections that wait to be accepted; -1: not known
	Backlog int    `json:"backlog"`          // how many may wait; -1: not known
	UID     int    `json:"uid"`              // who made it; -1: not known
	Inode   uint64 `json:"inode"`
	PIDs    []int  `json:"pids,omitempty"` // processes that hold it, as far as they may be looked into
}

// Listeners is every listening socket of a view: TCP of its network namespace,
// and unix sockets, whose paths are as their makers spelled them.
type Listeners struct {
	List []Listener     `json:"list"`
	Gaps []evidence.Gap `json:"gaps,omitempty"`
}

// Listeners returns the listening sockets with the processes that hold them. It
// fails only where neither netlink nor /proc/net can be read.
func (v *View) Listeners(ctx context.Context) (Listeners, error) { return Listeners{}, errUnwritten } // UNWRITTEN

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
	Counts   map[string]int `json:"counts,omitempty"` // "toward established", "at close-wait", "toward time-wait"
	AtUnread int            `json:"at_unread"`        // connections at the endpoint with unread bytes
	Gaps     []evidence.Gap `json:"gaps,omitempty"`
}

// Connections returns the connections to and from an endpoint as subjects spell
// it: "127.0.0.1:3000", "[::1]:3000", "unix:/run/app.sock".
func (v *View) Connections(ctx context.Context, endpoint string) (Connections, error) {
	return Connections{}, errUnwritten
} // UNWRITTEN
