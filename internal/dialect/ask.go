package dialect

import (
	"errors"
	"fmt"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Question is one command for a running instance: written to a socket as it
// stands, and answered until the instance closes the connection. A dialect says
// what to ask and how to read the reply; probe.AskSocket carries it out.
type Question struct {
	Source  string // what it asks, for people: "stats socket: show stat"
	Network string // "unix" or "tcp"
	Address string // a path, or "127.0.0.1:9999"
	Send    string // written as soon as the connection stands; may be empty
	Allow   string // what a person would do where it may not be asked

	// Next says what to write after Send, given everything that came so far; ""
	// waits for more. So a challenge is answered. Nil: Send is all.
	Next func(got []byte) string

	// Secret names a file with which a challenge is answered; empty: none. Whoever
	// asks reads it as the product's process sees it, hands it to Answer, which
	// then stands in for Next, and keeps it nowhere: it is no evidence.
	Secret string
	Answer func(secret, got []byte) string

	// Read takes the reply apart. It never fails: what it does not know, it
	// passes over.
	Read func(reply []byte) []Told
}

// Told is one thing that a running instance says about itself.
type Told struct {
	Fact    vocab.Fact // empty: only Address is told
	Pool    string     // name of the pool that it is about; empty: the instance
	Server  string     // name of the server in Pool; empty: the pool
	Address string     // that it dials for Server now: "127.0.0.1:3000"; empty: not told
	Value   string
	Quote   string    // the words of the reply
	When    time.Time // of which it tells; zero: now
}

// Reply returns what answers the other side, by Next or by Answer; nil where
// nothing is to be said after Send. Read returns the content of Secret.
func (q Question) Reply(read func(path string) ([]byte, error)) (func(got []byte) string, error) {
	if q.Secret == "" {
		return q.Next, nil
	}
	secret, err := read(q.Secret)
	if err != nil {
		return nil, fmt.Errorf("cannot read the secret: %w", err)
	}
	return func(got []byte) string { return q.Answer(secret, got) }, nil
}

// Asker is a Source that can also ask the running instance: where a product's
// API tells the configuration in force, better than its files do.
type Asker interface {
	// Ask returns the reply as it came; Question.Read is not called. An error says
	// why there is none.
	Ask(q Question) ([]byte, error)
}

// ErrNotAsked is the error of Ask where nothing can be asked: the product does not
// run, or nothing may be sent.
var ErrNotAsked = errors.New("the running instance is not asked")

// Ask puts a question to the running instance, if src can.
func Ask(src Source, q Question) ([]byte, error) {
	if a, ok := src.(Asker); ok {
		return a.Ask(q)
	}
	return nil, ErrNotAsked
}
