package dialect

import "github.com/goodgatehq/goodgate/internal/vocab"

// Question is one command for a running instance: written to a socket as it
// stands, and answered until the instance closes the connection. A dialect says
// what to ask and how to read the reply; probe.AskSocket carries it out.
type Question struct {
	Source  string // what it asks, for people: "stats socket: show stat"
	Network string // "unix" or "tcp"
	Address string // a path, or "127.0.0.1:9999"
	Send    string
	Allow   string // what a person would do where it may not be asked

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
	Quote   string // the words of the reply
}
