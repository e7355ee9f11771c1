package apache

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
)

// proxyPass tries the ProxyPass of the <Location> that holds, then the list
// (proxy_trans), and reports whether the request is settled.
func (r *run) proxyPass() bool {
	var own *pass
	for _, s := range r.secs {
		if s.name != "<location" && s.name != "<locationmatch" {
			continue
		}
		for _, n := range s.all("proxypass", "proxypassmatch") {
			if p, ok := passOf(n, s); ok {
				own = &p
			}
		}
	}
	list := r.c.passes(r.h)
	if own != nil {
		list = append([]pass{*own}, list...)
	}
	for _, p := range list {
		url, fits := r.match(p)
		if !fits {
			continue
		}
		if p.inside != nil {
			r.step(p.inside.step())
		}
		r.step(p.n.step())
		if p.to == "!" {
			return false
		}
		r.forwardTo(url, p.n, p.to)
		return true
	}
	return false
}

// match reports whether a ProxyPass holds for the path, and the URL that it makes
// of it (ap_proxy_trans_match).
func (r *run) match(p pass) (url string, fits bool) {
	if p.regex {
		groups := r.find(p.n, p.from, r.uri, false)
		if groups == nil {
			return "", false
		}
		if p.to == "!" {
			return "", true
		}
		if strings.Contains(p.to, "$") {
			return substitute(p.to, groups), true
		}
		return p.to + r.uri, true
	}
	n := aliasMatch(r.uri, p.from)
	if n < 0 {
		return "", false
	}
	return p.to + escapePath(r.uri[n:]), true
}

// aliasMatch returns how much of a path an alias covers, -1 where it does not
// (alias_match): slashes are as good as one, and a part is whole.
func aliasMatch(uri, alias string) int {
	u := 0
	for a := 0; a < len(alias); {
		if alias[a] == '/' {
			if u >= len(uri) || uri[u] != '/' {
				return -1
			}
			for a < len(alias) && alias[a] == '/' {
				a++
			}
			for u < len(uri) && uri[u] == '/' {
				u++
			}
			continue
		}
		if u >= len(uri) || uri[u] != alias[a] {
			return -1
		}
		a, u = a+1, u+1
	}
	if alias == "" || alias[len(alias)-1] != '/' && u < len(uri) && uri[u] != '/' {
		return -1
	}
	return u
}

// escapePath writes a decoded path as ap_escape_uri does.
func escapePath(p string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c > 0x20 && c < 0x7f && !strings.ContainsRune("\"#%<>?[\\]^`{|}", rune(c)) {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// find matches a pattern and returns its groups, nil where it does not match.
func (r *run) find(n *node, pattern, s string, fold bool) []string {
	re, err := regex.Compile(pattern, fold)
	if err == nil {
		var groups []string
		if groups, err = re.Match(s); err == nil {
			return groups
		}
	}
	r.doubt(n, "the pattern %q is not understood: taken as if it did not match", pattern)
	return nil
}

func matches(pattern, s string, fold bool) bool {
	re, err := regex.Compile(pattern, fold)
	if err != nil {
		return false
	}
	groups, err := re.Match(s)
	return err == nil && groups != nil
}

// substitute replaces $0 to $9 and & (ap_pregsub).
func substitute(s string, groups []string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '$' || s[i+1] == '&'):
			i++
			b.WriteByte(s[i])
		case s[i] == '$' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			i++
			if g := int(s[i] - '0'); g < len(groups) {
				b.WriteString(groups[g])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
