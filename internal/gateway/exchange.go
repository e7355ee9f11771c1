// Package gateway is the reverse proxy that gives a client no 5xx as long as any
// way to a right answer is left, and says exactly why when none is. It is the core
// between a front, which speaks with clients, and upstream, which speaks with
// servers. A front hands over a Request and a Responder; the core knows no socket
// of a client and nothing of net/http, so that a front can be replaced.
package gateway

import (
	"context"
	"io"
	"net"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// Field is one header field.
type Field struct{ Name, Value string }

// Request is a request as a front read it. Its strings live as long as Serve runs.
type Request struct {
	Ctx    context.Context // ends when the client goes away
	Method string
	Target string  // origin form: path and query, as sent; "*" for OPTIONS
	Host   string  // of the Host field or :authority
	Scheme string  // "http" or "https"
	Proto  string  // "HTTP/1.1", "HTTP/2.0"
	Remote string  // address and port of the peer
	Local  string  // address and port on which it came
	Header []Field // without Host and Transfer-Encoding

	Length  int64          // of the body; -1: not known
	Body    io.Reader      // nil where Length is 0
	Stop    func()         // makes a Read of Body return soon
	Trailer func() []Field // after Body returned io.EOF; nil: the request has none

	Bad *Bad // the request breaks the rules of its protocol; the rest is what was understood of it
}

// Carrier is a Responder that can write what a pipe holds, without its passing
// through the program's memory.
type Carrier interface {
	// Carries reports whether this answer, whose head was given to Head, can be
	// written so.
	Carries() bool
	// Carry writes the next n bytes of the body, which are all that is in p.
	Carry(p *sock.Pipe, n int) error
}

// Bad is why a front cannot take a request. It is answered, logged and counted like
// any other, and goes to no server.
type Bad struct {
	Status int // 400, 408, 417, 431
	Detail string
}

// SlowBody is why a front gives up waiting for a request's body. Its text may be told to
// the client, which gets 408.
type SlowBody string

// Error returns the text.
func (e SlowBody) Error() string { return string(e) }

// Responder takes the answer to a request. The front frames it.
type Responder interface {
	// Interim sends a 1xx answer other than 100 and 101.
	Interim(status int, header []Field)
	// Head sends status and header, once. "Connection: close" among the fields says
	// that the client's connection ends with this answer. length is that of the body; -1: not
	// known. A trailer may follow where trailer is true.
	Head(status int, header []Field, length int64, trailer bool)
	// Write sends a piece of the body. It does not keep b.
	Write(b []byte) error
	// Flush sends what was written before.
	Flush() error
	// Trailer sends the fields after the body, at its end.
	Trailer(fields []Field)
	// Abort makes the client see that the answer is incomplete: no clean end.
	// Nothing is called afterwards.
	Abort()
	// Switch answers 101 and hands over the client's connection with what was
	// read beyond the request. It fails where the client's protocol has no
	// Upgrade (HTTP/2).
	Switch(header []Field) (conn net.Conn, early []byte, err error)
}
