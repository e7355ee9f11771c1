package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
)

var errNot = errors.New("not written yet")

// Connection is the outcome of one connect.
type Connection struct {
	OK      bool    `json:"ok"`
	Errno   string  `json:"errno,omitempty"` // "ECONNREFUSED", "ENOENT", …; "timeout": our own deadline; "" with OK false: see Text
	Text    string  `json:"text,omitempty"`  // the error's words
	Seconds float64 `json:"seconds"`
	Local   string  `json:"local,omitempty"`  // "127.0.0.1:51234"
	Remote  string  `json:"remote,omitempty"` // "127.0.0.1:3000", or the path
}

// Connect dials address and hangs up at once.
func Connect(ctx context.Context, d Dialer, network, address string) Connection {
	return Connection{Text: errNot.Error()}
}

// HTTP sends the request exactly as the gateway would and reads the raw answer.
func HTTP(ctx context.Context, d Dialer, to Target, spoken topo.Spoken, limits Limits) Exchange {
	return Exchange{Text: errNot.Error()}
}

// TLSOptions say how to open a TLS session.
type TLSOptions struct {
	ServerName  string // name to send, and to try where none is sent
	SendName    bool   // send ServerName (SNI)
	Verify      bool   // a certificate that does not verify ends the handshake, as the gateway would; it is judged either way
	VerifyName  string // name that the certificate must have; empty: ServerName; both empty: the name is not judged
	Roots       []byte // PEM of the authorities
	SystemRoots bool   // judge by the authorities of the machine instead, as browsers do
	Depth       int    // most intermediate authorities; 0: any number
	MinVersion  uint16 // tls.VersionTLS12, …; 0: TLS 1.0
	MaxVersion  uint16 // 0: TLS 1.3
	Ciphers     []uint16
	Cert, Key   []byte // PEM of the client certificate
	ALPN        []string
}

// TLSResult is the outcome of one handshake.
type TLSResult struct {
	Connection  Connection    `json:"connection"`
	OK          bool          `json:"ok"`                // the session stands; with Verify also: the certificate verifies
	Version     string        `json:"version,omitempty"` // "TLS 1.3"
	Cipher      string        `json:"cipher,omitempty"`  // "TLS_AES_128_GCM_SHA256"
	ALPN        string        `json:"alpn,omitempty"`
	SentName    string        `json:"sent_name,omitempty"` // the server name that was sent
	Alert       string        `json:"alert,omitempty"`     // the alert that the peer sent: "handshake_failure"
	AlertNumber int           `json:"alert_number,omitempty"`
	Fault       string        `json:"fault,omitempty"`        // what went wrong, in words
	Phase       string        `json:"phase,omitempty"`        // of a fault: "connect", "handshake", "verify", "after"
	End         End           `json:"end,omitempty"`          // of a fault: eof, reset, timeout where the peer just went away
	PlainAnswer string        `json:"plain_answer,omitempty"` // the peer answered with this, and it is no TLS
	Speaks      string        `json:"speaks,omitempty"`       // what PlainAnswer looks like
	Certs       []Certificate `json:"certificates,omitempty"` // as sent, leaf first, 10 at most
	Verified    bool          `json:"verified"`               // the chain and name were judged and are good
	VerifyError string        `json:"verify_error,omitempty"` // expired, not_yet_valid, name, unknown_authority, self_signed, chain_too_long, purpose, invalid; empty: good, or not judged
	VerifyText  string        `json:"verify_text,omitempty"`
	WantsCert   bool          `json:"client_certificate_requested"`
	Seconds     float64       `json:"seconds"` // of everything, the connect included
}

// Certificate is one certificate as the peer sent it.
type Certificate struct {
	Subject     string    `json:"subject"`
	Names       []string  `json:"names,omitempty"` // DNS names and addresses, 50 at most
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Fingerprint string    `json:"fingerprint"` // SHA-256, lower-case hexadecimal
	SelfSigned  bool      `json:"self_signed,omitempty"`
	Authority   bool      `json:"authority,omitempty"`
	Key         string    `json:"key,omitempty"` // "RSA 2048", "ECDSA P-256"
}

// Handshake opens a TLS session and hangs up.
func Handshake(ctx context.Context, d Dialer, network, address string, o TLSOptions) TLSResult {
	return TLSResult{Fault: errNot.Error()}
}

// Separation tells why a handshake fails, by trying it in other ways.
type Separation struct {
	First           TLSResult  `json:"first"`                    // as the gateway does it
	WithName        *TLSResult `json:"with_name,omitempty"`      // with a server name
	OtherVersions   *TLSResult `json:"other_versions,omitempty"` // with every version and cipher we have
	NeedsName       bool       `json:"needs_name"`               // it works only with a server name
	NoCommonVersion bool       `json:"no_common_version"`        // it works only with other versions or ciphers
}

// Separate does the handshake as o says. Where it fails inside TLS it tries once
// with o.ServerName sent and once with all versions and ciphers: three connections
// at most.
func Separate(ctx context.Context, d Dialer, network, address string, o TLSOptions) Separation {
	return Separation{}
}

// FastCGI sends one request as a responder's web server would, with an empty body
// and without keeping the connection.
func FastCGI(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits) Exchange {
	return Exchange{Text: errNot.Error()}
}

// FastCGIAbility is the answer to FCGI_GET_VALUES.
type FastCGIAbility struct {
	Connection Connection        `json:"connection"`
	Speaks     bool              `json:"speaks"`           // it answered with a FastCGI record
	Values     map[string]string `json:"values,omitempty"` // "FCGI_MPXS_CONNS": "0"
	Looks      string            `json:"looks,omitempty"`  // what the answer looks like, where it is no FastCGI
	First      []byte            `json:"first,omitempty"`
	End        End               `json:"end"`
	Seconds    float64           `json:"seconds"`
}

// FastCGIValues asks for the management values, which every application answers
// without running a script: a cheap test whether FastCGI is spoken at all. It
// occupies a php-fpm worker for the moment of the answer, so it waits at most the
// time that limits allow.
func FastCGIValues(ctx context.Context, d Dialer, network, address string, limits Limits) FastCGIAbility {
	return FastCGIAbility{}
}

// UWSGI sends one request in the uwsgi protocol (modifier 0).
func UWSGI(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits) Exchange {
	return Exchange{Text: errNot.Error()}
}

// SCGI sends one request as SCGI.
func SCGI(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits) Exchange {
	return Exchange{Text: errNot.Error()}
}

// Lookup says how a name is to be resolved.
type Lookup struct {
	Name       string
	Resolver   topo.Resolver // AtStart: the system's way; else as the product itself does, its servers only
	Hosts      []byte        // /etc/hosts; AtStart only
	ResolvConf []byte        // /etc/resolv.conf; AtStart only
	Queries    int           // most queries in all; default 24
}

// Resolution is what a name resolves to.
type Resolution struct {
	Name      string    `json:"name"`
	From      string    `json:"from,omitempty"` // "literal", "hosts", "dns"; empty: nowhere
	Addresses []Address `json:"addresses,omitempty"`
	CNAMEs    []string  `json:"cnames,omitempty"`
	Asked     []Query   `json:"asked,omitempty"`   // every query, in order
	Missing   bool      `json:"missing"`           // a server said with authority that there is no such name, or no address of the families asked for
	Problem   string    `json:"problem,omitempty"` // why there is no address, in words
	Seconds   float64   `json:"seconds"`
}

// Address is one address of a name.
type Address struct {
	IP  string `json:"ip"`
	TTL uint32 `json:"ttl"`           // seconds; 0 from hosts
	Via string `json:"via,omitempty"` // the server, or "hosts"
}

// Query is one question to one name server and what became of it.
type Query struct {
	Server    string  `json:"server"`
	Name      string  `json:"name"`              // fully qualified, with the final dot
	Type      string  `json:"type"`              // "A" or "AAAA"
	Outcome   string  `json:"outcome"`           // NOERROR, NXDOMAIN, SERVFAIL, REFUSED, …; "timeout", "refused" (ICMP), "unreachable", "malformed", "error"
	Text      string  `json:"text,omitempty"`    // the error's words
	Answers   int     `json:"answers,omitempty"` // addresses in the answer
	TCP       bool    `json:"tcp,omitempty"`     // asked again over TCP because the answer was truncated
	Authority bool    `json:"authority,omitempty"`
	Seconds   float64 `json:"seconds"`
}

// Resolve asks for the addresses of a name.
func Resolve(ctx context.Context, d Dialer, l Lookup) Resolution {
	return Resolution{Problem: errNot.Error()}
}

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

// AskResult is what the client of the gateway gets.
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

// Ask sends the marked request, follows no redirect, and never fails because of a
// certificate: what is wrong with it stands in the result.
func Ask(ctx context.Context, d Dialer, a AskRequest) AskResult { return AskResult{} }

// Made says who made an answer.
type Made struct {
	Product string   `json:"product,omitempty"` // "nginx", "haproxy", "cloudflare"; empty: no mark
	Version string   `json:"version,omitempty"`
	Grade   string   `json:"grade,omitempty"`  // "body", "status", "header": weaker in this order; a header names the last proxy only
	Also    []string `json:"also,omitempty"`   // products that make the very same answer
	Edge    string   `json:"edge,omitempty"`   // CDN or cloud balancer that the answer came through
	Detail  string   `json:"detail,omitempty"` // what the mark says more: a reason, an error code
}

// Maker tells who made an answer from its status, header and the beginning of its
// body. The body is the better witness: gateways rewrite Server on what they pass on.
func Maker(status int, header []topo.Header, body []byte) Made { return Made{} }

// IdleResult says when an upstream lets go of an idle connection.
type IdleResult struct {
	Exchange  Exchange `json:"exchange"`           // the request before the silence
	Held      bool     `json:"held"`               // the answer was complete and left the connection open
	Offered   string   `json:"offered,omitempty"`  // the Keep-Alive field of the answer: "timeout=5, max=100"
	Timeout   float64  `json:"timeout,omitempty"`  // its timeout, in seconds
	Closed    string   `json:"closed,omitempty"`   // "fin", "reset"; empty: still open after Seconds
	Unasked   []byte   `json:"unasked,omitempty"`  // bytes that the upstream sent into the silence, such as a 408
	NotHeld   string   `json:"not_held,omitempty"` // why the connection could not be held
	Seconds   float64  `json:"seconds"`            // of silence
	Cancelled bool     `json:"cancelled,omitempty"`
}

// Idle gets one complete answer, then says nothing more and waits up to max for
// the upstream to close. Only HTTP, only with --deep: it occupies a connection.
func Idle(ctx context.Context, d Dialer, to Target, spoken topo.Spoken, limits Limits, max time.Duration) IdleResult {
	return IdleResult{}
}

func redactExchange(x *Exchange, r *evidence.Redactor) {}

func field(header []topo.Header, name string) string {
	for _, h := range header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

var _ = tls.VersionTLS12
