package gateway

import (
	"crypto/tls"
	"fmt"
	"os"
	"strconv"
	"sync"
)

// identity is the certificate that servers are shown. It is read again when its files
// change: those that are renewed are often short-lived. It is the cache of sessions as
// well, because a session that is taken up again shows the certificate it began with.
type identity struct {
	cert, key string

	mu       sync.Mutex
	pair     *tls.Certificate
	stamp    string
	turn     int // how often it was read
	sessions tls.ClientSessionCache
}

// sessions is how many TLS sessions with servers are remembered.
const sessions = 64

func newIdentity(cert, key string) (*identity, error) {
	i := &identity{cert: cert, key: key, sessions: tls.NewLRUClientSessionCache(sessions)}
	if i.pair = i.current(); i.pair == nil {
		_, err := tls.LoadX509KeyPair(cert, key)
		return nil, fmt.Errorf("cannot read the client certificate: %w", err)
	}
	return i, nil
}

// current returns the certificate as its files have it now. Files that do not fit
// together, half-way through a change, change nothing.
func (i *identity) current() *tls.Certificate {
	i.mu.Lock()
	defer i.mu.Unlock()
	stamp := ""
	for _, path := range [...]string{i.cert, i.key} {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), " ")
		}
	}
	if stamp != i.stamp {
		if pair, err := tls.LoadX509KeyPair(i.cert, i.key); err == nil {
			i.pair, i.stamp = &pair, stamp
			i.turn++
		}
	}
	return i.pair
}

// show is tls.Config.GetClientCertificate. What the server would not take is not shown.
func (i *identity) show(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	pair := i.current()
	if asked.SupportsCertificate(pair) != nil {
		return new(tls.Certificate), nil
	}
	return pair, nil
}

// Get and Put are those of tls.ClientSessionCache.
func (i *identity) Get(key string) (*tls.ClientSessionState, bool) {
	i.current()
	return i.sessions.Get(i.named(key))
}

func (i *identity) Put(key string, s *tls.ClientSessionState) { i.sessions.Put(i.named(key), s) }

func (i *identity) named(key string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return strconv.Itoa(i.turn) + " " + key
}
