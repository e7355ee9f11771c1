package gateway

import (
	"net"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// outgoing makes the bytes that go to a server: the same for every attempt.
func (h *handler) outgoing() {
	o := &h.out
	o.Method, o.Body = h.r.Method, &h.body
	switch o.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		o.Safe, o.Idempotent = true, true
	case "PUT", "DELETE":
		o.Idempotent = true
	}
	if h.route.retry == "keyed" && !o.Idempotent {
		// draft-ietf-httpapi-idempotency-key-header: the application carries out
		// one of all requests with the same key.
		key, ok := get(h.r.Header, "Idempotency-Key")
		o.Idempotent = ok && key != ""
	}
	if h.route.retry == "off" || h.route.retry == "safe" && !o.Safe {
		o.Idempotent = false // as far as this application goes
	}
	named := h.connectionNames()
	o.Upgrade = h.upgrade(named) != ""
	o.Interim = h.onInterim
	if h.pool.Settings.Protocol == upstream.FastCGI {
		o.Upgrade = false
		h.head = h.params(h.head[:0], named)
		o.Params = h.head
		return
	}
	h.head = h.requestHead(h.head[:0], named)
	o.Head = h.head
}

// connectionNames returns the value of the Connection fields: what they name does
// not go further (RFC 9110 section 7.6.1).
func (h *handler) connectionNames() string {
	names := ""
	for i := range h.r.Header {
		if f := &h.r.Header[i]; f.Name == "Connection" {
			if names != "" {
				names += ","
			}
			names += f.Value
		}
	}
	return names
}

// upgrade is the protocol that the client asks for; "" for none. HTTP/2 cleartext
// is not, wherever it stands in the list: the gateway speaks HTTP/1.1 to servers, and
// would see nothing of the requests in such a tunnel. Nor is any while a body is still
// to be sent: a 101 before its end would let two read from the client.
func (h *handler) upgrade(named string) string {
	if named == "" || !lists(named, "upgrade") || h.r.Proto != "HTTP/1.1" || h.body.Rest != nil {
		return ""
	}
	all := ""
	for i := range h.r.Header {
		f := &h.r.Header[i]
		if f.Name != "Upgrade" {
			continue
		}
		for rest, more := f.Value, true; more; {
			var one string
			one, rest, more = strings.Cut(rest, ",")
			if one = strings.TrimSpace(one); one != "" && !strings.EqualFold(one, "h2c") && !strings.EqualFold(one, "h2") {
				all = join(all, one)
			}
		}
	}
	return all
}

// hop reports whether a field of the request stays here. Name is canonical.
func hop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
		"Content-Length", "Expect", "Host", "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
		"X-Real-Ip", "X-Request-Id", "Http2-Settings":
		return true
	}
	return false
}

// stays reports whether a field of the request goes no further: it belongs to the
// client's connection, the gateway makes it, or it says where the request came from
// without a trusted proxy's word. What is read from an environment (CGI, WSGI) has one
// name for A_B and A-B.
func (h *handler) stays(name, named string) bool {
	switch {
	case hop(name), named != "" && lists(named, name):
		return true
	case strings.IndexByte(name, '_') >= 0:
		name = textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))
		return hop(name) || strings.HasPrefix(name, "X-Forwarded-")
	}
	return strings.HasPrefix(name, "X-Forwarded-") && !h.trusts(h.peer())
}

// lists reports whether a comma-separated list holds a word.
func lists(list, word string) bool {
	for more := list != ""; more; {
		var one string
		one, list, more = strings.Cut(list, ",")
		if strings.EqualFold(strings.TrimSpace(one), word) {
			return true
		}
	}
	return false
}

func (h *handler) requestHead(b []byte, named string) []byte {
	r := h.r
	b = append(append(b, r.Method...), ' ')
	b = append(append(b, h.target()...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, h.host()...), "\r\n"...)
	for i := range r.Header {
		f := &r.Header[i]
		if h.stays(f.Name, named) {
			continue
		}
		b = field(b, f.Name, f.Value)
	}
	b = h.forwarded(b)
	if v, ok := get(r.Header, "Te"); ok && lists(v, "trailers") {
		b = append(b, "TE: trailers\r\nConnection: TE\r\n"...)
	}
	if p := h.upgrade(named); p != "" {
		b = field(append(b, "Connection: Upgrade\r\n"...), "Upgrade", p)
	}
	switch {
	case h.body.Length < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case h.body.Length > 0 || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH":
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, h.body.Length, 10), "\r\n"...)
	}
	if h.out.Expect {
		b = append(b, "Expect: 100-continue\r\n"...)
	}
	return append(b, "\r\n"...)
}

// field appends a field. A front delivers no line breaks; should one ever do so,
// the field is left out.
func field(b []byte, name, value string) []byte {
	out, err := http1.AppendField(b, name, value)
	if err != nil {
		return b
	}
	return out
}

// target is the path and query for the server.
func (h *handler) target() string {
	if s := h.route.strip; s != "" {
		return stripped(h.r.Target, s)
	}
	return h.r.Target
}

func (h *handler) host() string {
	if h.route.host != "" {
		return h.route.host
	}
	return h.r.Host
}

// forwarded appends what says where the request came from. What the client itself
// says about that is kept only where it is a trusted proxy. A proxy that says it in
// X-Forwarded-* alone is answered so: applications that know both prefer Forwarded, and
// one that begins here would hide the client and its https from them.
func (h *handler) forwarded(b []byte) []byte {
	r := h.r
	client := r.Remote
	if ip, _, err := net.SplitHostPort(client); err == nil {
		client = ip
	}
	before, proto, host, fwd, via := "", r.Scheme, r.Host, "", ""
	trusted, older := h.trusts(client), false
	if unixPeer(client) {
		client = "unknown" // it has no address that means anything elsewhere
	}
	for i := range r.Header {
		f := &r.Header[i]
		switch {
		case f.Name == "Via":
			via = join(via, f.Value)
		case !trusted:
		case f.Name == "X-Forwarded-For":
			older = true
			before = join(before, f.Value) // several fields are one list, in their order
		case f.Name == "X-Forwarded-Proto":
			older = true
			proto = f.Value
		case f.Name == "X-Forwarded-Host":
			older = true
			host = f.Value
		case f.Name == "Forwarded":
			fwd = join(fwd, f.Value)
		}
	}
	b = field(b, "X-Forwarded-For", join(before, client))
	b = field(b, "X-Forwarded-Proto", proto)
	b = field(b, "X-Forwarded-Host", host)
	if fwd != "" || !older {
		b = append(b, "Forwarded: "...)
		if fwd != "" && !strings.ContainsAny(fwd, "\r\n\x00") {
			b = append(append(b, fwd...), ", "...)
		}
		b = append(element(b, client, r.Scheme, r.Host), "\r\n"...)
	}
	b = field(b, "X-Request-Id", h.x.ID)
	return field(b, "Via", join(via, h.g.via))
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// element appends a forwarded-element (RFC 7239 section 4). Nothing in it can break
// a line: addresses are the kernel's, and the host is checked.
func element(b []byte, client, scheme, host string) []byte {
	b = append(b, "for="...)
	switch {
	case strings.IndexByte(client, ':') >= 0:
		b = append(append(append(b, `"[`...), client...), `]"`...)
	case client == "" || strings.ContainsAny(client, "\"\\\r\n;, /"):
		b = append(b, "unknown"...)
	default:
		b = append(b, client...)
	}
	b = append(append(b, ";proto="...), scheme...)
	if host != "" && !strings.ContainsAny(host, "\"\\\r\n") {
		b = append(append(append(b, `;host="`...), host...), '"')
	}
	return b
}

// interim passes a 1xx answer on, without what belongs to the server's connection.
func (h *handler) interim(status int, fields []http1.Field) {
	list := make([]Field, 0, len(fields))
	named := namedBy(fields)
	for _, f := range fields {
		name := string(f.Name)
		if responseHop(f.Name) || http1.EqualFold(f.Name, "content-length") || named != "" && lists(named, name) {
			continue
		}
		list = append(list, Field{name, string(f.Value)})
	}
	h.w.Interim(status, list)
}

// forbiddenTrailer reports whether a field may not stand in a trailer (RFC 9110
// section 6.5.1): framing, routing, authentication, and what is hop by hop.
func forbiddenTrailer(name string) bool {
	switch strings.ToLower(name) {
	case "transfer-encoding", "content-length", "host", "connection", "upgrade", "te", "trailer", "keep-alive", "proxy-connection",
		"authorization", "proxy-authorization", "cookie", "set-cookie", "content-encoding", "content-type", "content-range", "expect", "via":
		return true
	}
	return false
}
