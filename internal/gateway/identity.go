package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/pair"
)

// identity is how the servers of a pool are spoken to with TLS: the certificate that they
// are shown and the authorities that vouch for them, as their files have them when a
// connection is made. Those that are renewed are often short-lived.
type identity struct {
	base        tls.Config
	cert        *pair.Pair                  // nil: none
	authorities *pair.Files[*x509.CertPool] // nil: the system's
	sessions    tls.ClientSessionCache
}

// sessions is how many TLS sessions with servers are remembered.
const sessions = 64

func newIdentity(c *config.TLS) (*identity, error) {
	i := &identity{base: tls.Config{MinVersion: tls.VersionTLS12}, sessions: tls.NewLRUClientSessionCache(sessions)}
	if c == nil {
		return i, nil
	}
	i.base.ServerName, i.base.InsecureSkipVerify = c.Name, c.Insecure
	var err error
	if c.CA != "" {
		if i.authorities, err = pair.Follow(func() (*x509.CertPool, error) { return config.Authorities(c.CA) }, c.CA); err != nil {
			return nil, fmt.Errorf("cannot read the authorities: %w", err)
		}
	}
	if c.Cert != "" {
		if i.cert, err = pair.Read(c.Cert, c.Key); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// next is the configuration of one connection, from its handshake to its last ticket. A
// session that is taken up again shows the certificate it began with and verifies nobody,
// so it is one of connections that were made alike.
func (i *identity) next() *tls.Config {
	t := i.base.Clone()
	s := alike{all: i.sessions}
	if i.authorities != nil {
		t.RootCAs, s.turns[0] = i.authorities.Current()
	}
	if i.cert != nil {
		var now *tls.Certificate
		now, s.turns[1] = i.cert.Current()
		t.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if asked.SupportsCertificate(now) != nil {
				return new(tls.Certificate), nil // what the server would not take is not shown
			}
			return now, nil
		}
	}
	t.ClientSessionCache = s
	return t
}

// alike are the sessions of connections that were made with the same files.
type alike struct {
	all   tls.ClientSessionCache
	turns [2]int
}

// Get and Put are those of tls.ClientSessionCache.
func (s alike) Get(key string) (*tls.ClientSessionState, bool) { return s.all.Get(s.named(key)) }

// Put may be called long after the handshake: with TLS 1.3 a ticket comes when it comes.
func (s alike) Put(key string, one *tls.ClientSessionState) { s.all.Put(s.named(key), one) }

func (s alike) named(key string) string { return fmt.Sprint(s.turns[0], s.turns[1], " ", key) }
