// Package http01 has the names of the HTTP challenge.
package http01

import "time"

// PathPrefix is where a proof is looked for (RFC 8555 section 8.3).
const PathPrefix = "/.well-known/acme-challenge/"

// ChallengeOption is an option that nothing reads.
type ChallengeOption struct{}

// SetDelay returns an option.
func SetDelay(time.Duration) ChallengeOption { return ChallengeOption{} }
