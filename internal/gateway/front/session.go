package front

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// session is one request. It is used again.
type session struct {
	req     gateway.Request
	front   *Front
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	fields  []gateway.Field
	bad     gateway.Bad
	pace    pace        // of the request's body
	held    int         // bytes of the answer that net/http may hold back
	begun   atomic.Bool // the answer's head was sent
	reading atomic.Bool // of the body, by another goroutine
	stopped atomic.Bool // nobody wants more of the body
	aborted bool
}

var sessions = sync.Pool{New: func() any { return new(session) }}

func (s *session) reset() {
	clear(s.fields)
	s.req, s.front, s.w, s.r, s.rc = gateway.Request{}, nil, nil, nil, nil
	s.fields, s.bad, s.pace, s.held, s.aborted = s.fields[:0], gateway.Bad{}, pace{}, 0, false
	s.begun.Store(false)
	s.stopped.Store(false)
	s.reading.Store(false)
}

func (s *session) start(f *Front, w http.ResponseWriter, r *http.Request) {
	s.front, s.w, s.r = f, w, r
	q := &s.req
	// What the client says of the scheme is not asked: there is HTTP/2 over TLS only.
	*q = gateway.Request{Ctx: r.Context(), Method: r.Method, Target: r.RequestURI, Host: r.Host, Proto: r.Proto, Remote: r.RemoteAddr, Scheme: "https", Length: r.ContentLength}
	for name, values := range r.Header {
		for _, v := range values {
			s.fields = append(s.fields, gateway.Field{Name: name, Value: v})
		}
	}
	q.Header = s.fields
	s.rc = http.NewResponseController(w)
	if s.check(); s.bad.Status != 0 {
		q.Bad, q.Length = &s.bad, 0
		return
	}
	if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody {
		q.Body, q.Stop = s, s.stop
		if len(r.Trailer) > 0 {
			q.Trailer = s.requestTrailer
		}
	}
}

// check holds a request against the rules of HTTP/1.1, in which it goes on. net/http
// does not: its methods and paths may have spaces, of which a server would read a
// request line of its own.
func (s *session) check() {
	q := &s.req
	fault := http1.CheckRequest(q.Method, q.Target, q.Host)
	if q.Method == "CONNECT" {
		q.Target = "/" // as the other engine has it; it is not forwarded
	}
	lengths := s.r.Header["Content-Length"]
	switch {
	case fault != nil:
		s.bad = gateway.Bad{Status: 400, Detail: fault.Error()}
	case len(s.fields) > maxFields:
		s.bad = gateway.Bad{Status: 431, Detail: string(http1.TooManyFields)}
	case len(lengths) > 1:
		s.bad = gateway.Bad{Status: 400, Detail: string(http1.LengthDiffers)}
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 63)
		switch {
		case err != nil:
			s.bad = gateway.Bad{Status: 400, Detail: string(http1.LengthInvalid)}
		case n > 0 && s.r.ContentLength == 0:
			// The stream ended with its head. net/http looks at the length of what has a body.
			s.bad = gateway.Bad{Status: 400, Detail: string(http1.BodyShort)}
		}
	}
}

// Read reads the request's body. A client that sends nothing for too long, or too
// little, breaks it off. The limit is there while the client is waited for: one that
// passes while the server works would end a body that came in time.
func (s *session) Read(b []byte) (int, error) {
	l, free := &s.front.limits, s.begun.Load()
	d := s.pace.left(l, free)
	if d <= 0 {
		return s.r.Body.Read(b)
	}
	asked := time.Now()
	s.reading.Store(true)
	s.rc.SetReadDeadline(asked.Add(d))
	switch {
	case s.stopped.Load():
		s.rc.SetReadDeadline(past)
	case !free && s.begun.Load():
		s.rc.SetReadDeadline(asked.Add(l.BodyTime))
	}
	n, err := s.r.Body.Read(b)
	s.reading.Store(false)
	s.rc.SetReadDeadline(noDeadline)
	s.pace.add(time.Since(asked), n)
	if err != nil && err != io.EOF && !s.stopped.Load() {
		err = s.pace.why(err, l, free)
	}
	return n, err
}

// converse is told that the answer begins, as exchange.converse is.
func (s *session) converse() {
	s.begun.Store(true)
	if d := s.front.limits.BodyTime; d > 0 && s.reading.Load() {
		s.rc.SetReadDeadline(time.Now().Add(d))
		if !s.reading.Load() {
			s.rc.SetReadDeadline(noDeadline)
		}
	}
}

func (s *session) stop() {
	s.stopped.Store(true)
	s.rc.SetReadDeadline(past)
}

func (s *session) requestTrailer() []gateway.Field {
	var out []gateway.Field
	for name, values := range s.r.Trailer {
		for _, v := range values {
			out = append(out, gateway.Field{Name: name, Value: v})
		}
	}
	return out
}

// Interim sends a 1xx answer.
func (s *session) Interim(status int, header []gateway.Field) {
	h := s.w.Header()
	for _, f := range header {
		h.Add(f.Name, f.Value)
	}
	s.w.WriteHeader(status)
	clear(h)
}

// Head sends the answer's head.
func (s *session) Head(status int, header []gateway.Field, length int64, trailer bool) {
	s.converse()
	h := s.w.Header()
	values := make([]string, len(header)+1) // one allocation for all fields
	for i, f := range header {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		if name == "Connection" {
			continue // HTTP/2 has none; to net/http it would mean the end of all streams
		}
		if old, ok := h[name]; ok {
			h[name] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		h[name] = values[i : i+1 : i+1]
	}
	if length >= 0 && bodyAllowed(status) && s.r.Method != http.MethodHead {
		n := len(values) - 1
		values[n] = strconv.FormatInt(length, 10)
		h["Content-Length"] = values[n : n+1 : n+1]
	}
	if s.front.parting.Load() {
		h["Connection"] = []string{"close"} // which net/http turns into GOAWAY, and no stream that it has begun ends by it
	}
	// net/http would guess a type that the server did not send.
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil
	}
	s.w.WriteHeader(status)
}

func bodyAllowed(status int) bool { return status >= 200 && status != 204 && status != 304 }

// Write sends a piece of the body.
func (s *session) Write(b []byte) error {
	if s.held += len(b); s.held > chunk {
		s.waits()
		defer s.goesOn()
		s.held = chunk // it may hold a part back, and pass on more than it is given next
	}
	_, err := s.w.Write(b)
	return err
}

// Flush sends what was written.
func (s *session) Flush() error {
	s.waits()
	defer s.goesOn()
	s.held = 0
	return s.rc.Flush()
}

// chunk is how much net/http gathers before it has to wait for the client
// (http2handlerChunkWriteSize).
const chunk = 4 << 10

// waits is called before the client is waited for: it may have left no window for the
// answer, and never open one.
func (s *session) waits() {
	if d := s.front.limits.WriteTime; d > 0 {
		s.rc.SetWriteDeadline(time.Now().Add(d))
	}
}

// goesOn takes the limit away: the server may be silent for longer.
func (s *session) goesOn() {
	if s.front.limits.WriteTime > 0 {
		s.rc.SetWriteDeadline(noDeadline)
	}
}

// Trailer sends fields after the body. Without a flush net/http would frame a
// small body by its length, which leaves no place for a trailer.
func (s *session) Trailer(fields []gateway.Field) {
	if s.Flush() != nil {
		return
	}
	h := s.w.Header()
	for _, f := range fields {
		h.Add(http.TrailerPrefix+f.Name, f.Value)
	}
}

// Abort makes the answer end uncleanly.
func (s *session) Abort() { s.aborted = true }

// Switch fails: HTTP/2 has no Upgrade (RFC 9113 section 8.6).
func (s *session) Switch([]gateway.Field) (net.Conn, []byte, error) {
	return nil, nil, errors.ErrUnsupported
}
