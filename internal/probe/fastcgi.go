package probe

import (
	"context"
	"fmt"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
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
	t.each(&r.pending, r.records)
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
