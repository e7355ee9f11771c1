package gateway

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
)

// pool is an upstream of the configuration with its servers.
type pool struct {
	*upstream.Pool
	name  string
	conf  config.Upstream
	meter poolMeter
	names *upstream.Names // keeps the servers' addresses up to date
	users atomic.Int64    // requests that were given this pool, and have not ended
}

func (g *Gateway) newPool(name string, u config.Upstream) (*pool, error) {
	s, err := settings(name, u)
	if err != nil {
		return nil, fmt.Errorf("cannot build upstream %s: %w", name, err)
	}
	if g.note != nil {
		s.Notify = func(pool, endpoint, condition, why string) {
			g.note(Notice{time.Now(), pool, endpoint, condition, why})
		}
	}
	if g.tune != nil {
		g.tune(&s)
	}
	p := &pool{name: name, conf: u}
	p.Pool = upstream.New(s, nil)
	p.names = upstream.NewNames(p.Pool, g.reader(name, u), u.Refresh)
	p.names.Watch = u.File
	if err := p.names.Start(); err != nil {
		p.Pool.Close()
		return nil, fmt.Errorf("cannot build upstream %s: %w", name, err)
	}
	return p, nil
}

// same reports whether u differs from the pool's configuration at most in its
// servers.
func (p *pool) same(u config.Upstream) bool {
	a, b := p.conf, u
	a.Servers, b.Servers = nil, nil
	return reflect.DeepEqual(a, b)
}

// update gives the pool the servers of u.
func (p *pool) update(g *Gateway, u config.Upstream) {
	if reflect.DeepEqual(p.conf.Servers, u.Servers) {
		return
	}
	p.conf.Servers = u.Servers // the rest is the same, and requests read it
	p.names.Use(g.reader(p.name, u))
}

func (p *pool) close() {
	p.names.Stop()
	p.Pool.Close()
}

// retire closes the pool when nobody uses it any more, or ctx ends.
func (p *pool) retire(ctx context.Context) {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for ctx.Err() == nil && p.users.Load() > 0 {
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	p.close()
}

func settings(name string, u config.Upstream) (upstream.Settings, error) {
	s := upstream.Settings{
		Name: name, Policy: upstream.Policy(u.Policy), Timeouts: upstream.Timeouts(u.Timeouts), Protocol: upstream.HTTP,
		Wait: u.Wait, MaxWait: u.MaxWait, MaxIdle: u.MaxIdle, MaxIdleTime: u.IdleTime, MaxRequests: u.MaxReqs,
		EjectAfter: u.Eject.After, EjectFor: u.Eject.For, MaxEjected: u.Eject.Most, SlowStart: u.SlowFor,
	}
	if u.Retry != nil {
		if s.Retry = *u.Retry; s.Retry == 0 {
			s.Retry = -1 // none, rather than the default
		}
	}
	if u.Hedge != nil {
		s.Hedge = *u.Hedge
	}
	if len(u.Resolver) > 0 {
		var r upstream.Resolver
		for _, text := range u.Resolver {
			one, err := config.ParseResolver(text)
			if err != nil {
				return s, err
			}
			r.Servers = append(r.Servers, one)
		}
		s.Resolve, s.Services = r.Addrs, r.Services
	}
	if c := u.Check; c != nil {
		s.Check = &upstream.Check{Path: c.Path, Host: c.Host, Every: c.Every, Timeout: c.Timeout, Rise: c.Rise, Fall: c.Fall, Statuses: c.Statuses, Body: c.Body}
	}
	switch u.Protocol {
	case "fastcgi":
		s.Protocol = upstream.FastCGI
	case "https":
		i, err := newIdentity(u.TLS)
		if err != nil {
			return s, err
		}
		s.TLS = i.next
	}
	return s, nil
}

// reader returns what reads the servers of an upstream. That a list can no longer be
// read is news: the servers stay, and who edited it believes that they do not.
func (g *Gateway) reader(name string, u config.Upstream) func() ([]upstream.Server, error) {
	said := ""
	return func() ([]upstream.Server, error) {
		list, err := servers(u)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != said && text != "" && g.note != nil {
			g.note(Notice{time.Now(), name, u.File, "list unchanged", text})
		}
		said = text
		return list, err
	}
}

// servers returns the servers of an upstream, those of its file included.
func servers(u config.Upstream) ([]upstream.Server, error) {
	var list []upstream.Server
	add := func(a config.Address, weight float64, backup bool) {
		list = append(list, upstream.Server{Network: a.Network, Host: a.Host, Port: a.Port, Path: a.Path, SRV: a.SRV, Weight: max(weight, 1), Backup: backup})
	}
	for _, s := range u.Servers {
		one, err := u.Server(s.URL)
		if err != nil {
			return nil, err
		}
		add(one, s.Weight, s.Backup)
	}
	if u.File == "" {
		return list, nil
	}
	found, err := u.ReadServers()
	if err != nil {
		return nil, fmt.Errorf("cannot read the servers: %w", err)
	}
	for _, one := range found {
		add(one, 1, false)
	}
	return list, nil
}
