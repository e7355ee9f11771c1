package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Problem is what is wrong with a value of a configuration.
type Problem struct {
	Path string // "$.upstreams.app.servers[0].url"
	Text string
}

// Error says what is wrong and where.
func (p *Problem) Error() string { return strings.TrimPrefix(p.Path, "$.") + ": " + p.Text }

// Check says what would keep the gateway from starting with c; nil for nothing.
// The error is a *Problem. It does no I/O.
func (c *Config) Check() error {
	if len(c.Listen) == 0 {
		return &Problem{"$.listen", "there is no address to listen on"}
	}
	for i, l := range c.Listen {
		if p := l.check(fmt.Sprintf("$.listen[%d]", i)); p != nil {
			return p
		}
	}
	if p := c.checkHere(); p != nil {
		return p
	}
	if len(c.Upstreams) == 0 {
		return &Problem{"$.upstreams", "there is no upstream"}
	}
	for name, u := range c.Upstreams {
		if p := u.check("$.upstreams." + name); p != nil {
			return p
		}
	}
	if len(c.Sites) == 0 {
		return &Problem{"$.sites", "there is no site: nothing would be forwarded"}
	}
	for i, s := range c.Sites {
		if p := c.checkSite(fmt.Sprintf("$.sites[%d]", i), s); p != nil {
			return p
		}
	}
	return nil
}

func (l *Listener) check(path string) *Problem {
	switch {
	case strings.HasPrefix(l.Address, "unix:"):
	case l.Address == "":
		return &Problem{path + ".address", "the address is missing"}
	default:
		if _, _, err := net.SplitHostPort(l.Address); err != nil {
			return &Problem{path + ".address", "an address is host:port, :port or unix:PATH"}
		}
	}
	if (l.Cert == "") != (l.Key == "") {
		return &Problem{path, "cert and key are given together"}
	}
	return nil
}

func (c *Config) checkHere() *Problem {
	switch c.AccessLog.Format {
	case "", "json", "combined":
	default:
		return &Problem{"$.access_log.format", "the format is json or combined"}
	}
	for i, s := range c.Trusted {
		if _, err := netip.ParsePrefix(s); err != nil {
			if _, err := netip.ParseAddr(s); err != nil {
				return &Problem{fmt.Sprintf("$.trusted_proxies[%d]", i), "it is no address and no network"}
			}
		}
	}
	if c.Admin != "" && !strings.HasPrefix(c.Admin, "unix:") {
		host, _, err := net.SplitHostPort(c.Admin)
		a, err2 := netip.ParseAddr(host)
		if err != nil || host != "localhost" && (err2 != nil || !a.IsLoopback()) {
			return &Problem{"$.admin", "the admin address is on loopback, or unix:PATH"}
		}
	}
	return nil
}

func (u *Upstream) check(path string) *Problem {
	if len(u.Servers) == 0 && u.File == "" {
		return &Problem{path, "an upstream has servers, or a servers_file"}
	}
	if !slices.Contains([]string{"", "http", "https", "fastcgi"}, u.Protocol) {
		return &Problem{path + ".protocol", "the protocol is http, https or fastcgi"}
	}
	if !slices.Contains([]string{"", "least_load", "round_robin", "random", "hash", "sticky"}, u.Policy) {
		return &Problem{path + ".policy", "the policy is least_load, round_robin, random, hash or sticky"}
	}
	if k := u.HashKey; k != "" && k != "path" && k != "client" && k != "host" && !strings.HasPrefix(k, "header:") {
		return &Problem{path + ".hash_key", "the key is path, client, host or header:NAME"}
	}
	for i, s := range u.Servers {
		at := fmt.Sprintf("%s.servers[%d]", path, i)
		a, err := ParseServer(s.URL)
		if err != nil {
			return &Problem{at + ".url", err.Error()}
		}
		if want := u.Protocol; a.Scheme != "" && a.Scheme != want && !(want == "" && a.Scheme == "http") {
			return &Problem{at + ".url", fmt.Sprintf("the server speaks %s and the upstream's protocol is %s", a.Scheme, orHTTP(want))}
		}
		if s.Weight < 0 || s.Weight > 0 && s.Weight < 1 {
			return &Problem{at + ".weight", "a weight is 1 or more"}
		}
	}
	for i, r := range u.Resolver {
		if _, err := ParseResolver(r); err != nil {
			return &Problem{fmt.Sprintf("%s.resolvers[%d]", path, i), err.Error()}
		}
	}
	return u.checkNumbers(path)
}

func orHTTP(s string) string {
	if s == "" {
		return "http"
	}
	return s
}

func (u *Upstream) checkNumbers(path string) *Problem {
	switch {
	case u.Retry != nil && (*u.Retry < 0 || *u.Retry > 1):
		return &Problem{path + ".retry_budget", "a budget is between 0 and 1"}
	case u.Hedge != nil && (*u.Hedge < 0 || *u.Hedge > 1):
		return &Problem{path + ".hedge_budget", "a budget is between 0 and 1"}
	case u.Eject.Most < 0 || u.Eject.Most > 1:
		return &Problem{path + ".eject.most", "a share is between 0 and 1"}
	case u.Check != nil && u.Check.Path != "" && !strings.HasPrefix(u.Check.Path, "/"):
		return &Problem{path + ".check.path", "a path begins with a slash"}
	case u.Protocol == "fastcgi" && u.Check != nil && u.Check.Path != "":
		return &Problem{path + ".check.path", "servers of FastCGI are checked by connecting; leave the path out"}
	case u.Protocol == "fastcgi" && !strings.HasPrefix(u.Root, "/"):
		return &Problem{path + ".root", "fastcgi needs the root, an absolute path"}
	}
	return nil
}

func (c *Config) checkSite(path string, s Site) *Problem {
	if s.Name == "" {
		return &Problem{path + ".name", "a site has a name"}
	}
	if len(s.Routes) == 0 {
		return &Problem{path + ".routes", "a site has routes"}
	}
	for i, r := range s.Routes {
		at := fmt.Sprintf("%s.routes[%d]", path, i)
		_, ok := c.Upstreams[r.To]
		switch {
		case !ok && r.To == "":
			return &Problem{at + ".to", "a route names an upstream"}
		case !ok:
			return &Problem{at + ".to", fmt.Sprintf("there is no upstream %q", r.To)}
		case r.Path != "" && !strings.HasPrefix(strings.TrimPrefix(r.Path, "="), "/"):
			return &Problem{at + ".path", "a path begins with a slash, or with =/"}
		case !slices.Contains([]string{"", "idempotent", "keyed", "safe", "off"}, r.Retry):
			return &Problem{at + ".retry", "retry is idempotent, keyed, safe or off"}
		case !slices.Contains([]string{"", "on", "off"}, r.Hedge):
			return &Problem{at + ".hedge", "hedge is on or off"}
		}
	}
	return nil
}
