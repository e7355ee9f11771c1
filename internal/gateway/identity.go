package gateway

import (
	"crypto/tls"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/gateway/pair"
)

// identity is the certificate that servers are shown: those that are renewed are often
// short-lived. It is the cache of sessions as well, because a session that is taken up
// again shows the certificate it began with.
type identity struct {
	pair     *pair.Pair
	sessions tls.ClientSessionCache
}

// sessions is how many TLS sessions with servers are remembered.
const sessions = 64

func newIdentity(cert, key string) (*identity, error) {
	p, err := pair.Read(cert, key)
	if err != nil {
		return nil, err
	}
	return &identity{p, tls.NewLRUClientSessionCache(sessions)}, nil
}

// show is tls.Config.GetClientCertificate. What the server would not take is not shown.
func (i *identity) show(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	now, _ := i.pair.Current()
	if asked.SupportsCertificate(now) != nil {
		return new(tls.Certificate), nil
	}
	return now, nil
}

// Get and Put are those of tls.ClientSessionCache.
func (i *identity) Get(key string) (*tls.ClientSessionState, bool) {
	return i.sessions.Get(i.named(key))
}

func (i *identity) Put(key string, s *tls.ClientSessionState) { i.sessions.Put(i.named(key), s) }

func (i *identity) named(key string) string {
	_, turn := i.pair.Current()
	return strconv.Itoa(turn) + " " + key
}
