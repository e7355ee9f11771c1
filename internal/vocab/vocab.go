// Package vocab holds the words that every room speaks: symptoms, causes, facts,
// knobs, verdicts and protocols. The lists are closed: a word is added here
// first, keeps its meaning for ever and is never reused. It imports nothing of
// goodgate.
package vocab

// Verdict says how sure an answer is.
type Verdict string

// The verdicts, from the surest.
const (
	Confirmed Verdict = "confirmed" // confidence of 0.9 or more, and a witness other than the gateway
	Likely    Verdict = "likely"    // confidence of 0.5 or more
	Uncertain Verdict = "uncertain" // not enough evidence
	Recovered Verdict = "recovered" // failures in the window, none now
	Healthy   Verdict = "healthy"   // no failure, and the window is covered
)

// Protocol is what a gateway speaks to an upstream.
type Protocol string

// The protocols.
const (
	HTTP    Protocol = "http"
	HTTPS   Protocol = "https"
	FastCGI Protocol = "fastcgi"
	UWSGI   Protocol = "uwsgi"
	SUWSGI  Protocol = "suwsgi"
	SCGI    Protocol = "scgi"
	AJP     Protocol = "ajp"
	GRPC    Protocol = "grpc"
	GRPCS   Protocol = "grpcs"
	TCP     Protocol = "tcp" // a stream that is passed on without being read
	TLS     Protocol = "tls" // a stream inside TLS
)
