// Package answer says what a 5xx in an access log means by who made it: the
// gateway, the upstream, or somebody whom the log does not name.
package answer

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Maker is who made a status.
type Maker uint8

// The makers.
const (
	Unknown Maker = iota // the log cannot tell
	Made                 // the gateway
	Passed               // the upstream, and the gateway passed it on
)

// Keys are the keys of the conditions that Add added: the first of each maker
// for 500, 502, 503, 504 and the rest.
type Keys [3][5]dialect.Key

// Add adds the conditions of a product's access log to t. hint says where else
// to look when the log cannot tell.
func Add(t *applog.Table, source, hint string) Keys {
	var keys Keys
	for i, k := range kinds {
		for maker, causes := range [...][]vocab.Cause{k.any, k.made, {vocab.AppError, vocab.DependencyDown}} {
			keys[maker][i] = t.Add(dialect.Condition{
				ID: k.id + suffixes[maker], Status: k.status, Phase: dialect.PhaseLocal, Fact: facts[maker], Fails: true, Causes: causes, Source: source,
				Distinguish: [...]string{"The log cannot tell who made it. " + hint, "The gateway made it by itself. " + hint, "The upstream answered so: its own log says why."}[maker],
			})
		}
	}
	return keys
}

// Of returns the key of a status of 500 or more.
func (k *Keys) Of(status int, m Maker) dialect.Key {
	switch status {
	case 500:
		return k[m][0]
	case 502:
		return k[m][1]
	case 503:
		return k[m][2]
	case 504:
		return k[m][3]
	}
	return k[m][4]
}

var (
	suffixes = [...]string{"", "-made", "-passed"}
	facts    = [...]vocab.Fact{vocab.GatewayStatusUnknown, vocab.GatewayStatusMade, vocab.GatewayStatusPassed}
)

var kinds = [...]struct {
	id        string
	status    int
	any, made []vocab.Cause
}{
	{"access-500", 500, []vocab.Cause{vocab.AppError, vocab.InvalidConfig}, []vocab.Cause{vocab.InvalidConfig, vocab.FDExhausted}},
	{"access-502", 502, []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.AppError},
		[]vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.ProtocolMismatch}},
	{"access-503", 503, []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamSlow, vocab.AppError, vocab.Maintenance},
		[]vocab.Cause{vocab.NoHealthyUpstream, vocab.UpstreamDown, vocab.Maintenance, vocab.RateLimited}},
	{"access-504", 504, []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.AppError},
		[]vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort, vocab.Filtered}},
	{"access-5xx", 0, []vocab.Cause{vocab.AppError}, []vocab.Cause{vocab.InvalidConfig}},
}
