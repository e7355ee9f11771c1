// Package event is the gateway's log record: one exchange with a client, with
// every attempt that was made for it. It writes the record as a line of JSON and
// in the combined format; it writes to nobody by itself.
package event

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Maker says who made the status that the client got.
type Maker string

// The makers.
const (
	Upstream Maker = "upstream" // passed on as the application made it
	Gateway  Maker = "gateway"  // made by the gateway itself
	Client   Maker = "client"   // the client went away, or broke its own request
)

// Phase is how far an attempt had come when it ended.
type Phase string

// The phases, in their order.
const (
	Pick    Phase = "pick" // waiting for a server that may be asked
	DNS     Phase = "dns"
	Connect Phase = "connect"
	TLS     Phase = "tls"
	Send    Phase = "send"
	Header  Phase = "header"
	Body    Phase = "body"
)

// Attempt is one try with one server. Times are from the beginning of the
// attempt; 0 means that the attempt did not come so far.
type Attempt struct {
	Pool     string        // name of the pool
	Endpoint string        // "127.0.0.1:3000", "unix:/run/app.sock"
	Reused   bool          // on a connection that had carried a request before
	Idle     time.Duration // how long that connection had been idle
	Hedge    bool          // a second attempt while an earlier one was still waiting
	Won      bool          // its answer is the one that the client got
	Connect  time.Duration
	TLS      time.Duration
	Send     time.Duration
	First    time.Duration // the head of the answer was there
	Total    time.Duration
	Sent     int64 // bytes of the request that were handed to the kernel
	Status   int   // of the answer; 0: none came
	Symptom  vocab.Symptom
	Phase    Phase
	Detail   string // what exactly was seen: "read: connection reset by peer"
}

// Exchange is one request and what became of it.
type Exchange struct {
	ID        string
	Start     time.Time
	Client    string // address and port of the peer
	For       string // address of the client that trusted proxies saw; empty: it is the peer
	Site      string
	Route     string
	Pool      string
	Method    string
	Scheme    string
	Host      string
	Target    string // path and query as sent
	Proto     string
	Referrer  string
	UserAgent string
	Status    int // what the client got; 499: it went away before it got any
	MadeBy    Maker
	Symptom   vocab.Symptom // why, where the gateway made the status or the answer broke off
	Detail    string
	Received  int64 // bytes of the request's body
	Sent      int64 // bytes of the answer's body
	Total     time.Duration
	Held      time.Duration // waiting because no server could be asked
	Out       string        // a server that could not be asked, where that is why there is no answer
	Retries   int           // attempts after the first that were made because one failed
	Hedges    int
	Cut       bool // the answer broke off after its head had been sent
	Attempts  []Attempt
}

// Failed reports whether the exchange is one that somebody will ask about: the
// gateway had to answer by itself with 5xx, or the answer broke off.
func (x *Exchange) Failed() bool {
	return x.Cut || x.MadeBy == Gateway && x.Status >= 500
}
