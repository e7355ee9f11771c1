package probe

import (
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// End says how an exchange ended.
type End string

// The ends.
const (
	EndComplete  End = "complete"           // the whole message was read, by its own framing
	EndEOF       End = "eof"                // the peer closed (FIN)
	EndReset     End = "reset"              // the peer reset (RST)
	EndFirstByte End = "first_byte_timeout" // not one byte within Limits.FirstByte
	EndTimeout   End = "timeout"            // Limits.Total, or the caller's deadline, passed
	EndBound     End = "bound"              // more bytes than we read
	EndError     End = "error"              // another error, in Exchange.Text
	EndConnect   End = "connect"            // no connection: see Exchange.Connection
	EndTLS       End = "tls"                // no TLS session: see Exchange.TLS
)

// Phase says how far an answer had come.
type Phase string

// The phases.
const (
	PhaseNothing Phase = "nothing" // before any byte
	PhaseHead    Phase = "head"    // inside the head, or before the end of a first line
	PhaseBody    Phase = "body"    // inside the body
	PhaseAfter   Phase = "after"   // after a complete message
)

// BodyEnd says how the body ended.
type BodyEnd string

// The ways a body ends.
const (
	BodyNone     BodyEnd = "none"           // the message has no body by definition (HEAD, 204, 304)
	BodyLength   BodyEnd = "length"         // all bytes of Content-Length came
	BodyShort    BodyEnd = "short"          // Missing bytes of Content-Length did not come
	BodyChunked  BodyEnd = "chunked"        // the last chunk came
	BodyChunkBad BodyEnd = "chunk_error"    // the chunk framing broke, see Faults
	BodyChunkCut BodyEnd = "chunk_cut"      // the last chunk did not come
	BodyClose    BodyEnd = "close"          // the end of the connection is the end of the body
	BodyReset    BodyEnd = "close_by_reset" // as close, but by a reset: the body may be cut
	BodyStalled  BodyEnd = "timeout"        // our time was over first
	BodyBound    BodyEnd = "bound"          // we stopped at Limits.Body
)

// What bytes look like. Speaks is one of these.
const (
	SpeaksHTTP     = "http"
	SpeaksTLS      = "tls"
	SpeaksHTTP2    = "http2"
	SpeaksFastCGI  = "fastcgi"
	SpeaksSMTP     = "smtp"
	SpeaksSSH      = "ssh"
	SpeaksFTP      = "ftp"
	SpeaksIMAP     = "imap"
	SpeaksPOP3     = "pop3"
	SpeaksRedis    = "redis"
	SpeaksMySQL    = "mysql"
	SpeaksPostgres = "postgresql"
	SpeaksProxy    = "proxy" // begins with a PROXY protocol header
	SpeaksCGI      = "cgi"   // a CGI header without a status line
	SpeaksText     = "text"
	SpeaksBinary   = "binary"
)

// What a 400 says about the protocol. Exchange.Hint is one of these, or empty.
const (
	HintWantsTLS   = "wants_tls"   // "The plain HTTP request was sent to HTTPS port" and its kin
	HintWantsHTTP2 = "wants_http2" // the peer takes only HTTP/2
)

// Exchange is one request and the raw answer that it got. Seconds count from the
// end of the sending, but Total from the start of the dial.
type Exchange struct {
	Network    string     `json:"network"`
	Address    string     `json:"address"`
	Connection Connection `json:"connection"`
	TLS        *TLSResult `json:"tls,omitempty"`
	Kernel     *Kernel    `json:"kernel,omitempty"` // what the kernel counted until the end

	Request   string `json:"request"`              // the first line as sent, or the CGI method and URI
	Sent      int    `json:"sent"`                 // bytes of request that were handed to the kernel
	SendError string `json:"send_error,omitempty"` // errno name or words, where sending failed

	Bytes       int64         `json:"bytes"`             // bytes of answer received, everything counted
	Interim     []int         `json:"interim,omitempty"` // 1xx answers before the final one
	Version     string        `json:"version,omitempty"` // "1.1"
	Status      int           `json:"status,omitempty"`  // 0: no status line was understood
	Reason      string        `json:"reason,omitempty"`
	Header      []topo.Header `json:"header,omitempty"`
	HeaderCut   bool          `json:"header_cut,omitempty"` // not all fields, or not all of a value, are recorded
	HeaderBytes int           `json:"header_bytes"`         // status line to empty line, as gateways count against their buffer; of an incomplete head, what came
	HeadDone    bool          `json:"head_done"`            // the empty line came
	Length      int64         `json:"length"`               // Content-Length; -1: none
	BodyBytes   int64         `json:"body_bytes"`           // bytes of body, without chunk framing
	BodyEnd     BodyEnd       `json:"body_end,omitempty"`   // empty: there was no head
	Missing     int64         `json:"missing,omitempty"`    // BodyShort: bytes that did not come
	Extra       int64         `json:"extra,omitempty"`      // bytes after the end of the message
	Body        []byte        `json:"body,omitempty"`       // its beginning, Limits.Quote bytes at most
	First       []byte        `json:"first,omitempty"`      // the first bytes received, where they are no HTTP
	Faults      []http1.Fault `json:"faults,omitempty"`     // what is wrong with the framing
	Speaks      string        `json:"speaks,omitempty"`     // what the first bytes look like; empty: nothing came
	Hint        string        `json:"hint,omitempty"`       // what a 400 says about the protocol
	FastCGI     *FastCGIPart  `json:"fastcgi,omitempty"`    // only of a FastCGI exchange

	End          End     `json:"end"`
	Phase        Phase   `json:"phase"`          // how far the answer had come at the end
	Text         string  `json:"text,omitempty"` // of the error that ended it
	FirstByte    float64 `json:"first_byte"`     // seconds to the first byte of the answer; 0: none came
	HeadAfter    float64 `json:"head_after"`     // seconds to the end of the head; 0: it did not come
	LongestPause float64 `json:"longest_pause"`  // longest time between two reads, the first included, in seconds
	Seconds      float64 `json:"seconds"`        // of everything, from the start of the dial
}

// FastCGIPart is what FastCGI adds to an exchange.
type FastCGIPart struct {
	Stderr         string   `json:"stderr,omitempty"`    // the error stream, bounded
	StderrBytes    int64    `json:"stderr_bytes"`        // all of it
	RawHead        int64    `json:"raw_head"`            // bytes received up to the end of the CGI header, records and error stream included
	Ended          bool     `json:"ended"`               // FCGI_END_REQUEST came
	AppStatus      uint32   `json:"app_status"`          // its application status
	ProtocolStatus string   `json:"protocol_status"`     // "request_complete", "cant_mpx_conn", "overloaded", "unknown_role", or a number
	Records        int      `json:"records"`             // records received
	Strange        []string `json:"strange,omitempty"`   // what no FastCGI application sends: unknown types, wrong ids
	NotFastCGI     bool     `json:"not_fastcgi"`         // the bytes are no FastCGI records
	CGIFault       string   `json:"cgi_fault,omitempty"` // what is wrong with the CGI header
}

// Get returns the value of the first header field of that name, whatever its
// case, or "".
func (x *Exchange) Get(name string) string { return field(x.Header, name) }

// Has reports whether the framing has a fault of one of these kinds.
func (x *Exchange) Has(kinds ...http1.Kind) bool {
	for _, f := range x.Faults {
		for _, k := range kinds {
			if f.Kind == k {
				return true
			}
		}
	}
	return false
}

// Made tells who made the answer, by its marks.
func (x *Exchange) Made() Made { return Maker(x.Status, x.Header, x.Body) }
