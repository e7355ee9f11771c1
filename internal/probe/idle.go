package probe

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// IdleResult says when an upstream lets go of an idle connection.
type IdleResult struct {
	Exchange Exchange `json:"exchange"`           // the request before the silence
	Held     bool     `json:"held"`               // the answer was complete and left the connection open
	NotHeld  string   `json:"not_held,omitempty"` // why not
	Offered  string   `json:"offered,omitempty"`  // the Keep-Alive field of the answer: "timeout=5, max=100"
	Timeout  float64  `json:"timeout,omitempty"`  // its timeout, in seconds
	Closed   string   `json:"closed,omitempty"`   // "fin", "reset", or the words of another error; empty: still open after Seconds
	Unasked  []byte   `json:"unasked,omitempty"`  // bytes that the upstream sent into the silence, such as a 408; 256 at most
	Seconds  float64  `json:"seconds"`            // of silence

	Again *Exchange `json:"again,omitempty"` // another request after the silence, where the connection was still open and that was asked for
	Fresh *Exchange `json:"fresh,omitempty"` // the same on a new connection, where Again got nothing
}

// Lost reports whether a request on the idle connection vanished: nothing came
// back, not even the acknowledgement of its kernel, and a new connection is
// answered. Something on the way has forgotten the old one.
func (r *IdleResult) Lost() bool {
	a, f := r.Again, r.Fresh
	return a != nil && f != nil && a.Bytes == 0 && a.Kernel != nil && a.Kernel.Unacked > 0 && a.Kernel.Resent > a.Connection.Resent && f.Status > 0
}

// againPatience is how long the answer to the request after the silence is waited
// for: long enough for three retransmissions.
const againPatience = 2 * time.Second

// Idle gets one complete answer, then says nothing more and waits up to most for
// the upstream to close. With again it then asks once more on that connection, and
// where nothing comes back, on a new one. Only HTTP, and only where the operator asked for it: it
// occupies a connection.
func Idle(ctx context.Context, d Dialer, to Target, spoken topo.Spoken, limits Limits, most time.Duration, again bool) (r IdleResult) {
	connection := ""
	if spoken.Version == "1.0" {
		connection = "keep-alive" // RFC 9112 appendix C.2.2
	}
	request, err := requestBytes(spoken, connection)
	if err != nil {
		r.Exchange, r.NotHeld = refused(to, err), err.Error()
		return r
	}
	x := &r.Exchange
	x.Request = firstLine(request)
	limits = limits.filled()
	asking := limits.Total
	limits.Total += most + againPatience // the silence comes on top of the exchange's own limit
	t := converse(ctx, d, to, limits, x)
	if t == nil {
		r.NotHeld = "no connection"
		return r
	}
	defer t.close()
	t.until = t.start.Add(asking)
	t.deadline(time.Time{})
	t.send(request)
	t.answer(spoken.Method, true)
	t.finish()
	t.until = time.Time{}
	r.Offered = cut(x.Get("Keep-Alive"), 200)
	r.Timeout = offeredTimeout(r.Offered)
	if r.NotHeld = whyNotHeld(x); r.NotHeld != "" {
		return r
	}
	r.Held = true
	r.listen(t, most)
	if !again || r.Closed != "" || len(r.Unasked) > 0 {
		return r
	}
	r.Again = t.repeat(request, spoken.Method)
	if r.Again.Bytes == 0 && r.Again.End == EndFirstByte {
		fresh := HTTP(ctx, d, to, spoken, Limits{FirstByte: againPatience, Total: 2 * againPatience})
		r.Fresh = &fresh
	}
	return r
}

// repeat sends a request on the connection of t and reads the answer.
func (t *talk) repeat(request []byte, method string) *Exchange {
	x := &Exchange{Network: t.x.Network, Address: t.x.Address, Connection: t.x.Connection, Length: -1, Phase: PhaseNothing, Request: t.x.Request, TLS: t.x.TLS}
	next := &talk{ctx: t.ctx, conn: t.conn, raw: t.raw, x: x, limits: Limits{FirstByte: againPatience, Total: againPatience}.filled(), start: time.Now()}
	next.until = next.start.Add(againPatience + againPatience/4)
	next.deadline(time.Time{})
	next.send(request)
	next.answer(method, true)
	next.finish()
	x.Kernel, x.Seconds = kernelOf(t.raw), time.Since(next.start).Seconds()
	return x
}

// whyNotHeld says why the connection cannot stay open after x; "" where it can.
func whyNotHeld(x *Exchange) string {
	option := strings.ToLower(x.Get("Connection"))
	switch {
	case x.Status == 0 || x.End != EndComplete:
		return "the answer was not complete"
	case x.BodyEnd == BodyClose || x.BodyEnd == BodyChunkBad:
		return "the end of the answer is the end of the connection"
	case strings.Contains(option, "close"):
		return "the answer says Connection: close"
	case x.Version == "1.0" && !strings.Contains(option, "keep-alive"):
		return "the answer is HTTP/1.0 without keep-alive"
	case x.Extra > 0:
		return "bytes follow the answer"
	}
	return ""
}

// listen waits for the end of the connection.
func (r *IdleResult) listen(t *talk, most time.Duration) {
	began := time.Now()
	end := began.Add(most)
	buf := make([]byte, maxFirst)
	for {
		t.deadline(end)
		n, err := t.conn.Read(buf)
		r.Seconds = time.Since(began).Seconds()
		if room := maxFirst - len(r.Unasked); n > 0 && room > 0 {
			r.Unasked = append(r.Unasked, buf[:min(n, room)]...)
		}
		if err == nil {
			continue // bounded by the deadline
		}
		switch ended(err) {
		case EndEOF:
			r.Closed = "fin"
		case EndReset:
			r.Closed = "reset"
		case EndError:
			r.Closed = err.Error()
		}
		return
	}
}

// offeredTimeout reads timeout=N out of a Keep-Alive field.
func offeredTimeout(value string) float64 {
	for _, part := range strings.Split(value, ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(part), "=")
		if n, err := strconv.ParseUint(strings.Trim(number, `" `), 10, 32); err == nil && strings.EqualFold(strings.TrimSpace(name), "timeout") {
			return float64(n)
		}
	}
	return 0
}

// RedactWith takes the secrets out of the answer before the silence.
func (r *IdleResult) RedactWith(red *evidence.Redactor) {
	r.Exchange.RedactWith(red)
	r.Unasked = redacted(r.Unasked, red)
	for _, e := range []*Exchange{r.Again, r.Fresh} {
		if e != nil {
			e.RedactWith(red)
		}
	}
}
