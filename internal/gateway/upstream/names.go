package upstream

import (
	"cmp"
	"context"
	"errors"
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

	mu      sync.Mutex // held while names are resolved
	servers func() ([]Server, error)
	known   map[Server][]*Endpoint // what good answers brought

	again chan struct{}
	ctx   context.Context // ends with Stop
	end   context.CancelFunc
	done  chan struct{}
}

// Bounds of the time until a name is resolved again, whatever its TTL.
const (
	leastRefresh   = time.Second
	defaultRefresh = 30 * time.Second
	failedRefresh  = time.Second
)

// questions is how many names are resolved at once: one that is not answered must not
// hold up the others.
const questions = 32

// NewNames returns what keeps p's addresses. servers is called for each look.
// longest bounds the time between two; 0: 30 seconds.
func NewNames(p *Pool, servers func() ([]Server, error), longest time.Duration) *Names {
	if longest <= 0 {
		longest = defaultRefresh
	}
	n := &Names{pool: p, longest: longest, servers: servers, known: map[Server][]*Endpoint{}, again: make(chan struct{}, 1), done: make(chan struct{})}
	n.ctx, n.end = context.WithCancel(context.Background())
	return n
}

// Start looks once and then in the background. It fails where the list of servers
// cannot be read; a name without an address is asked again and fails nobody.
func (n *Names) Start() error {
	next, err := n.look()
	if err != nil {
		n.end()
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
	n.end()
	<-n.done
}

// Err returns why the last look at a name failed; nil where all succeeded.
func (n *Names) Err() error {
	if l := n.pool.lookup.Load(); l != nil {
		return l.err
	}
	return nil
}

func (n *Names) run(next time.Duration) {
	defer close(n.done)
	due, seen := time.Now().Add(next), n.stamp()
	was, wait := seen, watchEvery
	for {
		t := time.NewTimer(min(time.Until(due), wait))
		select {
		case <-t.C:
			now := n.stamp()
			if now != seen && now != was {
				was, wait = now, settling
				if still := time.Now().Add(settling); due.Before(still) {
					due = still
				}
				continue
			}
			wait = watchEvery
			if now == seen && time.Now().Before(due) && !n.lost() {
				continue
			}
			seen = now
		case <-n.again:
			t.Stop()
		case <-n.ctx.Done():
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

// settling is for how long a file of servers that changes must stay as it is before it
// is read: what is written in place is for a moment only a part of itself.
const settling = 250 * time.Millisecond

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
		n.pool.lookup.Store(&lookup{err})
		return failedRefresh, err
	}
	next := n.longest
	known := map[Server][]*Endpoint{}
	var ends []*Endpoint
	var last error
	for i, one := range n.resolveAll(list) {
		if one.err != nil || len(one.ends) == 0 {
			if one.err != nil {
				last = one.err
			}
			one.ends, one.ttl = merge(one.ends, n.known[list[i]], one.err), failedRefresh
		}
		next = min(next, max(one.ttl, leastRefresh))
		known[list[i]] = one.ends
		for _, e := range one.ends {
			if find(ends, e) == nil { // a server that is listed twice is one
				ends = append(ends, e)
			}
		}
	}
	if n.ctx.Err() != nil {
		return next, n.ctx.Err() // Stop broke the questions off: they say nothing
	}
	n.known = known
	n.pool.lookup.Store(&lookup{last})
	if !sameEnds(n.pool.Endpoints(), ends) {
		n.pool.Replace(ends)
	}
	return next, nil
}

// merge adds to found what is known and may only be missing because of err.
func merge(found, known []*Endpoint, err error) []*Endpoint {
	var family *familyError
	one := errors.As(err, &family) && len(found) > 0
	for _, k := range known {
		at, bad := netip.ParseAddrPort(k.Address)
		if one && bad == nil && at.Addr().Is6() != family.six {
			continue // asked for, and no longer there
		}
		if !slices.ContainsFunc(found, func(f *Endpoint) bool { return f.Address == k.Address && f.Server == k.Server }) {
			found = append(found, k)
		}
	}
	return found
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

// answer is what became of a server's name. Ends with an err are not all.
type answer struct {
	ends []*Endpoint
	ttl  time.Duration
	err  error
}

func (n *Names) resolveAll(list []Server) []answer {
	out := make([]answer, len(list))
	var wg sync.WaitGroup
	room := make(chan struct{}, questions)
	for i, s := range list {
		room <- struct{}{}
		wg.Go(func() {
			out[i].ends, out[i].ttl, out[i].err = n.resolve(s)
			<-room
		})
	}
	wg.Wait()
	return out
}

func (n *Names) resolve(s Server) ([]*Endpoint, time.Duration, error) {
	base := Endpoint{Network: s.Network, Weight: s.Weight, Backup: s.Backup}
	one := func(address, server string, weight float64) *Endpoint {
		return &Endpoint{Network: base.Network, Address: address, Server: server, Weight: weight, Backup: base.Backup}
	}
	ctx, cancel := context.WithTimeout(n.ctx, n.pool.Settings.Timeouts.DNS)
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
	slices.SortFunc(addrs, netip.Addr.Compare)
	var ends []*Endpoint
	for _, a := range slices.Compact(addrs) {
		ends = append(ends, one(net.JoinHostPort(a.Unmap().String(), port), net.JoinHostPort(s.Host, port), s.Weight))
	}
	return ends, ttl, err
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
			err = fmt.Errorf("cannot resolve %s of %s: %s", host, s.SRV, failed) // not of one family: other targets are well
		}
		ttl = min(ttl, least)
		slices.SortFunc(addrs, netip.Addr.Compare)
		for _, a := range slices.Compact(addrs) {
			e := one(net.JoinHostPort(a.Unmap().String(), port), net.JoinHostPort(host, port), max(float64(r.Weight), 1))
			e.Network, e.Backup = "tcp", s.Backup || r.Priority != records[0].Priority
			ends = append(ends, e)
		}
	}
	return ends, ttl, err
}
