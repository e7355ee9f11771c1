package host

import (
	"context"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Rule is a firewall rule, or the policy of a chain, that drops or rejects.
type Rule struct {
	Family  string `json:"family"` // "ip", "ip6", "inet"
	Table   string `json:"table"`
	Chain   string `json:"chain"`
	Hook    string `json:"hook,omitempty"`   // "input", "output", "forward", …; empty: called from another chain
	Handle  uint64 `json:"handle,omitempty"` // nft's number of the rule; 0: the policy
	Verdict string `json:"verdict"`          // "drop" or "reject"
	Text    string `json:"text"`             // what was understood: "tcp dport 3000 drop"
	Sure    bool   `json:"sure"`             // every condition was understood and fits; false: it may fit
}

// Firewall is what netfilter may do to packets to an endpoint.
type Firewall struct {
	Endpoint string         `json:"endpoint"`
	Rules    []Rule         `json:"rules,omitempty"` // that drop or reject, and fit or may fit; the sure ones first
	Total    int            `json:"total"`           // rules in force, of any kind
	Gaps     []evidence.Gap `json:"gaps,omitempty"`
}

// Firewall returns the rules of the view's network namespace that may stop TCP to
// address:port. It needs root.
func (v *View) Firewall(ctx context.Context, address string, port int) (Firewall, error) {
	return Firewall{}, errUnwritten
} // UNWRITTEN
