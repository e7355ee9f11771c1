package haproxy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	x, l := c.frontend(req)
	d := topo.Decision{Outcome: topo.Unknown, Settings: topo.Settings{}}
	if x == nil {
		return d
	}
	w := &walk{c: c, q: c.query(req), d: &d, front: x}
	d.Listener = l
	d.Site = c.siteName(x, w.q)
	d.Logs = x.logged
	w.step(x.head)
	w.run()
	d.Upstream.URI, d.Upstream.Version = w.q.uri, "1.1"
	return d
}

// frontend returns the proxy that takes the request, and at which listener.
func (c *config) frontend(req topo.Request) (*proxy, topo.Listener) {
	for _, x := range c.proxies {
		for _, l := range x.listeners {
			if l.Takes(req) {
				return x, l
			}
		}
	}
	return nil, topo.Listener{}
}

// walk follows one request through the rules.
type walk struct {
	c     *config
	q     *query
	d     *topo.Decision
	front *proxy
	back  *proxy
	set   []topo.Header // headers that rules set; an empty value removes one
}

func (w *walk) step(r *row) {
	w.d.Steps = append(w.d.Steps, topo.Step{Text: r.written(), Place: r.place()})
}

func (w *walk) doubt(r *row) {
	w.d.Doubts = append(w.d.Doubts, topo.Problem{Place: r.place(), Text: "whether this applies is known only to the running gateway: " + r.written()})
}

func (w *walk) answer(r *row, status int) bool {
	w.step(r)
	w.d.Outcome, w.d.Status = topo.Answers, status
	w.d.Settings = w.c.settings(w.front, w.back, nil)
	return true
}

func (w *walk) run() {
	if w.front.mode == "http" && w.rules(w.front) {
		return
	}
	back, at := w.choose()
	switch {
	case back == nil && w.d.Outcome == topo.Unknown && len(w.d.Doubts) > 0 && at == nil:
		w.d.Settings = w.c.settings(w.front, nil, nil)
		return
	case back == nil:
		// No rule fits: HAProxy answers 503 by itself (process_stream).
		w.d.Outcome, w.d.Status, w.d.Settings = topo.NoRoute, 503, w.c.settings(w.front, nil, nil)
		w.d.Steps = append(w.d.Steps, topo.Step{Text: "no use_backend rule fits, and there is no default_backend", Place: w.front.head.place()})
		return
	}
	w.back = back
	if at != nil {
		w.step(at)
		w.step(back.head)
	}
	if back != w.front && back.mode == "http" && w.rules(back) {
		return
	}
	w.forward()
}

// choose finds the backend: the first use_backend that holds, else the default.
func (w *walk) choose() (*proxy, *row) {
	var instead *row
	for _, r := range w.front.all() {
		switch {
		case r.begins("default_backend"):
			instead = r
		case r.begins("use_backend"):
			switch w.q.condition(w.front, r.args(2)) {
			case truth.Unknown:
				w.doubt(r)
			case truth.Yes:
				name, known := w.q.format(r.arg(1))
				if !known {
					w.doubt(r)
					continue
				}
				if b := w.c.backend(name); b != nil {
					return b, r
				}
			}
		}
	}
	if instead != nil {
		return w.c.backend(instead.arg(1)), instead
	}
	if w.front.kind == "listen" && (len(w.front.servers) > 0 || w.front.find("stats", "uri") != nil) {
		return w.front, nil
	}
	return nil, nil
}

// forward ends the request at the servers of the backend.
func (w *walk) forward() {
	x := w.back
	if len(x.servers) == 0 {
		w.d.Outcome, w.d.Status, w.d.Settings = topo.Answers, 503, w.c.settings(w.front, x, nil)
		w.d.Steps = append(w.d.Steps, topo.Step{Text: "backend " + x.name + " has no server", Place: x.head.place()})
		return
	}
	f := w.c.forward(x)
	s := w.typical()
	w.d.Outcome, w.d.Forward = topo.Forwards, &f
	w.d.Settings = w.c.settings(w.front, x, &s)
	if sni, ok := w.d.Settings[vocab.TLSServerName]; ok && sni.Number == 1 && sni.Value == "" {
		if v, known := w.q.sample(s.sni); known {
			sni.Value = v
			w.d.Settings[vocab.TLSServerName] = sni
		}
	}
	w.d.Steps = append(w.d.Steps, topo.Step{Text: s.row.written(), Place: s.row.place()})
	w.d.Upstream.Method = w.q.req.Method
	w.d.Upstream.Header = w.headers(x)
	if app := x.find("use-fcgi-app"); app != nil {
		w.d.Upstream.Params = w.params(app.arg(1))
	}
}

// typical is the server whose way of speaking stands for all: the first that is
// not taken out.
func (w *walk) typical() server {
	for _, s := range w.back.servers {
		if !s.Down && !s.Backup {
			return s
		}
	}
	return w.back.servers[0]
}

// headers are those that the request goes out with.
func (w *walk) headers(x *proxy) []topo.Header {
	out := []topo.Header{{Name: "host", Value: w.q.host}}
	for _, p := range []*proxy{w.front, x} {
		if r := p.find("option", "forwardfor"); r != nil {
			out = append(out, topo.Header{Name: "x-forwarded-for", Value: "127.0.0.1"})
			break
		}
	}
	for _, h := range w.set {
		out = slices.DeleteFunc(out, func(have topo.Header) bool { return strings.EqualFold(have.Name, h.Name) })
		if h.Value != "" {
			out = append(out, h)
		}
	}
	return out
}

// params are the FastCGI parameters that an fcgi-app makes of the request.
func (w *walk) params(app string) []topo.Header {
	root, index := "", "index.php"
	for _, s := range w.c.sections {
		if s.kind == "fcgi-app" && s.name == app {
			if r := s.find("docroot"); r != nil {
				root = r.arg(1)
			}
			if r := s.find("index"); r != nil {
				index = r.arg(1)
			}
		}
	}
	script := w.q.path()
	if strings.HasSuffix(script, "/") {
		script += index
	}
	_, query, _ := strings.Cut(w.q.uri, "?")
	return []topo.Header{
		{Name: "GATEWAY_INTERFACE", Value: "CGI/1.1"}, {Name: "DOCUMENT_ROOT", Value: root}, {Name: "SCRIPT_NAME", Value: script}, {Name: "SCRIPT_FILENAME", Value: root + script},
		{Name: "REQUEST_URI", Value: w.q.uri}, {Name: "REQUEST_METHOD", Value: "GET"}, {Name: "QUERY_STRING", Value: query}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"},
		{Name: "REMOTE_ADDR", Value: "127.0.0.1"}, {Name: "SERVER_NAME", Value: w.q.req.Host}, {Name: "SERVER_PORT", Value: strconv.Itoa(w.q.req.Port)}, {Name: "HTTP_HOST", Value: w.q.host},
	}
}
