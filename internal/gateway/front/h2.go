package front

import (
	"errors"
	"log"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
)

// newServer returns net/http's server for HTTP/2.
func newServer(f *Front, complaints *log.Logger) *http.Server {
	s := &http.Server{
		Handler: standard{f}, MaxHeaderBytes: f.limits.Header, ReadHeaderTimeout: f.limits.HeaderTime, IdleTimeout: f.limits.IdleTime,
		ErrorLog: complaints, Protocols: new(http.Protocols), DisableGeneralOptionsHandler: true,
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				f.leave()
			}
		},
	}
	s.Protocols.SetHTTP2(true)
	return s
}

// handed is a listener of connections on which TLS has agreed on HTTP/2.
type handed struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	addr  net.Addr
}

// Accept returns a connection that hand was given.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr returns the address of the first listener.
func (h *handed) Addr() net.Addr { return h.addr }

// hand gives c to the server; false where that has ended.
func (h *handed) hand(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
		return false
	}
}

// standard is a request that net/http's server read.
type standard struct{ f *Front }

// ServeHTTP hands one request to the core.
func (h standard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := h.f
	f.wg.Add(1)
	defer f.wg.Done()
	s := sessions.Get().(*session)
	s.start(f, w, r)
	f.core(&s.req, s)
	aborted := s.aborted
	s.reset()
	sessions.Put(s)
	if aborted {
		panic(http.ErrAbortHandler) // net/http breaks the connection, or the stream
	}
}

// session is one request. It is used again.
type session struct {
	req     gateway.Request
	front   *Front
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	fields  []gateway.Field
	read    time.Time // when the read deadline was set; zero: none is
	aborted bool
	head    bool // was sent
}

var sessions = sync.Pool{New: func() any { return new(session) }}

func (s *session) reset() {
	clear(s.fields)
	*s = session{fields: s.fields[:0]}
}

func (s *session) start(f *Front, w http.ResponseWriter, r *http.Request) {
	s.front, s.w, s.r = f, w, r
	q := &s.req
	*q = gateway.Request{Ctx: r.Context(), Method: r.Method, Host: r.Host, Proto: r.Proto, Remote: r.RemoteAddr, Scheme: "http", Length: r.ContentLength}
	if r.TLS != nil {
		q.Scheme = "https"
	}
	q.Target = target(r)
	for name, values := range r.Header {
		for _, v := range values {
			s.fields = append(s.fields, gateway.Field{Name: name, Value: v})
		}
	}
	q.Header = s.fields
	if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody {
		s.rc = http.NewResponseController(w)
		q.Body, q.Stop = s, s.stop
		if len(r.Trailer) > 0 {
			q.Trailer = s.requestTrailer
		}
	}
}

// target is the request's target in origin form. A client may send the absolute
// form to a proxy, and must be understood.
func target(r *http.Request) string {
	t := r.RequestURI
	if strings.HasPrefix(t, "/") || t == "*" {
		return t
	}
	if _, rest, ok := strings.Cut(t, "://"); ok {
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			if rest[i] == '?' {
				return "/" + rest[i:]
			}
			return rest[i:]
		}
	}
	return "/"
}

// Read reads the request's body. A client that sends nothing for too long breaks
// it off.
func (s *session) Read(b []byte) (int, error) {
	if d := s.front.limits.BodyTime; d > 0 {
		// Not for each of many reads.
		if now := time.Now(); now.Sub(s.read) > d/16 {
			s.read = now
			s.rc.SetReadDeadline(now.Add(d))
		}
	}
	n, err := s.r.Body.Read(b)
	if err != nil && s.front.limits.BodyTime > 0 {
		// A deadline that passes while the server works would look to net/http
		// like a client that went away.
		s.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (s *session) stop() { s.rc.SetReadDeadline(time.Unix(1, 0)) }

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
	s.head = true
	h := s.w.Header()
	values := make([]string, len(header)+1) // one allocation for all fields
	for i, f := range header {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
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
	// net/http would guess a type and a date that the server did not send.
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil
	}
	if d := s.front.limits.WriteTime; d > 0 && (length < 0 || length > 1<<20) {
		s.controller().SetWriteDeadline(time.Now().Add(d))
	}
	s.w.WriteHeader(status)
}

func (s *session) controller() *http.ResponseController {
	if s.rc == nil {
		s.rc = http.NewResponseController(s.w)
	}
	return s.rc
}

func bodyAllowed(status int) bool { return status >= 200 && status != 204 && status != 304 }

// Write sends a piece of the body.
func (s *session) Write(b []byte) error {
	if d := s.front.limits.WriteTime; d > 0 && len(b) >= 16<<10 {
		s.controller().SetWriteDeadline(time.Now().Add(d))
	}
	_, err := s.w.Write(b)
	return err
}

// Flush sends what was written.
func (s *session) Flush() error { return s.controller().Flush() }

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
