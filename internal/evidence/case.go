package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Answer is one raw answer of the world to one question, redacted.
type Answer struct {
	Source  string          `json:"source"`  // "host/sockets", "probe/http", "file"
	Subject string          `json:"subject"` // what was asked about, spelled the same way each time
	Asked   time.Time       `json:"asked"`
	Seconds float64         `json:"seconds"`
	Body    json.RawMessage `json:"body,omitempty"`
	Failed  string          `json:"failed,omitempty"`
	Gap     *Gap            `json:"gap,omitempty"`
}

// Case holds every question of one examination with its answer, in order. The
// examination is a function of its case: repeated with the same answers it ends
// in the same verdict.
type Case struct {
	Target  string            `json:"target"`
	Started time.Time         `json:"started"`
	Options map[string]string `json:"options,omitempty"`
	Answers []Answer          `json:"answers"`
}

// Recorder asks questions of the world and keeps the answers, or repeats a
// captured case without touching the world. It may be used by several goroutines.
type Recorder struct {
	Redact *Redactor
	Now    func() time.Time

	replay bool
	mu     sync.Mutex
	c      *Case
	index  map[string][]int // replay: the answers that are left for a question
}

// NewRecorder returns a recorder that asks the world.
func NewRecorder(c *Case, redact *Redactor) *Recorder {
	return &Recorder{Redact: redact, Now: time.Now, c: c}
}

// Replay returns a recorder that answers from c only.
func Replay(c *Case) *Recorder {
	r := &Recorder{Redact: NewRedactor(nil), replay: true, c: c, index: map[string][]int{}}
	r.Now = func() time.Time { return c.Started }
	for i, a := range c.Answers {
		key := a.Source + "\x00" + a.Subject
		r.index[key] = append(r.index[key], i)
	}
	return r
}

// Replaying reports whether the recorder answers from a captured case.
func (r *Recorder) Replaying() bool { return r.replay }

// Case returns the case as it stands. The caller must not use the recorder
// meanwhile.
func (r *Recorder) Case() *Case { return r.c }

// ErrNotCaptured is the failure of a question that a captured case does not hold.
var ErrNotCaptured = errors.New("not in the captured case")

// Redactable is an answer that knows where its secrets are.
type Redactable interface{ RedactWith(*Redactor) }

// Ask answers the question (source, subject): live it calls ask, redacts the
// result and records it; in a replay it returns what was recorded. Either way
// the caller gets the redacted answer, so that both see the same. The same
// question may be asked several times; a replay answers in the recorded order
// and repeats the last answer.
//
// ask may fail with a *Gap, which a replay returns as such. Any other error is
// kept as its text. When is the time of the answer.
func Ask[T any](r *Recorder, source, subject string, ask func() (T, error)) (result T, when time.Time, err error) {
	if r.replay {
		return replayed[T](r, source, subject)
	}
	start := r.Now()
	result, err = ask()
	a := Answer{Source: source, Subject: r.hide(subject), Asked: start, Seconds: time.Since(start).Seconds()}
	var gap *Gap
	switch {
	case errors.As(err, &gap):
		a.Gap = &Gap{Source: r.hide(gap.Source), Why: r.hide(gap.Why), Allow: r.hide(gap.Allow)}
	case err != nil:
		a.Failed = r.hide(err.Error())
	}
	if x, ok := any(&result).(Redactable); ok && r.Redact != nil {
		x.RedactWith(r.Redact)
	}
	body, merr := json.Marshal(result)
	if merr != nil {
		return result, start, fmt.Errorf("cannot record the answer of %s: %w", source, merr)
	}
	a.Body = body
	r.mu.Lock()
	r.c.Answers = append(r.c.Answers, a)
	r.mu.Unlock()
	return decoded[T](a)
}

// hide redacts the words of a question or a failure: paths and names in them come
// from the same places as the answers.
func (r *Recorder) hide(text string) string {
	if r.Redact == nil {
		return text
	}
	return r.Redact.Text(text)
}

func replayed[T any](r *Recorder, source, subject string) (result T, when time.Time, err error) {
	key := source + "\x00" + subject
	r.mu.Lock()
	if r.index[key] == nil {
		key = source + "\x00" + r.hide(subject)
	}
	left := r.index[key]
	if len(left) > 1 {
		r.index[key] = left[1:]
	}
	r.mu.Unlock()
	if len(left) == 0 {
		return result, r.c.Started, &Gap{Source: source + " " + subject, Why: ErrNotCaptured.Error(), Allow: "capture the case again with this version of goodgate"}
	}
	return decoded[T](r.c.Answers[left[0]])
}

// decoded gives the caller what a replay would: the answer after a trip through
// JSON.
func decoded[T any](a Answer) (result T, when time.Time, err error) {
	if len(a.Body) > 0 {
		if err := json.Unmarshal(a.Body, &result); err != nil {
			return result, a.Asked, fmt.Errorf("cannot read the answer of %s in the case: %w", a.Source, err)
		}
	}
	switch {
	case a.Gap != nil:
		err = a.Gap
	case a.Failed != "":
		err = errors.New(a.Failed)
	}
	return result, a.Asked, err
}
