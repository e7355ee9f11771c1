package apache

import (
	"net"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// spoken returns the request as it is sent to the upstream.
func (r *run) spoken(t target, f *topo.Forward, params map[string]param) topo.Spoken {
	out := topo.Spoken{Method: r.req.Method, Version: "1.1"}
	path := t.path
	if f.Pool != "" && len(f.Endpoints) > 0 {
		if b := r.c.balancers[t.host]; b != nil {
			t = b.members[0].target
			path = t.path + path
		}
	}
	if path == "" {
		path = "/"
	}
	out.URI = path
	if r.args != "" {
		out.URI += "?" + r.args
	}
	switch f.Protocol {
	case vocab.FastCGI, vocab.SCGI, vocab.UWSGI:
		out.Params = r.cgi(t, f, path)
		return out
	}
	if r.setenv("force-proxy-request-1.0") {
		out.Version = "1.0"
	}
	out.Header = r.headers(t, f, params)
	return out
}

// headers are those that mod_proxy_http adds or changes.
func (r *run) headers(t target, f *topo.Forward, params map[string]param) []topo.Header {
	host := t.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.port != schemes[t.scheme].port && t.socket == "" {
		host += ":" + strconv.Itoa(t.port)
	}
	if r.on("proxypreservehost") {
		host = r.authority()
	}
	out := []topo.Header{{Name: "Host", Value: host}}
	if n, _ := r.value("proxyaddheaders"); n == nil || on(n.arg(0)) {
		out = append(out, topo.Header{Name: "X-Forwarded-For", Value: "127.0.0.1"}, topo.Header{Name: "X-Forwarded-Host", Value: r.authority()},
			topo.Header{Name: "X-Forwarded-Server", Value: r.serverName()})
	}
	for _, s := range r.secs {
		for _, n := range s.all("requestheader") {
			out = r.requestHeader(out, n)
		}
	}
	connection := "Keep-Alive"
	if p, ok := params["disablereuse"]; params == nil || ok && on(p.value) || r.setenv("proxy-nokeepalive") {
		connection = "close"
	}
	return append(out, topo.Header{Name: "Connection", Value: connection})
}

// requestHeader applies a RequestHeader that holds for every request.
func (r *run) requestHeader(out []topo.Header, n *node) []topo.Header {
	what, name, value := strings.ToLower(n.arg(0)), n.arg(1), n.arg(2)
	if strings.Contains(value, "%{") || len(n.args) > 3 && strings.HasPrefix(n.arg(3), "expr=") || strings.HasPrefix(n.arg(3), "env=") {
		r.doubt(n, "RequestHeader %s depends on the request", name)
		return out
	}
	at := -1
	for i, h := range out {
		if strings.EqualFold(h.Name, name) {
			at = i
		}
	}
	switch {
	case what == "unset" && at >= 0:
		return append(out[:at:at], out[at+1:]...)
	case what == "set" && at >= 0:
		out[at].Value = value
	case what == "set", what == "add", what == "setifempty" && at < 0, what == "append" && at < 0:
		out = append(out, topo.Header{Name: name, Value: value})
	}
	return out
}

func (r *run) serverName() string {
	if r.h.name != "" {
		return r.h.name
	}
	return r.req.Host
}

// cgi are the variables of FastCGI, SCGI and uwsgi (ap_add_common_vars,
// ap_add_cgi_vars).
func (r *run) cgi(t target, f *topo.Forward, path string) []topo.Header {
	uri := r.uri
	if r.req.Path != "" {
		uri = escapePath(r.req.Path)
	}
	if r.req.Query != "" {
		uri += "?" + r.req.Query
	}
	script, file, info := path, r.file, ""
	if f.Protocol == vocab.UWSGI || f.Protocol == vocab.SCGI {
		script, info = "", path
	}
	if file == "" {
		file = path // ProxyPass to fcgi://host/folder names the file by its path
	}
	if r.file != "" {
		script = r.uri
	}
	listen := r.req.Port
	if listen == 0 {
		listen = r.l.port
	}
	out := []topo.Header{
		{Name: "GATEWAY_INTERFACE", Value: "CGI/1.1"}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"}, {Name: "REQUEST_METHOD", Value: r.req.Method},
		{Name: "QUERY_STRING", Value: r.args}, {Name: "REQUEST_URI", Value: uri}, {Name: "SCRIPT_NAME", Value: script}, {Name: "PATH_INFO", Value: info},
		{Name: "SCRIPT_FILENAME", Value: file}, {Name: "SERVER_NAME", Value: r.req.Host}, {Name: "SERVER_PORT", Value: strconv.Itoa(listen)},
		{Name: "SERVER_SOFTWARE", Value: "Apache"}, {Name: "REMOTE_ADDR", Value: net.IP{127, 0, 0, 1}.String()}, {Name: "HTTP_HOST", Value: r.authority()},
	}
	if root := r.h.value("documentroot"); root != nil {
		out = append(out, topo.Header{Name: "DOCUMENT_ROOT", Value: r.c.serverPath(root.arg(0))})
	}
	return out
}
