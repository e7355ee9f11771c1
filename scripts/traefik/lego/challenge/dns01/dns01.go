// Package dns01 has the names of the DNS challenge.
package dns01

import (
	"strings"
	"time"
)

// Options are options of a Client.
type Options struct{ RecursiveNameservers []string }

// Client asks no name server.
type Client struct{}

// NewClient returns a Client.
func NewClient(*Options) *Client { return &Client{} }

// SetDefaultClient does nothing.
func SetDefaultClient(*Client) {}

// ChallengeOption is an option that nothing reads.
type ChallengeOption struct{}

// CondOptions returns an option.
func CondOptions(bool, ...ChallengeOption) ChallengeOption { return ChallengeOption{} }

// DisableAuthoritativeNssPropagationRequirement returns an option.
func DisableAuthoritativeNssPropagationRequirement() ChallengeOption { return ChallengeOption{} }

// DisableRecursiveNSsPropagationRequirement returns an option.
func DisableRecursiveNSsPropagationRequirement() ChallengeOption { return ChallengeOption{} }

// PropagationWait returns an option.
func PropagationWait(time.Duration, bool) ChallengeOption { return ChallengeOption{} }

// UnFqdn takes the dot from the end of a name.
func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
