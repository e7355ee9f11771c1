package doctor

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Schema is the name and version of the JSON form of a Diagnosis.
const Schema = "goodgate/diagnosis/v1"

// Diagnosis is what one examination found.
type Diagnosis struct {
	Schema       string          `json:"schema"`
	Target       string          `json:"target"`
	Status       int             `json:"status"`  // what our own request, or else the failed ones, got; 0: no answer
	MadeBy       *Maker          `json:"made_by"` // who made the status; null: not known
	Symptom      *vocab.Symptom  `json:"symptom"` // null: the gateway saw nothing wrong
	Intermittent bool            `json:"intermittent"`
	Verdict      vocab.Verdict   `json:"verdict"`
	Window       Window          `json:"window"`
	Causes       []Cause         `json:"causes"` // of the worst failure group, most likely first; empty when healthy
	Others       []Group         `json:"others,omitempty"`
	Path         []Hop           `json:"path"`
	Ladder       []Rung          `json:"ladder,omitempty"`   // limits of stations of the path that follow each other
	Timeline     []Event         `json:"timeline,omitempty"` // what happened around the first failure, by time
	Plan         *Plan           `json:"plan,omitempty"`     // only of a plan: what would be asked
	Items        []evidence.Item `json:"items"`
	Gaps         []evidence.Gap  `json:"gaps"`
	Next         []string        `json:"next"`
	Notes        []string        `json:"notes,omitempty"` // what was done that one would not expect: which listener was dialled, what was left out
	Seconds      float64         `json:"seconds"`
}

// Maker is who made the status.
type Maker struct {
	Product string `json:"product"`
	Version string `json:"version,omitempty"`
	Hop     int    `json:"hop"` // index in Path
}

// Window is the time that was examined and what was seen in it.
type Window struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Requests int       `json:"requests"` // of this route, our own included; from access logs where they can be read
	Failures int       `json:"failures"`
}

// Cause is one ranked cause.
type Cause struct {
	ID         vocab.Cause     `json:"id"`
	Confidence float64         `json:"confidence"`
	Verdict    vocab.Verdict   `json:"verdict"`
	Summary    string          `json:"summary"`
	Subject    string          `json:"subject"`
	For        []evidence.Item `json:"for"`
	Against    []evidence.Item `json:"against"`
	Fixes      []Fix           `json:"fixes"`
	Under      []vocab.Cause   `json:"under,omitempty"` // consequences folded under it
}

// Fix is what to change.
type Fix struct {
	Text    string      `json:"text"`
	Command string      `json:"command,omitempty"`
	Place   *topo.Place `json:"place,omitempty"`  // where the lines stand now, or would be inserted
	Remove  string      `json:"remove,omitempty"` // the line as it is
	Add     string      `json:"add,omitempty"`    // the line as it should be
}

// Group is a failure group other than the worst, with its first cause.
type Group struct {
	Symptom *vocab.Symptom `json:"symptom"`
	Status  int            `json:"status"`
	Subject string         `json:"subject"`
	Count   int            `json:"count"`
	Verdict vocab.Verdict  `json:"verdict"`
	Cause   *Cause         `json:"cause"`
}

// State says how a hop of the path fared.
type State string

// The states.
const (
	Good    State = "ok"
	Bad     State = "failed"
	Unclear State = "unknown"
)

// Hop is one station from the client to the upstream.
type Hop struct {
	Kind    string   `json:"kind"` // "client", "gateway", "upstream", "name"
	Name    string   `json:"name"` // "nginx/1.22.1 (pid 812)", "127.0.0.1:3000"
	Address string   `json:"address,omitempty"`
	Process string   `json:"process,omitempty"` // "node server.js (pid 4711)"
	State   State    `json:"state"`
	Seen    []string `json:"seen,omitempty"`    // what was seen there, a short phrase each
	Place   string   `json:"place,omitempty"`   // configuration that leads here: "/etc/nginx/conf.d/app.conf:12"
	Seconds float64  `json:"seconds,omitempty"` // time spent there, where measured
}

// Rung compares a limit of one station of the path with that of the station
// behind it.
type Rung struct {
	What     string `json:"what"` // "waiting for an answer"
	Front    Limit  `json:"front"`
	Behind   Limit  `json:"behind"`
	Inverted bool   `json:"inverted"`      // they stand in the wrong order
	Why      string `json:"why,omitempty"` // what comes of it
}

// Limit is one station's side of a rung.
type Limit struct {
	Hop       string  `json:"hop"` // "nginx 1.22.1"
	Directive string  `json:"directive"`
	Value     string  `json:"value"`  // as written, or the product's default
	Number    float64 `json:"number"` // seconds or bytes; 0: no limit
	Place     string  `json:"place"`  // "/etc/nginx/nginx.conf:12", or "default"
}

// ExplanationSchema is the name and version of the JSON form of an Explanation.
const ExplanationSchema = "goodgate/explanation/v1"

// Explanation says what words or log lines mean.
type Explanation struct {
	Schema  string          `json:"schema"`
	Symptom *vocab.Symptom  `json:"symptom"`
	Verdict vocab.Verdict   `json:"verdict,omitempty"`
	Causes  []Cause         `json:"causes"`
	Items   []evidence.Item `json:"items"`
	Next    []string        `json:"next,omitempty"`
	Words   []Word          `json:"words,omitempty"`   // meanings of words that were asked for
	MadeBy  *PageMaker      `json:"made_by,omitempty"` // who made an answer that was pasted; nil: none was, or it has no mark
	Unread  int             `json:"unread,omitempty"`  // lines that no dialect understands
}

// Word is the meaning of one word: a symptom, cause, status, or a product's term.
type Word struct {
	Word    string `json:"word"`
	Kind    string `json:"kind"` // "symptom", "cause", "status", "fact", "term"
	Product string `json:"product,omitempty"`
	Meaning string `json:"meaning"`
	Card    string `json:"card,omitempty"` // Markdown
}
