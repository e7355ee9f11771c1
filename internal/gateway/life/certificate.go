package life

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/pair"
)

// certificate is what a listener shows. One that is renewed needs no reload; one that
// was renewed badly is told of, because nothing fails until the old one expires.
type certificate struct {
	pair *pair.Pair
	path string
	log  *slog.Logger

	mu    sync.Mutex
	turn  int
	since time.Time // the files cannot be read; zero: they can
	told  bool
}

// settle is longer than who renews takes to write one file after the other.
const settle = 10 * time.Second

// show is tls.Config.GetCertificate.
func (c *certificate) show(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now, turn := c.pair.Current()
	c.tell(turn, c.pair.Problem(), time.Now())
	return now, nil
}

// tell logs, once each, that a certificate was renewed and that one cannot be read.
func (c *certificate) tell(turn int, problem error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if problem == nil {
		if turn != c.turn && c.turn != 0 || c.told {
			c.log.Info("certificate read again", "file", c.path)
		}
		c.turn, c.since, c.told = turn, time.Time{}, false
		return
	}
	if c.since.IsZero() {
		c.since = now
	}
	if !c.told && now.Sub(c.since) >= settle {
		c.log.Warn("the certificate's files cannot be read; the one before is still shown", "file", c.path, "why", problem.Error())
		c.told = true
	}
}
