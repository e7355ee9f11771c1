package survey

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Behind returns the gateway of this host that takes what front forwards to
// address ("127.0.0.1:8404", "unix:/run/haproxy.sock"), and how it treats the
// request. It is false where an application listens there, or nobody.
func (s *Survey) Behind(front *Gateway, address string, f *topo.Forward, spoken topo.Spoken) (Match, bool) {
	for _, g := range s.Gateways {
		if !g.Running || g == front || !sameNetwork(front.Place, g.Place, address) || g.Conf.Resolve == nil {
			continue
		}
		for _, l := range g.Listeners {
			if l.Found && !l.Stream && l.Socket.Takes(address) {
				return behind(g, l, address, f, spoken), true
			}
		}
	}
	return Match{}, false
}

// Stopped returns the gateway that does not run and that a configuration on disk, at a
// default place of its product, makes listen at address; nil: there is none, or there
// are several, of which nobody knows which is meant. It asks for goodgate's own place
// only.
func (s *Survey) Stopped(ctx context.Context, rec *evidence.Recorder, views *host.Views, dialects []dialect.Dialect, address string) *Gateway {
	k := newLook(ctx, rec, views, Options{Offline: true})
	k.s = &Survey{Processes: s.Processes, Gateways: slices.Clone(s.Gateways)}
	k.configured(dialects)
	found := slices.DeleteFunc(k.s.Gateways, func(g *Gateway) bool {
		return g.Running || !slices.ContainsFunc(g.Conf.Instance.Listeners, func(l topo.Listener) bool {
			v6only := l.V6Only
			return host.Listener{Network: l.Network, Address: strings.TrimPrefix(l.Address, "unix:"), V6Only: &v6only}.Takes(address)
		})
	})
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// sameNetwork reports whether an address that one gateway dials means the same
// to another: they share the network namespace, or for unix sockets the files.
func sameNetwork(a, b host.Place, address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return a.OwnMount && b.OwnMount || a.Mount != "" && a.Mount == b.Mount
	}
	return a.OwnNet && b.OwnNet || a.Net != "" && a.Net == b.Net
}

func behind(g *Gateway, l Listening, address string, f *topo.Forward, spoken topo.Spoken) Match {
	network, dial := "tcp", address
	if p, ok := strings.CutPrefix(address, "unix:"); ok {
		network, dial = "unix", p
	}
	secure := f.Protocol == vocab.HTTPS
	authority := address
	if i := slices.IndexFunc(spoken.Header, func(h topo.Header) bool { return strings.EqualFold(h.Name, "Host") }); i >= 0 {
		authority = spoken.Header[i].Value
	}
	path, query, _ := strings.Cut(spoken.URI, "?")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	m := Match{Gateway: g, Dial: Dial{Place: g.Place, Network: network, Address: dial, TLS: secure, Host: authority, ProxyHeader: l.ProxyHeader}}
	m.Request = topo.Request{Listener: listenerKey(l.Listener), TLS: secure, Host: hostName(withoutPort(authority)), Method: spoken.Method, Path: path, Query: query}
	if at, err := netip.ParseAddrPort(dial); err == nil {
		m.Request.Port = int(at.Port())
	}
	if m.Request.Method == "" {
		m.Request.Method = "GET"
	}
	m.Decision = g.Conf.Resolve(m.Request)
	m.Site, m.Kind = m.Decision.Site, m.Decision.Site.Kind
	if m.Kind == "" {
		m.Kind = "default"
	}
	m.Why = "it listens at " + address + ", where requests are forwarded to"
	return m
}

func withoutPort(authority string) string {
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		if _, err := strconv.Atoi(authority[i+1:]); err == nil {
			authority = authority[:i]
		}
	}
	return strings.Trim(authority, "[]")
}
