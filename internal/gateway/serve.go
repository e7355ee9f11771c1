package gateway

import (
	"errors"
	"io"
	"net/textproto"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// serve takes a request from its beginning to the end of its answer.
func (h *handler) serve() {
	h.t = h.g.table.Load()
	h.describe()
	if b := h.r.Bad; b != nil {
		h.refuse(&refusal{status: b.Status, symptom: vocab.HTTPRequestError, detail: b.Detail, client: true})
		return
	}
	if f := h.admit(); f != nil {
		h.refuse(f)
		return
	}
	if f := h.hold(); f != nil {
		h.refuse(f)
		return
	}
	h.outgoing()
	h.pool.Request()
	x, why := h.forward()
	if why != nil {
		h.x.Out = why.Out
		h.refuse(failed(why))
		return
	}
	if x.Upgraded {
		h.tunnel(x)
		return
	}
	h.relay(x)
}

// describe fills in what is known of the request for the log.
func (h *handler) describe() {
	r, x := h.r, &h.x
	x.Client, x.Method, x.Scheme, x.Host, x.Target, x.Proto = r.Remote, r.Method, r.Scheme, r.Host, r.Target, r.Proto
	if who := h.client(); who != h.peer() {
		x.For = who
	}
	for i := range r.Header {
		switch f := &r.Header[i]; f.Name {
		case "Referer":
			x.Referrer = f.Value
		case "User-Agent":
			x.UserAgent = f.Value
		case "X-Request-Id":
			if validID(f.Value) {
				x.ID = f.Value
			}
		}
	}
	if x.ID == "" {
		x.ID = newID()
	}
}

// admit finds the route and refuses what must not be forwarded.
func (h *handler) admit() *refusal {
	s, route, clear := h.t.find(h.r)
	if s != nil {
		h.x.Site = s.name
	}
	if !clear {
		return &refusal{status: 400, symptom: vocab.HTTPRequestDenied, detail: "the path can be read in ways that belong to different routes", client: true}
	}
	if route == nil {
		return &refusal{status: 404, symptom: vocab.DestinationNotFound, detail: "no route fits this host and path"}
	}
	h.route, h.pool = route, route.pool
	h.pool.users.Add(1)
	h.x.Route, h.x.Pool = route.name, route.pool.name
	switch {
	case h.r.Method == "CONNECT":
		return &refusal{status: 405, symptom: vocab.HTTPRequestDenied, detail: "CONNECT is not forwarded"}
	case h.looped():
		return &refusal{status: 502, symptom: vocab.ProxyLoopDetected, detail: "the request has been here before"}
	case h.t.conf.Limits.Body > 0 && h.r.Length > h.t.conf.Limits.Body:
		return &refusal{status: 413, symptom: vocab.HTTPRequestError, detail: "the request's body is larger than allowed"}
	}
	return nil
}

// looped reports whether the request has passed this very process.
func (h *handler) looped() bool {
	for i := range h.r.Header {
		if f := &h.r.Header[i]; f.Name == "Via" && strings.Contains(f.Value, h.g.via) {
			return true
		}
	}
	return false
}

// hold reads the beginning of the body, so that the request can be made again.
// What does not fit is sent as it comes. A request that asks for leave to send its
// body (Expect) keeps it until the server gave it.
func (h *handler) hold() *refusal {
	r, b := h.r, &h.body
	b.Length = r.Length
	if r.Length == 0 || r.Body == nil {
		b.Length = 0
		return nil
	}
	body := &limited{r: r.Body, left: h.t.conf.Limits.Body, count: &h.x.Received}
	if body.left <= 0 {
		body.left = 1<<63 - 1
	}
	b.Rest, b.Stop = body, r.Stop
	if r.Trailer != nil {
		b.Trailer = h.requestTrailer
	}
	limit := h.t.conf.Limits.Held
	fcgi := h.pool.Settings.Protocol == upstream.FastCGI
	if v, ok := get(r.Header, "Expect"); ok && !fcgi && strings.EqualFold(v, "100-continue") {
		h.out.Expect = true
		return nil
	}
	if r.Length < 0 && fcgi {
		return h.measure(limit) // the protocol wants a length beforehand
	}
	if r.Length >= 0 && r.Length <= int64(limit) {
		return h.holdAll(int(r.Length))
	}
	return nil
}

func (h *handler) holdAll(n int) *refusal {
	if cap(h.held) < n {
		h.held = make([]byte, 0, max(n, 16<<10))
	}
	h.held = h.held[:n]
	_, err := io.ReadFull(h.body.Rest, h.held)
	if err != nil {
		h.held = h.held[:0]
		if err == errTooLarge {
			return &refusal{status: 413, symptom: vocab.HTTPRequestError, detail: "the request's body is larger than allowed"}
		}
		return brokenOff(err)
	}
	h.body.Held, h.body.Rest = h.held, nil
	return nil
}

// measure holds a body of unknown length whole.
func (h *handler) measure(limit int) *refusal {
	b, err := io.ReadAll(io.LimitReader(h.body.Rest, int64(limit)+1))
	switch {
	case err == errTooLarge:
		return &refusal{status: 413, symptom: vocab.HTTPRequestError, detail: "the request's body is larger than allowed"}
	case err != nil:
		return brokenOff(err)
	case len(b) > limit:
		return &refusal{status: 413, symptom: vocab.HTTPRequestError, detail: "a body of unknown length is larger than is held for FastCGI"}
	}
	h.body.Held, h.body.Rest, h.body.Length = b, nil, int64(len(b))
	return nil
}

// brokenOff refuses a request whose body did not come whole.
func brokenOff(err error) *refusal {
	r := &refusal{status: 400, symptom: vocab.HTTPRequestError, detail: "the client broke off its body", client: true}
	if slow, ok := errors.AsType[SlowBody](err); ok {
		r.status, r.detail = 408, string(slow)
	}
	return r
}

func (h *handler) requestTrailer() [][2]string {
	var out [][2]string
	for _, f := range h.r.Trailer() {
		// What reaches no server in a head reaches none behind a body, where some servers
		// add it to the head (CVE-2013-5704).
		if name := textproto.CanonicalMIMEHeaderKey(f.Name); !forbiddenTrailer(name) && !h.stays(name, "") {
			out = append(out, [2]string{f.Name, f.Value})
		}
	}
	return out
}

// limited bounds and counts a body.
type limited struct {
	r     io.Reader
	left  int64
	count *int64
}

type tooLarge struct{}

func (tooLarge) Error() string { return "the body is larger than allowed" }

var errTooLarge error = tooLarge{}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	*l.count += int64(n)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// wait is how long the request may wait for a server, in all.
func (h *handler) wait() time.Duration {
	if h.route.wait > 0 {
		return h.route.wait
	}
	return h.pool.Settings.Wait
}

// failed makes a refusal of the reason why no attempt brought an answer.
func failed(f *upstream.Failure) *refusal {
	r := &refusal{symptom: f.Symptom, detail: f.Detail, client: f.Client, phase: f.Phase}
	r.status = statusOf(f)
	if slow, ok := errors.AsType[SlowBody](f.Err); ok {
		r.status, r.detail = 408, string(slow)
	}
	return r
}

// statusOf is the status that RFC 9209 section 2.3 recommends for a proxy error
// type.
func statusOf(f *upstream.Failure) int {
	switch f.Symptom {
	case vocab.DNSTimeout, vocab.ConnectionTimeout, vocab.ConnectionReadTimeout, vocab.ConnectionWriteTimeout, vocab.HTTPResponseTimeout:
		return 504
	case vocab.DestinationUnavailable, vocab.ConnectionLimitReached:
		return 503
	case vocab.ProxyInternalError, vocab.ProxyConfigurationError:
		return 500
	case vocab.HTTPRequestError:
		return 400
	}
	return 502
}
