package gateway

import (
	"net"
	"path"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
)

// params are the parameters of a FastCGI request (RFC 3875 section 4.1).
func (h *handler) params(b []byte, named string) []byte {
	r := h.r
	target := h.target()
	full, query, _ := strings.Cut(target, "?")
	script, info := h.script(unescape(full))
	root := strings.TrimSuffix(h.pool.conf.Root, "/")
	client, port := r.Remote, ""
	if a, p, err := net.SplitHostPort(client); err == nil {
		client, port = a, p
	}
	server, serverPort := hostname(r.Host), "80"
	if r.Scheme == "https" {
		serverPort = "443"
		b = fastcgi.AppendParam(b, "HTTPS", "on")
	}
	if _, p, err := net.SplitHostPort(r.Host); err == nil && p != "" {
		serverPort = p
	}
	for _, p := range [...][2]string{
		{"GATEWAY_INTERFACE", "CGI/1.1"}, {"SERVER_SOFTWARE", "goodgate"}, {"SERVER_PROTOCOL", r.Proto}, {"SERVER_NAME", server}, {"SERVER_PORT", serverPort},
		{"REQUEST_METHOD", r.Method}, {"REQUEST_SCHEME", r.Scheme}, {"REQUEST_URI", r.Target}, {"QUERY_STRING", query},
		{"DOCUMENT_ROOT", root}, {"DOCUMENT_URI", script + info}, {"SCRIPT_NAME", script}, {"SCRIPT_FILENAME", root + script}, {"PATH_INFO", info},
		{"REMOTE_ADDR", client}, {"REMOTE_PORT", port}, {"REDIRECT_STATUS", "200"}, {"HTTP_HOST", h.host()},
	} {
		b = fastcgi.AppendParam(b, p[0], p[1])
	}
	if info != "" {
		b = fastcgi.AppendParam(b, "PATH_TRANSLATED", root+info)
	}
	if h.body.Length > 0 {
		b = fastcgi.AppendParam(b, "CONTENT_LENGTH", strconv.FormatInt(h.body.Length, 10))
	}
	for i := range r.Header {
		f := &r.Header[i]
		switch {
		case f.Name == "Content-Type":
			b = fastcgi.AppendParam(b, "CONTENT_TYPE", f.Value)
		case f.Name == "Proxy", strings.IndexByte(f.Name, '_') >= 0:
			// HTTP_PROXY is an environment variable with a meaning of its own
			// (CVE-2016-5385), and A_B would stand for A-B.
		case h.stays(f.Name, named):
		default:
			b = fastcgi.AppendParam(b, "HTTP_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), f.Value)
		}
	}
	return h.forwardedParams(b)
}

func (h *handler) forwardedParams(b []byte) []byte {
	var lines []byte
	lines = h.forwarded(lines)
	for _, line := range strings.Split(strings.TrimSuffix(string(lines), "\r\n"), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			b = fastcgi.AppendParam(b, "HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), value)
		}
	}
	return b
}

// script parts a path at its script. What has none goes to the index, the front
// controller. The path is cleaned first: nothing climbs out of the root.
func (h *handler) script(p string) (script, info string) {
	slash := strings.HasSuffix(p, "/")
	p = path.Clean("/" + p)
	if slash && p != "/" {
		p += "/"
	}
	if i := strings.Index(p+"/", ".php/"); i >= 0 {
		return p[:i+4], p[i+4:]
	}
	index := h.pool.conf.Index
	if index == "" {
		return p, ""
	}
	return "/" + strings.TrimPrefix(index, "/"), ""
}

// unescape decodes %HH; what is no escape stays.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil && v != 0 {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
