package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"
)

// TLSOptions say how to open a TLS session. Certificates are judged as OpenSSL
// does it for a gateway, see judge.
type TLSOptions struct {
	ServerName  string // name to send, and for Separate to try where none is sent
	SendName    bool   // send ServerName (SNI)
	Verify      bool   // a certificate that does not verify ends the handshake, as the gateway would end it; it is judged either way
	VerifyName  string // name that the certificate must have; empty: ServerName; both empty: the name is not judged
	Roots       []byte // PEM of the authorities
	SystemRoots bool   // judge by the authorities that this program finds on its own host instead
	// Some products look at name and time of a certificate whatever its
	// authority, or at the authority and not at the name.
	AnyAuthority bool // only name and time are judged
	AnyName      bool // the name is not judged
	AnyTime      bool // with AnyAuthority: the time is not judged

	Depth      int      // most intermediate authorities; 0: any number
	MinVersion uint16   // tls.VersionTLS12, …; 0: TLS 1.0
	MaxVersion uint16   // 0: TLS 1.3
	Ciphers    []uint16 // up to TLS 1.2; empty: all that are not broken, with RSA key exchange, as OpenSSL offers
	Cert, Key  []byte   // PEM of the client certificate; empty: none
	ALPN       []string

	asClient bool // judge as a browser does
}

// TLSResult is the outcome of one handshake.
type TLSResult struct {
	Connection  Connection    `json:"connection"`
	Kernel      *Kernel       `json:"kernel,omitempty"`  // what the kernel counted, where the handshake failed
	OK          bool          `json:"ok"`                // the session stands; with Verify also: the certificate verifies
	Version     string        `json:"version,omitempty"` // "TLS 1.3"
	Cipher      string        `json:"cipher,omitempty"`  // "TLS_AES_128_GCM_SHA256"
	ALPN        string        `json:"alpn,omitempty"`
	SentName    string        `json:"sent_name,omitempty"` // the server name that was sent
	Alert       string        `json:"alert,omitempty"`     // the alert that the peer sent: "handshake_failure"
	AlertNumber int           `json:"alert_number,omitempty"`
	Fault       string        `json:"fault,omitempty"`        // what went wrong, in words
	Phase       string        `json:"phase,omitempty"`        // of a fault: "options", "connect", "handshake", "verify", "after"
	End         End           `json:"end,omitempty"`          // of a fault: eof, reset, timeout where the peer just went away
	PlainAnswer string        `json:"plain_answer,omitempty"` // the peer answered with this, and it is no TLS
	Speaks      string        `json:"speaks,omitempty"`       // what PlainAnswer looks like
	Certs       []Certificate `json:"certificates,omitempty"` // as sent, leaf first, 10 at most
	Verified    bool          `json:"verified"`               // chain and name were judged and are good
	VerifyError string        `json:"verify_error,omitempty"` // one of the Verify words; empty: good, or not judged
	VerifyText  string        `json:"verify_text,omitempty"`
	WantsCert   bool          `json:"client_certificate_requested"`
	Seconds     float64       `json:"seconds"` // of everything, the connect included
}

// What is wrong with a certificate. TLSResult.VerifyError is one of these.
const (
	VerifyExpired     = "expired"
	VerifyNotYetValid = "not_yet_valid"
	VerifyNameDiffers = "name"
	VerifyUnknown     = "unknown_authority"
	VerifySelfSigned  = "self_signed"
	VerifyTooLong     = "chain_too_long"
	VerifyPurpose     = "purpose"
	VerifyInvalid     = "invalid"
)

// defaultHandshake bounds Handshake where the caller's context has no deadline.
const defaultHandshake = 10 * time.Second

// Handshake opens a TLS session and hangs up. It is made by Go's library, which has
// no DHE key exchange and takes no RSA keys under 1024 bits: a peer that has nothing
// else refuses us where it would not refuse OpenSSL.
func Handshake(ctx context.Context, d Dialer, network, address string, o TLSOptions) TLSResult {
	ctx, cancel := bounded(ctx, defaultHandshake)
	defer cancel()
	start := time.Now()
	conn, c := dial(ctx, d, network, address)
	if conn == nil {
		return TLSResult{Connection: c, Fault: c.Text, Phase: "connect", End: EndConnect, Seconds: c.Seconds}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(past) })
	defer stop()
	session, r := startTLS(ctx, conn, o)
	r.Connection = c
	if session != nil {
		hearAfter(session, &r)
	}
	if !r.OK {
		r.Kernel = kernelOf(conn)
	}
	r.Seconds = time.Since(start).Seconds()
	return r
}

// hearAfter waits a moment for the refusal that TLS 1.3 sends only after the
// handshake, to a client without the certificate that was asked for.
func hearAfter(session *tls.Conn, r *TLSResult) {
	if !r.WantsCert || r.Version != tls.VersionName(tls.VersionTLS13) {
		return
	}
	session.NetConn().SetReadDeadline(time.Now().Add(lingering))
	if _, err := session.Read(make([]byte, 1)); err != nil && !isTimeout(err) {
		noteAlert(r, err)
	}
}

// startTLS does the handshake on conn. The session is nil where it failed, and r
// says why.
func startTLS(ctx context.Context, conn net.Conn, o TLSOptions) (session *tls.Conn, r TLSResult) {
	config, err := o.config(&r)
	if err != nil {
		r.Fault, r.Phase = err.Error(), "options"
		return nil, r
	}
	seen := &listener{Conn: conn}
	session = tls.Client(seen, config)
	if deadline, ok := ctx.Deadline(); ok {
		// A little before the context's end, which closes the connection, and then
		// the kernel tells nothing of it any more.
		conn.SetDeadline(deadline.Add(-10 * time.Millisecond))
	}
	err = session.HandshakeContext(ctx)
	state := session.ConnectionState()
	if state.Version != 0 {
		r.Version, r.Cipher, r.ALPN = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), state.NegotiatedProtocol
	}
	if err == nil {
		r.OK = true
		return session, r
	}
	if r.Phase == "" {
		r.Phase = "handshake"
	}
	r.Fault = err.Error()
	explain(&r, err, seen)
	return nil, r
}

// config makes the standard library's configuration, which reports into r.
func (o TLSOptions) config(r *TLSResult) (*tls.Config, error) {
	c := &tls.Config{
		InsecureSkipVerify: true, // judged below: a bad certificate must be described, not only refused
		MinVersion:         tls.VersionTLS10,
		MaxVersion:         o.MaxVersion,
		CipherSuites:       o.Ciphers,
		NextProtos:         o.ALPN,
		// Without the post-quantum group, whose larger hello some peers cannot take and
		// gateways with OpenSSL before 3.5 do not send.
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
	}
	if o.MinVersion != 0 {
		c.MinVersion = o.MinVersion
	}
	if len(c.CipherSuites) == 0 {
		c.CipherSuites = usualCiphers()
	}
	if o.SendName {
		c.ServerName, r.SentName = o.ServerName, o.ServerName
		if net.ParseIP(o.ServerName) != nil {
			r.SentName = "" // RFC 6066 section 3: addresses are not sent
		}
	}
	own := &tls.Certificate{}
	if len(o.Cert) > 0 {
		pair, err := tls.X509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("cannot use the client certificate: %w", err)
		}
		own = &pair
	}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		r.WantsCert = true
		return own, nil
	}
	c.VerifyConnection = func(state tls.ConnectionState) error {
		r.Certs = describe(state.PeerCertificates)
		r.VerifyError, r.VerifyText = judge(state.PeerCertificates, o, time.Now())
		r.Verified = r.VerifyError == ""
		if o.Verify && !r.Verified {
			r.Phase = "verify"
			return errors.New(r.VerifyText)
		}
		return nil
	}
	return c, nil
}

// usualCiphers are the suites that OpenSSL's default list and ours have in common.
// The library leaves RSA key exchange out by default; old upstreams need it.
func usualCiphers() []uint16 {
	var ids []uint16
	for _, s := range tls.CipherSuites() {
		ids = append(ids, s.ID)
	}
	return append(ids,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256)
}

// allCiphers are all suites that the library has, broken ones too.
func allCiphers() []uint16 {
	var ids []uint16
	for _, list := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, s := range list {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// explain tells a plain answer, an alert and a lost connection apart.
func explain(r *TLSResult, err error, seen *listener) {
	var record tls.RecordHeaderError
	switch {
	case noteAlert(r, err) || r.Phase == "verify":
	case errors.As(err, &record) && !isTLS(seen.first):
		seen.more()
		r.PlainAnswer = string(seen.first)
		r.Speaks = looksLike(seen.first)
	default:
		if end := ended(err); end != EndError {
			r.End = end
		}
	}
}

// noteAlert puts the alert inside err into r, and reports whether there is one.
func noteAlert(r *TLSResult, err error) bool {
	var remote *net.OpError
	if !errors.As(err, &remote) || remote.Op != "remote error" || remote.Err == nil {
		return false
	}
	// crypto/tls does not export the type of the alert, which is a uint8.
	v := reflect.ValueOf(remote.Err)
	if v.Kind() != reflect.Uint8 {
		return false
	}
	r.AlertNumber = int(v.Uint())
	r.Alert = alertName(r.AlertNumber)
	if r.OK {
		r.OK, r.Phase = false, "after"
	}
	r.Fault = err.Error()
	return true
}

// listener passes a connection on and keeps the first bytes received.
type listener struct {
	net.Conn
	first []byte
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if room := 2*maxFirst - len(l.first); room > 0 && n > 0 {
		l.first = append(l.first, b[:min(n, room)]...)
	}
	return n, err
}

// more reads what comes soon, for a quote.
func (l *listener) more() {
	buf := make([]byte, 2*maxFirst)
	for len(l.first) < 2*maxFirst {
		l.SetReadDeadline(time.Now().Add(lingering))
		if n, _ := l.Read(buf); n == 0 {
			return
		}
	}
}

// describe tells what the certificates say.
func describe(certs []*x509.Certificate) []Certificate {
	var out []Certificate
	for i, c := range certs {
		if i == maxCerts {
			break
		}
		out = append(out, certificate(c))
	}
	return out
}
