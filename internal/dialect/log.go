package dialect

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Key names a kind of line within one Log. Keys are positions in Log.Conds.
type Key uint16

const (
	// Unparsed is the key of a line that the log's format does not explain.
	Unparsed Key = 0
	// Plain is the key of a line that was understood and tells of no failure.
	Plain Key = 1
)

// Log is what a dialect knows about one of its logs.
type Log struct {
	Name string // "nginx error"
	Kind string // "error", "access", "app", "kernel"

	// Sniff says from 0 to 100 how sure it is that a file that begins with head
	// is this log.
	Sniff func(head []byte) int

	// Line takes one line without its newline, fills r and returns the line's
	// key. The slices in r are parts of line and die with it. It does not
	// allocate.
	Line func(line []byte, r *Record) Key

	// Access is a fast way through a block of whole lines, each with its newline.
	// It counts in t the lines that tell of no failure and hands every other
	// line to rest, uncounted and without its newline: failures, and whatever
	// it does not read as surely as Line does. Line and Access agree: a line
	// that Access counts is one that Line reads as Plain, with that status and
	// time. Nil where there is no faster way than Line.
	Access func(block []byte, t *Tally, rest func(line []byte))

	// Whole marks an access log that has a line for every request and says in it
	// how the request ended, and to which there is no log of errors beside.
	// Endpoints in it are written as "pool/server", and Server is what the
	// product calls the site (topo.Site.Label).
	Whole bool

	// Threads marks an error log of a program of which each thread works on one
	// request at a time: a line that names no client belongs to the next line of
	// its thread that names one.
	Threads bool

	// Sites marks an access log in which each line names the site.
	Sites bool

	// Tell is the directive that would make the log say who made a status, the
	// gateway or the application. Empty where the log says it already.
	Tell string

	// Time reads a stamp that Line found. Where the stamp names no zone, it is
	// taken to be in loc; where it names no year, the year is chosen so that
	// the time is not after now.
	Time func(stamp []byte, loc *time.Location, now time.Time) (time.Time, bool)

	// Conds says what each key means. Conds[Unparsed] and Conds[Plain] are zero.
	Conds []Condition
}

// Condition is what a kind of line says, read from the product's source.
type Condition struct {
	ID          string        // "connect-refused"; with the log's name unique and stable
	Symptom     vocab.Symptom // empty: none
	Status      int           // what the client gets; 0: depends, or already sent
	Phase       Phase
	Fact        vocab.Fact    // what an inference may take from it; empty: nothing
	Causes      []vocab.Cause // candidates, most likely first
	Distinguish string        // the next check that tells the candidates apart
	Fails       bool          // a request failed; false for warnings and news
	Source      string        // the product's source file, or documentation
}

// Phase is how far a request had come.
type Phase string

// The phases.
const (
	PhaseDNS     Phase = "dns"
	PhaseConnect Phase = "connect"
	PhaseTLS     Phase = "tls"
	PhaseSend    Phase = "send"
	PhaseHeader  Phase = "header"
	PhaseBody    Phase = "body"
	PhaseLocal   Phase = "local"
)

// Record is one line taken apart. A field that the line does not have is nil or
// zero. Slices point into the line.
type Record struct {
	Stamp     []byte // the time as written
	Level     []byte
	PID, TID  int64
	Conn      int64  // the gateway's own connection number
	Message   []byte // the text without head and without the fields below
	Errno     int    // 0: none
	Client    []byte
	Server    []byte // site, as the gateway writes it
	Request   []byte // request line
	Method    []byte
	Path      []byte // request target without query
	Sub       []byte // the gateway's own sub-request that the line is about, within Request; nil: Request itself
	Upstream  []byte // as written: "http://127.0.0.1:3000/x"; a list for retried requests
	Endpoint  []byte // address part of Upstream, the last one of a list: "127.0.0.1:3000", "unix:/run/x.sock"
	Host      []byte
	Referrer  []byte
	UserAgent []byte
	RequestID []byte
	Name      []byte // DNS name, pool or file that the message is about
	Status    int    // access logs: what the client got
	UpStatus  int    // access logs: the last status of the upstream; 0: none
	UpKnown   bool   // access logs: the format has the upstream's status
	Aside     bool   // access logs: the line is not the request's own but says more about one that has its own
	Masked    int    // access logs: failed attempts that a later one made good
	Bytes     int64
	Seconds   float64 // access logs: whole request; -1: not in the format
	UpSeconds float64 // access logs: upstream's response; -1: not in the format
}

// Reset empties r for the next line.
func (r *Record) Reset() { *r = Record{Seconds: -1, UpSeconds: -1} }
