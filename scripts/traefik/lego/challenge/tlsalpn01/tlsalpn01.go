// Package tlsalpn01 has the names of the TLS challenge.
package tlsalpn01

import (
	"errors"
	"time"
)

// ACMETLS1Protocol is the protocol of the challenge (RFC 8737).
const ACMETLS1Protocol = "acme-tls/1"

// ChallengeOption is an option that nothing reads.
type ChallengeOption struct{}

// SetDelay returns an option.
func SetDelay(time.Duration) ChallengeOption { return ChallengeOption{} }

// ChallengeBlocks would return the certificate of the challenge.
func ChallengeBlocks(domain, keyAuth string) ([]byte, []byte, error) {
	return nil, nil, errors.New("this build of Traefik, for tests, answers no challenges")
}
