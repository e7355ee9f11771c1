package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (c *Config) checkSites() *Problem {
	if len(c.Sites) == 0 {
		return problem("$.sites", "there is no site: nothing would be forwarded")
	}
	names := map[string]bool{}
	for i := range c.Sites {
		s, path := &c.Sites[i], fmt.Sprintf("$.sites[%d]", i)
		switch {
		case s.Name == "":
			return problem(path+".name", "a site has a name")
		case names[s.Name]:
			return problem(path+".name", "there are two sites %q: logs and metrics could not tell them apart", s.Name)
		case len(s.Hosts) == 0 && i < len(c.Sites)-1:
			return problem(path, "this site takes every host, and the ones below it would never be reached: it stands last")
		case len(s.Routes) == 0:
			return problem(path+".routes", "a site has routes")
		}
		names[s.Name] = true
		for j, h := range s.Hosts {
			if text := badHost(h); text != "" {
				return problem(fmt.Sprintf("%s.hosts[%d]", path, j), "%s", text)
			}
			if above := c.takes(i, h); above != "" {
				return problem(fmt.Sprintf("%s.hosts[%d]", path, j), "the site %q above takes this host, and it would never come here: the narrower site stands first", above)
			}
		}
		for j := range s.Routes {
			if p := c.checkRoute(fmt.Sprintf("%s.routes[%d]", path, j), &s.Routes[j]); p != nil {
				return p
			}
			if k := slices.IndexFunc(s.Routes[:j], func(above Route) bool { return above.hides(&s.Routes[j]) }); k >= 0 {
				return problem(fmt.Sprintf("%s.routes[%d]", path, j), "routes[%d] above takes all of it, and it would never be reached: the narrower route stands first", k)
			}
		}
	}
	return nil
}

// takes names the site above the i-th that every request for host goes to; empty for
// none. A site that takes every host stands last, which was seen to.
func (c *Config) takes(i int, host string) string {
	for _, s := range c.Sites[:i] {
		for _, h := range s.Hosts {
			if strings.EqualFold(h, host) || h == "*" || strings.HasPrefix(h, "*.") && strings.HasSuffix(strings.ToLower(host), strings.ToLower(h[1:])) {
				return s.Name
			}
		}
	}
	return ""
}

// hides reports whether every request for other fits r.
func (r *Route) hides(other *Route) bool {
	if len(r.Methods)+len(r.Headers) > 0 {
		return r.Path == other.Path && maps.Equal(r.Headers, other.Headers) && slices.Equal(r.Methods, other.Methods)
	}
	path, exact := strings.CutPrefix(r.Path, "=")
	below, _ := strings.CutPrefix(other.Path, "=")
	if exact {
		return r.Path == other.Path
	}
	path = strings.TrimSuffix(path, "/")
	return path == "" || below == path || strings.HasPrefix(below, path+"/")
}

// badHost says why no request's host would ever fit; empty where one can.
func badHost(h string) string {
	name := strings.TrimPrefix(h, "*.")
	switch {
	case h == "*" || strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]"):
		return ""
	case strings.Contains(h, "://") || strings.Contains(h, "/"):
		return "a host is a name alone, without scheme and path: shop.example"
	case strings.Contains(name, "*"):
		return "a star stands for all names below one: *.shop.example"
	case strings.Contains(h, ":"):
		return "a host is a name without a port: every listener takes every site"
	case name == "" || strings.ContainsFunc(name, notVisible):
		return "it is no name of a host"
	}
	return ""
}

func (c *Config) checkRoute(path string, r *Route) *Problem {
	if _, ok := c.Upstreams[r.To]; !ok {
		if r.To == "" {
			return problem(path+".to", "a route names an upstream")
		}
		p := problem(path+".to", "there is no upstream %q", r.To)
		p.Near = nearestOf(r.To, slices.Sorted(maps.Keys(c.Upstreams)))
		return p
	}
	switch {
	case r.Path != "" && !strings.HasPrefix(strings.TrimPrefix(r.Path, "="), "/"):
		return problem(path+".path", "a path begins with a slash, or with =/")
	case strings.ContainsFunc(r.Path, notVisible) || strings.ContainsAny(r.Path, "?*#"):
		return problem(path+".path", "a path is a prefix as clients send it: no star, no query, a blank is %%20")
	case r.Strip != "" && !strings.HasPrefix(r.Strip, "/"):
		return problem(path+".strip_prefix", "it begins with a slash")
	case strings.ContainsFunc(r.Host, notVisible):
		return problem(path+".host", "it is no host")
	}
	for i, m := range r.Methods {
		if !token(m) || m != strings.ToUpper(m) {
			return problem(fmt.Sprintf("%s.methods[%d]", path, i), "a method is a word in capitals: GET")
		}
	}
	for name := range r.Headers {
		if !token(name) {
			return problem(path+".headers", "%q is no name of a field", name)
		}
	}
	return nil
}
