package gateway

import (
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/sock"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// patience is for how long pieces of an answer of known length may be gathered
// before each is sent at once.
const patience = 50 * time.Millisecond

// relay passes an answer on to the client.
func (h *handler) relay(x *upstream.Exchange) {
	x.Attempt.Won = true
	h.status(x.Response.Status, event.Upstream)
	length := int64(-1)
	if x.Framing.Kind == http1.ByLength {
		length = x.Framing.Length
	}
	header := h.responseHeader(x)
	if x.Uploading() {
		// What is left of the request's body will not be read.
		header = append(header, Field{"Connection", "close"})
	}
	if x.Framing.Kind == http1.NoBody {
		length = 0
	}
	h.w.Head(x.Response.Status, header, length, x.Framing.Kind == http1.ByChunks)
	if h.pass(x, length < 0) {
		if t := x.Trailer(); t != nil {
			h.trailer(t)
		}
		x.Finish()
	}
	h.note(x)
	if h.x.Hedges == 0 && !h.x.Cut {
		x.Recycle()
	}
}

// pass passes the body on and reports whether all of it went.
func (h *handler) pass(x *upstream.Exchange, live bool) bool {
	var gathered time.Time // until when pieces may be gathered
	for {
		b, f := x.Piece()
		switch {
		case f != nil:
			return h.broken(x, f)
		case len(b) > 0:
			if err := h.w.Write(b); err != nil {
				return h.lostClient(x, err)
			}
			h.x.Sent += int64(len(b))
			continue
		case x.Done():
			return true
		}
		if x.Left() >= largeRest {
			if f, err, ok := h.haul(x); f != nil {
				return h.broken(x, f)
			} else if err != nil {
				return h.lostClient(x, err)
			} else if ok {
				continue
			}
		}
		now := time.Now()
		if gathered.IsZero() && !live {
			gathered = now.Add(patience)
		}
		if now.Before(gathered) {
			if f := x.Soon(gathered); f != nil {
				return h.broken(x, f)
			}
			continue
		}
		// Nothing more is here: what was written must not wait for it.
		if err := h.w.Flush(); err != nil {
			return h.lostClient(x, err)
		}
		if f := x.More(); f != nil {
			return h.broken(x, f)
		}
	}
}

// largeRest is from how much of a body on that it is moved within the kernel. For
// less the pipe costs more than copying.
const largeRest = 128 << 10

// haul moves the rest of a body of known length from the server's socket to the
// client's within the kernel. ok is false where that cannot be done, and nothing was.
func (h *handler) haul(x *upstream.Exchange) (f *upstream.Failure, err error, ok bool) {
	to, can := h.w.(Carrier)
	if !can || !x.Movable() || !to.Carries() {
		return nil, nil, false
	}
	p, err := sock.NewPipe()
	if err != nil {
		return nil, nil, false // no descriptors: the other way needs none
	}
	defer p.Close()
	if err := h.w.Flush(); err != nil {
		return nil, err, true
	}
	for x.Left() > 0 {
		n, f := x.Move(p)
		if f != nil {
			return f, nil, true
		}
		if err := to.Carry(p, n); err != nil {
			return nil, err, true
		}
		h.x.Sent += int64(n)
	}
	return nil, nil, true
}

// broken ends an answer that broke off: never cleanly, so that the client cannot
// take a part for the whole.
func (h *handler) broken(x *upstream.Exchange, f *upstream.Failure) bool {
	h.x.Cut, h.x.Symptom, h.x.Detail = true, f.Symptom, f.Detail
	if f.Client {
		h.x.MadeBy = event.Client
	}
	h.w.Abort()
	return false
}

func (h *handler) lostClient(x *upstream.Exchange, err error) bool {
	x.Abandon()
	h.x.Cut, h.x.MadeBy, h.x.Detail = true, event.Client, "the client did not take the answer: "+err.Error()
	h.w.Abort()
	return false
}

// responseHeader are the fields for the client: those of the server without what
// belongs to its connection. All text is one copy of the head.
func (h *handler) responseHeader(x *upstream.Exchange) []Field {
	r := &x.Response
	out := h.fields[:0]
	text := newText(x)
	cgi := h.pool.Settings.Protocol == upstream.FastCGI
	named := namedBy(r.Fields)
	for _, f := range r.Fields {
		name := text.of(f.Name)
		if responseHop(f.Name) || named != "" && lists(named, name) {
			continue
		}
		if cgi && http1.EqualFold(f.Name, "status") {
			continue // it became the status line (RFC 3875 section 6.3.3)
		}
		if http1.EqualFold(f.Name, "content-length") {
			continue // the front frames
		}
		out = append(out, Field{name, text.of(f.Value)})
	}
	if n := x.Framing.Length; x.Framing.Kind == http1.NoBody && n >= 0 && r.Status >= 200 && r.Status != 204 {
		out = append(out, Field{"Content-Length", strconv.FormatInt(n, 10)}) // of the answer that it stands for, once
	}
	if h.session != "" {
		out = append(out, Field{"Set-Cookie", h.session})
	}
	if h.t.conf.Status {
		out = append(out, Field{"Proxy-Status", h.proxyStatus("", "")})
	}
	h.fields = out
	return out
}

// namedBy returns what an answer's Connection fields name: it goes no further.
func namedBy(fields []http1.Field) (named string) {
	for _, f := range fields {
		if http1.EqualFold(f.Name, "connection") {
			named = join(named, string(f.Value))
		}
	}
	return named
}

// responseHop reports whether a field of an answer stays here.
func responseHop(name []byte) bool {
	switch len(name) {
	case 2:
		return http1.EqualFold(name, "te")
	case 6:
		return false
	case 7:
		return http1.EqualFold(name, "upgrade") || http1.EqualFold(name, "trailer")
	case 10:
		return http1.EqualFold(name, "connection") || http1.EqualFold(name, "keep-alive")
	case 16:
		return http1.EqualFold(name, "proxy-connection")
	case 17:
		return http1.EqualFold(name, "transfer-encoding")
	}
	return false
}

func (h *handler) trailer(fields []http1.Field) {
	var list []Field
	for _, f := range fields {
		if name := string(f.Name); !forbiddenTrailer(name) {
			list = append(list, Field{name, string(f.Value)})
		}
	}
	if len(list) > 0 {
		h.w.Trailer(list)
	}
}

// text turns parts of a head into strings with one allocation: a part knows its
// place by its capacity, because all share the buffer's end.
type text struct {
	all  string
	ends int // capacity of the head's first byte

}

func newText(x *upstream.Exchange) text {
	r := &x.Response
	if len(r.Fields) == 0 {
		return text{}
	}
	first, last := r.Fields[0].Name, r.Fields[len(r.Fields)-1].Value
	for i := range r.Faults {
		if r.Faults[i].Kind == http1.ObsFold { // folded values have memory of their own
			return text{}
		}
	}
	n := cap(first) - cap(last) + len(last)
	if n <= 0 || n > cap(first) {
		return text{}
	}
	return text{all: string(first[:n]), ends: cap(first)}
}

func (t text) of(b []byte) string {
	at := t.ends - cap(b)
	if t.all == "" || at < 0 || at+len(b) > len(t.all) {
		return string(b)
	}
	return t.all[at : at+len(b)]
}
