package caddy

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
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

func (w *walk) handlers(list []*node, depth int) ending {
	for _, h := range list {
		if end := w.handle(h, depth); end != goOn {
			return end
		}
	}
	return goOn
}

// handle does what one handler does.
func (w *walk) handle(h *node, depth int) ending {
	switch kind := h.str("handler"); kind {
	case "subroute":
		end := w.routes(h.items("routes"), depth+1)
		if end == ended && w.failed == 0 && w.d.Outcome == topo.Answers && w.threw(h) {
			return w.errors(h.items("errors", "routes"), depth)
		}
		return end
	case "static_response":
		return w.respond(h)
	case "error":
		return w.fail(h, depth)
	case "reverse_proxy":
		return w.forward(h)
	case "rewrite":
		w.rewrite(h)
	case "vars":
		for i, k := range h.keys {
			if h.list[i].kind == text {
				w.vars[k] = w.replace(h.list[i].text)
			}
		}
	case "headers":
		w.headers(h.get("request"))
	case "request_body":
		if n := h.int("max_size"); n > 0 {
			w.d.Settings[vocab.RequestBodyLimit] = w.c.setting(h.get("max_size"), vocab.RequestBodyLimit, "max_size", float64(n))
		}
	case "file_server":
		if h.on("pass_thru") {
			w.doubt(h, "whether there is such a file is known only to the running gateway")
			return goOn
		}
		w.step(h, "file_server")
		w.d.Outcome = topo.Serves
		return ended
	case "authentication":
		w.doubt(h, "whether the client is let in is known only to the running gateway")
	case "encode", "templates", "tracing", "map", "push", "metrics", "intercept", "copy_response_headers", "log_append":
	case "metrics_handler", "acme_server", "copy_response":
		w.d.Outcome = topo.Serves
		return ended
	default:
		w.doubt(h, "what the handler "+kind+" does is not known here")
		return unsure
	}
	return goOn
}

// threw reports whether a subroute has error routes of its own.
func (w *walk) threw(h *node) bool {
	return len(h.items("errors", "routes")) > 0 && w.d.Status >= 400 && w.thrown()
}

// thrown reports whether the present answer is an error, which error routes take.
func (w *walk) thrown() bool { return w.d.Outcome == topo.Answers && w.vars["\x00thrown"] != "" }

func (w *walk) respond(h *node) ending {
	w.step(h, "respond "+h.str("status_code"))
	w.d.Outcome, w.d.Status = topo.Answers, 200
	if w.failed != 0 {
		w.d.Status = w.failed
	}
	if h.on("abort") {
		w.d.Status = 0
		return ended
	}
	if code := h.str("status_code"); code != "" {
		n, err := strconv.Atoi(w.replace(code))
		if err != nil {
			w.doubt(h, "the status is known only to the running gateway")
			return unsure
		}
		w.d.Status = n
	}
	return ended
}

// fail throws an error, which the routes for errors answer.
func (w *walk) fail(h *node, depth int) ending {
	w.step(h, "error "+h.str("status_code"))
	status := 500
	if n, err := strconv.Atoi(w.replace(h.str("status_code"))); err == nil {
		status = n
	}
	w.d.Outcome, w.d.Status = topo.Answers, status
	if w.failed != 0 {
		return ended
	}
	w.vars["\x00thrown"] = "1"
	return w.errors(w.s.n.items("errors", "routes"), depth)
}

// errors follows a failed request through the routes for errors. Where none
// answers, Caddy does, with the status and no body.
func (w *walk) errors(routes []*node, depth int) ending {
	if len(routes) == 0 {
		return ended
	}
	status := w.d.Status
	w.failed = status
	at := len(w.d.Steps)
	if end := w.routes(routes, depth+1); end == ended && w.d.Outcome != topo.NoRoute {
		if w.d.Outcome == topo.Serves {
			w.d.Outcome, w.d.Status = topo.Answers, status // an error page
		}
	} else {
		w.d.Outcome, w.d.Status = topo.Answers, status
	}
	// What made the error is why, the page is not.
	w.d.Steps = w.d.Steps[:at]
	return ended
}

func (w *walk) forward(h *node) ending {
	if w.failed != 0 && h.get("upstreams") == nil {
		return ended
	}
	f := w.c.forward(h)
	for i, u := range h.items("upstreams") {
		if dial := u.str("dial"); strings.Contains(dial, "{") && i < len(f.Endpoints) {
			f.RunTime = true
			if e, ok := endpoint(w.replace(dial)); ok {
				e.Name, e.Place, e.Line = f.Endpoints[i].Name, f.Endpoints[i].Place, f.Endpoints[i].Line
				f.Endpoints[i] = e
			} else {
				w.doubt(h, "the upstream is known only to the running gateway: "+dial)
			}
		}
	}
	w.step(h, "reverse_proxy")
	if w.subrequest(h) {
		return goOn // an authority, which lets the request pass
	}
	w.d.Outcome, w.d.Forward = topo.Forwards, &f
	for k, v := range w.c.proxySettings(h) {
		w.d.Settings[k] = v
	}
	if uri := h.str("rewrite", "uri"); uri != "" {
		w.path, w.query, _ = strings.Cut(w.replace(uri), "?")
	}
	w.d.Upstream.Method = w.method
	w.d.Upstream.Header = w.outgoing(h)
	if f.Protocol == vocab.FastCGI {
		w.d.Upstream.Params = w.params(h)
	}
	return ended
}

// subrequest reports whether an answer that is good only lets the request go on,
// as forward_auth does.
func (w *walk) subrequest(h *node) bool {
	return slices.ContainsFunc(h.items("handle_response"), lets)
}

// lets reports whether what is done with good answers answers nothing itself.
func lets(r *node) bool {
	codes := r.items("match", "status_code")
	if len(codes) == 0 || codes[0].text != "2" && codes[0].text != "200" || len(r.items("routes")) == 0 {
		return false
	}
	answers := false
	walkHandlers(r, 0, func(x *node) {
		switch x.str("handler") {
		case "static_response", "reverse_proxy", "file_server", "copy_response":
			answers = true
		}
	})
	return !answers
}

func walkHandlers(n *node, depth int, f func(*node)) {
	if n == nil || depth > maxDepth {
		return
	}
	if n.kind == object && n.get("handler") != nil {
		f(n)
	}
	for _, v := range n.list {
		walkHandlers(v, depth+1, f)
	}
}

// outgoing are the header lines that the request goes out with.
func (w *walk) outgoing(h *node) []topo.Header {
	host := w.req.Host
	if p := w.req.Port; p != 0 && !(p == 80 && !w.req.TLS) && !(p == 443 && w.req.TLS) {
		host += ":" + strconv.Itoa(p)
	}
	scheme := "http"
	if w.req.TLS {
		scheme = "https"
	}
	out := []topo.Header{{Name: "Host", Value: host}, {Name: "X-Forwarded-For", Value: "127.0.0.1"}, {Name: "X-Forwarded-Host", Value: host}, {Name: "X-Forwarded-Proto", Value: scheme}}
	set := func(name, value string) {
		out = slices.DeleteFunc(out, func(have topo.Header) bool { return strings.EqualFold(have.Name, name) })
		out = append(out, topo.Header{Name: name, Value: value})
	}
	for _, x := range w.header {
		set(x.Name, x.Value)
	}
	ops := h.get("headers", "request")
	if s := ops.get("set"); s != nil && s.kind == object {
		for _, k := range s.keys {
			if v := s.strs(k); len(v) > 0 {
				set(k, w.upstreamValue(h, v[0]))
			}
		}
	}
	for _, k := range ops.strs("delete") {
		out = slices.DeleteFunc(out, func(have topo.Header) bool { return strings.EqualFold(have.Name, k) })
	}
	return out
}

// upstreamValue replaces what stands for the upstream.
func (w *walk) upstreamValue(h *node, v string) string {
	if e, ok := endpoint(firstDial(h)); ok {
		v = strings.NewReplacer("{http.reverse_proxy.upstream.hostport}", e.String(), "{http.reverse_proxy.upstream.host}", e.Host, "{upstream_hostport}", e.String()).Replace(v)
	}
	return w.replace(v)
}

// params are the FastCGI parameters (buildEnv in fastcgi.go).
func (w *walk) params(h *node) []topo.Header {
	t := h.get("transport")
	root := t.str("root")
	if root == "" {
		root = w.vars["root"]
	}
	script, info := w.path, ""
	for _, ext := range t.strs("split_path") {
		if i := strings.Index(strings.ToLower(script), strings.ToLower(ext)); i >= 0 {
			script, info = script[:i+len(ext)], script[i+len(ext):]
			break
		}
	}
	uri := w.req.Path
	if w.req.Query != "" {
		uri += "?" + w.req.Query
	}
	return []topo.Header{
		{Name: "GATEWAY_INTERFACE", Value: "CGI/1.1"}, {Name: "DOCUMENT_ROOT", Value: root}, {Name: "DOCUMENT_URI", Value: script}, {Name: "SCRIPT_NAME", Value: script},
		{Name: "SCRIPT_FILENAME", Value: path.Join(root, script)}, {Name: "PATH_INFO", Value: info}, {Name: "REQUEST_URI", Value: uri}, {Name: "REQUEST_METHOD", Value: "GET"},
		{Name: "QUERY_STRING", Value: w.query}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"}, {Name: "REMOTE_ADDR", Value: "127.0.0.1"}, {Name: "SERVER_NAME", Value: w.req.Host},
		{Name: "SERVER_PORT", Value: strconv.Itoa(w.req.Port)}, {Name: "HTTP_HOST", Value: w.req.Host},
	}
}
