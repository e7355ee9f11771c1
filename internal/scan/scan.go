// Package scan reads logs at memory speed, live and rotated. What a line means
// is the dialect's knowledge; how bytes become lines, lines become counts, and
// how much is kept of them, is decided here. Everything is bounded: scan reads
// what strangers wrote.
package scan

import (
	"io"
	"io/fs"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// File is an open log. *os.File is one.
type File interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// Opener opens a log by its path. A failure may be an *evidence.Gap, which is
// handed on as it is.
type Opener func(path string) (File, error)

// Options say what is read and how much is kept. The zero value of each field
// stands for the default.
type Options struct {
	Since time.Time // zero: from the beginning
	Until time.Time // zero: to the end

	Location *time.Location // of stamps that name no zone; nil: UTC
	Now      time.Time      // for stamps that name no year; zero: the file's time of change

	MaxBytes int64         // read at most so many bytes, from the end back; 0: 64 MiB
	Slack    time.Duration // by how much a line may stand before one that is older; 0: 10 s
	Keep     int           // hits kept from the beginning, and as many from the end, per condition and endpoint; 0: 20
	MaxHits  int           // hits kept in all; 0: 2000
	Routes   int           // (endpoint, site, route) triples tallied apart; 0: 500

	Buffered bool // the log is written through a buffer: the newest lines may be missing
	Rotated  bool // also read path.1 where path begins after Since
	All      bool // keep every understood line as a hit, not only those that fail or carry a fact
}

func (o Options) withDefaults() Options {
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Slack <= 0 {
		o.Slack = 10 * time.Second
	}
	if o.Keep <= 0 {
		o.Keep = 20
	}
	if o.MaxHits <= 0 {
		o.MaxHits = 2000
	}
	if o.Routes <= 0 {
		o.Routes = 500
	}
	return o
}

// Extract is what was read from one log between two times.
type Extract struct {
	Path string `json:"path"`
	Log  string `json:"log"`  // name of the dialect's log: "nginx error"
	Kind string `json:"kind"` // "error", "access", "app", "kernel"

	From     time.Time `json:"from"` // the covered time: every line that was written in it was read
	To       time.Time `json:"to"`   // zero From: from the beginning of all; zero To: up to now
	Complete bool      `json:"complete"`
	Why      []Reason  `json:"why,omitempty"` // why it is not complete

	Bytes    int64    `json:"bytes"` // read
	Lines    int      `json:"lines"` // in the window, unparsed ones included
	Unparsed int      `json:"unparsed,omitempty"`
	Sample   []string `json:"sample,omitempty"` // the first few unparsed lines, bounded

	Hits   []Hit   `json:"hits,omitempty"`   // in the order of the file
	Counts []Count `json:"counts,omitempty"` // every condition seen, hits that were not kept included
	Routes []Route `json:"routes,omitempty"` // access logs
}

// Reason says why the covered time is less than what was asked for.
type Reason string

// The reasons.
const (
	RotatedAway Reason = "rotated_away" // the first line is younger than the time asked for
	Buffered    Reason = "buffered"     // the newest lines may still stand in the writer's memory
	Cut         Reason = "cut"          // the bound on bytes was reached
	Shrunk      Reason = "shrunk"       // the file became shorter while it was read
	Empty       Reason = "empty"        // the file has no line: nothing says since when it is kept
	Undated     Reason = "undated"      // no line had a time that could be read
)

// Hit is one line that tells of a failure or carries a fact. Its strings are
// copies, at most 4 KiB each.
type Hit struct {
	Place     string    `json:"place"` // "/var/log/nginx/error.log:812", or "…@104857" (byte offset) where the line number is not known
	Time      time.Time `json:"time"`  // zero: the line has none that can be read
	Log       string    `json:"log"`   // name of the dialect's log
	Condition string    `json:"condition"`
	Level     string    `json:"level,omitempty"`
	PID       int64     `json:"pid,omitempty"`
	TID       int64     `json:"tid,omitempty"`
	Conn      int64     `json:"conn,omitempty"`
	Errno     int       `json:"errno,omitempty"`
	Message   string    `json:"message,omitempty"`
	Client    string    `json:"client,omitempty"`
	Server    string    `json:"server,omitempty"`
	Request   string    `json:"request,omitempty"`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"`
	Sub       string    `json:"sub,omitempty"` // the gateway's own sub-request within the request
	Upstream  string    `json:"upstream,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Host      string    `json:"host,omitempty"`
	Referrer  string    `json:"referrer,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Name      string    `json:"name,omitempty"`
	Status    int       `json:"status,omitempty"`
	UpStatus  int       `json:"up_status,omitempty"`
	UpKnown   bool      `json:"up_known,omitempty"`
	Masked    int       `json:"masked,omitempty"`
	Bytes     int64     `json:"bytes,omitempty"`
	Seconds   float64   `json:"seconds"`    // -1: not in the format
	UpSeconds float64   `json:"up_seconds"` // -1: not in the format
	Raw       string    `json:"raw"`        // the line, at most 4 KiB
}

// Count is how often a condition was seen at an endpoint.
type Count struct {
	Condition string    `json:"condition"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Count     int       `json:"count"`
	Kept      int       `json:"kept"` // of them in Hits
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

// Route is how the requests of one route to one endpoint fared, from an access
// log. A request is a success where its status is below 500 and it is not the
// client that went away (499), a failure from 500 on.
type Route struct {
	Endpoint string `json:"endpoint,omitempty"`
	Site     string `json:"site,omitempty"`
	Route    string `json:"route"` // template: /users/{id}; "other" for those beyond the bound

	OK     int `json:"ok"`
	Failed int `json:"failed"`
	Gone   int `json:"gone,omitempty"`   // the client went away
	Masked int `json:"masked,omitempty"` // attempts that failed and were made good by another
	Passed int `json:"passed,omitempty"` // failures whose status the upstream itself gave

	OKUnsafe     int `json:"ok_unsafe,omitempty"`     // successes of methods other than GET, HEAD, OPTIONS, TRACE
	FailedUnsafe int `json:"failed_unsafe,omitempty"` // failures of the same

	FirstOK     time.Time `json:"first_ok"`
	LastOK      time.Time `json:"last_ok"`
	FirstFailed time.Time `json:"first_failed"`
	LastFailed  time.Time `json:"last_failed"`

	Seconds       Durations `json:"seconds"`        // whole request, successes
	UpSeconds     Durations `json:"up_seconds"`     // the upstream's part, successes
	FailedSeconds Durations `json:"failed_seconds"` // whole request, failures
	EarlySeconds  Durations `json:"early_seconds"`  // whole request, successes before the first failure of the file
}

// Durations is a distribution of seconds. N is 0 where none was logged.
type Durations struct {
	N      int     `json:"n"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"` // within 10 %
	P95    float64 `json:"p95"`    // within 10 %
	Max    float64 `json:"max"`
}

// Mark is the place in a log up to which it was there at a time. It holds the
// file open, so that lines are found across a rotation by rename.
type Mark struct {
	Path   string
	Offset int64 // size at the time; 0 where the file was missing
	file   File
	info   fs.FileInfo
	cut    bool // the last line had no newline yet
}

// Read is one line of a mixed text, recognised.
type Read struct {
	Hit
	Product string            `json:"product"`
	Line    int               `json:"line"`           // number in the text, from 1
	Known   bool              `json:"known"`          // the line carries a condition; else it is news of the product's own
	Also    []string          `json:"also,omitempty"` // other logs that write the same text
	Cond    dialect.Condition `json:"-"`
}

// Texts is what was recognised of a mixed text.
type Texts struct {
	Lines  int      `json:"lines"`
	Reads  []Read   `json:"reads"`
	Unread int      `json:"unread"`
	Sample []string `json:"sample,omitempty"` // the first unread lines, bounded
	Cut    bool     `json:"cut,omitempty"`    // the text is longer than the bound of 16 MiB
}
