package gateway

import (
	"cmp"
	"net/netip"
	"strings"
)

// trusts reports whether the peer is a proxy whose word about clients counts.
func (h *handler) trusts(client string) bool {
	if unixPeer(client) {
		return h.t.trustsUnix
	}
	if len(h.t.trusted) == 0 {
		return false
	}
	a, err := netip.ParseAddr(client)
	return err == nil && h.t.trusts(a)
}

// trusts reports whether a is the address of a proxy whose word counts.
func (t *table) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range t.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// unixPeer reports whether a client's address is that of a unix socket: "@", a path,
// or nothing where the peer has no name.
func unixPeer(client string) bool {
	return client == "" || client[0] == '@' || client[0] == '/'
}

// key is what the request is sent by, where the policy wants one.
func (h *handler) key() string {
	conf := &h.pool.conf
	switch {
	case conf.Policy == "sticky":
		return h.stickyKey()
	case conf.Policy != "hash":
		return ""
	}
	switch name, header := strings.CutPrefix(conf.HashKey, "header:"); {
	case header:
		v, _ := get(h.r.Header, name)
		return v
	case conf.HashKey == "host":
		return h.r.Host
	case conf.HashKey == "client":
		return cmp.Or(h.x.For, h.peer())
	}
	path, _, _ := strings.Cut(h.r.Target, "?")
	return path
}

// stickyKey returns the value of the pool's cookie, or a new one that the answer
// will set. The value says nothing about the servers: it is hashed to one.
func (h *handler) stickyKey() string {
	name := h.pool.conf.Cookie
	for _, f := range h.r.Header {
		if f.Name != "Cookie" {
			continue
		}
		for rest, more := f.Value, true; more; {
			var one string
			one, rest, more = strings.Cut(rest, ";")
			if k, v, ok := strings.Cut(strings.TrimSpace(one), "="); ok && k == name && validID(v) {
				return v
			}
		}
	}
	v := newID()
	h.session = name + "=" + v + "; Path=/; HttpOnly; SameSite=Lax"
	if h.r.Scheme == "https" {
		h.session += "; Secure"
	}
	return v
}

// peer is the address of who is connected, without its port.
func (h *handler) peer() string {
	address := h.r.Remote
	if i := strings.LastIndexByte(address, ':'); i > 0 {
		address = address[:i]
	}
	return strings.Trim(address, "[]")
}
