package upstream

import (
	"io"
	"sync/atomic"

	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// Request is a request in the form in which it goes to a server: the same bytes
// for every attempt.
type Request struct {
	Method string
	Head   []byte // HTTP/1.1: request line, fields and the empty line
	Params []byte // FastCGI: the encoded parameters
	Body   *Body  // never nil

	Safe       bool // RFC 9110 section 9.2.1: may be sent twice at once
	Idempotent bool // RFC 9110 section 9.2.2: may be sent again
	Fresh      bool // on a connection that carried nothing before
	Upgrade    bool // the head asks for another protocol: a 101 is welcome
	Expect     bool // the head carries "Expect: 100-continue": the body waits for it

	// Interim is told of 1xx answers other than 100 and 101. May be nil.
	Interim func(status int, fields []http1.Field)
}

// Body is the body of a request, as far as it is held, and the rest.
type Body struct {
	Held   []byte // the beginning, kept for further attempts
	Length int64  // of the whole; -1: not known, sent chunked
	Rest   io.Reader
	// Trailer returns the fields that came after the body. It is called after
	// Rest returned io.EOF. May be nil.
	Trailer func() [][2]string
	// Stop makes a Read of Rest that is under way return soon. Nil where Rest is.
	Stop func()

	taken atomic.Bool // Rest was read from: the request cannot be made again
}

// Replayable reports whether the body can be sent again as it was.
func (b *Body) Replayable() bool { return b.Rest == nil || !b.taken.Load() }

// whole reports whether all of the body is held.
func (b *Body) whole() bool { return b.Rest == nil }
