package apache

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// run is one request on its way through a configuration.
type run struct {
	c   *config
	req topo.Request
	h   *host
	l   listen
	out topo.Decision

	uri, args string
	file      string            // what the path stands for on disk; "" for a proxied request
	env       map[string]string // that rules set
	secs      []*node           // the sections that hold for the request, in the order in which they are merged
	proxies   []*node           // the <Proxy> sections among them
	groups    []string          // $1 and on of a LocationMatch or RewriteRule
	condGroup []string          // %1 and on
	via       *node             // the directive that forwards
	depth     int
	done      bool
}

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	r := &run{c: c, req: req, env: map[string]string{}, args: req.Query}
	if r.req.Method == "" {
		r.req.Method = "GET"
	}
	r.uri = cleanPath(req.Path)
	if !r.enter() {
		r.out.Outcome = topo.Unknown
		return r.out
	}
	r.out.Logs = c.logs(r.h)
	r.translate()
	if r.out.Settings == nil {
		r.out.Settings = topo.Settings{}
	}
	r.c.put(r.out.Settings, r.h, vocab.RequestBodyLimit, []string{"limitrequestbody"}, "LimitRequestBody", "1073741824", asCount)
	r.c.put(r.out.Settings, r.h, vocab.RequestHeaderBuffer, []string{"limitrequestfieldsize"}, "LimitRequestFieldSize", "8190", asCount)
	r.c.put(r.out.Settings, r.h, vocab.ClientKeepalive, []string{"keepalivetimeout"}, "KeepAliveTimeout", "5", asTime)
	if n := r.h.value("keepalive"); n != nil && strings.EqualFold(strings.Join(n.args, " "), "off") {
		v := r.out.Settings[vocab.ClientKeepalive]
		v.Number, v.Directive, v.Value, v.Default, v.Place = 0, n.written, "Off", false, n.place()
		r.out.Settings[vocab.ClientKeepalive] = v
	}
	return r.out
}

// enter finds listener and host.
func (r *run) enter() bool {
	best := -1
	for i, l := range r.c.listens {
		switch {
		case r.req.Listener != "" && l.address() == r.req.Listener:
			best = i
		case r.req.Listener == "" && l.port == r.req.Port && (best < 0 || l.tls == r.req.TLS):
			best = i
		}
	}
	if best < 0 {
		for i, l := range r.c.listens {
			if l.port == r.req.Port {
				best = i
			}
		}
	}
	if best < 0 {
		return false
	}
	r.l = r.c.listens[best]
	r.out.Listener = r.l.listener()
	r.h, r.out.Site = r.c.find(r.l, strings.ToLower(r.req.Host))
	if r.h.main {
		r.step(topo.Step{Text: "main server"})
	} else {
		r.step(r.h.n.step())
	}
	return true
}

// cleanPath is the path as ap_normalize_path leaves it: dots resolved, slashes
// merged.
func cleanPath(p string) string {
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

func (r *run) step(s topo.Step) {
	if len(r.out.Steps) < 200 {
		r.out.Steps = append(r.out.Steps, s)
	}
}

func (r *run) doubt(n *node, format string, args ...any) {
	p := topo.Problem{Text: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Place = n.place()
	}
	if !slices.Contains(r.out.Doubts, p) && len(r.out.Doubts) < 100 {
		r.out.Doubts = append(r.out.Doubts, p)
	}
}

func (r *run) end(o topo.Outcome, status int) {
	r.out.Outcome, r.out.Status, r.done = o, status, true
}

// translate leads the request through the hooks that turn its path into a file or
// into a target: mod_rewrite, mod_proxy, mod_alias.
func (r *run) translate() {
	r.secs = r.sections("")
	if r.rewrites(r.serverRules(), nil, "") || r.done {
		return
	}
	if r.proxyPass() || r.done {
		return
	}
	if r.redirects(r.serverRedirects()) {
		return
	}
	r.mapToFile()
	r.serve()
}

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

// forwardTo ends the request at a target, unless a section keeps it from there.
func (r *run) forwardTo(url string, n *node, written string) {
	url, query, _ := strings.Cut(url, "?")
	if query != "" {
		r.args = query
	}
	t, ok := parseTarget(url)
	if !ok {
		r.doubt(n, "the target %q is not understood", url)
		r.end(topo.Unknown, 0)
		return
	}
	if r.file == "" {
		r.secs = r.sections(url)
		if r.denied() || r.redirects(nil) || r.rewrites(r.dirRules()) || r.done {
			return
		}
	}
	r.via = n
	f := r.c.forward(r.h, t, n, written)
	f.RunTime = strings.ContainsAny(t.host, "%$")
	if f.RunTime {
		r.doubt(n, "the target's host %q is computed for each request", t.host)
		f.Endpoints = nil
	}
	params := r.c.params(r.h, t)
	if f.Resolver != nil && params == nil {
		f.Resolver.AtStart = true
	}
	r.out.Forward = f
	r.out.Settings = r.forwardSettings(t, params, f)
	r.out.Upstream = r.spoken(t, f, params)
	r.end(topo.Forwards, 0)
}

// params are those of the worker of a target, nil for the general one.
func (c *config) params(h *host, t target) map[string]param {
	if t.scheme == "balancer" {
		b := c.balancers[t.host]
		if b == nil {
			return nil
		}
		merged := map[string]param{}
		if len(b.members) > 0 {
			for k, v := range b.members[0].params {
				merged[k] = v
			}
		}
		for k, v := range b.params {
			if _, have := merged[k]; !have && k != "timeout" { // a balancer's timeout is for a free worker
				merged[k] = v
			}
		}
		return merged
	}
	if w := h.worker(t); w != nil {
		return w.params
	}
	return nil
}

// forward describes a way out.
func (c *config) forward(h *host, t target, n *node, written string) *topo.Forward {
	f := &topo.Forward{Protocol: t.protocol, Target: written, Place: n.place()}
	if t.scheme == "balancer" {
		f.Pool = t.host
		if b := c.balancers[t.host]; b != nil {
			for _, m := range b.members {
				f.Endpoints = append(f.Endpoints, m.endpoint())
				f.Protocol = m.protocol
			}
		}
	} else {
		f.Endpoints = []topo.Endpoint{t.endpoint(n.place())}
	}
	scheme := t.scheme
	for _, e := range f.Endpoints {
		if e.IsName() {
			f.Resolver = c.resolver(h, t)
		}
	}
	if b := c.balancers[t.host]; f.Pool != "" && b != nil && len(b.members) > 0 {
		scheme = b.members[0].scheme
	}
	if module := schemes[scheme].module; !c.modules[module] && !c.partial && debian(c.launch) {
		f.NoModule = strings.TrimSuffix(module, ".c")
	}
	return f
}

// resolver says how names are looked up: the system's way, at the first request
// of each child, and kept until httpd is restarted, unless addressttl= (2.4.59)
// ends that or connections are not reused.
func (c *config) resolver(h *host, t target) *topo.Resolver {
	res := &topo.Resolver{AtStart: true, V4: true, V6: true}
	if p, ok := c.params(h, t)["addressttl"]; ok {
		res.Valid = asTime(p.value)
	}
	return res
}

// ways are all ways out of a host, in the order of the file.
func (c *config) ways(h *host) []topo.Forward {
	var out []topo.Forward
	add := func(to string, n *node) {
		if t, ok := parseTarget(to); ok {
			out = append(out, *c.forward(h, t, n, to))
		}
	}
	var walk func(n *node)
	walk = func(n *node) {
		for _, s := range n.sub {
			switch s.name {
			case "proxypass", "proxypassmatch":
				inside := n
				if n == h.n {
					inside = nil
				}
				if p, ok := passOf(s, inside); ok && p.to != "!" {
					add(p.to, s)
				}
			case "sethandler":
				if to, ok := strings.CutPrefix(s.arg(0), "proxy:"); ok {
					add(to, s)
				}
			case "rewriterule":
				if flags(s.arg(2)).has("P", "proxy") {
					add(s.arg(1), s)
				}
			case "<virtualhost":
				continue
			}
			walk(s)
		}
	}
	walk(h.n)
	if h.up != nil {
		for _, s := range h.up.n.all("proxypass", "proxypassmatch") {
			if p, ok := passOf(s, nil); ok && p.to != "!" {
				add(p.to, s)
			}
		}
	}
	return out
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}

func (r *run) authority() string {
	h := r.req.Host
	if strings.Contains(h, ":") {
		h = "[" + h + "]"
	}
	if r.req.Port == 0 || r.req.Port == 80 && !r.req.TLS || r.req.Port == 443 && r.req.TLS {
		return h
	}
	return h + ":" + strconv.Itoa(r.req.Port)
}
