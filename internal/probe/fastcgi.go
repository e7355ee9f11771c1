package probe

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// FastCGI sends one request as a web server would to a responder, with an empty
// body and without keeping the connection. REQUEST_METHOD must be GET or HEAD.
func FastCGI(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits) (x Exchange) {
	to := Target{Network: network, Address: address}
	if err := harmless(params); err != nil {
		return refused(to, err)
	}
	x.Request = cgiLine(params)
	x.FastCGI = &FastCGIPart{}
	t := converse(ctx, d, to, limits, &x)
	if t == nil {
		return x
	}
	defer t.close()
	var pairs []byte
	for _, p := range params {
		pairs = fastcgi.AppendParam(pairs, p.Name, p.Value)
	}
	b := fastcgi.AppendBegin(nil, 1, fastcgi.Responder, 0)
	if len(pairs) > 0 {
		b = fastcgi.AppendRecord(b, fastcgi.Params, 1, pairs)
	}
	b = fastcgi.AppendRecord(b, fastcgi.Params, 1, nil)
	b = fastcgi.AppendRecord(b, fastcgi.Stdin, 1, nil)
	t.send(b)
	r := recordReader{t: t, part: x.FastCGI}
	r.read()
	r.settle()
	t.finish()
	return x
}

// maxParams bounds the parameters of one request.
const maxParams = 256 << 10

// harmless refuses what must not be sent unasked, and what does not fit.
func harmless(params []topo.Header) error {
	size := 0
	for _, p := range params {
		if size += len(p.Name) + len(p.Value); size > maxParams {
			return fmt.Errorf("cannot send the parameters: more than %d bytes", maxParams)
		}
	}
	if m := field(params, "REQUEST_METHOD"); m != "GET" && m != "HEAD" {
		return fmt.Errorf("cannot send %.20q: only GET and HEAD are sent", m)
	}
	return nil
}

func cgiLine(params []topo.Header) string {
	return cut(field(params, "REQUEST_METHOD")+" "+field(params, "REQUEST_URI"), 4096)
}

// recordReader reads the records of one answer.
type recordReader struct {
	t       *talk
	part    *FastCGIPart
	pending []byte // bytes of a record that is not complete
	raw     int64  // bytes of the records before the one at hand
	cgi     cgiReader
}

// read reads records until the request has ended, something is wrong, or a bound is
// reached.
func (r *recordReader) read() {
	x := r.t.x
	for {
		b, ok := r.t.read()
		if !ok {
			return
		}
		if x.Phase == PhaseNothing {
			x.Phase = PhaseHead
		}
		r.pending = append(r.pending, b...)
		if r.records() {
			return
		}
		if x.Bytes > r.t.limits.Body+maxHead {
			x.End = EndBound
			return
		}
	}
}

// records takes the complete records that are pending, and reports whether the
// answer has ended.
func (r *recordReader) records() (end bool) {
	for {
		rec, n, err := fastcgi.Parse(r.pending)
		if err == fastcgi.ErrVersion {
			r.strange(fmt.Sprintf("no record after %d records", r.part.Records))
			r.part.NotFastCGI = r.part.Records == 0
			if r.part.NotFastCGI {
				r.t.notHTTP(r.pending)
				r.t.x.Faults = nil // not faults of HTTP
			} else {
				r.t.x.End = EndError
			}
			return true
		}
		if err != nil {
			return false
		}
		r.part.Records++
		if r.record(rec) {
			return true
		}
		r.raw += int64(n)
		r.pending = r.pending[n:]
		if r.cgi.failed {
			r.t.x.End = EndBound
			return true
		}
	}
}

func (r *recordReader) record(rec fastcgi.Record) (end bool) {
	switch {
	case rec.Type == fastcgi.UnknownType:
		r.strange("the application does not know a record that was sent")
	case rec.ID != 1:
		r.strange(fmt.Sprintf("a record for request %d", rec.ID))
	case rec.Type == fastcgi.Stdout:
		done := r.cgi.done
		r.cgi.take(r.t, rec.Content)
		if r.cgi.done && !done {
			after := len(r.cgi.head) - r.cgi.resp.Size
			r.part.RawHead = r.raw + int64(fastcgi.HeaderSize+len(rec.Content)-after)
		}
	case rec.Type == fastcgi.Stderr:
		r.part.StderrBytes += int64(len(rec.Content))
		if room := maxStderr - len(r.part.Stderr); room > 0 {
			r.part.Stderr += string(rec.Content[:min(room, len(rec.Content))])
		}
	case rec.Type == fastcgi.EndRequest:
		app, status, err := fastcgi.ParseEnd(rec.Content)
		if err != nil {
			r.strange("an end record that is cut short")
		}
		r.part.Ended, r.part.AppStatus, r.part.ProtocolStatus = true, app, fastcgi.StatusText(status)
		r.t.x.End = EndComplete
		return true
	default:
		r.strange(fmt.Sprintf("a record of type %d", rec.Type))
	}
	return false
}

func (r *recordReader) strange(what string) {
	if len(r.part.Strange) < maxFaults {
		r.part.Strange = append(r.part.Strange, what)
	}
}

// settle puts what the records carried into the exchange.
func (r *recordReader) settle() {
	x := r.t.x
	if x.Bytes > 0 && !r.part.NotFastCGI {
		x.Speaks = SpeaksFastCGI
		if r.part.Records == 0 && x.Bytes < fastcgi.HeaderSize {
			x.Speaks = looksLike(r.t.first)
		}
	}
	r.cgi.end(r.t, r.part.Ended)
	r.part.CGIFault = r.cgi.fault()
}

// cgiReader splits a CGI answer into head and body as it comes.
type cgiReader struct {
	head   []byte
	seen   int
	done   bool // the head is complete
	failed bool // the head does not end
	resp   http1.Response
}

func (c *cgiReader) take(t *talk, b []byte) {
	x := t.x
	if c.done {
		c.body(t, b)
		return
	}
	c.head = append(c.head, b...)
	end := http1.HeadEnd(c.head, c.seen)
	c.seen = len(c.head)
	switch {
	case end >= 0:
		c.resp.ParseCGI(c.head[:end], maxFields)
		c.done = true
		record(x, &c.resp)
		x.HeadDone, x.HeadAfter = true, t.last.Sub(t.sent).Seconds()
		x.Phase = PhaseBody
		c.body(t, c.head[end:])
	case len(c.head) > maxHead:
		c.failed = true
	}
}

func (c *cgiReader) body(t *talk, b []byte) {
	x := t.x
	x.BodyBytes += int64(len(b))
	if room := t.limits.Quote - len(x.Body); room > 0 && len(b) > 0 {
		x.Body = append(x.Body, b[:min(room, len(b))]...)
	}
}

// end judges the body; proper says that the protocol itself marked the end.
func (c *cgiReader) end(t *talk, proper bool) {
	x := t.x
	if !c.done {
		if len(c.head) > 0 {
			c.resp.ParseCGI(c.head, maxFields)
			record(x, &c.resp)
			x.Status = 0 // a gateway takes no status from a head without end
			x.HeaderBytes = len(c.head)
			x.First = bytes.Clone(c.head[:min(len(c.head), maxFirst)])
		}
		return
	}
	x.Length = c.resp.Framing("GET").Length
	x.Missing = max(0, x.Length-x.BodyBytes)
	switch {
	case x.End == EndBound:
		x.BodyEnd, x.Missing = BodyBound, 0
	case x.End == EndFirstByte || x.End == EndTimeout:
		x.BodyEnd = BodyStalled
	case x.Length >= 0 && x.Missing > 0 && !strings.HasPrefix(x.Request, "HEAD "):
		x.BodyEnd = BodyShort
	case x.End == EndReset || !proper:
		x.BodyEnd = BodyReset
	case x.Length >= 0:
		x.BodyEnd, x.Extra, x.Phase = BodyLength, max(0, x.BodyBytes-x.Length), PhaseAfter
	default:
		x.BodyEnd, x.Phase = BodyClose, PhaseAfter
	}
}

// fault says what is wrong with the head, or "".
func (c *cgiReader) fault() string {
	switch {
	case c.failed:
		return "the header does not end"
	case !c.done && len(c.head) > 0:
		return "the header has no empty line after it"
	case len(c.resp.Faults) > 0:
		return c.resp.Faults[0].Error()
	}
	return ""
}

// FastCGIAbility is the answer to FCGI_GET_VALUES.
type FastCGIAbility struct {
	Connection Connection        `json:"connection"`
	Speaks     bool              `json:"speaks"`           // it answered with a FastCGI record
	Values     map[string]string `json:"values,omitempty"` // "FCGI_MPXS_CONNS": "0"
	Looks      string            `json:"looks,omitempty"`  // what the answer looks like; empty: nothing came
	First      []byte            `json:"first,omitempty"`  // where it is no FastCGI
	End        End               `json:"end"`
	Text       string            `json:"text,omitempty"`
	Seconds    float64           `json:"seconds"`
}

// FastCGIValues asks for the management values, which applications answer without
// running a script: a cheap test whether FastCGI is spoken at all. It occupies a
// php-fpm worker for the moment of the answer.
func FastCGIValues(ctx context.Context, d Dialer, network, address string, limits Limits) FastCGIAbility {
	var x Exchange
	t := converse(ctx, d, Target{Network: network, Address: address}, limits, &x)
	if t == nil {
		return FastCGIAbility{Connection: x.Connection, End: x.End, Text: x.Text, Seconds: x.Seconds}
	}
	var names []byte
	for _, name := range []string{"FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"} {
		names = fastcgi.AppendParam(names, name, "")
	}
	t.send(fastcgi.AppendRecord(nil, fastcgi.GetValues, 0, names))
	a := FastCGIAbility{Connection: x.Connection}
	a.read(t)
	t.close()
	a.End, a.Text, a.Seconds = x.End, x.Text, x.Seconds
	return a
}

// read takes the first record of the answer.
func (a *FastCGIAbility) read(t *talk) {
	for got := []byte(nil); ; {
		b, ok := t.read()
		if !ok {
			break
		}
		got = append(got, b...)
		rec, _, err := fastcgi.Parse(got)
		if err == fastcgi.ErrShort {
			if len(got) > maxHead {
				t.x.End = EndBound
				break
			}
			continue
		}
		if a.Speaks = err == nil && isFastCGI(got); !a.Speaks {
			t.notHTTP(got)
			break
		}
		t.x.End = EndComplete
		a.values(rec)
		break
	}
	a.Looks = looksLike(t.first)
	if !a.Speaks {
		a.First = bytes.Clone(t.first)
	}
}

func (a *FastCGIAbility) values(rec fastcgi.Record) {
	if rec.Type != fastcgi.GetValuesResult {
		return
	}
	a.Values = map[string]string{}
	fastcgi.ParseParams(rec.Content, func(name, value []byte) bool {
		a.Values[cut(string(name), 100)] = cut(string(value), 100)
		return len(a.Values) < 20
	})
}
