package probe

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// Made says who made an answer.
type Made struct {
	Product string   `json:"product,omitempty"` // "nginx", "haproxy", "cloudflare"; empty: no mark
	Version string   `json:"version,omitempty"`
	Grade   string   `json:"grade,omitempty"`   // one of the grades
	Also    []string `json:"also,omitempty"`    // products that make the very same answer
	Edge    string   `json:"edge,omitempty"`    // CDN or cloud balancer that the answer came through, or that made it
	Through []string `json:"through,omitempty"` // proxies that say they passed the answer on
	Detail  string   `json:"detail,omitempty"`  // what the mark says more: a reason, an error code
}

// The grades of a mark, the best first.
const (
	GradeProxyStatus = "proxy_status" // an error in a Proxy-Status field (RFC 9209)
	GradeBody        = "body"         // a page that only this product writes
	GradeStatus      = "status"       // a status that only this product uses
	GradeOwnHeader   = "own_header"   // a field that this product sets only on answers of its own
	GradeHeader      = "header"       // Server: the last proxy, which need not have made the answer
	GradeWords       = "words"        // a few words that several products write
)

// maxMarked is how much of a body is searched for marks.
const maxMarked = 16 << 10

// Maker tells who made an answer from its status, header and the beginning of its
// body. The body is the better witness: gateways put their own Server on what they
// pass on.
func Maker(status int, header []topo.Header, body []byte) Made {
	page := squeeze(body[:min(len(body), maxMarked)])
	m := through(header)
	server := serverMade(header, len(body) == 0)
	for _, find := range []func() (Made, bool){
		func() (Made, bool) { return proxyStatus(header) },
		func() (Made, bool) { return pageMade(page) },
		func() (Made, bool) { return ownHeader(header) },
		func() (Made, bool) { return statusMade(status) },
		func() (Made, bool) { return server, server.Grade == GradeOwnHeader || origins[server.Product] },
		func() (Made, bool) { return wordsMade(status, page) },
		func() (Made, bool) { return server, server.Product != "" },
	} {
		if made, ok := find(); ok {
			if field, ok := ownHeader(header); ok && field.Product == made.Product && strings.HasPrefix(field.Detail, made.Detail) {
				made.Detail = field.Detail // X-Squid-Error has the errno behind the page's word
			}
			return m.with(made, server)
		}
	}
	return m
}

// with joins who made the answer with what it came through. A version that only
// Server has is taken where it is the same product.
func (m Made) with(made, server Made) Made {
	made.Through = m.Through
	if made.Edge == "" {
		made.Edge = m.Edge
	}
	if made.Version == "" && server.Product == made.Product {
		made.Version = server.Version
	}
	made.Detail = cut(made.Detail, 200)
	return made
}

// squeeze turns every run of white space into one space, so that pages match
// whatever their line ends, and trims the ends.
func squeeze(b []byte) string { return string(bytes.Join(bytes.Fields(b), []byte(" "))) }

// proxyStatus reads the member that has an error out of Proxy-Status; the last one
// is nearest to us.
func proxyStatus(header []topo.Header) (m Made, ok bool) {
	for _, h := range header {
		if !strings.EqualFold(h.Name, "Proxy-Status") {
			continue
		}
		for _, member := range strings.Split(h.Value, ",") {
			name, params, _ := strings.Cut(strings.TrimSpace(member), ";")
			for _, p := range strings.Split(params, ";") {
				if key, value, _ := strings.Cut(strings.TrimSpace(p), "="); key == "error" && value != "" {
					m = Made{Product: cut(strings.Trim(name, `" `), 60), Grade: GradeProxyStatus, Detail: value}
					ok = true
				}
			}
		}
	}
	return m, ok
}

// statusMade knows statuses outside the standard that name their maker.
func statusMade(status int) (Made, bool) {
	if status >= 520 && status <= 527 || status == 530 {
		return Made{Product: "cloudflare", Edge: "cloudflare", Grade: GradeStatus, Detail: cloudflareStatus(status)}, true
	}
	return Made{}, false
}

// cloudflareStatus says what Cloudflare's own statuses mean (its support pages,
// "Cloudflare 5xx errors").
func cloudflareStatus(status int) string {
	switch status {
	case 521:
		return "the origin refused the connection"
	case 522:
		return "connecting to the origin timed out"
	case 523:
		return "the origin is unreachable"
	case 524:
		return "the origin did not answer in time"
	case 525:
		return "the TLS handshake with the origin failed"
	case 526:
		return "the origin's certificate is not valid"
	case 530:
		return "the origin's name or tunnel does not resolve"
	}
	return "the origin's answer was empty, unknown or unexpected"
}

// between returns what stands in s after the first open up to the next shut, or "".
func between(s, open, shut string) string {
	_, rest, ok := strings.Cut(s, open)
	if !ok {
		return ""
	}
	found, _, ok := strings.Cut(rest, shut)
	if !ok {
		return ""
	}
	return found
}

// versioned splits "nginx/1.22.1 (Ubuntu)" into product and version.
func versioned(s string) (product, version string) {
	product, rest, _ := strings.Cut(strings.TrimSpace(s), "/")
	version, _, _ = strings.Cut(rest, " ")
	product, _, _ = strings.Cut(product, " ")
	return cut(product, 60), cut(version, 40)
}
