package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
)

// Status is what a running gateway says about itself.
type Status struct {
	Schema    string       `json:"schema"` // goodgate/gateway-status/v1
	Uptime    float64      `json:"uptime"`
	Active    int64        `json:"active_requests"`
	Tunnels   int64        `json:"tunnels"`
	LogLost   int64        `json:"log_lines_lost"`
	Upstreams []PoolStatus `json:"upstreams"`
}

// PoolStatus is one upstream.
type PoolStatus struct {
	Name      string            `json:"name"`
	Waiting   int               `json:"waiting"`
	Requests  int64             `json:"requests"`
	Retries   int64             `json:"retries"`
	Hedges    int64             `json:"hedges"`
	NoBudget  int64             `json:"retries_refused"`
	Masked    int64             `json:"masked"` // failed attempts that the client never saw
	Problem   string            `json:"problem,omitempty"`
	Endpoints []upstream.Status `json:"endpoints"`
}

// Status returns what the gateway knows of its servers now.
func (g *Gateway) Status() Status {
	s := Status{Schema: "goodgate/gateway-status/v1", Uptime: time.Since(g.start).Seconds(), Active: g.meter.active.Load(), Tunnels: g.meter.tunnels.Load()}
	if g.log != nil {
		g.log.mu.Lock()
		s.LogLost = g.log.lost
		g.log.mu.Unlock()
	}
	for _, p := range g.pools() {
		t := &p.Totals
		one := PoolStatus{Name: p.name, Waiting: p.Waiting(), Requests: t.Requests.Load(), Retries: t.Retries.Load(), Hedges: t.Hedges.Load(),
			NoBudget: t.NoBudget.Load(), Masked: p.meter.masked.Load(), Endpoints: []upstream.Status{}}
		if err := p.names.Err(); err != nil {
			one.Problem = err.Error()
		}
		for _, e := range p.Endpoints() {
			one.Endpoints = append(one.Endpoints, e.Status())
		}
		s.Upstreams = append(s.Upstreams, one)
	}
	return s
}

// pools are those of the configuration in force, by name.
func (g *Gateway) pools() []*pool {
	var list []*pool
	for _, p := range g.table.Load().pools {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pool) int { return strings.Compare(a.name, b.name) })
	return list
}

// Failures returns the last exchanges that failed, the latest first.
func (g *Gateway) Failures() []*Failed { return g.ring.last() }

// Drain takes a server out of rotation, or puts it back. Server is its address or
// its name as configured, with a scheme or without; pool may be empty, meaning every pool
// that has it.
func (g *Gateway) Drain(poolName, server string, out bool) error {
	found, given := false, server
	if a, err := config.ParseServer(server); err == nil && a.Scheme != "" {
		server = a.String()
	}
	for _, p := range g.pools() {
		if poolName != "" && p.name != poolName {
			continue
		}
		for _, e := range p.Endpoints() {
			if e.String() == server || e.Server == server || e.Address == server {
				e.Drain(out)
				found = true
			}
		}
	}
	if !found {
		return fmt.Errorf("cannot find the server %q; those that there are: goodgate gateway status", given)
	}
	return nil
}

// Ready says why the gateway should get no requests; nil where it should. Servers
// that are away are no reason: all gateways share them.
func (g *Gateway) Ready() error {
	if g.table.Load() == nil {
		return fmt.Errorf("there is no configuration")
	}
	return nil
}
