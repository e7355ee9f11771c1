package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
	"github.com/goodgatehq/goodgate/internal/wire/dns"
)

// Timeouts are the limits of one attempt, each with a failure of its own. 0 means
// no limit.
type Timeouts struct {
	DNS     time.Duration // a name's addresses
	Connect time.Duration // the server's host accepts
	TLS     time.Duration // the handshake
	Send    time.Duration // progress while the request is written
	First   time.Duration // the first byte of the answer, from the last of the request
	Header  time.Duration // the whole head, from the last byte of the request
	Read    time.Duration // between two reads of the body
	Whole   time.Duration // the whole answer, from the beginning of the attempt
}

// Protocol is what is spoken to the servers of a pool.
type Protocol string

// The protocols.
const (
	HTTP    Protocol = "http"
	FastCGI Protocol = "fastcgi"
)

// Policy chooses among the servers that may be asked.
type Policy string

// The policies.
const (
	LeastLoad  Policy = "least_load"  // the better of two random ones by latency × load
	RoundRobin Policy = "round_robin" // in turn, by weight
	Random     Policy = "random"      // by weight
	Hash       Policy = "hash"        // the same key goes to the same server
	Sticky     Policy = "sticky"      // the same cookie goes to the same server
)

// Settings are how a pool treats its servers. New fills in what is 0.
type Settings struct {
	Name     string
	Protocol Protocol
	Policy   Policy
	TLS      func() *tls.Config // for one connection, whose it is; nil: plain. ServerName empty: the server's own name
	Timeouts Timeouts

	MaxHeader   int // bytes of an answer's head
	MaxFields   int // fields of a head
	MaxIdle     int // idle connections per server
	MaxIdleTime time.Duration
	MaxRequests int // at once per server; 0: no limit

	Wait     time.Duration // how long a request waits where no server can be asked
	MaxWait  int           // requests that wait at once
	Attempts int           // attempts of which a server may have seen something
	Retry    float64       // such attempts per request, on average
	Hedge    float64       // second attempts per request while the first waits, on average; 0: never
	Reserve  int           // retries that are allowed before any request earned them

	EjectAfter int           // transport failures in a row
	EjectFor   time.Duration // the first time; doubles
	MaxEjected float64       // share of the servers that may be out for their failures
	SlowStart  time.Duration
	HangFactor float64       // silence of so many times its own 99th percentile is a hang
	HangFloor  time.Duration // and no shorter than this

	Check *Check // nil: servers are judged by the requests alone

	// Dial connects; nil means net.Dialer. Tests hand in net.Pipe.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolve returns a name's addresses and for how long they are valid; with an
	// error, those that are known although some may be missing. Services returns the
	// servers of a service (SRV). Nil means those of the zero Resolver.
	Resolve  func(ctx context.Context, host string) ([]netip.Addr, time.Duration, error)
	Services func(ctx context.Context, service string) ([]dns.Service, time.Duration, error)
	// Notify is told when a server's condition changes. May be nil.
	Notify func(pool, endpoint, condition, why string)
}

// Defaults fills in what s leaves open.
func (s Settings) Defaults() Settings {
	setD := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	setI := func(d *int, v int) {
		if *d == 0 {
			*d = v
		}
	}
	setF := func(d *float64, v float64) {
		if *d == 0 {
			*d = v
		}
	}
	t := &s.Timeouts
	setD(&t.DNS, 2*time.Second)
	setD(&t.Connect, 2*time.Second)
	setD(&t.TLS, 5*time.Second)
	setD(&t.Send, 30*time.Second)
	setD(&t.First, 60*time.Second)
	setD(&t.Header, t.First)
	setD(&t.Read, 60*time.Second)
	setI(&s.MaxHeader, 64<<10)
	setI(&s.MaxFields, 200)
	setI(&s.MaxIdle, 256)
	setD(&s.MaxIdleTime, 60*time.Second)
	setD(&s.Wait, 10*time.Second)
	setI(&s.MaxWait, 4096)
	setI(&s.Attempts, 4)
	setF(&s.Retry, 0.1)
	setI(&s.Reserve, 100)
	setI(&s.EjectAfter, 3)
	setD(&s.EjectFor, time.Second)
	setF(&s.MaxEjected, 0.5)
	setD(&s.SlowStart, 5*time.Second)
	setF(&s.HangFactor, 4)
	setD(&s.HangFloor, 100*time.Millisecond)
	if s.Protocol == "" {
		s.Protocol = HTTP
	}
	if s.Policy == "" {
		s.Policy = LeastLoad
	}
	if s.Dial == nil {
		d := &net.Dialer{KeepAlive: 15 * time.Second, Control: sock.Unpaced}
		s.Dial = d.DialContext
	}
	if s.Resolve == nil {
		s.Resolve = Resolver{}.Addrs
	}
	if s.Services == nil {
		s.Services = Resolver{}.Services
	}
	return s
}
