package probe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// AskRequest is our own marked request through the gateway.
type AskRequest struct {
	Network     string // where to dial: "tcp" or "unix"
	Address     string
	TLS         bool
	Host        string        // Host header, with the port where it is not the scheme's own
	SNI         string        // server name for TLS; empty: none is sent
	Method      string        // "GET" or "HEAD"; anything else is refused
	URI         string        // path and query, begins with "/"
	Token       string        // marks the request: User-Agent, X-Request-Id, Referer
	Version     string        // of goodgate, for User-Agent
	Roots       []byte        // PEM by which the gateway's certificate is judged; nil: the machine's
	ProxyHeader bool          // the listener expects the PROXY protocol
	Timeout     time.Duration // of everything; default 15 s
}

// AskResult is what a client of the gateway gets.
type AskResult struct {
	Exchange
	Token   string    `json:"token"`
	Method  string    `json:"method"`
	Host    string    `json:"host"`
	URI     string    `json:"uri"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Made    Made      `json:"made"` // who made the answer, by its marks
}

// askQuote is how much of the body is kept: error pages are smaller, and Cloudflare's
// has its marks late.
const askQuote = 16 << 10

// Ask sends the marked request and follows no redirect. A certificate that does not
// verify does not stop it: what is wrong stands in the result.
func Ask(ctx context.Context, d Dialer, a AskRequest) AskResult {
	if a.Timeout <= 0 {
		a.Timeout = defaultTotal
	}
	to := Target{Network: a.Network, Address: a.Address, ProxyHeader: a.ProxyHeader}
	scheme := "http"
	if a.TLS {
		scheme = "https"
		to.TLS = &TLSOptions{
			ServerName: a.SNI, SendName: a.SNI != "", VerifyName: nameIn(a.Host, a.SNI),
			Roots: a.Roots, SystemRoots: a.Roots == nil, asClient: true, ALPN: []string{"http/1.1"},
		}
	}
	r := AskResult{Token: a.Token, Method: a.Method, Host: a.Host, URI: a.URI, Started: time.Now().UTC()}
	r.Exchange = HTTP(ctx, d, to, marked(a, scheme), Limits{FirstByte: a.Timeout, Total: a.Timeout, Quote: askQuote})
	r.Ended = time.Now().UTC()
	r.Made = Maker(r.Status, r.Header, r.Body)
	return r
}

// marked writes the token where access logs (User-Agent), application logs
// (X-Request-Id) and the error logs of nginx and Apache (Referer) print it. The
// Referer is of the same origin, so that a site that looks at it takes it for its
// own.
func marked(a AskRequest, scheme string) topo.Spoken {
	path, _, _ := strings.Cut(a.URI, "?")
	return topo.Spoken{Method: a.Method, URI: a.URI, Version: "1.1", Header: []topo.Header{
		{Name: "Host", Value: a.Host},
		{Name: "User-Agent", Value: fmt.Sprintf("goodgate/%s (+diagnose; %s)", a.Version, a.Token)},
		{Name: "Accept", Value: "*/*"},
		{Name: "X-Request-Id", Value: a.Token},
		{Name: "Referer", Value: scheme + "://" + a.Host + path + "?" + a.Token},
	}}
}

// nameIn returns the name by which a client judges the certificate.
func nameIn(host, sni string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	if host = strings.Trim(host, "[]"); host == "" {
		return sni
	}
	return host
}

// RedactWith takes the secrets out of the answer and out of our own URI.
func (r *AskResult) RedactWith(red *evidence.Redactor) {
	r.Exchange.RedactWith(red)
	r.URI = red.URL(r.URI)
	r.Made.Detail = red.Text(r.Made.Detail)
}
