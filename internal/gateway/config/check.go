package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Problem is what is wrong with a value of a configuration.
type Problem struct {
	Path string // "$.upstreams.app.servers[0].url"
	Text string
	Near string // the known name that was probably meant; may be empty
}

// Error says what is wrong and where.
func (p *Problem) Error() string { return strings.TrimPrefix(p.Path, "$.") + ": " + p.Text }

func problem(path, format string, args ...any) *Problem {
	return &Problem{Path: path, Text: fmt.Sprintf(format, args...)}
}

// Check says what would keep the gateway from starting with c, or would be without
// effect; nil for nothing. The error is a *Problem. It does no I/O.
func (c *Config) Check() error {
	if p := c.checkHere(); p != nil {
		return p
	}
	if len(c.Upstreams) == 0 {
		return problem("$.upstreams", "there is no upstream")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Upstreams)) {
		u := c.Upstreams[name]
		if name == "none" {
			return problem(upstreamPath(name), "metrics call so what no upstream got; give it another name")
		}
		if p := u.check(upstreamPath(name)); p != nil {
			return p
		}
	}
	if p := c.checkSites(); p != nil {
		return p
	}
	return nil
}

// upstreamPath is where an upstream stands. A name that holds what has a meaning in
// a path is quoted.
func upstreamPath(name string) string {
	if strings.ContainsAny(name, ".[]*' $") {
		name = "'" + name + "'"
	}
	return "$.upstreams." + name
}

// checkHere checks what is about this side: addresses, the log, whom to believe.
func (c *Config) checkHere() *Problem {
	if len(c.Listen) == 0 {
		return problem("$.listen", "there is no address to listen on")
	}
	seen := map[string]bool{}
	for i, l := range c.Listen {
		path := fmt.Sprintf("$.listen[%d]", i)
		switch text := badListen(l.Address); {
		case text != "":
			return problem(path+".address", "%s", text)
		case seen[l.Address]:
			return problem(path+".address", "%s stands here twice", l.Address)
		case (l.Cert == "") != (l.Key == ""):
			return problem(path, "cert and key are given together")
		}
		seen[l.Address] = true
	}
	if c.Health != "" {
		if text := badListen(c.Health); text != "" {
			return problem("$.health", "%s", text)
		}
	}
	if c.Admin != "" && !local(c.Admin) {
		return problem("$.admin", "the admin address is on loopback (127.0.0.1:9180), or unix:PATH: whoever reaches it takes servers out")
	}
	for i, s := range c.Trusted {
		if s == "unix" {
			continue
		}
		if _, err := netip.ParsePrefix(s); err != nil {
			if _, err := netip.ParseAddr(s); err != nil {
				return problem(fmt.Sprintf("$.trusted_proxies[%d]", i), "it is no address and no network, such as 10.0.0.0/8, and not unix")
			}
		}
	}
	return nil
}

// badListen says why nobody can listen on an address; empty where one can.
func badListen(address string) string {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return "unix: needs the path of the socket"
		}
		return ""
	}
	if address == "" {
		return "the address is missing"
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil || strings.Contains(address, "/") {
		return "an address is host:port, :port or unix:PATH" + meantListen(address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "the port is a number up to 65535"
	}
	return ""
}

// meantListen suggests an address for what is none.
func meantListen(address string) string {
	_, err := strconv.ParseUint(address, 10, 16)
	switch {
	case err == nil:
		return "; did you mean :" + address + "?"
	case strings.HasPrefix(address, "/"):
		return "; did you mean unix:" + address + "?"
	case strings.HasPrefix(address, "https://"):
		return "; cert and key make it TLS"
	}
	return ""
}

// local reports whether only this host reaches an address.
func local(address string) bool {
	if strings.HasPrefix(address, "unix:") || badListen(address) != "" {
		return badListen(address) == ""
	}
	host, _, _ := net.SplitHostPort(address)
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (u *Upstream) check(path string) *Problem {
	if len(u.Servers) == 0 && u.File == "" {
		return problem(path, "an upstream has servers, or a servers_file")
	}
	for i, s := range u.Servers {
		if _, err := u.Server(s.URL); err != nil {
			return problem(fmt.Sprintf("%s.servers[%d].url", path, i), "%s", err)
		}
	}
	for i, r := range u.Resolver {
		if _, err := ParseResolver(r); err != nil {
			return problem(fmt.Sprintf("%s.resolvers[%d]", path, i), "%s", err)
		}
	}
	if k := u.HashKey; k != "" && k != "path" && k != "client" && k != "host" && !(strings.HasPrefix(k, "header:") && token(k[len("header:"):])) {
		return problem(path+".hash_key", "the key is path, client, host or header:NAME")
	}
	if p := u.checkIdle(path); p != nil {
		return p
	}
	return u.checkCheck(path + ".check")
}

// Server reads a server of the upstream: an address that speaks its protocol.
func (u *Upstream) Server(url string) (Address, error) {
	a, err := ParseServer(url)
	want := u.Protocol
	if want == "" {
		want = "http"
	}
	if err == nil && a.Scheme != "" && a.Scheme != want {
		return a, fmt.Errorf("the server speaks %s and the upstream's protocol is %s; for this server the upstream says protocol: %s", a.Scheme, want, a.Scheme)
	}
	return a, err
}

// checkIdle finds what has no effect beside the rest: who wrote it believes that it
// has.
func (u *Upstream) checkIdle(path string) *Problem {
	switch {
	case u.HashKey != "" && u.Policy != "hash":
		return problem(path+".hash_key", "it has no effect without policy: hash")
	case u.Cookie != "" && u.Policy != "sticky":
		return problem(path+".cookie", "it has no effect without policy: sticky")
	case u.Cookie != "" && !token(u.Cookie):
		return problem(path+".cookie", "it is no name of a cookie")
	case u.TLS != nil && u.Protocol != "https":
		return problem(path+".tls", "it has no effect without protocol: https")
	case u.TLS != nil && (u.TLS.Cert == "") != (u.TLS.Key == ""):
		return problem(path+".tls", "cert and key are given together")
	case u.Protocol == "fastcgi" && !strings.HasPrefix(u.Root, "/"):
		return problem(path+".root", "fastcgi needs the root, an absolute path")
	case u.Protocol != "fastcgi" && u.Root != "":
		return problem(path+".root", "it has no effect without protocol: fastcgi")
	case u.Protocol != "fastcgi" && u.Index != "":
		return problem(path+".index", "it has no effect without protocol: fastcgi")
	}
	return nil
}

func (u *Upstream) checkCheck(path string) *Problem {
	c := u.Check
	if c == nil {
		return nil
	}
	switch {
	case c.Path != "" && u.Protocol == "fastcgi":
		return problem(path+".path", "servers of FastCGI are checked by connecting; leave the path out")
	case c.Path != "" && (!strings.HasPrefix(c.Path, "/") || strings.ContainsFunc(c.Path, notVisible)):
		return problem(path+".path", "a path begins with a slash and holds no blank")
	case c.Path == "" && (c.Host != "" || len(c.Statuses) > 0 || c.Body != ""):
		return problem(path, "host, statuses and body have no effect without a path")
	case strings.ContainsFunc(c.Host, notVisible):
		return problem(path+".host", "it is no host")
	}
	for i, s := range c.Statuses {
		if s < 100 || s > 599 {
			return problem(fmt.Sprintf("%s.statuses[%d]", path, i), "a status is between 100 and 599")
		}
	}
	return nil
}

func notVisible(r rune) bool { return r <= ' ' || r == 0x7f }

// token reports whether s may be the name of a field or of a method (RFC 9110
// section 5.6.2).
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return notVisible(r) || r > 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
