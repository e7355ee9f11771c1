package probe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

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
	Key         string    `json:"key,omitempty"` // "RSA 2048", "ECDSA P-256", "Ed25519"
}

const (
	maxCerts = 10
	maxNames = 50
)

func certificate(c *x509.Certificate) Certificate {
	sum := sha256.Sum256(c.Raw)
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for i := range names {
		names[i] = cut(names[i], 253)
	}
	return Certificate{
		Subject:     cut(c.Subject.String(), 500),
		Names:       names[:min(len(names), maxNames)],
		Issuer:      cut(c.Issuer.String(), 500),
		NotBefore:   c.NotBefore.UTC(),
		NotAfter:    c.NotAfter.UTC(),
		Fingerprint: hex.EncodeToString(sum[:]),
		SelfSigned:  selfIssued(c),
		Authority:   c.IsCA,
		Key:         keyName(c),
	}
}

func keyName(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA " + strconv.Itoa(k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return ""
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// judge says what is wrong with the certificates, in one of the Verify words and in
// a sentence; empty: nothing.
//
// For a gateway it judges as nginx does with OpenSSL: the chain must end in a
// self-signed authority (X509_V_FLAG_PARTIAL_CHAIN is not set), depth counts the
// intermediate authorities, and the name is compared by X509_check_host, which
// knows no IP addresses and falls back to the common name where the certificate
// has no DNS name (nginx src/event/ngx_event_openssl.c, ngx_ssl_check_host).
func judge(certs []*x509.Certificate, o TLSOptions, now time.Time) (word, text string) {
	if len(certs) == 0 {
		return VerifyInvalid, "the peer sent no certificate"
	}
	if o.AnyAuthority {
		return leafFault(certs[0], o, now)
	}
	opts := x509.VerifyOptions{Intermediates: x509.NewCertPool(), CurrentTime: now}
	if !o.SystemRoots {
		opts.Roots = x509.NewCertPool()
		opts.Roots.AppendCertsFromPEM(o.Roots)
	}
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	chains, err := certs[0].Verify(opts)
	if err != nil {
		return chainFault(certs, err, now)
	}
	if !o.asClient {
		if word, text := chainLength(chains, o.Depth); word != "" {
			return word, text
		}
	}
	if o.AnyName {
		return "", ""
	}
	return nameFault(certs[0], o)
}

// leafFault judges time and name of a certificate alone.
func leafFault(c *x509.Certificate, o TLSOptions, now time.Time) (word, text string) {
	if !o.AnyTime {
		switch {
		case now.Before(c.NotBefore):
			return VerifyNotYetValid, fmt.Sprintf("the certificate of %s is not valid before %s", nameOf(c), c.NotBefore.UTC().Format(time.RFC3339))
		case now.After(c.NotAfter):
			return VerifyExpired, fmt.Sprintf("the certificate of %s expired at %s", nameOf(c), c.NotAfter.UTC().Format(time.RFC3339))
		}
	}
	if o.AnyName {
		return "", ""
	}
	return nameFault(c, o)
}

// chainFault puts the library's error into a word.
func chainFault(certs []*x509.Certificate, err error, now time.Time) (word, text string) {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && now.Before(invalid.Cert.NotBefore):
		return VerifyNotYetValid, fmt.Sprintf("the certificate of %s is not valid before %s", nameOf(invalid.Cert), invalid.Cert.NotBefore.UTC().Format(time.RFC3339))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return VerifyExpired, fmt.Sprintf("the certificate of %s expired at %s", nameOf(invalid.Cert), invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return VerifyPurpose, "the certificate is not meant for servers"
	case errors.As(err, &unknown) && len(certs) == 1 && selfIssued(certs[0]):
		return VerifySelfSigned, "the certificate is self-signed and not among the trusted ones"
	case errors.As(err, &unknown):
		return VerifyUnknown, fmt.Sprintf("the authority %q is not among the trusted ones", cut(certs[len(certs)-1].Issuer.String(), 200))
	}
	return VerifyInvalid, err.Error()
}

// chainLength refuses chains that end in no self-signed authority, or have more
// intermediate authorities than depth.
func chainLength(chains [][]*x509.Certificate, depth int) (word, text string) {
	word, text = VerifyUnknown, "the trusted file holds an intermediate or leaf certificate, and not the authority that signed it"
	for _, chain := range chains {
		switch {
		case !selfIssued(chain[len(chain)-1]):
		case depth > 0 && len(chain)-2 > depth:
			word, text = VerifyTooLong, fmt.Sprintf("the chain has %d intermediate authorities, and %d are allowed", len(chain)-2, depth)
		default:
			return "", ""
		}
	}
	return word, text
}

func nameFault(leaf *x509.Certificate, o TLSOptions) (word, text string) {
	name := o.VerifyName
	if name == "" {
		name = o.ServerName
	}
	if name == "" || matches(leaf, name, o.asClient) {
		return "", ""
	}
	return VerifyNameDiffers, fmt.Sprintf("the certificate is for %s, not for %s", nameOf(leaf), cut(name, 253))
}

func matches(leaf *x509.Certificate, name string, asClient bool) bool {
	if asClient {
		return leaf.VerifyHostname(name) == nil
	}
	names := leaf.DNSNames
	if len(names) == 0 {
		names = []string{leaf.Subject.CommonName}
	}
	for _, n := range names {
		if opensslMatches(n, name) {
			return true
		}
	}
	return false
}

// nameOf names a certificate in a sentence.
func nameOf(c *x509.Certificate) string {
	switch {
	case c == nil:
		return "the peer"
	case len(c.DNSNames) > 0:
		return cut(c.DNSNames[0], 253)
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	case c.Subject.CommonName != "":
		return cut(c.Subject.CommonName, 253)
	}
	return "nobody"
}
