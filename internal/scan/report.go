package scan

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Schema is the name and version of the JSON form of a Report.
const Schema = "goodgate/logs/v1"

// Report is what a set of logs says about failures.
type Report struct {
	Schema   string            `json:"schema"`
	Files    []FileReport      `json:"files"`
	Lines    uint64            `json:"lines"`
	Bytes    uint64            `json:"bytes"` // read, unpacked
	Unparsed uint64            `json:"unparsed"`
	Outside  uint64            `json:"outside,omitempty"` // lines that --since and --until leave out, as far as they were read
	From     *time.Time        `json:"from"`              // null: no line had a time
	To       *time.Time        `json:"to"`
	Requests uint64            `json:"requests"` // lines of access logs
	Failed   uint64            `json:"failed"`   // of them with a failure
	Errors   uint64            `json:"errors"`   // lines of error logs that tell of a failed request
	Joined   uint64            `json:"joined"`   // of Errors that belong to a line of an access log
	Status   map[string]uint64 `json:"status"`   // "502": lines of access logs
	Masked   uint64            `json:"masked"`   // attempts that a retry made good

	Failures  []Failure  `json:"failures"` // the most frequent first
	Folded    uint64     `json:"folded,omitempty"`
	Events    []Event    `json:"events,omitempty"`
	Incidents []Incident `json:"incidents"`
	Timeline  []Bucket   `json:"timeline"`
	Width     int64      `json:"bucket_seconds"` // of a timeline bucket
	Tell      []Tell     `json:"tell,omitempty"`
	Grouped   *Grouped   `json:"grouped,omitempty"` // where it was asked for
	Notes     []string   `json:"notes,omitempty"`
	Seconds   float64    `json:"seconds"`
}

// FileReport is one input.
type FileReport struct {
	Path     string   `json:"path"`
	Product  string   `json:"product,omitempty"`
	Log      string   `json:"log"`            // "nginx error"; "unrecognised"
	Also     []string `json:"also,omitempty"` // products that write the same text
	By       string   `json:"by"`             // "recognised", "configured", "named"
	Wrapped  bool     `json:"wrapped,omitempty"`
	Packed   string   `json:"packed,omitempty"` // "gzip", "zstd", "bzip2", "journal", "stream"
	Size     int64    `json:"size"`
	Lines    int64    `json:"lines"`
	Unparsed uint64   `json:"unparsed,omitempty"`
	Sample   []Sample `json:"sample,omitempty"`   // some of the unparsed lines
	Problems []string `json:"problems,omitempty"` // why it could not be read, or not to its end
}

// Failure is a group of failed requests.
type Failure struct {
	Symptom   *vocab.Symptom `json:"symptom"` // null: the log does not tell, or nothing was wrong at the gateway
	Condition string         `json:"condition,omitempty"`
	Log       string         `json:"log"`
	Causes    []vocab.Cause  `json:"causes"`
	Check     string         `json:"check,omitempty"` // what tells the causes apart
	MadeBy    *string        `json:"made_by"`         // "gateway", "application"; null: cannot tell
	Status    int            `json:"status,omitempty"`
	Upstream  string         `json:"upstream,omitempty"` // or the program
	Site      string         `json:"site,omitempty"`
	Route     string         `json:"route,omitempty"`
	Count     uint64         `json:"count"`
	Share     float64        `json:"share"` // of all requests; 0 where no access log was read
	First     *time.Time     `json:"first"`
	Last      *time.Time     `json:"last"`
	Example   Example        `json:"example"`
	Joined    *Example       `json:"joined,omitempty"`      // the other log's line of such a request
	About     bool           `json:"approximate,omitempty"` // the count is an estimate
	Masked    bool           `json:"masked,omitempty"`      // attempts behind an answer that was fine
	Alone     bool           `json:"alone,omitempty"`       // lines of an error log without a failed request in the access logs
	Program   bool           `json:"program,omitempty"`     // lines of an application's or the kernel's log: what befell a program, not one request
	log       int32          // position in the run's logs
}

// Example is a line with its place.
type Example struct {
	Place string `json:"place"`
	Line  string `json:"line"` // at most 1 KiB
}

// Event is something that happened to a program.
type Event struct {
	When  *time.Time `json:"when"`
	Log   string     `json:"log"`
	What  string     `json:"what"` // condition
	Fact  vocab.Fact `json:"fact"`
	Name  string     `json:"name,omitempty"`
	Count uint64     `json:"count"` // in that minute
	Place string     `json:"place"`
	Line  string     `json:"line"` // at most 400 bytes
}

// Incident is a stretch of time with many more failures than before it.
type Incident struct {
	From     time.Time `json:"from"` // begin of its first bucket
	To       time.Time `json:"to"`   // end of its last bucket
	Requests uint64    `json:"requests"`
	Failures uint64    `json:"failures"`
	Ongoing  bool      `json:"ongoing,omitempty"` // the logs end in it
	Before   []Event   `json:"before,omitempty"`  // what happened to programs shortly before it
}

// Bucket is one step of the timeline.
type Bucket struct {
	Minute   time.Time `json:"minute"`
	Requests uint64    `json:"requests"`
	Failures uint64    `json:"failures"`
}

// Tell is the directive that would let a log say who made a status.
type Tell struct {
	Log       string `json:"log"`
	Count     uint64 `json:"count"` // failures that it cannot tell about
	Directive string `json:"directive"`
}

// Grouped is the failures put together by one thing.
type Grouped struct {
	By   string `json:"by"`
	Rows []Row  `json:"rows"`
}
