package nginx

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// spoken returns the request as it is sent to the upstream.
func (r *run) spoken(it *item, f *topo.Forward) topo.Spoken {
	prefix := passes[it.Name()]
	t, _ := targetOf(it.Name(), r.expand(it.Arg(1)).text)
	r.setProxyHost(t)
	out := topo.Spoken{Method: r.req.Method, URI: r.upstreamURI(it, t)}
	if m := r.cur.text(prefix+"_method", ""); m != "" {
		out.Method = r.expand(m).text
	}
	switch f.Protocol {
	case vocab.HTTP, vocab.HTTPS:
		out.Version = r.cur.text("proxy_http_version", map[bool]string{true: "1.1", false: "1.0"}[atVersion(r.c.launch.Version, "1.29.7")])
		connection := "close"
		if atVersion(r.c.launch.Version, "1.29.7") {
			connection = ""
		}
		out.Header = r.headers("proxy_set_header", []topo.Header{{Name: "Host", Value: r.proxyHost}, {Name: "Connection", Value: connection}})
	case vocab.GRPC, vocab.GRPCS:
		out.Version = "2"
		out.Header = r.headers("grpc_set_header", []topo.Header{{Name: "Host", Value: r.proxyHost}, {Name: "TE", Value: "trailers"}})
	case vocab.FastCGI, vocab.UWSGI, vocab.SUWSGI, vocab.SCGI:
		out.Version = "1.1"
		out.Params = r.params(prefix + "_param")
	}
	return out
}

// setProxyHost computes $proxy_host and $proxy_port, as ngx_http_proxy_set_vars:
// the port is named where it is not the protocol's.
func (r *run) setProxyHost(t target) {
	if strings.HasPrefix(t.address, "unix:") {
		r.proxyHost, r.proxyPort = "localhost", ""
		return
	}
	host, port, has := cutPort(t.address)
	r.proxyHost, r.proxyPort = host, strconv.Itoa(t.port)
	if has && port != strconv.Itoa(t.port) {
		r.proxyHost = host + ":" + port
	}
	if has {
		r.proxyPort = port
	}
}

// cutPort parts "host:port" and "[::1]:port".
func cutPort(s string) (host, port string, has bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.HasSuffix(s, "]") {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// upstreamURI returns the request target for the upstream, as
// ngx_http_proxy_create_request builds it.
func (r *run) upstreamURI(it *item, t target) string {
	running := strings.Contains(it.Arg(1), "$")
	switch {
	case running && t.uri != "":
		return t.uri // computed as a whole: the client's path is not appended
	case t.uri == "" && r.unparsed:
		return r.requestURI()
	}
	uri := escapePath(r.uri)
	if r.inPlace && t.uri != "" && !running {
		cut := 0
		if l := it.in.location().loc; l != nil && (l.kind == "" || l.kind == "=" || l.kind == "^~") {
			cut = min(len(l.name), len(r.uri)) // nginx counts, it does not compare
		}
		uri = t.uri + escapePath(r.uri[cut:])
	}
	if r.args != "" {
		uri += "?" + r.args
	}
	return uri
}

// headers returns the headers that nginx sets: those of the innermost block that
// sets any, and the defaults that they do not replace. Empty ones are not sent.
func (r *run) headers(directive string, defaults []topo.Header) []topo.Header {
	var out []topo.Header
	set := map[string]bool{}
	items := r.cur.inherited(directive)
	for _, it := range items {
		if len(it.Words) == 3 {
			set[strings.ToLower(it.Arg(1))] = true
		}
	}
	for _, h := range defaults {
		if !set[strings.ToLower(h.Name)] && h.Value != "" {
			out = append(out, h)
		}
	}
	for _, it := range items {
		if len(it.Words) != 3 {
			continue
		}
		h := topo.Header{Name: it.Arg(1), Value: r.expand(it.Arg(2)).text}
		if h.Value == "" {
			continue
		}
		if strings.EqualFold(h.Name, "Host") {
			out = append([]topo.Header{h}, out...)
			continue
		}
		out = append(out, h)
	}
	return out
}

// params returns the parameters that nginx sets. One given twice is sent twice.
func (r *run) params(directive string) []topo.Header {
	var out []topo.Header
	for _, it := range r.cur.inherited(directive) {
		if len(it.Words) < 3 {
			continue
		}
		h := topo.Header{Name: it.Arg(1), Value: r.expand(it.Arg(2)).text}
		if it.Arg(3) == "if_not_empty" && h.Value == "" {
			continue
		}
		out = append(out, h)
	}
	return out
}
