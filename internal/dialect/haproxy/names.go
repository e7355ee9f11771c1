package haproxy

import (
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// siteName is the host by which the frontend tells the request from others.
func (c *config) siteName(x *proxy, q *query) topo.SiteName {
	for _, n := range c.names(x) {
		if strings.EqualFold(n.Name, q.req.Host) {
			return topo.SiteName{Name: n.Name, Kind: "exact"}
		}
		if suffix, ok := strings.CutPrefix(n.Name, "*"); ok && strings.HasSuffix(q.req.Host, suffix) {
			return n
		}
	}
	return topo.SiteName{}
}

// names are the hosts that the conditions of a frontend know.
func (c *config) names(x *proxy) []topo.SiteName {
	var out []topo.SiteName
	add := func(words []string) {
		if len(words) < 2 || !strings.Contains(words[0], "hdr") || !strings.Contains(strings.ToLower(words[0]), "(host)") {
			return
		}
		kind, method := "exact", ""
		for _, m := range []string{"_end", "_beg", "_dom", "_reg", "_sub"} {
			if strings.Contains(words[0], m+"(") {
				method = m[1:]
			}
		}
		for i := 1; i < len(words); i++ {
			switch w := words[i]; {
			case w == "-m" && i+1 < len(words):
				i++
				method = words[i]
			case strings.HasPrefix(w, "-"):
			case method == "reg" || method == "sub":
			default:
				name, _, _ := strings.Cut(strings.ToLower(w), ":")
				if method == "end" {
					name, kind = "*"+name, "wildcard"
				}
				if n := (topo.SiteName{Name: name, Kind: kind}); name != "" && !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
	}
	for _, r := range x.all() {
		if r.begins("acl") {
			add(r.args(2))
			continue
		}
		words := r.args(1)
		for i, w := range words {
			if strings.TrimLeft(w, "!") == "{" {
				if end := slices.Index(words[i:], "}"); end > 0 {
					add(words[i+1 : i+end])
				}
			}
		}
	}
	return out
}
