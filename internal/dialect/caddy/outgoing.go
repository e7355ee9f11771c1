package caddy

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

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
