package caddy

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	s, l := c.taker(req)
	d := topo.Decision{Outcome: topo.Unknown, Settings: topo.Settings{}}
	if s == nil {
		return d
	}
	d.Listener = l
	d.Logs = c.requestLogs(s, req.Host)
	w := &walk{c: c, s: s, d: &d, req: req, path: req.Path, query: req.Query, method: req.Method, vars: map[string]string{}}
	if s.redir {
		d.Steps = append(d.Steps, topo.Step{Text: "automatic HTTPS leads from http to https", Place: s.n.at})
		d.Outcome, d.Status = topo.Answers, 308
		return d
	}
	d.Settings = c.serverSettings(s)
	end := w.routes(s.n.items("routes"), 0)
	if end == goOn {
		w.nothing()
	}
	if end == unsure {
		d.Outcome, d.Status, d.Forward = topo.Unknown, 0, nil
	}
	if !w.named {
		d.Steps = append([]topo.Step{{Text: "listen " + strings.Join(s.n.strs("listen"), " "), Place: s.n.at}}, d.Steps...)
	}
	d.Upstream.URI, d.Upstream.Version = w.uri(), "1.1"
	return d
}

// taker returns the server that takes the request, and at which listener.
func (c *config) taker(req topo.Request) (*server, topo.Listener) {
	for _, s := range c.servers {
		for _, l := range s.listen {
			if l.Takes(req) {
				return s, l
			}
		}
	}
	return nil, topo.Listener{}
}

// verdict of a list of routes: the request was answered, goes on behind it, or it
// cannot be told.
type ending int

const (
	goOn ending = iota
	ended
	unsure
)

// walk follows one request through the handlers.
type walk struct {
	c      *config
	s      *server
	d      *topo.Decision
	req    topo.Request
	method string
	path   string // as rewritten
	query  string
	vars   map[string]string
	header []topo.Header // that handlers set
	failed int           // in error routes: the status
	named  bool          // the site was found by its name
	steps  int
}

const maxSteps = 20_000

func (w *walk) uri() string {
	uri := w.path
	if w.query != "" {
		uri += "?" + w.query
	}
	return uri
}

func (w *walk) step(n *node, text string) {
	if n.line != "" {
		text = n.line
	}
	if len(w.d.Steps) < 100 {
		w.d.Steps = append(w.d.Steps, topo.Step{Text: text, Place: n.at})
	}
}

func (w *walk) doubt(n *node, why string) {
	if len(w.d.Doubts) < 50 {
		w.d.Doubts = append(w.d.Doubts, topo.Problem{Place: n.at, Text: why})
	}
}

// routes follows the request through a list of routes: of a group only the first
// that fits counts, and behind a terminal one none (wrapRoute in routes.go).
func (w *walk) routes(list []*node, depth int) ending {
	taken := map[string]bool{}
	for _, r := range list {
		if w.steps++; w.steps > maxSteps || depth > maxDepth {
			return unsure
		}
		group := r.str("group")
		if group != "" && taken[group] {
			continue
		}
		switch w.fits(r) {
		case truth.No:
			continue
		case truth.Unknown:
			if !w.passing(r) {
				w.doubt(r, "whether this applies is known only to the running gateway: "+r.line)
				continue
			}
		}
		if group != "" {
			taken[group] = true
		}
		w.name(r)
		end := w.handlers(r.items("handle"), depth)
		if end == goOn && r.on("terminal") {
			w.nothing()
			return ended
		}
		if end != goOn {
			return end
		}
	}
	return goOn
}

// passing reports whether a route that may apply changes nothing that matters
// here where it does.
func (w *walk) passing(r *node) bool {
	for _, h := range r.items("handle") {
		switch h.str("handler") {
		case "headers", "encode", "templates", "tracing", "vars", "map", "push", "metrics", "log_append":
		default:
			return false
		}
	}
	return true
}

// name notes the site of a route by the host that it is for.
func (w *walk) name(r *node) {
	for _, set := range r.items("match") {
		for _, h := range set.strs("host") {
			if !w.named && hostFits(h, w.req.Host) {
				w.named = true
				w.d.Site = siteName(h)
				w.step(r, "host "+h)
			}
		}
	}
}

// nothing ends a request that no handler has answered: Caddy says 200 without a
// body.
func (w *walk) nothing() {
	w.d.Outcome, w.d.Status = topo.NoRoute, 200
	w.d.Steps = append(w.d.Steps, topo.Step{Text: "no handler answers", Place: w.s.n.at})
}
