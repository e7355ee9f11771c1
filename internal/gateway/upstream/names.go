package upstream

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/wire/dns"
)

// Server is a server as configured: an address, a name that has addresses, or a
// name of SRV records.
type Server struct {
	Network string // "tcp" or "unix"
	Host    string
	Port    int
	Path    string
	SRV     string
	Weight  float64
	Backup  bool
}

// Names keeps a pool's addresses as its servers' names have them. Only an answer
// that succeeds and is not empty takes an address away: a name server that fails
// must not empty a pool that works.
type Names struct {
	pool    *Pool
	longest time.Duration
	// Watch is a file from which servers() reads, which is looked at every second;
	// empty: none. Set before Start.
	Watch string

	mu      sync.Mutex
	servers func() ([]Server, error)
	known   map[Server][]*Endpoint // the last good answer
	lastErr error

	again chan struct{}
	stop  chan struct{}
	done  chan struct{}
}

// Bounds of the time until a name is resolved again, whatever its TTL.
const (
	leastRefresh   = time.Second
	defaultRefresh = 30 * time.Second
	failedRefresh  = time.Second
)

// NewNames returns what keeps p's addresses. servers is called for each look.
// longest bounds the time between two; 0: 30 seconds.
func NewNames(p *Pool, servers func() ([]Server, error), longest time.Duration) *Names {
	if longest <= 0 {
		longest = defaultRefresh
	}
	return &Names{pool: p, longest: longest, servers: servers, known: map[Server][]*Endpoint{},
		again: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
}

// Start looks once and then in the background. It fails where the list of servers
// cannot be read; a name without an address is asked again and fails nobody.
func (n *Names) Start() error {
	next, err := n.look()
	if err != nil {
		return err
	}
	go n.run(next)
	return nil
}

// Use makes servers the list, at once.
func (n *Names) Use(servers func() ([]Server, error)) {
	n.mu.Lock()
	n.servers = servers
	n.mu.Unlock()
	n.look()
	select {
	case n.again <- struct{}{}:
	default:
	}
}

// Stop ends the looking.
func (n *Names) Stop() {
	close(n.stop)
	<-n.done
}

// Err returns why the last look at a name failed; nil where all succeeded.
func (n *Names) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lastErr
}

func (n *Names) run(next time.Duration) {
	defer close(n.done)
	due, seen := time.Now().Add(next), n.stamp()
	for {
		t := time.NewTimer(min(time.Until(due), watchEvery))
		select {
		case <-t.C:
			now := n.stamp()
			if now == seen && time.Now().Before(due) && !n.lost() {
				continue
			}
			seen = now
		case <-n.again:
			t.Stop()
		case <-n.stop:
			t.Stop()
			return
		}
		next, err := n.look()
		if err != nil {
			next = failedRefresh
		}
		due = time.Now().Add(next)
	}
}

// watchEvery is how often a file of servers is looked at, and a name of which an
// address accepts no connections: the server may have moved, long before the TTL of
// the old answer ends.
const watchEvery = time.Second

// lost reports whether nothing accepts connections at an address of a name.
func (n *Names) lost() bool {
	for _, e := range n.pool.Endpoints() {
		host, _, err := net.SplitHostPort(e.Server)
		if err != nil || e.Condition()&Away == 0 || e.Network == "unix" {
			continue
		}
		if _, err := netip.ParseAddr(host); err != nil {
			return true
		}
	}
	return false
}

// stamp changes when the file of servers does.
func (n *Names) stamp() string {
	if n.Watch == "" {
		return ""
	}
	info, err := os.Stat(n.Watch)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}

// look resolves every server and gives the pool what was found. It returns the
// time until the next look.
func (n *Names) look() (time.Duration, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list, err := n.servers()
	if err != nil {
		n.lastErr = err
		return failedRefresh, err
	}
	next := n.longest
	known := map[Server][]*Endpoint{}
	var ends []*Endpoint
	n.lastErr = nil
	for _, s := range list {
		found, ttl, err := n.resolve(s)
		if err != nil || len(found) == 0 {
			if err != nil {
				n.lastErr = err
			}
			found, ttl = n.known[s], failedRefresh
		}
		next = min(next, max(ttl, leastRefresh))
		known[s] = found
		ends = append(ends, found...)
	}
	n.known = known
	n.pool.lookup.Store(&lookup{n.lastErr})
	if !sameEnds(n.pool.Endpoints(), ends) {
		n.pool.Replace(ends)
	}
	return next, nil
}

func sameEnds(a, b []*Endpoint) bool {
	if len(a) != len(b) {
		return false
	}
	for _, e := range b {
		if find(a, e) == nil {
			return false
		}
	}
	return true
}

func (n *Names) resolve(s Server) ([]*Endpoint, time.Duration, error) {
	base := Endpoint{Network: s.Network, Weight: s.Weight, Backup: s.Backup}
	one := func(address, server string, weight float64) *Endpoint {
		return &Endpoint{Network: base.Network, Address: address, Server: server, Weight: weight, Backup: base.Backup}
	}
	ctx, cancel := context.WithTimeout(context.Background(), n.pool.Settings.Timeouts.DNS)
	defer cancel()
	switch {
	case s.Network == "unix":
		return []*Endpoint{one(s.Path, "localhost", s.Weight)}, n.longest, nil
	case s.SRV != "":
		return n.services(ctx, s, one)
	}
	port := strconv.Itoa(s.Port)
	if a, err := netip.ParseAddr(s.Host); err == nil {
		return []*Endpoint{one(net.JoinHostPort(a.String(), port), net.JoinHostPort(s.Host, port), s.Weight)}, n.longest, nil
	}
	addrs, ttl, err := n.pool.Settings.Resolve(ctx, s.Host)
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	var ends []*Endpoint
	for _, a := range slices.Compact(addrs) {
		ends = append(ends, one(net.JoinHostPort(a.Unmap().String(), port), net.JoinHostPort(s.Host, port), s.Weight))
	}
	return ends, ttl, nil
}

// services resolves SRV records (RFC 2782): the records of the best priority are
// servers, the others backups. A target that cannot be resolved takes nothing away
// that is known, and does not keep the others from being used.
func (n *Names) services(ctx context.Context, s Server, one func(string, string, float64) *Endpoint) ([]*Endpoint, time.Duration, error) {
	records, ttl, err := n.pool.Settings.Services(ctx, s.SRV)
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(records, func(a, b dns.Service) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Port, b.Port))
	})
	var ends []*Endpoint
	for _, r := range records {
		host, port := strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port))
		if host == "" {
			continue // "no such service"
		}
		addrs, least, failed := n.pool.Settings.Resolve(ctx, host)
		if failed != nil {
			err, ttl = fmt.Errorf("cannot resolve %s of %s: %w", host, s.SRV, failed), min(ttl, failedRefresh)
			continue
		}
		ttl = min(ttl, least)
		slices.SortFunc(addrs, netip.Addr.Compare)
		for _, a := range slices.Compact(addrs) {
			e := one(net.JoinHostPort(a.Unmap().String(), port), net.JoinHostPort(host, port), max(float64(r.Weight), 1))
			e.Network, e.Backup = "tcp", s.Backup || r.Priority != records[0].Priority
			ends = append(ends, e)
		}
	}
	if err != nil && len(n.known[s]) > 0 || len(ends) == 0 {
		return nil, 0, err
	}
	return ends, ttl, nil
}
