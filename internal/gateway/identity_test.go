package gateway

import (
	"crypto/tls"
	"testing"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/pair/pairtest"
)

// TestTicketAfterARenewal: a ticket that comes when the certificate has been renewed is
// one of the connection that was made with the old one.
func TestTicketAfterARenewal(t *testing.T) {
	dir := t.TempDir()
	cert, key, _ := pairtest.Write(t, dir, 1)
	i, err := newIdentity(&config.TLS{Cert: cert, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	old := i.next()
	pairtest.Write(t, dir, 2)
	renewed := i.next()
	old.ClientSessionCache.Put("server", new(tls.ClientSessionState))
	if _, ok := renewed.ClientSessionCache.Get("server"); ok {
		t.Error("the old certificate is shown by a session of a new connection")
	}
	renewed.ClientSessionCache.Put("server", new(tls.ClientSessionState))
	if _, ok := i.next().ClientSessionCache.Get("server"); !ok {
		t.Error("the new one has no sessions")
	}
}
