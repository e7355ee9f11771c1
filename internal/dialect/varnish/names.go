package varnish

import (
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// names are the hosts that the conditions of the program know.
func (c *config) names() []topo.SiteName {
	var list []topo.SiteName
	add := func(n topo.SiteName) {
		if n.Name != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	var walk func(body []stmt)
	walk = func(body []stmt) {
		for _, s := range body {
			if s.cond {
				hosts(s.words, add)
				walk(s.then)
				walk(s.other)
			}
		}
	}
	walk(c.subs["vcl_recv"])
	for name, body := range c.subs {
		if name != "vcl_recv" && c.used[name] {
			walk(body)
		}
	}
	slices.SortFunc(list, func(a, b topo.SiteName) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// hosts finds what a condition compares the host with.
func hosts(words []token, add func(topo.SiteName)) {
	for i := 0; i+2 < len(words); i++ {
		name, ok := headerName(words[i])
		if !ok || name != "host" || words[i+2].kind != tokString {
			continue
		}
		text := words[i+2].text
		switch {
		case words[i+1].is("=="):
			add(topo.SiteName{Name: hostName(text), Kind: "exact"})
		case !words[i+1].is("~"):
		default:
			if literal := onlyName(text); literal != "" {
				add(topo.SiteName{Name: literal, Kind: "exact"})
			}
			add(topo.SiteName{Name: "~" + text, Kind: "regex"})
		}
	}
}

// beside are the parts of a pattern that may be there or not: "www.", a port.
var beside = pattern.New(`^\(\?i\)|\([^()]*\)[?*]`)

// onlyName returns the one name that a pattern is for, with whatever may stand
// beside it; "" where it is for several.
func onlyName(pattern string) string {
	text := beside().ReplaceAllString(pattern, "")
	text = strings.TrimSuffix(strings.TrimPrefix(text, "^"), "$")
	text = strings.ReplaceAll(text, `\.`, ".")
	if text == "" || strings.ContainsAny(text, `\^$()[]{}|*+?`) || !strings.HasPrefix(strings.TrimPrefix(pattern, "(?i)"), "^") {
		return ""
	}
	return hostName(text)
}

// site is the name by which the program tells a request from others.
func (c *config) site(req topo.Request, asked string) topo.SiteName {
	host := strings.ToLower(req.Host)
	var found topo.SiteName
	for _, n := range c.names() {
		if n.Kind == "exact" && n.Name == host {
			return n
		}
		if pattern, ok := strings.CutPrefix(n.Name, "~"); ok && n.Kind == "regex" {
			if re, err := regex.Compile(pattern, false); err == nil {
				if groups, err := re.Match(asked); err == nil && groups != nil {
					found = n
				}
			}
		}
	}
	return found
}

func hostName(text string) string {
	if h, _, ok := splitPort(text); ok {
		text = h
	}
	return strings.ToLower(text)
}
