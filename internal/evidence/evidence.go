// Package evidence says what a source may say: items, gaps and the failures they
// are about. It also holds the Case, which keeps every raw answer that the world
// gave, redacted, so that the same examination can be repeated anywhere.
package evidence

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Item is one observation: a fact, about a subject, at a time, with its origin
// and the words that were seen there.
type Item struct {
	ID      string     `json:"id"` // unique in its case: "e1", "e2", …
	Fact    vocab.Fact `json:"fact"`
	Absent  bool       `json:"absent,omitempty"` // it was looked for, in a source that would show it, and is not there
	Subject string     `json:"subject"`          // what the fact is about, spelled as the fact's role says
	Value   string     `json:"value,omitempty"`  // a measure or detail: "12.4 kB", "3s"
	When    time.Time  `json:"when"`             // when it happened, or was observed
	Origin  Origin     `json:"origin"`
	Quote   string     `json:"quote,omitempty"` // the words seen, bounded, not yet escaped for an output
	Count   int        `json:"count,omitempty"` // how often it was seen, 0 and 1 mean once; When is the last time
}

// Kind says what sort of source an item comes from.
type Kind string

// The kinds.
const (
	GatewayLog Kind = "gateway_log" // the failing gateway's own log
	AppLog     Kind = "app_log"     // a log of the application or its server
	Kernel     Kind = "kernel"      // kernel log
	Socket     Kind = "socket"      // socket tables
	Process    Kind = "process"     // /proc
	File       Kind = "file"        // file system metadata
	Config     Kind = "config"      // a configuration on disk
	DNS        Kind = "dns"         // an answer of a name server
	Probe      Kind = "probe"       // our own connection to an upstream
	OwnAnswer  Kind = "answer"      // the answer to our own request through the gateway
	Runtime    Kind = "runtime"     // what the running gateway answered when it was asked about itself
	History    Kind = "history"     // computed from many lines of a log
)

// Origin is where an item comes from.
type Origin struct {
	Kind  Kind   `json:"kind"`
	Where string `json:"where"` // "/var/log/nginx/error.log:812", "tcp 127.0.0.1:3000", "pid 4711", "/etc/nginx/nginx.conf:12"
}

// Gap is something that could not be looked at.
type Gap struct {
	Source string `json:"source"`          // "sockets", "error log", …
	Why    string `json:"why"`             // "permission denied"
	Allow  string `json:"allow,omitempty"` // the command or step that would allow it
}

// Error lets a Gap travel as an error: a source that may not look returns one.
func (g *Gap) Error() string { return g.Source + ": " + g.Why }

// Failure is one group of failed requests: the same symptom, endpoint and route
// in one window. The inference ranks causes for each.
type Failure struct {
	Symptom      vocab.Symptom           `json:"symptom"`
	Status       int                     `json:"status,omitempty"` // what the client got; 0: unknown or no answer
	Subjects     map[vocab.Role][]string `json:"subjects"`         // what plays which role in it
	From         time.Time               `json:"from"`
	To           time.Time               `json:"to"`
	Count        int                     `json:"count"`
	Ongoing      bool                    `json:"ongoing"`      // it still happens: facts observed now count
	Intermittent bool                    `json:"intermittent"` // it comes and goes
	Own          bool                    `json:"own"`          // our own marked request is among them
	Example      string                  `json:"example,omitempty"`
}

// Endpoint returns the first endpoint of the failure, or "".
func (f Failure) Endpoint() string {
	if e := f.Subjects[vocab.RoleEndpoint]; len(e) > 0 {
		return e[0]
	}
	return ""
}
