package caddy

import (
	"fmt"
	"net"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// siteAddress is what a site is called by in a Caddyfile.
type siteAddress struct {
	original, scheme, host, port, path string
	at                                 topo.Place
}

// parseAddress takes an address apart (ParseAddress in addresses.go).
func parseAddress(text string) (s siteAddress, why string) {
	s.original = text
	rest := text
	if scheme, more, ok := strings.Cut(text, "://"); ok {
		s.scheme, rest = scheme, more
	}
	switch s.scheme {
	case "", "http", "https":
	default:
		return s, "unsupported URL scheme " + s.scheme + "://"
	}
	if hostPort, path, ok := strings.Cut(rest, "/"); ok {
		rest, s.path = hostPort, "/"+path
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		if host, port, err = net.SplitHostPort(rest + ":"); err != nil {
			host = rest
		}
	}
	s.host, s.port = strings.ToLower(host), port
	if port != "" && !strings.Contains(port, "{") {
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return s, fmt.Sprintf("invalid port '%s'", port)
		}
	}
	return s, ""
}

// listeners are where an address of a site listens.
func (a *adapter) listeners(b *block, s siteAddress) []string {
	port := a.httpsPort
	switch {
	case s.port != "":
		port = s.port
	case s.scheme == "http":
		port = a.httpPort
	}
	if s.scheme == "http" && port == a.httpsPort || s.scheme == "https" && port == a.httpPort {
		a.problems.Fatal(s.at, "[%s] scheme and port violate convention", s.original)
	}
	hosts := b.hosts
	if len(hosts) == 0 {
		hosts = a.bind
	}
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	var all []string
	for _, h := range hosts {
		network, host, ok := strings.Cut(h, "/")
		switch {
		case ok && strings.HasPrefix(network, "unix"), ok && strings.HasPrefix(network, "fd"):
			all = append(all, h)
		case ok && network != "tcp":
			all = append(all, network+"/"+net.JoinHostPort(strings.Trim(host, "[]"), port))
		case ok:
			all = append(all, net.JoinHostPort(strings.Trim(host, "[]"), port))
		default:
			all = append(all, net.JoinHostPort(strings.Trim(h, "[]"), port))
		}
	}
	return all
}

// pairing is one server: addresses to listen at, and the sites that are the same
// at all of them.
type pairing struct {
	listen []string
	sites  []part
}

// part is a site with those of its addresses that belong to a listener.
type part struct {
	*block
	addresses []siteAddress
}

// pair sorts sites by where they listen (mapAddressToProtocolToServerBlocks and
// consolidateAddrMappings in addresses.go).
func (a *adapter) pair(sites []*block) []pairing {
	at := map[string][]part{}
	for _, b := range sites {
		mine := map[string][]siteAddress{}
		for _, s := range b.addresses {
			for _, l := range a.listeners(b, s) {
				mine[l] = append(mine[l], s)
			}
		}
		for l, list := range mine {
			at[l] = append(at[l], part{b, list})
		}
	}
	var names []string
	for l := range at {
		names = append(names, l)
	}
	sort.Strings(names)
	var out []pairing
	for _, l := range names {
		same := slices.IndexFunc(out, func(p pairing) bool { return sameParts(p.sites, at[l]) })
		if same >= 0 {
			out[same].listen = append(out[same].listen, l)
			continue
		}
		out = append(out, pairing{[]string{l}, at[l]})
	}
	return out
}

func sameParts(a, b []part) bool {
	return slices.EqualFunc(a, b, func(x, y part) bool {
		return x.block == y.block && slices.EqualFunc(x.addresses, y.addresses, func(s, t siteAddress) bool { return s.original == t.original })
	})
}

// specificity is how much of a host or path is said.
func specificity(s string) int {
	n := len(s) - strings.Count(s, "*")
	for {
		open := strings.IndexByte(s, '{')
		shut := strings.IndexByte(s, '}')
		if open < 0 || shut < open {
			return n
		}
		n -= shut - open
		s = s[shut+1:]
	}
}

// before orders the sites of a server: the most exact first.
func before(x, y part) bool {
	longest := func(p part) (host, path string, wild bool) {
		for _, s := range p.addresses {
			wild = wild || strings.Contains(s.host, "*") || s.host == ""
			if specificity(s.host) > specificity(host) {
				host = s.host
			}
			if specificity(s.path) > specificity(path) {
				path = s.path
			}
		}
		return host, path, wild
	}
	xh, xp, xw := longest(x)
	yh, yp, yw := longest(y)
	switch {
	case specificity(xh) == 0:
		return false
	case specificity(yh) == 0:
		return true
	case xw != yw:
		return yw
	case specificity(xh) == specificity(yh):
		return len(xp) > len(yp)
	}
	return specificity(xh) > specificity(yh)
}

func (a *adapter) ambiguous(p pairing) {
	seen := map[string]*block{}
	for _, x := range p.sites {
		for _, s := range x.addresses {
			if other := seen[s.original]; other != nil && other != x.block {
				a.problems.Fatal(s.at, "ambiguous site definition: %s", s.original)
			}
			seen[s.original] = x.block
		}
	}
}

// sets are the matchers that the addresses of a site stand for
// (compileEncodedMatcherSets).
func (x part) sets() *node {
	type pair struct {
		hosts []string
		path  string
	}
	var pairs []*pair
	every := false
	for _, s := range x.addresses {
		i := slices.IndexFunc(pairs, func(p *pair) bool { return p.path == s.path })
		if i < 0 {
			i = len(pairs)
			pairs = append(pairs, &pair{path: s.path})
		}
		if s.host == "" && !every {
			pairs[i].hosts, every = nil, true
		}
		if !every && !slices.Contains(pairs[i].hosts, s.host) {
			pairs[i].hosts = append(pairs[i].hosts, s.host)
		}
	}
	out := listOf()
	for _, p := range pairs {
		set := &node{kind: object}
		if len(p.hosts) > 0 {
			set.set("host", textsNode(p.hosts))
		}
		if p.path != "" {
			set.set("path", textsNode([]string{p.path}))
		}
		if len(set.keys) > 0 {
			out.list = append(out.list, set)
		}
	}
	if len(out.list) == 0 {
		return nil
	}
	return out
}
