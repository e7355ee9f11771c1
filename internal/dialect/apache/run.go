package apache

import (
	"fmt"
	"path"
	"slices"
	"strings"

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
